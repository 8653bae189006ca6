"""Tokens in, grants out: JSON Web Tokens (RFC 7519), verified and nothing more.

The three-part form is parsed here, since a general library costs ten times the signature itself;
the signatures are `hmac`'s and `cryptography`'s. Algorithms come from the configured keys, never
from the token: a token whose header names another one is invalid.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from .hub.errors import Expired, InvalidToken, TokenExpired

Verify = Callable[[bytes, bytes], bool]
"""Takes what was signed and the signature."""

MAX_TOKEN_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOptions:
    """Which tokens are believed."""

    hmac_secret_key: str = ""
    """Secret for HS256, HS384 and HS512."""
    audience: str = ""
    """What `aud` must contain; empty for anything."""
    audience_regex: str = ""
    """What (a part of) `aud` must match."""
    issuer: str = ""
    """What `iss` must be."""
    issuer_regex: str = ""
    """What (a part of) `iss` must match."""
    user_id_claim: str = ""
    """The claim that names the user; `sub` when empty."""


class Flag(msgspec.Struct, frozen=True):
    """An option overridden by a token."""

    value: bool = False


class Override(msgspec.Struct, frozen=True):
    """Channel options which a token sets for its bearer."""

    presence: Flag | None = None
    join_leave: Flag | None = None
    force_recovery: Flag | None = None
    force_positioning: Flag | None = None
    force_push_join_leave: Flag | None = None


class ServerSubscription(msgspec.Struct, frozen=True):
    """A channel to which a token subscribes its bearer, on the server's side."""

    info: msgspec.Raw = msgspec.Raw()
    b64info: str = ""
    data: msgspec.Raw = msgspec.Raw()
    b64data: str = ""
    override: Override | None = None


class Claims(msgspec.Struct, frozen=True):
    """What a token may say."""

    sub: str | None = None
    exp: float | str | None = None
    nbf: float | str | None = None
    expire_at: int | None = None
    aud: str | list[str] | None = None
    iss: str | None = None
    info: msgspec.Raw = msgspec.Raw()
    b64info: str | None = None
    channel: str | None = None
    channels: list[str] | None = None
    subs: dict[str, ServerSubscription | None] | None = None
    data: msgspec.Raw = msgspec.Raw()
    b64data: str | None = None
    override: Override | None = None


class Header(msgspec.Struct, frozen=True):
    """What a token says about its signature."""

    alg: str
    kid: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a connection token allows."""

    user: str
    expires: float | None = None
    """When the connection must have been refreshed; None for never."""
    info: bytes = b""
    """JSON shown to others in presence."""
    subscriptions: Mapping[str, ServerSubscription] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubscriptionGrant:
    """What a subscription token allows: one channel to one user."""

    user: str
    channel: str
    expires: float | None = None
    info: bytes = b""
    data: bytes = b""
    override: Override | None = None


class Verifier:
    """Checks tokens against one set of keys."""

    def __init__(self, options: TokenOptions) -> None:
        self._options = options
        self._keys = static_keys(options)
        self._headers: dict[bytes, Verify] = {}  # the same few headers come again and again
        self._decoder = msgspec.json.Decoder(Claims)

    def connection(self, token: str, *, now: float) -> Grant:
        """Return what a connection token grants.

        Raises:
            InvalidToken: Malformed, not signed by us, or not meant for this.
            TokenExpired: No longer, or not yet, valid.
            Expired: Valid, but the connection it grants is over.
        """
        claims = self._verified(token, now=now)
        if claims.channel is not None:
            raise InvalidToken("a subscription token cannot connect")
        expires = expiry(claims)
        if expires is not None and expires <= now:
            raise Expired("the time granted to the connection is over")
        if claims.subs is not None:
            subs = {name: sub or ServerSubscription() for name, sub in claims.subs.items()}
        else:
            subs = dict.fromkeys(claims.channels or (), ServerSubscription())
        return Grant(claims.sub or "", expires, payload(claims.info, claims.b64info), subs)

    def subscription(self, token: str, *, now: float) -> SubscriptionGrant:
        """Return what a subscription token grants. Raises as `connection` does."""
        claims = self._verified(token, now=now)
        if not claims.channel:
            raise InvalidToken("a subscription token names its channel")
        expires = expiry(claims)
        if expires is not None and expires <= now:
            raise Expired("the time granted to the subscription is over")
        return SubscriptionGrant(
            claims.sub or "",
            claims.channel,
            expires,
            payload(claims.info, claims.b64info),
            payload(claims.data, claims.b64data),
            claims.override,
        )

    def _verified(self, token: str, *, now: float) -> Claims:
        raw = token.encode()
        if len(raw) > MAX_TOKEN_BYTES:
            raise InvalidToken("too long")
        signed, dot, signature = raw.rpartition(b".")
        header, _, body = signed.partition(b".")
        verify = self._headers.get(header) or self._remember(header)
        if not dot or not verify(signed, b64decode(signature)):
            raise InvalidToken("wrong signature")
        claims = self._claims(b64decode(body))
        self._check_parties(claims)
        if (expires := numeric_date(claims.exp)) is not None and expires <= now:
            raise TokenExpired("the token has expired")
        if (begins := numeric_date(claims.nbf)) is not None and begins > now:
            raise TokenExpired("the token is not valid yet")
        return claims

    def _remember(self, header: bytes) -> Verify:
        try:
            parsed = msgspec.json.decode(b64decode(header), type=Header)
        except (msgspec.MsgspecError, RecursionError):
            raise InvalidToken("malformed header") from None
        verify = self._keys.get(parsed.alg)
        if verify is None:
            raise InvalidToken(f"no key is configured for algorithm {parsed.alg!r}")
        if len(self._headers) < 1000:
            self._headers[header] = verify
        return verify

    def _claims(self, body: bytes) -> Claims:
        try:
            claims = self._decoder.decode(body)
            if self._options.user_id_claim:
                user = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
                raw = user.get(self._options.user_id_claim, msgspec.Raw(b'""'))
                claims = msgspec.structs.replace(claims, sub=msgspec.json.decode(raw, type=str))
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise InvalidToken(f"malformed claims: {error}") from None
        if not body.isascii():
            check_unicode(body)
        return claims

    def _check_parties(self, claims: Claims) -> None:
        options = self._options
        audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud or []
        if options.audience and options.audience not in audience:
            raise InvalidToken("meant for another audience")
        if options.audience_regex and not any(
            re.search(options.audience_regex, each) for each in audience
        ):
            raise InvalidToken("meant for another audience")
        if options.issuer and claims.iss != options.issuer:
            raise InvalidToken("from another issuer")
        if options.issuer_regex and not re.search(options.issuer_regex, claims.iss or ""):
            raise InvalidToken("from another issuer")


def static_keys(options: TokenOptions) -> dict[str, Verify]:
    """Return how to verify each algorithm for which a key is configured."""
    keys: dict[str, Verify] = {}
    if options.hmac_secret_key:
        secret = options.hmac_secret_key.encode()
        for bits in (256, 384, 512):
            keys[f"HS{bits}"] = hmac_check(secret, f"sha{bits}")
    return keys


def hmac_check(secret: bytes, digest: str) -> Verify:
    """Return a check for one HMAC algorithm (RFC 7518, 3.2)."""

    def verify(signed: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(secret, signed, digest), signature)

    return verify


def b64decode(text: bytes) -> bytes:
    """Decode base64url without padding (RFC 7515, 2)."""
    try:
        return binascii.a2b_base64(
            text.replace(b"-", b"+").replace(b"_", b"/") + b"=" * (-len(text) % 4),
            strict_mode=True,
        )
    except binascii.Error:
        raise InvalidToken("not base64url") from None


def check_unicode(text: bytes) -> None:
    """Refuse what could not be passed on as text."""
    try:
        text.decode()
    except UnicodeDecodeError:
        raise InvalidToken("claims are not UTF-8") from None


def numeric_date(value: float | str | None) -> float | None:
    """Return a NumericDate (RFC 7519, 2), which some issuers write as text; None for none."""
    try:
        number = float(value) if value is not None else None
    except ValueError:
        raise InvalidToken("malformed time") from None
    if number is not None and not -1e15 < number < 1e15:  # nor is NaN a time
        raise InvalidToken("malformed time")
    return number


def expiry(claims: Claims) -> float | None:
    """Return when what the token grants ends: `expire_at`, where 0 means never, else `exp`."""
    if claims.expire_at is not None:
        return float(claims.expire_at) or None
    return numeric_date(claims.exp)


def payload(raw: msgspec.Raw, b64: str | None) -> bytes:
    """Return a payload given as JSON or as JSON in base64, on one line; empty for none."""
    if b64:
        try:
            decoded = base64.b64decode(b64, validate=True)
            msgspec.json.decode(decoded, type=msgspec.Raw)
        except (binascii.Error, msgspec.MsgspecError, RecursionError, ValueError):
            raise InvalidToken("payload is not JSON in base64") from None
        check_unicode(decoded)
        return decoded.replace(b"\n", b"")
    data = bytes(raw)
    return b"" if data == b"null" else data.replace(b"\n", b"")
