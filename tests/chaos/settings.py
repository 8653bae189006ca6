"""The application's settings, but tokens live so shortly that they are renewed amid the faults."""

from social.settings import *  # noqa: F403
from social.settings import HARK

HARK["TOKEN_TTL"] = 30
