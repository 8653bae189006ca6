import uuid

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

# No @: whoever types their e-mail address as their name would publish it.
username_validator = RegexValidator(
    r"\A[\w.+-]+\Z", _("Use letters, digits and the characters . + - _ only.")
)


class User(AbstractUser):
    """Someone with an account. The id is random: it tells neither their order nor their number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(_("user name"), max_length=30, validators=[username_validator])
    email = models.EmailField(_("e-mail address"))
    first_name = None  # type: ignore[assignment]  # people go by their user name only
    last_name = None  # type: ignore[assignment]

    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="accounts_user_username_once",
                violation_error_message=_("This name is taken."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="accounts_user_email_once",
                violation_error_message=_("This e-mail address has an account already."),
            ),
        ]

    def get_full_name(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        return self.username
