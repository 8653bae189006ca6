"""The REST API: what a reader gets, and what everybody else does not."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from hark import inbox, notify
from hark.backends.base import BackendError, Misconfigured, Unavailable
from hark.models import Inbox, Notification
from tests.hark.testapp.models import Remark
from tests.hark.testapp.notifications import Note, Poison, Remarked

INBOX = "/api/hark/inbox/"


def ids(client: APIClient, **query: Any) -> list[int]:
    return [item["id"] for item in client.get(INBOX, query).json()["results"]]


def name_nobody(user: Any) -> str:
    raise LookupError(f"{user} has no profile")


def test_an_item_says_who_did_what_where(
    bo_client: APIClient, ana: Any, remark: Callable[[str], Remark]
) -> None:
    made = remark("Lovely")
    page = bo_client.get(INBOX).json()
    (item,) = page["results"]
    assert page["counts"] == {"unread": 1, "unseen": 1}
    assert page["next"] is None
    assert item["title"] == "ana remarked on Tea"
    assert item["body"] == "Lovely"
    assert item["url"] == f"/articles/{made.article_id}#remark-{made.pk}"
    assert item["actor"] == {"id": str(ana.pk), "name": "ana"}
    assert item["type"] == "article.remarked"
    assert item["read_at"] is item["seen_at"] is item["archived_at"] is None
    assert item["modseq"] == 0, "the relay has not numbered it"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "inbox/", 200),
        ("get", "inbox/changes/?since=0", 200),
        ("get", "inbox/changes/?since=x", 400),
        ("post", "inbox/seen/", 200),
        ("post", "connect/", 200),
        ("post", "subscribe/", 400),
        ("put", "connect/", 405),
    ],
)
def test_no_cache_keeps_what_is_one_readers(
    bo_client: APIClient, method: str, path: str, status: int
) -> None:
    answer = getattr(bo_client, method)(f"/api/hark/{path}")
    stranger = getattr(APIClient(), method)(f"/api/hark/{path}")
    assert (answer.status_code, stranger.status_code) == (status, 401)
    for each in (answer, stranger):
        assert each.headers["Cache-Control"] == "private, no-store"
        assert {"Cookie", "Authorization"} <= set(each.headers["Vary"].split(", "))


def test_text_follows_its_subject(
    bo_client: APIClient, tea: Any, remark: Callable[[str], Remark]
) -> None:
    remark("Lovely")
    tea.title = "Green tea"
    tea.save()
    assert bo_client.get(INBOX).json()["results"][0]["title"] == "ana remarked on Green tea"


def test_what_is_gone_still_reads_sensibly(
    bo_client: APIClient, remark: Callable[[str], Remark]
) -> None:
    remark("Lovely").delete()
    assert bo_client.get(INBOX).json()["results"][0]["title"] == "ana: Article remarked"


@pytest.mark.parametrize("way", ["it raises", "half a character", "NUL", "no number", "endless"])
def test_a_text_that_cannot_be_made_spoils_no_page(bo: Any, bo_client: APIClient, way: str) -> None:
    notify(bo, Note(text="before"))
    notify(bo, Poison(way=way))
    titles = [item["title"] for item in bo_client.get(INBOX).json()["results"]]
    assert titles == ["Poison", "before"]


@pytest.mark.parametrize(
    "old", [None, {"text": {"$model": []}}, {"text": {"$model": "a", "pk": 1}}]
)
def test_an_upcast_that_goes_wrong_spoils_no_page(
    monkeypatch: pytest.MonkeyPatch, bo: Any, bo_client: APIClient, old: Any
) -> None:
    notify(bo, Note(text="hello"))
    monkeypatch.setattr(Note, "version", 2)
    monkeypatch.setattr(Note, "upcast", classmethod(lambda cls, version, params: old))
    (item,) = bo_client.get(INBOX).json()["results"]
    assert item["title"] in {"Note", "hello"}


def test_a_name_that_cannot_be_said_spoils_no_page(
    bo_client: APIClient, remark: Callable[[str], Remark], settings: Any
) -> None:
    remark("Lovely")
    settings.HARK = settings.HARK | {"ACTOR_NAME": "tests.hark.test_api.name_nobody"}
    (item,) = bo_client.get(INBOX).json()["results"]
    assert item["title"] == "ana remarked on Tea"
    assert item["actor"]["name"] == "Someone"


def test_a_wrong_path_to_what_is_related_spoils_no_page(
    monkeypatch: pytest.MonkeyPatch, bo_client: APIClient, remark: Callable[[str], Remark]
) -> None:
    monkeypatch.setattr(Remarked, "related", {"remark": ("author", "autor", "text")})
    remark("Lovely")
    (item,) = bo_client.get(INBOX).json()["results"]
    assert item["title"] == "ana remarked on Tea"


def test_a_type_that_was_removed_still_reads_sensibly(bo: Any, bo_client: APIClient) -> None:
    notify(bo, Note(text="hello"))
    Notification.objects.update(type="old.news")
    assert bo_client.get(INBOX).json()["results"][0]["title"] == "Old news"


def test_pages_follow_each_other_without_gap_or_repeat(bo: Any, bo_client: APIClient) -> None:
    for number in range(45):
        notify(bo, Note(text=str(number)))
    titles: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = bo_client.get(INBOX, cursor).json()
        titles += [item["title"] for item in page["results"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert titles == [str(number) for number in reversed(range(45))]


@pytest.mark.parametrize("size", [1, 20])
def test_a_page_takes_the_same_queries_whatever_its_length(
    bo_client: APIClient, remark: Callable[[str], Remark], size: int
) -> None:
    for number in range(size):
        remark(str(number))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(bo_client.get(INBOX).json()["results"]) == size
    # session, user; position, rows, remarks with what they lead to (their authors too), counts
    assert len(queries) == 6


def test_marks_take_numbers_and_repeating_one_takes_none(bo: Any, bo_client: APIClient) -> None:
    notify(bo, Note(text="a"))
    (pk,) = ids(bo_client)
    read = bo_client.post(f"{INBOX}{pk}/read/").json()
    assert read["modseq"] == 1
    assert read["read_at"] == read["seen_at"] is not None
    assert bo_client.post(f"{INBOX}{pk}/read/").json() == read
    assert bo_client.post(f"{INBOX}{pk}/unread/").json()["modseq"] == 2
    assert bo_client.post(f"{INBOX}{pk}/archive/").json()["modseq"] == 3
    assert (ids(bo_client), ids(bo_client, state="archived")) == ([], [pk])
    assert bo_client.get(INBOX).json()["counts"] == {"unread": 0, "unseen": 0}
    assert bo_client.post(f"{INBOX}{pk}/unarchive/").json()["modseq"] == 4
    assert ids(bo_client, state="unread") == [pk]


@pytest.mark.parametrize("size", [1, 30])
def test_marks_take_the_same_queries_however_many_they_mark(
    bo: Any, django_assert_num_queries: Any, size: int
) -> None:
    for number in range(size):
        notify(bo, Note(text=str(number)))
    Inbox.objects.create(user=bo)
    now, newest = timezone.now(), Notification.objects.order_by("-id")[0].pk
    one_mark = 6  # savepoint, log, what to mark, log, marks, release
    with django_assert_num_queries(one_mark):
        inbox.mark_read(bo.pk, newest, now=now)
    with django_assert_num_queries(one_mark - 2):
        inbox.mark_read(bo.pk, newest, now=now)
    with django_assert_num_queries(one_mark if size > 1 else one_mark - 2):
        inbox.read_all(bo.pk, through=newest, now=now)


def test_reading_all_leaves_what_arrived_since(bo: Any, bo_client: APIClient) -> None:
    for text in "abc":
        notify(bo, Note(text=text))
    newest, through, oldest = ids(bo_client)
    answer = bo_client.post(f"{INBOX}read-all/", {"through": through}, format="json")
    assert answer.json() == {"unread": 1, "unseen": 1}
    assert ids(bo_client, state="unread") == [newest]
    assert bo_client.post(f"{INBOX}seen/").json() == {"unread": 1, "unseen": 0}
    changed = bo_client.get(f"{INBOX}changes/", {"since": 0}).json()
    assert [(item["id"], item["modseq"]) for item in changed["items"]] == [
        (oldest, 1), (through, 2), (newest, 3),
    ]  # fmt: skip


def test_changes_return_what_changed_in_order_and_page(bo: Any, bo_client: APIClient) -> None:
    for number in range(150):
        notify(bo, Note(text=str(number)))
    bo_client.post(f"{INBOX}seen/")
    first = bo_client.get(f"{INBOX}changes/", {"since": 0}).json()
    assert (first["more"], first["modseq"]) == (True, 100)
    rest = bo_client.get(f"{INBOX}changes/", {"since": first["modseq"]}).json()
    assert (rest["more"], rest["modseq"]) == (False, 150)
    assert [item["modseq"] for item in first["items"] + rest["items"]] == list(range(1, 151))
    assert bo_client.get(f"{INBOX}changes/", {"since": 150}).json()["items"] == []


def test_a_deleted_item_leaves_its_number_and_nothing_else(bo: Any, bo_client: APIClient) -> None:
    notify(bo, Note(text="secret", extra={"very": "secret"}))
    (pk,) = ids(bo_client)
    assert bo_client.delete(f"{INBOX}{pk}/").status_code == 204
    assert ids(bo_client) == []
    (item,) = bo_client.get(f"{INBOX}changes/", {"since": 0}).json()["items"]
    assert (item["id"], item["modseq"]) == (pk, 1)
    assert item["deleted_at"] is not None
    assert (item["title"], item["data"]) == ("", {})
    assert bo_client.post(f"{INBOX}{pk}/read/").status_code == 404


@pytest.mark.parametrize(("size", "shown"), [(99, 99), (100, 100), (120, 100)])
def test_counts_are_exact_to_99(bo: Any, bo_client: APIClient, size: int, shown: int) -> None:
    for number in range(size):
        notify(bo, Note(text=str(number)))
    assert bo_client.get(INBOX).json()["counts"] == {"unread": shown, "unseen": shown}


@pytest.mark.parametrize(
    "call", ["read/", "unread/", "archive/", "unarchive/", ""], ids=lambda call: call or "delete"
)
def test_nobody_can_mark_anothers(
    bo: Any, ana: Any, client_of: Callable[[Any], APIClient], call: str
) -> None:
    notify(bo, Note(text="for Bo"))
    row = Notification.objects.get()
    client = client_of(ana)
    method = client.post if call else client.delete
    assert method(f"{INBOX}{row.pk}/{call}").status_code == 404
    assert ids(client) == []
    assert client.get(f"{INBOX}changes/", {"since": 0}).json()["items"] == []
    before = Notification.objects.values().get()
    assert before["read_at"] is before["archived_at"] is before["deleted_at"] is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "connect/"),
        ("get", "inbox/"),
        ("get", "inbox/changes/?since=0"),
        ("post", "inbox/1/read/"),
        ("post", "inbox/read-all/"),
        ("post", "inbox/seen/"),
    ],
)
def test_a_stranger_gets_401(db: None, method: str, path: str) -> None:
    assert getattr(APIClient(), method)(f"/api/hark/{path}").status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "cursor=",
        "cursor=zzz",
        "cursor=b",
        "cursor=b-1",
        "cursor=b" + "9" * 30,
        "cursor=b\u0661",
        "state=x",
    ],
)
def test_a_bad_page_is_400(bo_client: APIClient, query: str) -> None:
    assert bo_client.get(f"{INBOX}?{query}").status_code == 400


@pytest.mark.parametrize("since", ["", "x", "-1", "1.5", "9" * 30, "\u0661"])
def test_a_bad_since_is_400(bo_client: APIClient, since: str) -> None:
    assert bo_client.get(f"{INBOX}changes/", {"since": since}).status_code == 400


def test_a_since_beyond_the_present_asks_to_start_afresh(bo_client: APIClient) -> None:
    answer = bo_client.get(f"{INBOX}changes/", {"since": 1})
    assert answer.status_code == 410
    assert "afresh" in answer.json()["detail"]


@pytest.mark.parametrize("mark", ["read-all", "seen"])
@pytest.mark.parametrize("number", [None, "x", -1, 2**63, [1]])
@pytest.mark.parametrize("name", ["through", "modseq"])
def test_a_bad_number_of_what_was_shown_is_400(
    bo_client: APIClient, mark: str, name: str, number: Any
) -> None:
    body = {"through": 1, "modseq": 1, name: number}
    answer = bo_client.post(f"{INBOX}{mark}/", body, format="json")
    assert answer.status_code == 400
    assert name in answer.json()


@pytest.mark.parametrize("mark", ["read-all", "seen"])
def test_what_was_held_means_nothing_without_what_was_shown(
    bo: Any, bo_client: APIClient, mark: str
) -> None:
    notify(bo, Note(text="a"))
    answer = bo_client.post(f"{INBOX}{mark}/", {"modseq": 1}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["through"])
    assert bo_client.get(INBOX).json()["counts"] == {"unread": 1, "unseen": 1}


@pytest.mark.parametrize("content_type", ["multipart", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("enforce_csrf_checks", [True, False])
def test_a_form_is_taken_like_json(bo: Any, content_type: str, enforce_csrf_checks: bool) -> None:
    for text in "abc":
        notify(bo, Note(text=text))
    client = APIClient(enforce_csrf_checks=enforce_csrf_checks)
    client.force_login(bo)
    client.cookies["csrftoken"] = token = "c" * 32
    body = {"through": ids(client)[1], "csrfmiddlewaretoken": token}
    if content_type == "multipart":
        answer = client.post(f"{INBOX}read-all/", body, format="multipart")
    else:
        text = urlencode(body)
        answer = client.post(f"{INBOX}read-all/", text, content_type=content_type)
    assert (answer.status_code, answer.json()) == (200, {"unread": 1, "unseen": 1})


@pytest.mark.parametrize("size", [16_000, 17_000])
def test_a_form_is_no_longer_than_json_may_be(bo_client: APIClient, size: int) -> None:
    body = {"channel": "a:1", "more": "x" * size}
    answer = bo_client.post("/api/hark/subscribe/", body, format="multipart")
    assert answer.status_code == (403 if size == 16_000 else 413)


def test_seen_leaves_what_arrived_since(bo: Any, bo_client: APIClient) -> None:
    for text in "abc":
        notify(bo, Note(text=text))
    _, through, _ = ids(bo_client)
    answer = bo_client.post(f"{INBOX}seen/", {"through": through}, format="json")
    assert answer.json() == {"unread": 3, "unseen": 1}


@pytest.mark.parametrize("failure", [Unavailable("refused"), Misconfigured("wrong key")])
def test_a_backend_that_cannot_be_asked_is_503_with_a_sentence(
    bo_client: APIClient, monkeypatch: pytest.MonkeyPatch, failure: BackendError
) -> None:
    def fail(*_: Any) -> None:
        raise failure

    monkeypatch.setattr("hark.tokens.backend", fail)
    answer = bo_client.post("/api/hark/connect/")
    assert answer.status_code == 503
    assert answer.json() == {
        "detail": "Live updates cannot be had right now. Try again in a moment."
    }


def test_connect_opens_the_readers_own_inbox_for_ten_minutes(bo: Any, bo_client: APIClient) -> None:
    answer = bo_client.post("/api/hark/connect/").json()
    claims = jwt.decode(
        answer["token"], settings.HARK["OPTIONS"]["token_secret"], algorithms=["HS256"]
    )
    channel = f"inbox:{bo.pk}"
    assert answer["backend"] == "centrifugo"
    assert answer["url"] == settings.HARK["OPTIONS"]["url"]
    assert answer["channels"] == claims["channels"] == [channel]
    assert claims["sub"] == str(bo.pk)
    assert 599 <= claims["exp"] - claims["iat"] <= 600
    assert 590 <= answer["expires_in"] <= 600  # for clients whose clock is wrong
