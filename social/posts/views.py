"""Posts and comments over REST. Everyone who is signed in reads all; authors change their own."""

from typing import Any

from django.db import IntegrityError, models, transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.mixins import UpdateModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from social.api.pages import NewestFirst, OldestFirst
from social.api.permissions import IsAuthorOrReadOnly
from social.api.throttles import WriteThrottle
from social.posts.models import Comment, Post
from social.posts.serializers import CommentSerializer, PostSerializer

AUTHOR = OpenApiParameter("author", enum=["me"], description="Only the reader's own.")


@extend_schema_view(
    get=extend_schema(summary="List posts", parameters=[AUTHOR]),
    post=extend_schema(summary="Write a post"),
)
class PostList(generics.ListCreateAPIView[Post]):
    """All posts, newest first. What one writes here is one's own."""

    serializer_class = PostSerializer
    pagination_class = NewestFirst
    throttle_classes = [WriteThrottle]

    def get_queryset(self) -> models.QuerySet[Post]:
        posts = Post.objects.select_related("author").with_comment_count()
        match self.request.query_params.get("author"):
            case None:
                return posts
            case "me":
                return posts.filter(author=self.request.user.pk)
            case _:
                raise ValidationError({"author": ["The only author to ask for is `me`."]})

    def perform_create(self, serializer: BaseSerializer[Post]) -> None:
        serializer.save(author=self.request.user)


class OwnDetail(generics.GenericAPIView[Any]):
    """One thing that someone wrote; its author may change and delete it."""

    permission_classes = [IsAuthenticated, IsAuthorOrReadOnly]
    throttle_classes = [WriteThrottle]

    def get_queryset(self) -> models.QuerySet[Any]:
        queryset = super().get_queryset()
        # Else saving a row that is deleted meanwhile would write it anew.
        return queryset.select_for_update(of=("self",)) if self.is_change else queryset

    @property
    def is_change(self) -> bool:
        return self.request.method == "PATCH"

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        serializer.save(updated_at=timezone.now())


@extend_schema_view(
    get=extend_schema(summary="Read a post"),
    patch=extend_schema(summary="Edit a post of one's own"),
    delete=extend_schema(summary="Delete a post of one's own, and its comments"),
)
class PostDetail(OwnDetail, generics.RetrieveUpdateDestroyAPIView[Post]):
    """One post."""

    http_method_names = ["get", "patch", "delete", "head", "options"]
    queryset = Post.objects.select_related("author").with_comment_count()
    serializer_class = PostSerializer

    @transaction.atomic
    def patch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().patch(request, *args, **kwargs)


@extend_schema_view(
    get=extend_schema(summary="List a post's comments"),
    post=extend_schema(summary="Comment on a post"),
)
class CommentList(generics.ListCreateAPIView[Comment]):
    """The comments under one post, oldest first."""

    serializer_class = CommentSerializer
    pagination_class = OldestFirst
    throttle_classes = [WriteThrottle]

    def get_queryset(self) -> models.QuerySet[Comment]:
        post = get_object_or_404(Post.objects.only("pk"), pk=self.kwargs["pk"])
        return post.comments.select_related("author")

    def perform_create(self, serializer: BaseSerializer[Comment]) -> None:
        post = get_object_or_404(Post.objects.select_related("author"), pk=self.kwargs["pk"])
        try:
            with transaction.atomic():
                serializer.save(post=post, author=self.request.user)
        except IntegrityError as error:  # the post was deleted since we read it
            raise NotFound from error


@extend_schema_view(
    patch=extend_schema(summary="Edit a comment of one's own"),
    delete=extend_schema(summary="Delete a comment of one's own"),
)
class CommentDetail(OwnDetail, UpdateModelMixin, generics.DestroyAPIView[Comment]):
    """One comment."""

    queryset = Comment.objects.select_related("author")
    serializer_class = CommentSerializer

    @transaction.atomic
    def patch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.partial_update(request, *args, **kwargs)
