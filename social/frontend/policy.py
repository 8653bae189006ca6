"""The Content Security Policy: what a page of ours may load, run and connect to."""

import base64
import hashlib
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def content_security_policy(*, realtime_url: str, inline_scripts: Iterable[str] = ()) -> str:
    """Return the header's value.

    Args:
        realtime_url: Where browsers connect; beside a WebSocket, plain HTTP is allowed as well.
        inline_scripts: The only ones that run, each known by its hash.
    """
    hashes = sorted({f"'sha256-{digest(script)}'" for script in inline_scripts})
    directives = {
        "default-src": ["'self'"],
        "script-src": ["'self'", *hashes],
        # The component library positions its pop-ups by style attributes.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'", *origins(realtime_url)],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def origins(realtime_url: str) -> list[str]:
    """Return the origin of a URL; of a WebSocket's also that of HTTP, which SDKs fall back to."""
    url = urlsplit(realtime_url)
    schemes = [url.scheme, url.scheme.replace("ws", "http")]
    return [f"{scheme}://{url.netloc}" for scheme in dict.fromkeys(schemes)]


def inline_scripts_of(html: str) -> list[str]:
    """Return the text of each inline script in a page."""
    return [match[1] for match in INLINE_SCRIPT.finditer(html)]


def digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
