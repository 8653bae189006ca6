"""Settings of the social application. All come from the environment and are safe by default.

`social.development` sets what a development machine needs, if asked to. A deployment sets
DJANGO_SECRET_KEY, DJANGO_ALLOWED_HOSTS, DATABASE_URL, HARK_API_KEY and HARK_TOKEN_SECRET itself; on
PubNub, its keys instead of the last two.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from social.environment import enabled, listed, number, required
from social.frontend.files import add_page_headers, is_immutable

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data"
HOSTS = "DJANGO_ALLOWED_HOSTS"


DEBUG = enabled("DJANGO_DEBUG")
SECRET_KEY = required("DJANGO_SECRET_KEY")
# With DEBUG and none named, Django takes localhost.
ALLOWED_HOSTS = listed(os.environ.get(HOSTS, "") if DEBUG else required(HOSTS))
GATEWAY_PORT = number("GATEWAY_PORT", 8001)

INSTALLED_APPS = [
    "social.accounts",
    "social.api",
    "social.posts",
    "social.demo",
    "hark",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "social.accounts.apps.LimitedAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "social.api.middleware.PrivateAnswers",
    "social.api.middleware.BoundedBodies",
    "django.middleware.security.SecurityMiddleware",
    "social.frontend.middleware.SecurityHeaders",
    "social.frontend.middleware.Files",
    "social.api.middleware.SoundAuthBodies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "social.api.middleware.OneReader",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "social.urls"
WSGI_APPLICATION = "social.wsgi.application"

DATABASES = {
    "default": dj_database_url.parse(
        required("DATABASE_URL"),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
# What the limits count; from so many entries on, those that have expired are removed.
CACHES = {
    "default": {
        "BACKEND": "social.api.counters.Counters",
        "LOCATION": "social_counters",
        "OPTIONS": {"MAX_ENTRIES": 1000},
    }
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several threads and the relay write at once: wait for each other, and read meanwhile.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL",
        }
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # of the pages and of all texts, so that nobody gets two at once
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"

# What browsers get
FRONTEND = ROOT / "web/out"
if FRONTEND.is_dir():
    WHITENOISE_ROOT = FRONTEND
WHITENOISE_INDEX_FILE = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = True
WHITENOISE_ADD_HEADERS_FUNCTION = add_page_headers
WHITENOISE_IMMUTABLE_FILE_TEST = is_immutable
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
CSRF_TRUSTED_ORIGINS = ["http://localhost:3000"] if DEBUG else []  # `next dev`
SECURE_SSL_REDIRECT = not DEBUG
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
BEHIND_TLS_PROXY = enabled("DJANGO_BEHIND_TLS_PROXY")
if BEHIND_TLS_PROXY:  # which must set this header itself, whatever it was sent
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies stand between us and the clients; see social.api.addresses.
TRUSTED_PROXIES = number("DJANGO_TRUSTED_PROXIES", 1 if BEHIND_TLS_PROXY else 0)

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "social.accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if enabled("DJANGO_VERIFY_EMAIL") else "none"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True  # but see AccountAdapter.send_mail
# Django's own: theirs looks for further addresses, and the time for it tells who has an account.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 (a class)
HEADLESS_ONLY = True
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": "/verify/?key={key}",
    "account_reset_password": "/reset/",
    "account_reset_password_from_key": "/reset/confirm/?key={key}",
    "account_signup": "/signup/",
}

SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # User.username is unique, whatever its capitals
    "security.W005",  # what subdomains do is not for this application to promise
    "security.W021",
]

# Mail: files in development, a server otherwise
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "Hark <hark@localhost>")
if DEBUG:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = os.environ.get("EMAIL_FILE_PATH", DATA / "mail")
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = number("EMAIL_PORT", 25)
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = enabled("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10

# Notifications, and where browsers connect for them
HARK_BACKEND = os.environ.get("HARK_BACKEND") or "centrifugo"
if HARK_BACKEND == "centrifugo":
    REALTIME_URL = os.environ.get("HARK_URL", f"ws://localhost:{GATEWAY_PORT}/connection/websocket")
    HARK: dict[str, Any] = {
        "BACKEND": "hark.backends.centrifugo.CentrifugoBackend",
        "OPTIONS": {
            "api_url": os.environ.get("HARK_API_URL", f"http://127.0.0.1:{GATEWAY_PORT}/api"),
            "api_key": required("HARK_API_KEY"),
            "token_secret": required("HARK_TOKEN_SECRET"),
            "url": REALTIME_URL,
        },
    }
elif HARK_BACKEND == "pubnub":
    ORIGIN = urlsplit(f"//{os.environ.get('PUBNUB_ORIGIN') or 'ps.pndsn.com'}")
    SSL = ORIGIN.hostname not in {"localhost", "127.0.0.1", "::1"}  # a gateway on this machine
    REALTIME_URL = f"{'https' if SSL else 'http'}://{ORIGIN.netloc}"
    HARK = {
        "BACKEND": "hark.backends.pubnub.PubNubBackend",
        "OPTIONS": {
            "publish_key": required("PUBNUB_PUBLISH_KEY"),
            "subscribe_key": required("PUBNUB_SUBSCRIBE_KEY"),
            "secret_key": required("PUBNUB_SECRET_KEY"),
            "origin": ORIGIN.netloc,
            "ssl": SSL,
        },
    }
else:
    raise ImproperlyConfigured(f"HARK_BACKEND={HARK_BACKEND}: use centrifugo or pubnub.")

# The REST API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "social.api.authentication.SessionTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["social.api.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": {"write": f"{number('WRITES_PER_MINUTE', 120)}/min"},
    "NUM_PROXIES": TRUSTED_PROXIES,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Hark: the social application",
    "DESCRIPTION": "Posts, comments, and the inbox that tells their authors.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "social.accounts.openapi.add_authentication",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "httpx": {"level": "WARNING"},  # it would log what signs a request to PubNub
    },
    "root": {"handlers": ["console"], "level": "INFO"},
}
