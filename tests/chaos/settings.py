"""The settings of the application, with tokens so short-lived that faults meet their renewal."""

from social.settings import *  # noqa: F403
from social.settings import HARK

HARK["TOKEN_TTL"] = 60
