"""Everything a person gets is in that person's language: pushed, mailed, in the API, reloaded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.checks import run_checks
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from rest_framework.test import APIClient

from hark import NotificationType, notify, types
from hark.media import Email
from hark.models import Inbox
from hark.relay.loop import Relay
from hark.testing import captured
from tests.hark.conftest import person
from tests.hark.recording import RecordingBackend
from tests.hark.test_relay import INBOX, drain

CONNECT = "/api/hark/connect/"
WORDS = {"en": "Monday", "de": "Montag", "fr": "lundi", "en-us": "Monday"}


@dataclass(frozen=True, kw_only=True)
class Daily(NotificationType):
    """Says a word that Django itself has in all languages."""

    label = gettext_lazy("Tuesday")  # type: ignore[assignment]
    media = (Email(if_unread_for=timedelta()),)
    fails: bool = False
    by: Any = None

    def title(self) -> str:
        if self.fails:
            raise ValueError("on purpose")
        return _("Monday")

    def body(self) -> str:
        return gettext_lazy("Monday")

    def data(self) -> dict[str, Any]:
        return {"day": gettext_lazy("Monday")}

    def actor(self) -> Any:
        return self.by


@pytest.fixture(autouse=True)
def site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site in three languages, whose pages follow the browser's preference."""
    monkeypatch.setattr(types, "_registry", dict(types._registry))
    types.register("daily")(Daily)
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "français")]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    settings.HARK = {**settings.HARK, "SITE_URL": "https://example.org"}


def prefers(code: str) -> dict[str, str]:
    return {"Accept-Language": code}


@pytest.fixture
def everywhere(
    bo: Any, bo_client: APIClient, relay: Relay, backend: RecordingBackend
) -> Callable[[], set[str]]:
    """Notify Bo; return every word that reaches him, by whatever way."""

    def read() -> list[dict[str, Any]]:
        items = []
        for asked in ("en", "de", "fr"):  # what a single request prefers makes no difference
            page = bo_client.get(INBOX, headers=prefers(asked)).json()["results"]
            changes = bo_client.get(f"{INBOX}changes/?since=0", headers=prefers(asked)).json()
            unread = f"{INBOX}{page[0]['id']}/unread/"
            marked = bo_client.post(unread, headers=prefers(asked)).json()
            items += [*page, *changes["items"], marked]
        return items

    def words() -> set[str]:
        notify(bo, Daily())
        drain(relay)
        drain(relay)
        (pushed,) = backend.published[f"inbox:{bo.pk}"][-1]["items"]
        (mailed,) = mail.outbox
        with captured() as sent:
            notify(bo, Daily())
        items = [*read(), pushed, *sent.all]
        said = {word for each in items for word in (each["title"], each["body"])}
        said |= {each["data"]["day"] for each in items}
        return said | {mailed.subject, *mailed.body.split("\n\n")}

    return words


@pytest.mark.parametrize("code", ["de", "fr", "en", "de-at"])
def test_the_language_of_ones_last_page_holds_everywhere(
    bo_client: APIClient, everywhere: Callable[[], set[str]], code: str
) -> None:
    assert bo_client.post(CONNECT, headers=prefers("fr")).status_code == 200
    assert bo_client.post(CONNECT, headers=prefers(code)).status_code == 200
    assert everywhere() == {WORDS[code[:2]]}


def test_whoever_was_never_here_reads_the_sites_language(
    everywhere: Callable[[], set[str]], settings: Any
) -> None:
    settings.LANGUAGE_CODE = "fr"
    assert everywhere() == {"lundi"}


@pytest.mark.parametrize("where", ["language", "get_language", "tests.hark.test_language.chosen"])
def test_ones_own_choice_goes_before_the_page(
    bo_client: APIClient,
    everywhere: Callable[[], set[str]],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    settings.HARK = {**settings.HARK, "USER_LANGUAGE": where}
    user_model = get_user_model()
    monkeypatch.setattr(user_model, "language", "de", raising=False)
    monkeypatch.setattr(user_model, "get_language", lambda user: "de", raising=False)
    bo_client.post(CONNECT, headers=prefers("fr"))
    assert everywhere() == {"Montag"}


def chosen(user: Any) -> str:
    return "de" if user.email == "bo@example.org" else ""


def broken(user: Any) -> str:
    raise ValueError("on purpose")


def broken_query(user: Any) -> Any:
    return get_user_model().objects.raw("SELECT nothing FROM nowhere")[0]


@pytest.mark.parametrize(
    "value", ["", None, "xx", "x" * 9999, "not a code", 7, broken, broken_query]
)
def test_a_choice_that_is_none_leaves_it_to_the_page(
    bo_client: APIClient,
    everywhere: Callable[[], set[str]],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    value: Any,
) -> None:
    settings.HARK = {**settings.HARK, "USER_LANGUAGE": "language"}
    monkeypatch.setattr(get_user_model(), "language", value, raising=False)
    bo_client.post(CONNECT, headers=prefers("fr"))
    assert everywhere() == {"lundi"}


def test_two_who_are_told_the_same_at_once_each_read_their_own(
    client_of: Callable[[Any], APIClient], relay: Relay, backend: RecordingBackend, settings: Any
) -> None:
    settings.HARK = {**settings.HARK, "ACTOR_NAME": "tests.hark.test_language.somebody"}
    ana, bo, cy = person("ana"), person("bo"), person("cy")
    client_of(ana).post(CONNECT, headers=prefers("de"))
    client_of(bo).post(CONNECT, headers=prefers("fr"))
    notify([ana, bo], Daily(by=cy))
    notify([ana, bo], Daily(by=cy, fails=True))
    with override("en"):
        drain(relay)
    for user, one, other in ((ana, "Montag", "Dienstag"), (bo, "lundi", "mardi")):
        said = [item for push in backend.published[f"inbox:{user.pk}"] for item in push["items"]]
        assert [item["title"] for item in said] == [one, f"{one}: {other}"]
        assert {item["actor"]["name"] for item in said} == {one}
        page = client_of(user).get(INBOX).json()["results"]
        assert [item["title"] for item in reversed(page)] == [one, f"{one}: {other}"]


def somebody(user: Any) -> str:
    return _("Monday")


def test_an_answer_says_in_which_language_its_texts_are(bo: Any, bo_client: APIClient) -> None:
    notify(bo, Daily())
    bo_client.post(CONNECT, headers=prefers("de"))
    answer = bo_client.get(INBOX, headers=prefers("fr"))
    assert answer.headers["Content-Language"] == "de"


def test_a_language_is_written_when_it_changes_and_changes_nothing_else(
    bo: Any, bo_client: APIClient, relay: Relay, django_assert_num_queries: Any
) -> None:
    notify(bo, Daily())
    drain(relay)
    before = Inbox.objects.values("modseq", "published", "floor").get(pk=bo.pk)
    bo_client.post(CONNECT, headers=prefers("de"))
    assert Inbox.objects.get(pk=bo.pk).language == "de"
    assert Inbox.objects.values("modseq", "published", "floor").get(pk=bo.pk) == before
    with django_assert_num_queries(3):  # the session, the user, what is kept
        bo_client.post(CONNECT, headers=prefers("de"))


@pytest.mark.parametrize("where", ["nowhere", "no.such.module", "hark.language.nothing"])
def test_a_wrong_setting_is_seen_by_check(settings: Any, where: str) -> None:
    settings.HARK = {**settings.HARK, "USER_LANGUAGE": where}
    (error,) = [each for each in run_checks() if each.id == "hark.E004"]
    assert "USER_LANGUAGE" in error.msg
