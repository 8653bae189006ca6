"""The official Python SDK as it was at version 6.0, in an environment of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway_process import GatewayProcess

FOLDER = Path(__file__).parents[1] / "pubnub_oldest"
ENVIRONMENT = Path(__file__).parents[3] / ".data/pubnub-oldest"


@pytest.fixture(scope="session")
def oldest_python() -> Path:
    """An interpreter with the oldest SDK installed as it is locked."""
    python = ENVIRONMENT / "bin/python"
    requirements, done = FOLDER / "requirements.txt", ENVIRONMENT / ".installed"
    if not done.exists() or done.stat().st_mtime < requirements.stat().st_mtime:
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        install = ["install", "--quiet", "--require-hashes", "-r", str(requirements)]
        subprocess.run([str(python), "-m", "pip", *install], check=True, timeout=300)
        done.touch()
    return python


def test_an_application_of_its_time_runs(gateway: GatewayProcess, oldest_python: Path) -> None:
    command = [str(oldest_python), "scenario.py", str(gateway.port)]
    done = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "done"  # the SDK prints some answers itself
