"""Checking PubNub's tokens, in the gateway's own code, beside the one hash that it takes."""

import hmac
import time
from base64 import b64decode
from collections.abc import Callable, Sequence

from bench.case import Case, NotDelivered, Scale, say
from bench.load.grants import KEYSET
from bench.results import Role, Row, Table, at_most
from hark_gateway.net.http import Request
from hark_gateway.protocols.pubnub import requests, tokens
from hark_gateway.protocols.pubnub.access import Gatekeeper, Keyset
from hark_gateway.protocols.pubnub.options import KeysetOptions
from hark_gateway.protocols.pubnub.requests import Call
from hark_gateway.protocols.pubnub.storage import Database, RevocationStore
from hark_gateway.protocols.pubnub.tokens import Grant, Permission

QUESTION = "How long does the gateway take to find out what a request with a token may do?"
UNIT = "µs"
TOKENS = 2_000


def run(scale: Scale) -> Table:
    say(f"{TOKENS:,} tokens")
    key = Keyset(KeysetOptions(**KEYSET)).token_key
    calls = [make_call(number, key) for number in range(TOKENS)]
    raw = [b64decode(call.query["auth"], altchars=b"-_") for call in calls]

    def hash_all() -> None:
        for each in raw:
            hmac.digest(key, each, "sha256")

    values: dict[str, list[float]] = {name: [] for name in ("hash", "first", "again")}
    for _ in range(scale.rounds + 1):  # the first one only warms up
        gatekeeper = Gatekeeper(RevocationStore(Database(None)))
        keyset = Keyset(KeysetOptions(**KEYSET))  # which has seen none of them
        values["hash"].append(microseconds(hash_all))
        for name in ("first", "again"):
            values[name].append(microseconds(lambda: check_all(gatekeeper, keyset, calls)))  # noqa: B023
    proof = f"{TOKENS:,} tokens opened their own channel and no other"
    bare, first, again = (
        Row(subject=subject, role=role, values=tuple(values[name][1:]), proof=said)
        for name, subject, role, said in (
            ("hash", "one HMAC-SHA256", Role.YARDSTICK, ""),
            ("first", "Hark gateway, a token's first request", Role.OURS, proof),
            ("again", "Hark gateway, its next ones", Role.OURS, proof),
        )
    )
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=[bare, first, again],
        targets=[at_most(30, first, unit=UNIT), at_most(30, again, unit=UNIT)],
    )


def make_call(number: int, key: bytes) -> Call:
    """Return a poll with a token for its own channel, as a client's SDK sends it."""
    now = int(time.time())
    user, channel = f"user-{number}", f"inbox.{number}"
    grant = Grant(granted_at=now, ttl=60, resources={"channels": {channel: 1}}, uuid=user)
    target = f"/v2/subscribe/sub-c/{channel}/0?uuid={user}&auth={tokens.encode(grant, key)}"
    return requests.read(Request("GET", target.encode(), {}), now)


def check_all(gatekeeper: Gatekeeper, keyset: Keyset, calls: Sequence[Call]) -> None:
    for number, call in enumerate(calls):
        rights = gatekeeper.rights(keyset, call)
        own = rights.allow(Permission.READ, "channels", f"inbox.{number}")
        if not own or rights.allow(Permission.READ, "channels", "inbox.of-another"):
            raise NotDelivered(f"token {number} opened what it should not, or not what it should")


def microseconds(work: Callable[[], None]) -> float:
    """Return how much processor time `work` takes for each token."""
    before = time.process_time()
    work()
    return (time.process_time() - before) / TOKENS * 1e6


CASE = Case("pubnub-tokens", QUESTION, run)
