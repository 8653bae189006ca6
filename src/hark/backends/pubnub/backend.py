"""PubNub's network, or anything that speaks its protocol; through the official SDK.

A channel `inbox:42` is `inbox.42` there. A token names the user and opens exactly their channels,
for reading only. Tokens are kept in the database until they expire, since PubNub revokes only what
it is shown: web processes grant them, and the relay revokes them when a session ends.
"""

import json
import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

try:
    from pubnub.exceptions import PubNubException
    from pubnub.models.consumer.v3.channel import Channel as Resource
    from pubnub.pnconfiguration import PNConfiguration
    from pubnub.pubnub import PubNub
except ModuleNotFoundError as missing:
    raise ImportError(
        "PubNubBackend needs PubNub's SDK, an extra: pip install 'django-hark[pubnub]'"
    ) from missing

from hark.backends.base import (
    Backend,
    Misconfigured,
    Publication,
    Refused,
    Unavailable,
)
from hark.backends.options import read
from hark.backends.pubnub.connect import PubNubConnectInfo, PubNubConnectSerializer
from hark.backends.pubnub.options import PubNubOptions
from hark.backends.pubnub.tokens import PubNubToken
from hark.channels import Channel, inbox_of
from hark.instants import now, stored

MAX_MESSAGE_BYTES = 32_768
"""PubNub's limit for a message with its channel's name."""
MAX_USER_ID = 92
MESSAGE_TYPE = "hark"
CONCURRENCY = 8
RETRYABLE = {408, 425, 429}


class PubNubBackend(Backend):
    """PubNub, hosted, or Hark's gateway with `pubnub.enabled`."""

    name = "pubnub"
    max_bytes = 64 * 1024
    token_ttl = 3600  # what PubNub's own documentation grants; it can be revoked meanwhile

    def __init__(self, options: Mapping[str, Any], *, timeout: float) -> None:
        self._options = read(PubNubOptions, options)
        self._client = PubNub(_configuration(self._options, timeout))
        self._pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="hark-pubnub")

    @classmethod
    def gateway_environment(cls, options: Mapping[str, Any]) -> dict[str, str]:
        return read(PubNubOptions, options).gateway_environment()

    @classmethod
    def connect_serializer(cls) -> type[PubNubConnectSerializer]:
        return PubNubConnectSerializer

    def publish(self, publications: Sequence[Publication]) -> list[Refused | None]:
        by_channel: dict[str, list[int]] = {}
        for number, each in enumerate(publications):
            by_channel.setdefault(spell(each.channel), []).append(number)
        outcomes: list[Refused | None] = [None] * len(publications)

        def publish_in_order(numbers: list[int]) -> None:
            for number in numbers:
                outcomes[number] = self._publish(publications[number])

        running = [self._pool.submit(publish_in_order, each) for each in by_channel.values()]
        wait(running)  # nothing may still be under way when the relay tries again
        for done in running:
            done.result()
        return outcomes

    def disconnect(self, user_id: str) -> None:
        for held in PubNubToken.objects.filter(user_id=user_id):
            self._revoke(held)

    def unsubscribe(self, user_id: str, channel: Channel) -> None:
        for held in PubNubToken.objects.filter(user_id=user_id):
            opened = self._client.parse_token(held.token)["resources"]["channels"]
            if spell(channel) in opened:
                self._revoke(held)

    def _revoke(self, held: PubNubToken) -> None:
        with suppress(Refused):  # it has expired meanwhile
            self._call(self._client.revoke_token(held.token).sync)
        held.delete()  # only now: whatever failed is tried again

    def connect_info(
        self, user_id: str, channels: Sequence[Channel], *, expires_at: datetime
    ) -> PubNubConnectInfo:
        names = [spell(channel) for channel in channels]
        token, expires = self._grant(user_id, names, expires_at)
        return PubNubConnectInfo(
            backend=self.name,
            token=token,
            expires_at=expires,
            channels=names,
            origin=self._options.origin,
            ssl=self._options.ssl,
            subscribe_key=self._options.subscribe_key,
            user_id=spell_user(user_id),
        )

    def subscription(self, user_id: str, channel: Channel, *, expires_at: datetime) -> str:
        # A client shows one token at a time, so this one opens the inbox as well.
        names = [spell(inbox_of(user_id)), spell(channel)]
        return self._grant(user_id, names, expires_at)[0]

    def ping(self) -> str:
        call = self._client.grant_token().channels([Resource.id("hark-ping").read()]).ttl(1)
        self._call(call.sync)
        return f"{self._options.origin}, {self._options.subscribe_key}"

    def close(self) -> None:
        self._pool.shutdown()
        self._client._request_handler.close()  # noqa: SLF001 (`stop` is only for subscribers)

    def _publish(self, publication: Publication) -> Refused | None:
        data = dict(publication.data)
        if _size(publication.channel, data) > MAX_MESSAGE_BYTES:
            data = shortened(data)
        call = (
            self._client.publish()
            .channel(spell(publication.channel))
            .message(data)
            .custom_message_type(MESSAGE_TYPE)
            .use_post(True)
        )
        if "modseq" in data:
            call = call.meta({"modseq": data["modseq"]})
        if publication.ephemeral:
            call = call.should_store(False)
        elif self._options.message_ttl:
            call = call.ttl(self._options.message_ttl)
        try:
            self._call(call.sync)
        except Refused as refusal:
            return refusal
        return None

    def _grant(
        self, user_id: str, names: Sequence[str], expires_at: datetime
    ) -> tuple[str, datetime]:
        """Return a token and when it expires: PubNub counts in minutes, so rarely to the second."""
        minutes = max(1, math.ceil((expires_at - now()).total_seconds() / 60))
        call = self._client.grant_token().channels([Resource.id(name).read() for name in names])
        # Two grants within a second would else be one token, and revoking the first end the second.
        call = call.meta({"id": secrets.token_hex(8)})
        token = self._call(call.authorized_uuid(spell_user(user_id)).ttl(minutes).sync).result.token
        parsed = self._client.parse_token(token)
        expires = datetime.fromtimestamp(parsed["timestamp"] + 60 * parsed["ttl"], UTC)
        PubNubToken.objects.filter(user_id=user_id, expires_at__lt=timezone.now()).delete()
        PubNubToken.objects.create(user_id=user_id, token=token, expires_at=stored(expires))
        return str(token), expires

    def _call(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except PubNubException as error:
            raise _translated(error) from error


def spell(channel: Channel) -> str:
    """Return a channel's name as PubNub allows it: `inbox.42`."""
    return f"{channel.namespace}.{channel.key}"


def spell_user(user_id: str) -> str:
    """Return a user's key as PubNub's user id, which may take 92 bytes."""
    fits = len(user_id.encode(errors="surrogatepass")) <= MAX_USER_ID
    return user_id if fits else inbox_of(user_id).key


def shortened(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a push too large to send as which items changed; clients fetch them.

    "You should hold this already" makes every client see that it missed something.
    """
    if not {"modseq", "items"} <= data.keys():
        return dict(data)
    changed = [{"id": item["id"], "modseq": item["modseq"]} for item in data["items"]]
    return {**data, "since": data["modseq"], "items": [], "changed": changed}


def _size(channel: Channel, data: Mapping[str, Any]) -> int:
    return len(json.dumps(data)) + len(spell(channel))


def _configuration(options: PubNubOptions, timeout: float) -> PNConfiguration:
    configuration = PNConfiguration()
    configuration.publish_key = options.publish_key
    configuration.subscribe_key = options.subscribe_key
    configuration.secret_key = options.secret_key
    configuration.user_id = options.user_id
    configuration.origin = options.origin
    configuration.ssl = options.ssl
    seconds = math.ceil(timeout)  # the SDK refuses fractions
    configuration.connect_timeout = seconds
    configuration.non_subscribe_request_timeout = seconds
    configuration.enable_subscribe = False  # it only speaks, and needs no threads to listen
    configuration.disable_config_locking = False
    return configuration


def _translated(error: PubNubException) -> Exception:
    """Return what an error of PubNub's means to the relay."""
    status, text = int(error.get_status_code() or 0), str(error)
    if status == 0 or status >= 500 or status in RETRYABLE:
        return Unavailable(text)
    if status in (401, 403, 404) or "Invalid Key" in text or "Invalid Subscribe Key" in text:
        return Misconfigured(f"PubNub refuses HARK['OPTIONS'] or lacks an add-on: {text}")
    if "Invalid Timestamp" in text:
        return Misconfigured(f"the clock of this machine is wrong: {text}")
    return Refused(text)
