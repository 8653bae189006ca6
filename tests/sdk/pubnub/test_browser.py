"""The official JavaScript SDK in a browser, where preflights and CORS decide what it may see."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.gateway_process import GatewayProcess

from .clients import short_lived_token
from .test_javascript import FOLDER, node

__all__ = ["node"]
BUNDLE = FOLDER / "node_modules/pubnub-12/dist/web/pubnub.min.js"


@pytest.fixture
def page(node: str) -> Iterator[Page]:
    """A page of some origin, with the SDK's bundle for browsers."""
    program = shutil.which("chromium")
    assert program is not None, "Chromium is missing"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.add_script_tag(path=str(BUNDLE))
        yield opened
        browser.close()


STORY = """async ([port]) => {
  const pubnub = new PubNub({
    publishKey: "pub-open", subscribeKey: "sub-open", userId: "ana",
    origin: `127.0.0.1:${port}`, ssl: false,
  });
  const channel = `browser-${Date.now()}`;
  const heard = new Promise((resolve) => pubnub.addListener({ message: resolve }));
  const connected = new Promise((resolve) => pubnub.addListener({
    status: ({ category }) => category === "PNConnectedCategory" && resolve(),
  }));
  pubnub.subscribe({ channels: [channel] });
  await connected;
  const message = { text: "ü ".repeat(1000) };
  await pubnub.publish({ channel, message, sendByPost: true }); // preflighted
  const { message: got } = await heard;
  const before = await pubnub.fetchMessages({ channels: [channel] });
  await pubnub.deleteMessages({ channel }); // preflighted
  const after = await pubnub.fetchMessages({ channels: [channel] });
  pubnub.destroy();
  return [got.text === message.text, before.channels[channel].length, after.channels];
}"""

REFUSAL = """async ([port, token]) => {
  const pubnub = new PubNub({
    publishKey: "pub-c-1", subscribeKey: "sub-c-1", userId: "ana",
    origin: `127.0.0.1:${port}`, ssl: false,
  });
  pubnub.setToken(token);
  const refused = new Promise((resolve) => pubnub.addListener({
    status: ({ error }) => error && resolve(error),
  }));
  pubnub.subscribe({ channels: ["room"] }); // until the token expires, in a few seconds
  const onSubscribe = await refused;
  const onFetch = await pubnub.fetchMessages({ channels: ["room"] }).catch(({ status }) => status);
  pubnub.destroy();
  return [onSubscribe, onFetch.category, onFetch.statusCode];
}"""

TOO_LONG = """async ([port]) => {
  const pubnub = new PubNub({
    publishKey: "pub-open", subscribeKey: "sub-open", userId: "ana",
    origin: `127.0.0.1:${port}`, ssl: false,
  });
  const digits = Array.from({ length: 400_000 }, () => Math.floor(Math.random() * 10));
  const message = digits.join(""); // of 400,000 digits 166,000 bytes remain when compressed
  const refusal = pubnub.publish({ channel: "room", message, sendByPost: true });
  const { category, statusCode } = await refusal.catch(({ status }) => status);
  pubnub.destroy();
  return [category, statusCode];
}"""


def test_a_page_publishes_hears_fetches_and_deletes(gateway: GatewayProcess, page: Page) -> None:
    assert page.evaluate(STORY, [gateway.port]) == [True, 1, {}]


def test_a_page_sees_why_it_is_refused(gateway: GatewayProcess, page: Page) -> None:
    denied = "PNAccessDeniedCategory"
    token = short_lived_token("ana", "room")
    assert page.evaluate(REFUSAL, [gateway.port, token]) == [denied, denied, 403]


def test_a_page_is_told_that_its_message_is_too_long(gateway: GatewayProcess, page: Page) -> None:
    # The SDK has no category for this status; it would call an unreadable answer a network issue.
    assert page.evaluate(TOO_LONG, [gateway.port]) == ["PNUnknownCategory", 413]
