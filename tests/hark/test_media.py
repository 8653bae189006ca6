"""Media: when each is asked, and what reaches it. How to add one: test_adding_a_medium.py."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from hark import NotificationType, amend, notify, types
from hark.exceptions import AlreadyRegistered, BadType
from hark.jobs import Job, SlowJob, registry
from hark.jobs.delivery import Deliver
from hark.media import Delivery, Medium, base
from hark.models import Notification, Outbox
from hark.relay.lease import SingleRunner
from hark.relay.loop import Relay
from hark.relay.threads import run_next
from tests.hark.recording import RecordingBackend
from tests.hark.test_relay import INBOX, drain

MINUTE = timedelta(minutes=1)
DEADLINE = 30.0


@pytest.fixture(autouse=True)
def own_registries() -> Iterator[None]:
    """What a test declares is forgotten after it."""
    with patch.dict(types._registry), patch.dict(base._classes), patch.dict(registry._jobs):
        yield


def let_pass(minutes: int) -> None:
    for row in Outbox.objects.filter(due_at__isnull=False):
        assert row.due_at is not None
        Outbox.objects.filter(pk=row.pk).update(due_at=row.due_at - minutes * MINUTE)


def declare(*media: Medium) -> Callable[[str], NotificationType]:
    """Register a type `told` with these media."""

    @dataclass(frozen=True, kw_only=True)
    class Told(NotificationType):
        text: str

        def title(self) -> str:
            return self.text

    Told.media = media
    types._registry.pop("told", None)
    types.register("told")(Told)
    return lambda text: Told(text=text)


@pytest.fixture
def made() -> Callable[..., Any]:
    """Make a medium that remembers what it delivers, with attributes and methods of its own."""

    def make(**own: Any) -> Any:
        @dataclass(frozen=True, kw_only=True)
        class Pigeon(Medium):
            name = "pigeon"
            after: timedelta = timedelta(0)
            delivered: list[Any] = field(default_factory=list, hash=False)

            @property
            def wait(self) -> timedelta:
                return self.after

            def deliver(self, batch: Sequence[Delivery]) -> Any:
                self.delivered.append([each.title for each in batch])

        for name, value in own.items():
            setattr(Pigeon, name, value)
        return Pigeon

    return make


def test_one_that_is_named_twice_delivers_twice(made: Any, relay: Relay, bo: Any) -> None:
    pigeon = made()
    first, second = pigeon(), pigeon(after=5 * MINUTE)
    told = declare(first, second)
    notify(bo, told("x"))
    drain(relay)
    assert (first.delivered, second.delivered) == ([["x"]], [])
    let_pass(5)
    drain(relay)
    assert (first.delivered, second.delivered) == ([["x"]], [["x"]])
    assert not Outbox.objects.exists()


def test_what_its_owner_numbers_is_delivered_as_what_the_relay_numbers(
    made: Any, relay: Relay, bo: Any, bo_client: APIClient
) -> None:
    pigeon = made()
    told = declare(pigeon(), pigeon(after=5 * MINUTE))
    planned = []
    for number in (lambda: bo_client.post(f"{INBOX}seen/"), relay.work):
        notify(bo, told("x"))
        number()
        rows = Outbox.objects.order_by("due_at").select_related("notification")
        planned.append(
            [(row.kind, row.subject, row.payload, row.due_at - row.notification.created_at)
             for row in rows]
        )  # fmt: skip
        rows.all().delete()
    assert planned[0] == planned[1]
    assert planned[0] == [
        ("pigeon", "told", {}, timedelta(0)), ("pigeon", "told", {"nth": 1}, 5 * MINUTE),
    ]  # fmt: skip


def test_a_medium_may_wait_longer_for_some_and_is_asked_again(
    made: Any, relay: Relay, bo: Any, ana: Any
) -> None:
    patience = {bo.pk: 10 * MINUTE, ana.pk: timedelta(0)}
    pigeon = made(when=lambda _self, _notification, recipient: patience[recipient.pk])()
    notify([bo, ana], declare(pigeon)("x"))
    drain(relay)
    assert pigeon.delivered == [["x"]]
    row = Outbox.objects.select_related("notification").get()
    assert row.notification is not None
    assert (row.attempts, row.due_at) == (0, row.notification.created_at + 10 * MINUTE)
    patience[bo.pk] = None
    let_pass(10)
    drain(relay)
    assert pigeon.delivered == [["x"]]
    assert not Outbox.objects.exists()


@pytest.mark.parametrize("answer", ["soon", 5, timedelta.max])
def test_an_answer_that_is_no_time_is_noted_and_holds_up_no_other(
    made: Any, relay: Relay, bo: Any, ana: Any, answer: Any
) -> None:
    def when(_self: Any, _notification: Any, recipient: Any) -> Any:
        return answer if recipient == bo else timedelta(0)

    pigeon = made(when=when, batch_size=10)()
    notify([bo, ana], declare(pigeon)("x"))
    drain(relay)
    assert pigeon.delivered == [["x"]]
    row = Outbox.objects.get()
    assert row.attempts == 1
    assert "Error" in row.error


def test_who_is_not_active_any_more_gets_nothing(made: Any, relay: Relay, bo: Any) -> None:
    pigeon = made()()
    notify(bo, declare(pigeon)("x"))
    type(bo).objects.update(is_active=False)
    drain(relay)
    assert pigeon.delivered == []
    assert not Outbox.objects.filter(kind="pigeon").exists()


def test_what_a_type_names_no_more_is_not_delivered(made: Any, relay: Relay, bo: Any) -> None:
    pigeon = made()(after=MINUTE)
    notify(bo, declare(pigeon)("x"))
    drain(relay)
    declare()
    let_pass(1)
    drain(relay)
    assert pigeon.delivered == []
    assert not Outbox.objects.exists()


def test_what_no_registered_type_explains_waits_for_the_operator(
    made: Any, relay: Relay, bo: Any
) -> None:
    pigeon = made()(after=MINUTE)
    notify(bo, declare(pigeon)("x"))
    drain(relay)
    del types._registry["told"]
    let_pass(1)
    drain(relay)
    row = Outbox.objects.get()
    assert (row.attempts, row.error) == (1, "LookupError: no type is registered as 'told'")


def test_what_is_corrected_leaves_as_it_reads_now(made: Any, relay: Relay, bo: Any) -> None:
    pigeon = made()(after=MINUTE)
    told = declare(pigeon)
    notify(bo, told("wrong"))
    drain(relay)
    amend(told("wrong"), told("right"))
    drain(relay)
    let_pass(1)
    drain(relay)
    assert pigeon.delivered == [["right"]]


def test_a_relay_that_dies_within_a_call_has_the_batch_delivered_again(
    made: Any, relay: Relay, bo: Any
) -> None:
    class Died(BaseException):
        pass

    def die(_self: Any, _batch: Any) -> None:
        raise Died

    pigeon = made(batch_size=2, deliver=die)
    told = declare(pigeon())
    for text in ("a", "b"):
        notify(bo, told(text))
    relay.work()
    with pytest.raises(Died):
        run_next(Deliver(pigeon))
    assert not run_next(Deliver(pigeon)), "both are held"
    Outbox.objects.update(due_at=timezone.now() - MINUTE)
    told = declare(alive := made(batch_size=2)())
    drain(relay)
    assert alive.delivered == [["a", "b"]]


@pytest.mark.parametrize(
    ("own", "wrong"),
    [
        pytest.param({"name": ""}, "needs a name", id="no name"),
        pytest.param({"name": "Pig eon"}, "needs a name", id="a name that rows cannot store"),
        pytest.param({"name": "p" * 101}, "needs a name", id="a name that is too long"),
        pytest.param({"wait": 5}, "must be a timedelta", id="seconds"),
        pytest.param({"wait": -MINUTE}, "not negative", id="a time before"),
        pytest.param({"batch_size": 0}, "positive batch_size", id="an empty batch"),
        pytest.param({"batch_size": "5"}, "positive batch_size", id="a batch of text"),
        pytest.param({"__hash__": None}, "frozen dataclass", id="not frozen"),
    ],
)
def test_a_type_may_not_name_a_medium_that_cannot_work(made: Any, own: Any, wrong: str) -> None:
    with pytest.raises(BadType, match=wrong):
        declare(made(**own)())


def test_no_two_media_and_no_medium_and_job_have_one_name(made: Any) -> None:
    made()
    with pytest.raises(AlreadyRegistered, match="Pigeon"):

        class Other(Medium):
            name = "pigeon"

            def deliver(self, batch: Sequence[Delivery]) -> None: ...

    class Job(SlowJob):
        kind = "pigeon"

        def handle(self, row: Outbox) -> None: ...

    with pytest.raises(AlreadyRegistered, match="Pigeon"):
        registry.register(Job)
    Job.kind = "send"
    with pytest.raises(AlreadyRegistered, match="Send"):
        registry.register(Job)
    Job.kind = "Two Words"
    with pytest.raises(BadType, match="Two Words"):
        registry.register(Job)
    assert not run_checks(tags=["hark"])

    class Late(Medium):
        name = "send"

        def deliver(self, batch: Sequence[Delivery]) -> None: ...

    (error,) = run_checks(tags=["hark"])
    assert (error.id, "Late" in error.msg) == ("hark.E010", True)


def job_class(base: type[Job], **own: Any) -> type[Job]:
    return type("Odd", (base,), {"kind": "odd", "handle": lambda _self, _row: None} | own)


@pytest.mark.parametrize(
    ("base", "own", "wrong"),
    [
        pytest.param(Job, {}, "must extend", id="nothing says where it runs"),
        pytest.param(SlowJob, {"batch_size": 0}, "batch_size must be", id="an empty batch"),
        pytest.param(SlowJob, {"batch_size": "5"}, "batch_size must be", id="a batch of text"),
        pytest.param(SlowJob, {"max_attempts": 0}, "max_attempts must be", id="never tried"),
    ],
)
def test_a_job_that_the_relay_could_not_run_is_refused(
    base: type[Job], own: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(BadType, match=wrong):
        registry.register(job_class(base, **own))
    assert registry.register(job_class(SlowJob)).kind == "odd"


@pytest.mark.django_db
def test_a_subject_that_does_not_fit_is_refused_before_a_row_is_written() -> None:
    job = job_class(SlowJob)
    with pytest.raises(ValueError, match="at most 255 characters"):
        job.owe("x" * 256)
    assert job.owe("x" * 255).pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="in memory, it has no second thread")
def test_while_one_medium_hangs_another_delivers(made: Any, bo: Any) -> None:
    reached, released, landed = threading.Event(), threading.Event(), threading.Event()

    class Snail(Medium):
        name = "snail"

        def deliver(self, batch: Sequence[Delivery]) -> None:
            reached.set()
            released.wait(DEADLINE)

    def land(_self: Any, _batch: Any) -> None:
        assert reached.wait(DEADLINE)
        landed.set()

    notify(bo, declare(Snail(), made(deliver=land)())("x"))
    relay = Relay(RecordingBackend(), SingleRunner())

    def run() -> None:
        relay.run()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert landed.wait(DEADLINE)
        assert not released.is_set()
    finally:
        released.set()
        relay.stop()
        thread.join()
    assert Notification.objects.exists()
    assert not Outbox.objects.exists()
