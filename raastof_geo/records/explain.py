"""Follow a figure of written results back to the lines, factors and sources that it comes of."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from raastof_geo.errors import DamagedError, InputError, RaastofError
from raastof_geo.language import Message, format_number, plain, say, say_count
from raastof_geo.records.exchange import finish_exchange
from raastof_geo.records.ledger import LEDGER, read_ledger

BOOK_SIDES = ("plan", "baseline", "saved")
DIMENSIONS = ("project", "municipality", "site", "material", "period", "vehicle")
_FIGURE = re.compile(
    r"(?P<side>\w+)\.(?P<part>\w+)(?:@(?P<dimension>\w+)=(?P<label>.*))?", re.DOTALL
)
_MOST_LINES = 12
_MOST_NAMES = 40
_MOST_DECIMALS = 15
_SHOWN = 80


@dataclass(frozen=True)
class Explanation:
    """A figure, and how it comes about."""

    figure: str
    value: float
    unit: str
    steps: tuple[Message, ...]


@dataclass(frozen=True)
class Listed:
    """A figure that can be explained."""

    figure: str
    part: str
    """What it is a figure of, whichever side."""
    value: float
    unit: str


@dataclass(frozen=True)
class _Asked:
    side: str
    part: str
    dimension: str
    label: str


def explain_figure(folder: Path, figure: str) -> Explanation:
    """Explain a figure such as `saved.kg_co2e_wtw@project=havn` from the ledger in a folder.

    Raises
    ------
    InputError
        There is no ledger, or no such figure; with the nearest names.
    OutputError
        A killed run left the folder half exchanged, and that cannot be finished here.
    """
    ledger = _read(folder)
    with _whole(folder):
        return explain_in(ledger, figure)


def list_figures(folder: Path) -> tuple[Listed, ...]:
    """List the figures of the ledger in a folder: every part of plan, baseline and saving.

    Raises
    ------
    InputError
        There is no ledger, or it is damaged.
    """
    ledger = _read(folder)
    with _whole(folder):
        return tuple(
            Listed(f"{side}.{part}", part, _value(ledger, _Asked(side, part, "", "")), str(unit))
            for side in BOOK_SIDES
            for part, unit in ledger["units"].items()
        )


def list_labels(folder: Path) -> dict[str, tuple[str, ...]]:
    """List what figures can be narrowed down to: projects, materials, periods and so on.

    Raises
    ------
    InputError
        There is no ledger, or it is damaged.
    """
    ledger = _read(folder)
    with _whole(folder):
        return {
            dimension: tuple(label for label in _labels(ledger, dimension) if label)
            for dimension in DIMENSIONS
        }


@contextmanager
def _whole(folder: Path) -> Iterator[None]:
    """Say that a ledger is damaged where it does not hold what it should."""
    try:
        yield
    except RaastofError:
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise DamagedError(
            say("{file} is damaged: run the scenario again", file=str(_ledger_file(folder)))
        ) from error


def _ledger_file(folder: Path) -> Path:
    return folder / LEDGER.name if folder.is_dir() else folder


def explain_in(ledger: dict[str, Any], figure: str, *, most: int = _MOST_LINES) -> Explanation:
    """Explain a figure from a ledger that is at hand.

    Parameters
    ----------
    most
        Lines of each part that are told one by one; the others are added up.

    Raises
    ------
    InputError
        There is no such figure.
    """
    asked = _understand(ledger, figure)
    steps = list(_tell(ledger, asked, most))
    value = _value(ledger, asked)
    return Explanation(figure, value, ledger["units"][asked.part], tuple(steps))


def _read(folder: Path) -> dict[str, Any]:
    file = _ledger_file(folder)
    finish_exchange(file.parent)
    return read_ledger(file)


def _understand(ledger: dict[str, Any], figure: str) -> _Asked:
    match = _FIGURE.fullmatch(figure.strip())
    if match is None:
        raise InputError(
            say(
                "write a figure as `plan.kg_co2e_wtw` or `saved.cost_dkk@project=NAME`, "
                "got {figure}{hint}; without a figure `raastof explain` lists them",
                figure=f"`{figure}`",
                hint=_hint(ledger, figure),
            )
        )
    side, part, dimension, label = match.group("side", "part", "dimension", "label")
    _one_of(side, BOOK_SIDES)
    _one_of(part, list(ledger["units"]))
    if dimension is None:
        return _Asked(side, part, "", "")
    _one_of(dimension, DIMENSIONS)
    _one_of(label, _labels(ledger, dimension))
    return _Asked(side, part, dimension, label)


def _hint(ledger: dict[str, Any], figure: str) -> Message | str:
    """Suggest the figures that sound like what was asked for."""
    names = [f"{side}.{part}" for side in BOOK_SIDES for part in ledger["units"]]
    asked = figure.strip().lower()
    near = [name for name in names if asked in name.split(".")]
    near = near or get_close_matches(asked, names, n=3, cutoff=0.4)
    if not near:
        return ""
    return say("; did you mean {close}?", close=", ".join(f"`{name}`" for name in near[:5]))


def _one_of(name: str, known: Any) -> None:
    if name in known:
        return
    names = [one for one in map(str, known) if one]
    near = get_close_matches(name, names, n=5, cutoff=0.4)
    shown = ", ".join(f"`{one}`" for one in near or names[:_MOST_NAMES])
    told = f"`{plain(name)[:_SHOWN]}`"
    if near:
        raise InputError(
            say("{name} is not known here; the nearest: {near}", name=told, near=shown)
        )
    if not names:
        raise InputError(say("{name} is not known here", name=told))
    rest = " …" if len(names) > _MOST_NAMES else ""
    raise InputError(
        say("{name} is not known here; there are {known}", name=told, known=shown + rest)
    )


def _labels(ledger: dict[str, Any], dimension: str) -> list[str]:
    if dimension in ("site", "project", "municipality"):
        return sorted(set(_site_labels(ledger, dimension)))
    found = {one for side in ("plan", "baseline") for one in ledger[side]["lines"][dimension]}
    return sorted(found)


def _site_labels(ledger: dict[str, Any], dimension: str) -> list[str]:
    names = {"site": "sites", "project": "projects", "municipality": "municipalities"}
    labels: list[str] = ledger[names[dimension]]
    return labels


def _parts(ledger: dict[str, Any], part: str) -> list[str]:
    parts: list[str] = ledger["sums"].get(part, [part])
    return parts


def _shared(
    ledger: dict[str, Any], side: str, part: str, asked: _Asked
) -> Iterator[tuple[int, float, float]]:
    """Give each line that counts: its number, its value, and the share of it that counts."""
    lines = ledger[side]["lines"]
    values = lines[part]
    if asked.dimension in ("", "material", "period", "vehicle"):
        for number, value in enumerate(values):
            if value and (not asked.dimension or lines[asked.dimension][number] == asked.label):
                yield number, value, 1.0
        return
    labels = _site_labels(ledger, asked.dimension)
    shares = ledger[side]["shares"][ledger["groups"][part]]
    for number, site, share in zip(shares["line"], shares["site"], shares["share"], strict=True):
        if values[number] and labels[site] == asked.label:
            yield number, values[number], share


def _sum(ledger: dict[str, Any], side: str, part: str, asked: _Asked) -> float:
    return sum(value * share for _, value, share in _shared(ledger, side, part, asked))


def _value(ledger: dict[str, Any], asked: _Asked) -> float:
    def total(side: str) -> float:
        return sum(_sum(ledger, side, part, asked) for part in _parts(ledger, asked.part))

    if asked.side == "saved":
        return total("baseline") - total("plan")
    return total(asked.side)


def _tell(ledger: dict[str, Any], asked: _Asked, most: int) -> Iterator[Message]:
    unit = ledger["units"][asked.part]
    sides = ("baseline", "plan") if asked.side == "saved" else (asked.side,)
    if asked.side == "saved":
        both = [
            sum(_sum(ledger, side, part, asked) for part in _parts(ledger, asked.part))
            for side in sides
        ]
        yield say(
            "saved = before - plan = {before} - {plan} = {saved} {unit}",
            before=_number(both[0]),
            plan=_number(both[1]),
            saved=_number(both[0] - both[1]),
            unit=unit,
        )
    if asked.dimension in ("project", "municipality", "site"):
        yield SHARE_RULES[ledger["shared_legs"]]
        yield SHARE_OF_COMMON
    names: set[str] = set()
    told = [
        line
        for side in sides
        for part in _parts(ledger, asked.part)
        for line in _tell_part(ledger, side, part, asked, names, most)
    ]
    yield from told or [say("no line has any of it")]
    for name in sorted(names):
        yield from _tell_source(ledger, name)
    for doubt in ledger["doubts"]:
        if doubt["figure"] in names and doubt["part"] in _parts(ledger, asked.part):
            yield say(
                "{figure} is not verified: if it were 10 % higher, the saving of the whole "
                "scenario would change by {influence} {unit}",
                figure=doubt["figure"],
                influence=_number(doubt["influence"]),
                unit=ledger["units"][doubt["part"]],
            )


def _tell_part(
    ledger: dict[str, Any], side: str, part: str, asked: _Asked, names: set[str], most: int
) -> Iterator[Message]:
    entries = list(_shared(ledger, side, part, asked))
    if not entries:
        return
    unit = ledger["units"][part]
    yield say_count(
        "{side}, {part} = {total} {unit}, the sum of {count} line:",
        "{side}, {part} = {total} {unit}, the sum of {count} lines:",
        count=len(entries),
        side=_SIDE_NAMES[side],
        part=part,
        total=_number(sum(value * share for _, value, share in entries)),
        unit=unit,
    )
    entries.sort(key=lambda entry: (-abs(entry[1] * entry[2]), entry[0]))
    for number, value, share in entries[:most]:
        yield _tell_line(ledger, side, part, number, value, share)
    rest = entries[most:]
    if rest:
        yield say_count(
            "  … and {count} smaller line with {total} {unit}",
            "  … and {count} smaller lines with {total} {unit}",
            count=len(rest),
            total=_number(sum(value * share for _, value, share in rest)),
            unit=unit,
        )
    factors = ledger[side]["factors"].get(part)
    if factors:
        found = {factors[number] for number, _, _ in entries}
        names.update(name for at in found if (name := ledger["factor_names"][at]))


def _tell_line(
    ledger: dict[str, Any], side: str, part: str, number: int, value: float, share: float
) -> Message:
    lines, units = ledger[side]["lines"], ledger["units"]
    bases = ledger["bases"].get(part, ["amount"])
    base = sum(lines[name][number] for name in bases)
    named = next((name for name in bases if lines[name][number]), "amount")
    if not base:
        base, named = lines["amount"][number], "amount"
    unit = units[part]
    of = units.get(named, _AMOUNT_UNITS.get(lines["kind"][number], "t"))
    place = dict(zip(ledger["sites"], ledger["names"], strict=True))
    origin, goal = lines["origin"][number], lines["destination"][number]
    where = place[origin] if origin == goal else f"{place[origin]} → {place[goal]}"
    about = ", ".join(
        part_ for key in ("material", "what", "vehicle", "period") if (part_ := lines[key][number])
    )
    return say(
        "  {where} ({about}): {base} {of} x {factor} {unit}/{of} x {share} % = {value} {unit}",
        where=where,
        about=about,
        base=_number(base),
        of=of,
        factor=_factor(value / base) if base else "0",
        share=format_number(100 * share, digits=1),
        value=_number(value * share),
        unit=unit,
    )


def _tell_source(ledger: dict[str, Any], name: str) -> Iterator[Message]:
    figure = ledger["figures"].get(name)
    if figure is None:
        return
    value = figure["value"]
    if value is None and figure["by_year"]:
        value = ", ".join(f"{year}: {one:g}" for year, one in figure["by_year"].items())
    yield say(
        "{name} = {value} {unit}; source: {source}; valid from {since}; {verified}{note}",
        name=name,
        value=_CURVE if value is None else value if isinstance(value, str) else f"{value:g}",
        unit=figure["unit"],
        source=figure["source"],
        since=figure["valid_from"] or "-",
        verified=_VERIFIED if figure["verified"] else _UNVERIFIED,
        note=f" ({figure['note']})" if figure["note"] else "",
    )


def _factor(value: float) -> str:
    """Write a factor with six digits that count, as the reader writes numbers."""
    digits = 5 - math.floor(math.log10(abs(value))) if value else 0
    text = format_number(value, digits=min(max(digits, 0), _MOST_DECIMALS))
    return re.sub(r"([.,]\d*?)0+$", r"\1", text).rstrip(".,") if digits > 0 else text


def _number(value: float) -> str:
    return format_number(value, digits=0 if abs(value) >= 1000 else 2)


_SIDE_NAMES = {"plan": say("plan"), "baseline": say("before")}
_AMOUNT_UNITS = {"trips": "loads", "openings": "1"}
_VERIFIED = say("verified")
_UNVERIFIED = say("not verified")
_CURVE = say("a curve")
SHARE_RULES = {
    "half": say("A transport between two projects counts half at each of them."),
    "giver": say("A transport between two projects counts at the one that gives."),
    "taker": say("A transport between two projects counts at the one that takes."),
}
SHARE_OF_COMMON = say(
    "What belongs to no project is divided: empty trips by loads, plants and depots by the tonnes "
    "that each project exchanges with them."
)
