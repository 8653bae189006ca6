"""A backend that keeps what it is told, and fails when told to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hark.backends.base import Backend, ConnectInfo, Publication, Refused
from hark.channels import Channel


class RecordingBackend(Backend):
    """Publications by channel; `failing` is raised, `refused` channels are refused."""

    name = "recording"
    max_bytes = 64 * 1024

    def __init__(self, options: Mapping[str, Any] | None = None, *, timeout: float = 1) -> None:
        self.published: dict[str, list[Any]] = {}
        self.disconnected: list[str] = []
        self.unsubscribed: list[tuple[str, str]] = []
        self.failing: Exception | None = None
        self.refused: set[str] = set()
        self.calls = 0

    def publish(self, publications: Sequence[Publication]) -> list[Refused | None]:
        self.calls += 1
        if self.failing:
            raise self.failing
        outcomes: list[Refused | None] = []
        for each in publications:
            if str(each.channel) in self.refused:
                outcomes.append(Refused("not this one"))
            else:
                self.published.setdefault(str(each.channel), []).append(each.data)
                outcomes.append(None)
        return outcomes

    def disconnect(self, user_id: str) -> None:
        if self.failing:
            raise self.failing
        self.disconnected.append(user_id)

    def unsubscribe(self, user_id: str, channel: Channel) -> None:
        if self.failing:
            raise self.failing
        self.unsubscribed.append((user_id, str(channel)))

    def connect_info(
        self, user_id: str, channels: Sequence[Channel], *, expires_at: datetime
    ) -> ConnectInfo:
        names = [str(each) for each in channels]
        return ConnectInfo(backend=self.name, token=user_id, expires_at=expires_at, channels=names)

    def subscription(self, user_id: str, channel: Channel, *, expires_at: datetime) -> str:
        return f"{user_id} {channel}"

    def close(self) -> None:
        pass

    def ping(self) -> str:
        if self.failing:
            raise self.failing
        return "recording"
