"""Hark's guarantees, each stated once and held on every realtime backend."""

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from hark import disconnect, notify, publish, tokens, unsubscribe, withdraw
from hark.backends import backend
from hark.backends.base import Publication
from hark.channels import Channel
from hark.models import Inbox, Outbox
from hark.relay.loop import Relay
from hark.testing import NotAdmitted
from tests.contract.screen import InboxScreen
from tests.contract.servers import Server
from tests.hark.testapp.notifications import Note

Open = Callable[[Any], InboxScreen]
Deliver = Callable[[], None]


def test_committed_is_shown_and_rolled_back_is_not(
    open_screen: Open, deliver: Deliver, bo: Any
) -> None:
    screen = open_screen(bo)
    with transaction.atomic():
        notify(bo, Note(text="never"))
        transaction.set_rollback(True)
    notify(bo, Note(text="shown"))
    deliver()
    screen.shows("shown")
    assert screen.store.modseq == 1
    assert not screen.store.gap


def test_every_screen_of_a_person_shows_the_same(
    open_screen: Open, deliver: Deliver, bo: Any, api_of: Callable[[Any], APIClient]
) -> None:
    phone, laptop = open_screen(bo), open_screen(bo)
    for text in ("a", "b", "c"):
        notify(bo, Note(text=text))
    deliver()
    phone.shows("c", "b", "a")
    newest = max(phone.store.items)
    api_of(bo).post(f"/api/hark/inbox/{newest}/read/")
    api_of(bo).delete(f"/api/hark/inbox/{newest - 1}/")
    deliver()
    for screen in (phone, laptop):
        screen.until(lambda screen: screen.store.modseq == 5)
        screen.shows("c", "a")
        assert screen.store.items[newest]["read_at"] is not None
        assert not screen.store.gap


def test_what_is_pushed_again_after_a_crash_is_shown_once(
    open_screen: Open, deliver: Deliver, relay: Relay, bo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = open_screen(bo)
    notify(bo, Note(text="once"))
    publish_for_good = backend().publish

    def publish_and_crash(publications: Sequence[Publication]) -> None:
        publish_for_good(publications)
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(backend(), "publish", publish_and_crash)
        with pytest.raises(KeyboardInterrupt):
            relay.work()
    deliver()
    notify(bo, Note(text="end"))
    deliver()
    screen.shows("end", "once")
    assert len(screen.heard) == 3
    assert not screen.store.gap


def test_order_is_kept_for_each_person(open_screen: Open, relay: Relay, bo: Any) -> None:
    screen = open_screen(bo)
    for number in range(30):
        notify(bo, Note(text=str(number)))
        if number % 3 == 0:
            relay.work()
    relay.work()
    screen.shows(*(str(number) for number in reversed(range(30))))
    assert [push["modseq"] for push in screen.heard] == sorted(
        push["modseq"] for push in screen.heard
    )
    assert not screen.store.gap


def test_a_backend_that_is_down_delays_and_loses_nothing(
    open_screen: Open, relay: Relay, server: Server, bo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = open_screen(bo)
    server.kill()
    try:
        notify(bo, Note(text="meanwhile"))
        while relay.work():
            pass
        assert relay.circuit.failures == 1
        assert Inbox.objects.get().published == 0
    finally:
        server.start()
    screen.until(lambda screen: screen.connections == 2)
    monkeypatch.setattr(relay.circuit, "open", lambda: False)
    relay.work()
    screen.shows("meanwhile")
    assert Inbox.objects.get().published == 1


def test_a_gap_is_seen_and_closed_by_the_inbox(
    open_screen: Open, deliver: Deliver, bo: Any, api_of: Callable[[Any], APIClient]
) -> None:
    notify(bo, Note(text="before"))
    deliver()
    screen = open_screen(bo)
    notify(bo, Note(text="after"))
    deliver()
    screen.until(lambda screen: screen.store.gap)
    answer = api_of(bo).get("/api/hark/inbox/changes/", {"since": screen.store.modseq})
    screen.store.merge(answer.json())
    screen.shows("after", "before")


def test_events_of_a_channel_come_in_order(open_screen: Open, deliver: Deliver, ana: Any) -> None:
    screen = open_screen(ana)
    granted = tokens.subscription(ana, Channel("article", "1"))
    assert granted is not None
    screen.listen(granted.channel, granted.token)
    with transaction.atomic():
        publish("article:1", {"number": -1})
        transaction.set_rollback(True)
    for number in range(10):
        publish("article:1", {"number": number})
    deliver()
    publish("article:1", {"number": 10}, ephemeral=True)
    screen.until(lambda screen: len(screen.heard) == 11)
    assert [event["number"] for event in screen.heard] == list(range(11))


def test_the_end_of_a_session_ends_its_connections_and_no_others(
    open_screen: Open, deliver: Deliver, ana: Any, bo: Any
) -> None:
    gone, stays, other = open_screen(bo), open_screen(bo), open_screen(ana)
    gone.signed_in = False
    disconnect(bo)
    deliver()
    gone.until(lambda screen: screen.ended)
    stays.until(lambda screen: screen.connections == 2 and screen.connected)
    notify([ana, bo], Note(text="hello"))
    deliver()
    stays.shows("hello")
    other.shows("hello")
    assert other.connections == 1
    assert gone.heard == []


def test_a_token_is_worthless_once_its_session_has_ended(
    server: Server, open_screen: Open, deliver: Deliver, bo: Any
) -> None:
    stolen = tokens.connect_info(bo.pk)
    disconnect(bo)
    deliver()
    with closing(server.screen(bo)) as thief:
        thief.signed_in = False
        thief.connect(stolen)
        thief.until(lambda screen: screen.ended or screen.connected)
        assert (thief.ended, thief.connections) == (True, 0)
    open_screen(bo)  # who signs in again, within the same second, is let in


def test_a_token_stays_worthless_when_the_server_restarts(
    server: Server, open_screen: Open, deliver: Deliver, bo: Any
) -> None:
    stolen = tokens.connect_info(bo.pk)
    disconnect(bo)
    deliver()
    server.kill()
    server.start()
    for told in (False, True):
        with closing(server.screen(bo)) as thief:
            thief.signed_in = False
            thief.connect(stolen)
            thief.until(lambda screen: screen.ended or screen.connected)
            assert (thief.ended, thief.connections) == (True, 0), f"told again: {told}"
        open_screen(bo)  # who has a session is let in before and after
        deliver()


def test_who_may_no_longer_listen_to_a_channel_hears_no_more_of_it(
    server: Server, open_screen: Open, deliver: Deliver, ana: Any, bo: Any
) -> None:
    screens = [open_screen(bo), open_screen(bo), open_screen(ana)]
    for screen in screens:
        granted = tokens.subscription(screen.user, Channel("article", "1"))
        assert granted is not None
        screen.listen("article:1", granted.token)
    held = tokens.subscription(bo, Channel("article", "1"))
    assert held is not None
    before = [screen.connections for screen in screens]
    unsubscribe(bo, "article:1")
    deliver()
    publish("article:1", {"number": 1})
    notify([ana, bo], Note(text="hello"))
    deliver()
    for screen, connections in zip(screens, before, strict=True):  # a new token may be needed
        screen.until(lambda each, n=connections: each.store.titles or each.connections > n)
    assert [{"number": 1} in screen.heard for screen in screens] == [False, False, True]
    with closing(server.screen(bo)) as again:
        again.open()
        with pytest.raises(NotAdmitted):
            again.listen("article:1", held.token)


def test_what_is_withdrawn_leaves_every_screen(
    open_screen: Open, deliver: Deliver, ana: Any, bo: Any
) -> None:
    screens = [open_screen(ana), open_screen(bo)]
    notify([ana, bo], Note(text="wrong"))
    deliver()
    for screen in screens:
        screen.shows("wrong")
    withdraw(Note(text="wrong"))
    deliver()
    for screen in screens:
        screen.shows()


def test_a_publication_at_the_size_limit_arrives(
    open_screen: Open, deliver: Deliver, bo: Any
) -> None:
    screen = open_screen(bo)
    notify(bo, Note(text="é" * 5000))
    deliver()
    screen.shows("é" * 5000)


def test_one_refused_publication_spoils_no_other(
    open_screen: Open, deliver: Deliver, server: Server, bo: Any
) -> None:
    screen = open_screen(bo)
    subject, event = server.refused
    publish(subject, event)
    notify(bo, Note(text="fine"))
    deliver()
    screen.shows("fine")
    row = Outbox.objects.get()
    assert row.subject == subject
    assert row.error.startswith("Refused")
