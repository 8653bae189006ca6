"""The way of a browser, walked by `manage.py hark doctor`.

Through the public address, with the site's origin and a token of its own: most of what can go wrong
there (a proxy, another secret, a clock, an origin) shows nowhere else but on a silent page.
"""

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.sync.client import ClientConnection, connect

from hark import site, tokens
from hark.backends import backend
from hark.backends.base import BackendError
from hark.backends.centrifugo import CentrifugoConnectInfo
from hark.channels import Channel, inbox_of
from hark.conf import settings
from hark.findings import Finding
from hark.instants import now

SKEW = timedelta(seconds=30)
"""How far the gateway's clock may be from ours."""

# https://centrifugal.dev/docs/server/codes
UNKNOWN_CHANNEL = 102
TOKEN_EXPIRED = 109
INVALID_TOKEN = 3500


class NotLetIn(Exception):
    """The visitor was refused; `finding` says why, and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


class Refused(Exception):
    """The gateway answered a token with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


class Visitor:
    """A reader who does not exist, with an inbox of its own, and the connection of its page."""

    def __init__(self) -> None:
        self.name = f"hark-doctor-{token_hex(4)}"
        self.channel: Channel = inbox_of(self.name)
        self._socket: ClientConnection | None = None
        self._stay = ExitStack()

    @classmethod
    @contextmanager
    def at_large(cls) -> Iterator[Self]:
        """Return a visitor that has connected nowhere, and is gone at the end of the block."""
        visitor = cls()
        try:
            yield visitor
        finally:
            visitor.leave()

    @property
    def is_connected(self) -> bool:
        return self._socket is not None

    def leave(self) -> None:
        self._stay.close()
        self._socket = None

    def arrive(self) -> Iterator[Finding]:
        """Connect as a page does, and say what came of it.

        Nothing is said on a backend whose own `ping` goes the way of its clients.
        """
        try:
            info = self._info(tokens.expiry())
        except BackendError as error:
            yield Finding(False, f"tokens: none can be had: {error}", "Correct HARK['OPTIONS'].")
            return
        if not isinstance(info, CentrifugoConnectInfo):
            return
        origin = site.origin() or _page_of(info.url)
        try:
            self._enter(info, origin)
        except NotLetIn as error:
            yield error.finding
            return
        yield Finding(True, f"browsers: a page of {origin} reaches {info.url}")
        yield from self._compare_clocks(origin)

    def hears(self, data: Any, *, seconds: float) -> bool:
        """Tell whether this arrives on the visitor's channel within so many seconds."""
        deadline = time.monotonic() + seconds
        try:
            while self._socket is not None:
                for reply in _replies(self._socket, max(0.0, deadline - time.monotonic())):
                    if reply.get("push", {}).get("pub", {}).get("data") == data:
                        return True
        except (TimeoutError, ConnectionClosed, ValueError):
            pass
        return False

    def _info(self, expires_at: datetime) -> Any:
        return backend().connect_info(self.name, [self.channel], expires_at=expires_at)

    def _enter(self, info: CentrifugoConnectInfo, origin: str) -> None:
        try:
            self._socket = self._stay.enter_context(_connection(info, origin))
        except InvalidStatus as error:
            raise NotLetIn(_refused_by_status(info, origin, error)) from error
        except ssl.SSLCertVerificationError as error:
            text = f"browsers: {info.url} has no certificate that can be trusted: {error}"
            raise NotLetIn(Finding(False, text, "Mend the certificate of the proxy.")) from error
        except (OSError, InvalidHandshake, InvalidURI, ConnectionClosed, ValueError) as error:
            text = f"browsers: {info.url} cannot be reached from here: {error or repr(error)}"
            advice = (
                "Correct HARK['OPTIONS']['url'] (wss is with TLS, ws without), or start what "
                "should answer there."
            )
            raise NotLetIn(Finding(False, text, advice)) from error
        except Refused as error:
            raise NotLetIn(_refused_by_gateway(info, error)) from error

    def _compare_clocks(self, origin: str) -> Iterator[Finding]:
        """A token that is about to expire must be good, and one that just has must not."""
        advice = "Set both clocks by NTP; tokens live too long or too short a time until then."
        if self._is_let_in(now() + SKEW, origin) is False:
            text = f"clock: the gateway's is ahead of this machine's by more than {SKEW.seconds} s"
            yield Finding(False, text, advice)
        elif self._is_let_in(now() - SKEW, origin):
            text = f"clock: the gateway's is behind this machine's by more than {SKEW.seconds} s"
            yield Finding(False, text, advice)

    def _is_let_in(self, expires_at: datetime, origin: str) -> bool | None:
        """Tell whether such a token is accepted; None if that cannot be said."""
        try:
            with _connection(self._info(expires_at), origin):
                return True
        except Refused as error:
            return False if error.code == TOKEN_EXPIRED else None
        except (OSError, InvalidHandshake, ConnectionClosed, ValueError):
            return None


def _page_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"


@contextmanager
def _connection(info: CentrifugoConnectInfo, origin: str | None) -> Iterator[ClientConnection]:
    """Hold, for the block, a connection on which the token was accepted.

    Raises:
        Refused: It was not.
        OSError, websockets.exceptions.WebSocketException: No gateway was reached.
        ValueError: What answers does not speak the Centrifuge protocol.
    """
    timeout = settings().PUBLISH_TIMEOUT
    options: dict[str, Any] = {"origin": origin, "open_timeout": timeout, "close_timeout": 1}
    with connect(info.url, proxy=None, user_agent_header="hark doctor", **options) as socket:
        _introduce(socket, info.token, timeout)
        yield socket


def _introduce(socket: ClientConnection, token: str, timeout: float) -> None:
    """Show the token; raises as `_connection` does."""
    try:
        socket.send(json.dumps({"id": 1, "connect": {"token": token}}))
        for reply in _replies(socket, timeout):
            if error := reply.get("error"):
                raise Refused(int(error.get("code", 0)), str(error.get("message", "")))
            if "connect" in reply:
                return
        raise ValueError("it does not speak the Centrifuge protocol")
    except ConnectionClosed as error:
        if error.rcvd is not None and error.rcvd.code >= 3000:
            raise Refused(error.rcvd.code, error.rcvd.reason) from error
        raise


def _replies(socket: ClientConnection, timeout: float) -> list[dict[str, Any]]:
    """Return what the next frame holds; answer a ping, which is an empty reply."""
    frame = socket.recv(timeout)
    replies = [json.loads(line) for line in frame.splitlines() if line]
    if not all(isinstance(reply, dict) for reply in replies):
        raise ValueError("it does not speak the Centrifuge protocol")
    if {} in replies:
        socket.send("{}")
    return replies


def _refused_by_status(info: CentrifugoConnectInfo, origin: str, error: InvalidStatus) -> Finding:
    status = error.response.status_code
    if status == 403 and _is_let_in_without_origin(info):
        return Finding(
            False,
            f"browsers: the gateway lets in no page of {origin}",
            "Its host belongs into ALLOWED_HOSTS (SITE_URL says which site it is); then start "
            "`manage.py hark gateway` again. A Centrifugo wants it in client.allowed_origins.",
        )
    return Finding(
        False,
        f"browsers: {info.url} answers with HTTP {status}: no WebSocket of a gateway",
        "Correct HARK['OPTIONS']['url'], which ends in /connection/websocket as a rule; a proxy "
        "in front has to pass that path on, with the headers Upgrade, Connection and Origin.",
    )


def _is_let_in_without_origin(info: CentrifugoConnectInfo) -> bool:
    """Tell whether it is only the page that is refused."""
    try:
        with _connection(info, None):
            return True
    except Refused:
        return True
    except (OSError, InvalidHandshake, ConnectionClosed, ValueError):
        return False


def _refused_by_gateway(info: CentrifugoConnectInfo, error: Refused) -> Finding:
    match error.code:
        case code if code == INVALID_TOKEN:
            text = f"browsers: {info.url} refuses our tokens: it has another secret"
            advice = (
                "Give it HARK['OPTIONS']['token_secret'] as client.token.hmac_secret_key "
                "(`manage.py hark gateway` does, unless HARK_GATEWAY_… variables say otherwise), "
                "and start it again."
            )
        case code if code == TOKEN_EXPIRED:
            text = f"clock: {info.url} finds our new tokens expired: its clock is ahead of ours"
            advice = "Set both clocks by NTP."
        case code if code == UNKNOWN_CHANNEL:
            text = f"browsers: {info.url} knows no namespace “inbox”"
            advice = "Start `manage.py hark gateway` again, or declare it in Centrifugo's file."
        case _:
            text = f"browsers: {info.url} refuses to connect them: {error}"
            advice = "See the gateway's log."
    return Finding(False, text, advice)
