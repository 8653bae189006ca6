"""PubNub's network, or anything that speaks its protocol; through the official SDK."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hark.backends.pubnub.backend import PubNubBackend

__all__ = ["PubNubBackend"]


def __getattr__(name: str) -> Any:
    """Import the backend when it is asked for: the SDK is an extra, the rest works without."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hark.backends.pubnub.backend import PubNubBackend  # noqa: PLC0415

    return PubNubBackend
