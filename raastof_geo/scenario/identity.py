"""Ids in a scenario: what they may look like, and what a mistyped one was meant to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from pydantic import ValidationInfo

from raastof_geo.errors import InputError
from raastof_geo.language import Message, say

_ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")

NOUNS: dict[str, Message] = {
    "materials": say("a material"),
    "uses": say("a use"),
    "vehicles": say("a vehicle"),
    "fuels": say("a fuel"),
    "conditions": say("a condition"),
    "periods": say("a period"),
    "sites": say("a site"),
    "municipalities": say("a municipality"),
    "drawn_municipalities": say("a municipality"),
    "recipes": say("a recipe"),
    "land": say("a kind of land"),
    "legal_regimes": say("a legal regime"),
}


def known(section: str) -> Callable[[str, ValidationInfo], str]:
    """Make a check that an id exists in a section of the scenario or the catalogue."""

    def check(given: str, info: ValidationInfo) -> str:
        ids = (info.context or {}).get("known", {}).get(section)
        if ids is None or given in ids:
            return given
        raise InputError(
            say(
                "{given} is not {noun} here{hint}",
                given=f"`{given}`",
                noun=NOUNS[section],
                hint=suggest(given, ids),
            )
        )

    return check


def check_id(given: str) -> str:
    """Check that an id can serve as a key, a layer and a file name on every system."""
    if not _ID.fullmatch(given):
        raise InputError(
            say(
                "{given} cannot be an id: use up to 64 of the letters a-z, digits, `_` and `-`, "
                "and put the name that people read under `name:`",
                given=f"`{given[:80]}`",
            )
        )
    return given


def suggest(given: str, ids: Iterable[str]) -> Message:
    """Say what was probably meant, or what there is to choose from."""
    choices = [str(one) for one in ids]
    lowered = {one.lower(): one for one in choices}
    close = get_close_matches(given.lower(), lowered, n=1, cutoff=0.6)
    if close:
        return say("; did you mean {close}?", close=f"`{lowered[close[0]]}`")
    if not choices:
        return say("; there are none")
    shown = ", ".join(choices[:12]) + (" …" if len(choices) > 12 else "")
    return say("; there are {choices}", choices=shown)
