"""The door: which endpoint answers which path, and how answers and refusals are written."""

import logging
from types import GeneratorType
from typing import Any

from hark_gateway import clock
from hark_gateway.hub.turns import Steps
from hark_gateway.net.http import Exchange, Request, Route, Routes
from hark_gateway.protocols.base import Context, Protocol

from . import requests
from .access import Rights
from .answers import preflight, refusal_of_what_is_too_long, refuse, respond
from .endpoints import actions, auth_keys, granting, groups, history, presence, publishing
from .endpoints.subscribing import Subscribing
from .errors import PubNubError, ServiceError
from .options import DEVELOPMENT, PubNubOptions, PubNubSections
from .requests import Call, Malformed, decode
from .service import Service
from .storage import NotStored

log = logging.getLogger(__name__)

MAX_URI_BYTES = 32_768
MAX_HEAD_BYTES = 65_536
"""What is let pass on its paths, so that a long URI gets an answer in the protocol's own form."""
MAX_BODY_BYTES = 131_072

PREFIXES = ("/time/", "/publish/", "/signal/", "/subscribe/", "/history/", "/v1/", "/v2/", "/v3/")
"""All that PubNub's clients may ask for, so that every refusal is in a form that they can read."""

_APP_CONTEXT = ("App Context", "objects")
ABSENT = {
    "v1/files": ("file sharing", "Files"),
    "v1/push": ("mobile push", "Push"),
    "v2/push": ("mobile push", "Push"),
    "v1/objects": _APP_CONTEXT,
    "v2/objects": _APP_CONTEXT,
    "v3/objects": _APP_CONTEXT,
    "v1/auth": ("Access Manager before version 2", "Access Manager"),
    "v2/auth": ("audit of the Access Manager", "Access Manager"),
    "v1/blocks": ("Functions", "Functions"),
    "v1/subscribe": ("subscribe before version 2", "Subscribe"),
    "subscribe": ("subscribe before version 2", "Subscribe"),
    "v1/history": ("history before version 2", "History"),
    "history": ("history before version 2", "History"),
}
"""What this gateway has not got, by the first one or two segments of its paths."""


class PubNubDoor(Protocol):
    """Everything that speaks PubNub on one hub."""

    sections = PubNubSections

    @classmethod
    def faults(cls, config: PubNubSections, address: str) -> list[str]:
        """Return what is wrong with the options."""
        return config.pubnub.faults(address)

    @classmethod
    def is_enabled(cls, config: PubNubSections) -> bool:
        """Tell whether the options say so."""
        return config.pubnub.enabled

    def __init__(self, config: PubNubSections, context: Context) -> None:
        options = config.pubnub
        self._clock = clock.now
        self.service = Service(options, context.hub, context.host.turns, now=self._clock)
        self._subscribing = Subscribing(self.service)
        warn(options)

    def add_routes(self, routes: Routes) -> None:
        """Take over every path of the protocol."""
        for prefix in PREFIXES:
            routes.prefixes[prefix.encode()] = Route(
                self, MAX_BODY_BYTES, MAX_HEAD_BYTES, refusal=refusal_of_what_is_too_long
            )

    def sweep(self, now: float) -> None:
        """Do what has fallen due. Call it a few times a second."""
        self.service.sweep(now)

    async def drain(self, seconds: float) -> None:  # noqa: ARG002 (it takes none)
        """Answer all polls, so that their connections may be closed."""
        self.service.polls.drain(self._subscribing.interests)

    def close(self) -> None:
        """Close the storage; nothing may be asked afterwards."""
        self.service.database.close()

    def __call__(self, request: Request, exchange: Exchange) -> None:
        """Answer one request, now or later."""
        if request.method == "OPTIONS":
            preflight(request, exchange)
            return
        answering = self._answer(request, exchange)
        exchange.on_lost = answering.close
        self.service.turns.run(answering)

    def _answer(self, request: Request, exchange: Exchange) -> Steps[None]:
        service, now = self.service, self._clock()
        try:
            if len(request.path) + len(request.query) > MAX_URI_BYTES:
                raise ServiceError(414, "Request URI Too Long", "Balancer")
            call = requests.read(request, now)
            answer = self._route(call, exchange)
            if isinstance(answer, GeneratorType):
                answer = yield from answer
        except PubNubError as refusal:
            service.refusals.note(refusal, now=now)
            refuse(exchange, refusal)
        except Malformed as fault:
            refuse(exchange, ServiceError(400, f"Invalid {fault}", "Balancer"))
        except NotStored as fault:
            service.storage_faults.add(str(fault), level=logging.ERROR, now=now)
            text = "Storage full or unavailable: delete something, or raise its limit"
            refuse(exchange, ServiceError(503, text, "Storage"))
        except Exception:  # a fault of ours: logged in full, told to nobody
            log.exception("request failed")
            refuse(exchange, ServiceError(500, "Internal Server Error", "Balancer"))
        else:
            if answer is not None:
                respond(exchange, 200, answer)

    def _route(self, call: Call, exchange: Exchange) -> Any:  # noqa: C901, PLR0911 (a table)
        """Return what to answer; None when it was answered already or will be later."""
        service = self.service
        match call.segments:
            case ["v2", "subscribe", key, channels, _] if call.method == "GET":
                keyset = service.gatekeeper.keyset(key)
                return self._subscribing.subscribe(call, keyset, channels, exchange)
            case ["publish", publish_key, key, _, channel, _, payload] if call.method == "GET":
                data = decode(payload).encode()
                return publishing.publish(service, call, (publish_key, key), channel, data)
            case ["publish", publish_key, key, _, channel, _] if call.method == "POST":
                return publishing.publish(service, call, (publish_key, key), channel, call.body)
            case ["signal", publish_key, key, _, channel, _, payload] if call.method == "GET":
                data = decode(payload).encode()
                return publishing.signal(service, call, (publish_key, key), channel, data)
            case ["time", "0"] if call.method == "GET":
                return [service.clock.read(call.now)]
            case ["v2", "presence", "sub-key" | "sub_key", key, *rest] if call.method == "GET":
                return self._presence(call, key, rest)
            case ["v3", "pam", key, "grant", *rest]:
                return self._access(call, key, rest)
            case ["v2", "auth", "grant", "sub-key", key] if call.method == "GET":
                return auth_keys.grant(service, call, service.gatekeeper.keyset(key))
            case ["v1", "message-actions", key, "channel", *rest]:
                return self._actions(call, self._rights(call, key), rest)
            case ["v1", "channel-registration", "sub-key", key, "channel-group", *rest]:
                return self._groups(call, self._rights(call, key), rest)
            case [
                "v2" | "v3" as version,
                ("history" | "history-with-actions") as kind,
                _,
                key,
                *rest,
            ]:
                return self._history(call, self._rights(call, key), [version, kind, *rest])
            case _:
                raise not_here(call)

    def _rights(self, call: Call, subscribe_key: str) -> Rights:
        gatekeeper = self.service.gatekeeper
        return gatekeeper.rights(gatekeeper.keyset(subscribe_key), call)

    def _presence(self, call: Call, key: str, rest: list[str]) -> Any:  # noqa: PLR0911 (a table)
        service = self.service
        match rest:
            case ["channel", channels, "heartbeat"]:
                return presence.heartbeat(service, call, self._rights(call, key), channels)
            case ["channel", channels, "leave"]:
                return presence.leave(service, call, self._rights(call, key), channels)
            case ["uuid", uuid]:
                return presence.where_now(service, self._rights(call, key), uuid)
            case []:
                return presence.here_now_everywhere(service, call, self._rights(call, key))
            case ["channel", channels]:
                return presence.here_now(service, call, self._rights(call, key), channels)
            case ["channel", channels, "uuid", uuid]:
                return presence.get_state(service, call, self._rights(call, key), channels, uuid)
            case ["channel", channels, "uuid", uuid, "data"]:
                return presence.set_state(service, call, self._rights(call, key), channels, uuid)
            case _:
                raise not_here(call)

    def _access(self, call: Call, key: str, rest: list[str]) -> Any:
        keyset = self.service.gatekeeper.keyset(key)
        match call.method, rest:
            case "POST", []:
                return granting.grant(call, keyset, earliest=self.service.gatekeeper.earliest)
            case "DELETE", [token]:
                answer, revoked = granting.revoke(self.service, call, keyset, token)
                interests = self._subscribing.interests
                self.service.polls.cut(revoked.signature, interests, call.now)
                return answer
            case _:
                raise not_here(call)

    def _actions(self, call: Call, rights: Rights, rest: list[str]) -> Any:
        service = self.service
        match call.method, rest:
            case "GET", [channel]:
                return actions.list_(service, call, rights, channel)
            case "POST", [channel, "message", message]:
                return actions.add(service, call, rights, channel, message)
            case "DELETE", [channel, "message", message, "action", action]:
                return actions.remove(service, call, rights, channel, (message, action))
            case _:
                raise not_here(call)

    def _groups(self, call: Call, rights: Rights, rest: list[str]) -> Any:
        service, changed = self.service, self._subscribing.regroup
        match call.method, rest:
            case "GET", []:
                return groups.list_(service, rights)
            case "GET", [group]:
                return groups.show_or_change(service, call, rights, group, changed)
            case "GET", [group, "remove"]:
                return groups.remove(service, rights, group, changed)
            case _:
                raise not_here(call)

    def _history(self, call: Call, rights: Rights, rest: list[str]) -> Any:
        service = self.service
        match call.method, rest:
            case "GET", ["v3", "history", "channel", channels]:
                return history.fetch(service, call, rights, channels)
            case "GET", ["v3", "history-with-actions", "channel", channel]:
                return history.fetch_with_actions(service, call, rights, channel)
            case "DELETE", ["v3", "history", "channel", channel]:
                return history.delete(service, call, rights, channel)
            case "GET", ["v3", "history", "message-counts", channels]:
                return history.count(service, call, rights, channels)
            case "GET", ["v2", "history", "channel", channel]:
                return history.old_fetch(service, call, rights, channel)
            case _:
                raise not_here(call)


def warn(options: PubNubOptions) -> None:
    """Say loudly which keysets protect nothing."""
    if options.development_keyset:
        keys = f"{DEVELOPMENT.publish_key}, {DEVELOPMENT.subscribe_key}"
        log.warning("PUBNUB DEVELOPMENT KEYSET IS ON (%s): its secret is known to all", keys)
    for keyset in options.keysets:
        if not keyset.access_manager:
            key = keyset.subscribe_key
            log.warning("PubNub keyset %s has no access manager: all channels are open", key)


def not_here(call: Call) -> ServiceError:
    """Return the 404 of a path that leads nowhere, saying so where PubNub has something."""
    for length in (2, 1):
        if absent := ABSENT.get("/".join(call.segments[:length])):
            what, service = absent
            return ServiceError(404, f"Not Found: this gateway has no {what}", service)
    return ServiceError(404, "Not Found", "Balancer")
