"""The promise of the README, seen with a person's eyes: a comment shows on every open screen."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.stack import Stack


@pytest.fixture
def ana(person: Callable[[str], Person]) -> Person:
    return person("Ana")


@pytest.fixture
def bo(person: Callable[[str], Person]) -> Person:
    return person("Bo")


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
    page.get_by_label("Comment", exact=True).fill(text)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_role("main").get_by_role("listitem").filter(has_text=text)).to_be_visible()


def bell(page: Page, *, unread: int) -> None:
    """Expect the bell, and the title of the page, to count `unread`."""
    name = re.compile(rf"Notifications, {unread} unread")
    expect(page.get_by_role("button", name=name)).to_be_visible()
    expect(page).to_have_title(re.compile(rf"^\({unread}\)"))


def shows_once(page: Page, text: str) -> None:
    """Expect the open inbox to hold one item that reads so, and no second."""
    page.get_by_role("button", name=re.compile("^Notifications")).click()
    inbox = page.get_by_role("dialog", name="Notifications")
    expect(inbox.get_by_role("listitem").filter(has_text=text)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(inbox).to_be_hidden()


def test_a_comment_shows_on_the_authors_open_page(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    at_bo = signed_in(bo)
    post = publish(at_bo, "Tea")
    at_ana = signed_in(ana)

    comment(at_ana, post, "Fennel, always fennel.")

    toast = at_bo.get_by_role("status").filter(has_text="Fennel, always fennel.")
    expect(toast).to_be_visible()
    expect(toast).to_contain_text(f"{ana.name} commented on")
    bell(at_bo, unread=1)
    shows_once(at_bo, "Fennel, always fennel.")


def test_the_toast_leads_to_the_comment(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    at_bo = signed_in(bo)
    post = publish(at_bo, "Umbrellas")
    at_bo.goto("/mine/")
    comment(signed_in(ana), post, "A red one.")

    at_bo.get_by_role("status").get_by_role("link").click()

    expect(at_bo).to_have_url(re.compile(r"/post/\?id=.+#comment-"))
    expect(
        at_bo.get_by_role("main").get_by_role("listitem").filter(has_text="A red one.")
    ).to_be_in_viewport()


def test_what_is_read_on_one_screen_is_read_on_the_other(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    desktop, phone = signed_in(bo), signed_in(bo, viewport={"width": 390, "height": 844})
    post = publish(desktop, "Soup")
    comment(signed_in(ana), post, "With lentils.")
    bell(desktop, unread=1)
    bell(phone, unread=1)

    phone.get_by_role("button", name=re.compile("^Notifications")).click()
    phone.get_by_role("button", name="Mark all read").click()

    expect(desktop.get_by_role("button", name="Notifications", exact=True)).to_be_visible()
    expect(desktop).not_to_have_title(re.compile(r"^\("))


@pytest.mark.parametrize("process", ["gateway", "relay"])
def test_nothing_is_lost_or_shown_twice_while_a_process_is_dead(
    process: str, ana: Person, bo: Person, signed_in: Callable[..., Page], stack: Stack
) -> None:
    at_bo = signed_in(bo)
    post = publish(at_bo, "Bread")
    at_ana = signed_in(ana)
    comment(at_ana, post, "Before.")
    bell(at_bo, unread=1)

    with stack.without(process):
        comment(at_ana, post, "Meanwhile.")

    bell(at_bo, unread=2)
    comment(at_ana, post, "After.")
    bell(at_bo, unread=3)
    for text in ("Before.", "Meanwhile.", "After."):
        shows_once(at_bo, text)
