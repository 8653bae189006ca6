"""Where django-allauth needs to be told something."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.internal.restkit.response import ErrorResponse
from django.contrib.sites.shortcuts import get_current_site
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest

from hark import mail
from social.accounts.models import User
from social.accounts.names import normalized, validate_free
from social.api.addresses import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Return the name as it is stored.

        Raises:
            ValidationError: It is no name, is reserved, or looks like somebody's.
        """
        name = normalized(username)
        User._meta.get_field("username").run_validators(name)  # noqa: SLF001 (as below)
        validate_free(name)
        if User.is_taken(name):
            raise self.validation_error("username_taken")
        cleaned: str = super().clean_username(name, shallow)
        return cleaned

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

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Leave an e-mail to the relay, so that no answer depends on a mail server.

        One to somebody who has no account is made like any other, and has no recipient: so the time
        that it takes does not tell, and nobody can have us write to anybody.
        """
        about = {"request": self.request, "current_site": get_current_site(self.request)}
        message = self.render_mail(template_prefix, email, about | {"email": email} | context)
        if template_prefix == "account/email/unknown_account":
            message.to = []
        mail(message)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002
        """Return whose password is guessed: what limits count by.

        The account counts, however its address is spelt, and whichever of our hosts is asked.
        """
        login = str(credentials.get("email") or credentials.get("username") or "").lower()
        users = filter_users_by_email(login, for_login=True)
        return str(users[0].pk) if users else login
