"""Answers that belong to no part in particular."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt


@never_cache
def alive(_: HttpRequest) -> JsonResponse:
    """Say that this process answers; without a database, too, which no restart of ours mends."""
    return JsonResponse({"status": "ok"})


@never_cache
def ready(_: HttpRequest) -> JsonResponse:
    """Say whether this process can do its work: 200, or 503 without a database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    return JsonResponse({"status": "ok"})


@csrf_exempt  # nothing here to protect, and a 404 says more than a 403
def not_found(request: HttpRequest, **_: str) -> JsonResponse:
    return JsonResponse({"detail": f"There is no {request.path}; see /api/docs/."}, status=404)
