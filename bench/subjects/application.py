"""The social application in real processes, and its Django in this one, on the same database."""

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import django

from tests.stack import Stack, running_stack

_until_exit = ExitStack()


@cache
def start() -> Stack:
    """Start the application, at the first call, and set Django up in this process.

    All cases share it, because a process can be given Django's settings only once. It ends with us.
    """
    atexit.register(_until_exit.close)
    logs = Path(tempfile.mkdtemp(prefix="hark-bench-logs-"))
    _until_exit.callback(shutil.rmtree, logs)
    stack = _until_exit.enter_context(running_stack(logs))
    os.environ.update(stack.environment)
    django.setup()
    from django.conf import settings  # only readable by now

    settings.DEBUG = False  # else every query would be kept
    settings.ALLOWED_HOSTS = ["*"]
    from social.api.throttles import WriteThrottle

    WriteThrottle.THROTTLE_RATES = {"write": None}
    return stack


def make_people(count: int, prefix: str) -> list[Any]:
    """Return `count` new users."""
    from django.contrib.auth import get_user_model

    model = get_user_model()
    return model.objects.bulk_create(
        model(username=f"{prefix}{number}", email=f"{prefix}{number}@example.com")
        for number in range(count)
    )
