"""Request bodies."""

from django.conf import settings

from hark.api import parsers


class BoundedJSONParser(parsers.BoundedJSONParser):
    """JSON as long as any other body may be."""

    max_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
