"""Posts and comments over REST."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from social.accounts.models import User
from social.api.throttles import WriteThrottle
from social.posts.models import Comment, Post
from tests.social.conftest import json_of

POSTS = "/api/posts/"
TEA = {"title": "Tea", "text": "The second cup."}


def comments_of(post: Post) -> str:
    return f"{POSTS}{post.pk}/comments/"


def write_posts(author: User, count: int) -> list[Post]:
    """Return `count` posts, newest first, each with two comments."""
    now = timezone.now()
    posts = [
        Post(author=author, title=f"Post {age}", text="…", created_at=now - timedelta(hours=age))
        for age in range(count)
    ]
    Post.objects.bulk_create(posts)
    Comment.objects.bulk_create(
        Comment(post=post, author=author, text="Hm.") for post in posts for _ in range(2)
    )
    return posts


def every_page(client: APIClient, url: str) -> list[list[dict[str, Any]]]:
    pages = []
    while url:
        page = json_of(client.get(url))
        pages.append(page["results"])
        url = page["next"]
    return pages


def test_a_new_post_is_shown_whole_and_belongs_to_who_wrote_it(
    as_ana: APIClient, ana: User
) -> None:
    answer = as_ana.post(POSTS, TEA, format="json")
    assert answer.status_code == 201
    post = json_of(answer)
    assert post == json_of(as_ana.get(f"{POSTS}{post['id']}/"))
    assert post == {
        **TEA,
        "id": str(Post.objects.get().pk),
        "author": {"id": str(ana.pk), "name": "Ana"},
        "created_at": post["created_at"],
        "updated_at": post["created_at"],
        "comment_count": 0,
        "mine": True,
    }


def test_a_new_comment_is_shown_whole_and_counted(as_bo: APIClient, bo: User, tea: Post) -> None:
    answer = as_bo.post(comments_of(tea), {"text": "  Biscuits?  "}, format="json")
    assert answer.status_code == 201
    comment = json_of(answer)
    assert json_of(as_bo.get(comments_of(tea)))["results"] == [comment]
    assert comment == {
        "id": str(Comment.objects.get().pk),
        "text": "Biscuits?",
        "author": {"id": str(bo.pk), "name": "Bo"},
        "created_at": comment["created_at"],
        "updated_at": comment["created_at"],
        "mine": True,
    }
    post = json_of(as_bo.get(f"{POSTS}{tea.pk}/"))
    assert (post["comment_count"], post["mine"]) == (1, False)


def test_an_edit_changes_only_what_was_sent_and_shows(as_ana: APIClient, tea: Post) -> None:
    post = json_of(as_ana.patch(f"{POSTS}{tea.pk}/", {"title": "Coffee"}, format="json"))
    assert (post["title"], post["text"]) == ("Coffee", tea.text)
    assert post["updated_at"] > post["created_at"]


def test_an_edited_comment_shows_its_new_text(as_bo: APIClient, biscuits: Comment) -> None:
    answer = as_bo.patch(f"/api/comments/{biscuits.pk}/", {"text": "No."}, format="json")
    assert json_of(answer)["text"] == "No."


def test_a_deleted_post_takes_its_comments_along(
    as_ana: APIClient, tea: Post, biscuits: Comment
) -> None:
    assert as_ana.delete(f"{POSTS}{tea.pk}/").status_code == 204
    assert as_ana.get(f"{POSTS}{tea.pk}/").status_code == 404
    assert as_ana.get(comments_of(tea)).status_code == 404
    assert not Comment.objects.exists()


@pytest.mark.parametrize("field", ["id", "author", "created_at", "updated_at", "mine"])
def test_what_the_server_says_of_a_post_cannot_be_set(
    as_ana: APIClient, tea: Post, bo: User, field: str
) -> None:
    before = json_of(as_ana.get(f"{POSTS}{tea.pk}/"))
    changed = {field: str(bo.pk)}
    after = json_of(as_ana.patch(f"{POSTS}{tea.pk}/", changed, format="json"))
    assert {**after, "updated_at": None} == {**before, "updated_at": None}


def test_the_feed_is_newest_first_and_every_post_comes_once(as_bo: APIClient, ana: User) -> None:
    posts = write_posts(ana, 45)
    pages = every_page(as_bo, POSTS)
    assert [len(page) for page in pages] == [20, 20, 5]
    assert [post["id"] for page in pages for post in page] == [str(post.pk) for post in posts]


def test_a_post_written_meanwhile_neither_repeats_nor_hides_another(
    as_bo: APIClient, ana: User
) -> None:
    write_posts(ana, 25)
    first = json_of(as_bo.get(POSTS))
    write_posts(ana, 3)
    second = json_of(as_bo.get(first["next"]))
    ids = [post["id"] for page in (first, second) for post in page["results"]]
    assert len(ids) == len(set(ids)) == 25


def test_posts_of_one_moment_are_all_listed_once(as_bo: APIClient, ana: User) -> None:
    moment = timezone.now()
    Post.objects.bulk_create(
        Post(author=ana, title="Same", text="…", created_at=moment) for _ in range(45)
    )
    ids = [post["id"] for page in every_page(as_bo, POSTS) for post in page]
    assert len(ids) == len(set(ids)) == 45


def test_comments_are_oldest_first(as_ana: APIClient, tea: Post, bo: User) -> None:
    now = timezone.now()
    Comment.objects.bulk_create(
        Comment(post=tea, author=bo, text=str(age), created_at=now - timedelta(minutes=age))
        for age in range(25)
    )
    texts = [comment["text"] for page in every_page(as_ana, comments_of(tea)) for comment in page]
    assert texts == [str(age) for age in reversed(range(25))]


def test_people_can_list_their_own_posts(as_bo: APIClient, bo: User, tea: Post) -> None:
    own = write_posts(bo, 2)
    mine = json_of(as_bo.get(f"{POSTS}?author=me"))["results"]
    assert [post["id"] for post in mine] == [str(post.pk) for post in own]
    assert all(post["mine"] for post in mine)


@pytest.mark.parametrize("count", [2, 20])
def test_the_feed_costs_the_same_queries_however_long_it_is(
    as_bo: APIClient, ana: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    write_posts(ana, count)
    with django_assert_num_queries(3):  # session, user, page
        assert len(json_of(as_bo.get(POSTS))["results"]) == count


@pytest.mark.parametrize("count", [2, 20])
def test_comments_cost_the_same_queries_however_many_they_are(
    as_bo: APIClient,
    ana: User,
    tea: Post,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    Comment.objects.bulk_create(Comment(post=tea, author=ana, text="Hm.") for _ in range(count))
    with django_assert_num_queries(4):  # session, user, post, page
        assert len(json_of(as_bo.get(comments_of(tea)))["results"]) == count


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_others_words_can_be_read_but_not_touched(
    as_ana: APIClient, as_bo: APIClient, tea: Post, biscuits: Comment, method: str
) -> None:
    change = {"text": "mine now"}
    post = getattr(as_bo, method)(f"{POSTS}{tea.pk}/", change, format="json")
    # Not even on one's own post.
    comment = getattr(as_ana, method)(f"/api/comments/{biscuits.pk}/", change, format="json")
    assert (post.status_code, comment.status_code) == (403, 403)
    assert json_of(post) == {"detail": "Only its author may change this."}
    texts = (Post.objects.get().text, Comment.objects.get().text)
    assert texts == (tea.text, biscuits.text)


@pytest.mark.parametrize(
    ("field", "length", "status"),
    [
        ("title", 255, 201),
        ("title", 256, 400),
        ("text", 10_000, 201),
        ("text", 10_001, 400),
    ],
)
def test_a_post_holds_so_much_and_no_more(
    as_ana: APIClient, field: str, length: int, status: int
) -> None:
    answer = as_ana.post(POSTS, {**TEA, field: "é" * length}, format="json")
    assert answer.status_code == status
    assert status == 201 or list(json_of(answer)) == [field]


@pytest.mark.parametrize(("length", "status"), [(5_000, 201), (5_001, 400)])
def test_a_comment_holds_so_much_and_no_more(
    as_bo: APIClient, tea: Post, length: int, status: int
) -> None:
    answer = as_bo.post(comments_of(tea), {"text": "é" * length}, format="json")
    assert answer.status_code == status


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="nothing"),
        pytest.param(" \n\t ", id="blanks"),
        pytest.param(None, id="null"),
        pytest.param(["a"], id="a list"),
        pytest.param({"a": 1}, id="an object"),
        pytest.param(True, id="a truth"),
        pytest.param("a\x00b", id="NUL"),
    ],
)
def test_what_is_no_text_is_refused_by_field(as_ana: APIClient, tea: Post, value: object) -> None:
    post = as_ana.post(POSTS, {"title": value, "text": value}, format="json")
    assert (post.status_code, sorted(json_of(post))) == (400, ["text", "title"])
    comment = as_ana.post(comments_of(tea), {"text": value}, format="json")
    assert (comment.status_code, list(json_of(comment))) == (400, ["text"])


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        pytest.param(b"", "application/json", 400, id="nothing"),
        pytest.param(b"{", "application/json", 400, id="half of it"),
        pytest.param(b'"text"', "application/json", 400, id="a string"),
        pytest.param(b"[]", "application/json", 400, id="a list"),
        pytest.param(b'{"title": NaN}', "application/json", 400, id="no number"),
        pytest.param(b'{"title": ' + b"9" * 5000 + b"}", "application/json", 400, id="too long"),
        pytest.param(b"\xff\xfe", "application/json", 400, id="no UTF-8"),
        pytest.param(b"[" * 100_000, "application/json", 400, id="too deep"),
        pytest.param(
            b'{"title": "\\ud800", "text": "a"}', "application/json", 400, id="half a sign"
        ),
        pytest.param(b"{}", "application/json; charset=nonsense", 400, id="no charset"),
        pytest.param(b"title=Tea", "application/x-www-form-urlencoded", 415, id="a form"),
        pytest.param(b"<a/>", "text/xml", 415, id="XML"),
        pytest.param(b"{}", "nonsense", 415, id="no media type"),
        pytest.param(b" " * 2_621_441, "application/json", 413, id="too much"),
    ],
)
def test_a_body_that_is_none_is_the_clients_error(
    as_ana: APIClient, body: bytes, content_type: str, status: int
) -> None:
    answer = as_ana.generic("POST", POSTS, body, content_type=content_type)
    assert answer.status_code == status
    assert json_of(answer)


def cursor(tokens: bytes) -> str:
    return base64.b64encode(tokens).decode()


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("", id="empty"),
        pytest.param("!!!", id="no base64"),
        pytest.param("\x00", id="NUL"),
        pytest.param("é", id="no ASCII"),
        pytest.param(cursor(b"\xff"), id="no text inside"),
        pytest.param(cursor(b"p=yesterday"), id="no moment"),
        pytest.param(cursor(b"p=2026-13-45+00:00:00"), id="no such day"),
        pytest.param(cursor(b"p=2026-01-01T00:00:00"), id="no zone"),
        pytest.param(cursor(b"p=0001-01-01T00:00:00%2B14:00"), id="before all time"),
        pytest.param(cursor(b"o=-1"), id="negative"),
        pytest.param(cursor(b"o=many"), id="no number"),
        pytest.param(cursor(b"o=" + b"9" * 5000), id="too long"),
    ],
)
def test_a_bad_cursor_is_refused(as_ana: APIClient, tea: Post, bad: str) -> None:
    for url in (POSTS, comments_of(tea)):
        answer = as_ana.get(url, {"cursor": bad})
        assert (answer.status_code, list(json_of(answer))) == (400, ["cursor"])


@pytest.mark.parametrize("author", ["", "ana", "\x00", "me,you"])
def test_only_ones_own_posts_can_be_asked_for(as_ana: APIClient, author: str) -> None:
    answer = as_ana.get(POSTS, {"author": author})
    assert (answer.status_code, list(json_of(answer))) == (400, ["author"])


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("get", "/api/posts/7/"),
        ("get", "/api/posts/%00/"),
        ("get", "/api/posts/00000000-0000-4000-8000-000000000000/"),
        ("patch", "/api/comments/00000000-0000-4000-8000-000000000000/"),
        ("post", "/api/posts/00000000-0000-4000-8000-000000000000/comments/"),
        ("get", "/api/nowhere/"),
        ("post", "/api/posts"),
    ],
)
def test_what_is_not_there_is_404_in_json(as_ana: APIClient, method: str, url: str) -> None:
    answer = getattr(as_ana, method)(url, {"text": "…"} if method != "get" else None, format="json")
    assert answer.status_code == 404
    assert list(json_of(answer)) == ["detail"]


@pytest.mark.parametrize(
    ("method", "url"),
    [("put", "/api/posts/{}/"), ("delete", POSTS), ("post", "/api/me/"), ("trace", POSTS)],
)
def test_what_cannot_be_done_there_is_405(
    as_ana: APIClient, tea: Post, method: str, url: str
) -> None:
    assert as_ana.generic(method.upper(), url.format(tea.pk)).status_code == 405


def test_writing_without_pause_has_to_wait_while_reading_goes_on(
    as_ana: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WriteThrottle, "THROTTLE_RATES", {"write": "2/min"})
    cache.clear()
    answers = [as_ana.post(POSTS, TEA, format="json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert as_ana.get(POSTS).status_code == 200
