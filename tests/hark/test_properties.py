"""What holds for any facts, any names, and any order of events."""

import json
import re
from contextlib import suppress
from datetime import UTC, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from hark import facts, notify, withdraw
from hark.backends.pubnub.backend import spell
from hark.channels import Channel, inbox_of
from hark.exceptions import BadChannel, NotSerializable
from hark.models import Inbox, Notification, Outbox
from hark.relay import inboxes
from hark.relay.lease import SingleRunner
from hark.relay.loop import Relay
from hark_gateway.protocols.pubnub import names as pubnub_names
from tests.hark.recording import RecordingBackend
from tests.hark.store import Store
from tests.hark.testapp.notifications import Note

INBOX = "/api/hark/inbox/"


def is_no_tag(name: str) -> bool:
    return name[:1] != "$"


storable = st.characters(codec="utf-8", exclude_characters="\0")
anything = storable | st.sampled_from("\0\ud800\udfff")
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(storable, max_size=20)
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.times()
    | st.timedeltas(timedelta(days=-1000), timedelta(days=1000))
    | st.uuids()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
names = st.text(storable, max_size=10).filter(is_no_tag)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4)
)


@given(st.dictionaries(names, values, max_size=5))
def test_any_facts_come_back_through_json_as_they_were(extra: dict[str, Any]) -> None:
    params = facts.dump(Note(text="x", extra=extra))
    assert facts.load(json.loads(json.dumps(params)), {}) == {"text": "x", "extra": extra}


@pytest.mark.django_db
@given(st.dictionaries(st.text(anything).filter(is_no_tag), st.text(anything), max_size=3))
def test_any_text_is_stored_or_is_refused(extra: dict[str, str]) -> None:
    try:
        params = facts.dump(Note(text="x", extra=extra))
    except NotSerializable:
        assert re.search("[\0\ud800-\udfff]", "".join([*extra, *extra.values()]))
    else:
        stored = Outbox.objects.create(kind="text", payload=params)
        stored.refresh_from_db()
        assert stored.payload == params


@given(st.text(max_size=210) | st.from_regex(r"[a-z:_-]{1,9}", fullmatch=True))
def test_any_text_is_a_channel_or_is_refused(text: str) -> None:
    with suppress(BadChannel):
        assert str(Channel.parse(text)) == text


places = st.integers(0, 5)
events = st.lists(
    st.one_of(
        st.tuples(st.just("notify"), st.integers(0, 2)),
        st.tuples(st.just("withdraw"), st.integers(0, 2)),
        st.tuples(
            st.sampled_from(["read", "unread", "archive", "unarchive", "delete", "read-all"]),
            places,
        ),
        st.tuples(st.just("seen"), st.just(0)),
        st.tuples(st.sampled_from(["relay", "crash", "lost"]), st.just(0)),
    ),
    max_size=25,
)


class History:
    """Bo's inbox, and a screen of his that lives through some events."""

    def __init__(self, bo: Any, client: APIClient) -> None:
        self.bo, self.client = bo, client
        self.backend = RecordingBackend()
        self.relay = Relay(self.backend, SingleRunner())
        self.store = Store()
        self.heard = 0

    def happen(self, event: str, place: int) -> None:
        match event:
            case "notify":
                notify(self.bo, Note(text=str(place)))
            case "withdraw":
                withdraw(Note(text=str(place)))
            case "seen":
                self.client.post(f"{INBOX}seen/")
            case "relay":
                self.relay.work()
                self.listen()
            case "crash":  # between publishing and settling
                with patch.object(inboxes, "_settle"):
                    self.relay.work()
                self.listen()
            case "lost":
                self.relay.work()
                self.heard = len(self.pushes)
            case _:
                self.mark(event, place)

    @property
    def pushes(self) -> list[Any]:
        return self.backend.published.get(f"inbox:{self.bo.pk}", [])

    def mark(self, how: str, place: int) -> None:
        rows = Notification.objects.order_by("id").values_list("pk", flat=True)
        if place >= len(rows):
            return
        if how == "delete":
            self.client.delete(f"{INBOX}{rows[place]}/")
        elif how == "read-all":
            self.client.post(f"{INBOX}read-all/", {"through": rows[place]}, format="json")
        else:
            self.client.post(f"{INBOX}{rows[place]}/{how}/")

    def listen(self) -> None:
        for push in self.pushes[self.heard :]:
            self.store.apply(push)
        self.heard = len(self.pushes)
        if self.store.gap:
            self.catch_up()

    def catch_up(self) -> None:
        since = {"since": self.store.modseq}
        self.store.merge(self.client.get(f"{INBOX}changes/", since).json())
        self.store.gap = False


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events)
@pytest.mark.django_db
def test_whatever_happens_the_screen_ends_up_showing_the_truth(
    bo: Any, bo_client: APIClient, happened: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        history = History(bo, bo_client)
        for event, place in happened:
            history.happen(event, place)
        while history.relay.work():
            pass
        history.listen()
        history.catch_up()  # as after a reconnect: the last push may be the one that was lost
        shown = {pk: item for pk, item in history.store.items.items() if not item["deleted_at"]}
        page = bo_client.get(INBOX).json()
        archived = bo_client.get(INBOX, {"state": "archived"}).json()["results"]
        assert shown == {item["id"]: item for item in page["results"] + archived}
        assert history.store.modseq == page["modseq"]
        head = Inbox.objects.filter(user=bo).values_list("modseq", "published").first() or (0, 0)
        assert head[0] == head[1] == page["modseq"]
        since = [push["since"] for push in history.pushes]
        assert since == sorted(since), "no push goes back behind one that was settled"
        transaction.set_rollback(True)


@given(st.text(anything, max_size=100), st.text(anything, max_size=100))
def test_every_users_key_names_an_inbox_of_its_own_on_every_backend(one: str, other: str) -> None:
    names = [spell(inbox_of(key)) for key in (one, other)]
    assert (names[0] == names[1]) is (one == other)
    for name in names:
        assert pubnub_names.check(name) == name
        assert not pubnub_names.is_presence(name)
        assert name.isascii()
        assert name.count(".") == 1, "more of them are levels of wildcards to PubNub"
