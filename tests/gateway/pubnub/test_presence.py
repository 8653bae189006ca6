"""Presence: who is where, against a plain model of the same rules."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hark_gateway.protocols.pubnub.announcer import MAX_NAMED, Announcer
from hark_gateway.protocols.pubnub.lists import Lists
from hark_gateway.protocols.pubnub.presence import Change, Presence

USERS = st.sampled_from(["ana", "bo", "cy"])
ROOMS = ["a", "b", "c", "d"]
LISTS = st.sets(st.sampled_from(ROOMS), min_size=1).map(lambda names: tuple(sorted(names)))


class PresenceMachine(RuleBasedStateMachine):
    """Every list of channels that a user entered lasts until left or not renewed in time."""

    def __init__(self) -> None:
        super().__init__()
        self.presence = Presence(Lists())
        self.now = 0
        self.lists: dict[tuple[str, tuple[str, ...]], int] = {}
        self.told: dict[str, set[str]] = {room: set() for room in ROOMS}

    def hear(self, changes: Any) -> None:
        for change in changes:
            there = self.told[change.channel]
            if change.action == "join":
                assert change.uuid not in there, "joined twice"
                there.add(change.uuid)
            else:
                there.remove(change.uuid)
            assert change.occupancy == len(there)

    @rule(user=USERS, names=LISTS, seconds=st.integers(min_value=1, max_value=20))
    def enter(self, user: str, names: tuple[str, ...], seconds: int) -> None:
        self.hear(self.presence.enter(user, names, seconds=seconds, now=self.now))
        self.lists[user, names] = self.now + seconds

    @rule(user=USERS, names=LISTS)
    def leave(self, user: str, names: tuple[str, ...]) -> None:
        self.hear(self.presence.leave(user, names))
        for (who, present), expires in list(self.lists.items()):
            if who == user and set(present) & set(names):
                del self.lists[who, present]
                rest = tuple(name for name in present if name not in names)
                if rest and (who, rest) not in self.lists:
                    self.lists[who, rest] = expires

    @rule(seconds=st.integers(min_value=1, max_value=30))
    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            self.hear(self.presence.due(self.now))
        # The wheel is never early, and late by less than a tick of a second.
        self.lists = {key: at for key, at in self.lists.items() if at >= self.now}

    @invariant()
    def everybody_is_where_the_model_says(self) -> None:
        for room in ROOMS:
            expected = {user for user, names in self.lists if room in names}
            late = {user for (user, names), at in self.lists.items() if at <= self.now}
            present = set(self.presence.occupants(room))
            assert expected - late <= present <= expected
            assert present == self.told[room]
            assert self.presence.occupancy(room) == len(present)
            for user in ("ana", "bo", "cy"):
                assert (room in self.presence.channels_of(user)) == (user in present)


TestPresence = PresenceMachine.TestCase
TestPresence.settings = settings(max_examples=60, stateful_step_count=30)


def test_what_one_says_of_oneself_lasts_as_long_as_ones_presence() -> None:
    presence = Presence(Lists())
    assert not presence.set_state("ana", "room", {"mood": "ok"})
    presence.enter("ana", ("room",), seconds=10, now=0)
    assert presence.set_state("ana", "room", {"mood": "ok"})
    assert not presence.set_state("ana", "room", {"mood": "ok"})
    assert presence.state("ana", "room") == {"mood": "ok"}
    presence.leave("ana", ["room"])
    presence.enter("ana", ("room",), seconds=10, now=0)
    assert presence.state("ana", "room") == {}


def test_beyond_the_limit_nobody_is_counted() -> None:
    presence = Presence(Lists(), max_stays=1)
    assert presence.enter("ana", ("room",), seconds=10, now=0)
    assert not presence.enter("bo", ("room",), seconds=10, now=0)
    assert presence.occupants("room") == ["ana"]


def test_a_large_channel_is_told_at_intervals() -> None:
    announcer = Announcer(announce_max=2, interval=10)
    first = announcer.note(Change("join", "room", "ana", 1), now=0)
    assert first is not None
    assert (first["action"], first["uuid"], first["occupancy"]) == ("join", "ana", 1)
    assert announcer.note(Change("join", "room", "cy", 3), now=1.5) is None
    assert announcer.note(Change("leave", "room", "bo", 2), now=2) is None  # the order is kept
    assert announcer.due(11) == []
    ((channel, told),) = announcer.due(11.5)
    assert (channel, told["action"], told["occupancy"]) == ("room", "interval", 2)
    assert (told["join"], told["leave"], told["timestamp"]) == (["cy"], ["bo"], 11)
    assert announcer.note(Change("leave", "room", "cy", 1), now=12) is not None


def test_too_many_changes_are_told_as_a_list_to_fetch() -> None:
    announcer = Announcer(announce_max=0, interval=10)
    for number in range(MAX_NAMED + 1):
        announcer.note(Change("join", "room", str(number), number + 1), now=0)
    ((_, told),) = announcer.due(10)
    assert told["here_now_refresh"] is True
    assert "join" not in told
