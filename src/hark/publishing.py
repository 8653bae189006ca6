"""publish(): an application's own events, to whoever listens to a channel."""

import logging
import queue
import threading
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from hark.backends import backend
from hark.backends.base import BackendError, Publication
from hark.channels import Channel, application_channel
from hark.exceptions import NotSerializable, TooLarge
from hark.facts import MAX_BYTES
from hark.jobs.publication import Publish
from hark.plain import NotPlain, plain, size
from hark.wake import database

WAITING = 1000
"""Ephemeral events that may wait for the backend; what comes on top is dropped."""

logger = logging.getLogger(__name__)


def publish(channel: Channel | str, event: Mapping[str, Any], *, ephemeral: bool = False) -> None:
    """Publish an event once the present transaction is committed.

    Args:
        channel: A Channel, or its name written `namespace:key`.
        event: A JSON object; dates, UUIDs and decimals become text.
        ephemeral: For what is worthless a moment later, such as "is typing": straight to the
            backend, at most once, never kept for those who are away, and nothing waits for it.
            Otherwise it takes the outbox: at least
            once, in order within its channel, whatever crashes.

    Raises:
        BadChannel: The name is none, or is an inbox, which only notifications reach.
        UnknownNamespace: Nobody declared by `@channel` who may listen.
        NotSerializable: The event is no JSON object.
        TooLarge: It takes more than 32 KiB as JSON in UTF-8.
    """
    to = application_channel(channel)
    data = _data(event)
    if ephemeral:
        publication = Publication(channel=to, data=data, ephemeral=True)
        transaction.on_commit(lambda: _courier.send(publication), using=database(), robust=True)
        return
    Publish.owe(str(to), data)


def _data(event: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(event, Mapping):
        raise NotSerializable("the event", event)
    try:
        data = plain(dict(event))
    except NotPlain as error:
        raise NotSerializable("the event", event, str(error)) from error
    if (taken := size(data)) > MAX_BYTES:
        raise TooLarge("the event", taken, MAX_BYTES)
    return data


class _Courier:
    """A thread that publishes ephemeral events, so that no request waits for the backend."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Publication] = queue.Queue(WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def send(self, publication: Publication) -> None:
        with self._lock:  # started late, since a thread does not survive a server's fork
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="hark-courier", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(publication)
        except queue.Full:
            logger.warning("An ephemeral event for %s was dropped", publication.channel)

    def _run(self) -> None:
        while True:
            publication = self._waiting.get()
            error: BackendError | None
            try:
                (error,) = backend().publish([publication])
            except BackendError as failure:
                error = failure
            if error is not None:
                logger.warning("An ephemeral event for %s was lost: %s", publication.channel, error)


_courier = _Courier()
