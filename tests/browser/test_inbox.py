"""The bell and what is behind it: marks, undoing them, keys alone, a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Person, on_one_backend
from tests.browser.pages import bell, comment, connection, open_inbox, publish, write
from tests.stack import Stack

pytestmark = on_one_backend


@pytest.fixture
def two_unread(
    stack: Stack, ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> Callable[..., Page]:
    """Open Bo's page, with two of Ana's comments unread; takes a browser profile's options."""
    post = write(stack, bo, "posts/", title="Kettles", text="Which do you have?")
    for text in ("It sings.", "It boils."):
        write(stack, ana, f"posts/{post['id']}/comments/", text=text)

    def scene(**options: object) -> Page:
        page = signed_in(bo, **options)
        bell(page, unread=2)
        return page

    return scene


def item(inbox: Locator, text: str) -> Locator:
    return inbox.get_by_role("listitem").filter(has_text=text)


def test_one_is_marked_read_and_unread_again(two_unread: Callable[..., Page]) -> None:
    page = two_unread()
    sings = item(open_inbox(page), "It sings.")
    sings.get_by_role("button", name="Mark read").click()
    bell(page, unread=1)
    sings.get_by_role("button", name="Mark unread").click()
    bell(page, unread=2)
    page.reload()
    bell(page, unread=2)


def test_one_is_archived_moved_back_and_at_last_deleted(two_unread: Callable[..., Page]) -> None:
    page = two_unread()
    inbox = open_inbox(page)
    item(inbox, "It sings.").get_by_role("button", name="Archive").click()
    expect(item(inbox, "It sings.")).to_have_count(0)
    inbox.get_by_role("tab", name="Archived").click()
    item(inbox, "It sings.").get_by_role("button", name="Move to inbox").click()
    expect(item(inbox, "It sings.")).to_have_count(0)
    inbox.get_by_role("tab", name="All").click()
    item(inbox, "It sings.").get_by_role("button", name="Archive").click()
    inbox.get_by_role("tab", name="Archived").click()
    item(inbox, "It sings.").get_by_role("button", name="Delete").click()
    expect(inbox.get_by_text("Nothing put away")).to_be_visible()
    page.reload()
    inbox = open_inbox(page)
    expect(item(inbox, "It boils.")).to_have_count(1)
    expect(item(inbox, "It sings.")).to_have_count(0)


def test_what_the_server_refuses_is_undone_and_said(two_unread: Callable[..., Page]) -> None:
    page = two_unread()
    page.route("**/api/hark/inbox/*/archive/", lambda route: route.fulfill(status=500))
    inbox = open_inbox(page)
    item(inbox, "It sings.").get_by_role("button", name="Archive").click()
    expect(page.get_by_text("That could not be saved.")).to_be_visible()
    expect(item(inbox, "It sings.")).to_have_count(1)
    bell(page, unread=2)


def test_the_bell_opens_by_keyboard_and_escape_gives_the_focus_back(
    two_unread: Callable[..., Page],
) -> None:
    page = two_unread()
    button = bell(page, unread=2)
    button.focus()
    page.keyboard.press("Enter")
    inbox = page.get_by_role("dialog", name="Notifications")
    expect(inbox).to_be_visible()
    expect(inbox.locator(":focus")).to_have_count(1)  # the focus went in

    page.keyboard.press("Escape")
    expect(inbox).to_be_hidden()
    expect(button).to_be_focused()


def test_escape_closes_the_inbox_before_a_message_that_came_after_it(
    two_unread: Callable[..., Page],
) -> None:
    page = two_unread()
    page.route("**/api/hark/inbox/*/archive/", lambda route: route.fulfill(status=500))
    inbox = open_inbox(page)
    item(inbox, "It sings.").get_by_role("button", name="Archive").click()
    expect(page.get_by_text("That could not be saved.")).to_be_visible()

    page.keyboard.press("Escape")
    expect(inbox).to_be_hidden()
    expect(bell(page, unread=2)).to_be_focused()


def test_everything_is_marked_read_by_keys_alone(two_unread: Callable[..., Page]) -> None:
    page = two_unread()
    bell(page, unread=2).press("Enter")
    mark_all = page.get_by_role("dialog", name="Notifications").get_by_role(
        "button", name="Mark all read"
    )
    for _ in range(10):
        if mark_all.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(mark_all).to_be_focused()
    page.keyboard.press("Enter")
    bell(page, unread=0)


def test_on_a_phone_the_inbox_is_a_sheet_over_the_page(two_unread: Callable[..., Page]) -> None:
    width, height = 390, 844
    page = two_unread(viewport={"width": width, "height": height}, has_touch=True)
    inbox = open_inbox(page)
    expect(item(inbox, "It boils.")).to_be_visible()
    page.wait_for_function(
        # It has slid in: its foot is that of the screen.
        """() => {
          const { bottom } = document.querySelector('[role=dialog]').getBoundingClientRect();
          return Math.abs(bottom - innerHeight) < 1;
        }"""
    )
    box = inbox.bounding_box()
    assert box is not None
    assert box["width"] == width
    assert box["height"] > height / 2
    inbox.get_by_role("button", name="Close").click()
    expect(inbox).to_be_hidden()


def test_a_page_that_is_opened_again_still_hears(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    at_bo = signed_in(bo)
    post = publish(at_bo, "Again")
    for _ in range(2):  # the second time its files come from the browser's own store
        at_bo.goto(post)
        expect(at_bo.get_by_role("heading", name="Again")).to_be_visible()
        at_bo.goto("/mine/")
    at_bo.goto(post)

    comment(signed_in(ana), post, "Still there?")

    bell(at_bo, unread=1)
    expect(at_bo.get_by_role("main").get_by_text("Still there?")).to_be_visible()
    expect(connection(at_bo)).to_be_empty()
