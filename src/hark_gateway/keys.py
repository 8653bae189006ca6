"""The keys that tokens are verified with: from the configuration, or from a JWKS endpoint.

A key fixes its algorithms (RFC 7518); what a token's header says only chooses among them. So a
public key can never be taken for a shared secret, and `none` is no algorithm at all.
"""

import asyncio
import logging
import urllib.request
from collections.abc import Callable

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWK, PyJWTError
from jwt.algorithms import get_default_algorithms

from .hub.errors import HubError, InvalidToken

log = logging.getLogger(__name__)

Verify = Callable[[bytes, bytes], bool]
"""Takes what was signed, and the signature."""

_ALGORITHMS = get_default_algorithms()
_HMAC = ("HS256", "HS384", "HS512")
_RSA = ("RS256", "RS384", "RS512")
_ECDSA = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


class KeysUnavailable(HubError):
    """The endpoint of the keys does not answer: nobody's fault here, and worth another try."""


class KeysAwaited(Exception):  # control flow: the work is to be done again after `fetch`
    """The key is being fetched; verify again when `fetch` is done."""

    def __init__(self, fetch: "asyncio.Future[None]") -> None:
        super().__init__("keys are being fetched")
        self.fetch = fetch


def hmac_keys(secret: str) -> dict[str, Verify]:
    """Return the checks that a shared secret allows."""
    return {name: check(name, secret.encode()) for name in _HMAC}


def public_keys(key: object) -> dict[str, Verify]:
    """Return the checks that a public key allows.

    Raises:
        ValueError: There is no algorithm for a key of its kind.
    """
    match key:
        case rsa.RSAPublicKey():
            return {name: check(name, key) for name in _RSA}
        case ec.EllipticCurvePublicKey() if key.curve.name in _ECDSA:  # the curve fixes it
            name = _ECDSA[key.curve.name]
            return {name: check(name, key)}
        case ed25519.Ed25519PublicKey():
            return {"EdDSA": check("EdDSA", key)}
    raise ValueError("neither an RSA key, nor on the curves P-256, P-384, P-521 or Ed25519")


def check(algorithm: str, key: object) -> Verify:
    """Return the check of an algorithm's signatures (RFC 7518, 3.1; RFC 8037, 3.1) with `key`."""
    verify = _ALGORITHMS[algorithm].verify
    return lambda signed, signature: verify(signed, key, signature)


def from_pem(pem: str, *, kind: type) -> dict[str, Verify]:
    """Return the checks that a public key in PEM allows.

    Raises:
        ValueError: It is no such key.
    """
    try:
        key = load_pem_public_key(pem.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    if not isinstance(key, kind):
        raise ValueError("a public key of another kind")
    return public_keys(key)


class Jwk(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key of a JWK set (RFC 7517), without what would make it a private one."""

    kty: str
    kid: str | None = None
    use: str | None = None
    crv: str = ""
    n: str = ""
    e: str = ""
    x: str = ""
    y: str = ""


class JwkSet(msgspec.Struct, frozen=True):
    """What a JWKS endpoint answers. Keys of kinds we do not know are left out, not refused."""

    keys: list[Jwk]


def from_jwk(jwk: Jwk) -> dict[str, Verify]:
    """Return the checks that a key of a JWK set allows; none if it is of no use to us."""
    if jwk.kty not in ("RSA", "EC", "OKP"):
        return {}
    try:
        return public_keys(PyJWK(msgspec.to_builtins(jwk)).key)
    except (PyJWTError, ValueError, UnsupportedAlgorithm) as error:
        log.warning("unusable key in JWKS", extra={"kid": jwk.kid, "error": str(error)})
        return {}


class Jwks:
    """The keys at an endpoint, fetched when needed and kept for a while.

    A key that is not known may be new, so it is looked for again, but not more often than
    `retry_after`: strangers cannot make us ask without end.

    Args:
        url: Where the JWK set is, over http or https.
        ttl: Seconds that keys are believed without asking again.
        retry_after: Seconds between questions, at least.
        timeout: Seconds that the endpoint may take to answer.
    """

    MAX_BYTES = 1_048_576

    def __init__(
        self, url: str, *, ttl: float = 3600, retry_after: float = 10, timeout: float = 5
    ) -> None:
        self._url = url
        self._ttl = ttl
        self._retry_after = retry_after
        self._timeout = timeout
        self._keys: dict[str, dict[str, Verify]] = {}
        self._fetched = float("-inf")
        self._asked = float("-inf")
        self._fetch: asyncio.Task[None] | None = None

    def find(self, kid: str | None, algorithm: str, *, now: float) -> Verify:
        """Return the check for a key and an algorithm.

        Raises:
            KeysAwaited: The keys must be fetched first, which has begun.
            KeysUnavailable: They could not be fetched a moment ago.
            InvalidToken: There is no such key.
        """
        if not kid:
            raise InvalidToken("names no key")
        stale = now - self._fetched > self._ttl
        if (stale or kid not in self._keys) and now - self._asked >= self._retry_after:
            self._asked = now
            self._fetch = asyncio.ensure_future(self._refresh(now))
        if kid not in self._keys or stale:
            if self._fetch is not None and not self._fetch.done():
                raise KeysAwaited(self._fetch)
            if stale and kid not in self._keys:
                raise KeysUnavailable("the endpoint of the keys does not answer")
        verify = self._keys.get(kid, {}).get(algorithm)
        if verify is None:
            raise InvalidToken(f"no key {kid!r} for algorithm {algorithm!r}")
        return verify

    async def _refresh(self, now: float) -> None:
        try:
            keys = await asyncio.to_thread(self._download)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            log.warning("cannot fetch JWKS", extra={"url": self._url, "error": str(error)})
            return
        self._keys = {jwk.kid: from_jwk(jwk) for jwk in keys if jwk.kid and jwk.use != "enc"}
        self._fetched = now

    def _download(self) -> list[Jwk]:
        request = urllib.request.Request(self._url, headers={"Accept": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=self._timeout) as answer:  # noqa: S310
            body = answer.read(self.MAX_BYTES)
        return msgspec.json.decode(body, type=JwkSet).keys
