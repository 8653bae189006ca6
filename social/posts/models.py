import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _


class Written(models.Model):
    """Something that someone wrote, under an id that tells nothing of its place in line."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    # Both from the database, in one statement: equal means never edited.
    created_at = models.DateTimeField(_("written"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("edited"), db_default=Now(), editable=False)

    class Meta:
        abstract = True


class PostQuerySet(models.QuerySet["Post"]):
    def with_comment_count(self) -> Self:
        """Add `comment_count`, counted for the rows of the page only."""
        counted = Comment.objects.filter(post=models.OuterRef("pk")).order_by().values("post")
        count = models.Subquery(counted.values(count=models.Count("*")))
        return self.annotate(comment_count=Coalesce(count, 0))


class Post(Written):
    title = models.CharField(_("title"), max_length=255)
    text = models.CharField(_("text"), max_length=10_000)
    objects = PostQuerySet.as_manager()

    class Meta:
        default_related_name = "posts"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="posts_post_newest"),
            models.Index(fields=["author", "-created_at", "-id"], name="posts_post_of_author"),
        ]

    def __str__(self) -> str:
        return self.title


class Comment(Written):
    post = models.ForeignKey(Post, models.CASCADE)
    text = models.CharField(_("text"), max_length=5_000)

    class Meta:
        default_related_name = "comments"
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["post", "created_at", "id"], name="posts_comment_of_post"),
        ]

    def __str__(self) -> str:
        return Truncator(self.text).words(12)
