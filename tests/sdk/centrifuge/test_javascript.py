"""The scenarios, played by centrifuge-js in Node and in Chromium, on each of its transports."""

import inspect
from pathlib import Path

import pytest

from tests.gateway_process import GatewayProcess

from . import test_python_connections, test_python_publications, test_python_subscriptions
from .backstage import Backstage, NotInstalled
from .scenarios import ABOUT_TRANSPORTS, NOT_IN_PYTHON, SCENARIOS, TRANSPORTS

PLACES = ("node", "chromium")
IN_PYTHON = (test_python_connections, test_python_subscriptions, test_python_publications)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("place", PLACES)
def test_scenario(backstage: Backstage, place: str, transport: str, scenario: str) -> None:
    backstage.play(place, transport, scenario)


@pytest.mark.parametrize("scenario", ABOUT_TRANSPORTS)
@pytest.mark.parametrize("place", PLACES)
def test_transports(backstage: Backstage, place: str, scenario: str) -> None:
    backstage.play(place, "its own", scenario)


def test_packages_that_are_missing_are_named_with_what_to_do(
    gateway: GatewayProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tests.sdk.centrifuge.backstage.FILES", tmp_path)
    with pytest.raises(NotInstalled, match="npm ci"):
        Backstage(gateway)


def test_every_scenario_is_written_for_both_sdks(backstage: Backstage) -> None:
    functions = {
        name for module in IN_PYTHON for name, _ in inspect.getmembers(module, inspect.isfunction)
    }
    in_python = {
        "test_" + name.replace(" ", "_") for name in SCENARIOS if name not in NOT_IN_PYTHON
    }
    assert {name for name in functions if name.startswith("test_")} == in_python
    assert set(backstage.run(backstage.runtimes["node"].names())) == {*SCENARIOS, *ABOUT_TRANSPORTS}
