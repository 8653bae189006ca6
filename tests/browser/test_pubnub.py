"""What only PubNub's protocol asks of the page: tokens that end, and messages of 32 KiB at most."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Request, Response, expect

from tests.browser.conftest import Person, open_tab
from tests.browser.pages import bell, comment, connection, open_inbox, publish, write
from tests.stack import Stack

pytestmark = pytest.mark.parametrize("stack", ["pubnub"], indirect=True, scope="session")

HOUR = 3_600_000
"""Milliseconds that a token lives."""

POLL = 290_000
"""Milliseconds that the SDK lets a poll wait; it gives up at 310,000."""


def asked(poll: Request, name: str) -> str:
    (value,) = parse_qs(urlsplit(poll.url).query)[name]
    return value


def is_poll(call: Request | Response) -> bool:
    return "/v2/subscribe/" in call.url


def asks_for_token(call: Request | Response) -> bool:
    return "/api/hark/connect/" in call.url


def test_a_page_renews_its_token_before_it_ends_and_goes_on_with_the_new_one(
    ana: Person, bo: Person, signed_in: Callable[..., Page]
) -> None:
    at_ana, first = signed_in(ana), signed_in(bo)
    post = publish(first, "Patience")
    context = first.context
    first.close()
    context.clock.install()
    polls: list[Request] = []
    renewals: list[Request] = []
    context.on("request", lambda request: polls.append(request) if is_poll(request) else None)
    at_bo = open_tab(context)
    unread = 0

    def come(text: str) -> None:
        nonlocal unread
        unread += 1
        comment(at_ana, post, text)
        bell(at_bo, unread=unread)

    for number in range(HOUR // POLL):
        come(f"Meanwhile {number}.")  # else the SDK would give up its poll
        context.clock.run_for(POLL)  # not at a bound, which the page takes for the end of a sleep
    come("Before the token ends.")
    first_token = asked(polls[-1], "auth")
    context.on("request", lambda call: renewals.append(call) if asks_for_token(call) else None)
    with at_bo.expect_response(asks_for_token) as renewed:
        for _ in range(120):  # in steps, since what waits for an answer has a time limit
            if not renewals:
                context.clock.run_for(1_000)
    polls.clear()
    come("At the old token's end.")
    come("After.")

    renewed_token = renewed.value.json()["token"]
    assert {asked(poll, "auth") for poll in polls} == {renewed_token} != {first_token}
    assert all(int(asked(poll, "tt")) for poll in polls)  # it went on, and did not begin anew
    expect(connection(at_bo)).to_be_empty()


def test_a_push_that_is_too_large_for_pubnub_is_fetched(
    ana: Person, bo: Person, signed_in: Callable[..., Page], stack: Stack
) -> None:
    at_bo = signed_in(bo)
    post = write(stack, bo, "posts/", title="War and Peace", text="What do you say?")
    pushes: list[dict[str, Any]] = []
    at_bo.on("response", lambda answer: pushes.extend(pushed(answer)) if is_poll(answer) else None)

    with stack.without("relay"):  # so that one push has to tell all of it
        for number in range(20):
            text = f"Chapter {number:02}. {'Well-Prince-' * 150}"  # one word, so it is not cut
            write(stack, ana, f"posts/{post['id']}/comments/", text=text)

    bell(at_bo, unread=20)
    inbox = open_inbox(at_bo)
    expect(inbox.get_by_role("listitem").filter(has_text="Chapter 19.")).to_have_count(1)
    expect(inbox.get_by_role("listitem").filter(has_text="Chapter 00.")).to_have_count(1)
    assert any(len(push.get("changed", ())) == 20 and not push["items"] for push in pushes)


def pushed(answer: Response) -> list[dict[str, Any]]:
    return [message["d"] for message in answer.json()["m"]]


def test_what_was_revoked_stays_so_when_the_gateway_dies(bo: Person, stack: Stack) -> None:
    api = httpx.Client(base_url=stack.url, headers={"X-Session-Token": bo.session}, timeout=20)
    with api:
        info = api.post("/api/hark/connect/").json()
        credentials = {"auth": info["token"], "uuid": info["user_id"]}
        path = f"/v2/subscribe/{info['subscribe_key']}/{info['channels'][0]}/0"
        gateway = httpx.Client(base_url=f"http://{info['origin']}", params=credentials, timeout=20)
        with gateway, ThreadPoolExecutor(1) as elsewhere:
            now = gateway.get(path).json()["t"]["t"]
            held = elsewhere.submit(gateway.get, path, params={**credentials, "tt": now})
            api.delete("/_allauth/app/v1/auth/session")
            assert held.result().json()["message"] == "Token is revoked"

            stack.kill("gateway")
            stack.start("gateway")
            answer = gateway.get(path)
    assert (answer.status_code, answer.json()["message"]) == (403, "Token is revoked")
