"""One run: start everything, let people write and things break, heal, wait for rest, compare."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from tests.chaos import truth, verdict
from tests.chaos.browsers import Browsers, opened
from tests.chaos.crowd import ONE_IN, Crowd
from tests.chaos.plan import Fault, Options, faults
from tests.chaos.server import TIMEOUT, Person, Server
from tests.chaos.truth import Truth
from tests.chaos.verdict import Seen, Verdict
from tests.chaos.world import World, running_world
from tests.chaos.writers import Writers

ARRIVAL_SECONDS = 300.0
"""How long it may take until everybody is there."""
REST_SECONDS = 60.0
"""How long everything may take, once healed, to be delivered and shown."""
PATIENCE = 10
"""How many times its length a run may take; longer, and something is dead for good."""
QUIET_SECONDS = 1.0
"""How long to listen on after that, for anything that comes once too often."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run found, and what it took.

    Attributes:
        comings: How often a device came back.
        restarts: How often a screen had to read its inbox afresh.
        behind: Pushes that came after a newer one on the same connection.
        takeovers: How often a relay replaced one that gave no sign of life.
        seconds_to_rest: From the last comment and the last fault until every screen was right.
    """

    verdict: Verdict
    faults: Sequence[Fault]
    devices: int
    comings: int
    restarts: int
    behind: int
    takeovers: int
    seconds_to_rest: float


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody who looks, whatever through."""

    crowd: Crowd
    browsers: Browsers

    async def seen(self) -> list[Seen]:
        return [*self.crowd.seen(), *await self.browsers.seen()]


async def run(options: Options, folder: Path, say: Say) -> Result:
    """Do everything; logs stay in `folder`."""
    say("Starting PostgreSQL, gateway, relay and web …")
    async with running_world(folder, options.backend) as world, signed_in(world) as http:
        people = await populate(world, options.people)
        servers = {person.id: Server(http, person) for person in people}
        crowd = Crowd(people, servers, options)
        writers = Writers(options, people, servers, world.writers_environment)
        try:
            async with opened(world.url, people[::ONE_IN]) as browsers:
                async with asyncio.timeout(ARRIVAL_SECONDS):
                    await browsers.ready()
                    await crowd.arrive()
                return await put_to_the_test(
                    options, world, Audience(crowd, browsers), writers, say
                )
        finally:
            await crowd.leave()


async def put_to_the_test(
    options: Options, world: World, audience: Audience, writers: Writers, say: Say
) -> Result:
    planned, crowd = faults(options), audience.crowd
    say(f"{options.people} people look at {len(await audience.seen())} screens. Things break now.")
    crowd.stir()
    async with asyncio.timeout(PATIENCE * options.seconds), asyncio.TaskGroup() as group:
        group.create_task(writers.write())
        group.create_task(break_things(world, planned, say))
    healed = time.monotonic()
    say("All is healed. Waiting for every screen to be right …")
    await crowd.rest()
    found = await come_to_rest(world, audience)
    seen = await audience.seen()
    return Result(
        verdict=verdict.judge(found, writers.attempts, writers.changes, seen),
        faults=planned,
        devices=len(seen),
        comings=crowd.comings,
        restarts=sum(device.restarts for device in crowd.devices),
        behind=sum(device.behind for device in crowd.devices),
        takeovers=world.takeovers(),
        seconds_to_rest=time.monotonic() - healed - QUIET_SECONDS,
    )


async def populate(world: World, count: int) -> list[Person]:
    command = (sys.executable, "-m", "tests.chaos.people", str(count))
    process = await asyncio.create_subprocess_exec(
        *command, env=world.environment, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return [Person(**person) for person in json.loads(output)]


@asynccontextmanager
async def signed_in(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Open the way to the web server that everybody shares."""
    async with httpx.AsyncClient(
        base_url=world.url,
        headers={"X-Forwarded-Proto": "https"},
        timeout=TIMEOUT,
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        trust_env=False,
    ) as http:
        yield http


async def break_things(world: World, planned: Sequence[Fault], say: Say) -> None:
    """Inflict each fault at its time; return once the last one is mended."""
    began = time.monotonic()

    async def break_one(target: str) -> None:
        for fault in planned:
            if fault.target == target:  # not before the one before is mended, however slowly
                await asyncio.sleep(began + fault.at - time.monotonic())
                say(f"{fault.at:6.1f} s  {fault.kind:4} {target}, {fault.lasting:.1f} s")
                await world.inflict(fault)

    async with asyncio.TaskGroup() as group:
        for target in {fault.target for fault in planned}:
            group.create_task(break_one(target))


async def come_to_rest(world: World, audience: Audience) -> Truth:
    """Wait until nothing is owed and every screen is right, or for as long as that may take."""
    deadline = time.monotonic() + REST_SECONDS
    with psycopg.connect(world.database_url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            await asyncio.sleep(0.25)
            if truth.owed(connection):
                continue
            if not verdict.unsettled(truth.read(connection), await audience.seen()):
                break
        await asyncio.sleep(QUIET_SECONDS)
        return truth.read(connection)
