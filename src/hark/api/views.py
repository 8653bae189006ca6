"""The REST API: thin, scoped to the signed-in reader, safe to repeat."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from hark import inbox, instants, tokens
from hark.api.reader import ReaderView
from hark.api.serializers import ReadAllSerializer, SeenSerializer, SubscribeSerializer
from hark.backends.base import BackendError
from hark.language import chosen, keep
from hark.models import Notification
from hark.render import Item, items

PAGE_SIZE = 20
CHANGES_SIZE = 100

T = TypeVar("T")
logger = logging.getLogger("hark")


class StartAfresh(APIException):
    """The log cannot be followed from there."""

    status_code = status.HTTP_410_GONE
    default_code = "start_afresh"


class BackendUnavailable(APIException):
    """The realtime backend cannot be asked; notifications wait in the inbox meanwhile."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = _("Live updates cannot be had right now. Try again in a moment.")
    default_code = "backend_unavailable"


class ConnectView(ReaderView):
    """How to connect, with a fresh token."""

    def post(self, request: Request) -> Response:
        """Return where to connect and a token that opens the reader's own inbox."""
        keep(request.user.pk)  # in this language they are told from now on
        info = _asked(lambda: tokens.connect_info(request.user.pk))
        left = (info.expires_at - instants.now()).total_seconds()
        return Response({**asdict(info), "expires_in": max(0, int(left))})


class SubscribeView(ReaderView):
    """A way into one more channel."""

    def post(self, request: Request) -> Response:
        """Return a subscription token, if the channel's policy admits the reader."""
        given = SubscribeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        channel = given.validated_data["channel"]
        opened = _asked(lambda: tokens.subscription(request.user, channel))
        if opened is None:
            raise PermissionDenied
        return Response(asdict(opened))


class InboxViewSet(viewsets.ViewSetMixin, ReaderView):
    """The signed-in reader's inbox."""

    lookup_value_regex = r"[0-9]{1,18}"

    def _items(self, rows: Sequence[Notification], kept: str) -> list[Item]:
        """Return what to show, in the reader's language, whatever this request prefers.

        Args:
            kept: The language of the reader's last page.
        """
        languages = chosen({self.request.user.pk: kept})
        self.headers["Content-Language"] = languages[self.request.user.pk]
        return items(rows, languages)

    def _item(self, mark: Callable[[], Notification]) -> Response:
        row = _found(mark)
        return Response(self._items([row], inbox.position(row.user_id).language)[0])

    def list(self, request: Request) -> Response:
        """Return a page, newest first."""
        user_id = request.user.pk
        state = _state(request)
        present = inbox.position(user_id)
        rows = inbox.listing(user_id, state)
        if (before := _cursor(request)) is not None:
            rows = rows.filter(id__lt=before)
        found = inbox.readable(rows[: PAGE_SIZE + 1])
        page = found[:PAGE_SIZE]
        return Response(
            {
                "results": self._items(page, present.language),
                "next": f"b{page[-1].pk}" if len(found) > PAGE_SIZE else None,
                "modseq": present.modseq,
                "counts": inbox.counts(user_id),
            }
        )

    @action(detail=False)
    def changes(self, request: Request) -> Response:
        """Return what changed after `since`; 410 asks to read the inbox afresh."""
        user_id = request.user.pk
        try:
            changed = inbox.changes(user_id, _since(request), limit=CHANGES_SIZE)
        except inbox.OutOfReach as error:
            raise StartAfresh(str(error)) from error
        return Response(
            {
                "items": self._items(changed.rows, changed.language),
                "modseq": changed.modseq,
                "counts": inbox.counts(user_id),
                "more": changed.more,
            }
        )

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete one for good, on every screen."""
        _found(lambda: inbox.delete(request.user.pk, int(pk), now=timezone.now()))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark one read."""
        return self._item(lambda: inbox.mark_read(request.user.pk, int(pk), now=timezone.now()))

    @action(detail=True, methods=["post"])
    def unread(self, request: Request, pk: str) -> Response:
        """Mark one unread again."""
        return self._item(lambda: inbox.mark_unread(request.user.pk, int(pk)))

    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Move one to the archive."""
        return self._item(lambda: inbox.archive(request.user.pk, int(pk), now=timezone.now()))

    @action(detail=True, methods=["post"])
    def unarchive(self, request: Request, pk: str) -> Response:
        """Move one back from the archive."""
        return self._item(lambda: inbox.unarchive(request.user.pk, int(pk)))

    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark one and all older ones read; what arrived since stays unread."""
        inbox.read_all(request.user.pk, **_shown(request, ReadAllSerializer), now=timezone.now())
        return _counts(request)

    @action(detail=False, methods=["post"])
    def seen(self, request: Request) -> Response:
        """Mark what was shown seen: the list was opened."""
        inbox.see_all(request.user.pk, **_shown(request, SeenSerializer), now=timezone.now())
        return _counts(request)


def _state(request: Request) -> inbox.State:
    given = request.query_params.get("state", "all")
    try:
        return inbox.State(given)
    except ValueError as error:
        raise ValidationError({"state": [_("Use all, unread or archived.")]}) from error


def _cursor(request: Request) -> int | None:
    given = request.query_params.get("cursor")
    if given is None:
        return None
    match = re.fullmatch(r"b([0-9]{1,18})", given, re.ASCII)
    if match is None:
        raise ValidationError({"cursor": [_("Use `next` of the page before, or leave it out.")]})
    return int(match[1])


def _since(request: Request) -> int:
    given = request.query_params.get("since", "")
    if not re.fullmatch(r"[0-9]{1,18}", given, re.ASCII):
        raise ValidationError({"since": [_("Give the modseq you hold, a whole number from 0.")]})
    return int(given)


def _shown(request: Request, serializer: type[ReadAllSerializer]) -> dict[str, int]:
    """Return what the screen showed, as `inbox.read_all` takes it."""
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    values = dict(given.validated_data)
    return {"held": values.pop("modseq", 0), **values}


def _asked(ask: Callable[[], T]) -> T:
    """Ask the backend for a token; some make their own, others have to be reached."""
    try:
        return ask()
    except BackendError as error:
        logger.warning("No token could be had: %s", error)
        raise BackendUnavailable from error


def _found(mark: Callable[[], Any]) -> Any:
    try:
        return mark()
    except inbox.NotFound as error:
        raise NotFound from error


def _counts(request: Request) -> Response:
    user_id = request.user.pk
    return Response(inbox.counts(user_id))
