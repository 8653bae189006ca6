"""The server API: what the application's backend may ask of the gateway, over HTTP."""

import asyncio
import hmac
import logging
from collections.abc import Callable, Mapping, Sequence
from types import GeneratorType
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from hark_gateway import clock
from hark_gateway.hub.errors import HubError
from hark_gateway.hub.turns import Steps
from hark_gateway.net.http import JSON, TEXT_PLAIN, Exchange, Request

from . import codes
from .api_calls import CALLS, Api
from .api_messages import BatchResult, Envelope
from .codes import ERRORS, Error
from .messages import ErrorResult, Malformed, encode
from .options import HttpApiOptions

log = logging.getLogger(__name__)

HTTP_STATUSES: Mapping[int, int] = {
    100: 500,
    102: 404,
    104: 404,
    107: 400,
    108: 400,
    112: 416,
    113: 409,
}
"""What an error is answered with in the error mode "transport"."""

DECODERS: Mapping[str, Callable[[bytes], Any]] = {
    name: msgspec.json.Decoder(kind).decode for name, (kind, _) in CALLS.items()
}
Command = msgspec.defstruct(
    "Command", [(name, kind | None | UnsetType, UNSET) for name, (kind, _) in CALLS.items()]
)
"""One call of a batch: the first method that is set counts, and null is set, too."""
Batch = msgspec.defstruct("Batch", [("commands", list[Command] | None, None)])  # type: ignore[valid-type]
decode_batch: Callable[[bytes], Any] = msgspec.json.Decoder(Batch).decode
MAX_BODY_BYTES = 16 * 1_048_576
MAX_BATCH_ANSWER_BYTES = 64 * 1_048_576
"""Once a batch has been answered with so much, its further calls are not run."""


class ApiEndpoint:
    """Answers `POST <prefix>/<method>`.

    Args:
        seconds: Is told how long each call took.
    """

    def __init__(self, api: Api, options: HttpApiOptions, seconds: Callable[[float], None]) -> None:
        self._api = api
        self._seconds = seconds
        self._options = options
        self._key = options.key.encode()

    def methods(self) -> list[str]:
        """Return all methods, each of which has its own path."""
        return [*CALLS, "batch"]

    def __call__(self, request: Request, exchange: Exchange) -> None:
        """Answer one call."""
        if request.method != "POST":
            exchange.respond(405, b"call by POST\n", (*TEXT_PLAIN, (b"Allow", b"POST")))
            return
        if not self.is_authorized(request):
            text = "server API, not called with http_api.key"
            self._api.door.refusals.add(text, now=clock.now())
            exchange.respond(401)
            return
        self._api.door.turns.run(self._answer(request, exchange))

    def _answer(self, request: Request, exchange: Exchange) -> Steps[None]:
        method = request.path.rpartition(b"/")[2].decode("latin-1")
        now = clock.now()
        try:
            if not request.body.isascii():
                request.body.decode()
            result = self._run(method, request.body, now)
            if isinstance(result, GeneratorType):
                result = yield from result
        except Malformed as error:
            exchange.respond(400, f"{error}\n".encode(), TEXT_PLAIN)
        except HubError as refusal:
            self._api.door.note("server API", refusal, now=now)
            self._refuse(request, exchange, ERRORS[type(refusal)])
        except Exception:
            log.exception("API call failed", extra={"method": method})
            self._refuse(request, exchange, codes.INTERNAL)
        else:
            body = encode(result) if method == "batch" else b'{"result":%b}' % encode(result)
            exchange.respond(200, body, JSON)
        # What the call made us write leaves when this turn of the event loop ends.
        asyncio.get_running_loop().call_soon(self._observe, now)

    def _observe(self, began: float) -> None:
        self._seconds(clock.now() - began)

    def is_authorized(self, request: Request) -> bool:
        """Tell whether a request shows the key."""
        if self._options.insecure:
            return True
        if not self._key:
            return False
        given = request.headers.get(b"x-api-key")
        if given is None:
            scheme, _, given = request.headers.get(b"authorization", b"").partition(b" ")
            if scheme.lower() != b"apikey":
                given = (request.parameter("api_key") or "").encode()
        return hmac.compare_digest(given, self._key)

    def _run(self, method: str, body: bytes, now: float) -> object:
        if method == "batch":
            return self._batch(decode_batch(body).commands or (), now)
        return self._call(method, DECODERS[method](body), now)

    def _batch(self, commands: Sequence[Any], now: float) -> Steps[BatchResult]:
        replies = []
        size = 0
        for command in commands:
            if size < MAX_BATCH_ANSWER_BYTES:
                reply = yield from self._reply(command, now)
            else:
                reply = {"error": as_result(codes.LIMIT_EXCEEDED)}
            replies.append(msgspec.Raw(encode(reply)))
            size += len(replies[-1])
            yield
        return BatchResult(replies)

    def _call(self, method: str, request: Any, now: float) -> object:
        self._api.counts.calls[method] += 1
        return CALLS[method][1](self._api, request, now)

    def _reply(self, command: Any, now: float) -> Steps[dict[str, object]]:
        """Run one call of a batch; its failure does not keep the next from running."""
        for method in CALLS:
            request = getattr(command, method)
            if request is not UNSET:
                break
        else:
            return {"error": as_result(codes.METHOD_NOT_FOUND)}
        if request is None:
            return {"error": as_result(codes.BAD_REQUEST)}
        try:
            result = self._call(method, request, now)
            if isinstance(result, GeneratorType):
                result = yield from result
            return {method: result}
        except HubError as refusal:
            self._api.door.note("server API", refusal, now=now)
            return {"error": as_result(ERRORS[type(refusal)])}

    def _refuse(self, request: Request, exchange: Exchange, error: Error) -> None:
        self._api.counts.errors[error.code] += 1
        mode = request.headers.get(b"x-centrifugo-error-mode", self._options.error_mode.encode())
        if mode == b"transport":
            status, body = HTTP_STATUSES[error.code], encode(as_result(error))
        else:
            status, body = 200, encode(Envelope(as_result(error)))
        exchange.respond(status, body, JSON)


def as_result(error: Error) -> ErrorResult:
    """Return an error as the server API writes it."""
    return ErrorResult(error.code, error.message)
