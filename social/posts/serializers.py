from typing import Any

from rest_framework import serializers

from social.accounts.serializers import PersonSerializer
from social.posts.models import Comment, Post, Written


class WrittenSerializer(serializers.ModelSerializer[Any]):
    author = PersonSerializer(read_only=True)
    mine = serializers.SerializerMethodField(help_text="Whether the one who asks wrote it.")

    def get_mine(self, written: Written) -> bool:
        return bool(written.author_id == self.context["request"].user.pk)


class PostSerializer(WrittenSerializer):
    comment_count = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = Post
        fields = [
            "id", "title", "text", "author", "created_at", "updated_at", "comment_count", "mine",
        ]  # fmt: skip
        read_only_fields = ["id", "created_at", "updated_at"]


class CommentSerializer(WrittenSerializer):
    class Meta:
        model = Comment
        fields = ["id", "text", "author", "created_at", "updated_at", "mine"]
        read_only_fields = ["id", "created_at", "updated_at"]
