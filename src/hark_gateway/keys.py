"""The keys that tokens are verified with: from the configuration, or from a JWKS endpoint.

A key fixes its algorithms (RFC 7518); what a token's header says only chooses among them. So a
public key can never be taken for a shared secret, and `none` is no algorithm at all.
"""

import asyncio
import binascii
import hmac
import logging
import urllib.request
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from .hub.errors import HubError, InvalidToken

log = logging.getLogger(__name__)

Verify = Callable[[bytes, bytes], bool]
"""Takes what was signed, and the signature."""

HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
CURVES: Mapping[str, tuple[str, type[ec.EllipticCurve]]] = {
    "P-256": ("ES256", ec.SECP256R1),
    "P-384": ("ES384", ec.SECP384R1),
    "P-521": ("ES512", ec.SECP521R1),
}


class KeysUnavailable(HubError):
    """The endpoint of the keys does not answer: nobody's fault here, and worth another try."""


class KeysAwaited(Exception):  # control flow: the work is to be done again after `fetch`
    """The key is being fetched; verify again when `fetch` is done."""

    def __init__(self, fetch: "asyncio.Future[None]") -> None:
        super().__init__("keys are being fetched")
        self.fetch = fetch


def hmac_keys(secret: str) -> dict[str, Verify]:
    """Return the checks that a shared secret allows."""
    return {f"HS{bits}": hmac_check(secret.encode(), f"sha{bits}") for bits in HASHES}


def hmac_check(secret: bytes, digest: str) -> Verify:
    """Return a check of HMAC signatures (RFC 2104) made with `secret`."""

    def verify(signed: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(secret, signed, digest), signature)

    return verify


def rsa_keys(key: rsa.RSAPublicKey) -> dict[str, Verify]:
    """Return the checks that an RSA key allows."""
    return {f"RS{bits}": rsa_check(key, hashing()) for bits, hashing in HASHES.items()}


def rsa_check(key: rsa.RSAPublicKey, hashing: hashes.HashAlgorithm) -> Verify:
    """Return a check of PKCS #1 v1.5 signatures (RFC 8017, 8.2) made for `key`."""

    def verify(signed: bytes, signature: bytes) -> bool:
        return passes(lambda: key.verify(signature, signed, padding.PKCS1v15(), hashing))

    return verify


def ecdsa_keys(key: ec.EllipticCurvePublicKey) -> dict[str, Verify]:
    """Return the one check that an elliptic curve key allows: its curve fixes the algorithm."""
    for algorithm, curve in CURVES.values():
        if isinstance(key.curve, curve):
            return {algorithm: ecdsa_check(key, HASHES[algorithm[2:]]())}
    raise ValueError(f"curve {key.curve.name} is none of {', '.join(CURVES)}")


def ecdsa_check(key: ec.EllipticCurvePublicKey, hashing: hashes.HashAlgorithm) -> Verify:
    """Return a check of ECDSA signatures, written as RFC 7518, 3.4 has them."""
    half = (key.curve.key_size + 7) // 8  # RFC 7518, 3.4: two numbers of fixed length

    def verify(signed: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * half:
            return False
        numbers = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
        der = encode_dss_signature(*numbers)
        return passes(lambda: key.verify(der, signed, ec.ECDSA(hashing)))

    return verify


def eddsa_keys(key: ed25519.Ed25519PublicKey) -> dict[str, Verify]:
    """Return the check that an Ed25519 key allows (RFC 8037)."""
    return {"EdDSA": lambda signed, signature: passes(lambda: key.verify(signature, signed))}


def passes(check: Callable[[], None]) -> bool:
    """Tell whether `check` raises no InvalidSignature."""
    try:
        check()
    except InvalidSignature:
        return False
    return True


def from_pem(pem: str, *, kind: type) -> dict[str, Verify]:
    """Return the checks that a public key in PEM allows.

    Raises:
        ValueError: It is no such key.
    """
    try:
        key = load_pem_public_key(pem.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    if isinstance(key, kind):
        if isinstance(key, rsa.RSAPublicKey):
            return rsa_keys(key)
        if isinstance(key, ec.EllipticCurvePublicKey):
            return ecdsa_keys(key)
    raise ValueError("a public key of another kind")


class Jwk(msgspec.Struct, frozen=True):
    """One key of a JWK set (RFC 7517)."""

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
    try:
        if jwk.kty == "RSA":
            numbers = rsa.RSAPublicNumbers(integer(jwk.e), integer(jwk.n))
            return rsa_keys(numbers.public_key())
        if jwk.kty == "EC" and jwk.crv in CURVES:
            curve = CURVES[jwk.crv][1]()
            point = ec.EllipticCurvePublicNumbers(integer(jwk.x), integer(jwk.y), curve)
            return ecdsa_keys(point.public_key())
        if jwk.kty == "OKP" and jwk.crv == "Ed25519":
            return eddsa_keys(ed25519.Ed25519PublicKey.from_public_bytes(octets(jwk.x)))
    except (ValueError, binascii.Error) as error:
        log.warning("unusable key in JWKS", extra={"kid": jwk.kid, "error": str(error)})
    return {}


def octets(text: str) -> bytes:
    """Return what base64url (RFC 4648, 5) without padding stands for; ValueError if it is none."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def integer(text: str) -> int:
    """Return a big-endian number in base64url (RFC 7518, 2)."""
    return int.from_bytes(octets(text))


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
