"""The oldest 6.x of the Python SDK through what an application of its time used: PORT."""

import queue
import sys

from pubnub.callbacks import SubscribeCallback
from pubnub.enums import PNReconnectionPolicy, PNStatusCategory
from pubnub.exceptions import PubNubException
from pubnub.models.consumer.v3.channel import Channel
from pubnub.pnconfiguration import PNConfiguration
from pubnub.pubnub import PubNub

PATIENCE = 20


class Ear(SubscribeCallback):
    """Keeps what it hears."""

    def __init__(self):
        self.heard = queue.Queue()

    def status(self, pubnub, status):
        self.heard.put(("status", status))

    def message(self, pubnub, message):
        self.heard.put(("message", message))

    def presence(self, pubnub, presence):
        self.heard.put(("presence", presence))

    def next(self, kind):
        while True:
            found, what = self.heard.get(timeout=PATIENCE)
            if found == kind:
                return what


def client(port, user, secret_key=None):
    configuration = PNConfiguration()
    configuration.publish_key, configuration.subscribe_key = "pub-c-1", "sub-c-1"
    configuration.secret_key = secret_key
    configuration.uuid = user
    configuration.origin, configuration.ssl = f"127.0.0.1:{port}", False
    configuration.daemon = True
    configuration.reconnect_policy = PNReconnectionPolicy.LINEAR
    return PubNub(configuration)


def refusal_of(call):
    """Return what the SDK says when a call is refused, as it must be."""
    try:
        call.sync()
    except PubNubException as refusal:
        return str(refusal)
    raise AssertionError("was allowed without a token")


def play(port):
    server = client(port, "server", "sec-c-1")
    granted = server.grant_token().ttl(60).authorized_uuid("room-6")
    resources = [
        Channel.id("room-6").read().write().delete(),
        Channel.id("room-6-pnpres").read(),
    ]
    token = granted.channels(resources).sync().result.get_token()
    assert server.parse_token(token)["ttl"] == 60

    reader, ear = client(port, "room-6"), Ear()
    assert "Access Manager" in refusal_of(reader.history().channel("room-6"))
    reader.set_token(token)
    reader.add_listener(ear)
    reader.subscribe().channels("room-6").with_presence().execute()
    assert ear.next("status").category == PNStatusCategory.PNConnectedCategory
    assert ear.next("presence").uuid == "room-6"

    server.publish().channel("room-6").message([{"n": 1}]).use_post(True).sync()
    assert ear.next("message").message == [{"n": 1}]
    server.publish().channel("room-6").message("a/b + ü").meta({"k": "v w"}).sync()
    assert ear.next("message").message == "a/b + ü"

    found = reader.fetch_messages().channels(["room-6"]).sync().result.channels["room-6"]
    assert [item.message for item in found] == [[{"n": 1}], "a/b + ü"]
    assert reader.here_now().channels(["room-6"]).sync().result.total_occupancy == 1
    reader.delete_messages().channel("room-6").sync()
    assert not reader.fetch_messages().channels(["room-6"]).sync().result.channels
    assert len(str(int(reader.time().sync().result))) == 17


if __name__ == "__main__":
    play(sys.argv[1])
    print("done")  # noqa: T201
