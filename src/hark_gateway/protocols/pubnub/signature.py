"""Signatures of requests, version 2, and what the official SDKs make of them.

A client that has the secret key signs each request; the signature stands for all rights.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from itertools import chain, combinations
from urllib.parse import quote, unquote

MAX_AGE = 60
"""Seconds by which the sender's clock may differ from ours, either way."""

# The Python SDK percent-encodes these before it signs, and the signing encodes them again.
_ENCODED_TWICE = ("channel-group", "filter-expr", "state", "custom_message_type")


def is_valid(
    secret: str,
    publish_key: str,
    subscribe_key: str,
    *,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: bytes,
) -> bool:
    """Return whether `query` has a signature of this request, made with `secret`.

    Args:
        path: As on the wire, still percent-encoded.
        query: Every parameter, its value as on the wire.
        body: As it was before any compression.
    """
    given = unquote(query.get("signature", "")).encode()
    key = secret.encode()
    keys = (publish_key, subscribe_key)
    return any(
        hmac.compare_digest(given, signature)
        for string in _strings(keys, method=method, path=path, query=query, body=body)
        for signature in (_sign(key, string),)
    )


def sign(secret: str, string: bytes) -> str:
    """Return the signature of a string to sign, as version 2 writes it."""
    return _sign(secret.encode(), (True, string)).decode()


def canonical(query: Mapping[str, str], encoded_twice: frozenset[str] = frozenset()) -> bytes:
    """Return all parameters but the signature, sorted, each value encoded in the one strict way."""
    return "&".join(
        f"{name}={_encode(value if name in encoded_twice else unquote(value))}"
        for name, value in sorted(query.items())
        if name != "signature"
    ).encode()


def _strings(
    keys: tuple[str, str], *, method: str, path: str, query: Mapping[str, str], body: bytes
) -> Iterator[tuple[bool, bytes]]:
    """Yield every string that an official SDK would sign, and whether it says "v2." before it."""
    publish_key, subscribe_key = keys
    signed_body = body if method in ("POST", "PATCH") else b""
    for twice in _ways_to_encode(query):
        parameters = canonical(query, twice)
        head = b"\n".join((publish_key.encode(), path.encode(), parameters))
        yield True, b"\n".join((method.encode(), head, signed_body))
        if method == "POST" and path.startswith("/publish/"):
            # The JavaScript SDK signs a POST as if it were the GET without its body; the Python
            # SDK has kept the first version of signatures for this one request.
            yield True, b"\n".join((b"GET", head, b""))
            yield False, b"\n".join((subscribe_key.encode(), head))


def _ways_to_encode(query: Mapping[str, str]) -> Iterator[frozenset[str]]:
    """Yield the sets of parameters that may have been encoded twice; at most sixteen."""
    doubtful = [name for name in _ENCODED_TWICE if "%" in query.get(name, "")]
    sizes = range(len(doubtful) + 1)
    yield from map(frozenset, chain.from_iterable(combinations(doubtful, n) for n in sizes))


def _sign(key: bytes, string: tuple[bool, bytes]) -> bytes:
    second_version, text = string
    digest = urlsafe_b64encode(hmac.digest(key, text, "sha256"))
    return b"v2." + digest.rstrip(b"=") if second_version else digest


def _encode(value: str) -> str:
    return quote(value, safe="").replace("~", "%7E")
