"""Let two people talk, and see what PubNub keeps for one of them."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from news.models import Comment, Post
from news.pubnub_service import PubNubService


class Command(BaseCommand):
    """Write a comment, then fetch the author's notifications."""

    help = "write a comment on a post and print the notifications of the post's author"

    def handle(self, *_: Any, **__: Any) -> None:
        users = get_user_model().objects
        ana, _made = users.get_or_create(username="ana")
        bo, _made = users.get_or_create(username="bo")
        post, _made = Post.objects.get_or_create(author=bo, title="Tea")
        Comment.objects.create(post=post, author=ana, text="Lovely.")
        channel = PubNubService.channel_of(bo.pk)
        fetch = PubNubService.client().fetch_messages().channels(channel)
        for item in fetch.maximum_per_channel(10).sync().result.channels.get(channel, []):
            for message in item.message:
                self.stdout.write(message["text"])
