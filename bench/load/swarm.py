"""The process: all clients on one epoll, driven by calls over a pipe."""

import contextlib
import gc
import heapq
import os
import random
import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from bench.load.clients import CHUNK, CLOSE, Client
from bench.load.dialogues import Door, Place, make_place
from bench.load.polling import Poller
from bench.load.wire import numbers_in

NAP = 0.005
"""Seconds between two looks, where ages do not matter. A process that sleeps is not woken by each
send(): that would count as the server's work, and does not happen where clients are elsewhere."""


class Fell(Exception):
    """A client that should be listening lost its connection."""


class TooLate(Exception):
    """What was waited for did not come in time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What all clients together have heard so far, and how long this wait for it took."""

    total: int
    least: int
    most: int
    repeats: int
    seconds: float


@dataclass(slots=True)
class Swarm:
    """All clients of one door.

    Args:
        door: Where they connect.
        sampled: Every so many clients, one keeps all it gets, to be compared byte for byte.
        track: Whether each publication's number and age is noted.
        returns: Whether a client that falls comes back, with the pauses of the official SDKs.
    """

    door: Door
    sampled: int = 50
    track: bool = False
    returns: bool = False
    clients: list[Client] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    total: int = 0
    opening: int = 0
    ages: list[int] = field(default_factory=list)
    falls: int = 0
    _by_fd: dict[int, Client] = field(default_factory=dict)
    _poll: select.epoll = field(default_factory=select.epoll)
    _due: list[tuple[float, int, int]] = field(default_factory=list)

    def serve(self, pipe: Connection) -> None:
        """Do as told, and keep the clients alive in between, until the pipe closes."""
        gc.disable()  # what is made here is kept, and a pause would count as the server's
        self._poll.register(pipe.fileno(), select.EPOLLIN)
        with contextlib.suppress(EOFError):
            while True:
                trouble = self._idle(pipe)
                name, arguments = pipe.recv()
                pipe.send((None, trouble) if trouble else self._call(name, arguments))

    def _idle(self, pipe: Connection) -> Exception | None:
        """Answer pings until there is a call; return what went wrong meanwhile."""
        trouble = None
        while not pipe.poll():
            try:
                self._turn(1.0)
            except Exception as problem:
                trouble = problem
        return trouble

    def _call(self, name: str, arguments: dict[str, object]) -> tuple[object, Exception | None]:
        try:
            return getattr(self, name)(**arguments), None
        except Exception as problem:
            return None, problem

    def prepare(self, count: int) -> None:
        """Make the tokens of `count` more clients, so that opening them costs less time."""
        known = len(self.places)
        self.places += [make_place(self.door, known + each) for each in range(count)]

    def open(self, count: int, at_once: int, seconds: float) -> float:
        """Open `count` more clients, at most `at_once` at the same time; return the seconds.

        Raises:
            Fell, Refused, TooLate: Not all are open.
        """
        self.prepare(max(0, len(self.clients) + count - len(self.places)))
        began = time.monotonic()
        last = len(self.clients) + count
        while len(self.clients) < last or self.opening:
            while self.opening < at_once and len(self.clients) < last:
                self._add()
            self._turn(0.1)
            self._check(began + seconds, "open")
        return time.monotonic() - began

    def wait_for(self, each: int, seconds: float) -> Heard:
        """Wait until all clients together heard `each` publications per client.

        Raises:
            Fell, TooLate: They did not.
        """
        began = time.monotonic()
        while self.total < each * len(self.clients) or self.opening or self._due:
            if not self.track:
                time.sleep(NAP)
            self._turn(0.1)
            self._check(began + seconds, "heard everything")
        return self.heard(time.monotonic() - began)

    def heard(self, seconds: float = 0.0) -> Heard:
        counts = [client.heard for client in self.clients]
        repeats = sum(client.repeats for client in self.clients)
        return Heard(self.total, min(counts), max(counts), repeats, seconds)

    def settle(self, seconds: float) -> Heard:
        """Listen for `seconds` more, to catch what came too often."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._turn(0.05)
        return self.heard(seconds)

    def read_samples(self) -> list[list[int]]:
        """Return, for each sampled client, the numbers it heard, and start its sample anew.

        Raises:
            Garbled: Something arrived that was not published so.
        """
        found = []
        for client in self.clients:
            if client.kept is not None:
                found.append(numbers_in(bytes(client.kept), framed=self.door.framed))
                client.kept.clear()
        return found

    def take_ages(self) -> list[int]:
        """Return the age of each publication at its arrival, in ns, and forget them."""
        ages = self.ages.copy()
        self.ages.clear()
        return ages

    def segments(self) -> int:
        """Return how many TCP segments with data arrived: the server's send() calls."""
        return sum(client.segments() for client in self.clients)

    def recovered(self) -> int:
        """Return how many clients were given all they missed as they came back."""
        return sum(place.recovered for place in self.places)

    def cut(self) -> None:
        """Cut all connections, as a network would, and let no one back before `come_back`."""
        for client in self.clients:
            self._leave(client)

    def come_back(self, at_once: int, seconds: float) -> float:
        """Open all clients that were cut; return the seconds it took."""
        began = time.monotonic()
        waiting = [client for client in reversed(self.clients) if not client.is_open]
        while waiting or self.opening:
            while self.opening < at_once and waiting:
                self._begin(waiting.pop())
            self._turn(0.1)
            self._check(began + seconds, "back")
        return time.monotonic() - began

    def close(self) -> None:
        """Hang up, and begin again with no clients; only the tokens are kept."""
        for client in self.clients:
            self._leave(client)
        self.places = [Place(token=place.token) for place in self.places]
        self.clients.clear()
        self.total = 0

    def _add(self) -> None:
        number = len(self.clients)
        keep = self.sampled > 0 and number % self.sampled == 0
        ages = self.ages if self.track else None
        kind = Poller if self.door.kind == "pubnub_poll" else Client
        client = kind(number, self.door, self.places[number], keep=keep, ages=ages)
        self.clients.append(client)
        self._watch(client)

    def _begin(self, client: Client) -> None:
        client.connect()
        self._watch(client)

    def _watch(self, client: Client) -> None:
        self.opening += 1
        self._by_fd[client.sock.fileno()] = client
        self._poll.register(client.sock.fileno(), select.EPOLLOUT)

    def _leave(self, client: Client) -> None:
        if self._by_fd.pop(client.sock.fileno(), None) is not None:
            self.opening -= not client.is_open
            client.is_open = False
            client.hang_up()

    def _turn(self, seconds: float) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            _, _, number = heapq.heappop(self._due)
            self._begin(self.clients[number])
        for fd, events in self._poll.poll(seconds, 4096):
            client = self._by_fd.get(fd)
            if client is None:
                continue  # the pipe, or a client that hung up within this turn
            if events & select.EPOLLOUT and not events & (select.EPOLLERR | select.EPOLLHUP):
                self._poll.modify(fd, select.EPOLLIN)
                self._guard(client, client.begin)
            else:
                self._read(fd, client)

    def _read(self, fd: int, client: Client) -> None:
        try:
            chunk = os.read(fd, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._fell(client)
            return
        if client.is_open:
            self.total += client.hear(chunk)
            if self.returns and CLOSE.search(chunk):
                self._fell(client)
        else:
            self._guard(client, lambda: client.hear(chunk))

    def _guard(self, client: Client, step: Callable[[], int | None]) -> None:
        """Take one step of an opening, and note when it is done."""
        self.total += step() or 0
        if client.is_open:
            self.opening -= 1
            client.place.tries = 0

    def _fell(self, client: Client) -> None:
        said = client.last[-200:]
        self._leave(client)
        self.falls += 1
        if not self.returns:
            raise Fell(f"client {client.number} was disconnected after {said!r}")
        # The back-off of the JavaScript SDK: half a second, and at random up to that doubled again.
        pause = 0.5 + random.uniform(0, min(20.0, 0.5 * 2 ** min(client.place.tries, 6)))
        client.place.tries += 1
        heapq.heappush(self._due, (time.monotonic() + pause, self.falls, client.number))

    def _check(self, deadline: float, aim: str) -> None:
        if time.monotonic() > deadline:
            heard = self.heard() if self.clients else None
            raise TooLate(f"not all {len(self.clients)} clients are {aim}; {heard}")


def run_swarm(pipe: Connection, options: dict[str, object]) -> None:
    """The process's main function."""
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        Swarm(**options).serve(pipe)  # type: ignore[arg-type]
