"""The tutorial, followed to its end by somebody who has the project of `project/`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from social.run.processes import stop_all
from tests.guides.pages import write_down
from tests.guides.people import comment, inbox, sign_in
from tests.guides.projects import Project, answers
from tests.stack import free_ports


@pytest.fixture
def project(tmp_path: Path, environment: dict[str, str]) -> Iterator[Project]:
    project = Project.copy(tmp_path / "mysite", environment)
    write_down("hark/tutorial.md", project.folder)
    yield project
    stop_all(project.services.values())


def test_whoever_follows_the_tutorial_sees_each_comment_once_whatever_stops(
    project: Project, browser: Browser
) -> None:
    web, gateway = free_ports(2)
    project.edit("mysite/settings.py", ":8001/", f":{gateway}/")
    manage = [sys.executable, "manage.py"]
    post = project.populate()
    project.start("gateway", [*manage, "hark", "gateway"], answers(f"http://127.0.0.1:{gateway}/"))
    project.start("relay", [*manage, "hark", "relay"])
    url = f"http://localhost:{web}"
    project.start("web", [*manage, "runserver", "--noreload", str(web)], answers(url))
    at_ana, at_bo = (sign_in(browser, url, name) for name in ("ana", "bo"))

    comment(at_bo, post, "the first")
    expect(inbox(at_ana)).to_have_text(["bo commented on Tea Mark read"])

    project.stop("gateway")
    comment(at_bo, post, "the second")
    project.start_again("gateway")
    expect(inbox(at_ana)).to_have_text(["bo commented on Tea Mark read"] * 2)
    expect(at_ana.get_by_role("status")).to_have_text("2")

    inbox(at_ana).first.get_by_role("button").click()
    expect(at_ana.get_by_role("status")).to_have_text("1")  # the push of it has come
    expect(inbox(at_ana)).to_have_text(["bo commented on Tea", "bo commented on Tea Mark read"])
