"""`manage.py seed`: fill an empty application with a small cast of people."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from social.accounts.models import User
from social.demo.cast import PEOPLE, STORIES, Person, Story
from social.posts.models import Comment, Post

BETWEEN_POSTS = timedelta(hours=7)
BETWEEN_COMMENTS = timedelta(minutes=19)


class Command(BaseCommand):
    help = "Add demo data: people to sign in as, posts and comments. Done once; again does nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--public-passwords",
            action="store_true",
            help="Do so outside of development (DJANGO_DEBUG=1) as well. Anybody can then sign in "
            "as these people, write in their names and read their notifications: their e-mail "
            "addresses and passwords are in the source of the application.",
        )

    @transaction.atomic
    def handle(self, *, public_passwords: bool = False, **_: Any) -> None:
        if not (settings.DEBUG or public_passwords):
            raise CommandError(
                "This would let anybody sign in: the passwords of the demo's people are public. "
                "It is for development (DJANGO_DEBUG=1). If this site may be anybody's, say so by "
                "--public-passwords."
            )
        if User.objects.filter(email__in=[person.email for person in PEOPLE]).exists():
            self.stdout.write("The demo data is there already.")
            return
        users = {person.name: welcome(person) for person in PEOPLE}
        for age, story in enumerate(reversed(STORIES), start=1):
            tell(story, users, ago=age * BETWEEN_POSTS)
        comments = sum(len(story.comments) for story in STORIES)
        self.stdout.write(f"Added {len(users)} people, {len(STORIES)} posts, {comments} comments.")
        for person in PEOPLE:
            if person.password:
                self.stdout.write(f"Sign in as {person.email}, password {person.password}")


def welcome(person: Person) -> User:
    user = User.objects.create_user(person.name, person.email, person.password)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def tell(story: Story, users: dict[str, User], *, ago: timedelta) -> None:
    """Write a post and its comments, each saved by itself, so that their author hears of it."""
    moment = timezone.now() - ago
    dates = {"created_at": moment, "updated_at": moment}
    author = users[story.author]
    post = Post.objects.create(author=author, title=story.title, text=story.text, **dates)
    for name, text in story.comments:
        moment += BETWEEN_COMMENTS
        dates = {"created_at": moment, "updated_at": moment}
        Comment.objects.create(post=post, author=users[name], text=text, **dates)
