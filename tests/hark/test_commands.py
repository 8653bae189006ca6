"""manage.py hark: what an operator reads, and real processes that start, stand by and take over."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from hark import notify
from hark.backends.base import Unavailable
from hark.models import Inbox, Notification, Outbox, Relay
from tests.hark.recording import RecordingBackend
from tests.hark.testapp.notifications import Note

SECONDS = 20.0

needs_postgres = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="only PostgreSQL has advisory locks"
)


def doctor() -> tuple[str, bool]:
    out = StringIO()
    try:
        call_command("hark", "doctor", stdout=out, no_color=True)
    except CommandError:
        return out.getvalue(), False
    return out.getvalue(), True


def test_the_doctor_says_what_does_not_answer_and_what_to_do(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = RecordingBackend()
    backend.failing = Unavailable("nobody there")
    monkeypatch.setattr("hark.doctor.backend", lambda: backend)
    text, well = doctor()
    assert not well
    assert "!! backend: does not answer: nobody there" in text
    assert "manage.py hark gateway" in text
    if connection.vendor == "postgresql":
        assert "!! relay: none is running" in text
        assert "manage.py hark relay" in text


def test_the_doctor_counts_what_was_given_up(bo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hark.doctor.backend", RecordingBackend)
    Outbox.objects.create(kind="publication", subject="a:1", due_at=None)
    text, well = doctor()
    assert not well
    assert "!! given up: 1" in text


def test_the_doctor_names_a_wrong_setting_and_stops_there(db: None, settings: Any) -> None:
    settings.HARK = {"BACKEMD": "x"}
    text, well = doctor()
    assert not well
    assert "hark.E001" in text
    assert "backend:" not in text


class RelayProcess:
    """A relay in a process of its own, whose output is read as it comes."""

    def __init__(self, **environment: str) -> None:
        name = connection.settings_dict["NAME"]
        host = connection.settings_dict["HOST"].replace("/", "%2F")
        url = f"postgresql://postgres@{host}/{name}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "django", "hark", "relay"],
            env=os.environ
            | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._news:
                self.lines.append(line)
                self._news.notify_all()

    def until(self, words: str) -> None:
        """Wait until it says so."""
        with self._news:
            said = self._news.wait_for(lambda: any(words in each for each in self.lines), SECONDS)
        assert said, self.lines

    def end(self) -> int:
        """Stop it politely and return its status."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        status = self.process.wait(SECONDS)
        self._reader.join()
        if self.process.stdout:
            self.process.stdout.close()
        return status


@pytest.fixture
def start_relay(transactional_db: None) -> Iterator[Callable[..., RelayProcess]]:
    started: list[RelayProcess] = []

    def start(**environment: str) -> RelayProcess:
        started.append(RelayProcess(**environment))
        return started[-1]

    yield start
    for each in started:
        each.end()


@needs_postgres
def test_a_relay_says_what_it_does_and_stops_when_asked(
    start_relay: Callable[[], RelayProcess],
) -> None:
    relay = start_relay()
    relay.until("hark relay: delivering through CentrifugoBackend")
    relay.until("is the active relay")
    assert relay.end() == 0
    relay.until("hark relay: stopped")


@needs_postgres
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_relay_that_stands_by_takes_over_from_one_that_is(
    start_relay: Callable[[], RelayProcess], bo: Any, end: signal.Signals
) -> None:
    first = start_relay()
    first.until("is the active relay")
    second = start_relay()
    second.until("hark relay: delivering")
    first.process.send_signal(end)
    second.until("is the active relay")
    assert Relay.objects.get().name.endswith(f":{second.process.pid}")
    if end == signal.SIGSTOP:
        first.process.send_signal(signal.SIGCONT)
        first.until("The lease was lost")
    notify(bo, Note(text="hello"))
    deadline = threading.Event()
    for _ in range(200):
        if not Notification.objects.filter(modseq=None).exists():
            break
        deadline.wait(0.1)
    assert Inbox.objects.get().modseq == 1
