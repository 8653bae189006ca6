"""docs/hark/adding-a-medium.md, followed: a pager and a job in an app that Hark does not know."""

import importlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from hark import notify, types
from hark.jobs import registry
from hark.media import base
from hark.models import Notification, Outbox
from hark.relay.loop import Relay
from tests.guides.pages import printed_files
from tests.hark.test_media import let_pass
from tests.hark.test_relay import drain

PAGE = "hark/adding-a-medium.md"


@dataclass
class Service:
    """The pager's service and the archive, as one server: what it was sent, what it refuses."""

    calls: list[tuple[str, Any]] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    status: int = 200
    url: str = ""

    @property
    def texts(self) -> list[list[tuple[str, str]]]:
        """For each call, whom it paged and with what."""
        return [[(page["to"], page["text"]) for page in pages] for _, pages in self.calls]


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.calls.append((self.path, json.loads(body)))
            answer = json.dumps({"refused": service.refused}).encode()
            self.send_response(service.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_PUT = do_POST  # noqa: N815 (as the base class has it)

        def log_message(self, *_args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield service
        server.shutdown()


@pytest.fixture
def clinic(
    service: Service, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Any]]:
    """Write down what the page prints; return a way to import it as the app `clinic`."""
    for name, code in printed_files(PAGE):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(code)
    (tmp_path / "clinic" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    settings.PAGER_URL = settings.ARCHIVE_URL = service.url
    with patch.dict(types._registry), patch.dict(base._classes), patch.dict(registry._jobs):
        yield lambda module: importlib.import_module(f"clinic.{module}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "clinic"]:
        del sys.modules[name]


@pytest.fixture
def alarm(clinic: Callable[[str], Any], ana: Any, bo: Any) -> Callable[[str], None]:
    """Have Ana, who is staff, and Bo, who is not, told of an alarm."""
    type(ana).objects.filter(pk=ana.pk).update(is_staff=True)
    cls = clinic("notifications").Alarm
    return lambda room: notify([ana, bo], cls(room=room))


def test_staff_are_paged_after_a_while_all_by_one_call(
    alarm: Callable[[str], None], relay: Relay, service: Service
) -> None:
    alarm("7")
    alarm("8")
    drain(relay)
    assert service.calls == []
    let_pass(1)
    drain(relay)
    assert service.texts == [[("ana", "Alarm in room 7"), ("ana", "Alarm in room 8")]]
    assert not Outbox.objects.exists()


def test_what_was_read_or_withdrawn_is_not_paged(
    alarm: Callable[[str], None], relay: Relay, service: Service
) -> None:
    alarm("7")
    alarm("8")
    drain(relay)
    rows = Notification.objects.order_by("id")
    rows.filter(params__room="7").update(read_at=timezone.now())
    rows.filter(params__room="8").update(deleted_at=timezone.now())
    let_pass(1)
    drain(relay)
    assert service.calls == []
    assert not Outbox.objects.exists()


def test_what_the_service_refuses_is_tried_again_alone(
    alarm: Callable[[str], None], relay: Relay, service: Service, ana: Any
) -> None:
    alarm("7")
    alarm("8")
    drain(relay)
    refused = Notification.objects.get(user=ana, params__room="8")
    service.refused = [refused.pk]
    let_pass(1)
    drain(relay)
    row = Outbox.objects.get()
    assert (row.kind, row.notification_id, row.attempts) == ("pager", refused.pk, 1)
    assert row.error == "ValueError: refused"
    service.refused = []
    let_pass(5)
    drain(relay)
    assert service.texts[1:] == [[("ana", "Alarm in room 8")]]
    assert not Outbox.objects.exists()


def test_a_service_that_is_down_has_all_of_them_tried_again(
    alarm: Callable[[str], None], relay: Relay, service: Service
) -> None:
    service.status = 503
    alarm("7")
    alarm("8")
    drain(relay)
    let_pass(1)
    drain(relay)
    assert list(Outbox.objects.values_list("attempts", flat=True)) == [1, 1]


def test_a_job_is_done_once_its_transaction_is_committed(
    clinic: Callable[[str], Any], relay: Relay, service: Service
) -> None:
    job = clinic("archive").File
    with transaction.atomic():
        job.owe("room-7", {"fever": 39.5})
        transaction.set_rollback(True)
    drain(relay)
    assert service.calls == []
    job.owe("room-7", {"fever": 39.5})
    drain(relay)
    assert service.calls == [("/room-7", {"fever": 39.5})]
    assert not Outbox.objects.exists()


def test_a_job_keeps_its_order_and_gives_up_when_it_says(
    clinic: Callable[[str], Any], relay: Relay, service: Service
) -> None:
    job = clinic("archive").File
    service.status = 500
    job.owe("room-7", 1)
    drain(relay)
    service.status = 200
    service.calls.clear()
    job.owe("room-7", 2)
    job.owe("room-8", 1)
    drain(relay)
    assert service.calls == [("/room-8", 1)]  # the other room's waits for nobody
    service.status = 500
    Outbox.objects.filter(payload=1).update(attempts=job.max_attempts - 2)
    let_pass(10)
    Outbox.objects.filter(payload=2).delete()
    drain(relay)
    assert Outbox.objects.get().due_at is not None
    let_pass(10)
    drain(relay)
    row = Outbox.objects.get()
    assert (row.due_at, row.attempts) == (None, job.max_attempts)


def test_the_admin_speaks_of_both_in_their_own_words(
    alarm: Callable[[str], None], clinic: Callable[[str], Any], relay: Relay, admin_client: Client
) -> None:
    alarm("7")
    drain(relay)
    row = clinic("archive").File.owe("room-7", {})
    page = admin_client.get("/admin/hark/outbox/").content.decode()
    assert "reports to file" in page
    only = admin_client.get("/admin/hark/outbox/", {"kind": "pager"})
    assert only.context["cl"].result_count == 2
    gone = admin_client.get(f"/admin/hark/outbox/{row.pk}/delete/").content.decode()
    assert "the report is missing from the archive" in gone


def test_the_doctor_names_rows_whose_job_nobody_imported(
    clinic: Callable[[str], Any], relay: Relay, capsys: pytest.CaptureFixture[str]
) -> None:
    Outbox.objects.create(kind="clinic.file", subject="room-7")
    drain(relay)  # which leaves it alone
    with pytest.raises(CommandError):
        call_command("hark", "doctor")
    assert "clinic.file" in capsys.readouterr().out
    clinic("archive")
    with pytest.raises(CommandError):
        call_command("hark", "doctor")
    assert "clinic.file" not in capsys.readouterr().out
