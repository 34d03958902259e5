"""Take keys and conditions of OpenStreetMap apart: what is said, of whom, where, and when.

A key such as `maxweight:hgv:forward:conditional` names what is said (`maxweight`), of which
vehicles (`hgv`), in which direction (`forward`), and whether its value has conditions, as in
`7.5 @ (weight>12); none @ destination`.
"""

import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from raastof_geo.arrays import Floats
from raastof_geo.emissions.limit import TRUCK_LIMITS
from raastof_geo.roads.mapped.amounts import read_count, read_mass_t, read_metres
from raastof_geo.roads.words import TAGS, list_words

READ_SIZE: dict[str, Callable[[str], float]] = {
    "t": read_mass_t,
    "m": read_metres,
    "axles": read_count,
}
"""How the value of a limit is read, by its unit."""

LIMIT_OF = {tag: (rank, one) for rank, one in enumerate(TRUCK_LIMITS) for tag in one.tags}
"""Each limit and its place among `TRUCK_LIMITS`, by each of its tags."""
_SIZE_OF = {tag.removeprefix("max"): found for tag, found in LIMIT_OF.items()}

_BASES = {*LIMIT_OF, "access", "maxspeed", "oneway", "restriction"}
_CHAIN = list_words(TAGS["trucks"])
"""Kinds of vehicle that a truck belongs to, the closest to it last."""
TRAILER = "trailer"
"""A trailer has restrictions of its own, beside those of the truck that pulls it."""
SOME_TRUCKS = frozenset((TRAILER, "hgv_articulated"))
EVERY_TRUCK = frozenset(_CHAIN) - SOME_TRUCKS
_KINDS = frozenset((*_CHAIN[1:], TRAILER))

OTHERS = frozenset(list_words(TAGS["others"]))
"""Those that a truck with soil or stone is none of."""
_REMARKS_ON = frozenset(list_words(TAGS["remarks"]))
"""What follows a key to say something about it, not about trucks."""
DIRECTIONS = {"forward": "backward", "backward": "forward"}
"""Each direction of a way, and the other one."""

ERRANDS = frozenset(list_words(TAGS["errands"]))
"""Values and conditions that let those in who begin or end their trip there."""
_CLOCK = re.compile(
    rf"\d\d?:\d\d|\d\d?\s*(?:am|pm)\b|\b(?:{'|'.join(list_words(TAGS['clock']))})\b"
)
"""What only a clock, a calendar, a window or a sign that changes can tell."""
_SIZE = re.compile(r"(?:max)?_?([a-z_]+?)\s*(<=|>=|==|=|<|>|≤|≥)\s*(.+)")
_AND = re.compile(r"\)\s*and\s*\(|\s+and\s+")
SLACK = 1e-6
"""A truck of just the size that is named, or allowed, is so, whatever rounding says. [t, m]"""
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda size, limit: size > limit + SLACK,
    "<": lambda size, limit: size < limit - SLACK,
    ">=": lambda size, limit: size >= limit - SLACK,
    "<=": lambda size, limit: size <= limit + SLACK,
    "=": lambda size, limit: abs(size - limit) <= SLACK,
}
_SAME_SIGN = {"≤": "<=", "≥": ">=", "==": "="}


class Truck(NamedTuple):
    """What decides for a truck what a road is to it."""

    size: Floats
    """What limits are held against. [`LIMITS`, t or m]"""
    kinds: frozenset[str]
    """Of `trailer` and `hgv_articulated` those that it is."""


class TagKey(NamedTuple):
    """A key taken apart."""

    base: str
    kinds: frozenset[str]
    """The vehicles it is about, all where there are none."""
    direction: str
    """`forward`, `backward`, or none."""
    conditional: bool
    doubt: str
    """Why it is not taken, if so: `lanes` or `unknown_key`."""

    @property
    def rank(self) -> tuple[int, bool, bool]:
        """How close it is to a truck: the greatest wins."""
        closest = max((_CHAIN.index(kind) for kind in self.kinds if kind in _CHAIN), default=0)
        return closest, bool(self.direction), self.conditional

    @property
    def varies(self) -> bool:
        """Whether what it says hangs on the truck or on its direction."""
        return self.conditional or bool(self.direction or self.kinds & SOME_TRUCKS)


@lru_cache(4096)
def read_key(key: str) -> TagKey | None:
    """Take a key apart; none where it says nothing about whether and how trucks may pass."""
    parts = key.split(":")
    if parts[0] not in _BASES and parts[0] not in _KINDS:
        return None
    base = next((one for one in (":".join(parts[:2]), parts[0]) if one in _BASES), "")
    left = parts[base.count(":") + 1 :] if base else parts
    if not base or (base == "access" and left and left[0] in _BASES):
        base = next((one for one in left if one in _BASES), "access")
        left = [one for one in left if one != base]
    rest = {*left} - _KINDS - {*DIRECTIONS, "both_ways", "conditional"}
    if rest & (OTHERS | _REMARKS_ON):
        return None
    doubt = "lanes" if rest == {"lanes"} else "unknown_key" if rest else ""
    direction = next((one for one in left if one in DIRECTIONS), "")
    kinds = frozenset(left) & _KINDS
    return TagKey(base, kinds, direction, "conditional" in left, doubt)


class TagCondition(NamedTuple):
    """What must all hold: sizes, kinds, and perhaps that the trip begins or ends there."""

    sizes: tuple[tuple[int, str, float], ...] = ()
    """Place among `TRUCK_LIMITS`, sign, and value."""
    kinds: frozenset[str] = frozenset()
    errand: bool = False
    others: bool = False
    """Whether it is about vehicles that are no trucks."""
    doubt: str = ""
    """Why it cannot be decided, if so: `conditional` (for want of a clock) or `unclear`."""

    def holds(self, truck: Truck | None, errand: bool) -> bool | None:
        """Tell whether it holds for a truck; where none is given, none if it may for some."""
        if self.others or self.doubt:
            return False
        if truck is None:
            return None
        return (
            (errand or not self.errand)
            and self.kinds <= EVERY_TRUCK | truck.kinds
            and all(_SIGNS[sign](truck.size[rank], value) for rank, sign, value in self.sizes)
        )


class Clause(NamedTuple):
    """One of the values that a conditional tag has."""

    value: str
    condition: TagCondition


@lru_cache(4096)
def read_clauses(text: str) -> tuple[Clause, ...]:
    """Read `value @ (condition AND condition); value @ condition`, in the order written."""
    found: list[list[str]] = []
    for part in _split(text):
        value, at, condition = part.partition("@")
        if at:
            found.append([value.strip().lower(), condition])
        elif found and part.strip():
            found[-1][1] += f";{part}"  # opening hours without brackets go on
        elif part.strip():
            found.append([part.strip().lower(), ""])
    return tuple(Clause(value, _read_condition(condition)) for value, condition in found)


def _split(text: str) -> Iterator[str]:
    """Split at each `;` that stands in no brackets."""
    deep, start = 0, 0
    for place, sign in enumerate(text):
        deep += (sign == "(") - (sign == ")")
        if sign == ";" and deep <= 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _read_condition(text: str) -> TagCondition:
    plain = text.lower().strip("() ")
    parts = [_read_part(part.strip()) for part in _AND.split(plain)]
    doubts = [part.doubt for part in parts if part.doubt]
    return TagCondition(
        sizes=tuple(size for part in parts for size in part.sizes),
        kinds=frozenset().union(*(part.kinds for part in parts)),
        errand=any(part.errand for part in parts),
        others=any(part.others for part in parts),
        doubt=max(doubts, default=""),
    )


def _read_part(text: str) -> TagCondition:
    if text in ERRANDS:
        return TagCondition(errand=True)
    if text in _KINDS:
        return TagCondition(kinds=frozenset((text,)))
    if text in OTHERS:
        return TagCondition(others=True)
    found = _SIZE.fullmatch(text)
    size = _SIZE_OF.get(found[1].replace("_", "")) if found else None
    if found and size:
        value = READ_SIZE[size[1].unit](found[3])
        sign = _SAME_SIGN.get(found[2], found[2])
        if math.isfinite(value):
            return TagCondition(sizes=((size[0], sign, value),))
    return TagCondition(doubt="conditional" if _CLOCK.search(text) else "unclear")
