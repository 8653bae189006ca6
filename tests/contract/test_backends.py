"""Our own backends, held against the contract that others hold theirs against."""

from typing import Any

import pytest

from hark.testing import BackendContract, Screen
from tests.contract.servers import Server


@pytest.mark.django_db(transaction=True)
class TestBackend(BackendContract):
    """With PubNub's, clients ask the database for tokens."""

    @pytest.fixture(autouse=True)
    def _running(self, running_server: Server) -> None:
        self.server = running_server
        self.hark = running_server.hark
        self.wrong = running_server.wrong
        self.unreachable = running_server.unreachable
        self.refused = running_server.refused

    def screen(self, user: Any) -> Screen:
        return self.server.screen(user)

    def kill(self) -> None:
        self.server.kill()

    def start(self) -> None:
        self.server.start()
