"""The scenarios, played by centrifuge-js in Node and in Chromium, on each of its transports."""

import inspect

import pytest

from . import test_python
from .backstage import Backstage
from .scenarios import NOT_IN_PYTHON, SCENARIOS, TRANSPORTS


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("place", ["node", "chromium"])
def test_scenario(backstage: Backstage, place: str, transport: str, scenario: str) -> None:
    backstage.play(place, transport, scenario)


def test_every_scenario_is_written_for_both_sdks(backstage: Backstage) -> None:
    functions = {name for name, _ in inspect.getmembers(test_python, inspect.isfunction)}
    in_python = {
        "test_" + name.replace(" ", "_") for name in SCENARIOS if name not in NOT_IN_PYTHON
    }
    assert {name for name in functions if name.startswith("test_")} == in_python
    assert set(backstage.run(backstage.runtimes["node"].names())) == set(SCENARIOS)
