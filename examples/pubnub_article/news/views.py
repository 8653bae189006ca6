"""What the page asks for before it connects."""

from django.http import HttpRequest, JsonResponse

from news.pubnub_service import PubNubService


def notification_token(request: HttpRequest) -> JsonResponse:
    """Return all that a signed-in user's page needs."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return JsonResponse({"detail": "sign in first"}, status=401)
    connect = PubNubService.connect(user.pk)
    if connect is None:
        return JsonResponse({"detail": "notifications are not available now"}, status=503)
    return JsonResponse(connect)
