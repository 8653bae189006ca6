"""The environment that a development machine needs, made up where nobody has set it.

`manage.py` and `python -m social.run` use it. A deployment sets these variables itself.
"""

import json
import os
import secrets
from pathlib import Path

from social import postgres

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data"
SECRETS = ("DJANGO_SECRET_KEY", "HARK_API_KEY", "HARK_TOKEN_SECRET")


def prepare_environment() -> None:
    """Set what is unset: debug mode, lasting secrets, and the embedded PostgreSQL, started."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "social.settings")
    os.environ.setdefault("DJANGO_DEBUG", "1")
    for name, value in _lasting_secrets().items():
        os.environ.setdefault(name, value)
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = postgres.start(DATA / "postgres")


def _lasting_secrets() -> dict[str, str]:
    """Return the secrets made at the first run, so that people stay signed in over a restart."""
    file = DATA / "secrets.json"
    if file.exists():
        kept: dict[str, str] = json.loads(file.read_text())
        return kept
    DATA.mkdir(exist_ok=True)
    made = {name: secrets.token_urlsafe(48) for name in SECRETS}
    file.touch(mode=0o600)
    file.write_text(json.dumps(made, indent=2) + "\n")
    return made
