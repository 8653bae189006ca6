"""Request bodies."""

import io
from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, FormParser, JSONParser, MultiPartParser


class TooLarge(APIException):
    """The body is larger than any that makes sense."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The body is too large.")
    default_code = "too_large"


class Bounded(BaseParser):
    """Reads no more than makes sense, whatever DATA_UPLOAD_MAX_MEMORY_SIZE says."""

    max_bytes: ClassVar[int] = 16 * 1024

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(self.max_bytes + 1)
        if len(body) > self.max_bytes:
            raise TooLarge
        return super().parse(io.BytesIO(body), media_type, parser_context)


class BoundedJSONParser(Bounded, JSONParser):
    """JSON whose nesting the interpreter can follow."""

    def parse(self, *args: Any, **options: Any) -> Any:
        try:
            return super().parse(*args, **options)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply") from error


class BoundedFormParser(Bounded, FormParser):
    """What a plain HTML form sends."""


class BoundedMultiPartParser(Bounded, MultiPartParser):
    """What `FormData` sends."""
