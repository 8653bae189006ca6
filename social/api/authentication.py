"""Who is asking: a browser by its cookie, any other client by X-Session-Token."""

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from rest_framework.request import Request


class SessionTokenAuthentication(XSessionTokenAuthentication):  # type: ignore[misc]
    """The token that `/_allauth/app/v1/auth/login` gave.

    Named first in the settings, for DRF asks the first class only how to sign in; without an answer
    it would refuse a stranger with 403 instead of 401.
    """

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return "X-Session-Token"
