"""A real Chromium in front of the whole application."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.stack import Stack, running_stack

PASSWORD = "a long walk in the rain"
FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-sync"]
PATIENCE = 20_000  # milliseconds: the machine may have other work
numbers = itertools.count(1)

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Person:
    """Somebody with an account, who has signed in."""

    name: str
    email: str
    session: str


@pytest.fixture(scope="session", params=["centrifugo", "pubnub"])
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The application on each realtime backend, one after the other."""
    folder = tmp_path_factory.mktemp(request.param)
    with running_stack(folder, HARK_BACKEND=request.param) as stack:
        yield stack


on_one_backend = pytest.mark.parametrize("stack", ["centrifugo"], indirect=True, scope="session")
"""For what has nothing to do with how news come in."""


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
        number = next(numbers)
        unique = f"{name}{number}"
        email = f"{unique.lower()}@example.com"
        # From an address of their own: so many from one would be too many.
        home = httpx.HTTPTransport(local_address=f"127.0.1.{number % 250 + 1}")
        with httpx.Client(transport=home) as client:
            answer = client.post(
                f"http://127.0.0.1:{stack.environment['PORT']}/_allauth/app/v1/auth/signup",
                json={"username": unique, "email": email, "password": PASSWORD},
            )
        assert answer.status_code == 200, answer.text
        return Person(unique, email, answer.json()["meta"]["session_token"])

    return sign_up


@pytest.fixture
def ana(person: Callable[[str], Person]) -> Person:
    return person("Ana")


@pytest.fixture
def bo(person: Callable[[str], Person]) -> Person:
    return person("Bo")


@pytest.fixture
def profile(stack: Stack, browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make a browser profile, with its own cookies and storage: `profile(color_scheme="dark")`."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(base_url=stack.url, **options)
        context.set_default_timeout(PATIENCE)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def signed_in(stack: Stack, profile: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Open the site in a profile of its own, as somebody: `signed_in(ana)`."""

    def enter(person: Person, **options: object) -> Page:
        context = profile(**options)
        cookie = {"name": "sessionid", "value": person.session, "url": stack.url}
        context.add_cookies([cookie])
        return open_tab(context)

    return enter


def open_tab(context: BrowserContext, url: str = "/") -> Page:
    """Open another tab of a profile in which somebody is signed in."""
    page = context.new_page()
    page.goto(url)
    page.get_by_role("button", name="Notifications").wait_for()
    return page
