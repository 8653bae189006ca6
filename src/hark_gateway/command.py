"""What the command `hark-gateway` does."""

import argparse
import asyncio
import gc
import os
import signal
import sys
from pathlib import Path

import uvloop
import yaml

from . import __version__, logs
from .config import Config
from .moving import for_centrifugo
from .server import Gateway
from .sources import PREFIX, ConfigError, as_settings, load

ACTIONS = ("run", "check-config", "print-config", "print-centrifugo-config")
COMMANDS = """\
commands:
  run           serve until told to stop (the default)
  check-config  say whether the configuration is right, and stop
  print-config  print every option as it would take effect, secrets covered, and stop
  print-centrifugo-config
                print a file for Centrifugo that does the same, without secrets, and stop
"""


def main() -> None:
    """Do what the command line says."""
    arguments = parser().parse_args()
    try:
        config = load(arguments.config, os.environ)
    except ConfigError as error:
        sys.exit("\n".join(f"hark-gateway: {fault}" for fault in error.faults))
    if arguments.command == "check-config":
        sys.stdout.write("The configuration is right.\n")
    elif arguments.command == "print-config":
        sys.stdout.write(yaml.safe_dump(as_settings(config), sort_keys=False))
    elif arguments.command == "print-centrifugo-config":
        sys.stdout.write(yaml.safe_dump(for_centrifugo(config), sort_keys=False))
    else:
        run(config)


def parser() -> argparse.ArgumentParser:
    """Return the command's options."""
    made = argparse.ArgumentParser(
        prog="hark-gateway",
        description="Holds browsers' connections and brings them what is published.",
        epilog=f"{COMMANDS}\nOptions come from the file and from {PREFIX}… variables, which win:"
        f"\nclient.token.hmac_secret_key is {PREFIX}CLIENT_TOKEN_HMAC_SECRET_KEY.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("command", nargs="?", default="run", choices=ACTIONS)
    made.add_argument("--config", type=Path, metavar="FILE", help="a JSON, YAML or TOML file")
    made.add_argument("--version", action="version", version=__version__)
    return made


def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    logs.configure(config.log.level)
    try:
        uvloop.run(serve(config))
    except OSError as error:
        http = config.http_server
        sys.exit(f"hark-gateway: cannot listen on {http.address}:{http.port}: {error.strerror}")


async def serve(config: Config) -> None:
    """Run a gateway until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gateway = Gateway(config)
    await gateway.start()
    collect_seldom()
    await stop.wait()
    await gateway.stop()


def collect_seldom() -> None:
    """Keep the garbage collector from walking through every connection again and again.

    What connections leave behind is freed by counting references; cycles are rare.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
