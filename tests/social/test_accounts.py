"""Signing up, in and out, by cookie and by token."""

import json
import re
import socket
from typing import Any
from urllib.parse import unquote

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.db import DatabaseError, IntegrityError, connection
from django.db.models.functions import Now
from django.db.models.signals import pre_save
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from hark.jobs.message import SendMessage
from hark.models import Outbox
from hark.relay.threads import run_next
from social.accounts.models import User
from social.posts.models import Post
from tests.social.conftest import PASSWORD, in_another_connection, json_of

CLEO = {"username": "Cleo", "email": "cleo@example.com", "password": PASSWORD}
AS_BO = {"email": "bo@example.com", "password": PASSWORD}
NEW_PASSWORD = "a rather different one"

pytestmark = pytest.mark.django_db


class Browser:
    """Someone's browser: keeps cookies, and sends the CSRF token that it read from one."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.client.get("/_allauth/browser/v1/config")

    def auth(self, path: str, data: Any = None, method: str = "POST") -> Any:
        return self.send(f"/_allauth/browser/v1/{path}", data, method)

    def send(self, path: str, data: Any = None, method: str = "POST") -> Any:
        body = data if isinstance(data, bytes) else json.dumps(data).encode() if data else b""
        token = self.client.cookies["csrftoken"].value
        return self.client.generic(
            method, path, body, content_type="application/json", headers={"X-CSRFToken": token}
        )

    def me(self) -> Any:
        return self.client.get("/api/me/")


@pytest.fixture
def browser() -> Browser:
    return Browser()


def mailed() -> list[Any]:
    """Return what was mailed, once the relay has sent what is owed."""
    while run_next(SendMessage()):
        pass
    return mail.outbox


def errors_of(answer: Any) -> dict[str, str]:
    """Return what is wrong with each field."""
    assert answer.status_code == 400, answer.content
    return {error.get("param"): error["message"] for error in json_of(answer)["errors"]}


def test_whoever_signs_up_is_signed_in_and_has_an_opaque_id(browser: Browser) -> None:
    assert browser.auth("auth/signup", CLEO).status_code == 200
    user = User.objects.get()
    assert json_of(browser.me()) == {
        "id": str(user.pk),
        "name": "Cleo",
        "email": "cleo@example.com",
    }
    assert user.pk.version == 4  # random: no time, no machine, no order in it


def test_people_sign_in_by_e_mail_in_whatever_capitals(browser: Browser, bo: User) -> None:
    assert browser.auth("auth/login", {**AS_BO, "email": "BO@Example.com"}).status_code == 200
    assert json_of(browser.me())["name"] == "Bo"


def test_a_wrong_password_and_an_unknown_address_are_told_alike(browser: Browser, bo: User) -> None:
    wrong = browser.auth("auth/login", {**AS_BO, "password": "guess"})
    unknown = browser.auth("auth/login", {**AS_BO, "email": "nobody@example.com"})
    assert list(errors_of(wrong)) == ["password"]
    assert json_of(wrong)["errors"][0]["message"] == json_of(unknown)["errors"][0]["message"]
    assert browser.me().status_code == 401


def test_signing_out_ends_the_session(browser: Browser, bo: User) -> None:
    browser.auth("auth/login", AS_BO)
    old_cookies = browser.client.cookies.copy()
    browser.auth("auth/session", method="DELETE")
    assert browser.me().status_code == 401
    browser.client.cookies = old_cookies
    assert browser.me().status_code == 401


def test_a_changed_password_is_the_one_that_counts(browser: Browser, bo: User) -> None:
    browser.auth("auth/login", AS_BO)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert browser.auth("account/password/change", change).status_code == 200
    assert browser.me().status_code == 200  # this browser stays signed in
    assert Browser().auth("auth/login", AS_BO).status_code == 400
    again = Browser().auth("auth/login", {**AS_BO, "password": NEW_PASSWORD})
    assert again.status_code == 200


def test_changing_the_password_needs_the_present_one(browser: Browser, bo: User) -> None:
    browser.auth("auth/login", AS_BO)
    change = {"current_password": "guess", "new_password": NEW_PASSWORD}
    assert list(errors_of(browser.auth("account/password/change", change))) == ["current_password"]


def test_a_changed_password_ends_the_sessions_elsewhere(browser: Browser, bo: User) -> None:
    elsewhere = Browser()
    for each in (browser, elsewhere):
        each.auth("auth/login", AS_BO)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    browser.auth("account/password/change", change)
    assert elsewhere.me().status_code == 401


def test_a_forgotten_password_is_reset_by_a_link_to_the_front_end(
    browser: Browser, bo: User
) -> None:
    assert browser.auth("auth/password/request", {"email": "bo@example.com"}).status_code == 200
    link = re.search(r"http://testserver/reset/confirm/\?key=(\S+)", mailed()[0].body)
    assert link
    reset = {"key": link[1], "password": NEW_PASSWORD}
    assert browser.auth("auth/password/reset", reset).status_code == 401  # done; now sign in
    assert browser.auth("auth/login", {**AS_BO, "password": NEW_PASSWORD}).status_code == 200
    assert list(errors_of(Browser().auth("auth/password/reset", reset))) == ["key"]  # once only


def test_nobody_learns_from_a_reset_whether_an_address_has_an_account(
    browser: Browser, bo: User
) -> None:
    known = browser.auth("auth/password/request", {"email": "bo@example.com"})
    unknown = browser.auth("auth/password/request", {"email": "nobody@example.com"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert [message.to for message in mailed()] == [["bo@example.com"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"username": "BO"}, "username", id="a name that is taken"),
        pytest.param({"email": "Bo@Example.COM"}, "email", id="an address that is taken"),
        pytest.param({"username": "cleo@example.com"}, "username", id="an address for a name"),
        pytest.param({"username": "C"}, "username", id="a name of one letter"),
        pytest.param({"username": "C" * 31}, "username", id="a name of 31 letters"),
        pytest.param({"username": "Cl\x00eo"}, "username", id="NUL in the name"),
        pytest.param({"username": ["Cleo"]}, "username", id="a list for a name"),
        pytest.param({"email": "cleo"}, "email", id="no address"),
        pytest.param({"email": "c" * 250 + "@example.com"}, "email", id="too long an address"),
        pytest.param({"email": "cleo@example.com\nBcc: bo@example.com"}, "email", id="a header"),
        pytest.param({"password": "short"}, "password", id="a short password"),
        pytest.param({"password": "12345678901"}, "password", id="digits for a password"),
        pytest.param({"password": "password123"}, "password", id="a common password"),
        pytest.param({"password": "pass\x00word with NUL"}, "password", id="NUL in the password"),
    ],
)
def test_what_is_wrong_with_a_sign_up_is_said_by_field(
    browser: Browser, bo: User, change: dict[str, str], field: str
) -> None:
    errors = errors_of(browser.auth("auth/signup", {**CLEO, **change}))
    assert list(errors) == [field]
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_name_taken_after_the_form_was_checked_is_an_error_of_its_field(
    browser: Browser,
) -> None:
    def somebody_is_faster(**_: Any) -> None:
        rival = User(username="CLEO", email="other@example.com")
        in_another_connection(lambda: User.objects.bulk_create([rival]))

    pre_save.connect(somebody_is_faster, sender=User)
    try:
        answer = browser.auth("auth/signup", CLEO)
    finally:
        pre_save.disconnect(somebody_is_faster, sender=User)
    assert list(errors_of(answer)) == ["username"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="half of it"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b'{"email": ' + b"9" * 5000 + b"}", id="too long a number"),
        pytest.param(b"[" * 100_000, id="too deep"),
        pytest.param(b'{"email": "bo@example.com", "password": "\\ud800"}', id="half a sign"),
        pytest.param(b'{"email": "\\ud800@example.com", "password": "a"}', id="half a sign there"),
        pytest.param(b'{"email": {"a": 1}, "password": [1]}', id="objects for texts"),
    ],
)
@pytest.mark.parametrize("path", ["auth/login", "auth/signup", "auth/password/request"])
def test_a_body_that_is_none_is_the_clients_error(
    browser: Browser, bo: User, path: str, body: bytes
) -> None:
    assert browser.auth(path, body).status_code == 400


@pytest.mark.parametrize("key", ["", "a", "a-b", "\x00", "é" * 1000, "-" * 70_000])
def test_a_bad_reset_key_is_an_error_of_its_field(browser: Browser, key: str) -> None:
    answer = browser.auth("auth/password/reset", {"key": key, "password": NEW_PASSWORD})
    assert "key" in errors_of(answer)


def test_too_many_wrong_passwords_have_to_wait(browser: Browser, bo: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}  # the defaults of django-allauth, as in production
    cache.clear()
    guesses = [browser.auth("auth/login", {**AS_BO, "password": "guess"}) for _ in range(6)]
    cache.clear()
    assert "too many" in json_of(guesses[-1])["errors"][0]["message"].lower()


def test_an_address_can_be_made_to_need_verification(browser: Browser, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert browser.auth("auth/signup", CLEO).status_code == 401
    assert browser.me().status_code == 401
    link = re.search(r"http://testserver/verify/\?key=(\S+)", mailed()[0].body)
    assert link
    browser.auth("auth/email/verify", {"key": unquote(link[1])})
    assert EmailAddress.objects.get().verified
    browser.auth("auth/login", {"email": CLEO["email"], "password": PASSWORD})
    assert browser.me().status_code == 200


def test_asking_for_a_reset_is_the_same_work_whether_or_not_there_is_an_account(
    browser: Browser, bo: User
) -> None:
    def work(email: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            browser.auth("auth/password/request", {"email": email})
        return [re.split(r" FROM | VALUES |_curs_", each["sql"])[0] for each in queries]

    known, unknown = work("bo@example.com"), work("no@example.com")
    assert known == unknown
    assert Outbox.objects.count() == 2


@pytest.fixture
def dead_mail_server(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = probe.getsockname()


def test_a_dead_mail_server_delays_mails_and_nothing_else(
    browser: Browser, bo: User, dead_mail_server: None, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert browser.auth("auth/signup", CLEO).status_code == 401  # to be confirmed
    assert browser.auth("auth/password/request", {"email": "bo@example.com"}).status_code == 200
    assert mailed() == []
    rows = Outbox.objects.order_by("id")
    assert [(row.subject, row.attempts) for row in rows] == [
        ("cleo@example.com", 1),
        ("bo@example.com", 1),
    ]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    rows.update(due_at=Now())
    assert [message.to for message in mailed()] == [["cleo@example.com"], ["bo@example.com"]]


def test_an_account_whose_mail_cannot_be_kept_is_not_made(
    browser: Browser, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr("social.accounts.adapter.mail", fail)
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    browser.client.raise_request_exception = False
    assert browser.auth("auth/signup", CLEO).status_code == 500
    assert not User.objects.exists()


def test_a_cookie_without_the_csrf_token_changes_nothing(browser: Browser, bo: User) -> None:
    browser.auth("auth/login", AS_BO)
    post = {"title": "Tea", "text": "…"}
    answer = browser.client.post("/api/posts/", post, content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in json_of(answer)["detail"]
    assert browser.send("/api/posts/", post).status_code == 201


def test_other_clients_use_a_token_and_no_cookie(bo: User) -> None:
    client = APIClient()
    answer = json_of(client.post("/_allauth/app/v1/auth/login", AS_BO, format="json"))
    client.cookies.clear()
    headers = {"X-Session-Token": answer["meta"]["session_token"]}
    assert json_of(client.get("/api/me/", headers=headers))["name"] == "Bo"
    post = {"title": "Tea", "text": "…"}
    assert client.post("/api/posts/", post, format="json", headers=headers).status_code == 201
    client.delete("/_allauth/app/v1/auth/session", headers=headers)
    assert client.get("/api/me/", headers=headers).status_code == 401


@pytest.mark.parametrize("token", ["", "a", "a" * 10_000, "é", "' OR 1=1 --"])
def test_a_token_that_is_none_is_401(stranger: APIClient, token: str) -> None:
    assert stranger.get("/api/me/", headers={"X-Session-Token": token}).status_code == 401


def test_whoever_is_locked_out_is_out_at_once(as_bo: APIClient, bo: User) -> None:
    assert as_bo.get("/api/me/").status_code == 200
    User.objects.update(is_active=False)
    assert as_bo.get("/api/me/").status_code == 401


@pytest.mark.parametrize("path", ["account/email", "account/phone"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_nobody_can_take_on_the_address_of_somebody_else(
    browser: Browser, ana: User, bo: User, path: str, method: str
) -> None:
    browser.auth("auth/login", AS_BO)
    answer = browser.auth(path, {"email": "ana@example.com", "primary": True}, method)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("name", "email"),
    [
        pytest.param("ANA", "other@example.com", id="the same name in capitals"),
        pytest.param("Other", "Ana@Example.com", id="the same address in capitals"),
    ],
)
def test_no_two_people_share_a_name_or_an_address(ana: User, name: str, email: str) -> None:
    with pytest.raises(IntegrityError):
        User.objects.create_user(name, email)


@pytest.mark.parametrize("call", ["page", "write", "leave", "password"])
def test_a_page_loaded_for_another_neither_learns_nor_does_anything(
    as_bo: APIClient, ana: User, bo: User, call: str
) -> None:
    answer = {
        "page": lambda own: as_bo.get("/api/me/", headers=own),
        "write": lambda own: as_bo.post(
            "/api/posts/", {"title": "Mine", "text": "Whose?"}, format="json", headers=own
        ),
        "leave": lambda own: as_bo.delete("/_allauth/browser/v1/auth/session", headers=own),
        "password": lambda own: as_bo.post(
            "/_allauth/browser/v1/account/password/change",
            {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
            format="json",
            headers=own,
        ),
    }[call]({"Hark-User": str(ana.pk)})
    assert (answer.status_code, answer["Hark-User"]) == (412, str(bo.pk))
    assert json_of(answer) == {"detail": "Somebody else is signed in by now. Load the page again."}
    assert not Post.objects.exists()
    own = as_bo.get("/api/me/", headers={"Hark-User": str(bo.pk)})
    assert (json_of(own)["name"], own["Hark-User"]) == ("Bo", str(bo.pk))


def test_every_answer_to_whoever_signs_in_says_who_that_is(bo: User) -> None:
    browser = Browser()
    answer = browser.auth("auth/login", AS_BO)
    assert answer["Hark-User"] == str(bo.pk)
    assert browser.send("/api/me/", method="GET")["Hark-User"] == str(bo.pk)
    assert "Hark-User" not in browser.auth("auth/session", method="DELETE")
