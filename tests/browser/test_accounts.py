"""Coming, going, and coming back: accounts as people meet them."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD, Person, on_one_backend
from tests.browser.pages import comment, link_mailed_to, publish, sign_in, sign_out
from tests.stack import Stack

pytestmark = on_one_backend


@pytest.fixture
def page(profile: Callable[..., BrowserContext]) -> Page:
    """A stranger's page."""
    return profile().new_page()


def test_signing_up_out_and_in_again(page: Page) -> None:
    page.goto("/signup/")
    page.get_by_label("User name").fill("Cleo")
    page.get_by_label("Email").fill("cleo@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_role("button", name="Account: Cleo").wait_for()

    sign_out(page, "Cleo")
    expect(page.get_by_role("button", name="Notifications")).to_be_hidden()

    page.goto("/signin/")
    cleo = Person("Cleo", "cleo@example.com", session="")
    sign_in(page, cleo)
    expect(page.get_by_role("button", name="Account: Cleo")).to_be_visible()


@pytest.mark.parametrize("way", ["/.//evil.invalid/x", "/post/%2e%2e//evil.invalid/x"])
def test_signing_in_leads_to_no_other_site(page: Page, bo: Person, stack: Stack, way: str) -> None:
    page.goto(f"/signin/?next={quote(way)}")
    sign_in(page, bo)
    expect(page.get_by_role("heading", name="Feed")).to_be_visible()
    assert page.url.startswith(f"{stack.url}/")


def test_a_wrong_password_is_said_and_lets_nobody_in(page: Page, bo: Person) -> None:
    page.goto("/signin/")
    page.get_by_label("Email").fill(bo.email)
    page.get_by_label("Password", exact=True).fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("main").get_by_text("not correct")).to_be_visible()
    expect(page.get_by_role("button", name="Notifications")).to_be_hidden()


def test_a_forgotten_password_is_replaced_by_the_mailed_link(
    page: Page, bo: Person, stack: Stack
) -> None:
    page.goto("/reset/")
    page.get_by_label("Email").fill(bo.email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()

    page.goto(link_mailed_to(bo, stack, path="/reset/confirm/"))
    page.get_by_label("New password").fill("an even longer walk")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    page.wait_for_url("**/signin/")
    sign_in(page, bo, "an even longer walk")


def test_a_comment_half_written_outlives_the_session(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    post = publish(signed_in(bo), "Drafts")
    at_ana = signed_in(ana)
    at_ana.goto(post)
    at_ana.get_by_label("Comment", exact=True).fill("Half a thou")
    at_ana.wait_for_load_state("networkidle")  # else a request of the page's own finds it out first
    at_ana.context.clear_cookies(name="sessionid")
    at_ana.get_by_role("button", name="Comment", exact=True).click()

    at_ana.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(at_ana, ana)

    at_ana.wait_for_url(post)
    expect(at_ana.get_by_label("Comment", exact=True)).to_have_value("Half a thou")
    comment(at_ana, post, "Half a thought.")
    at_ana.reload()
    expect(at_ana.get_by_label("Comment", exact=True)).to_have_value("")


@pytest.mark.parametrize(("system", "dark"), [("light", False), ("dark", True)])
def test_colours_follow_the_system_unless_chosen(
    profile: Callable[..., BrowserContext], system: str, dark: bool
) -> None:
    page = profile(color_scheme=system).new_page()
    page.goto("/signin/")
    assert is_dark(page) == dark

    page.get_by_role("button", name="Colours").click()
    page.get_by_role("menuitemradio", name="Light" if dark else "Dark").click()
    page.reload()
    assert is_dark(page) != dark


def is_dark(page: Page) -> bool:
    """Return whether the page is darker than its text."""
    page.get_by_role("heading", name="Welcome back").wait_for()
    paper, ink = page.evaluate(
        """() => {
          const canvas = document.createElement("canvas").getContext("2d");
          const style = getComputedStyle(document.body);
          return [style.backgroundColor, style.color].map((colour) => {
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
            return red + green + blue;
          });
        }"""
    )
    return bool(paper < ink)
