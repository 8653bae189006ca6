"""The addresses under /_allauth/ that differ from django-allauth's own."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.headless.account.inputs import ChangePasswordInput
from allauth.headless.account.views import ChangePasswordView, SignupView
from allauth.headless.constants import Client
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from social.api.views import not_found


class ChangeInput(ChangePasswordInput):  # type: ignore[misc]
    """Has the adapter check the present password: it counts the wrong ones."""

    def clean_current_password(self) -> str:
        password: str = self.cleaned_data["current_password"]
        if password and not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class ChangePassword(ChangePasswordView):  # type: ignore[misc]
    input_class = ChangeInput


class SignUp(SignupView):  # type: ignore[misc]
    """Makes the account, and the e-mail that goes with it, or neither."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super().post(request, *args, **kwargs)
        return response


CHANGED: dict[str, Any] = {"account/password/change": ChangePassword, "auth/signup": SignUp}

urlpatterns = [
    *(
        path(f"{client.value}/v1/{address}", view.as_api_view(client=client))
        for client in Client
        for address, view in CHANGED.items()
    ),
    # Everyone has one address here, the one they sign in by, and no telephone.
    path("<client>/v1/account/email", not_found),
    path("<client>/v1/account/phone", not_found),
]
