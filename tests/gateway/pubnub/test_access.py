"""The guarded keyset: who may do what, with which token or signature."""

import json
import time
from pathlib import Path

import httpx
import pytest

from hark_gateway.protocols.pubnub import signature, tokens
from hark_gateway.protocols.pubnub.errors import Forbidden, ServiceError
from hark_gateway.protocols.pubnub.refusals import PubNubRefusals
from hark_gateway.protocols.pubnub.tokens import Grant
from hark_gateway.server import Gateway
from tests.gateway.scene import running

from .scene import PUBNUB, door_of, interests, string_to_sign


def granted(*, user: str | None = "ana", minutes: int = 60, since: int = 0, **channels: int) -> str:
    """Return a token for the guarded keyset."""
    grant = Grant(
        granted_at=int(time.time()) + since,
        ttl=minutes,
        resources={"channels": channels},
        uuid=user,
    )
    return tokens.encode(grant, tokens.signing_key("sec-c", "sub-c"))


async def grant(http: httpx.AsyncClient) -> str:
    """Have Ana granted to read the room, as the application's server does."""
    path, query = "/v3/pam/sub-c/grant", {"timestamp": str(int(time.time()))}
    permissions = {"resources": {"channels": {"room": 1}}, "uuid": "ana"}
    body = json.dumps({"ttl": 60, "permissions": permissions}).encode()
    text = string_to_sign("pub-c", method="POST", path=path, query=query, body=body)
    query["signature"] = signature.sign("sec-c", text)
    answer = await http.post(path, params=query, content=body)
    return str(answer.json()["data"]["token"])


@pytest.mark.parametrize(
    "path",
    [
        "/v2/subscribe/sub-c/room/0",
        "/publish/pub-c/sub-c/0/room/0/1",
        "/signal/pub-c/sub-c/0/room/0/1",
        "/v3/history/sub-key/sub-c/channel/room",
        "/v3/history-with-actions/sub-key/sub-c/channel/room",
        "/v3/history/sub-key/sub-c/message-counts/room?timetoken=1",
        "/v2/history/sub-key/sub-c/channel/room",
        "/v2/presence/sub-key/sub-c/channel/room",
        "/v2/presence/sub-key/sub-c",
        "/v2/presence/sub-key/sub-c/channel/room/heartbeat",
        "/v2/presence/sub-key/sub-c/channel/room/uuid/u",
        "/v2/presence/sub-key/sub-c/channel/room/uuid/u/data?state={}",
        "/v1/message-actions/sub-c/channel/room",
        "/v1/channel-registration/sub-key/sub-c/channel-group/g",
        "/v1/channel-registration/sub-key/sub-c/channel-group",
        "/v1/channel-registration/sub-key/sub-c/channel-group/g/remove",
    ],
)
async def test_every_operation_wants_a_permission(http: httpx.AsyncClient, path: str) -> None:
    separator = "&" if "?" in path else "?"
    for credential in ("", f"auth={granted(elsewhere=255)}&uuid=ana"):
        answer = await http.get(f"{path}{separator}{credential}")
        assert answer.status_code == 403, answer.text
        assert answer.json()["service"] == "Access Manager"


async def test_a_refused_subscriber_leaves_nothing_behind(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    for number in range(3):
        answer = await http.get(f"/v2/subscribe/sub-c/room-{number}/0")
        assert answer.status_code == 403
    assert interests(gateway) == []


async def test_only_the_refused_names_are_told(http: httpx.AsyncClient) -> None:
    query = {"uuid": "ana", "auth": granted(a=1), "channel-group": "g"}
    answer = await http.get("/v2/subscribe/sub-c/a,b,a-pnpres/0", params=query)
    assert answer.json()["payload"] == {"channels": ["b", "a-pnpres"], "channel-groups": [":g"]}


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (granted(room=1, minutes=1, since=-60), "Token is expired."),
        (granted(room=1, user="bo"), "Forbidden: the token was granted to another user id"),
        (granted(room=1)[:-4] + "AAA=", "Invalid token"),
        (tokens.encode(Grant(granted_at=1, ttl=1), b"another key"), "Invalid token"),
        ("é", "Invalid token"),
        ("x" * 10_000, "Invalid token"),
    ],
    ids=["expired", "another's", "forged", "foreign", "not ASCII", "long"],
)
async def test_a_bad_token_is_refused_with_its_reason(
    http: httpx.AsyncClient, token: str, words: str
) -> None:
    query = {"uuid": "ana", "auth": token}
    answer = await http.get("/v3/history/sub-key/sub-c/channel/room", params=query)
    assert answer.status_code == 403
    assert answer.json()["message"].startswith(words)


async def test_one_setting_relaxes_the_check_of_the_user_alone() -> None:
    async with running(pubnub=PUBNUB | {"require_uuid": False}) as gateway:
        url = f"http://127.0.0.1:{gateway.port}/v3/history/sub-key/sub-c/channel"
        query = {"uuid": "somebody else", "auth": granted(room=1)}
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"{url}/room", params=query)).status_code == 200
            assert (await http.get(f"{url}/other", params=query)).status_code == 403


async def test_an_old_signature_is_refused(http: httpx.AsyncClient) -> None:
    path = "/v3/history/sub-key/sub-c/channel/room"
    for age, status in ((0, 200), (50, 200), (70, 400), (-70, 400)):
        query = {"timestamp": str(int(time.time()) - age), "uuid": "server"}
        string = string_to_sign("pub-c", method="GET", path=path, query=query)
        query["signature"] = signature.sign("sec-c", string)
        answer = await http.get(path, params=query)
        assert answer.status_code == status, answer.text
        if status == 400:
            assert answer.json()["message"] == "Invalid Timestamp"


async def test_a_token_without_its_padding_or_with_more_stays_revoked(
    http: httpx.AsyncClient, gateway: Gateway
) -> None:
    token = granted(room=1, room_b=1)
    keyset = door_of(gateway).service.gatekeeper.keyset("sub-c")
    signature_of = keyset.token(token).signature
    door_of(gateway).service.revocations.add(signature_of, expires=2**40)
    for spelling in (token, token.rstrip("="), token + "=", f"{token}=="):
        query = {"uuid": "ana", "auth": spelling}
        answer = await http.get("/v3/history/sub-key/sub-c/channel/room", params=query)
        assert answer.status_code == 403


@pytest.mark.parametrize("stored", [False, True])
async def test_what_was_granted_before_a_start_that_forgets_revocations_is_refused(
    stored: bool, tmp_path: Path
) -> None:
    options = PUBNUB | {"refuse_earlier_tokens": True}
    options |= {"storage_path": str(tmp_path / "kept")} if stored else {}
    before = granted(room=1, since=-1)
    async with (
        running(pubnub=options) as gateway,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http,
    ):
        after = await grant(http)
        for token, status in ((before, 200 if stored else 403), (after, 200)):
            query = {"uuid": "ana", "auth": token}
            path = "/v3/history/sub-key/sub-c/channel/room"
            assert (await http.get(path, params=query)).status_code == status


async def test_every_endpoint_names_a_subscribe_key_that_nobody_has(
    http: httpx.AsyncClient,
) -> None:
    for path in (
        "/v2/presence/sub-key/nobody/uuid/bo",
        "/v2/presence/sub-key/nobody/channel/room/leave",
        "/v3/history/sub-key/nobody/channel/room",
        "/v2/history/sub-key/nobody/channel/room",
        "/v1/message-actions/nobody/channel/room",
        "/v1/channel-registration/sub-key/nobody/channel-group",
    ):
        answer = await http.get(path)
        assert (answer.status_code, answer.json()["message"]) == (400, "Invalid Subscribe Key")
    answer = await http.post("/v3/pam/nobody/grant", json={})
    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid Subscribe Key")


async def test_the_log_says_why_requests_are_refused_once_in_a_while_and_how_often(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    query = {"uuid": "5", "auth": granted(user="pn-noti-5", room=1)}
    for _ in range(3):
        await http.get("/v3/history/sub-key/sub-c/channel/room", params=query)
    for number in range(3):
        await http.get(f"/v2/presence/sub-key/sub-c/channel/room-{number}")
        await http.get(f"/publish/nobody-{number}/sub-c/0/room/0/1")
    said = [record.__dict__["reason"] for record in caplog.records if "refused" in record.message]
    assert said == [
        'the token was granted to another user id, "pn-noti-5", than the request\'s: user id "5"',
        'no permission on {"channels": ["room-0"]}',
        "Invalid Key",
    ]


def test_what_is_refused_again_is_counted_until_the_next_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refusals = PubNubRefusals()
    for second in range(100):
        refusals.note(Forbidden([f"room-{second}"]), now=second)
        refusals.note(ServiceError(400, f"Invalid {second}", "Balancer"), now=second)
        refusals.sweep(second)
    refusals.sweep(200)
    refusals.sweep(300)
    said = [
        (record.__dict__["times"], record.__dict__["reason"].split('"')[-2])
        for record in caplog.records
    ]
    assert said == [(1, "room-0"), (60, "room-60"), (39, "room-99")]
    refusals.note(Forbidden(), now=301)
    assert caplog.records[-1].__dict__["times"] == 1
