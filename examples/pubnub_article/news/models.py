"""Posts, and comments on them."""

from django.conf import settings
from django.db import models


class Post(models.Model):
    """Something to talk about."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    title = models.CharField(max_length=255)

    def __str__(self) -> str:
        return self.title


class Comment(models.Model):
    """Something said about a post."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text[:40]
