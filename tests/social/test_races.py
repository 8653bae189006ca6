"""What becomes of a request while another one deletes what it works on."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import ModelSignal, post_save, pre_save
from rest_framework.test import APIClient

from social.posts.models import Comment, Post
from tests.social.conftest import in_another_connection

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
]


@contextmanager
def at(signal: ModelSignal, sender: type, work: Callable[[], object]) -> Iterator[None]:
    def receive(**_: Any) -> None:
        work()

    signal.connect(receive, sender=sender)
    try:
        yield
    finally:
        signal.disconnect(receive, sender=sender)


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_comment_on_a_post_that_is_deleted_meanwhile_is_404(as_bo: APIClient, tea: Post) -> None:
    def delete() -> None:
        in_another_connection(Post.objects.get(pk=tea.pk).delete)

    with at(post_save, Comment, delete):
        answer = as_bo.post(f"/api/posts/{tea.pk}/comments/", {"text": "Hm."}, format="json")
    assert answer.status_code == 404
    assert not Comment.objects.exists()


def test_an_edit_does_not_bring_back_what_is_deleted_meanwhile(
    as_ana: APIClient, tea: Post
) -> None:
    deletion: list[Future[None]] = []

    def delete() -> None:
        deletion.append(pool.submit(in_another_connection, Post.objects.get(pk=tea.pk).delete))
        while not deletion[0].done() and not somebody_waits_for_a_lock():
            wait(deletion, timeout=0.01)

    with ThreadPoolExecutor(1) as pool, at(pre_save, Post, delete):
        as_ana.patch(f"/api/posts/{tea.pk}/", {"title": "Coffee"}, format="json")
    deletion[0].result()
    assert not Post.objects.exists()
