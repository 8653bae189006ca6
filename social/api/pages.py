"""Lists, a page at a time, each page naming the next."""

import base64
from datetime import UTC
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request


class NewestFirst(CursorPagination):
    """Twenty at a time. What is added meanwhile neither repeats nor hides a row."""

    page_size = 20
    ordering = ("-created_at", "-id")

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return where the page begins; None for the first.

        Raises:
            ValidationError: The cursor is none that this server gave.
        """
        encoded = request.query_params.get(self.cursor_query_param)
        if encoded is None:
            return None
        try:
            base64.b64decode(encoded, validate=True).decode("ascii")
            cursor = super().decode_cursor(request)
            position = cursor and cursor.position  # none: so many rows from the end of the list
            if not encoded or (position and not is_moment(str(position))):
                raise ValueError(encoded)
        except (NotFound, ValueError) as error:
            problem = "This cursor is not valid. Start again from the first page."
            raise ValidationError({self.cursor_query_param: [problem]}) from error
        return cursor

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }


class OldestFirst(NewestFirst):
    ordering = ("created_at", "id")


def is_moment(text: str) -> bool:
    """Return whether `text` is a date and time, with a zone, that a database can compare."""
    try:
        moment = parse_datetime(text)
        return moment is not None and moment.tzinfo is not None and bool(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return False
