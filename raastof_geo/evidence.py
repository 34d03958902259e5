"""How far a figure can be trusted, and how its unit, range and year of money are written."""

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias
from raastof_geo.language import Message, read_texts, say

Evidence: TypeAlias = Literal["seen", "copy", "judgement"]
"""Seen in the source, seen in a copy of it, or judgement of the authors."""
Trust: TypeAlias = Literal["seen", "copy", "judgement", "expired"]
"""The evidence, or that the value is said to hold no longer."""

STATES: Mapping[str, Message] = read_texts("how seen")


def tell_span(figure: Mapping[str, Any]) -> Message | str:
    """Write a range and a price's year. Returns what stands behind a value and unit, or nothing.

    The `figure` has `low` and `high` as text, `price_year` and `indexed`, as far as known.
    """
    low, high, year = (figure.get(key) for key in ("low", "high", "price_year"))
    span = say(" ({low}–{high})", low=low or "?", high=high or "?") if low or high else ""
    if not year:
        return span
    if figure.get("indexed"):
        return say("{span}, in the prices of {year}", span=span, year=str(year))
    return say("{span}, price of {year}, not indexed", span=span, year=str(year))


def tell_unit(unit: str) -> str:
    """Write a unit for a reader. Returns it in the language that is read: `kr./læs`."""
    words = read_texts("units")
    return re.sub("|".join(words), lambda found: str(words[found.group()]), unit)
