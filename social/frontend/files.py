"""What WhiteNoise asks about each file it serves. The settings name these functions."""

from pathlib import Path
from wsgiref.headers import Headers

from social.frontend.policy import content_security_policy, inline_scripts_of


def add_page_headers(headers: Headers, path: str, url: str) -> None:  # noqa: ARG001
    """Let a page run its own inline scripts, by their hashes, and be asked for anew each time."""
    if path.endswith((".html", ".txt")):  # a page, and what Next loads of it for a click on a link
        headers["Cache-Control"] = "no-cache"
    if path.endswith(".html"):
        headers["Content-Security-Policy"] = policy_of_page(Path(path))


def policy_of_page(page: Path) -> str:
    from django.conf import settings  # noqa: PLC0415 (the settings import this module)

    scripts = inline_scripts_of(page.read_text(encoding="utf-8"))
    return content_security_policy(realtime_url=settings.REALTIME_URL, inline_scripts=scripts)


def is_immutable(path: str, url: str) -> bool:  # noqa: ARG001
    """Return whether the file's name changes whenever its content does: so it is with Next's."""
    return url.startswith("/_next/static/")
