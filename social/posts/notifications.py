"""What the authors of posts are told."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from hark import NotificationType, amend, notifies, register, withdraw
from social.accounts.models import User
from social.posts.models import Comment, Post

BODY_WORDS = 24


@register("post.commented")
@dataclass(frozen=True, kw_only=True)
class PostCommented(NotificationType):
    """Someone commented on a post of yours."""

    label = "A comment on your post"
    related = {"comment": ("author", "post")}
    comment: Comment

    def title(self) -> str:
        comment = self.comment
        return _("{who} commented on '{post}'").format(who=comment.author, post=comment.post)

    def body(self) -> str:
        return Truncator(self.comment.text).words(BODY_WORDS)

    def url(self) -> str:
        return f"/post/?id={self.comment.post_id}#comment-{self.comment.pk}"

    def actor(self) -> User:
        return self.comment.author

    def target(self) -> Post:
        return self.comment.post


@notifies(Comment)
def tell_author(comment: Comment) -> Iterator[tuple[User, PostCommented]]:
    yield comment.post.author, PostCommented(comment=comment)


@receiver(post_save, sender=Comment)
def show_edited(instance: Comment, created: bool, **_signal: Any) -> None:
    if not created:
        amend(PostCommented(comment=instance))


@receiver(post_delete, sender=Comment)
def take_back(instance: Comment, **_signal: Any) -> None:
    withdraw(PostCommented(comment=instance))
