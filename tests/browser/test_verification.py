"""Signing up where addresses have to be confirmed."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, expect

from social.run.services import describe_services
from tests.browser.conftest import PASSWORD, Person, on_one_backend
from tests.browser.pages import link_mailed_to, sign_in
from tests.stack import Stack, free_ports

START_SECONDS = 60.0
DORA = Person("Dora", "dora@example.com", session="")

pytestmark = on_one_backend


@pytest.fixture(scope="module")
def strict(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One more web server of the same application, which asks for confirmed addresses."""
    (port,) = free_ports(1)
    environment = stack.environment | {"DJANGO_VERIFY_EMAIL": "1", "PORT": str(port)}
    services = describe_services(environment, data=tmp_path_factory.mktemp("strict"))
    web = next(each for each in services if each.name == "web")
    web.start()
    try:
        web.wait_until_it_answers(START_SECONDS)
        yield replace(stack, url=f"http://localhost:{port}", environment=environment)
    finally:
        web.kill()


@pytest.fixture
def link(strict: Stack, profile: Callable[..., BrowserContext]) -> str:
    """What was mailed to Dora, who has signed up."""
    page = profile().new_page()
    page.goto(f"{strict.url}/signup/")
    page.get_by_label("User name").fill("Dora")
    page.get_by_label("Email").fill(DORA.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()
    return link_mailed_to(DORA, strict, path="/verify/")


def test_a_confirmed_address_lets_its_owner_in_and_an_unconfirmed_one_does_not(
    strict: Stack, profile: Callable[..., BrowserContext], link: str
) -> None:
    page = profile().new_page()
    page.goto(f"{strict.url}/signin/")
    page.get_by_label("Email").fill(DORA.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()

    page.goto(link)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your address is confirmed")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(page, DORA)

    stranger = profile().new_page()
    stranger.goto(link)
    stranger.context.clear_cookies(name="csrftoken")  # as if the click came before any answer
    stranger.get_by_role("button", name="Confirm").click()
    expect(stranger.get_by_role("main").get_by_role("alert")).to_contain_text("expired key")
