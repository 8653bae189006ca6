"""Who may do what in which channel, by the channel's options (Centrifugo's rules)."""

import re
from functools import lru_cache

from hark_gateway.hub.errors import BadRequest, NotPermitted
from hark_gateway.hub.options import ChannelOptions, Namespaces


def check_name(channel: str, options: ChannelOptions, namespaces: Namespaces) -> None:
    """Refuse names with characters that are not allowed.

    Raises:
        BadRequest: A character is not ASCII, or the namespace's own pattern does not match.
    """
    if options.channel_regex:
        head, boundary, rest = channel.partition(namespaces.rules.namespace_boundary)
        if not compiled(options.channel_regex).search(rest if boundary else head):
            raise BadRequest("channel name does not match channel_regex")
    elif not channel.isascii():
        raise BadRequest("channel names are ASCII")


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of the configuration, compiled once."""
    return re.compile(pattern)


def may_subscribe(user: str, channel: str, namespaces: Namespaces, *, insecure: bool) -> bool:
    """Tell whether `user` may subscribe without a token of its own for the channel."""
    if namespaces.is_private(channel):
        return False
    options = namespaces.options_for(channel)
    if options.allow_user_limited_channels:
        users = namespaces.users_of(channel)
        if users is not None:
            return bool(user) and user in users
    if options.allow_subscribe_for_client and (user or options.allow_subscribe_for_anonymous):
        return True
    return insecure


def require_publish(user: str, options: ChannelOptions, *, subscribed: bool) -> None:
    """Refuse a client that may not publish."""
    named = bool(user) or options.allow_publish_for_anonymous
    by_role = options.allow_publish_for_client or (
        subscribed and options.allow_publish_for_subscriber
    )
    if not (named and by_role):
        raise NotPermitted("publish")


def may_see_presence(user: str, options: ChannelOptions, *, subscribed: bool) -> bool:
    """Tell whether a client may ask who is there, and hear of joins and leaves."""
    named = bool(user) or options.allow_presence_for_anonymous
    return named and (
        options.allow_presence_for_client or (subscribed and options.allow_presence_for_subscriber)
    )


def may_read_history(user: str, options: ChannelOptions, *, subscribed: bool) -> bool:
    """Tell whether a client may read what is kept."""
    named = bool(user) or options.allow_history_for_anonymous
    return named and (
        options.allow_history_for_client or (subscribed and options.allow_history_for_subscriber)
    )
