"""What Ana and Bo do on the reader's site."""

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE
from tests.guides.projects import PASSWORD


def sign_in(browser: Browser, url: str, name: str) -> Page:
    """Open the site in a profile of its own."""
    context = browser.new_context(base_url=url, ignore_https_errors=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(f"You are {name}.")).to_be_visible()
    return page


def comment(page: Page, post: int, text: str) -> None:
    page.goto(f"/post/{post}/")
    page.get_by_label("Comment").fill(text)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(text)).to_be_visible()


def inbox(page: Page) -> Locator:
    return page.get_by_role("region", name="Notifications").get_by_role("listitem")
