"""Addresses that a notification leads to: paths of this site, as browsers read them."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # browsers leave out tabs and line breaks (WHATWG URL)
_RESOLVED = re.compile(r"(\.|%2e){1,2}", re.IGNORECASE)


def is_path(address: str) -> bool:
    r"""Return whether an address is a path of this site to whatever browser opens it.

    `//host` and `/\host` are other sites, and `/.//host` becomes one; so no segment may be one
    that is resolved.
    """
    path = re.split("[?#]", address, maxsplit=1)[0]
    return (
        address.startswith("/")
        and not address.startswith("//")
        and "\\" not in path
        and not _CONTROL.search(address)
        and not any(_RESOLVED.fullmatch(segment) for segment in path.split("/"))
    )
