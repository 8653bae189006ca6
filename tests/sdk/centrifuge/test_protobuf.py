"""Official SDKs that speak Protobuf learn that it is not spoken here, and give up."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_process import GatewayProcess

from .backstage import FILES

REASON = "not available: this server speaks JSON, not Protobuf"
GO_MODULE = "github.com/centrifugal/centrifuge-go@v0.10.4"
GO_PROGRAM = """
package main

import ("fmt"; "os"; "time"; "github.com/centrifugal/centrifuge-go")

func main() {
	client := centrifuge.NewProtobufClient(os.Args[1], centrifuge.Config{Token: "any"})
	attempts := 0
	client.OnConnecting(func(centrifuge.ConnectingEvent) {
		if attempts++; attempts > 3 { fmt.Println("0 comes back for ever"); os.Exit(0) }
	})
	client.OnDisconnected(func(event centrifuge.DisconnectedEvent) {
		fmt.Println(event.Code, event.Reason); os.Exit(0)
	})
	client.Connect()
	time.Sleep(20 * time.Second)
}
"""


def output_of(*command: str, folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("transport", "path"),
    [
        ("websocket", "ws://{}/connection/websocket"),
        ("http_stream", "http://{}/connection/http_stream"),
    ],
)
def test_the_javascript_build_gives_up_and_shows_why(
    gateway: GatewayProcess, transport: str, path: str
) -> None:
    address = path.format(f"127.0.0.1:{gateway.port}")
    told: dict[str, Any] = json.loads(
        output_of("node", "protobuf.mjs", transport, address, folder=FILES)
    )
    assert (told.get("code"), told.get("reason")) == (3508, REASON)
    assert re.search(r'client refused reason="Protobuf is not spoken here', gateway.log)


@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed")
def test_the_go_client_gives_up_and_shows_why(gateway: GatewayProcess, tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(GO_PROGRAM)
    output_of("go", "mod", "init", "example.org/probe", folder=tmp_path)
    got = subprocess.run(["go", "get", GO_MODULE], cwd=tmp_path, capture_output=True, check=False)
    if got.returncode:
        pytest.skip(f"Go cannot get {GO_MODULE}")
    address = f"ws://127.0.0.1:{gateway.port}/connection/websocket"
    assert output_of("go", "run", ".", address, folder=tmp_path) == f"3508 {REASON}\n"
