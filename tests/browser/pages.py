"""What people do on the site and look at, in their own words."""

import re
import time
from email import message_from_string
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PASSWORD, Person
from tests.stack import Stack

MAIL_SECONDS = 30.0


def publish(page: Page, title: str) -> str:
    """Write a post; return the address it is read at."""
    page.goto("/write/")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text").fill("What do you drink when it rains?")
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(re.compile(r"/post/\?id="))
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    return page.url


def comment(page: Page, post_url: str, text: str) -> None:
    page.goto(post_url)
    field = page.get_by_label("Comment", exact=True)
    field.fill(text)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(field).to_have_value("")
    expect(page.get_by_role("main").get_by_role("listitem").filter(has_text=text)).to_be_visible()


def write(stack: Stack, author: Person, path: str, **fields: str) -> Any:
    """Post or comment by the API, which is quicker than by hand."""
    headers = {"X-Session-Token": author.session}
    answer = httpx.post(f"{stack.url}/api/{path}", json=fields, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def bell(page: Page, *, unread: int) -> Locator:
    """Expect the bell, and the title of the page, to count `unread`; return the bell."""
    name = f"Notifications, {unread} unread" if unread else "Notifications"
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_visible()
    expect(page).to_have_title(re.compile(rf"^\({unread}\)" if unread else r"^[^(]"))
    return button


def open_inbox(page: Page) -> Locator:
    page.get_by_role("button", name=re.compile("^Notifications")).click()
    inbox = page.get_by_role("dialog", name="Notifications")
    expect(inbox).to_be_visible()
    return inbox


def shows_once(page: Page, text: str) -> None:
    """Expect the inbox to hold one item that reads so, and no second."""
    inbox = open_inbox(page)
    expect(inbox.get_by_role("listitem").filter(has_text=text)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(inbox).to_be_hidden()


def toast(page: Page, text: str) -> Locator:
    return page.get_by_role("status", name="New notifications").get_by_text(text)


def connection(page: Page) -> Locator:
    """What the page says about its connection; nothing while that is well."""
    return page.get_by_role("status", name="Connection")


def sign_in(page: Page, person: Person, password: str = PASSWORD) -> None:
    """Fill the form that is open, and wait until it let us in."""
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Notifications").wait_for()


def sign_out(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Account: {name}").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name=f"Account: {name}")).to_be_hidden()


def link_mailed_to(person: Person, stack: Stack, *, path: str) -> str:
    """Return the link in what was mailed to `person`, once the relay has sent it."""
    folder = Path(stack.environment["EMAIL_FILE_PATH"])
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        for file in folder.glob("*"):
            mail = message_from_string(file.read_text())
            found = re.search(rf"https?://\S+{path}\S+", str(mail.get_payload()))
            if mail["To"] == person.email and found:
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"nothing was mailed to {person.email} with a link to {path}")
