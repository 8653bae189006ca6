"""What JavaScript scenarios ask for: a server that signs tokens, calls the API, cuts the cable.

It runs in a thread of its own, beside the runtimes that play the scenarios, so that tests of any
kind can wait for it.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from typing import Any, Protocol, TypeVar

from aiohttp import web

from tests.gateway_process import GatewayProcess

from .recording import RECORDING, recorded
from .scenarios import TRANSPORTS, WAITING
from .scene import SECRET, Scene, scene_on, sign

FILES = Path(__file__).parent / "node"
LONGEST_SCENARIO = 60.0
Part = tuple[str, str, str]
"""Where it runs, its transport, the scenario."""
T = TypeVar("T")


class NotInstalled(Exception):
    """The packages that the scenarios need are missing."""

    def __str__(self) -> str:
        return "the SDK for JavaScript is not installed: run `npm ci` in tests/sdk/centrifuge/node"


class Runtime(Protocol):
    """Something that runs JavaScript."""

    async def play(self, stage: Mapping[str, Any]) -> str | None:
        """Play a scenario; return what went wrong, or None."""

    async def names(self) -> list[str]:
        """Return the names of all scenarios that there are in JavaScript."""


class Backstage:
    """Sets a scene for each scenario, and gives it what it asks for."""

    def __init__(self, gateway: GatewayProcess) -> None:
        if not (FILES / "node_modules" / "centrifuge").is_dir():
            raise NotInstalled
        self._gateway = gateway
        self._scenes: dict[str, Scene] = {}
        self._outcomes: dict[Part, str | None] = {}
        self.runtimes: Mapping[str, Runtime] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.run(self._serve())

    def stop(self) -> None:
        self.run(self._runner.cleanup())
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the backstage's own loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LONGEST_SCENARIO)

    def play(self, place: str, transport: str, scenario: str) -> None:
        """Play one scenario; fails with what it says went wrong.

        Scenarios that mostly wait are played everywhere at once, when the first is asked for.
        """
        part = (place, transport, scenario)
        if part not in self._outcomes:
            everywhere = product(self.runtimes, TRANSPORTS, [scenario])
            self.run(self._play_all(everywhere if scenario in WAITING else [part]))
        problem = self._outcomes.pop(part)
        assert problem is None, problem

    async def _play_all(self, parts: Iterable[Part]) -> None:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(self._play(part))

    async def _play(self, part: Part) -> None:
        place, transport, scenario = part
        is_recorded = RECORDING and (place, transport) == ("node", "websocket")
        async with scene_on(self._gateway) as scene:
            self._scenes[scene.mark] = scene
            try:
                with recorded(scene, "javascript", scenario) if is_recorded else nullcontext():
                    self._outcomes[part] = await self.runtimes[place].play(
                        {
                            "scenario": scenario,
                            "transport": transport,
                            "backstage": self.url,
                            "mark": scene.mark,
                            "port": scene.cable.port,
                        }
                    )
            finally:
                del self._scenes[scene.mark]

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_post("/scenes/{mark}/{wish}", self._answer)
        app.router.add_static("/files", FILES)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _answer(self, request: web.Request) -> web.Response:
        scene = self._scenes[request.match_info["mark"]]
        wish = request.match_info["wish"]
        try:
            result = await WISHES[wish](scene, json.loads(await request.text()))
        except AssertionError as error:
            return web.Response(status=500, text=f"{wish}: {error}")
        return web.json_response(result)


Wish = Callable[[Scene, dict[str, Any]], Awaitable[Any]]


async def signed(_scene: Scene, request: dict[str, Any]) -> str:
    return sign(request["claims"], secret=request.get("secret") or SECRET)


async def cut(scene: Scene, _request: dict[str, Any]) -> None:
    scene.cable.cut()


async def mended(scene: Scene, _request: dict[str, Any]) -> None:
    scene.cable.mend()


WISHES: Mapping[str, Wish] = {
    "sign": signed,
    "cut": cut,
    "mend": mended,
    "api": lambda scene, asked: scene.api(asked["method"], **asked["request"]),
    "batch": lambda scene, asked: scene.api_batch(asked["commands"]),
    "crash": lambda scene, _: scene.crash_gateway(),
    "stop": lambda scene, _: asyncio.to_thread(scene.gateway.stop),
    "start": lambda scene, _: asyncio.to_thread(scene.gateway.start),
    "until-empty": lambda scene, asked: scene.until_empty(asked["channel"]),
    "unrefreshed": lambda scene, asked: scene.unrefreshed_connection_ends(asked["expires"]),
}
"""What a scenario may ask for."""
