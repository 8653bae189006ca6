"""Presence: who is where, against a plain model of the same rules."""

from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hark_gateway.protocols.pubnub.announcer import MAX_NAMED, Announcer
from hark_gateway.protocols.pubnub.lists import Lists
from hark_gateway.protocols.pubnub.presence import MAX_STAYS, POLL_SECONDS, Change, Presence
from hark_gateway.protocols.pubnub.states import States

USERS = st.sampled_from(["ana", "bo", "cy"])
ROOMS = ["a", "b", "c", "d"]
DEFAULT = 7
MOOD = {"mood": "ok"}
LISTS = st.sets(st.sampled_from(ROOMS), min_size=1).map(lambda names: tuple(sorted(names)))


SECONDS = st.none() | st.integers(min_value=1, max_value=20) | st.just(400)


@dataclass(frozen=True)
class Said:
    """What the model knows of a user's presence on a list: how long, by what, and polled when."""

    seconds: int = DEFAULT
    beats: bool = False
    polled: float | None = None


class PresenceMachine(RuleBasedStateMachine):
    """Every list of channels that a user entered lasts until left or not renewed in time."""

    def __init__(self) -> None:
        super().__init__()
        self.presence = Presence(Lists(), default_seconds=DEFAULT)
        self.now = 0
        self.said: dict[tuple[str, tuple[str, ...]], Said] = {}
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

    @rule(user=USERS, names=LISTS, seconds=SECONDS, beat=st.booleans())
    def enter(self, user: str, names: tuple[str, ...], seconds: int | None, beat: bool) -> None:
        self.hear(self.presence.enter(user, names, seconds=seconds, now=self.now, beat=beat))
        known = Said() if (user, names) not in self.lists else self.said[user, names]
        if not beat and known.beats and self.now < (known.polled or 0) + POLL_SECONDS:
            return
        self.said[user, names] = Said(
            seconds or known.seconds,
            beats=beat or known.beats,
            polled=self.now if known.polled is None or not beat else known.polled,
        )
        self.lists[user, names] = self.now + self.said[user, names].seconds

    @rule(user=USERS, names=LISTS)
    def leave(self, user: str, names: tuple[str, ...]) -> None:
        self.hear(self.presence.leave(user, names))
        for (who, present), expires in list(self.lists.items()):
            if who == user and set(present) & set(names):
                del self.lists[who, present]
                rest = tuple(name for name in present if name not in names)
                if rest and (who, rest) not in self.lists:
                    self.lists[who, rest] = expires
                    self.said[who, rest] = self.said[who, present]

    @rule(seconds=st.integers(min_value=1, max_value=30) | st.just(290))
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
    presence.enter("ana", ("room",), seconds=1000, now=0)
    assert presence.states.set("ana", ["room"], MOOD, now=0) == ["room"]
    assert presence.states.set("ana", ["room"], MOOD, now=0) == []
    presence.states.sweep(400)
    assert presence.states.get("ana", "room") == MOOD
    presence.leave("ana", ["room"])
    presence.enter("ana", ("room",), seconds=10, now=400)
    assert presence.states.get("ana", "room") == {}


def test_what_is_said_before_one_comes_is_kept_for_a_while() -> None:
    presence = Presence(Lists())
    for user in ("ana", "bo"):
        presence.states.set(user, ["room"], MOOD, now=0)
        assert presence.states.get(user, "room") == MOOD
    presence.enter("ana", ("room",), seconds=1000, now=100)
    presence.states.sweep(299)
    assert presence.states.get("bo", "room") == MOOD
    presence.states.sweep(300)
    assert presence.states.get("bo", "room") == {}
    assert presence.states.get("ana", "room") == MOOD
    assert presence.occupants("room") == ["ana"]


def test_what_all_say_of_themselves_has_a_bound() -> None:
    states = States(lambda _uuid, _channel: True, max_bytes=10_000)
    for number in range(1000):
        states.set(str(number), ["a", "b"], {"text": "x" * 100}, now=number)
    kept = [number for number in range(1000) if states.get(str(number), "b")]
    assert kept == list(range(1000 - len(kept), 1000))
    assert 10 < len(kept) < 100
    for number in kept:
        states.set(str(number), ["a", "b"], {}, now=2000)
    assert not any(states.get(str(number), "b") for number in kept)
    states.set("ana", ["a", "b"], {"text": "x" * 9000}, now=2000)
    assert states.get("ana", "a"), "what was forgotten takes no room"


def test_where_heartbeats_renew_a_presence_polls_that_end_early_do_not() -> None:
    presence = Presence(Lists())
    presence.enter("ana", ("room",), seconds=8, now=0)
    presence.enter("ana", ("room",), seconds=8, now=3, beat=True)
    presence.enter("ana", ("room",), seconds=8, now=9)
    assert [change.action for change in presence.due(12)] == ["timeout"]
    presence.enter("ana", ("room",), seconds=400, now=20, beat=True)
    presence.enter("ana", ("room",), seconds=400, now=290)
    presence.enter("ana", ("room",), seconds=400, now=310)
    assert list(presence.due(600)) == [], "a poll as long as the network's is a sign of life"


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


class Counted(str):
    """A name that counts how often one was compared with another."""

    __slots__ = ()
    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    def __lt__(self, other: str) -> bool:
        Counted.compared += 1
        return str.__lt__(self, other)


def test_a_name_is_looked_for_in_long_lists_without_passing_over_all_of_them() -> None:
    presence = Presence(Lists())
    for number in range(10):
        names = sorted(Counted(f"{number}-{name}") for name in range(200))
        presence.enter("ana", tuple(names), seconds=60, now=0)
    Counted.compared = 0
    presence.enter("ana", tuple(sorted(map(Counted, map(str, range(200))))), seconds=60, now=0)
    assert not presence.is_present("ana", "elsewhere")
    assert Counted.compared < 2000


def test_a_user_on_too_many_lists_leaves_the_one_that_would_end_first() -> None:
    presence = Presence(Lists())
    for number in range(MAX_STAYS):
        seconds = 10 if number == 3 else 60
        presence.enter("ana", (str(number), "all"), seconds=seconds, now=0)
    changes = presence.enter("ana", ("all", "new"), seconds=60, now=1)
    assert changes == [Change("join", "new", "ana", 1), Change("timeout", "3", "ana", 0)]
    assert list(presence.due(20)) == []
    assert len(list(presence.due(100))) == MAX_STAYS + 1
