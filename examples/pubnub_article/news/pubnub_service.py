"""All that the application says to PubNub."""

import logging
from typing import Any

from django.conf import settings
from pubnub.exceptions import PubNubException
from pubnub.models.consumer.v3.channel import Channel
from pubnub.pnconfiguration import PNConfiguration
from pubnub.pubnub import PubNub

logger = logging.getLogger(__name__)

TOKEN_MINUTES = 60


class PubNubService:
    """Grants tokens to users and publishes to their channels."""

    @classmethod
    def client(cls) -> PubNub:
        """Return the server's own client, which holds the secret key."""
        configuration = PNConfiguration()
        configuration.publish_key = settings.PUBNUB["publish_key"]
        configuration.subscribe_key = settings.PUBNUB["subscribe_key"]
        configuration.secret_key = settings.PUBNUB["secret_key"]
        configuration.uuid = "server"
        configuration.origin = settings.PUBNUB["origin"]
        configuration.ssl = settings.PUBNUB["ssl"]
        configuration.enable_subscribe = False
        configuration.disable_config_locking = False
        return PubNub(configuration)

    @classmethod
    def channel_of(cls, user_id: int) -> str:
        return f"pn-noti-{user_id}"

    @classmethod
    def grant_token(cls, user_id: int) -> dict[str, Any] | None:
        """Return a token that lets a user read and empty their own channel, and its life."""
        name = cls.channel_of(user_id)
        pubnub = cls.client()
        try:
            envelope = (
                pubnub.grant_token()
                .channels([Channel.id(name).read().delete()])
                .authorized_uuid(name)
                .ttl(TOKEN_MINUTES)
                .sync()
            )
        except PubNubException as error:
            logger.error("PubNub granted no token: %s", error)
            return None
        token = envelope.result.token
        parsed = pubnub.parse_token(token)
        return {"token": token, "ttl": parsed["ttl"], "timestamp": parsed["timestamp"]}

    @classmethod
    def connect(cls, user_id: int) -> dict[str, Any] | None:
        """Return all that a user's page needs to listen, or None if PubNub grants nothing now."""
        granted = cls.grant_token(user_id)
        if granted is None:
            return None
        channel = cls.channel_of(user_id)
        name = str(user_id) if settings.PUBNUB["plain_user_id"] else channel
        keys = {key: settings.PUBNUB[key] for key in ("subscribe_key", "origin", "ssl")}
        return granted | keys | {"channel": channel, "user_id": name}

    @classmethod
    def publish(cls, user_id: int, message: dict[str, Any]) -> bool:
        """Send a message to a user; a failure is logged, and told by the answer."""
        publish = cls.client().publish().channel(cls.channel_of(user_id))
        try:
            publish.message([message]).use_post(True).sync()
        except PubNubException as error:
            logger.error("PubNub did not take a message: %s", error)
            return False
        return True
