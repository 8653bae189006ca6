"""Where django-allauth needs to be told something."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.internal.restkit.response import ErrorResponse
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest

from social.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def clean_email(self, email: str) -> str:
        """Refuse what does not fit; it would be cut off, and be another address.

        Raises:
            ValidationError: There is too much of it.
        """
        User._meta.get_field("email").run_validators(email)  # noqa: SLF001 (public, but for its name)
        cleaned: str = super().clean_email(email)
        return cleaned

    def save_user(self, request: HttpRequest, user: User, form: Form, **options: Any) -> User:
        """Save someone who signs up.

        Raises:
            ImmediateHttpResponse: Somebody took the name or address since the form was checked.
        """
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, **options)
        except IntegrityError as error:
            form.full_clean()  # finds now what is taken
            raise ImmediateHttpResponse(ErrorResponse(request, input=form)) from error
        return saved
