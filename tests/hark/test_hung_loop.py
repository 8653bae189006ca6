"""A relay whose loop hangs while its process lives: others work in its place, one at a time."""

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hark import notify
from hark.models import Inbox, Relay
from tests.hark.test_commands import RelayProcess, needs_postgres, start_relay
from tests.hark.testapp.notifications import Note

__all__ = ["start_relay"]
SECONDS = 20.0
ACTIVE = "is the active relay"


class Scene:
    """Relays that write down what they publish, the first of which a test can make hang."""

    def __init__(self, start: Callable[..., RelayProcess], folder: Path) -> None:
        self._start = start
        self._written = folder / "published"
        self._gate, self._open = folder / "gate", folder / "open"
        for file in (self._written, self._gate, self._open):
            file.touch()

    def relay(self, *, can_hang: bool = False) -> RelayProcess:
        return self._start(
            DJANGO_SETTINGS_MODULE="tests.hark.hanging",
            HARK_TEST_PUBLISHED=str(self._written),
            HARK_TEST_GATE=str(self._gate if can_hang else self._open),
        )

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let whoever can hang do so on its next publication."""
        with self._gate.open() as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield

    def until(self, *lines: tuple[RelayProcess, str]) -> None:
        """Wait until just this has been written, in this order."""
        expected = [f"{relay.process.pid} {what}" for relay, what in lines]
        pause = threading.Event()
        for _ in range(int(SECONDS / 0.05)):
            if self._written.read_text().splitlines() == expected:
                return
            pause.wait(0.05)
        assert self._written.read_text().splitlines() == expected


@pytest.fixture
def scene(start_relay: Callable[..., RelayProcess], tmp_path: Path) -> Scene:
    return Scene(start_relay, tmp_path)


@needs_postgres
def test_a_loop_that_hangs_loses_the_lease_until_it_goes_on(scene: Scene, bo: Any) -> None:
    first = scene.relay(can_hang=True)
    first.until(ACTIVE)
    with scene.hanging():
        notify(bo, Note(text="one"))
        begun = [(first, "begins")]
        scene.until(*begun)
        second = scene.relay()
        second.until(ACTIVE)
        told = [*begun, (second, "begins"), (second, "published one")]
        scene.until(*told)
        second.process.kill()
        second.process.wait(SECONDS)
        third = scene.relay()  # meanwhile the lease is there for the taking
        third.until(ACTIVE)
        notify(bo, Note(text="two"))
        told += [(third, "begins"), (third, "published two")]
        scene.until(*told)
        assert sum(ACTIVE in line for line in first.lines) == 1
    told += [(first, "published one")]  # it ends what it was about; screens know it by its number
    scene.until(*told)
    third.end()
    until_active(first)
    notify(bo, Note(text="three"))
    scene.until(*told, (first, "begins"), (first, "published three"))
    assert Inbox.objects.get().modseq == 3


def until_active(relay: RelayProcess) -> None:
    """Wait until it gives the signs of life of an active relay."""
    pause = threading.Event()
    for _ in range(int(SECONDS / 0.05)):
        if Relay.objects.get().name.endswith(f":{relay.process.pid}"):
            return
        pause.wait(0.05)
    raise AssertionError(relay.lines)
