"""Several tabs of one browser are one listener, and speak with one voice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

import httpx
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.browser.conftest import Person, on_one_backend, open_tab
from tests.browser.pages import bell, comment, connection, publish, sign_in, sign_out, toast, write
from tests.stack import Stack

# Keeps what a page said to screen readers, since toasts leave by themselves.
RECORD_TOASTS = """
window.said = [];
new MutationObserver((changes) => {
  for (const { addedNodes } of changes)
    for (const node of addedNodes)
      if (node.parentElement?.matches('[aria-label="New notifications"]'))
        window.said.push(node.textContent);
}).observe(document, { childList: true, subtree: true });
"""


class Tabs:
    """Three tabs of one browser profile."""

    def __init__(self, context: BrowserContext) -> None:
        self._connected: set[Page] = set()
        context.on("page", self._watch)
        context.add_init_script(RECORD_TOASTS)
        self.open = [open_tab(context) for _ in range(3)]

    def _watch(self, page: Page) -> None:
        def note_poll(request: Request) -> None:
            if "/v2/subscribe/" in request.url:
                self._connected.add(page)

        page.on("websocket", lambda _: self._connected.add(page))
        page.on("request", note_poll)

    def leaders(self) -> list[Page]:
        """Return the tabs that ever connected, by WebSocket or by polling."""
        return [page for page in self.open if page in self._connected]

    def close(self, page: Page) -> None:
        self.open.remove(page)
        page.close()

    def toasts(self, text: str) -> int:
        """Return in how many tabs a toast has said so until now."""
        said = [each for page in self.open for each in page.evaluate("window.said")]
        return sum(text in each for each in said)


def test_three_tabs_share_one_connection_and_one_toast_and_another_leads_when_it_closes(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    first = signed_in(bo)
    post = publish(first, "Tabs")
    first.close()
    tabs = Tabs(first.context)
    at_ana = signed_in(ana)

    comment(at_ana, post, "To all of you.")
    for page in tabs.open:
        bell(page, unread=1)
    (leader,) = tabs.leaders()

    comment(at_ana, post, "Said once.")
    for page in tabs.open:
        bell(page, unread=2)
    assert tabs.toasts("To all of you.") == 1  # settled long before the second came

    tabs.close(leader)
    comment(at_ana, post, "To those who are left.")
    for page in tabs.open:
        bell(page, unread=3)
    assert len(tabs.leaders()) == 1


@contextmanager
def asleep(page: Page) -> Iterator[None]:
    """Suspend a tab for the block, as phones and battery savers do."""
    page.evaluate("setInterval(() => 0, 100)")  # a pause comes with the next statement
    debugger = page.context.new_cdp_session(page)
    debugger.send("Debugger.enable")
    debugger.send("Debugger.pause")
    yield
    debugger.send("Debugger.resume")
    debugger.detach()


def test_a_tab_whose_leader_sleeps_takes_over(
    ana: Person, bo: Person, signed_in: Callable[..., Page], stack: Stack
) -> None:
    first = signed_in(bo)
    post = write(stack, bo, "posts/", title="Beds", text="Hard or soft?")
    first.close()
    tabs = Tabs(first.context)
    bell(tabs.open[-1], unread=0)
    (leader,) = tabs.leaders()
    awake = [page for page in tabs.open if page is not leader]
    with asleep(leader):
        write(stack, ana, f"posts/{post['id']}/comments/", text="Soft.")
        for page in awake:
            bell(page, unread=1)
            expect(connection(page)).to_be_empty()
        write(stack, ana, f"posts/{post['id']}/comments/", text="No, hard.")
        for page in awake:
            bell(page, unread=2)
    bell(leader, unread=2)


def test_signing_out_in_one_tab_signs_out_the_other(
    bo: Person, signed_in: Callable[..., Page]
) -> None:
    leader = signed_in(bo)
    other = open_tab(leader.context)
    sign_out(other, bo.name)
    expect(leader.get_by_role("button", name="Notifications")).to_be_hidden()


@on_one_backend
def test_a_toast_that_is_dismissed_is_not_read(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    at_bo = signed_in(bo)
    post = publish(at_bo, "Toast")
    comment(signed_in(ana), post, "With butter.")
    toast(at_bo, "With butter.").wait_for()
    at_bo.get_by_role("button", name="Dismiss").click()
    toast(at_bo, "With butter.").wait_for(state="detached")
    bell(at_bo, unread=1)  # dismissed, not read


def hand_over(page: Page, to: Person) -> None:
    """Have another tab of the same browser sign in as somebody else."""
    site = urljoin(page.url, "/")
    page.context.add_cookies([{"name": "sessionid", "value": to.session, "url": site}])


def test_a_tab_becomes_anothers_when_its_session_does(
    bo: Person, person: Callable[[str], Person], signed_in: Callable[..., Page], stack: Stack
) -> None:
    ana, cleo = person("Ana"), person("Cleo")
    tab = signed_in(bo)
    post = write(stack, ana, "posts/", title="Coffee", text="Black.")
    hand_over(tab, ana)
    own = {"X-Session-Token": bo.session}
    assert httpx.delete(f"{stack.url}/_allauth/app/v1/auth/session", headers=own).status_code == 401

    expect(tab.get_by_role("button", name=f"Account: {ana.name}")).to_be_visible()
    write(stack, cleo, f"posts/{post['id']}/comments/", text="With milk.")
    bell(tab, unread=1)
    toast(tab, "With milk.").wait_for()


@on_one_backend
def test_a_tab_that_was_left_alone_becomes_whoevers_signs_in(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    tab = signed_in(bo)
    other = open_tab(tab.context)
    sign_out(other, bo.name)
    expect(tab.get_by_role("button", name="Notifications")).to_be_hidden()
    other.goto("/signin/")
    sign_in(other, ana)
    expect(tab.get_by_role("button", name=f"Account: {ana.name}")).to_be_visible()


@on_one_backend
def test_a_tab_writes_nothing_in_the_name_of_another(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    tab = signed_in(bo)
    post = publish(tab, "Tea")
    tab.get_by_label("Comment", exact=True).fill("In whose name?")
    tab.wait_for_load_state("networkidle")
    hand_over(tab, ana)
    tab.get_by_role("button", name="Comment", exact=True).click()

    expect(tab.get_by_role("button", name=f"Account: {ana.name}")).to_be_visible()
    assert tab.url == post
    expect(tab.get_by_label("Comment", exact=True)).to_have_value("")
    expect(tab.get_by_role("main").get_by_text("No comments yet")).to_be_visible()
