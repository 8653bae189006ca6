"""A browser, and an empty database."""

import secrets
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from social import postgres
from tests.browser.conftest import FLAGS, PATIENCE

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """What the guides have their reader put into the environment."""
    return {
        "DATABASE_URL": postgres.start(),
        "SECRET_KEY": secrets.token_hex(32),
        "HARK_API_KEY": secrets.token_hex(32),
        "HARK_TOKEN_SECRET": secrets.token_hex(32),
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium that takes example.org for this machine."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        flags = [*FLAGS, "--host-resolver-rules=MAP *.org 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()
