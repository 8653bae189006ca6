"""What every realtime backend has to keep, as tests that anybody can hold their own against.

They need no test runner but take any: see docs/hark/adding-a-backend.md.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar
from unittest import SkipTest

from django.test import override_settings
from django.utils.module_loading import import_string

from hark import tokens
from hark.backends import Backend, backend
from hark.backends.base import Misconfigured, Publication, Refused, Revocation, Unavailable
from hark.backends.embedded import NoGateway
from hark.channels import Channel, inbox_of
from hark.instants import now
from hark.testing.screen import NotAdmitted, Screen


@dataclass(frozen=True)
class Person:
    """Whom a screen belongs to; none of the users in the database."""

    pk: Any


ANA, BO = Person(1), Person(2)


class BackendContract:
    """Guarantees of a backend, each a test. Hold yours against them by a subclass of it.

    With pytest the subclass is called `Test…`; with Django's runner it is a `TransactionTestCase`
    as well. Tests are skipped whose means were not given.
    """

    hark: Mapping[str, Any]
    """The HARK setting that leads to a running server."""

    wrong: Sequence[Mapping[str, Any]] = ()
    """Changes to its options, with each of which the server refuses whatever it is sent."""

    unreachable: Mapping[str, Any] | None = None
    """Changes to its options with which nobody answers."""

    refused: tuple[str, Mapping[str, Any]] | None = None
    """A channel and an event that it accepts from nobody."""

    namespace: ClassVar[str] = "article"
    """Of channels, beside inboxes, that the server knows."""

    def screen(self, user: Any) -> Screen:
        """Return a screen of this user, not yet connected."""
        raise NotImplementedError

    def kill(self) -> None:
        """End the server as a crash would: nothing answers."""
        raise SkipTest("its server does not go down on demand")

    def start(self) -> None:
        """Start the server again; what it only remembered is gone."""
        raise SkipTest("its server does not go down on demand")

    @contextmanager
    def scene(self) -> Iterator["Scene"]:
        """Configure the backend, and close at the end what was opened meanwhile."""
        with override_settings(HARK=self.hark), ExitStack() as opened:
            yield Scene(self, opened)

    # What arrives

    def test_every_screen_of_a_person_hears_what_is_published_in_order(self) -> None:
        with self.scene() as scene:
            phone, laptop = scene.open(BO), scene.open(BO)
            events = [{"number": number, "text": "é\u2028“"} for number in range(30)]
            for start, end in pairwise((0, 1, 3, 17, len(events))):
                some = events[start:end]
                assert scene.publish(inbox_of(BO.pk), *some) == [None] * len(some)
            for screen in (phone, laptop):
                screen.until(lambda screen: len(screen.heard) >= len(events))
                assert screen.heard == events

    def test_channels_that_are_published_to_together_each_keep_their_order(self) -> None:
        with self.scene() as scene:
            screens = [scene.open(ANA), scene.open(BO)]
            mixed = [
                Publication(channel=inbox_of(person.pk), data={"number": number})
                for number in range(20)
                for person in (ANA, BO)
            ]
            assert backend().publish(mixed) == [None] * len(mixed)
            for screen in screens:
                screen.until(lambda screen: len(screen.heard) >= 20)
                assert [event["number"] for event in screen.heard] == list(range(20))

    def test_what_is_published_twice_does_no_harm(self) -> None:
        with self.scene() as scene:
            screen = scene.open(BO)
            for number in (1, 1, 2):
                assert scene.publish(inbox_of(BO.pk), {"number": number}) == [None]
            screen.until(lambda screen: {"number": 2} in screen.heard)
            assert [event["number"] for event in screen.heard] in ([1, 1, 2], [1, 2])

    def test_nobody_hears_the_inbox_of_another(self) -> None:
        with self.scene() as scene:
            hers, his = scene.open(ANA), scene.open(BO)
            scene.publish(inbox_of(BO.pk), {"for": "Bo"})
            scene.publish(inbox_of(ANA.pk), {"for": "Ana"})
            his.until(lambda screen: screen.heard)
            hers.until(lambda screen: screen.heard)
            assert (hers.heard, his.heard) == ([{"for": "Ana"}], [{"for": "Bo"}])

    def test_an_inbox_opens_whatever_its_owners_key_is(self) -> None:
        with self.scene() as scene:
            for key in (-1, "bob@example.com", "auth0|5f7c", "k" * 255):
                screen = scene.open(Person(key))
                assert scene.publish(inbox_of(key), {"number": 1}) == [None]
                screen.until(lambda screen: screen.heard == [{"number": 1}])

    def test_a_push_as_large_as_it_says_arrives(self) -> None:
        """Whole, or as which items changed, which clients fetch."""
        with self.scene() as scene:
            screen = scene.open(BO)
            item = {"id": 1, "modseq": 1, "title": ""}
            push = {"since": 0, "modseq": 1, "items": [item], "counts": {"unread": 1, "unseen": 1}}
            missing = backend().max_bytes - Publication(channel=inbox_of(1), data=push).size
            item["title"] = "x" * missing
            assert scene.publish(inbox_of(BO.pk), push) == [None]
            screen.until(lambda screen: [each["modseq"] for each in screen.heard] == [1])

    def test_one_publication_that_is_refused_spoils_no_other(self) -> None:
        if self.refused is None:
            raise SkipTest("it refuses nothing")
        name, event = self.refused
        with self.scene() as scene:
            screen = scene.open(BO)
            fine = Publication(channel=inbox_of(BO.pk), data={"number": 1})
            bad = Publication(channel=Channel(*name.split(":", 1)), data=event)
            first, second, third = backend().publish([fine, bad, fine])
            assert (first, third) == (None, None)
            assert isinstance(second, Refused)
            screen.until(lambda screen: screen.heard == [{"number": 1}] * 2)

    def test_ephemeral_events_are_not_kept_and_push_nothing_out(self) -> None:
        with self.scene() as scene:
            sleeper, witness = scene.listening(ANA, "1"), scene.listening(BO, "1")
            subject = Channel(self.namespace, "1")
            scene.publish(subject, {"typing": "heard"}, ephemeral=True)
            sleeper.until(lambda screen: screen.heard == [{"typing": "heard"}])
            sleeper.sleep()
            scene.publish(subject, {"number": 1})
            for number in range(110):
                scene.publish(subject, {"typing": number}, ephemeral=True)
            witness.until(lambda screen: {"typing": 109} in screen.heard)
            sleeper.wake()
            scene.publish(subject, {"number": 2})
            sleeper.until(lambda screen: {"number": 2} in screen.heard)
            assert sleeper.heard == [{"typing": "heard"}, {"number": 1}, {"number": 2}]

    # Who is let in, and for how long

    def test_a_token_opens_its_own_channel_and_no_other(self) -> None:
        with self.scene() as scene:
            token = scene.token(ANA, "1")
            for other in (f"{self.namespace}:2", str(inbox_of(BO.pk))):
                with expecting(NotAdmitted, f"the token of {self.namespace}:1 opens {other}"):
                    scene.open(ANA).listen(other, token)
            screen = scene.open(ANA)
            screen.listen(f"{self.namespace}:1", token)
            scene.publish(Channel(self.namespace, "1"), {"number": 1})
            screen.until(lambda screen: screen.heard == [{"number": 1}])

    def test_disconnecting_ends_a_persons_connections_and_no_others(self) -> None:
        with self.scene() as scene:
            gone, stays, other = scene.open(BO), scene.open(BO), scene.open(ANA)
            gone.signed_in = False
            backend().disconnect(str(BO.pk))
            gone.until(lambda screen: screen.ended)
            stays.until(lambda screen: screen.connections == 2 and screen.connected)
            scene.publish(inbox_of(BO.pk), {"number": 1})
            scene.publish(inbox_of(ANA.pk), {"number": 1})
            for screen in (stays, other):
                screen.until(lambda screen: screen.heard == [{"number": 1}])
            assert other.connections == 1, "another was disconnected as well"
            assert gone.heard == []

    def test_a_token_from_before_a_disconnect_is_worthless_also_after_a_restart(self) -> None:
        with self.scene() as scene:
            stolen, began = tokens.connect_info(BO.pk), now()
            backend().disconnect(str(BO.pk))
            scene.keeps_out(BO, stolen)
            scene.open(BO)  # who signs in again, within the same second, is let in
            before = backend().instance()
            self.kill()
            self.start()
            after = backend().instance()
            assert (before == after == "") or before != after, "it says that it did not restart"
            told = Revocation(
                user_id=str(BO.pk), channel=None, issued_before=began, expires_at=tokens.expiry()
            )
            backend().restore([told])
            scene.keeps_out(BO, stolen)

    def test_a_token_from_before_a_disconnect_is_worthless(self) -> None:
        with self.scene() as scene:
            stolen = tokens.connect_info(BO.pk)
            backend().disconnect(str(BO.pk))
            scene.keeps_out(BO, stolen)
            scene.open(BO)  # who signs in again, within the same second, is let in

    def test_unsubscribing_ends_one_persons_subscription_and_its_tokens(self) -> None:
        with self.scene() as scene:
            screens = [scene.listening(person, "1") for person in (BO, BO, ANA)]
            held = scene.token(BO, "1")
            before = [screen.connections for screen in screens]
            backend().unsubscribe(str(BO.pk), Channel(self.namespace, "1"))
            scene.publish(Channel(self.namespace, "1"), {"number": 1})
            for person in (ANA, BO):
                scene.publish(inbox_of(person.pk), {"end": True})
            for screen, count in zip(screens, before, strict=True):
                # It may have to connect anew, with another token.
                screen.until(partial(_is_past, {"end": True}, count))
            assert [{"number": 1} in screen.heard for screen in screens] == [False, False, True]
            with expecting(NotAdmitted, "a token from before opens the channel again"):
                scene.open(BO).listen(f"{self.namespace}:1", held)

    # What the relay and operators are told

    def test_wrong_options_are_told_from_a_server_that_is_down(self) -> None:
        some = [Publication(channel=inbox_of(BO.pk), data={"number": 1})]
        with self.scene() as scene:
            with scene.other() as made:
                assert made.ping()
            for change in self.wrong:
                with scene.other(**change) as made:
                    with expecting(Misconfigured, f"it works with {change}"):
                        made.ping()
                    with expecting(Misconfigured, f"it publishes with {change}"):
                        made.publish(some)
            if self.unreachable is not None:
                with scene.other(**self.unreachable) as made:
                    with expecting(Unavailable, "it answers where nobody is"):
                        made.ping()
                    with expecting(Unavailable, "it publishes where nobody is"):
                        made.publish(some)

    def test_an_option_that_it_does_not_know_is_refused(self) -> None:
        with self.scene() as scene, expecting(Misconfigured, "it takes any option"):
            scene.opened.enter_context(scene.other(no_option_of_anybody=1))

    def test_a_server_that_was_down_is_published_to_again(self) -> None:
        with self.scene() as scene:
            screen = scene.open(BO)
            self.kill()
            try:
                with expecting(Unavailable, "it publishes to a server that is down"):
                    scene.publish(inbox_of(BO.pk), {"number": 1})
            finally:
                self.start()
            screen.until(lambda screen: screen.connections == 2 and screen.connected)
            assert scene.publish(inbox_of(BO.pk), {"number": 2}) == [None]
            screen.until(lambda screen: {"number": 2} in screen.heard)

    def test_what_connect_answers_is_described_whole(self) -> None:
        with self.scene():
            answer = asdict(info := tokens.connect_info(BO.pk))
            json.dumps(answer, default=str)
            assert info.backend == backend().name
            assert info.expires_at > now()
            assert len(info.channels) == 1
            if described := backend().connect_serializer():
                assert set(described().get_fields()) == {*answer, "expires_in"}

    def test_the_gateway_is_told_how_to_serve_it_or_that_it_is_not_needed(self) -> None:
        with suppress(NoGateway):
            kind: type[Backend] = import_string(self.hark["BACKEND"])
            told = kind.gateway_environment(self.hark["OPTIONS"])
            assert all(name.startswith("HARK_GATEWAY_") for name in told), told
            assert all(isinstance(value, str) for value in told.values()), told


@dataclass(frozen=True)
class Scene:
    """The configured backend, with the screens that one test opens."""

    contract: BackendContract
    opened: ExitStack = field(repr=False)

    def open(self, user: Any) -> Screen:
        """Return a screen of this person that is connected."""
        screen = self.contract.screen(user)
        self.opened.callback(screen.close)
        return screen.open()

    def listening(self, user: Any, key: str) -> Screen:
        """Return a screen that listens to a channel as well."""
        screen = self.open(user)
        screen.listen(f"{self.contract.namespace}:{key}", self.token(user, key))
        return screen

    def token(self, user: Any, key: str) -> str:
        """Return what opens a channel of the contract's namespace to this person."""
        channel = Channel(self.contract.namespace, key)
        return backend().subscription(str(user.pk), channel, expires_at=tokens.expiry())

    def publish(
        self, channel: Channel, *events: Mapping[str, Any], ephemeral: bool = False
    ) -> list[Refused | None]:
        """Publish these in order."""
        return backend().publish(
            [Publication(channel=channel, data=each, ephemeral=ephemeral) for each in events]
        )

    @contextmanager
    def other(self, **changes: Any) -> Iterator[Backend]:
        """Make one more such backend, of which some options are others."""
        given = self.contract.hark
        made: Backend = import_string(given["BACKEND"])(given["OPTIONS"] | changes, timeout=2)
        with closing(made):
            yield made

    def keeps_out(self, user: Any, info: Any) -> None:
        """Hold that nobody gets in by this answer of `connect/`."""
        with closing(self.contract.screen(user)) as thief:
            thief.signed_in = False
            thief.connect(info)
            thief.until(lambda screen: screen.ended or screen.connected)
            assert (thief.ended, thief.connections) == (True, 0), "a worthless token let them in"


def _is_past(event: Mapping[str, Any], connections: int, screen: Screen) -> bool:
    return event in screen.heard or screen.connections > connections


@contextmanager
def expecting(kind: type[Exception], otherwise: str) -> Iterator[None]:
    """Hold that the block raises this."""
    try:
        yield
    except kind:
        return
    raise AssertionError(otherwise)
