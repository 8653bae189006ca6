"""Fixtures of the conformance suite. The protocols are in `drivers`, the cases in the tests."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hark_gateway.server import Gateway
from tests.gateway.conftest import api, gateway, pytest_asyncio_loop_factories, stranger
from tests.gateway.scene import Client, connected

from .drivers import DRIVERS

__all__ = ["api", "gateway", "pytest_asyncio_loop_factories", "stranger"]


@pytest.fixture
async def ana(gateway: Gateway) -> AsyncIterator[Client]:
    """Ana, connected and subscribed to nothing."""
    async with connected(gateway, "ana") as client:
        yield client


@pytest.fixture
async def bo(gateway: Gateway) -> AsyncIterator[Client]:
    """Bo, likewise."""
    async with connected(gateway, "bo") as client:
        yield client


# The table of what holds on which protocol, for the documentation

MATRIX = os.environ.get("HARK_MATRIX")
"""Where to write the table; `docs/gateway/protocols.md` in the repository."""
results: dict[str, dict[str, str]] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome of each case of `test_every_protocol`, the worst of its variants."""
    file, _, rest = report.nodeid.partition("::")
    if not file.endswith("test_every_protocol.py") or not (report.when == "call" or report.skipped):
        return
    name, _, variant = rest.partition("[")
    promise = name.removeprefix("test_").replace("_", " ").capitalize()
    involved = {each.name for each in DRIVERS} & set(variant.strip("]").split("-"))
    said = {"passed": "yes", "failed": "**no**"}.get(report.outcome, "")
    if report.skipped and isinstance(report.longrepr, tuple):
        said = report.longrepr[2].removeprefix("Skipped: ")
    row = results.setdefault(promise, {})
    for protocol in involved:
        if row.get(protocol) in (None, "yes"):
            row[protocol] = said


def pytest_sessionfinish() -> None:
    """Write the table, if it was asked for."""
    if not MATRIX:
        return
    names = [driver.name for driver in DRIVERS if driver.is_documented]
    lines = [
        "# What holds on which protocol",
        "",
        "Written by `HARK_MATRIX=docs/gateway/protocols.md pytest tests/conformance`.",
        "",
        f"| promise | {' | '.join(names)} |",
        f"| --- |{' --- |' * len(names)}",
    ]
    for promise in sorted(results):
        cells = [results[promise].get(name, "") for name in names]
        lines.append(f"| {promise} | {' | '.join(cells)} |")
    Path(MATRIX).write_text("\n".join(lines) + "\n")
