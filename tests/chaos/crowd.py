"""All devices of all people: some stay on, some come and go, and their owners use them."""

import asyncio
import random
from collections.abc import Mapping, Sequence

from tests.chaos.device import Device
from tests.chaos.plan import Options
from tests.chaos.server import Person, Server
from tests.chaos.verdict import Seen

DEVICES_OF_THE_BUSY = 3
ONE_IN = 10
"""One person in so many is busy."""
STEADY = 0.8
"""The share of devices that stay on; the others come and go."""
ON, OFF = (3.0, 45.0), (0.5, 15.0)
"""Seconds that those stay on, and away."""


class Crowd:
    """Everybody who looks."""

    def __init__(
        self, people: Sequence[Person], servers: Mapping[str, Server], options: Options
    ) -> None:
        self.comings = 0
        """How often a device came back."""
        self._options = options
        self._restless: list[asyncio.Task[None]] = []
        rng = random.Random(f"crowd {options.seed}")
        self.devices = [
            Device(person, servers[person.id], steady=steady)
            for number, person in enumerate(people)
            for steady in _devices_of(number, rng)
        ]

    async def arrive(self) -> None:
        """Turn every device on; return once all show their inbox and listen."""
        for device in self.devices:
            device.turn_on()
        await asyncio.gather(*(device.ready.wait() for device in self.devices))

    def stir(self) -> None:
        """Begin to come and go, and to touch what is shown."""
        rng = random.Random(f"stir {self._options.seed}")
        going = [self._come_and_go(each, rng) for each in self.devices if not each.steady]
        self._restless = [asyncio.create_task(each) for each in [*going, self._touch(rng)]]

    async def rest(self) -> None:
        """Have everybody come back, and stay."""
        await self._calm()
        for device in self.devices:
            if not device.on:
                device.turn_on()

    async def leave(self) -> None:
        """Turn every device off."""
        await self._calm()
        await asyncio.gather(*(device.turn_off() for device in self.devices))

    def seen(self) -> list[Seen]:
        """Return what every device showed, and shows."""
        return [
            Seen(
                person=device.person.id,
                displays=[screen.displays for screen in device.screens],
                listed=device.screen.listed(),
                unread=device.screen.counts.get("unread", 0),
                steady=device.steady,
            )
            for device in self.devices
        ]

    async def _calm(self) -> None:
        for task in self._restless:
            task.cancel()
        await asyncio.gather(*self._restless, return_exceptions=True)

    async def _come_and_go(self, device: Device, rng: random.Random) -> None:
        while True:
            await asyncio.sleep(rng.uniform(*ON))
            await device.turn_off()
            await asyncio.sleep(rng.uniform(*OFF))
            if rng.random() < 0.5:
                device.reload()
            device.turn_on()
            self.comings += 1

    async def _touch(self, rng: random.Random) -> None:
        """Let somebody do something, about once for every five comments."""
        pause = 5 * self._options.seconds / self._options.comments
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(rng.uniform(0.5, 1.5) * pause)
                group.create_task(rng.choice(self.devices).touch(rng))


def _devices_of(number: int, rng: random.Random) -> list[bool]:
    """Return a person's devices: for each whether it is steady."""
    count = 1 if number % ONE_IN else DEVICES_OF_THE_BUSY
    return [rng.random() < STEADY for _ in range(count)]
