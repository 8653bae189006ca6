"""Settings for the tests: those of the application, on a database of their own.

A fresh PostgreSQL for each run, deleted at its end; `HARK_TEST_DATABASE=sqlite` takes SQLite, and
`DATABASE_URL` a server that runs already.
"""

import os
from importlib.util import find_spec

os.environ.setdefault("DJANGO_SECRET_KEY", "a key that only the tests know, long enough for checks")
os.environ.setdefault("HARK_API_KEY", "the tests' key for the gateway's server API")
os.environ.setdefault("HARK_TOKEN_SECRET", "the tests' secret that signs connection tokens")
os.environ.setdefault("DJANGO_ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ["DJANGO_DEBUG"] = "0"  # whatever the shell has
os.environ["HARK_BACKEND"] = "centrifugo"  # whatever `make test` was given; others are named

if os.environ.get("HARK_TEST_DATABASE") == "sqlite":
    os.environ["DATABASE_URL"] = "sqlite://"
elif "PYTEST_VERSION" in os.environ and "DATABASE_URL" not in os.environ:
    # Only in a run of the tests: mypy reads this file too, and needs no server.
    from social import postgres

    os.environ["DATABASE_URL"] = postgres.start()
os.environ.setdefault("DATABASE_URL", "sqlite://")

from social.settings import *  # noqa: F403
from social.settings import INSTALLED_APPS, REST_FRAMEWORK

# Without migrations its tables would come before those of the users they refer to.
if find_spec("tests.hark") and find_spec("tests.hark.testapp.migrations"):
    INSTALLED_APPS += ["tests.hark.testapp"]

SECURE_SSL_REDIRECT = False
WHITENOISE_AUTOREFRESH = True  # else every test client would list all static files first
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS = False
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"write": None}
