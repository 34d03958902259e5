"""`ledger.json`: every line that figures are sums of; how one is followed to its sources."""

import math
import re
from collections import namedtuple
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, Self
from raastof_geo import language
from raastof_geo.errors import InputError
from raastof_geo.evidence import STATES, tell_span, tell_unit
from raastof_geo.language import Message, format_number, list_codes, say, say_count, say_text
from raastof_geo.records.exchange import finish_exchange
from raastof_geo.records.record import Record, pack_values, read_values, refusing_odd

LEDGER = Record("ledger.json", "raastof_geo ledger 2", most_bytes=256_000_000)
BOOK_SIDES = ("plan", "baseline", "saved")
DIMENSIONS = ("project", "municipality", "site", "material", "period", "vehicle")
_OF_SITES = {"site": "sites", "project": "projects", "municipality": "municipalities"}
"""Dimensions that a line is divided over, and the list of the ledger that has their labels."""
_FIGURE = re.compile(r"(?s)(?P<side>\w+)\.(?P<part>\w+)(?:@(?P<dimension>\w+)=(?P<label>.*))?")
_MOST_LINES = 12
_MOST_NAMES = 40
_MOST_DECIMALS = 15
_SHOWN = 80
_SIDE_NAMES = {"plan": say("plan"), "baseline": say("baseline")}
_AMOUNT_UNITS = {"trips": "loads", "openings": "1"}
SHARED_LEGS = language.read_texts("shared legs")
SHARE_OF_COMMON = say_text("explained", "common parts")


def write_ledger(values: Mapping[str, Any], folder: Path) -> Path:
    """Write `ledger.json`, without white space."""
    path = folder / LEDGER.name
    path.write_bytes(pack_values({"format": LEDGER.format, **values}) + b"\n")
    return path


class Explanation(NamedTuple):
    """A figure, and how it comes about."""

    figure: str
    value: float
    unit: str
    steps: tuple[Message, ...] = ()
    """None where it is only listed."""


KeptFactor = namedtuple(
    "KeptFactor",
    "name value by_year unit source valid_from low high price_year indexed valid_to evidence note",
)
"""The value and the source of a factor that lines hang on, as far as known."""


class _Books(NamedTuple):
    lines: Mapping[str, list[Any]]
    shares: Mapping[str, Mapping[str, list[Any]]]
    factors: Mapping[str, list[int]]


class _Ledger(SimpleNamespace):
    """What ledger.json says, each part by its name there."""

    called: Mapping[str, Mapping[str, str]] | None = None
    """What people call labels of lines; of old, nothing."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        books = {side: _Books(**values[side]) for side in _SIDE_NAMES}
        unknown = dict.fromkeys(KeptFactor._fields)
        figures = {name: KeptFactor(**unknown | it) for name, it in values["figures"].items()}
        return cls(**{**values, **books, "figures": figures})

    def call(self, label: str, one: str) -> str:
        """Call a label by its name. Returns nothing where it has none; of old, the label."""
        return one if self.called is None else str(self.called[label].get(one, ""))

    def list_labels(self, dimension: str) -> list[str]:
        if dimension in _OF_SITES:
            return sorted(set(getattr(self, _OF_SITES[dimension])))
        return sorted({*self.plan.lines[dimension], *self.baseline.lines[dimension]})


class _Entry(NamedTuple):
    line: int
    value: float
    share: float

    @property
    def counted(self) -> float:
        return self.value * self.share


@dataclass(frozen=True)
class _Question:
    ledger: _Ledger
    side: str
    part: str
    dimension: str = ""
    label: str = ""

    @property
    def unit(self) -> str:
        return str(self.ledger.units[self.part])

    @property
    def parts(self) -> list[str]:
        parts: list[str] = self.ledger.sums.get(self.part, [self.part])
        return parts

    @property
    def sides(self) -> tuple[str, ...]:
        return ("baseline", "plan") if self.side == "saved" else (self.side,)

    def value(self) -> float:
        if self.side == "saved":
            return self.total("baseline") - self.total("plan")
        return self.total(self.side)

    def total(self, side: str) -> float:
        entries = (self.list_entries(side, part) for part in self.parts)
        return sum(sum(entry.counted for entry in some) for some in entries)

    def list_entries(self, side: str, part: str) -> list[_Entry]:
        """List the lines that count. Returns each with the share of it that does."""
        books = getattr(self.ledger, side)
        lines, values = books.lines, books.lines[part]
        if self.dimension in _OF_SITES:
            split, sites = books.shares[self.ledger.groups[part]], _OF_SITES[self.dimension]
            numbers, places, shares = (split[one] for one in ("line", "site", "share"))
            labels = [getattr(self.ledger, sites)[site] for site in places]
        else:
            numbers, shares = range(len(values)), [1.0] * len(values)
            labels = lines[self.dimension] if self.dimension else [""] * len(values)
        return [
            _Entry(line, values[line], share)
            for line, label, share in zip(numbers, labels, shares, strict=True)
            if values[line] and label == self.label
        ]


@contextmanager
def _opening(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Read the ledger in a folder; `RecordError`: missing or other; `DamagedError`: lacking."""
    file = folder / LEDGER.name if folder.is_dir() else folder
    finish_exchange(file.parent)
    lost = say_text("damaged", "no ledger", file=str(file))
    ledger = read_values(LEDGER.read(file, missing=lost), file=str(file))
    LEDGER.check_format(ledger.get("format"), file=str(file))
    with refusing_odd(file):
        yield ledger


def explain_figure(folder: Path, figure: str) -> Explanation:
    """Explain a figure such as `saved.kg_co2e_wtw@project=havn`; `InputError` has near names."""
    with _opening(folder) as ledger:
        return explain_in(ledger, figure)


def list_figures(folder: Path) -> tuple[tuple[Explanation, ...], dict[str, tuple[str, ...]]]:
    """List figures of each side. Returns them without steps, and their labels by dimension."""
    with _opening(folder) as values:
        ledger = _Ledger.of(values)
        asked = [_Question(ledger, side, part) for side in BOOK_SIDES for part in ledger.units]
        labels = {one: tuple(filter(None, ledger.list_labels(one))) for one in DIMENSIONS}
        return tuple(Explanation(f"{q.side}.{q.part}", q.value(), q.unit) for q in asked), labels


def explain_in(values: Mapping[str, Any], figure: str, *, most: int = _MOST_LINES) -> Explanation:
    """Explain a figure, so many lines of each part one by one. Raises `InputError` if unknown."""
    asked = _understand(_Ledger.of(values), figure)
    return Explanation(figure, asked.value(), asked.unit, tuple(_tell(asked, most)))


def _understand(ledger: _Ledger, figure: str) -> _Question:
    if (match := _FIGURE.fullmatch(figure.strip())) is None:
        raise _refuse_figure(ledger, figure)
    side, part, dimension, label = match.groups()
    _one_of(side, BOOK_SIDES)
    _one_of(part, list(ledger.units))
    if dimension is not None:
        _one_of(dimension, DIMENSIONS)
        _one_of(label, ledger.list_labels(dimension))
    return _Question(ledger, side, part, dimension or "", label or "")


def _refuse_figure(ledger: _Ledger, figure: str) -> InputError:
    names = [f"{side}.{part}" for side in BOOK_SIDES for part in ledger.units]
    asked = figure.strip().lower()
    near = [name for name in names if asked in name.split(".")]
    near = near or get_close_matches(asked, names, n=3, cutoff=0.4)
    hint = say("; did you mean {close}?", close=list_codes(near[:5])) if near else ""
    return InputError.saying_text("explained", "no figure", figure=f"`{figure}`", hint=hint)


def _one_of(name: str, known: Any) -> None:
    if name in known:
        return
    names = [one for one in map(str, known) if one]
    near = get_close_matches(name, names, n=5, cutoff=0.4)
    rest = " …" if len(names) > _MOST_NAMES else ""
    key = "near" if near else "known" if names else "none"
    told = {"near": list_codes(near), "known": list_codes(names[:_MOST_NAMES]) + rest}
    raise InputError.saying_text("labels", key, name=f"`{language.plain(name)[:_SHOWN]}`", **told)


def _tell(asked: _Question, most: int) -> Iterator[Message]:
    ledger = asked.ledger
    if asked.side == "saved":
        before, plan = map(asked.total, asked.sides)
        less = say("saved = baseline - plan = {before} - {plan} = {saved} {unit}")
        told = {"before": _number(before), "plan": _number(plan), "saved": _number(before - plan)}
        yield less.format(unit=tell_unit(asked.unit), **told)
    if asked.dimension in _OF_SITES:
        yield SHARED_LEGS[ledger.shared_legs]
        yield SHARE_OF_COMMON
    names: set[str] = set()
    each = product(asked.sides, asked.parts)
    yield from [
        line for side, part in each for line in _tell_part(asked, side, part, names, most)
    ] or [say("no line has any of it")]
    for name in sorted(names & ledger.figures.keys()):
        yield _tell_source(ledger.figures[name])
    for name, part, influence in map(itemgetter("figure", "part", "influence"), ledger.doubts):
        if name in names and part in asked.parts:
            figure = getattr(ledger.figures.get(name), "name", name)
            known = {"figure": figure, "influence": _number(influence)}
            yield say_text("explained", "doubt", unit=tell_unit(ledger.units[part]), **known)


def _tell_part(
    asked: _Question, side: str, part: str, names: set[str], most: int
) -> Iterator[Message]:
    ledger, entries = asked.ledger, asked.list_entries(side, part)
    if not entries:
        return

    def add_up(some: list[_Entry]) -> dict[str, Any]:
        total = _number(sum(entry.counted for entry in some))
        return {"count": len(some), "total": total, "unit": tell_unit(ledger.units[part])}

    yield say_count(
        "{side}, {part} = {total} {unit}, the sum of {count} line:",
        "{side}, {part} = {total} {unit}, the sum of {count} lines:",
        side=_SIDE_NAMES[side],
        part=ledger.call("part", part),
        **add_up(entries),
    )
    entries.sort(key=lambda entry: (-abs(entry.counted), entry.line))
    for entry in entries[:most]:
        yield _tell_line(ledger, side, part, entry)
    if rest := entries[most:]:
        yield say_count(
            "  … and {count} smaller line with {total} {unit}",
            "  … and {count} smaller lines with {total} {unit}",
            **add_up(rest),
        )
    if factors := getattr(ledger, side).factors.get(part):
        found = {factors[entry.line] for entry in entries}
        names.update(name for at in found if (name := ledger.factor_names[at]))


def _tell_line(ledger: _Ledger, side: str, part: str, entry: _Entry) -> Message:
    units = ledger.units
    line = {name: values[entry.line] for name, values in getattr(ledger, side).lines.items()}
    amount, kind, *ends = (line[one] for one in ("amount", "kind", "origin", "destination"))
    bases = ledger.bases.get(part, ["amount"])
    base, named = sum(line[name] for name in bases), next(filter(line.get, bases), "amount")
    if not base:
        base, named = amount, "amount"
    labels = ("material", "what", "vehicle", "period")
    place = dict(zip(ledger.sites, ledger.names, strict=True))
    about = ", ".join(filter(None, (ledger.call(at, line[at]) for at in labels)))
    return say_text(
        "explained",
        "line",
        share=format_number(100 * entry.share, digits=1),
        where=" → ".join(place[one] for one in dict.fromkeys(ends)),
        about=about,
        unit=tell_unit(units[part]),
        base=_number(base),
        of=tell_unit(units.get(named, _AMOUNT_UNITS.get(kind, "t"))),
        value=_number(entry.counted),
        factor=_factor(entry.value / base) if base else "0",
    )


def _tell_source(figure: KeptFactor) -> Message:
    low, high = ("" if one is None else _factor(one) for one in (figure.low, figure.high))
    by_year = [f"{year}: {_factor(one)}" for year, one in (figure.by_year or {}).items()]
    known = ", ".join(by_year) or say("a curve")
    return say_text(
        "explained",
        "source",
        state=STATES[figure.evidence],
        name=figure.name,
        source=figure.source,
        unit=tell_unit(figure.unit),
        value=known if figure.value is None else _factor(figure.value),
        span=tell_span(figure._asdict() | {"low": low, "high": high}),
        since=language.format_day(str(figure.valid_from or "–")),
        note=f" ({figure.note})" if figure.note else "",
    )


def _factor(value: float) -> str:
    """Write a factor with six digits that count, as the reader writes numbers."""
    digits = 5 - math.floor(math.log10(abs(value))) if value else 0
    text = format_number(value, digits=min(max(digits, 0), _MOST_DECIMALS))
    return re.sub(r"([.,]\d*?)0+$", r"\1", text).rstrip(".,") if digits > 0 else text


def _number(value: float) -> str:
    return format_number(value, digits=0 if abs(value) >= 1000 else 2)
