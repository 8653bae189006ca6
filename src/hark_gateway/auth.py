"""Tokens in, grants out: JSON Web Tokens (RFC 7519).

The three parts and the claims are read here, for a fifth of what a general library takes
(docs/decisions/0005-tokens-are-parsed-here.md); keys and signatures are in `keys`.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from . import clock
from .hub.errors import BadRequest, Expired, InvalidToken, TokenExpired
from .hub.payload import check, one_line
from .keys import Jwks, Verify, from_pem, hmac_keys
from .revocations import Revocations

MAX_TOKEN_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOptions:
    """Which tokens are believed."""

    hmac_secret_key: str = ""
    """Secret for HS256, HS384 and HS512."""
    hmac_previous_secret_key: str = ""
    """The secret before, believed as well while it is being replaced."""
    hmac_previous_secret_key_valid_until: int = 0
    """Until when, in seconds since the Unix epoch; 0 for as long as it is configured."""
    rsa_public_key: str = ""
    """Public key in PEM for RS256, RS384 and RS512."""
    ecdsa_public_key: str = ""
    """Public key in PEM for ES256, ES384 or ES512, as its curve has it."""
    jwks_public_endpoint: str = ""
    """URL of a JWK set. When set, the keys above are ignored and tokens must name a `kid`."""
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
    iat: float | str | None = None
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
    """Checks tokens against one set of keys, and against what was revoked.

    Args:
        revocations: Of all tokens, whichever keys they are signed with; None for new ones.
    """

    def __init__(self, options: TokenOptions, revocations: Revocations | None = None) -> None:
        self.revocations = Revocations() if revocations is None else revocations
        self._options = options
        self._keys = static_keys(options)
        before = options.hmac_previous_secret_key
        self._previous = hmac_keys(before) if before else {}
        url = options.jwks_public_endpoint
        self._jwks = Jwks(url) if url else None
        self._headers: dict[bytes, Header] = {}  # the same few headers come again and again
        self._decoder = msgspec.json.Decoder(Claims)

    def connection(self, token: str, *, now: float) -> Grant:
        """Return what a connection token grants.

        Raises:
            InvalidToken: Malformed, not signed by us, or not meant for this.
            TokenExpired: No longer, or not yet, valid; or revoked.
            Expired: Valid, but the connection it grants is over.
        """
        wall = now + clock.drift()
        claims = self._verified(token, now=wall)
        if claims.channel is not None:
            raise InvalidToken("a subscription token cannot connect")
        expires = expiry(claims)
        if expires is not None and expires <= wall:
            raise Expired("the time granted to the connection is over")
        if claims.subs is not None:
            subs = {name: sub or ServerSubscription() for name, sub in claims.subs.items()}
        else:
            subs = dict.fromkeys(claims.channels or (), ServerSubscription())
        for name in [name for name in subs if self._is_revoked(claims, name, wall)]:
            del subs[name]
        ends = clock.here(expires)
        return Grant(claims.sub or "", ends, payload(claims.info, claims.b64info), subs)

    def subscription(self, token: str, *, now: float) -> SubscriptionGrant:
        """Return what a subscription token grants. Raises as `connection` does."""
        wall = now + clock.drift()
        claims = self._verified(token, now=wall)
        if not claims.channel:
            raise InvalidToken("a subscription token names its channel")
        expires = expiry(claims)
        if expires is not None and expires <= wall:
            raise Expired("the time granted to the subscription is over")
        return SubscriptionGrant(
            claims.sub or "",
            claims.channel,
            clock.here(expires),
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
        parsed = self._headers.get(header) or self._parse(header)
        if not dot or not self._is_signed(parsed, signed, b64decode(signature), now):
            raise InvalidToken("wrong signature: is client.token that of the application?")
        claims = self._claims(b64decode(body))
        self._check_parties(claims)
        if (expires := numeric_date(claims.exp)) is not None and expires <= now:
            raise TokenExpired(f"the token has expired: {_age(claims, expires, now)}")
        if (begins := numeric_date(claims.nbf)) is not None and begins > now:
            text = f"in {begins - now:.0f} s, unless the clocks differ"
            raise TokenExpired(f"the token is not valid yet: {text}")
        if self._is_revoked(claims, claims.channel or "", now):
            raise TokenExpired("the token was revoked")
        return claims

    def _is_revoked(self, claims: Claims, channel: str, now: float) -> bool:
        """Tell whether a token was issued too early; it may be any age if it does not say."""
        revoked = self.revocations.issued_before(claims.sub or "", channel, now=now)
        return bool(revoked) and (numeric_date(claims.iat) or 0) < revoked

    def _parse(self, header: bytes) -> Header:
        try:
            parsed = msgspec.json.decode(b64decode(header), type=Header)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            raise InvalidToken("malformed header") from None
        if len(self._headers) < 1000:
            self._headers[header] = parsed
        return parsed

    def _is_signed(self, header: Header, signed: bytes, signature: bytes, now: float) -> bool:
        if self._key_for(header, now)(signed, signature):
            return True
        until = self._options.hmac_previous_secret_key_valid_until
        previous = self._previous.get(header.alg) if not until or now < until else None
        return previous is not None and previous(signed, signature)

    def _key_for(self, header: Header, now: float) -> Verify:
        if self._jwks is not None:
            return self._jwks.find(header.kid, header.alg, now=now - clock.drift())
        try:
            return self._keys[header.alg]
        except KeyError:
            raise InvalidToken(f"no key for the algorithm: {header.alg!r}") from None

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


def _age(claims: Claims, expires: float, now: float) -> str:
    """Return what tells a token that was kept too long from a clock that is wrong."""
    text = f"{now - expires:.0f} s ago"
    if (issued := numeric_date(claims.iat)) is None:
        return text
    return f"{text}, issued {now - issued:.0f} s ago; if it is new, the clocks differ by that"


def static_keys(options: TokenOptions) -> dict[str, Verify]:
    """Return how to verify each algorithm for which a key is configured.

    Raises:
        ValueError: A key is not what it is said to be.
    """
    keys: dict[str, Verify] = {}
    if options.hmac_secret_key:
        keys |= hmac_keys(options.hmac_secret_key)
    if options.rsa_public_key:
        keys |= from_pem(options.rsa_public_key, kind=rsa.RSAPublicKey)
    if options.ecdsa_public_key:
        keys |= from_pem(options.ecdsa_public_key, kind=ec.EllipticCurvePublicKey)
    return keys


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
    """Return a payload given as JSON or as JSON in base64, on one line; empty for none.

    It goes out to others with what its bearer publishes, so it must be fit for that.
    """
    data = decoded_payload(b64) if b64 else bytes(raw)
    try:
        check(data)
    except BadRequest as fault:
        raise InvalidToken(f"payload: {fault}") from None
    return b"" if data == b"null" and not b64 else one_line(data)


def decoded_payload(b64: str) -> bytes:
    """Return JSON given in base64."""
    try:
        decoded = base64.b64decode(b64, validate=True)
        msgspec.json.decode(decoded, type=msgspec.Raw)
    except (binascii.Error, msgspec.MsgspecError, RecursionError, ValueError):
        raise InvalidToken("payload is not JSON in base64") from None
    check_unicode(decoded)
    return decoded
