"""What people may call themselves, and which names are the same to a reader.

Letters of all the world are allowed. Names are compared by what they look like, as Unicode's table
of confusables tells (UTS #39): `ana`, `ANA` and `ana` with Cyrillic letters are one.
"""

import re
import unicodedata
from functools import cache

from confusable_homoglyphs import categories, confusables
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MAX_MARKS = 4
"""Marks on one letter, at most (UTS #39, 5.4); more of them cover the lines around."""

INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]")
"""Letters and marks that show nothing (Unicode's Default_Ignorable_Code_Point)."""

WRITTEN_TOGETHER = [
    {"HAN", "HIRAGANA", "KATAKANA"},
    {"HAN", "BOPOMOFO"},
    {"HAN", "HANGUL"},
]
LIKE_LATIN = {"CYRILLIC", "GREEK", "CHEROKEE", "COPTIC"}
"""Beside these, Latin letters are there to deceive (UTS #39, 5.2: moderately restrictive)."""

RESERVED = [
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "administration",
    "all",
    "anonymous",
    "api",
    "contact",
    "deleted",
    "everyone",
    "everybody",
    "hark",
    "help",
    "here",
    "hostmaster",
    "info",
    "mail",
    "me",
    "moderator",
    "moderation",
    "mod",
    "nobody",
    "noreply",
    "nothing",
    "notification",
    "notifications",
    "null",
    "official",
    "owner",
    "postmaster",
    "root",
    "security",
    "service",
    "settings",
    "signin",
    "signup",
    "site",
    "somebody",
    "someone",
    "staff",
    "superuser",
    "support",
    "system",
    "team",
    "undefined",
    "unknown",
    "user",
    "webmaster",
    "www",
    "you",
]


def normalized(name: str) -> str:
    """Return the one spelling of a name: NFKC, so without ligatures and full width."""
    return unicodedata.normalize("NFKC", name)


def validate_name(name: str) -> None:
    """Refuse what is no name.

    Raises:
        ValidationError: It has other characters than letters, digits and . + - _; it begins with
            one of these or with a mark; or its letters are of alphabets that look alike.
    """
    kinds = [unicodedata.category(character) for character in name]
    # No @: whoever types their e-mail address as their name would publish it.
    if INVISIBLE.search(name) or not all(
        kind[0] == "L" or kind in {"Mn", "Mc", "Nd"} or character in ".+-_"
        for character, kind in zip(name, kinds, strict=True)
    ):
        raise ValidationError(_("Use letters, digits and the characters . + - _ only."))
    if kinds and kinds[0][0] not in "LN":
        raise ValidationError(_("Begin with a letter or a digit."))
    if "M" * (MAX_MARKS + 1) in "".join(kind[0] for kind in kinds):
        raise ValidationError(_("There are too many marks on one letter."))
    if not are_written_together(scripts_of(name)):
        raise ValidationError(_("Use letters of one alphabet."))


def validate_free(name: str) -> None:
    """Refuse names under which somebody would seem to speak for the site.

    Raises:
        ValidationError: It is one of RESERVED, or looks like it.
    """
    if likeness(re.sub(r"[.+_-]", "", name)) in reserved():
        raise ValidationError(_("This name is reserved. Choose another."), code="reserved")


def likeness(name: str) -> str:
    """Return what is the same for all names that look the same, whatever their capitals."""
    seen = skeleton(skeleton(normalized(name)).casefold())
    # A small i and a small l are told apart; but a capital I is both an i and, to the eye, an l.
    return seen.replace("i", "l")


def skeleton(text: str) -> str:
    """Return a text with each character replaced by what stands for all that look like it."""
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize(
        "NFD", "".join(prototypes().get(character, character) for character in decomposed)
    )


def scripts_of(name: str) -> set[str]:
    found = {categories.alias(character) for character in name}
    return found - {"COMMON", "INHERITED"}


def are_written_together(scripts: set[str]) -> bool:
    """Return whether one language has these scripts, Latin letters beside one of them allowed."""
    others = scripts - {"LATIN"}
    if len(others) > 1:
        return any(others <= together for together in WRITTEN_TOGETHER)
    return len(scripts) < 2 or not others & LIKE_LATIN


def rank(text: str) -> tuple[int, bool, bool, bool, str]:
    """Order what looks the same: "rn" stands for "m", and small Latin letters for digits."""
    return -len(text), not text.isascii(), not text.islower(), not text.isalpha(), text


@cache
def reserved() -> frozenset[str]:
    return frozenset(likeness(name) for name in RESERVED)


@cache
def prototypes() -> dict[str, str]:
    """Return what stands for each character that looks like another one, or like several."""
    leaders: dict[str, str] = {}

    def leader(text: str) -> str:
        while (above := leaders.setdefault(text, text)) != text:
            text = above
        return text

    for one, others in confusables.confusables_data.items():
        for other in others:
            # The library's data wraps what is written from right to left in marks of direction.
            pair = [each.strip("\u200e") for each in (one, other["c"])]
            first, second = sorted(map(leader, pair), key=rank)
            leaders[second] = first
    found = {text: leader(text) for text in leaders if len(text) == 1}
    return {
        text: "".join(found.get(each, each) for each in prototype)
        for text, prototype in found.items()
    }
