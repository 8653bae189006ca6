"""django-notifications-hq: times `notify.send()` in a database of its own on DATABASE_URL's server.

Run as: python peer_notifications_hq.py RECIPIENTS SENDS. It prints how many queries a send takes;
then, for each line of its input, the median seconds of a round of sends. All that is lent to it:
the users are loaded before, and a send is one transaction, without which each row would be
committed by itself.
"""

import os
import statistics
import sys
import time
from collections import deque

import django
import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

NAME = "notifications_hq"
URL = os.environ["DATABASE_URL"]
place = conninfo_to_dict(URL)

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": place["host"],
            "PORT": place.get("port", ""),
            "USER": place["user"],
            "NAME": NAME,
        }
    },
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "notifications"],
    SECRET_KEY="only for measuring",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from notifications.models import Notification  # noqa: E402
from notifications.signals import notify  # noqa: E402


def main(recipients: int, sends: int) -> None:
    create_database()
    users = (User(username=f"user{number}") for number in range(recipients + 1))
    actor, *people = User.objects.bulk_create(users)
    print(count_queries(actor, people), flush=True)
    for _ in sys.stdin:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE notifications_notification")
        median = statistics.median(time_send(actor, people) for _ in range(sends))
        found = Notification.objects.count()
        if found != recipients * sends:
            sys.exit(f"{found:,} notifications in place of {recipients * sends:,}")
        print(median, flush=True)


def create_database() -> None:
    with psycopg.connect(URL, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
        server.execute(f"CREATE DATABASE {NAME}")
    call_command("migrate", verbosity=0)


def count_queries(actor: User, people: list[User]) -> int:
    send(actor, people)  # content types are looked up once
    connection.queries_log = deque()  # Django's keeps 9,000 at most
    with CaptureQueriesContext(connection) as queries:
        send(actor, people)
    return len(queries)


def time_send(actor: User, people: list[User]) -> float:
    before = time.perf_counter()
    send(actor, people)
    return time.perf_counter() - before


def send(actor: User, people: list[User]) -> None:
    with transaction.atomic():
        notify.send(actor, recipient=people, verb="commented on your post")


main(*map(int, sys.argv[1:]))
