"""The reader's project, with what the guides add to it, in real processes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from social.run.processes import Service

HERE = Path(__file__).resolve().parent
SDK = HERE.parents[1] / "web/node_modules/centrifuge/build/index.mjs"
START_SECONDS = 60.0
PASSWORD = "a long walk in the rain"
POPULATE = f"""
from django.contrib.auth.models import User
from posts.models import Post
ana, bo = (User.objects.create_user(name, password={PASSWORD!r}) for name in ("ana", "bo"))
print(Post.objects.create(author=ana, title="Tea").pk)
"""


@dataclass(frozen=True)
class Project:
    """A copy of `project/` in a folder of its own.

    Attributes:
        folder: Where it is.
        environment: The whole environment of its processes.
    """

    folder: Path
    environment: Mapping[str, str]
    services: dict[str, Service] = field(default_factory=dict)

    @classmethod
    def copy(cls, folder: Path, environment: Mapping[str, str]) -> "Project":
        shutil.copytree(HERE / "project", folder)
        # The SDK, in the place of a bundler.
        scripts = folder / "posts" / "static"
        scripts.mkdir()
        shutil.copy(SDK, scripts / "centrifuge.mjs")
        own = {"DJANGO_SETTINGS_MODULE": "mysite.settings", "PYTHONUNBUFFERED": "1"}
        return cls(folder, {**os.environ, **environment, **own})

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace `old`, which must be there, in one of the project's files."""
        file = self.folder / name
        text = file.read_text()
        assert old in text, f"{name} has no {old}"
        file.write_text(text.replace(old, new))

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def populate(self) -> int:
        """Make the tables, Ana and Bo, and a post of Ana's; return its key."""
        self.manage("makemigrations", "posts", "--verbosity", "0")
        self.manage("migrate", "--verbosity", "0")
        return int(json.loads(self.manage("shell", "--no-imports", "-c", POPULATE)))

    def start(
        self, name: str, command: Sequence[str], answers: Callable[[], bool] = lambda: True
    ) -> None:
        service = Service(
            name,
            ["env", f"--chdir={self.folder}", *command],
            self.environment,
            self.folder / "logs" / f"{name}.log",
            answers,
        )
        self.services[name] = service
        service.start()
        service.wait_until_it_answers(START_SECONDS)

    def stop(self, name: str) -> None:
        service = self.services[name]
        service.ask_to_stop()
        service.wait_until_stopped(START_SECONDS)

    def start_again(self, name: str) -> None:
        self.services[name].start()
        self.services[name].wait_until_it_answers(START_SECONDS)


def answers(url: str) -> Callable[[], bool]:
    """Return a function that says whether anything at `url` answers by now."""

    def ask() -> bool:
        try:
            httpx.get(url, timeout=2, verify=False)  # the test's own certificate
        except httpx.HTTPError:
            return False
        return True

    return ask
