"""Sign-up and sign-in in the OpenAPI schema: what django-allauth says of the part that we offer."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import yaml
from allauth.headless.spec.internal.schema import specify_signup_fields, specify_user

ROOT = "/_allauth/{client}/v1/"
OFFERED = {
    "config",
    "auth/session",
    "auth/signup",
    "auth/login",
    "auth/reauthenticate",
    "auth/email/verify",
    "auth/password/request",
    "auth/password/reset",
    "account/password/change",
}

Schema = dict[str, Any]


def add_authentication(result: Schema, **_: Any) -> Schema:
    """Add the offered paths, and the components they need, to the generated schema."""
    theirs = yaml.safe_load(
        files("allauth.headless.spec").joinpath("doc/openapi.yaml").read_bytes()
    )
    specify_user(theirs)
    # Their examples of an id are random, and would make each schema differ from the one before.
    theirs["components"]["schemas"]["User"]["properties"]["id"].pop("example")
    theirs["components"]["examples"]["User"]["value"].pop("id")
    specify_signup_fields(theirs)
    paths = {ROOT + name: named(theirs["paths"][ROOT + name], name) for name in sorted(OFFERED)}
    result["paths"] |= paths
    for kind, name in sorted(needed_by(paths, theirs["components"])):
        result["components"].setdefault(kind, {})[name] = theirs["components"][kind][name]
    return result


def named(operations: Schema, path: str) -> Schema:
    """Give each operation of a path the id that the generator wants it to have."""
    words = path.replace("/", "_")
    return {
        method: {"operationId": f"{words}_{method}", **each} for method, each in operations.items()
    }


def needed_by(part: object, components: Schema) -> set[tuple[str, str]]:
    """Return kind and name of every component that a part of a schema leads to."""
    found: set[tuple[str, str]] = set()
    waiting = list(references_in(part))
    while waiting:
        kind, name = waiting.pop()
        if (kind, name) not in found:
            found.add((kind, name))
            waiting.extend(references_in(components[kind][name]))
    return found


def references_in(part: object) -> Iterator[tuple[str, str]]:
    match part:
        case {"$ref": str(target)}:
            _, _, kind, name = target.split("/")  # "#/components/<kind>/<name>"
            yield kind, name
        case dict():
            for value in part.values():
                yield from references_in(value)
        case list():
            for value in part:
                yield from references_in(value)
