"""Take keys, values and conditions of OpenStreetMap apart: what is said, of whom, where and when.

A key such as `maxweight:hgv:forward:conditional` names what is said (`maxweight`), of which
vehicles (`hgv`), in which direction (`forward`), and whether its value has conditions, as in
`7.5 @ (weight>12); none @ destination`. Masses, lengths, speeds and durations are read as people
write them; what words mean to a truck with soil or stone, `data/tags.toml` tells.
"""

import math
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from importlib import resources
from typing import Any, NamedTuple

from raastof_geo.arrays import Floats
from raastof_geo.emissions.limit import TRUCK_LIMITS

TAGS: dict[str, Any] = tomllib.loads(
    (resources.files("raastof_geo") / "data" / "tags.toml").read_text("utf-8")
)


def list_words(text: str) -> list[str]:
    """List the words of a text that has commas between them."""
    return [word.strip() for word in text.split(",")]


def by_word(table: str) -> dict[str, str]:
    """Give what each word of a table means, which has the words of each meaning."""
    return {word: meaning for meaning, text in TAGS[table].items() for word in list_words(text)}


_NO_LIMIT = frozenset(list_words(TAGS["unlimited"]))
"""What is written where there is no limit, or none on a sign."""

_NUMBER = r"(\d{1,9}(?:[.,]\d{1,9})?)"
_THOUSANDS = re.compile(r"\d{1,3}(?:[., ]\d{3})+")
_MASS = re.compile(r"(\d[\d., ]{0,14}?)\s*([a-z][a-z ]*)?\.?")
_PLAIN = re.compile(_NUMBER)
_METRIC = re.compile(rf"{_NUMBER}\s*([a-z]+)?\.?")
_FEET = re.compile(
    rf"{_NUMBER}\s*(?:'|ft|feet|foot)\.?\s*(?:-?\s*{_NUMBER}\s*(?:\"|in|inch|inches)?\.?)?"
)
_INCHES = re.compile(rf"{_NUMBER}\s*(?:\"|in|inch|inches)\.?")
_MARKS = str.maketrans({"′": "'", "’": "'", "´": "'", "″": '"', "”": '"', "“": '"'})

_TONNES = {unit: float(tonnes) for unit, tonnes in by_word("tonnes").items()}
_IN_THOUSANDS = frozenset(list_words(TAGS["in_thousands"]))
"""Units that limits have thousands of, so that a point may part these."""
_METRES = {unit: float(metres) for unit, metres in by_word("metres").items()}
_FOOT_M = 0.3048
_INCH_M = 0.0254

_SPEED = re.compile(r"(\d{1,4}(?:[.,]\d{1,4})?)\s*(km/h|km/t|kmh|kmt|kph|km/std|mph|knots)?\.?")
_KM_PER_H = {"mph": 1.609344, "knots": 1.852}
_NATIONAL_LIMITS: dict[str, float] = TAGS["maxspeed"]
"""General limits of a country, by the names that they have in tags. [km/h]"""
_ZONE_LIMIT = re.compile(r"([a-z]{2})(?:-[a-z]+)?:(?:zone:?)?(\d{1,3})")
_LANDS_OF_MILES = ("gb", "uk", "us")

_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
_PERIOD = re.compile(rf"p(?:(\d{{1,3}})d)?(?:t(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?)?")
_WORDS = re.compile(
    rf"(?:{_NUMBER}\s*(?:h|hr|hrs|hour|hours|time|timer)\.?)?"
    rf"\s*(?:{_NUMBER}\s*(?:m|min|mins|minut|minute|minutes|minutter)?\.?)?"
)


def parts(value: str) -> list[str]:
    """Take several values apart, as in `customers; delivery`."""
    return [part.strip() for part in value.lower().split(";") if part.strip()]


def _of_several(read: Callable[[str], float]) -> Callable[[str], float]:
    """Let a reader of one limit read several, as in `7.5; none`: the lowest, inf: none, or NaN."""
    read_one = lru_cache(1024)(read)

    @wraps(read)
    def read_lowest(text: str) -> float:
        limits = (math.inf if one in _NO_LIMIT else read_one(one) for one in parts(text))
        return min((limit for limit in limits if limit > 0), default=math.nan)

    return read_lowest


def read_minutes(text: str) -> float:
    """Read a duration, as in `00:25`, `25`, `PT1H10M`, `1 h 10 min`, NaN where it is none. [min]"""
    text = text.strip().lower()
    minutes = 0.0
    if found := _CLOCK.fullmatch(text):
        minutes = 60.0 * int(found[1]) + int(found[2]) + _number(found[3]) / 60
    elif found := _PERIOD.fullmatch(text):
        days, hours, whole, seconds = map(_number, found.groups())
        minutes = 1440 * days + 60 * hours + whole + seconds / 60
    elif found := _WORDS.fullmatch(text):
        minutes = 60 * _number(found[1]) + _number(found[2])
    return minutes or math.nan


@_of_several
def read_mass_t(text: str) -> float:
    """Read a limit on mass, as `7.5`, `7,5 t` or `16000 lbs`: the lowest, inf: none, or NaN. [t]"""
    found = _MASS.fullmatch(text)
    if found is None:
        return math.nan
    number, unit = found[1], found[2] or "t"
    if unit in _IN_THOUSANDS and _THOUSANDS.fullmatch(number):
        number = re.sub("[., ]", "", number)
    if unit not in _TONNES or not _PLAIN.fullmatch(number):
        return math.nan
    return _tidy(_number(number) * _TONNES[unit])


@_of_several
def read_metres(text: str) -> float:
    """Read a limit on length, as in `3.8`, `380 cm`, `12'6"`: the lowest, inf: none, or NaN. [m]"""
    text = text.translate(_MARKS).replace("''", '"')
    if (found := _METRIC.fullmatch(text)) and (found[2] or "m") in _METRES:
        return _tidy(_number(found[1]) * _METRES[found[2] or "m"])
    if found := _INCHES.fullmatch(text):
        return _tidy(_number(found[1]) * _INCH_M)
    if found := _FEET.fullmatch(text):
        inches = _number(found[2])
        return _tidy(_number(found[1]) * _FOOT_M + inches * _INCH_M) if inches < 12 else math.nan
    return math.nan


@_of_several
def _read_count(text: str) -> float:
    return float(text) if text.isdecimal() else math.nan


@_of_several
def read_speed(text: str) -> float:
    """Read a limit on speed, as in `50`, `30 mph`, `DK:zone30`: the lowest, inf: none. [km/h]"""
    if text in _NATIONAL_LIMITS:
        return _NATIONAL_LIMITS[text]
    if found := _ZONE_LIMIT.fullmatch(text):
        factor = _KM_PER_H["mph"] if found[1] in _LANDS_OF_MILES else 1.0
        return round(float(found[2]) * factor, 1)
    found = _SPEED.fullmatch(text)
    return round(_number(found[1]) * _KM_PER_H.get(found[2], 1.0), 1) if found else math.nan


def _number(text: str | None) -> float:
    return float(text.replace(",", ".")) if text else 0.0


def _tidy(value: float) -> float:
    """Drop what binary fractions add, as in 3.8000000000000003."""
    return round(value, 6)


READ_SIZE: dict[str, Callable[[str], float]] = {
    "t": read_mass_t,
    "m": read_metres,
    "axles": _read_count,
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
_HANGS_ON_CLOCK = re.compile(
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


@lru_cache(4096)
def read_clauses(text: str) -> tuple[tuple[str, TagCondition], ...]:
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
    return tuple((value, _read_condition(condition)) for value, condition in found)


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
    return TagCondition(doubt="conditional" if _HANGS_ON_CLOCK.search(text) else "unclear")
