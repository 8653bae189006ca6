"""Storage: ranges, limits of number, age and size, and what a restart remembers."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.protocols.pubnub.storage import (
    Action,
    ActionStore,
    Database,
    GrantKey,
    GrantStore,
    GroupStore,
    Message,
    MessageStore,
    NotStored,
    Range,
    RevocationStore,
    StorageUnusable,
    TooManyGroups,
)

TOKENS = range(10, 20)


@pytest.fixture
def database() -> Database:
    return Database(None)


@pytest.fixture
def messages(database: Database) -> MessageStore:
    """Keeps three per channel for 60 s."""
    return MessageStore(database, size=3, ttl=60)


def publish(store: MessageStore, channel: str, *timetokens: int, now: float = 0) -> None:
    for timetoken in timetokens:
        store.add(Message(channel, timetoken, b"%d" % timetoken), now=now)


def kept(store: MessageStore, channel: str, *, now: float = 0, limit: int = 100) -> list[int]:
    found = store.fetch(channel, Range(), limit=limit, now=now)
    return [message.timetoken for message in found]


def within(start: int | None, end: int | None) -> list[int]:
    """Return what the documentation says is between `start` and `end`."""
    if start is None:
        return [t for t in TOKENS if end is None or t >= end]
    if end is None:
        return [t for t in TOKENS if t < start]
    low, high = min(start, end), max(start, end)
    return [t for t in TOKENS if low <= t <= high and t != start]


BOUND = st.none() | st.integers(min_value=8, max_value=21)


@given(BOUND, BOUND, st.integers(min_value=1, max_value=12), st.booleans())
def test_a_range_leaves_out_its_start_and_holds_its_end(
    start: int | None, end: int | None, limit: int, oldest_first: bool
) -> None:
    store = MessageStore(Database(None), size=100, ttl=60)
    publish(store, "room", *TOKENS)
    publish(store, "other", 100)
    found = store.fetch("room", Range(start, end), limit=limit, now=0, oldest_first=oldest_first)
    expected = within(start, end)
    expected = expected[:limit] if oldest_first else expected[-limit:]
    assert [message.timetoken for message in found] == expected


@given(BOUND, BOUND)
def test_deleting_takes_exactly_the_range(start: int | None, end: int | None) -> None:
    store = MessageStore(Database(None), size=100, ttl=60)
    publish(store, "room", *TOKENS)
    publish(store, "other", 100)
    gone = within(start, end)
    assert store.delete("room", Range(start, end)) == len(gone)
    assert kept(store, "room") == [t for t in TOKENS if t not in gone]
    assert kept(store, "other") == [100]


def test_the_oldest_messages_of_a_channel_make_room(messages: MessageStore) -> None:
    publish(messages, "room", 1, 2, 3)
    assert kept(messages, "room") == [1, 2, 3]
    publish(messages, "room", 4, 5)
    publish(messages, "other", 6)
    assert (kept(messages, "room"), kept(messages, "other")) == ([3, 4, 5], [6])


def test_in_a_large_channel_they_make_room_several_at_a_time(database: Database) -> None:
    store = MessageStore(database, size=32, ttl=60)
    publish(store, "room", *range(1, 35))
    assert len(kept(store, "room")) == 34
    publish(store, "room", 35)
    assert kept(store, "room") == list(range(4, 36))


def test_a_deleted_message_makes_room_for_another(messages: MessageStore) -> None:
    publish(messages, "room", 1, 2, 3)
    messages.delete("room", Range(1, 2))
    publish(messages, "room", 4)
    assert kept(messages, "room") == [1, 3, 4]


def test_a_message_is_gone_at_exactly_its_age_and_swept_after(messages: MessageStore) -> None:
    publish(messages, "room", 1, now=0)
    messages.add(Message("room", 2, b"2"), now=0, ttl=30)
    messages.add(Message("room", 3, b"3"), now=0, ttl=1000)  # not longer than all others
    assert kept(messages, "room", now=29) == [1, 2, 3]
    assert kept(messages, "room", now=30) == [1, 3]
    assert messages.count("room", 0, now=30) == 2
    assert kept(messages, "room", now=60) == []
    messages.sweep(60)
    publish(messages, "room", 4, 5, 6, now=60)
    assert kept(messages, "room", now=60) == [4, 5, 6]


def test_a_full_database_drops_its_oldest_messages_and_goes_on(tmp_path: Path) -> None:
    database = Database(tmp_path / "small.sqlite3", max_bytes=1 << 20)
    store = MessageStore(database, size=1_000_000, ttl=60)
    groups = GroupStore(database)
    for number in range(1, 4000):
        store.add(Message(f"room-{number % 7}", number, b"x" * 1000), now=0)
    groups.add("group", ["a"])
    assert kept(store, f"room-{3999 % 7}")[-1] == 3999
    assert kept(store, "room-1")[0] > 1
    assert (tmp_path / "small.sqlite3").stat().st_size <= 1 << 20


def test_a_database_full_of_actions_takes_messages_still(tmp_path: Path) -> None:
    database = Database(tmp_path / "small.sqlite3", max_bytes=1 << 20)
    store, actions = MessageStore(database, size=1000, ttl=60), ActionStore(database, ttl=60)
    for number in range(1, 12_000):
        actions.add(Action("room", 7, "reaction", "x" * 200, str(number), number), now=0)
    store.add(Message("room", 12_000, b"x" * 30_000), now=0)
    assert kept(store, "room") == [12_000]
    assert 0 < actions.count("room", 7) < 11_999


def test_what_does_not_fit_beside_groups_and_grants_is_refused_whole(tmp_path: Path) -> None:
    database = Database(tmp_path / "small.sqlite3", max_bytes=1 << 18)
    messages = MessageStore(database, size=1000, ttl=60)
    groups, grants = GroupStore(database), GrantStore(database)
    many = [f"{number}-{'x' * 80}" for number in range(100)]
    with pytest.raises(NotStored):
        [groups.add(f"group-{number}", many) for number in range(1000)]
    fitting = list(groups.all)
    assert all(len(groups.channels(name)) == 100 for name in fitting)
    keys = [GrantKey("sub", "channels", name, "key") for name in many]
    with pytest.raises(NotStored):
        grants.put(keys, 1, expires=60)
    assert not grants.concern("sub")
    with pytest.raises(NotStored):
        messages.add(Message("room", 1, b"x" * 30_000), now=0)
    revocations = RevocationStore(database)
    for number in range(1000):  # rights are taken even then
        revocations.add(b"%032d" % number, expires=60)
    for name in fitting:
        groups.remove(name, groups.channels(name))
    grants.put(keys, 1, expires=60)
    database.close()

    database = Database(tmp_path / "small.sqlite3", max_bytes=1 << 18)
    assert not GroupStore(database).all
    assert b"%032d" % 999 in RevocationStore(database)
    assert GrantStore(database).bits(iter(keys[:1]), now=0) == 1


def test_everything_is_remembered_across_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "store.sqlite3"
    database = Database(path)
    message = Message("room", 7, b'{"a":1}', b'{"m":2}', "ana", "text")
    MessageStore(database, size=3, ttl=60).add(message, now=0)
    ActionStore(database, ttl=60).add(Action("room", 7, "reaction", "smile", "bo", 9), now=0)
    GroupStore(database).add("group", ["a", "b"])
    RevocationStore(database).add(b"signature", expires=60)
    database.close()

    database = Database(path)
    assert database.last_timetoken() == 9
    messages = MessageStore(database, size=1, ttl=60)
    assert messages.fetch("room", Range(), limit=9, now=0) == [message]
    assert GroupStore(database).channels("group") == ["a", "b"]
    assert b"signature" in RevocationStore(database)
    publish(messages, "room", 10)  # the count of what was kept is remembered, too
    assert kept(messages, "room") == [10]


def test_a_file_serves_one_gateway_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, timeout=0))
    first = Database(tmp_path / "store.sqlite3")
    with pytest.raises(StorageUnusable, match="in use"):
        Database(tmp_path / "store.sqlite3")
    first.close()
    Database(tmp_path / "store.sqlite3").close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("something else entirely, " * 100)
    with pytest.raises(StorageUnusable, match=r"notes\.txt"):
        Database(tmp_path / "notes.txt")


def test_actions_go_with_their_message(database: Database, messages: MessageStore) -> None:
    actions = ActionStore(database, ttl=60)
    publish(messages, "room", 1, 2)
    assert actions.add(Action("room", 1, "reaction", "smile", "ana", 3), now=0)
    assert not actions.add(Action("room", 1, "reaction", "smile", "ana", 4), now=0)
    assert actions.add(Action("room", 2, "reaction", "smile", "ana", 5), now=0)
    messages.delete("room", Range(0, 1))
    assert [each.message for each in actions.fetch("room", Range(), limit=9)] == [2]
    actions.sweep(60)
    assert actions.fetch("room", Range(), limit=9) == []


def test_groups_are_bounded(database: Database) -> None:
    groups = GroupStore(database, max_groups=2, max_channels=2)
    assert groups.add("one", ["a", "b", "a"])
    assert not groups.add("one", ["b"])
    with pytest.raises(TooManyGroups):
        groups.add("one", ["c"])
    groups.add("two", ["a"])
    with pytest.raises(TooManyGroups):
        groups.add("three", ["a"])
    assert groups.remove("two", ["a", "unknown"])
    assert not groups.remove("two", ["a"])
    groups.add("three", ["a"])
    assert list(groups.all) == ["one", "three"]


def test_a_revocation_is_forgotten_once_the_token_has_expired(database: Database) -> None:
    revocations = RevocationStore(database)
    revocations.add(b"signature", expires=60)
    revocations.sweep(59)
    assert b"signature" in revocations
    revocations.sweep(60)
    assert b"signature" not in revocations
    assert b"signature" not in RevocationStore(database)
