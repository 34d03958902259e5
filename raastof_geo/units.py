"""Quantities of the trade: `12 000 t`, `5000 m3 in_situ`, `80 loads`."""

import re
from dataclasses import dataclass
from typing import Any, Literal
from raastof_geo.errors import InputError

Unit = Literal["t", "m3", "loads"]
Condition = Literal["in_situ", "loose", "compacted"]

TONNES_PER_UNIT = dict.fromkeys(("t", "ton", "tons", "tonne", "tonnes"), 1.0)
TONNES_PER_UNIT |= {"kg": 0.001, "kt": 1000.0, "mt": 1_000_000.0}
CUBIC_METRES = {"m3", "m³", "fm3", "fm³"}
WORDS_FOR_LOADS = {"load", "loads", "læs"}
CONDITIONS: dict[str, Condition] = {
    **dict.fromkeys(("in_situ", "fast"), "in_situ"),
    **dict.fromkeys(("loose", "løs", "løst"), "loose"),
    **dict.fromkeys(("compacted", "komprimeret"), "compacted"),
}
MOST: dict[Unit, float] = {"t": 1e9, "m3": 1e9, "loads": 1e8}
"""The largest amount, by its unit: about ten years of all that Denmark digs (60 million t a year),
and small enough for every product with a price or a factor to be counted without overflow."""
LEAST_AMOUNT = 1e-6
"""The least amount above 0, in its unit: a gram. What is smaller is lost in the solver's rounding.
"""
EXAMPLES = "`12 000 t`, `5000 m3 in_situ`, `80 loads`"

_SPACES = "\u0020\u00a0\u2009\u202f"
_QUANTITY = re.compile(
    rf"(?P<number>[+-]?\d[\d.,_{_SPACES}]*?(?:[eE][+-]?\d+)?)\s*(?P<unit>[^\W\d_].*)?"
)
_LONGEST = 200
_GROUPED = re.compile(rf"\d{{1,3}}([{_SPACES}_])\d{{3}}(?:\1\d{{3}})*(?P<rest>[.,]\d+)?")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_POINT_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}")
_COMMA_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}")
_TWO_READINGS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_GROUPS = rf"\d{{1,3}}(?:[.{_SPACES}_]\d{{3}})*|\d+"
_DECIMAL_COMMA = re.compile(rf"[-+]?(?:{_GROUPS}),\d+")
_BEFORE_COMMA = re.compile(rf"[-+]?(?:{_GROUPS})")
_AFTER_COMMA = re.compile(r"(?P<digits>\d+)\s*(?P<unit>[^\W\d].*|%)?")


@dataclass(frozen=True)
class Quantity:
    """An amount as it was said, before density turns it into tonnes."""

    value: float
    unit: Unit
    condition: Condition | None = None
    vehicle: str | None = None

    def __str__(self) -> str:
        """Write it as a file would say it."""
        said = f"{self.value:.15g}", self.unit, self.condition, self.vehicle
        return " ".join(filter(None, said))


def read_quantity(given: Any) -> Quantity:
    """Understand an amount of material. Returns one that was understood before as it is.

    Raises `InputError`: a bare number, an unknown unit, or a number that can be read in two ways.
    """
    if isinstance(given, Quantity):
        return _bounded(f"{given.value} {given.unit}", given)
    if isinstance(given, int | float) and not isinstance(given, bool):
        bare = {"tonnes": f"`{given} t`", "volume": f"`{given} m3 in_situ`"}
        raise InputError.saying_text("amounts", "bare", given=str(given), **bare)
    fits = isinstance(given, str) and len(given) <= _LONGEST
    if (match := _QUANTITY.fullmatch(given.strip()) if fits else None) is None:
        raise _refuse("no amount", given, examples=EXAMPLES)
    number = read_number(match["number"].strip())
    if match["unit"] is None:
        return read_quantity(number)
    if number < 0:
        raise _refuse("negative", given)
    if (found := _count_in(number, *match["unit"].split())) is None:
        raise _refuse("no amount", given, examples=EXAMPLES)
    return _bounded(given, found)


def _count_in(number: float, word: str, *words: str) -> Quantity | None:
    """Make an amount in a unit of mass, volume or loads, and what follows it; none: in no unit."""
    unit, rest = word.lower(), " ".join(words).lower()
    unsaid: Condition | None = "in_situ" if unit.startswith("f") else None
    conditions = {"": unsaid, **CONDITIONS}
    if unit in TONNES_PER_UNIT and not rest:
        return Quantity(number * TONNES_PER_UNIT[unit], "t")
    if unit in CUBIC_METRES and rest in conditions:
        return Quantity(number, "m3", conditions[rest])
    if unit in WORDS_FOR_LOADS:
        return Quantity(number, "loads", vehicle=" ".join(words) or None)
    return None


def _refuse(key: str, given: Any, **values: Any) -> InputError:
    text = str(given)
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return InputError.saying_text("amounts", key, given=f"`{text}`", **values)


def _bounded(given: str, quantity: Quantity) -> Quantity:
    most, unit = MOST[quantity.unit], quantity.unit
    if quantity.value > most:
        raise _refuse("large", given, limit=most, unit=unit)
    if 0 < quantity.value < LEAST_AMOUNT:
        raise _refuse("small", given, limit=f"{LEAST_AMOUNT:f}", unit=unit)
    return quantity


def read_number(text: str) -> float:
    """Read a number with marks of thousands. Returns it; `InputError`: none, or of two readings."""
    plain = text.lstrip("+-")
    if _POINT_GROUPED.fullmatch(plain):  # `35.000,5`, which has one reading, as `1,234,567` has
        plain = plain.replace(".", "").replace(",", ".")
    elif _COMMA_GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    elif _GROUPED.fullmatch(plain):
        plain = re.sub(rf"[{_SPACES}_]", "", plain)
    elif _TWO_READINGS.fullmatch(plain):
        whole, part = re.split(r"[.,]", plain)
        small = f"`{whole}.{part.rstrip('0') or '0'}`"
        raise _refuse("two readings", text, large=f"`{whole} {part}`", small=small)
    if _PLAIN.fullmatch(plain):
        sign = -1.0 if text.startswith("-") else 1.0
        return 0.0 + sign * float(plain.replace(",", "."))
    raise _refuse("no amount", text, examples=EXAMPLES)


def suggest_number(text: str) -> str | None:
    """Mend a number with a comma. Returns it with the point that YAML wants; none: it is none."""
    text = text.strip()
    if not _DECIMAL_COMMA.fullmatch(text):
        return None
    return re.sub(rf"[.{_SPACES}_]", "", text).replace(",", ".")


def join_at_comma(before: str, after: str) -> tuple[str, ...] | None:
    """Join `35` and `5 t`, cut at a comma. Returns readings, likeliest first; none: no number."""
    match = _AFTER_COMMA.fullmatch(after.strip())
    if match is None or not _BEFORE_COMMA.fullmatch(before.strip()):
        return None
    digits, unit = match["digits"], match["unit"]
    end = f" {unit}" if unit else ""
    marked = re.sub(rf"[.{_SPACES}_]", "", before.strip())
    decimal = f"{marked}.{digits}{end}"
    if unit and len(digits) == 3 and "." not in before:
        return f"{before.strip()} {digits}{end}", decimal
    return (decimal,)


def read_share(given: Any) -> float:
    """Read a share, `20 %` or `0.2`. Returns 0 to 1; `InputError`: else, 5 may mean per cent."""
    if isinstance(given, str) and given.strip().endswith("%"):
        value = read_number(given.strip().removesuffix("%").strip()) / 100
    elif isinstance(given, int | float) and not isinstance(given, bool):
        if 1 < (value := float(given)) <= 100:
            raise _refuse("per cent", given, percent=f"`{given} %`")
    else:
        raise _refuse("no share", given)
    if not 0 <= value <= 1:
        raise _refuse("outside", given)
    return value
