"""How drf-spectacular describes the API, where a project has it among its INSTALLED_APPS."""

from typing import Any, TypeAlias

from django.utils.module_loading import import_string
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import serializers

from hark import inbox
from hark.api.serializers import ReadAllSerializer, SeenSerializer, SubscribeSerializer
from hark.api.views import ConnectView, InboxViewSet, SubscribeView
from hark.backends import Backend
from hark.backends.centrifugo.connect import CentrifugoConnectSerializer
from hark.backends.pubnub.connect import PubNubConnectSerializer
from hark.conf import settings


@extend_schema_serializer(component_name="Actor")
class ActorSerializer(serializers.Serializer[None]):
    id = serializers.CharField()
    name = serializers.CharField()


@extend_schema_serializer(component_name="InboxItem")
class ItemSerializer(serializers.Serializer[None]):
    """A notification."""

    id = serializers.IntegerField()
    type = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    actor = ActorSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(
        allow_null=True, help_text="Set: remove it from the screen; its text is gone."
    )
    modseq = serializers.IntegerField(
        help_text="The number of its last change; 0 until its arrival is numbered."
    )
    data = serializers.DictField()  # type: ignore[assignment]  # the name is the contract's


@extend_schema_serializer(component_name="InboxCounts")
class CountsSerializer(serializers.Serializer[None]):
    """Exact to 99; 100 means more than 99."""

    unread = serializers.IntegerField(min_value=0, max_value=100)
    unseen = serializers.IntegerField(min_value=0, max_value=100)


@extend_schema_serializer(component_name="InboxPage", many=False)
class PageSerializer(serializers.Serializer[None]):
    """Some of an inbox, newest first."""

    results = ItemSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the page that follows.")
    modseq = serializers.IntegerField(help_text="How far the log goes: follow it from here.")
    counts = CountsSerializer()


@extend_schema_serializer(component_name="InboxChanges")
class ChangesSerializer(serializers.Serializer[None]):
    """What changed, in the order of modseq."""

    items = ItemSerializer(many=True)
    modseq = serializers.IntegerField(help_text="Ask for what follows this number next.")
    counts = CountsSerializer()
    more = serializers.BooleanField(help_text="Whether there is more to ask for at once.")


@extend_schema_serializer(component_name="InboxPush")
class PushSerializer(serializers.Serializer[None]):
    """What is published on `inbox:<user>`.

    A client at `since` or beyond applies it; one that is not that far has missed something and asks
    for `inbox/changes/`. Where too much changed to send, `items` is empty and `since` is `modseq`.
    """

    since = serializers.IntegerField()
    modseq = serializers.IntegerField()
    items = ItemSerializer(many=True)
    counts = CountsSerializer()


Described: TypeAlias = serializers.Serializer[Any] | type[serializers.Serializer[Any]]


def _connect_serializers() -> dict[str, Described]:
    """Return what describes each backend's answer: of both that are ours, and of the one in use."""
    kind: type[Backend] = import_string(settings().BACKEND)
    described = kind.connect_serializer()
    return {
        "centrifugo": CentrifugoConnectSerializer,
        "pubnub": PubNubConnectSerializer,
        **({kind.name: described} if described else {}),
    }


ConnectSerializer = PolymorphicProxySerializer(
    component_name="Connect",
    serializers=_connect_serializers,
    resource_type_field_name="backend",
)


class SubscriptionSerializer(serializers.Serializer[None]):
    """What opens one more channel to a connected client."""

    channel = serializers.CharField()
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


@extend_schema_serializer(component_name="HarkError")
class ErrorSerializer(serializers.Serializer[None]):
    detail = serializers.CharField()


JSON = "application/json"  # forms are taken as well, from pages that have nothing else
STATE = OpenApiParameter("state", enum=[each.value for each in inbox.State], default="all")
CURSOR = OpenApiParameter("cursor", str, description="`next` of the page before.")
SINCE = OpenApiParameter("since", int, required=True, description="The `modseq` you hold.")


def describe_views() -> None:
    """Say what each call takes and answers."""
    extend_schema_serializer(component_name="InboxReadAll")(ReadAllSerializer)
    extend_schema_serializer(component_name="InboxSeen")(SeenSerializer)
    extend_schema_view(
        post=extend_schema(
            operation_id="hark_connect",
            request=None,
            responses={200: ConnectSerializer, 503: ErrorSerializer},
        )
    )(ConnectView)
    extend_schema_view(
        post=extend_schema(
            operation_id="hark_subscribe",
            request={JSON: SubscribeSerializer},
            responses={
                200: SubscriptionSerializer,
                400: ErrorSerializer,
                403: ErrorSerializer,
                503: ErrorSerializer,
            },
        )
    )(SubscribeView)
    extend_schema_view(
        list=extend_schema(
            operation_id="hark_inbox",
            parameters=[STATE, CURSOR],
            responses={200: PageSerializer, 400: ErrorSerializer},
        ),
        changes=extend_schema(
            operation_id="hark_inbox_changes",
            parameters=[SINCE],
            responses={200: ChangesSerializer, 400: ErrorSerializer, 410: ErrorSerializer},
        ),
        destroy=extend_schema(
            operation_id="hark_inbox_delete", request=None, responses={204: None}
        ),
        read=_marks_one("hark_inbox_read"),
        unread=_marks_one("hark_inbox_unread"),
        archive=_marks_one("hark_inbox_archive"),
        unarchive=_marks_one("hark_inbox_unarchive"),
        read_all=extend_schema(
            operation_id="hark_inbox_read_all",
            request={JSON: ReadAllSerializer},
            responses=CountsSerializer,
        ),
        seen=extend_schema(
            operation_id="hark_inbox_seen",
            request={JSON: SeenSerializer},
            responses=CountsSerializer,
        ),
    )(InboxViewSet)


def _marks_one(operation_id: str) -> Any:
    return extend_schema(operation_id=operation_id, request=None, responses=ItemSerializer)
