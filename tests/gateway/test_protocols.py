"""A protocol is registered in one place, and takes part in all that the server does."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from hark_gateway import config
from hark_gateway.moving import for_centrifugo
from hark_gateway.protocols.base import Protocol
from hark_gateway.protocols.registry import ProtocolSections
from hark_gateway.server import Gateway
from hark_gateway.sources import ConfigError, as_settings, variable_for
from tests.conformance.lines import Lines, LinesSections, WithLines

from .scene import configured, running, token

KEY = "the key of publishers"
ROOT = Path(__file__).parents[2]


class Watched(Lines):
    """Lines which note what they are asked."""

    closed = 0

    @classmethod
    def faults(cls, config: LinesSections, address: str) -> list[str]:
        return [] if config.lines.key else [f"lines.key: needed on {address}"]

    @classmethod
    def is_enabled(cls, config: LinesSections) -> bool:
        return config.lines.key != "off"

    def close(self) -> None:
        self.closed += 1


@dataclass(frozen=True, kw_only=True)
class WithWatched(LinesSections, config.Config):
    """A configuration with a protocol that has faults, and can be off."""

    protocols: ClassVar = (*config.Config.protocols, Watched)


def lines_of(gateway: Gateway) -> list[Lines]:
    return [each for each in gateway.protocols if isinstance(each, Lines)]


def listening(http: httpx.AsyncClient, user: str, **claims: Any) -> Any:
    query = {"token": token(user, channel="chat:1", **claims)}
    return http.stream("GET", "/lines/chat:1", params=query)


def client(gateway: Gateway) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}")


@pytest.mark.parametrize(
    "file", ["server.py", "config.py", "sources.py", "metrics.py", "moving.py"]
)
def test_nothing_but_the_registry_names_a_protocol(file: str) -> None:
    words = set(re.findall(r"\w+", (ROOT / "src/hark_gateway" / file).read_text().lower()))
    classes = {each.__name__.lower() for each in ProtocolSections.protocols}
    sections = {section.name for section in fields(ProtocolSections)}
    assert not words & (packages(ProtocolSections.protocols) | classes | sections)


def packages(protocols: Iterable[type[Protocol]]) -> set[str]:
    return {each.__module__.split(".")[2] for each in protocols}


def test_every_protocol_that_has_a_package_is_registered_with_its_options() -> None:
    folder = ROOT / "src/hark_gateway/protocols"
    there = {each.parent.name for each in folder.glob("*/__init__.py")}
    assert packages(ProtocolSections.protocols) == there
    assert all(issubclass(config.Config, each.sections) for each in ProtocolSections.protocols)


def test_a_protocols_options_are_read_printed_and_checked_as_all_others_are() -> None:
    assert as_settings(configured(WithLines, lines={"key": KEY}))["lines"] == {"key": "(set)"}
    assert variable_for(["lines", "key"]) == "HARK_GATEWAY_LINES_KEY"
    with pytest.raises(ConfigError, match=r"lines\.kee: unknown option; did you mean lines\.key"):
        configured(WithLines, lines={"kee": KEY})
    with pytest.raises(ConfigError, match=r"lines\.key: needed on 127\.0\.0\.1"):
        configured(WithWatched)
    with pytest.raises(ConfigError, match="protocols: unknown option"):
        configured(protocols=[])


def test_a_file_for_centrifugo_has_no_options_of_protocols_that_it_does_not_speak() -> None:
    assert "lines" not in for_centrifugo(configured(WithLines, lines={"key": KEY}))


async def test_a_protocol_that_is_off_is_not_spoken() -> None:
    async with running(WithWatched, lines={"key": "off"}) as gateway, client(gateway) as http:
        assert lines_of(gateway) == []
        assert (await http.get("/lines/chat:1")).status_code == 404


async def test_a_protocols_figures_are_on_the_page_of_metrics() -> None:
    settings: dict[str, Any] = {"prometheus": {"enabled": True}, "lines": {"key": KEY}}
    async with (
        running(WithLines, **settings) as gateway,
        client(gateway) as http,
        listening(http, "ana"),
    ):
        assert "hark_gateway_lines_listeners 1.0" in (await http.get("/metrics")).text


async def test_a_protocol_is_swept() -> None:
    async with (
        running(WithLines) as gateway,
        client(gateway) as http,
        listening(http, "ana", exp=None) as answer,
    ):
        (lines,) = lines_of(gateway)
        (listener,) = lines.listeners
        listener.expires = 1.0  # long ago
        assert len((await answer.aread()).splitlines()) == 1, "and that is its end"


async def test_a_protocol_sends_its_clients_away_and_is_closed_when_the_server_stops() -> None:
    async with running(WithWatched, lines={"key": KEY}) as gateway, client(gateway) as http:
        (lines,) = lines_of(gateway)
        async with listening(http, "ana") as answer:
            await gateway.stop()
            assert len((await answer.aread()).splitlines()) == 1
        assert isinstance(lines, Watched)
        assert lines.closed == 1
