"""How often a password may be guessed, wherever that is tried, and who is counted as whom."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory, override_settings

from social.accounts.models import User
from social.api.addresses import UNKNOWN, client_address
from social.api.counters import Counters
from tests.social.conftest import PASSWORD

pytestmark = pytest.mark.django_db

ALLOWED = 5
"""Wrong passwords for one account in five minutes: django-allauth's own limit."""


@pytest.fixture(autouse=True)
def limits(settings: Any) -> None:
    """They hold here, as they do in life."""
    settings.ACCOUNT_RATE_LIMITS = {}


@pytest.fixture
def chief(db: None) -> User:
    return User.objects.create_superuser("Chief", "chief-of-all-the-others@example.com", PASSWORD)


def post(client: Client, path: str, data: dict[str, str], **headers: str) -> Any:
    return client.post(path, json.dumps(data), content_type="application/json", headers=headers)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def sign_in(kind: str, user: User, password: str, **headers: str) -> bool:
    data = {"email": user.email, "password": password}
    return bool(
        post(Client(), f"/_allauth/{kind}/v1/auth/login", data, **headers).status_code == 200
    )


def in_a_browser(user: User, password: str) -> bool:
    return sign_in("browser", user, password)


def by_another_client(user: User, password: str) -> bool:
    return sign_in("app", user, password)


def at_the_admin(user: User, password: str) -> bool:
    data = {"username": user.email, "password": password}
    return bool(Client().post("/admin/login/?next=/admin/", data).status_code == 302)


def to_confirm(user: User, password: str) -> bool:
    path = "/_allauth/browser/v1/auth/reauthenticate"
    return bool(post(signed_in(user), path, {"password": password}).status_code == 200)


def to_change_it(user: User, password: str) -> bool:
    path = "/_allauth/browser/v1/account/password/change"
    data = {"current_password": password, "new_password": PASSWORD}
    return bool(post(signed_in(user), path, data).status_code == 200)


def to_change_it_by_another_client(user: User, password: str) -> bool:
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    path = "/_allauth/app/v1/account/password/change"
    data = {"current_password": password, "new_password": PASSWORD}
    token = client.session.session_key
    answer = post(Client(), path, data, **{"X-Session-Token": str(token)})
    return bool(answer.status_code == 200)


def to_change_it_at_the_admin(user: User, password: str) -> bool:
    data = {"old_password": password, "new_password1": PASSWORD, "new_password2": PASSWORD}
    return bool(signed_in(user).post("/admin/password_change/", data).status_code == 302)


DOORS = [
    in_a_browser,
    by_another_client,
    at_the_admin,
    to_confirm,
    to_change_it,
    to_change_it_by_another_client,
    to_change_it_at_the_admin,
]


@pytest.mark.parametrize("door", DOORS)
def test_each_door_opens_to_the_right_password(chief: User, door: Callable[..., bool]) -> None:
    assert not door(chief, "guess")
    assert door(chief, PASSWORD)


@pytest.mark.parametrize("door", DOORS)
def test_who_has_guessed_too_often_at_one_door_finds_all_of_them_shut(
    chief: User, door: Callable[..., bool]
) -> None:
    for _ in range(ALLOWED):
        door(chief, "guess")
    assert not [other.__name__ for other in DOORS if other(chief, PASSWORD)]


def test_guesses_count_together_whichever_way_they_are_made(chief: User) -> None:
    for door in DOORS[:ALLOWED]:
        door(chief, "guess")
    assert not in_a_browser(chief, PASSWORD)


def test_the_one_who_signs_in_rightly_is_not_counted(chief: User) -> None:
    for _ in range(2 * ALLOWED):
        assert in_a_browser(chief, PASSWORD)
        assert at_the_admin(chief, PASSWORD)


def test_guesses_at_one_account_do_not_shut_another(chief: User, bo: User) -> None:
    for _ in range(ALLOWED):
        in_a_browser(chief, "guess")
    assert in_a_browser(bo, PASSWORD)


def test_the_admin_says_that_it_was_too_often(chief: User) -> None:
    for _ in range(ALLOWED):
        at_the_admin(chief, "guess")
    answer = Client().post("/admin/login/", {"username": chief.email, "password": PASSWORD})
    assert b"Too many failed login attempts" in answer.content


def test_capitals_and_another_of_our_hosts_make_no_new_account_to_guess_at(
    bo: User, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = [".example.org"]
    for number in range(ALLOWED):
        email = bo.email.upper() if number % 2 else bo.email
        data = {"email": email, "password": "guess"}
        post(Client(), "/_allauth/browser/v1/auth/login", data, Host=f"n{number}.example.org")
    assert not sign_in("browser", bo, PASSWORD, Host="another.example.org")


def crowd(**headers: Callable[[int], str]) -> list[int]:
    """Sign in as 32 people who do not exist; return the answers' status codes."""
    answers = []
    for number in range(32):
        data = {"email": f"{number}@example.com", "password": PASSWORD}
        given = {name: value(number) for name, value in headers.items()}
        answers.append(post(Client(), "/_allauth/browser/v1/auth/login", data, **given))
    return [answer.status_code for answer in answers]


def refused_as_too_many(forwarded_for: str, user: User) -> bool:
    return not sign_in("browser", user, PASSWORD, **{"X-Forwarded-For": forwarded_for})


def test_behind_a_proxy_one_client_shuts_nobody_else_out(bo: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    assert crowd(**{"X-Forwarded-For": lambda _: "203.0.113.7"})[-1] == 429
    assert refused_as_too_many("203.0.113.7", bo)
    assert not refused_as_too_many("203.0.113.8", bo)


@pytest.mark.parametrize(
    ("proxies", "header"),
    [
        pytest.param(0, "203.0.113.{}", id="without a proxy"),
        pytest.param(0, "203.0.113.{}, 203.0.113.7", id="without a proxy, as if there were one"),
        pytest.param(1, "203.0.113.{}, 198.51.100.1", id="before what our proxy says"),
        pytest.param(2, "203.0.113.{}, 198.51.100.1, 10.0.0.1", id="before what two proxies say"),
        pytest.param(1, "1.1.1.1, 2001:db8::{}", id="within the network of one IPv6 client"),
        pytest.param(1, "::ffff:198.51.100.1:{}", id="no address at all"),
    ],
)
def test_a_forged_header_makes_nobody_new(settings: Any, proxies: int, header: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert crowd(**{"X-Forwarded-For": header.format})[-1] == 429


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "client"),
    [
        (0, None, "192.0.2.1", "192.0.2.1"),
        (0, "203.0.113.7", "192.0.2.1", "192.0.2.1"),
        (1, None, "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.7", "10.0.0.1", "203.0.113.7"),
        (1, "forged, 203.0.113.7", "10.0.0.1", "203.0.113.7"),
        (2, "forged, 203.0.113.7, 10.0.0.2", "10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.1", "203.0.113.7"),
        (1, "203.0.113.7:4711", "10.0.0.1", "203.0.113.7"),
        (1, "2001:DB8::0:1", "10.0.0.1", "2001:db8::1"),
        (1, "[2001:db8::1]:4711", "10.0.0.1", "2001:db8::1"),
        (1, "[2001:db8::1]", "10.0.0.1", "2001:db8::1"),
        (1, "fe80::1%eth0", "10.0.0.1", "fe80::1"),
        (1, "::ffff:203.0.113.7", "10.0.0.1", "203.0.113.7"),
        (0, None, "::ffff:203.0.113.7", "203.0.113.7"),
        (1, "203.0.113.7", "", "203.0.113.7"),
        (1, "203.0.113.7,", "10.0.0.1", UNKNOWN),
        (1, "unknown", "10.0.0.1", UNKNOWN),
        (0, None, "", UNKNOWN),
    ],
)
def test_the_client_is_who_called_the_outermost_proxy_that_is_trusted(
    proxies: int, forwarded: str | None, remote: str, client: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)
    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_address(request) == client


def small() -> Counters:
    """Return a view of the same counters to which twenty are many."""
    return Counters("social_counters", {"OPTIONS": {"MAX_ENTRIES": 20}})


def test_whoever_makes_many_counters_has_none_forgotten(bo: User) -> None:
    for _ in range(ALLOWED):
        in_a_browser(bo, "guess")
    for number in range(60):
        small().set(f"{number:x}", number, timeout=300)
    assert not in_a_browser(bo, PASSWORD)


def test_counters_whose_time_is_over_are_removed() -> None:
    for number in range(60):
        small().set(f"{number:x}", number, timeout=-1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM social_counters")
        assert cursor.fetchone()[0] <= 21
