"""Autobahn's fuzzing client against the codec, where `make autobahn` has installed it."""

import asyncio
import json
from pathlib import Path

import pytest

from .echo import serving

CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
WSTEST = Path(__file__).parents[3] / ".data/autobahn/bin/wstest"
MISSING = "Autobahn's wstest is not installed: `make autobahn` does it where Python 2.7 is"
PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}


@pytest.mark.timeout(900)
@pytest.mark.skipif(not WSTEST.exists(), reason=MISSING)
async def test_autobahns_cases_pass(tmp_path: Path) -> None:
    async with serving() as (port, _):
        specification = {
            "servers": [{"agent": "hark", "url": f"ws://127.0.0.1:{port}/ws"}],
            "outdir": str(tmp_path),
            "cases": CASES,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }
        file = tmp_path / "fuzzingclient.json"
        file.write_text(json.dumps(specification))
        command = [str(WSTEST), "-m", "fuzzingclient", "-s", str(file)]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        await process.wait()
    results = json.loads((tmp_path / "index.json").read_text())["hark"]
    assert len(results) > 200
    failed = {
        case: result
        for case, result in results.items()
        if result["behavior"] not in PASSED or result["behaviorClose"] not in PASSED
    }
    assert not failed
