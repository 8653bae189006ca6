"""A project without USE_TZ; prints how long what it says lives, and what its relay did, as JSON.

Run as a process of its own, since a process has one TIME_ZONE.
"""

import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import time

from tests.hark.plain_project import configure


def main() -> None:
    configure(USE_TZ=False, TIME_ZONE=os.environ["ZONE"])
    print(json.dumps(tell_bo()))  # noqa: T201


def tell_bo() -> object:
    import jwt
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import transaction
    from rest_framework.test import APIClient

    from hark import NotificationType, notify, register
    from hark.channels import channel
    from hark.media import Email
    from hark.models import Outbox
    from hark.relay import retry
    from hark.relay.lease import SingleRunner
    from hark.relay.loop import Relay
    from hark.relay.numbering import number
    from tests.hark.recording import RecordingBackend

    @register("now")
    @dataclass(frozen=True)
    class Now(NotificationType):
        media = (Email(if_unread_for=timedelta(0)),)

        def title(self) -> str:
            return "now"

    @register("later")
    @dataclass(frozen=True)
    class Later(NotificationType):
        media = (Email(if_unread_for=timedelta(hours=1)),)

        def title(self) -> str:
            return "later"

    channel("room")(lambda _user, _key: True)
    call_command("migrate", verbosity=0)
    bo = User.objects.create_user("bo", email="bo@example.org")
    notify(bo, Now())
    notify(bo, Later())
    postponed = Outbox.objects.create(kind="publication", subject="room:1")
    retry.postpone(postponed, ValueError("not yet"))
    backend = RecordingBackend()
    relay = Relay(backend, SingleRunner())
    number(10)
    with transaction.atomic():
        mailed = [row.subject for row in Outbox.objects.filter(kind="email").claim(10)]
    Outbox.objects.filter(kind="email").delete()
    while relay.work():
        pass
    client = APIClient()
    client.force_login(bo)
    tokens = [
        client.post("/connect/").json(),
        client.post("/subscribe/", {"channel": "room:1"}, format="json").json(),
    ]
    claims = [jwt.decode(each["token"], options={"verify_signature": False}) for each in tokens]
    created = datetime.fromisoformat(client.get("/inbox/").json()["results"][0]["created_at"])
    return {
        "lives": [round(claim["exp"] - time()) for claim in claims],
        "issued": [round(claim["iat"] - time()) for claim in claims],
        "expires": [
            round(datetime.fromisoformat(each["expires_at"]).timestamp() - time())
            for each in tokens
        ],
        "zones": [datetime.fromisoformat(each["expires_at"]).tzinfo is not None for each in tokens],
        "created": round(created.timestamp() - time()),
        "pushed": sum(len(push["items"]) for push in backend.published[f"inbox:{bo.pk}"]),
        "published": "room:1" in backend.published,
        "mailed": mailed,
    }


if __name__ == "__main__":
    sys.exit(main())
