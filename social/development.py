"""The environment that a development machine needs, made up where nobody has set it.

`python -m social.run` uses it, and `manage.py` if DJANGO_DEBUG asks for it. A deployment sets these
variables itself.
"""

import json
import os
import secrets
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from social import postgres
from social.run.elsewhere import needs_gateway

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data"
PUBNUB_KEYS = ("PUBNUB_PUBLISH_KEY", "PUBNUB_SUBSCRIBE_KEY", "PUBNUB_SECRET_KEY")
SECRETS = ("DJANGO_SECRET_KEY", "HARK_API_KEY", "HARK_TOKEN_SECRET", *PUBNUB_KEYS)


def prepare_environment() -> None:
    """Set what is unset: debug mode and lasting secrets."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "social.settings")
    os.environ.setdefault("DJANGO_DEBUG", "1")
    os.environ.setdefault("GATEWAY_PORT", "8001")
    fill(os.environ, lasting_secrets())


def prepare_database() -> None:
    """Start the embedded PostgreSQL, unless DATABASE_URL names another database."""
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = postgres.start(DATA / "postgres")


def fill(environment: MutableMapping[str, str], made_up: Mapping[str, str]) -> None:
    """Set whichever of the SECRETS are unset, and what follows from them.

    Made-up keys are good for our own gateway alone. So keys of PubNub's are taken as they are if
    one of them is set, and those of a Centrifugo server have to be set where all connect to one.
    """
    port = environment.setdefault("GATEWAY_PORT", "8001")
    own_keyset = not any(name in environment for name in PUBNUB_KEYS)
    if own_keyset:
        environment.setdefault("PUBNUB_ORIGIN", f"127.0.0.1:{port}")
    foreign = set() if own_keyset else set(PUBNUB_KEYS)
    if environment.get("HARK_BACKEND") != "pubnub" and not needs_gateway(environment):
        foreign |= {"HARK_API_KEY", "HARK_TOKEN_SECRET"}
    for name in SECRETS:
        if name not in foreign:
            environment.setdefault(name, made_up[name])


def lasting_secrets() -> dict[str, str]:
    """Return the secrets made at the first run, so that people stay signed in over a restart."""
    file = DATA / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    if kept.keys() >= set(SECRETS):
        return kept
    DATA.mkdir(exist_ok=True)
    made = {name: secrets.token_urlsafe(48) for name in SECRETS} | kept
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(json.dumps(made, indent=2) + "\n")
    return made
