"""Whose page asks, and whose answer it gets.

All tabs of a browser share one session. When it changes hands, a page that is still open for the
former reader would show one person's name above another's notifications, and act as the other. So
each answer names its reader in `Hark-User`, and a page may send the same header to say whom it was
loaded for: then nothing is done, or told, for anybody else.
"""

from typing import Any
from urllib.parse import quote, unquote

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

HEADER = "Hark-User"
SOMEBODY_ELSE = _("Somebody else is signed in by now. Load the page again.")


def is_for_another(request: HttpRequest, user: Any) -> bool:
    """Return whether a request comes from a page that was loaded for someone else than `user`."""
    meant = request.headers.get(HEADER)
    return meant is not None and _is_somebody(user) and unquote(meant) != str(user.pk)


def name_reader(response: HttpResponseBase, user: Any) -> None:
    """Say in an answer whose it is; nothing, if it is nobody's."""
    if _is_somebody(user):
        response.headers[HEADER] = quote(str(user.pk), safe="")  # a header is ASCII (RFC 3986)


def _is_somebody(user: Any) -> bool:
    return user is not None and user.is_authenticated  # None: REST framework can be set so
