"""`manage.py seed`: what whoever tries the application finds in it."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from hark.models import Notification
from social.accounts.models import User
from social.demo.cast import STORIES
from social.posts.models import Comment, Post
from tests.social.conftest import client_of
from tests.social.test_accounts import Browser

pytestmark = pytest.mark.django_db


def seed() -> str:
    out = StringIO()
    call_command("seed", "--public-passwords", stdout=out)
    return out.getvalue()


def test_a_deployment_gets_no_accounts_with_public_passwords_by_accident(settings: Any) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="--public-passwords"):
        call_command("seed")
    assert not User.objects.exists()


def test_development_needs_not_ask_for_them(settings: Any) -> None:
    settings.DEBUG = True
    call_command("seed", stdout=StringIO())
    assert User.objects.exists()


@pytest.mark.parametrize(
    ("email", "password"),
    [("ana@example.com", "hark-demo-ana"), ("bo@example.com", "hark-demo-bo")],
)
def test_two_people_can_sign_in(email: str, password: str) -> None:
    assert f"{email}, password {password}" in seed()
    answer = Browser().auth("auth/login", {"email": email, "password": password})
    assert answer.status_code == 200


def test_the_others_cannot() -> None:
    seed()
    assert not User.objects.get(username="Cleo").has_usable_password()


def test_posts_come_in_the_order_of_their_telling() -> None:
    seed()
    assert [post.title for post in Post.objects.all()] == [
        story.title for story in reversed(STORIES)
    ]


def test_authors_have_been_told_of_the_comments_of_others() -> None:
    seed()
    assert Notification.objects.count() == sum(
        name != story.author for story in STORIES for name, _ in story.comments
    )
    ana = client_of(User.objects.get(username="Ana"))
    assert ana.get("/api/hark/inbox/").json()["counts"]["unread"] > 0


def test_a_second_time_changes_nothing() -> None:
    seed()
    before = (User.objects.count(), Post.objects.count(), Comment.objects.count())
    assert seed() == "The demo data is there already.\n"
    assert (User.objects.count(), Post.objects.count(), Comment.objects.count()) == before
