"""Tokens that were revoked before their time: `invalidate_user_tokens`."""

import time
from typing import Any

import pytest

from hark_gateway.revocations import SWEEP_FROM, Revocations
from hark_gateway.server import Gateway

from .scene import Backend, backend, client, connected, running, token

OTHER_SECRET = "another secret of at least thirty-two bytes"


async def attempt(gateway: Gateway, user: str = "ana", **claims: Any) -> int:
    """Connect; return the error's code, or 0."""
    async with client(gateway) as opened:
        reply = await opened.ask("connect", token=token(user, **claims))
        return reply["error"]["code"] if "error" in reply else 0


async def test_a_revoked_token_is_refused_at_once_and_one_issued_a_moment_later_is_not(
    gateway: Gateway, api: Backend
) -> None:
    before = time.time()
    assert await attempt(gateway, iat=before) == 0
    assert await api.call("invalidate_user_tokens", user="ana") == {}
    assert await attempt(gateway, iat=before) == 109, "so that an SDK asks for a new one"
    assert await attempt(gateway, iat=time.time()) == 0
    assert await attempt(gateway, user="bo", iat=before) == 0


async def test_connections_end_so_that_they_come_back_with_a_new_token(
    gateway: Gateway, api: Backend
) -> None:
    async with connected(gateway) as ana, connected(gateway, "bo") as bo:
        await api.call("invalidate_user_tokens", user="ana")
        assert await ana.closed() == (3014, "state invalidated")
        assert "error" in await bo.ask("presence", channel="inbox:bo"), "bo is still there"


async def test_a_connection_is_not_prolonged_by_a_revoked_token(
    gateway: Gateway, api: Backend
) -> None:
    before = time.time()
    await api.call("invalidate_user_tokens", user="ana")
    async with connected(gateway, iat=time.time()) as ana:
        await ana.send({"id": 9, "refresh": {"token": token(iat=before)}})
        assert await ana.closed() == (3005, "connection expired")


@pytest.mark.parametrize("secret", [None, OTHER_SECRET], ids=["the same key", "a key of their own"])
async def test_tokens_for_single_channels_are_revoked_as_well(secret: str | None) -> None:
    own = {"subscription_token": {"enabled": True, "hmac_secret_key": secret}} if secret else {}
    signing: dict[str, Any] = {"secret": secret} if secret else {}
    old = token(channel="inbox:tea", iat=time.time(), **signing)
    async with running(client=own) as gateway, backend(gateway) as api:
        await api.call("invalidate_user_tokens", user="ana")
        new = token(channel="inbox:tea", iat=time.time(), **signing)
        async with connected(gateway, iat=time.time()) as ana:
            refused = await ana.ask("subscribe", channel="inbox:tea", token=old)
            assert refused["error"]["code"] == 109
            assert "error" not in await ana.ask("subscribe", channel="inbox:tea", token=new)


async def test_a_token_that_hides_its_age_counts_as_old(gateway: Gateway, api: Backend) -> None:
    assert await attempt(gateway) == 0
    await api.call("invalidate_user_tokens", user="ana")
    assert await attempt(gateway) == 109
    assert await attempt(gateway, iat=str(time.time())) == 0


async def test_the_moment_may_be_given_and_only_moves_forward(
    gateway: Gateway, api: Backend
) -> None:
    await api.call("invalidate_user_tokens", user="ana", issued_before=1000)
    await api.call("invalidate_user_tokens", user="ana", issued_before=500)
    assert await attempt(gateway, iat=999) == 109
    assert await attempt(gateway, iat=1000) == 0


async def test_a_revocation_ends_when_the_tokens_would_have(gateway: Gateway, api: Backend) -> None:
    await api.call("invalidate_user_tokens", user="ana", expire_at=int(time.time()) - 1)
    assert await attempt(gateway, iat=1) == 0


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param({}, 107, id="nobody"),
        pytest.param({"user": ""}, 107, id="anonymous"),
        pytest.param({"user": "ana", "channel": "nowhere:tea"}, 102, id="no such channel"),
    ],
)
async def test_what_cannot_be_revoked_says_so(
    api: Backend, request_: dict[str, str], code: int
) -> None:
    answer = await api.call("invalidate_user_tokens", **request_)
    assert answer["error"]["code"] == code


def test_what_has_expired_is_forgotten_and_nothing_else() -> None:
    revocations = Revocations()
    revocations.add("kept", issued_before=1, expires=None, now=0)
    for number in range(10 * SWEEP_FROM):
        revocations.add(f"user {number}", issued_before=1, expires=number + 10, now=number)
    assert len(revocations) <= SWEEP_FROM
    assert revocations.issued_before("kept", now=1e9) == 1


async def test_a_channel_is_taken_from_one_user_and_stays_shut_to_their_tokens(
    gateway: Gateway, api: Backend
) -> None:
    issued = time.time()
    old = token(channel="inbox:tea", iat=issued)
    async with connected(gateway, iat=issued) as ana, connected(gateway, "bo") as bo:
        other = token(user="bo", channel="inbox:tea", iat=issued)
        await ana.ask("subscribe", channel="inbox:tea", token=old)
        await bo.ask("subscribe", channel="inbox:tea", token=other)
        await api.call("invalidate_user_tokens", user="ana", channel="inbox:tea")
        assert (await ana.push())["unsubscribe"]["code"] == 2000, "no SDK comes back"
        refused = await ana.ask("subscribe", channel="inbox:tea", token=old)
        assert refused["error"]["code"] == 109
        another = token(channel="inbox:coffee", iat=issued)
        assert "error" not in await ana.ask("subscribe", channel="inbox:coffee", token=another)
        new = token(channel="inbox:tea", iat=time.time())
        assert "error" not in await ana.ask("subscribe", channel="inbox:tea", token=new)
        assert (await bo.ask("unsubscribe", channel="inbox:tea")) == {}


async def test_a_connection_token_no_longer_opens_a_channel_that_was_taken(
    gateway: Gateway, api: Backend
) -> None:
    claims = {"channels": ["inbox:tea", "inbox:coffee"], "iat": time.time()}
    await api.call("invalidate_user_tokens", user="ana", channel="inbox:tea")
    async with client(gateway) as opened:
        reply = await opened.ask("connect", token=token(**claims))
        assert set(reply["subs"]) == {"inbox:coffee"}


async def test_until_it_is_told_a_new_gateway_refuses_what_was_issued_before_it() -> None:
    before = time.time()
    async with running(client={"await_revocations": True}) as gateway, backend(gateway) as api:
        assert await attempt(gateway, iat=before) == 109
        assert await attempt(gateway, iat=time.time()) == 0, "it was issued knowing all"
        told = {"user": "ana", "issued_before": before + 0.001, "expire_at": time.time() + 60}
        node = (await api.call("restore_revocations", revocations=[told]))["node"]
        assert await attempt(gateway, "bo", iat=before) == 109, "there may be more"
        assert await api.call("restore_revocations", complete=True) == {"node": node}
        assert await attempt(gateway, iat=before) == 109
        assert await attempt(gateway, "bo", iat=before) == 0


async def test_two_gateways_are_told_apart(gateway: Gateway, api: Backend) -> None:
    async with running() as other, backend(other) as api_of_other:
        answers = [await each.call("restore_revocations") for each in (api, api, api_of_other)]
    assert answers[0] == answers[1] != answers[2]
