"""`ledger.json`: every line that figures are sums of; how one is followed to its sources."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from raastof_geo.errors import InputError
from raastof_geo.evidence import STATES, tell_span, tell_unit
from raastof_geo.language import (
    Message,
    format_day,
    format_number,
    list_codes,
    plain,
    read_texts,
    say,
    say_count,
    say_text,
)
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


class _Entry(NamedTuple):
    line: int
    value: float
    share: float

    @property
    def counted(self) -> float:
        return self.value * self.share


@dataclass(frozen=True)
class _Question:
    ledger: dict[str, Any]
    side: str
    part: str
    dimension: str = ""
    label: str = ""

    @property
    def unit(self) -> str:
        return str(self.ledger["units"][self.part])

    @property
    def parts(self) -> list[str]:
        parts: list[str] = self.ledger["sums"].get(self.part, [self.part])
        return parts

    def value(self) -> float:
        if self.side == "saved":
            return self.total("baseline") - self.total("plan")
        return self.total(self.side)

    def total(self, side: str) -> float:
        entries = (self.list_entries(side, part) for part in self.parts)
        return sum(sum(entry.counted for entry in some) for some in entries)

    def list_entries(self, side: str, part: str) -> list[_Entry]:
        """List the lines that count, with the share of each that does."""
        lines = self.ledger[side]["lines"]
        values = lines[part]
        if self.dimension in _OF_SITES:
            split = self.ledger[side]["shares"][self.ledger["groups"][part]]
            sites = self.ledger[_OF_SITES[self.dimension]]
            numbers, shares = split["line"], split["share"]
            labels = [sites[site] for site in split["site"]]
        else:
            numbers, shares = range(len(values)), [1.0] * len(values)
            labels = lines[self.dimension] if self.dimension else [""] * len(values)
        return [
            _Entry(line, values[line], share)
            for line, label, share in zip(numbers, labels, shares, strict=True)
            if values[line] and label == self.label
        ]


@contextmanager
def _opening(folder: Path) -> Iterator[dict[str, Any]]:
    """Read the ledger in a folder, and say that it is damaged if it lacks what it should hold.

    `RecordError` where it is missing or of another format.
    """
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
    """List the figures of the ledger in a folder: every part of plan, baseline and saving.

    Returns them without their steps, and the labels that each can be narrowed down to, by
    dimension: projects, materials, periods and so on.
    """
    with _opening(folder) as ledger:
        asked = [_Question(ledger, side, part) for side in BOOK_SIDES for part in ledger["units"]]
        labels = {one: tuple(filter(None, _labels(ledger, one))) for one in DIMENSIONS}
        return tuple(Explanation(f"{q.side}.{q.part}", q.value(), q.unit) for q in asked), labels


def explain_in(ledger: dict[str, Any], figure: str, *, most: int = _MOST_LINES) -> Explanation:
    """Explain a figure, at most `most` lines of each part one by one; `InputError` if unknown."""
    asked = _understand(ledger, figure)
    return Explanation(figure, asked.value(), asked.unit, tuple(_tell(asked, most)))


def _understand(ledger: dict[str, Any], figure: str) -> _Question:
    if (match := _FIGURE.fullmatch(figure.strip())) is None:
        names = [f"{side}.{part}" for side in BOOK_SIDES for part in ledger["units"]]
        asked = figure.strip().lower()
        near = [name for name in names if asked in name.split(".")]
        near = near or get_close_matches(asked, names, n=3, cutoff=0.4)
        hint = say("; did you mean {close}?", close=list_codes(near[:5])) if near else ""
        raise InputError.saying_text("explained", "no figure", figure=f"`{figure}`", hint=hint)
    side, part, dimension, label = match.group("side", "part", "dimension", "label")
    _one_of(side, BOOK_SIDES)
    _one_of(part, list(ledger["units"]))
    if dimension is not None:
        _one_of(dimension, DIMENSIONS)
        _one_of(label, _labels(ledger, dimension))
    return _Question(ledger, side, part, dimension or "", label or "")


def _one_of(name: str, known: Any) -> None:
    if name in known:
        return
    names = [one for one in map(str, known) if one]
    near = get_close_matches(name, names, n=5, cutoff=0.4)
    rest = " …" if len(names) > _MOST_NAMES else ""
    key = "near" if near else "known" if names else "none"
    told = {"near": list_codes(near), "known": list_codes(names[:_MOST_NAMES]) + rest}
    raise InputError.saying_text("labels", key, name=f"`{plain(name)[:_SHOWN]}`", **told)


def _labels(ledger: dict[str, Any], dimension: str) -> list[str]:
    if dimension in _OF_SITES:
        return sorted(set(ledger[_OF_SITES[dimension]]))
    found = {one for side in ("plan", "baseline") for one in ledger[side]["lines"][dimension]}
    return sorted(found)


def _tell(asked: _Question, most: int) -> Iterator[Message]:
    ledger = asked.ledger
    sides = ("baseline", "plan") if asked.side == "saved" else (asked.side,)
    if asked.side == "saved":
        before, plan = map(asked.total, sides)
        less = say("saved = baseline - plan = {before} - {plan} = {saved} {unit}")
        told_sides = {"before": _number(before), "plan": _number(plan)}
        saved, unit = _number(before - plan), tell_unit(asked.unit)
        yield less.format(saved=saved, unit=unit, **told_sides)
    if asked.dimension in _OF_SITES:
        yield read_texts("shared legs")[ledger["shared_legs"]]
        yield SHARE_OF_COMMON
    names: set[str] = set()
    each = [(side, part) for side in sides for part in asked.parts]
    told = [line for side, part in each for line in _tell_part(asked, side, part, names, most)]
    yield from told or [say("no line has any of it")]
    for name in sorted(names):
        yield from _tell_source(ledger, name)
    for doubt in ledger["doubts"]:
        if doubt["figure"] in names and doubt["part"] in asked.parts:
            figure, influence = _name_factor(ledger, doubt["figure"]), _number(doubt["influence"])
            told_in = {"influence": influence, "unit": tell_unit(ledger["units"][doubt["part"]])}
            yield read_texts("explained")["doubt"].format(figure=figure, **told_in)


def _tell_part(
    asked: _Question, side: str, part: str, names: set[str], most: int
) -> Iterator[Message]:
    ledger, entries = asked.ledger, asked.list_entries(side, part)
    if not entries:
        return
    unit = tell_unit(ledger["units"][part])
    yield say_count(
        "{side}, {part} = {total} {unit}, the sum of {count} line:",
        "{side}, {part} = {total} {unit}, the sum of {count} lines:",
        count=len(entries),
        side=_SIDE_NAMES[side],
        part=_called(ledger, "part", part),
        total=_number(sum(entry.counted for entry in entries)),
        unit=unit,
    )
    entries.sort(key=lambda entry: (-abs(entry.counted), entry.line))
    for entry in entries[:most]:
        yield _tell_line(ledger, side, part, entry)
    if rest := entries[most:]:
        yield say_count(
            "  … and {count} smaller line with {total} {unit}",
            "  … and {count} smaller lines with {total} {unit}",
            count=len(rest),
            total=_number(sum(entry.counted for entry in rest)),
            unit=unit,
        )
    if factors := ledger[side]["factors"].get(part):
        found = {factors[entry.line] for entry in entries}
        names.update(name for at in found if (name := ledger["factor_names"][at]))


def _tell_line(ledger: dict[str, Any], side: str, part: str, entry: _Entry) -> Message:
    units = ledger["units"]
    line = {name: values[entry.line] for name, values in ledger[side]["lines"].items()}
    bases = ledger["bases"].get(part, ["amount"])
    base, named = sum(line[name] for name in bases), next(filter(line.get, bases), "amount")
    if not base:
        base, named = line["amount"], "amount"
    of = units.get(named, _AMOUNT_UNITS.get(line["kind"], "t"))
    place = dict(zip(ledger["sites"], ledger["names"], strict=True))
    origin, goal = line["origin"], line["destination"]
    where = place[origin] if origin == goal else f"{place[origin]} → {place[goal]}"
    labels = ("material", "what", "vehicle", "period")
    about = ", ".join(filter(None, (_called(ledger, at, line[at]) for at in labels)))
    told: dict[str, Any] = {"where": where, "about": about, "unit": tell_unit(units[part])}
    told |= {"base": _number(base), "of": tell_unit(of), "value": _number(entry.counted)}
    told["factor"] = _factor(entry.value / base) if base else "0"
    share = format_number(100 * entry.share, digits=1)
    return read_texts("explained")["line"].format(share=share, **told)


def _tell_source(ledger: dict[str, Any], name: str) -> Iterator[Message]:
    if (figure := ledger["figures"].get(name)) is None:
        return
    ends = {end: "" if figure[end] is None else _factor(figure[end]) for end in ("low", "high")}
    by_year = [f"{year}: {_factor(one)}" for year, one in (figure["by_year"] or {}).items()]
    known = ", ".join(by_year) or say("a curve")
    value = known if figure["value"] is None else _factor(figure["value"])
    told = {"name": _name_factor(ledger, name), "value": value, "source": figure["source"]}
    told |= {"unit": tell_unit(figure["unit"]), "span": tell_span(figure | ends)}
    told |= {"since": format_day(str(figure["valid_from"] or "–"))}
    told |= {"note": f" ({figure['note']})" if figure["note"] else ""}
    yield read_texts("explained")["source"].format(state=STATES[figure["evidence"]], **told)


def _called(ledger: dict[str, Any], label: str, one: str) -> str:
    """Give what people call a label of a line, nothing where it has no name; of old, the label."""
    return str(ledger["called"][label].get(one, "")) if "called" in ledger else one


def _name_factor(ledger: dict[str, Any], name: str) -> str:
    return str(ledger["figures"].get(name, {}).get("name", name))


def _factor(value: float) -> str:
    """Write a factor with six digits that count, as the reader writes numbers."""
    digits = 5 - math.floor(math.log10(abs(value))) if value else 0
    text = format_number(value, digits=min(max(digits, 0), _MOST_DECIMALS))
    return re.sub(r"([.,]\d*?)0+$", r"\1", text).rstrip(".,") if digits > 0 else text


def _number(value: float) -> str:
    return format_number(value, digits=0 if abs(value) >= 1000 else 2)
