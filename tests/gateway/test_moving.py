"""The file with which one moves to Centrifugo."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from hark_gateway.moving import for_centrifugo
from hark_gateway.sources import load

ENVIRONMENT = {
    "HARK_GATEWAY_CLIENT_ALLOWED_ORIGINS": "*://[::1]:* https://App.example",
    "HARK_GATEWAY_CLIENT_AWAIT_REVOCATIONS": "true",
    "HARK_GATEWAY_CLIENT_TOKEN_HMAC_SECRET_KEY": "hidden",
    "HARK_GATEWAY_CHANNEL_NAMESPACES": '[{"name":"inbox","history_size":9,"history_ttl":"5m"}]',
    "HARK_GATEWAY_CHANNEL_OTHER_NAMESPACES_ENABLED": "true",
    "HARK_GATEWAY_HTTP_API_KEY": "hidden",
    "HARK_GATEWAY_HTTP_SERVER_PORT": "9001",
    "HARK_GATEWAY_PUBNUB_ENABLED": "true",
    "HARK_GATEWAY_PUBNUB_DEVELOPMENT_KEYSET": "true",
    "HARK_GATEWAY_SHUTDOWN_TIMEOUT": "3s",
}


def test_it_has_what_differs_and_neither_secrets_nor_what_is_not_centrifugos() -> None:
    assert for_centrifugo(load(None, ENVIRONMENT)) == {
        "client": {"allowed_origins": [r"*://\[::1\]:*", "https://app.example"]},
        "channel": {"namespaces": [{"name": "inbox", "history_size": 9, "history_ttl": "5m"}]},
        "http_server": {"address": "127.0.0.1", "port": 9001},
        "health": {"enabled": True},
    }


@pytest.mark.skipif(shutil.which("centrifugo") is None, reason="Centrifugo is not on the PATH")
def test_centrifugo_takes_it(tmp_path: Path) -> None:
    file = tmp_path / "centrifugo.yaml"
    file.write_text(yaml.safe_dump(for_centrifugo(load(None, ENVIRONMENT))))
    checked = subprocess.run(
        ["centrifugo", "checkconfig", "-c", str(file)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "unknown" not in checked.stdout + checked.stderr
