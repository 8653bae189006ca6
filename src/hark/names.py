"""What others may see of a user's name."""

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext as _


def display_name(user: AbstractBaseUser) -> str:
    """Return the full name, or the user name unless that is the e-mail address."""
    full_name: str = getattr(user, "get_full_name", str)()
    if full_name:
        return full_name
    if user.get_email_field_name() == get_user_model().USERNAME_FIELD:
        return _("Someone")
    return user.get_username()
