"""What holds for every part's tests."""

import asyncio
from collections.abc import Generator

import pytest
from hypothesis import settings

# Nothing here asserts a time, and a property test is no exception: the machine may have other work.
settings.register_profile("hark", deadline=None)
settings.load_profile("hark")

# pytest-asyncio asks for the thread's event loop before it sets its own. Unless told that there is
# none, Python makes one for the asking, which nobody closes: a warning, somewhere, some time later.
asyncio.set_event_loop(None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let reports travel between processes, which takes UTF-8: hostile names get into the log."""
    report = yield
    sections = [(name, text.encode(errors="replace").decode()) for name, text in report.sections]
    report.sections = sections
    return report
