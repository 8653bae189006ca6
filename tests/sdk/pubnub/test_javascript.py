"""The official JavaScript SDK in Node: the current major, and the seventh."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.gateway_process import GatewayProcess

from .clients import PATIENCE, short_lived_token

FOLDER = Path(__file__).parents[1] / "pubnub_node"
SCENARIOS = re.findall(r"^  async (\w+)\(", (FOLDER / "scenarios.mjs").read_text(), re.MULTILINE)
MAJORS = pytest.mark.parametrize("major", ["12", "7"])


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with all versions of the SDK installed as they are locked."""
    program = shutil.which("node")
    assert program is not None, "Node.js is missing"
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    if not all((FOLDER / "node_modules" / name).exists() for name in wanted):
        subprocess.run(["npm", "ci", "--silent"], cwd=FOLDER, check=True, timeout=300)
    return program


@MAJORS
@pytest.mark.parametrize("scenario", [each for each in SCENARIOS if each != "reconnect"])
def test_the_sdk_does(gateway: GatewayProcess, node: str, scenario: str, major: str) -> None:
    done = subprocess.run(
        [node, "scenarios.mjs", major, scenario, str(gateway.port)],
        cwd=FOLDER,
        env=os.environ | {"TOKEN": short_lived_token("ana", "room")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "done"


@MAJORS
def test_the_sdk_goes_on_after_the_gateway_was_restarted(
    mortal: GatewayProcess, node: str, major: str
) -> None:
    command = [node, "scenarios.mjs", major, "reconnect", str(mortal.port)]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline().strip() == "ready"
        mortal.crash_and_return()
        httpx.get(f"{mortal.url}/publish/pub-open/sub-open/0/room/0/%22after%22")
        assert running.stdout.readline().strip() == "done"
        assert running.wait(PATIENCE) == 0
