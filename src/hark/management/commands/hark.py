"""`manage.py hark …`: the processes that Hark needs, and a look at how they are."""

import logging
import os
import signal
import sys
from datetime import timedelta
from typing import Any

from django.conf import settings as project
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections
from django.utils import timezone

from hark import prune
from hark.backends import backend
from hark.backends.base import BackendError
from hark.backends.embedded import NoGateway
from hark.conf import settings
from hark.doctor import examine
from hark.gateway import environment
from hark.relay import moments
from hark.relay.lease import lease
from hark.relay.loop import Relay
from hark.relay.reloading import Watch, start_anew
from hark.relay.session import SharedSession, require_own_session
from hark.wake import database

GATEWAY_ACTIONS = ("run", "check-config", "print-config", "print-centrifugo-config")


class Command(BaseCommand):
    """`manage.py hark`: one subcommand for each process and each look."""

    help = "Run or examine Hark: relay, gateway, doctor."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True, metavar="command")
        for name, text in (
            ("relay", "deliver what is owed, until stopped; a second one stands by"),
            ("gateway", "run the embedded real-time server with the options of HARK"),
            (
                "prune",
                "forget what is older than KEEP_DAYS and KEEP_DELETED_DAYS, and expired tokens",
            ),
            ("doctor", "say what is configured, what answers, and what to do"),
        ):
            made = commands.add_parser(name, help=text, description=text.capitalize())
            if name == "relay":
                made.add_argument(
                    "--noreload",
                    action="store_true",
                    help="do not start anew when code changes, as it does with DEBUG",
                )
            if name == "gateway":
                made.add_argument(
                    "action",
                    nargs="?",
                    default="run",
                    choices=GATEWAY_ACTIONS,
                    help="run it, or check or print its configuration, or print one for Centrifugo",
                )

    def handle(self, *_args: Any, **options: Any) -> None:
        match options["command"]:
            case "relay":
                self._relay(options["verbosity"], reload=project.DEBUG and not options["noreload"])
            case "gateway":
                self._gateway(options["action"])
            case "prune":
                self._prune()
            case "doctor":
                self._doctor()

    def _relay(self, verbosity: int, *, reload: bool) -> None:
        _log(verbosity)
        moments.read_quickly()
        try:
            to = backend()
        except BackendError as error:
            raise CommandError(f"{error}. Correct it, then start the relay again.") from error
        if connections[database()].vendor == "postgresql":
            try:
                require_own_session()
            except SharedSession as error:
                raise CommandError(f"{error}.") from error
            except DatabaseError:
                pass  # it is away: the relay waits for it, and asks again
        held = lease(patience=3 * settings().PUBLISH_TIMEOUT + 5)
        relay = Relay(to, held)
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: relay.stop())
        watch = Watch(relay.stop) if reload else None
        self.stdout.write(f"hark relay: delivering through {type(to).__name__}; Ctrl-C stops it")
        self.stdout.flush()
        try:
            relay.run()
        finally:
            held.close()
        if watch and watch.changed:
            start_anew()
        self.stdout.write("hark relay: stopped; what is owed waits for the next one")

    def _gateway(self, action: str) -> None:
        command = [sys.executable, "-m", "hark_gateway", action]
        try:
            needed = environment()
        except NoGateway as error:
            raise CommandError(f"{error}. Run only the relay and the web server.") from error
        given = needed | os.environ  # so that an operator may set anything else, or better
        # This process becomes the gateway: whoever stops or kills the one has the other.
        os.execve(sys.executable, command, given)

    def _prune(self) -> None:
        now, given = timezone.now(), settings()
        forgotten = prune.tombstones(now - timedelta(days=given.KEEP_DELETED_DAYS))
        self.stdout.write(f"hark prune: {forgotten} deletions forgotten")
        if expired := prune.tokens(now):
            self.stdout.write(f"hark prune: {expired} expired tokens forgotten")
        if given.KEEP_DAYS:
            removed = prune.notifications(now - timedelta(days=given.KEEP_DAYS))
            self.stdout.write(f"hark prune: {removed} notifications removed")

    def _doctor(self) -> None:
        findings = examine()
        for finding in findings:
            style = self.style.SUCCESS if finding.well else self.style.ERROR
            self.stdout.write(f"{style('ok' if finding.well else '!!')} {finding.text}")
            if finding.advice:
                self.stdout.write(f"   {finding.advice}")
        if not all(finding.well for finding in findings):
            raise CommandError("Not all is well: see above.")


def _log(verbosity: int) -> None:
    """Show what the relay has to say, unless the project's LOGGING does already."""
    calls = logging.getLogger("httpx")
    if calls.level == logging.NOTSET:
        calls.setLevel(logging.WARNING)  # at INFO it has a line for each delivery
    if not logging.getLogger().handlers:
        level = (logging.WARNING, logging.INFO, logging.INFO, logging.DEBUG)[verbosity]
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
        logging.getLogger("hark").setLevel(level)
