"""Options of the PubNub protocol, under `pubnub` in the configuration."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from hark_gateway.hub.options import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysetOptions:
    """Keys that clients show. All keysets reach the same channels."""

    publish_key: str = ""
    """Lets its holder ask to publish."""
    subscribe_key: str = ""
    """Names the keyset in every request."""
    secret_key: str = ""
    """For servers alone: signs requests, which may then do anything, and grants tokens."""
    access_manager: bool = True
    """Ask for a token, or a signature, in every request. False opens all channels to everyone."""


DEVELOPMENT = KeysetOptions(
    publish_key="pub-c-development",
    subscribe_key="sub-c-development",
    secret_key="sec-c-development",  # noqa: S106 (known to all, hence the name)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PubNubOptions:
    """The PubNub protocol, on the same port as all others."""

    enabled: bool = False
    """Answer PubNub's SDKs."""
    keysets: tuple[KeysetOptions, ...] = ()
    """Who may come; in the environment a JSON list."""
    development_keyset: bool = False
    """Let in pub-c-development, sub-c-development and sec-c-development; on loopback only."""
    require_uuid: bool = True
    """Refuse a token that names an authorized user when another user shows it."""
    refuse_earlier_tokens: bool = False
    """Refuse tokens granted before the start, unless storage_path keeps what was revoked till then;
    clients ask their server for new ones. `manage.py hark gateway` runs with it."""
    storage_path: str = ""
    """SQLite file for messages, actions, groups and revocations; empty keeps them in memory."""
    storage_max_bytes: int = 1 << 30
    """What they may take; when it is full, the oldest messages make room.
    What does not fit even so is refused with 503."""
    history_size: int = 1000
    """Messages kept in a channel; 0 keeps none."""
    history_ttl: Seconds = 7 * 86_400
    """How long a message is kept."""
    buffer_size: int = 100
    """Messages of a channel that a subscriber who was away is sent when it comes back."""
    buffer_ttl: Seconds = 1200
    """How long it may have been away."""
    hold_time: Seconds = 55
    """How long a poll waits for a message, at most; a fifth less, at least. Many proxies lose
    patience after a minute."""
    presence_announce_max: int = 20
    """Occupants up to which every coming and going has an event of its own."""
    presence_interval: Seconds = 10
    """Between the events of channels with more occupants."""
    max_message_bytes: int = 32_768
    """Longest message, with its channel's name."""
    max_channels: int = 2000
    """Names in one request."""
    max_groups: int = 10
    """Channel groups in one request."""

    @property
    def all_keysets(self) -> tuple[KeysetOptions, ...]:
        return (*self.keysets, DEVELOPMENT) if self.development_keyset else self.keysets

    def faults(self, address: str) -> list[str]:
        """Return what is wrong with these options for a server that listens on `address`."""
        if not self.enabled:
            return []
        keysets = self.all_keysets
        found = []
        if not keysets:
            found.append("pubnub.keysets: name at least one, or set pubnub.development_keyset")
        if len({each.subscribe_key for each in keysets}) < len(keysets):
            found.append("pubnub.keysets: each subscribe_key may stand once")
        for number, keyset in enumerate(self.keysets):
            where = f"pubnub.keysets[{number}]"
            if not keyset.publish_key or not keyset.subscribe_key:
                found.append(f"{where}: needs a publish_key and a subscribe_key")
            if keyset.access_manager and not keyset.secret_key:
                found.append(f"{where}: access_manager needs a secret_key; or set it to false")
        positive = ("buffer_size", "buffer_ttl", "hold_time", "presence_interval", "max_channels")
        too_small = [name for name in positive if getattr(self, name) <= 0]
        found += [f"pubnub.{name}: must be above 0" for name in too_small]
        if self.storage_path and not _is_writable(Path(self.storage_path)):
            found.append(f"pubnub.storage_path: {self.storage_path} cannot be written")
        if self.development_keyset and address not in ("127.0.0.1", "::1", "localhost"):
            found.append(
                "pubnub.development_keyset: its secret is known to all, so it only works with "
                "http_server.address 127.0.0.1"
            )
        return found


@dataclass(frozen=True, kw_only=True)
class PubNubSections:
    """Sections of the configuration that are this protocol's."""

    pubnub: PubNubOptions = field(default_factory=PubNubOptions)
    """The PubNub protocol."""


def _is_writable(path: Path) -> bool:
    """Return whether a file exists there that may be written, or may be made."""
    if path.exists():
        return path.is_file() and os.access(path, os.W_OK)
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)
