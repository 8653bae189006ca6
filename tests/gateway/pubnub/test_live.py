"""What subscribers catch up with: everything they may, once, in order, and no more than is kept."""

from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.hub.turns import at_once
from hark_gateway.protocols.pubnub import envelopes
from hark_gateway.protocols.pubnub.lists import Lists
from hark_gateway.protocols.pubnub.live import MANY, MAX_BATCH, Interest, Live

CHANNELS = ["a", "b", "a.b", "a.b.c", "c.d"]
INTERESTS = st.sets(st.sampled_from(["a", "b", "a.*", "a.b.*", "c.*", "a.b"]), min_size=1)


def matches(name: str, channel: str) -> bool:
    return channel.startswith(name[:-1]) if name.endswith(".*") else name == channel


def publish(live: Live, timetoken: int, channel: str, *, now: float = 0) -> None:
    live.add(envelopes.event(timetoken, channel, b"1"), now=now)


@given(INTERESTS, st.lists(st.sampled_from(CHANNELS), max_size=30), st.integers(0, 30))
def test_catching_up_brings_everything_after_the_cursor_once(
    wished: set[str], published: list[str], cursor: int
) -> None:
    live = Live(Lists(), size=100, ttl=60)
    interest = Interest(wished, {})
    at_once(live.register(interest, now=0))
    for timetoken, channel in enumerate(published, start=1):
        publish(live, timetoken, channel)
    expected = [
        timetoken
        for timetoken, channel in enumerate(published, start=1)
        if timetoken > cursor and any(matches(name, channel) for name in wished)
    ]
    found = live.collect(interest, cursor)
    assert [event.timetoken for event, _ in found] == expected
    for event, label in found:
        plain = event.channel in wished
        assert label is None if plain else label is not None and matches(label, event.channel)
    assert interest.last == max(
        [t for t, c in enumerate(published, 1) if any(matches(n, c) for n in wished)], default=0
    )


def test_a_channel_is_named_before_its_group_and_its_group_before_a_wildcard() -> None:
    live = Live(Lists(), size=10, ttl=60)
    interest = Interest(["a", "a.*"], {"a.b": "group"})
    at_once(live.register(interest, now=0))
    interest.waiting[object()] = None
    for timetoken, channel in enumerate(["a", "a.b", "a.c"], start=1):
        publish(live, timetoken, channel)
    labels = [label for _, label in live.collect(interest, 0)]
    assert labels == [label for _, label in interest.pending] == [None, "group", "a.*"]


def test_a_log_keeps_its_last_events_only() -> None:
    live = Live(Lists(), size=3, ttl=60)
    interest = Interest(["room"], {})
    at_once(live.register(interest, now=0))
    for timetoken in range(1, 6):
        publish(live, timetoken, "room")
    assert [event.timetoken for event, _ in live.collect(interest, 0)] == [3, 4, 5]


def test_one_answer_takes_a_bounded_number_of_events() -> None:
    live = Live(Lists(), size=1000, ttl=60)
    interest = Interest(["room"], {})
    at_once(live.register(interest, now=0))
    for timetoken in range(1, MAX_BATCH + 10):
        publish(live, timetoken, "room")
    first = live.collect(interest, 0)
    assert len(first) == MAX_BATCH
    rest = live.collect(interest, first[-1][0].timetoken)
    assert [event.timetoken for event, _ in rest] == list(range(MAX_BATCH + 1, MAX_BATCH + 10))


def test_a_log_that_nobody_needs_is_given_back() -> None:
    live = Live(Lists(), size=3, ttl=60)
    publish(live, 1, "room", now=0)
    assert live.listened_to("room")
    at_once(live.sweep(59))
    assert live.listened_to("room")
    at_once(live.sweep(61))
    assert not live.listened_to("room")


def test_presence_is_logged_only_once_somebody_listens() -> None:
    live = Live(Lists(), size=3, ttl=60)
    publish(live, 1, "room-pnpres")
    assert not live.listened_to("room-pnpres")
    interest = Interest(["room-pnpres"], {})
    at_once(live.register(interest, now=0))
    publish(live, 2, "room-pnpres")
    assert [event.timetoken for event, _ in live.collect(interest, 0)] == [2]
    live.retire(interest)
    at_once(live.sweep(61))
    assert not live.listened_to("room-pnpres")


def test_who_was_answered_hears_once_what_is_not_kept_if_it_comes_back_at_once() -> None:
    live = Live(Lists(), size=3, ttl=60)
    interest = Interest(["room"], {})
    at_once(live.register(interest, now=0))

    def fleeting(timetoken: int, now: float) -> None:
        live.add(envelopes.event(timetoken, "room", b"1", kept=False), now=now)

    for uuid in ("soon", "late"):
        interest.expect(uuid, now=0)
    fleeting(1, now=0.5)
    assert [event.timetoken for event, _ in interest.welcome("soon", now=0.9)] == [1]
    fleeting(2, now=0.95)
    assert interest.welcome("soon", now=0.96) == []
    assert interest.welcome("late", now=1) == []
    assert live.collect(interest, 0) == []
    for number in range(1000):  # gone for good, all of them
        interest.expect(str(number), now=number)
    assert len(interest.returning) <= MANY
