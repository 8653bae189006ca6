"""A real Chromium in front of the whole application."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.stack import Stack, running_stack

PASSWORD = "a long walk in the rain"
FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-sync"]
PATIENCE = 20_000  # milliseconds: the machine may have other work
numbers = itertools.count(1)

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    name: str
    email: str


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("logs")) as stack:
        yield stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium where there is one, else the one that Playwright has downloaded.

    One for each module: its event loop must not run while other tests want theirs.
    """
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def person(stack: Stack) -> Callable[[str], Person]:
    """Make an account: `person("Ana")`. Each has a name of its own, so that tests share a site."""

    def sign_up(name: str) -> Person:
        unique = f"{name}{next(numbers)}"
        person = Person(unique, f"{unique.lower()}@example.com")
        answer = httpx.post(
            f"{stack.url}/_allauth/app/v1/auth/signup",
            json={"username": unique, "email": person.email, "password": PASSWORD},
        )
        assert answer.status_code == 200, answer.text
        return person

    return sign_up


@pytest.fixture
def signed_in(stack: Stack, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser profile of its own and sign in: `signed_in(ana)`."""
    contexts = []

    def sign_in(person: Person, **options: object) -> Page:
        context = browser.new_context(base_url=stack.url, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.goto("/signin/")
        page.get_by_label("Email").fill(person.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Notifications").wait_for()
        return page

    yield sign_in
    for context in contexts:
        context.close()
