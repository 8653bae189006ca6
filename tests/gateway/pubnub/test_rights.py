"""Every endpoint, and the one right that opens it."""

import inspect
import re
import time
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from hark_gateway.protocols.pubnub import door, signature, tokens
from hark_gateway.protocols.pubnub.storage import FOR_EVER, GrantKey
from hark_gateway.protocols.pubnub.tokens import ALL_PERMISSIONS, Grant, Permission
from hark_gateway.server import Gateway

from .scene import cursor, door_of, get, string_to_sign

READ, WRITE, MANAGE, DELETE = (
    Permission.READ,
    Permission.WRITE,
    Permission.MANAGE,
    Permission.DELETE,
)
HISTORY, PRESENCE = "/v3/history/sub-key/sub-c", "/v2/presence/sub-key/sub-c"
ACTIONS = "/v1/message-actions/sub-c/channel/room"
GROUPS = "/v1/channel-registration/sub-key/sub-c/channel-group"
NO_SUCH_ACTION = f"{ACTIONS}/message/17000000000000000/action/17000000000000001"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A request, the function that answers it, and the bit it needs on `room`, `g` or `bo`."""

    function: str
    path: str
    needs: Permission
    kind: str = "channels"
    method: str = "GET"
    body: Any = None

    @property
    def resource(self) -> str:
        return {"channels": "room", "groups": "g", "uuids": "bo"}[self.kind]


ENDPOINTS = [
    Endpoint("_subscribing.subscribe", "/v2/subscribe/sub-c/room/0", READ),
    Endpoint("_subscribing.subscribe", "/v2/subscribe/sub-c/,/0?channel-group=g", READ, "groups"),
    Endpoint("publishing.publish", "/publish/pub-c/sub-c/0/room/0/1", WRITE),
    Endpoint("publishing.publish", "/publish/pub-c/sub-c/0/room/0/1?store=0&norep=1", WRITE),
    Endpoint("publishing.publish", "/publish/pub-c/sub-c/0/room/0", WRITE, method="POST", body=1),
    Endpoint("publishing.signal", "/signal/pub-c/sub-c/0/room/0/1", WRITE),
    Endpoint("presence.heartbeat", f"{PRESENCE}/channel/room/heartbeat", READ),
    Endpoint(
        "presence.heartbeat", f"{PRESENCE}/channel/,/heartbeat?channel-group=g", READ, "groups"
    ),
    Endpoint("presence.here_now", f"{PRESENCE}/channel/room", READ),
    Endpoint("presence.here_now", f"{PRESENCE}/channel/,?channel-group=g", READ, "groups"),
    Endpoint("presence.here_now_everywhere", PRESENCE, READ),
    Endpoint("presence.where_now", f"{PRESENCE}/uuid/bo", READ),
    Endpoint("presence.where_now", f"{PRESENCE}/uuid/bo", Permission.GET, "uuids"),
    Endpoint("presence.get_state", f"{PRESENCE}/channel/room/uuid/bo", READ),
    Endpoint("presence.set_state", f"{PRESENCE}/channel/room/uuid/ana/data?state={{}}", READ),
    Endpoint("history.fetch", f"{HISTORY}/channel/room", READ),
    Endpoint(
        "history.fetch_with_actions",
        "/v3/history-with-actions/sub-key/sub-c/channel/room",
        READ,
    ),
    Endpoint("history.count", f"{HISTORY}/message-counts/room?timetoken=1", READ),
    Endpoint("history.old_fetch", "/v2/history/sub-key/sub-c/channel/room", READ),
    Endpoint("history.delete", f"{HISTORY}/channel/room", DELETE, method="DELETE"),
    Endpoint("actions.list_", ACTIONS, READ),
    Endpoint(
        "actions.add",
        f"{ACTIONS}/message/17000000000000000",
        WRITE,
        method="POST",
        body={"type": "reaction", "value": "smile"},
    ),
    Endpoint("actions.remove", NO_SUCH_ACTION, DELETE, method="DELETE"),
    Endpoint("groups.list_", GROUPS, READ, "groups"),
    Endpoint("groups.list_", GROUPS, MANAGE, "groups"),
    Endpoint("groups.show_or_change", f"{GROUPS}/g", READ, "groups"),
    Endpoint("groups.show_or_change", f"{GROUPS}/g", MANAGE, "groups"),
    Endpoint("groups.show_or_change", f"{GROUPS}/g?add=x", MANAGE, "groups"),
    Endpoint("groups.show_or_change", f"{GROUPS}/g?remove=x", MANAGE, "groups"),
    Endpoint("groups.remove", f"{GROUPS}/g/remove", MANAGE, "groups"),
]
LEAVES = [
    f"{PRESENCE}/channel/room/leave",
    f"{PRESENCE}/channel/room,elsewhere/leave",
    f"{PRESENCE}/channel/,/leave?channel-group=g",
]
NEED_NO_RIGHT = {"presence.leave"}
"""Whoever its token names may leave anything; all others need what a heartbeat needs."""
NEED_THE_SECRET = {"granting.grant", "granting.revoke", "auth_keys.grant"}


def granted(user: str | None = "ana", **resources: dict[str, int]) -> str:
    grant = Grant(granted_at=int(time.time()), ttl=60, resources=resources, uuid=user)
    return tokens.encode(grant, tokens.signing_key("sec-c", "sub-c"))


async def ask(http: httpx.AsyncClient, endpoint: Endpoint | str, **query: str) -> httpx.Response:
    if isinstance(endpoint, str):
        endpoint = Endpoint("", endpoint, READ)
    url = httpx.URL(endpoint.path).copy_merge_params(query)
    return await http.request(endpoint.method, url, json=endpoint.body)


@pytest.fixture
async def busy(http: httpx.AsyncClient) -> httpx.AsyncClient:
    """Bo is in `room`, which is in the group `g`."""
    await get(http, "/v1/channel-registration/sub-key/sub/channel-group/g", add="room")
    await cursor(http, "room", uuid="bo")
    return http


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.function} {endpoint.needs.name} {endpoint.kind}"


def test_every_function_behind_the_door_is_in_the_table() -> None:
    modules = "presence|publishing|history|actions|groups|granting|auth_keys|_subscribing"
    source = inspect.getsource(door.PubNubDoor)
    answering = set(re.findall(rf"\b((?:{modules})\.\w+)\(", source))
    tabled = {endpoint.function for endpoint in ENDPOINTS}
    assert answering == tabled | NEED_NO_RIGHT | NEED_THE_SECRET


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
async def test_only_the_right_that_an_endpoint_needs_opens_it(
    busy: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    right = {endpoint.kind: {endpoint.resource: int(endpoint.needs)}}
    alternatives = {each.needs for each in ENDPOINTS if each.path == endpoint.path}
    others = {endpoint.kind: {endpoint.resource: ALL_PERMISSIONS & ~int(sum(alternatives))}}
    elsewhere = {kind: {"elsewhere": ALL_PERMISSIONS} for kind in ("channels", "groups", "uuids")}
    for token in ("", granted(**others), granted(**elsewhere)):
        answer = await ask(busy, endpoint, uuid="ana", **({"auth": token} if token else {}))
        assert (answer.status_code, answer.json()["service"]) == (403, "Access Manager")
    everything = {kind: dict.fromkeys(("room", "g", "bo"), ALL_PERMISSIONS) for kind in elsewhere}
    answer = await ask(busy, endpoint, uuid="ana", auth=granted("cy", **everything))
    assert answer.status_code == 403, "another's token"
    assert "granted to another user id" in answer.json()["message"]
    opened = await ask(busy, endpoint, uuid="ana", auth=granted(**right))
    assert opened.status_code != 403, opened.text


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
async def test_an_auth_key_opens_what_was_granted_to_it_and_no_more(
    busy: httpx.AsyncClient, gateway: Gateway, endpoint: Endpoint
) -> None:
    grants = door_of(gateway).service.grants
    resource = GrantKey("sub-c", endpoint.kind, endpoint.resource, "key")
    alternatives = {each.needs for each in ENDPOINTS if each.path == endpoint.path}
    grants.put([resource], ALL_PERMISSIONS & ~int(sum(alternatives)), expires=FOR_EVER)
    grants.put([resource._replace(name="elsewhere")], ALL_PERMISSIONS, expires=FOR_EVER)
    grants.put([resource._replace(subscribe_key="sub")], ALL_PERMISSIONS, expires=FOR_EVER)
    for auth in ("key", "another", ""):
        answer = await ask(busy, endpoint, uuid="ana", **({"auth": auth} if auth else {}))
        assert answer.status_code == 403, auth
    grants.put([resource], int(endpoint.needs), expires=int(time.time()) - 1)
    assert (await ask(busy, endpoint, uuid="ana", auth="key")).status_code == 403
    grants.put([resource], int(endpoint.needs), expires=FOR_EVER)
    opened = await ask(busy, endpoint, uuid="ana", auth="key")
    assert opened.status_code != 403, opened.text


@pytest.mark.parametrize("path", LEAVES)
async def test_nobody_is_taken_out_by_another(
    busy: httpx.AsyncClient, gateway: Gateway, path: str
) -> None:
    presence = door_of(gateway).service.presence
    all_of_it = {"channels": {"room": ALL_PERMISSIONS}, "groups": {"g": ALL_PERMISSIONS}}
    for token in ("", granted("ana", **all_of_it), granted(None, channels={"elsewhere": 255})):
        answer = await ask(busy, path, uuid="bo", **({"auth": token} if token else {}))
        assert answer.status_code == 403
        assert presence.is_present("bo", "room")


@pytest.mark.parametrize("what", ["heartbeat", "leave", ""])
async def test_naming_no_channel_is_no_way_around_the_token(
    http: httpx.AsyncClient, what: str
) -> None:
    for channels in (",", "room-pnpres"):
        answer = await ask(http, f"{PRESENCE}/channel/{channels}/{what}".rstrip("/"), uuid="bo")
        assert answer.status_code == 403


async def test_one_leaves_with_a_token_of_ones_own_or_one_that_reads(
    busy: httpx.AsyncClient, gateway: Gateway
) -> None:
    presence = door_of(gateway).service.presence
    for token in (granted("bo"), granted(None, channels={"room": READ})):
        await cursor(busy, "room", uuid="bo")
        answer = await ask(busy, LEAVES[0], uuid="bo", auth=token)
        assert answer.status_code == 200
        assert not presence.is_present("bo", "room")


async def test_of_another_where_now_tells_only_what_here_now_would(
    busy: httpx.AsyncClient,
) -> None:
    await cursor(busy, "attic", uuid="bo")
    path = f"{PRESENCE}/uuid/bo"
    for token, told in (
        (granted("ana", channels={"room": READ, "elsewhere": READ}), ["room"]),
        (granted("ana", uuids={"bo": Permission.GET}), ["attic", "room"]),
    ):
        answer = await ask(busy, path, uuid="ana", auth=token)
        assert sorted(answer.json()["payload"]["channels"]) == told
    own = await ask(busy, path, uuid="bo", auth=granted("bo"))
    assert sorted(own.json()["payload"]["channels"]) == ["attic", "room"]


async def test_where_now_refuses_alike_whether_somebody_is_online_or_not(
    busy: httpx.AsyncClient,
) -> None:
    token = granted("ana", channels={"elsewhere": READ})
    refusals = []
    for uuid in ("bo", "nobody"):
        answer = await ask(busy, f"{PRESENCE}/uuid/{uuid}", uuid="ana", auth=token)
        refusals.append((answer.status_code, answer.text.replace(uuid, "?")))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] == 403


@pytest.mark.parametrize("claimed", ["ana", "bo"])
async def test_what_another_says_of_themselves_is_theirs(
    busy: httpx.AsyncClient, claimed: str
) -> None:
    path = f"{PRESENCE}/channel/room/uuid/bo/data?state=%7B%22mood%22:1%7D"
    read = {"channels": {"room": ALL_PERMISSIONS}}
    answer = await ask(busy, path, uuid=claimed, auth=granted("ana", **read))
    assert answer.status_code == 403
    state = await get(busy, "/v2/presence/sub-key/sub/channel/room/uuid/bo")
    assert state["payload"] == {}
    with_update = granted("ana", **read, uuids={"bo": Permission.UPDATE})
    assert (await ask(busy, path, uuid="ana", auth=with_update)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [f"{PRESENCE}/uuid/bo", *LEAVES, f"{PRESENCE}/channel/room/uuid/bo/data?state={{}}"],
)
async def test_the_secret_key_opens_everything(busy: httpx.AsyncClient, path: str) -> None:
    url = httpx.URL(path)
    query = dict(url.params) | {"timestamp": str(int(time.time())), "uuid": "server"}
    string = string_to_sign("pub-c", method="GET", path=url.path, query=query)
    query["signature"] = signature.sign("sec-c", string)
    answer = await busy.get(url.path, params=query)
    assert answer.status_code == 200, answer.text


async def test_patterns_of_users_are_checked_when_granting_and_when_shown(
    http: httpx.AsyncClient,
) -> None:
    grant = Grant(granted_at=int(time.time()), ttl=60, patterns={"uuids": {"(": 32}})
    token = tokens.encode(grant, tokens.signing_key("sec-c", "sub-c"))
    answer = await ask(http, f"{PRESENCE}/uuid/bo", auth=token)  # from when they were not
    assert (answer.status_code, answer.json()["message"]) == (403, "Forbidden")
