"""Those who comment: over REST, and by a process that saves in transactions and rolls some back."""

import asyncio
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.chaos.plan import Options
from tests.chaos.server import Failed, Person, Server

HANDS = 8
"""How many comments are under way at once."""
TRANSACTION_SHARE = 0.15
"""Transactions for each comment over REST."""
POPULAR = 5
"""People whose posts get a fifth of all comments."""


class Outcome(StrEnum):
    COMMITTED = "committed"
    UNKNOWN = "unknown"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A comment that somebody tried to write; its text is its own. Times are Unix times."""

    text: str
    began: float
    ended: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Change:
    """What was done for certain, or for certain undone, to a comment, known by its first text."""

    text: str
    kind: str
    """`withdraw` or `amend`."""
    undone: bool


@dataclass
class Writers:
    """Everybody who writes.

    Args:
        servers: Each person's way to the API, by the person's id.
        environment: For the process with the transactions.
    """

    options: Options
    people: Sequence[Person]
    servers: Mapping[str, Server]
    environment: Mapping[str, str]
    attempts: list[Attempt] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    async def write(self) -> None:
        """Write everything; return once every comment over REST was acknowledged."""
        rng = random.Random(f"writers {self.options.seed}")
        dues = iter([(self._due(number), number) for number in range(self.options.comments)])
        began = time.monotonic()

        async def hand() -> None:
            for due, number in dues:
                await asyncio.sleep(began + due - time.monotonic())
                author, owner = self._pair(rng)
                await self._insist(author, owner, number)

        async with asyncio.TaskGroup() as group:
            for _ in range(HANDS):
                group.create_task(hand())
            group.create_task(self._transact(began))

    def _due(self, number: int) -> float:
        return number / self.options.comments * self.options.seconds

    def _pair(self, rng: random.Random) -> tuple[Person, Person]:
        """Draw an author and whose post it is about; now and then they are the same."""
        popular = rng.random() < 0.2
        owner = rng.choice(self.people[:POPULAR] if popular else self.people)
        return (owner if rng.random() < 0.02 else rng.choice(self.people)), owner

    async def _insist(self, author: Person, owner: Person, number: int) -> None:
        """Comment until it is acknowledged. Each attempt has a text of its own."""
        tries = 0
        while True:
            tries += 1
            text = f"Comment {number}, attempt {tries}"
            began = time.time()
            try:
                await self.servers[author.id].comment(owner.post, text)
            except Failed:
                self._note(text, began, Outcome.UNKNOWN)
                await asyncio.sleep(min(2.0, 0.2 * tries))
            else:
                self._note(text, began, Outcome.COMMITTED)
                return

    def _note(self, text: str, began: float, outcome: Outcome) -> None:
        self.attempts.append(Attempt(text, began, time.time(), outcome))

    async def _transact(self, began: float) -> None:
        rng = random.Random(f"transactions {self.options.seed}")
        count = max(3, int(self.options.comments * TRANSACTION_SHARE))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.chaos.transactions"),
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            for number in range(count):
                due = number / count * self.options.seconds
                await asyncio.sleep(began + due - time.monotonic())
                await self._perform(process, self._job(rng, number))
                await self._change(process, rng)
        finally:
            process.kill()
            await process.wait()

    def _job(self, rng: random.Random, number: int) -> dict[str, Any]:
        comments = []
        for part in range(rng.randint(1, 3)):
            author, owner = self._pair(rng)
            comments.append(
                {
                    "author_id": author.id,
                    "post_id": owner.post,
                    "text": f"Transaction {number}, part {part}",
                    "undone": rng.random() < 0.15,
                }
            )
        return {
            "comments": comments,
            "changes": [],
            "hold": rng.uniform(0, 0.3),
            "roll_back": rng.random() < 0.4,
        }

    async def _perform(self, process: asyncio.subprocess.Process, job: dict[str, Any]) -> None:
        began = time.time()
        failed = await self._do(process, job)
        for comment in job["comments"]:
            if job["roll_back"] or comment["undone"]:
                outcome = Outcome.ROLLED_BACK
            else:
                outcome = Outcome.UNKNOWN if failed else Outcome.COMMITTED
            self._note(comment["text"], began, outcome)

    async def _change(self, process: asyncio.subprocess.Process, rng: random.Random) -> None:
        """Take back or correct something that was written, until that is acknowledged."""
        changed = {change.text for change in self.changes}
        written = [each.text for each in self.attempts if each.outcome is Outcome.COMMITTED]
        if not (left := [text for text in written if text not in changed]):
            return
        change = Change(rng.choice(left), rng.choice(["withdraw", "amend"]), rng.random() < 0.3)
        job = {
            "comments": [],
            "changes": [{"text": change.text, "kind": change.kind}],
            "hold": rng.uniform(0, 0.3),
            "roll_back": change.undone,
        }
        while await self._do(process, job):
            pass  # a database that is away says so slowly enough
        self.changes.append(change)

    async def _do(self, process: asyncio.subprocess.Process, job: dict[str, Any]) -> str | None:
        """Return what went wrong, if anything."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(job).encode() + b"\n")
        failed: str | None = json.loads(await process.stdout.readline())
        return failed
