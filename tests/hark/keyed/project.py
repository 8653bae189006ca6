"""Tells people with all kinds of keys; prints what each heard and read, as JSON.

Run as a process of its own, since a process has one AUTH_USER_MODEL.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

from tests.hark.plain_project import configure

KEYS = [
    "-1",
    "bob@example.com",
    "auth0|5f7c",
    "a/b.c:*,d e",
    "x-pnpres",
    "~",
    "é",
    "k" * 255,
    "ann",
]


def main() -> None:
    configure(["tests.hark.keyed"], AUTH_USER_MODEL="keyed.Person")
    print(json.dumps(tell_all()))  # noqa: T201


def tell_all() -> object:
    from django.core.management import call_command
    from rest_framework.test import APIClient

    from hark import NotificationType, notify, register
    from hark.relay.lease import SingleRunner
    from hark.relay.loop import Relay
    from tests.hark.keyed.models import Line, Person
    from tests.hark.recording import RecordingBackend

    @register("line")
    @dataclass(frozen=True)
    class Ordered(NotificationType):
        line: Line

        def title(self) -> str:
            return self.line.text

    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("check", stdout=sys.stderr)
    people = [Person.objects.create(id=key) for key in KEYS]
    notify(people, Ordered(line=Line.objects.create(order=1, number=2, text="tea")))
    backend = RecordingBackend()
    relay = Relay(backend, SingleRunner())
    while relay.work():
        pass
    told: dict[str, Any] = {}
    for person in people:
        client = APIClient()
        client.force_authenticate(person)
        (channel,) = client.post("/connect/").json()["channels"]
        page = client.get("/inbox/").json()["results"]
        heard = [item for push in backend.published[channel] for item in push["items"]]
        told[person.pk] = {"channel": channel, "heard": heard, "page": page}
    return told


if __name__ == "__main__":
    sys.exit(main())
