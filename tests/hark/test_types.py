"""@register: a class that could not be stored, or not be read again, is refused at once."""

import subprocess
import sys
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hark import NotificationType, register, types
from hark.exceptions import AlreadyRegistered, BadType
from tests.hark.testapp.notifications import Note


class Titled(NotificationType):
    """What every class below has, so that each is wrong in one way."""

    def title(self) -> str:
        return "title"


def made(**body: Any) -> type[NotificationType]:
    """Return a class with these attributes, and these annotations under `fields`."""
    annotations = body.pop("fields", {})
    return dataclass(frozen=True)(type("Made", (Titled,), {"__annotations__": annotations, **body}))


def test_a_name_belongs_to_one_class() -> None:
    with pytest.raises(AlreadyRegistered, match="Note"):
        register("note")(made())
    with pytest.raises(AlreadyRegistered, match="Note"):
        register("not.yet", formerly=("nor.this", "note"))(made())
    assert not {"not.yet", "nor.this"} & set(types.names()), "all of it or nothing"


@pytest.mark.parametrize("name", ["", "Post", "post commented", "post..x", "x" * 101, ".x", None])
def test_a_bad_name_is_refused(name: Any) -> None:
    with pytest.raises(BadType, match="dotted lower-case"):
        register(name)(made())
    with pytest.raises(BadType, match="dotted lower-case"):
        register("fine", formerly=(name,))(made())


def test_a_former_name_is_not_taken_for_its_letters() -> None:
    with pytest.raises(BadType, match="tuple of names"):
        register("fine", formerly="old.name")


def test_a_type_without_a_title_can_neither_be_made_nor_registered() -> None:
    @dataclass(frozen=True)
    class Untitled(NotificationType):
        text: str

    with pytest.raises(BadType, match=r"Untitled: write title\(\)"):
        register("untitled")(Untitled)
    with pytest.raises(TypeError, match="title"):
        Untitled(text="x")  # type: ignore[abstract]


def test_a_type_checker_sees_that_there_is_no_title(tmp_path: Path) -> None:
    file = tmp_path / "notifications.py"
    file.write_text(
        "from dataclasses import dataclass\n"
        "from hark import NotificationType\n"
        "@dataclass(frozen=True)\n"
        "class Untitled(NotificationType):\n"
        "    text: str\n"
        "Untitled(text='x')\n"
    )
    options = ["--config-file=", f"--cache-dir={tmp_path}", "--follow-imports=silent"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--ignore-missing-imports", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "py:6: error" in done.stdout, done.stderr
    assert '"title"' in done.stdout


@dataclass(frozen=True)
class InitVariable(Titled):
    given: InitVar[int]


@dataclass(frozen=True)
class OwnInit(Titled):
    text: str

    def __init__(self) -> None:
        pass


@dataclass(frozen=True)
class Derived(Titled):
    text: str = field(init=False, default="x")


class NoDataclass(Note):
    more: str


ATTRIBUTES = sorted(name for name in dir(NotificationType) if not name.startswith("_"))


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_field_cannot_be_called_as_what_every_type_has(name: str) -> None:
    with pytest.raises(BadType, match=f"{name!r} hides"):
        register("hiding")(made(fields={name: "Any"}, **{name: None}))


@pytest.mark.parametrize(
    ("cls", "reason"),
    [
        pytest.param(Titled, "dataclass", id="no dataclass"),
        pytest.param(NoDataclass, "with @dataclass itself", id="only its parent is one"),
        pytest.param(dataclass(type("Thawed", (Titled,), {})), "frozen", id="not frozen"),
        pytest.param(dataclass(frozen=True)(type("Foreign", (), {})), "extends", id="no type"),
        pytest.param(lambda: None, "extends", id="no class"),
        pytest.param(InitVariable, "made of its fields", id="wants more than fields"),
        pytest.param(OwnInit, "made of its fields", id="its own __init__"),
        pytest.param(Derived, "made of its fields", id="a field that nobody may give"),
        pytest.param(made(title="Hello"), r"title must be a method", id="text for a method"),
        pytest.param(made(url=property(lambda self: "/")), "url must be", id="a property"),
        pytest.param(made(body=lambda self, more: ""), r"body\(\) must take no", id="arguments"),
        pytest.param(made(data=lambda: None), r"data\(\) must take no", id="no self"),
        pytest.param(
            made(upcast=lambda self, version, params: {}), "classmethod", id="no classmethod"
        ),
        pytest.param(made(upcast=classmethod(lambda cls: {})), "2 arguments", id="no version"),
        pytest.param(made(version="2"), "version must be a number", id="version as text"),
        pytest.param(made(version=True), "version must be a number", id="version as bool"),
        pytest.param(made(version=2**15), "32,767", id="version beyond its column"),
        pytest.param(made(version=-1), "from 0", id="negative version"),
        pytest.param(made(related={"x": "author"}), "tuple of paths", id="related as text"),
        pytest.param(made(related=["x"]), "related must be a dict", id="related as list"),
        pytest.param(made(media="email"), "media must be a tuple", id="media as text"),
        pytest.param(made(media=(object(),)), "media must be a tuple", id="no medium"),
    ],
)
def test_a_class_that_cannot_work_is_refused(cls: Any, reason: str) -> None:
    with pytest.raises(BadType, match=reason):
        register("wrong")(cls)


def test_a_method_that_does_not_return_its_value_is_refused() -> None:
    async def title(self: object) -> str:
        return "later"

    def body(self: object) -> Any:
        yield "in parts"

    for wrong in ({"title": title}, {"body": body}):
        with pytest.raises(BadType, match="neither async nor a generator"):
            register("wrong")(made(**wrong))
