"""A new comment tells the author of the post."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from news.models import Comment
from news.pubnub_service import PubNubService


@receiver(post_save, sender=Comment)
def tell_the_author(*, instance: Comment, created: bool, **_: Any) -> None:
    """Publish to the author's channel, unless they talk to themselves."""
    post = instance.post
    if created and instance.author_id != post.author_id:
        text = f"{instance.author} commented on {post.title}"
        PubNubService.publish(post.author_id, {"id": instance.pk, "text": text})
