"""`python -m social.run.web`: the web server of `make run`, on one port of this machine.

Waitress reads requests in its main loop, and a thread gets one only when it is whole. So whoever
sends a head or a body slowly, or never ends it, keeps no thread from anybody. What they do keep, a
connection, they lose after REQUEST_SECONDS.
"""

import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

from social.wsgi import application

THREADS = 8
CONNECTIONS = 1000
IDLE_SECONDS = 30
REQUEST_SECONDS = 60.0
"""How long a request may take to arrive, from its first byte to its last."""


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection, and since when it has been sending its present request."""

    began_at: float | None = None

    def received(self, data: bytes) -> bool:
        alive: bool = super().received(data)
        if self.request is None:
            self.began_at = None
        elif self.began_at is None:
            self.began_at = time.monotonic()
        return alive


class Server(TcpWSGIServer):  # type: ignore[misc]
    channel_class = Channel

    def maintenance(self, now: float) -> None:
        """Close connections that are idle, or have been sending one request for too long."""
        super().maintenance(now)
        latest = time.monotonic() - REQUEST_SECONDS
        for channel in self.active_channels.values():
            if channel.began_at is not None and channel.began_at < latest:
                channel.will_close = True


def make_server(wsgi: Callable[..., Any], port: int) -> Server:
    """Return a server that listens on a port of 127.0.0.1."""
    return Server(
        wsgi,
        host="127.0.0.1",
        port=port,
        threads=THREADS,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=1,
        asyncore_use_poll=True,  # select() ends at 1,024 descriptors
        max_request_header_size=16 * 1024,
        # What is a little too long, the application refuses in its own words.
        max_request_body_size=2 * settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        # Whom to believe is for the settings to say.
        clear_untrusted_proxy_headers=False,
        ident=None,
    )


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = 3 * CONNECTIONS
    wanted = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    make_server(application, int(sys.argv[1])).run()


if __name__ == "__main__":
    main()
