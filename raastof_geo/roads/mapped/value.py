"""Read how much a tag of OpenStreetMap says: masses, lengths, counts, speeds and durations.

What words mean, `data/tags.toml` tells; of several values of one limit the lowest counts.
"""

import math
import re
from collections.abc import Callable
from functools import lru_cache, wraps
from raastof_geo.language import read_data

TAGS = read_data("tags.toml")


def list_words(text: str) -> list[str]:
    """Part a text at its commas. Returns the words between."""
    return [word.strip() for word in text.split(",")]


def by_word(table: str) -> dict[str, str]:
    """Turn a table of `tags.toml` round. Returns the meaning of each word."""
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


def parts(value: str, between: str = ";,") -> list[str]:
    """Take `customers; delivery` apart. Returns the values in small letters, none of them empty."""
    return [word for part in re.split(f"[{between}]", value.lower()) if (word := part.strip())]


def _of_several(read: Callable[[str], float]) -> Callable[[str], float]:
    """Let a reader of one limit read several, as in `7.5; none`: the lowest, inf: none, or NaN."""
    read_one = lru_cache(1024)(read)

    @wraps(read)
    def read_lowest(text: str) -> float:
        limits = (math.inf if one in _NO_LIMIT else read_one(one) for one in parts(text, ";"))
        return min((limit for limit in limits if limit > 0), default=math.nan)

    return read_lowest


def read_minutes(text: str) -> float:
    """Read `00:25`, `25`, `PT1H10M` or `1 h 10 min`. Returns NaN where it is no duration. [min]"""
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
    """Read `7.5`, `7,5 t`, `16000 lbs`. Returns the lowest, inf: no limit, NaN: unreadable. [t]"""
    if (found := _MASS.fullmatch(text)) is None:
        return math.nan
    number, unit = found[1], found[2] or "t"
    if unit in _IN_THOUSANDS and _THOUSANDS.fullmatch(number):
        number = re.sub("[., ]", "", number)
    if unit not in _TONNES or not _PLAIN.fullmatch(number):
        return math.nan
    return round(_number(number) * _TONNES[unit], 6)


@_of_several
def read_metres(text: str) -> float:
    """Read `3.8`, `380 cm`, `12'6"`. Returns the lowest, inf: no limit, NaN: unreadable. [m]"""
    text = text.translate(_MARKS).replace("''", '"')
    if (found := _METRIC.fullmatch(text)) and (found[2] or "m") in _METRES:
        return round(_number(found[1]) * _METRES[found[2] or "m"], 6)
    if found := _INCHES.fullmatch(text):
        return round(_number(found[1]) * _INCH_M, 6)
    if found := _FEET.fullmatch(text):
        inches = _number(found[2])
        metres = _number(found[1]) * _FOOT_M + inches * _INCH_M
        return round(metres, 6) if inches < 12 else math.nan
    return math.nan


@_of_several
def read_speed(text: str) -> float:
    """Read `50`, `30 mph`, `DK:zone30`. Returns the lowest, inf: none, NaN: unreadable. [km/h]"""
    if text in _NATIONAL_LIMITS:
        return _NATIONAL_LIMITS[text]
    if found := _ZONE_LIMIT.fullmatch(text):
        factor = _KM_PER_H["mph"] if found[1] in _LANDS_OF_MILES else 1.0
        return round(float(found[2]) * factor, 1)
    found = _SPEED.fullmatch(text)
    return round(_number(found[1]) * _KM_PER_H.get(found[2], 1.0), 1) if found else math.nan


def _number(text: str | None) -> float:
    return float(text.replace(",", ".")) if text else 0.0


READ_UNIT = {
    "t": read_mass_t,
    "m": read_metres,
    "axles": _of_several(lambda text: float(text) if text.isdecimal() else math.nan),
    "km/h": read_speed,
}
"""How a limit is read, by its unit."""
