"""What authors are told of comments, as their inbox shows it."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from social.accounts.models import User
from social.posts.models import Comment, Post
from tests.social.conftest import json_of


def inbox_of(client: APIClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json_of(client.get("/api/hark/inbox/"))["results"]
    return items


def test_whoever_wrote_a_post_is_told_of_a_comment_by_another(
    as_ana: APIClient, as_bo: APIClient, tea: Post, bo: User
) -> None:
    text = {"text": "You are right. I brought biscuits."}
    comment = json_of(as_bo.post(f"/api/posts/{tea.pk}/comments/", text, format="json"))
    [item] = inbox_of(as_ana)
    assert item["type"] == "post.commented"
    assert item["title"] == "Bo commented on 'Tea'"
    assert item["body"] == "You are right. I brought biscuits."
    assert item["url"] == f"/post/?id={tea.pk}#comment-{comment['id']}"
    assert item["actor"] == {"id": str(bo.pk), "name": "Bo"}
    assert inbox_of(as_bo) == []


def test_nobody_is_told_of_their_own_comment(as_ana: APIClient, tea: Post, ana: User) -> None:
    Comment.objects.create(post=tea, author=ana, text="To myself.")
    assert inbox_of(as_ana) == []


def test_an_edited_comment_is_not_told_again_but_reads_as_it_is_now(
    as_ana: APIClient, as_bo: APIClient, biscuits: Comment
) -> None:
    as_bo.patch(f"/api/comments/{biscuits.pk}/", {"text": "Cake."}, format="json")
    assert [item["body"] for item in inbox_of(as_ana)] == ["Cake."]


def test_a_long_comment_is_told_by_its_first_words(as_ana: APIClient, tea: Post, bo: User) -> None:
    Comment.objects.create(post=tea, author=bo, text="word " * 1000)
    assert inbox_of(as_ana)[0]["body"] == "word " * 23 + "word…"


@pytest.mark.parametrize("gone", ["comment", "post", "commenter"])
def test_a_comment_that_is_gone_is_no_longer_told(
    as_ana: APIClient, biscuits: Comment, gone: str
) -> None:
    assert len(inbox_of(as_ana)) == 1
    {"comment": biscuits, "post": biscuits.post, "commenter": biscuits.author}[gone].delete()
    assert inbox_of(as_ana) == []


def test_a_comment_that_is_refused_tells_nobody(
    as_ana: APIClient, as_bo: APIClient, tea: Post
) -> None:
    answer = as_bo.post(f"/api/posts/{tea.pk}/comments/", {"text": ""}, format="json")
    assert answer.status_code == 400
    assert inbox_of(as_ana) == []


def test_a_page_of_notifications_takes_no_query_for_each(
    as_ana: APIClient, tea: Post, bo: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        Comment.objects.create(post=tea, author=bo, text=f"Number {number}")
    with django_assert_max_num_queries(8):
        assert len(inbox_of(as_ana)) == 20
