"""CentrifugoBackend against a running gateway, where a contract for all backends says nothing."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from hark.backends import backend
from hark.backends.base import Publication, Refused
from hark.channels import Channel
from hark.models import Outbox
from hark.relay.lease import SingleRunner
from hark.relay.loop import Relay
from tests.contract.servers import Server, centrifugo


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Knows the namespaces inbox and article."""
    with centrifugo(tmp_path_factory.mktemp("gateway")) as server:
        yield server


@pytest.fixture(autouse=True)
def _reached(gateway: Server, settings: Any) -> None:
    settings.HARK = gateway.hark


def test_namespaces_that_the_server_does_not_know_are_found() -> None:
    assert backend().unknown(["inbox", "nowhere", "article"]) == ["nowhere"]


def test_a_refusal_for_want_of_a_namespace_says_what_to_do() -> None:
    to = Channel("nowhere", "1")
    (refusal,) = backend().publish([Publication(channel=to, data={})])
    assert isinstance(refusal, Refused)
    assert "channel.namespaces" in str(refusal)


def test_the_relays_log_and_the_doctor_name_it(
    transactional_db: None, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("hark.channels._policies", {"nowhere": lambda *_: True})
    Outbox.objects.create(kind="publication", subject="nowhere:1", payload={})
    Relay(backend(), SingleRunner()).work()
    assert "nowhere:1 failed: Refused: 102: unknown channel" in caplog.text
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("hark", "doctor", stdout=out, no_color=True)
    assert "!! backend: it refuses every channel of nowhere" in out.getvalue()
    assert "!! outbox: publication: nowhere:1 failed 1 times: Refused: 102" in out.getvalue()
