"""Who may do what: keysets, the credentials of a request, and the rights that follow."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hark_gateway import clock
from hark_gateway.hub.turns import Steps

from . import names, signature, tokens
from .errors import (
    ACCESS_MANAGER,
    AnotherUser,
    Forbidden,
    PubNubError,
    ServiceError,
    access_refusal,
)
from .options import KeysetOptions
from .requests import Call, Malformed
from .storage import GrantKey, GrantStore, RevocationStore
from .tokens import BadToken, Permission, Token

_REMEMBERED = 50_000
"""Verified tokens that need not be verified again."""


class Keyset:
    """The keys of one application, and the tokens it has granted."""

    def __init__(self, options: KeysetOptions) -> None:
        self.publish_key = options.publish_key
        self.subscribe_key = options.subscribe_key
        self.secret_key = options.secret_key
        self.access_manager = options.access_manager
        self.token_key = tokens.signing_key(options.secret_key, options.subscribe_key)
        self._verified: dict[str, Token] = {}

    def token(self, text: str) -> Token:
        """Verify a token, whether or not it has expired or been revoked.

        Raises:
            BadToken: It was not granted here.
        """
        token = self._verified.get(text)
        if token is None:
            token = tokens.decode(text, self.token_key)
            if len(self._verified) >= _REMEMBERED:
                del self._verified[next(iter(self._verified))]
            self._verified[text] = token
        return token

    def is_signed(self, call: Call) -> bool:
        """Return whether the holder of the secret key signed this very request, just now.

        Raises:
            PubNubError: The clock of the signer is wrong.
        """
        if not self.secret_key:
            return False
        valid = signature.is_valid(
            self.secret_key,
            self.publish_key,
            self.subscribe_key,
            method=call.method,
            path=call.request.path.decode("ascii"),
            query=call.query,
            body=call.body,
        )
        if valid and abs(_timestamp(call) - call.now - clock.drift()) > signature.MAX_AGE:
            raise ServiceError(400, "Invalid Timestamp", ACCESS_MANAGER)
        return valid


def _timestamp(call: Call) -> float:
    try:
        return call.integer("timestamp") or 0
    except Malformed:
        return 0


@dataclass(slots=True)
class AuthKey:
    """A key in the sense of version 2, empty if none was shown, and what was granted to it."""

    grants: GrantStore
    subscribe_key: str
    text: str
    now: float

    def allows(self, kind: str, name: str, permission: Permission) -> bool:
        """Return whether the key, or everybody, may do that with this name, or with all."""
        return bool(self.grants.bits(self._keys(kind, name), now=self.now) & permission)

    def _keys(self, kind: str, name: str) -> Iterator[GrantKey]:
        wider = names.wildcards_of(name) if kind == "channels" else []
        resources = [(kind, each) for each in (name, *wider)]
        if kind != "uuids":
            resources.append(("", ""))
        for what in resources:
            yield GrantKey(self.subscribe_key, *what, "")
            if self.text:
                yield GrantKey(self.subscribe_key, *what, self.text)


@dataclass(slots=True)
class Rights:
    """What one request may do."""

    everything: bool = False
    token: Token | None = None
    auth_key: "AuthKey | None" = None

    def require(
        self, permission: Permission, channels: Iterable[str] = (), groups: Iterable[str] = ()
    ) -> None:
        """Check a permission on every name; even for no name at all, a token must be there.

        Raises:
            Forbidden: It is missing on some; the error names exactly those.
        """
        if self.everything:
            return
        refused = [name for name in channels if not self.allow(permission, "channels", name)]
        refused_groups = [name for name in groups if not self.allow(permission, "groups", name)]
        if refused or refused_groups or (self.token is None and self.auth_key is None):
            raise Forbidden(refused, refused_groups)

    def require_each(
        self, permission: Permission, channels: Iterable[str] = (), groups: Iterable[str] = ()
    ) -> Steps[None]:
        """Do as `require`, with any number of patterns tried on any number of names.

        Raises:
            Forbidden: As `require` does.
        """
        if self.everything:
            return
        refused: dict[str, list[str]] = {"channels": [], "groups": []}
        for kind, asked in (("channels", channels), ("groups", groups)):
            for name in asked:
                if not (yield from self.find_out(permission, kind, name)):
                    refused[kind].append(name)
                yield
        if any(refused.values()) or (self.token is None and self.auth_key is None):
            raise Forbidden(refused["channels"], refused["groups"])

    def find_out(self, permission: Permission, kind: str, name: str) -> Steps[bool]:
        """Do as `allow`, with any number of patterns."""
        if self.everything:
            return True
        if self.token is not None and (yield from self.token.find_out(kind, name, permission)):
            return True
        return self.auth_key is not None and self.auth_key.allows(kind, name, permission)

    def allow(self, permission: Permission, kind: str, name: str) -> bool:
        """Return whether the permission is there on one name; `kind` as in grants."""
        return (
            self.everything
            or (self.token is not None and self.token.allows(kind, name, permission))
            or (self.auth_key is not None and self.auth_key.allows(kind, name, permission))
        )

    def are_cleared_for(self, wish: object) -> bool:
        """Return whether it is known already that all of that may be subscribed to."""
        return self.everything or (self.token is not None and self.token.cleared is wish)

    def belong_to(self, uuid: str | None) -> bool:
        """Return whether the sender may speak as this user: its token names it, or it may all."""
        return self.everything or (
            self.token is not None and uuid is not None and self.token.uuid == uuid
        )


@dataclass(slots=True)
class Gatekeeper:
    """Finds the keyset and the rights of a request.

    Args:
        require_uuid: Refuse a token that was granted to another user.
        earliest: Refuse tokens granted before this whole second of Unix time.
    """

    revocations: RevocationStore
    grants: GrantStore
    keysets: dict[str, Keyset] = field(default_factory=dict)
    """By subscribe key."""
    require_uuid: bool = True
    earliest: int = 0

    def keyset(self, subscribe_key: str) -> Keyset:
        """Return the keyset of that subscribe key.

        Raises:
            ServiceError: There is none.
        """
        keyset = self.keysets.get(subscribe_key)
        if keyset is None:
            raise ServiceError(400, "Invalid Subscribe Key", ACCESS_MANAGER)
        return keyset

    def rights(self, keyset: Keyset, call: Call) -> Rights:
        """Return what a request may do, by its signature or else by its token or auth key.

        Raises:
            PubNubError: It shows a credential that is no good, or no longer, or not its own.
        """
        if not keyset.access_manager:
            return Rights(everything=True)
        if "signature" in call.query:
            if not keyset.is_signed(call):
                raise access_refusal("Signature does not match")
            return Rights(everything=True)
        text = call.get("auth") or ""
        auth_key = None
        if self.grants.concern(keyset.subscribe_key):
            auth_key = AuthKey(self.grants, keyset.subscribe_key, text, call.now)
        token = (
            self._valid(keyset, text, call, otherwise_key=auth_key is not None) if text else None
        )
        return Rights(token=token, auth_key=auth_key)

    def refusal(self, token: Token, now: float) -> PubNubError | None:
        """Return why a verified token is no longer good, if it is not."""
        if token.expires_at <= now:
            return access_refusal("Token is expired.")
        if token.signature in self.revocations or token.granted_at < self.earliest:
            return access_refusal("Token is revoked")
        return None

    def _valid(self, keyset: Keyset, text: str, call: Call, *, otherwise_key: bool) -> Token | None:
        """Return the token that `text` is; None if it may be an auth key."""
        try:
            token = keyset.token(text)
        except BadToken:
            if otherwise_key:
                return None
            raise access_refusal("Invalid token") from None
        if refusal := self.refusal(token, call.now):
            raise refusal
        if self.require_uuid and token.uuid is not None and token.uuid != call.uuid:
            raise AnotherUser(token.uuid, call.uuid)
        return token
