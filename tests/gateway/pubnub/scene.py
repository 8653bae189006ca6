"""PubNub over plain HTTP: a gateway with two keysets, and the requests that most tests make."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from hark_gateway.protocols.pubnub import signature
from hark_gateway.protocols.pubnub.door import PubNubDoor
from hark_gateway.protocols.pubnub.live import Interest
from hark_gateway.server import Gateway

OPEN = {"publish_key": "pub", "subscribe_key": "sub", "access_manager": False}
GUARDED = {"publish_key": "pub-c", "subscribe_key": "sub-c", "secret_key": "sec-c"}
PUBNUB = {"enabled": True, "keysets": [OPEN, GUARDED], "hold_time": "20s"}
JAVASCRIPT = 'text/javascript; charset="UTF-8"'


async def get(http: httpx.AsyncClient, path: str, **query: Any) -> Any:
    """Return the body of an answer that must be a success."""
    answer = await http.get(path, params=query or None)
    assert (answer.status_code, answer.headers["content-type"]) == (200, JAVASCRIPT), answer.text
    return answer.json()


async def publish(http: httpx.AsyncClient, channel: str, message: Any, **query: Any) -> str:
    """Publish and return the timetoken."""
    answer = await http.post(f"/publish/pub/sub/0/{channel}/0", json=message, params=query)
    assert answer.status_code == 200, answer.text
    return str(answer.json()[2])


async def cursor(http: httpx.AsyncClient, channels: str, **query: Any) -> str:
    """Shake hands and return the timetoken to go on from."""
    answer = await get(http, f"/v2/subscribe/sub/{channels}/0", tt=0, **query)
    assert answer["m"] == []
    return str(answer["t"]["t"])


async def poll(http: httpx.AsyncClient, channels: str, tt: str, **query: Any) -> Any:
    return await get(http, f"/v2/subscribe/sub/{channels}/0", tt=tt, tr=1, **query)


async def polling(gateway: Gateway, http: httpx.AsyncClient, channels: str, **query: Any) -> Any:
    """Return a task that polls, once the gateway holds it."""
    tt = await cursor(http, channels, **query)
    task = asyncio.create_task(poll(http, channels, tt, **query))
    await until(lambda: any(interest.waiting for interest in interests(gateway)))
    return task


def interests(gateway: Gateway) -> list[Interest]:
    """Return what clients poll for, or did a moment ago."""
    return door_of(gateway)._subscribing.interests


def door_of(gateway: Gateway) -> PubNubDoor:
    """Return what the gateway has of this protocol."""
    (pubnub,) = (each for each in gateway.protocols if isinstance(each, PubNubDoor))
    return pubnub


async def until(condition: Callable[[], bool]) -> None:
    """Let the gateway work until it has come so far."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (the gateway runs in this very loop)
            await asyncio.sleep(0)


def string_to_sign(
    publish_key: str, *, method: str, path: str, query: Mapping[str, str], body: bytes = b""
) -> bytes:
    """Return what version 2 signs."""
    return b"\n".join(
        (method.encode(), publish_key.encode(), path.encode(), signature.canonical(query), body)
    )
