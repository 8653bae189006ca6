"""What is answered when no file of the front end has the address."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from social.frontend.files import policy_of_page

NOT_BUILT = "The front end is not built. Run `make run`, or `npm --prefix web run build`.\n"


def page_not_found(_: HttpRequest) -> HttpResponse:
    """Answer 404 with the front end's own page, or say how to build it."""
    page = settings.FRONTEND / "404.html"
    if not page.is_file():
        return HttpResponse(NOT_BUILT, status=404, content_type="text/plain; charset=utf-8")
    response = HttpResponse(page.read_bytes(), status=404)
    response.headers["Content-Security-Policy"] = policy_of_page(page)
    return response
