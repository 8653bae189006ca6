"""The promise of the README, seen with a person's eyes: a comment shows on every open screen."""

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD, Person
from tests.browser.pages import (
    bell,
    comment,
    connection,
    open_inbox,
    publish,
    shows_once,
    sign_in,
    sign_out,
    write,
)
from tests.stack import Stack


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

    bell(desktop, unread=0)


def test_what_is_edited_or_deleted_is_so_on_the_open_page(
    stack: Stack, ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    post = write(stack, bo, "posts/", title="Hats", text="Which one?")
    told = write(stack, ana, f"posts/{post['id']}/comments/", text="A felt one.")
    comment_url, headers = (
        f"{stack.url}/api/comments/{told['id']}/",
        {"X-Session-Token": ana.session},
    )
    at_bo = signed_in(bo)
    shows_once(at_bo, "A felt one.")

    httpx.patch(comment_url, json={"text": "A straw one."}, headers=headers).raise_for_status()
    inbox = open_inbox(at_bo)
    expect(inbox.get_by_role("listitem").filter(has_text="A straw one.")).to_be_visible()
    expect(inbox.get_by_role("listitem").filter(has_text="A felt one.")).to_have_count(0)

    httpx.delete(comment_url, headers=headers).raise_for_status()
    expect(inbox.get_by_role("listitem")).to_have_count(0)
    bell(at_bo, unread=0)


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


def test_whoever_is_offline_is_told_and_catches_up_once_back(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    at_bo = signed_in(bo)
    post = publish(at_bo, "Islands")
    at_ana = signed_in(ana)
    comment(at_ana, post, "Before.")
    bell(at_bo, unread=1)

    at_bo.context.set_offline(True)
    expect(connection(at_bo)).to_contain_text("You are offline.")
    comment(at_ana, post, "Meanwhile.")
    at_bo.context.set_offline(False)

    bell(at_bo, unread=2)
    expect(connection(at_bo)).to_be_empty()
    shows_once(at_bo, "Meanwhile.")


def test_a_page_that_wakes_up_asks_and_finds_out_that_its_connection_is_dead(
    ana: Person, bo: Person, signed_in: Callable[..., Page], stack: Stack
) -> None:
    at_bo = signed_in(bo)
    post = write(stack, bo, "posts/", title="Naps", text="Long or short?")
    write(stack, ana, f"posts/{post['id']}/comments/", text="Before.")
    bell(at_bo, unread=1)

    with stack.suspended("gateway"):  # no socket is closed, and no ping comes
        write(stack, ana, f"posts/{post['id']}/comments/", text="Meanwhile.")
        wake(at_bo)
        bell(at_bo, unread=2)
        expect(connection(at_bo)).to_contain_text(re.compile("onnecting…"))

    write(stack, ana, f"posts/{post['id']}/comments/", text="After.")
    bell(at_bo, unread=3)
    expect(connection(at_bo)).to_be_empty()


def wake(page: Page) -> None:
    """Have the page believe that it was hidden, and is looked at again."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_signing_out_in_one_browser_leaves_the_others_live(
    ana: Person, bo: Person, signed_in: Callable[..., Page], profile: Callable[..., BrowserContext]
) -> None:
    at_bo = signed_in(bo)
    post = publish(at_bo, "Doors")
    elsewhere = profile().new_page()
    elsewhere.goto("/signin/")
    sign_in(elsewhere, bo)
    sign_out(elsewhere, bo.name)

    comment(signed_in(ana), post, "Still open.")

    bell(at_bo, unread=1)


def test_a_password_changed_elsewhere_ends_the_session_on_the_open_page(
    ana: Person, bo: Person, signed_in: Callable[..., Page], stack: Stack
) -> None:
    at_bo = signed_in(bo)
    post = publish(at_bo, "Locks")
    comment(signed_in(ana), post, "Turn the key.")
    bell(at_bo, unread=1)

    change_password(stack, bo)

    expect(at_bo.get_by_role("button", name=f"Account: {bo.name}")).to_be_hidden()


def change_password(stack: Stack, person: Person) -> None:
    """Do it with another client, in a session of its own."""
    with httpx.Client(base_url=f"{stack.url}/_allauth/app/v1/") as client:
        given = {"email": person.email, "password": PASSWORD}
        login = client.post("auth/login", json=given)
        client.headers["X-Session-Token"] = login.json()["meta"]["session_token"]
        passwords = {"current_password": PASSWORD, "new_password": "a shorter walk"}
        client.post("account/password/change", json=passwords).raise_for_status()
