"""The command `hark-gateway`."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import uvloop

from . import __version__
from .config import Config
from .server import Gateway
from .sources import PREFIX, ConfigError, load


def main() -> None:
    """Run the gateway until it is told to stop."""
    arguments = parser().parse_args()
    try:
        config = load(arguments.config, os.environ)
    except ConfigError as error:
        sys.exit(f"hark-gateway: {error}")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    try:
        uvloop.run(serve(config))
    except OSError as error:
        http = config.http_server
        sys.exit(f"hark-gateway: cannot listen on {http.address}:{http.port}: {error.strerror}")


def parser() -> argparse.ArgumentParser:
    """Return the command's options."""
    made = argparse.ArgumentParser(
        prog="hark-gateway",
        description="Holds browsers' connections and brings them what is published.",
        epilog=f"Options come from the file and from {PREFIX}… variables, which win.",
    )
    made.add_argument("--config", type=Path, metavar="FILE", help="a JSON, YAML or TOML file")
    made.add_argument("--version", action="version", version=__version__)
    return made


async def serve(config: Config) -> None:
    """Run a gateway until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gateway = Gateway(config)
    await gateway.start()
    await stop.wait()
    await gateway.stop()


if __name__ == "__main__":
    main()
