"""A plan against what was driven, as a page and a workbook: by project and month, and why."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from raastof_geo.effect.books import COMMON, Books
from raastof_geo.effect.cause import Gain
from raastof_geo.effect.measure import Effect
from raastof_geo.effect.remainder import Reality, take_share
from raastof_geo.figures.vocabulary import (
    CO2E,
    COST,
    REFERENCE_TONNES,
    TONNES,
    TRANSPORT_WTW,
    shown_in_lines,
)
from raastof_geo.language import (
    Message,
    Readable,
    format_day,
    format_number,
    read_texts,
    say,
    speaking,
)
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import Bar, draw_waterfall
from raastof_geo.outputs.documents.effects import name_group
from raastof_geo.outputs.tables.book import open_book
from raastof_geo.records.exchange import exchanging
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Need, Offer, Scenario
from raastof_geo.scenario.tables.delivery import Deliveries
from raastof_geo.version import __version__

PAGE, BOOK = "actuals.html", "actuals.xlsx"
_LANE = ["origin", "destination", "material"]


class _Sheet(NamedTuple):
    title: Message
    heads: Sequence[Readable]
    rows: list[list[Any]]
    words: int = 1
    most: int = 40
    """Rows on the page; the workbook has all."""


def write_reality(
    scenario: Scenario, effect: Effect, reality: Reality, slips: Deliveries, folder: Path
) -> Path:
    """Write a page and a workbook into a folder; give it.

    `effect`: of the plan, over all periods. `OutputError` as `write_outputs`.
    """
    with exchanging(folder, version=__version__) as draft, speaking(*scenario.speech):
        sheets = [*_list_sheets(scenario, effect, reality, slips)]
        told = {"day": format_day(reality.driven.until), "count": len(reality.driven.slips)}
        page = document.Document(
            title=str(say("{title}: plan and reality", title=scenario.said.title)),
            language=scenario.said.language,
            blocks=tuple(_lay_out(reality, slips, sheets)),
            subtitle=read_texts("reality")["how"].format(**told),
        )
        document.write_page(page, draft / PAGE)
        with open_book(scenario, draft / BOOK) as book:
            for sheet in sheets:
                book.sheet(sheet.title).table(sheet.heads, sheet.rows, digits=3, freeze=sheet.words)
    return folder


def _lay_out(
    reality: Reality, slips: Deliveries, sheets: Sequence[_Sheet]
) -> Iterator[document.Block]:
    planned, driven = reality.planned, reality.driven.books
    sides = (say("Transport, planned"), planned), (say("Transport, driven"), driven)
    figures = [(title, one.total(TRANSPORT_WTW)) for title, one in sides]
    if reality.baseline is not None:
        saved = reality.baseline.totals - driven.totals
        figures.append((say("Saved in transport by what was driven"), saved[TRANSPORT_WTW]))
        figures.append((say("Saved in all by what was driven"), saved[CO2E]))
    shown = [(title, f"{format_number(kg / 1000, digits=1)} t CO2e", "") for title, kg in figures]
    yield document.Figures(tuple(shown))
    if reality.refused:
        yield document.Paragraph(say("No plan of all that is left:"), lead=True)
        yield document.Bullets(tuple(reality.refused))
    names = read_texts("deviations")
    changes = [Bar(str(names[one.name]), _more(one.saved)[0]) for one in reality.deviations]
    first, last = (Bar(str(title), kg / 1000, True) for title, kg in figures[:2])
    caption = say("Why what was driven emits otherwise than planned")
    yield document.Picture(draw_waterfall([first, *changes, last], unit="t CO2e"), caption, caption)
    yield document.Bullets(tuple(tell_slips(slips)))
    for sheet in sheets:
        rows = tuple(tuple(map(_write, row)) for row in sheet.rows[: sheet.most])
        if rows:
            yield document.Table(sheet.title, tuple(sheet.heads), rows, words=sheet.words)


def tell_slips(slips: Deliveries) -> Iterator[Message]:
    """Say how many slips count, what is left out, and what was not read."""
    texts = read_texts("slips that count")
    told = {"tonnes": slips.left_out_t, "count": len(slips.mistakes), "later": slips.later}
    yield texts["left out" if slips.mistakes else "all right"].format(**told)
    if slips.unread:
        yield texts["unread"].format(headings=", ".join(dict.fromkeys(slips.unread)))
    if slips.unknown_trucks:
        yield texts["trucks"].format(trucks=slips.unknown_trucks)
    if slips.later:
        yield texts["later"].format(**told)


def _more(saved: Gain) -> tuple[float, float, float]:
    """Give what is added: transport and all parts [t CO2e], and money [DKK]."""
    return -saved.transport_kg_co2e / 1000, -saved.kg_co2e / 1000, -saved.dkk


def _write(cell: Any) -> Readable:
    return format_number(cell, digits=1) if isinstance(cell, float) else cell


def _list_sheets(
    scenario: Scenario, effect: Effect, reality: Reality, slips: Deliveries
) -> Iterator[_Sheet]:
    found = (
        (say("Without coordination, of what was driven"), reality.baseline),
        (say("Planned up to then"), reality.planned),
        (say("Driven"), reality.driven.books),
        (say("Without coordination, all periods"), effect.baseline_books),
        (say("Plan, all periods"), effect.books),
        (say("New plan, all periods"), reality.books),
    )
    titles, books = zip(*((title, one) for title, one in found if one is not None), strict=True)
    yield _Sheet(
        say("In figures"),
        [say("Key figure"), *titles],
        [
            [one.heading, *(float(it.totals[one]) * line.factor for it in books)]
            for one, line in shown_in_lines().items()
        ],
    )
    names = read_texts("deviations")
    added = [[names[one.name], *_more(one.saved)] for one in reality.deviations]
    more = [say("More in transport [t CO2e]"), say("More in all [t CO2e]"), say("More [DKK]")]
    total = [
        say("Together"),
        *map(sum, zip(*(_more(one.saved) for one in reality.deviations), strict=True)),
    ]
    yield _Sheet(say("Why"), [say("Cause"), *more], [*added, total])
    shown = {CO2E: say("Emissions by project, t CO2e"), COST: say("Cost by project, 1,000 DKK")}
    for figure, title in shown.items():
        each = [one.by("project")[figure] / 1000 for one in books]
        yield _Sheet(title, [say("Project"), *titles], [*_name_projects(scenario, each)])
    months = [*_list_months(scenario, effect.books, reality)]
    heads = [f"{one} [t CO2e]" for one in (say("Planned"), say("Driven"), say("New plan"))]
    sums = [[month, *(float(one.sum()) for one in each)] for month, each in months]
    yield _Sheet(say("Months"), [say("Month"), *heads], sums)
    yield _Sheet(
        say("Months and projects"),
        [say("Month"), say("Project"), *heads],
        [[month, *row] for month, each in months for row in _name_projects(scenario, each)],
        words=2,
        most=0,
    )
    ended = reality.books or reality.driven.books
    yield _list_flows(scenario, effect.books, reality.driven.books, ended)
    yield _list_due(scenario, reality.driven.books, ended)
    wrong = [[str(one.place or ""), str(one.message)] for one in slips.mistakes]
    yield _Sheet(say("Slips left out"), [say("Where"), say("What is wrong")], wrong, words=2)


def _name_projects(scenario: Scenario, each: Sequence[pd.Series]) -> Iterator[list[Any]]:
    table = pd.concat([*each], axis=1).fillna(0.0).sort_index()
    for label, row in zip(table.index, table.to_numpy().tolist(), strict=True):
        yield [name_group(scenario, "project", str(label)), *row]


def _list_months(
    scenario: Scenario, plan: Books, reality: Reality
) -> Iterator[tuple[str, list[pd.Series]]]:
    """Give emissions of each month by project: planned evenly over days, driven by those of slips.

    Sites that are opened belong to no month. [t CO2e]
    """
    slips = reality.driven.slips
    month = pd.PeriodIndex(pd.to_datetime(slips["day"]), freq="M")
    spans = {one: (when.start, when.end) for one, when in scenario.periods.items()}
    morrow = reality.driven.until + datetime.timedelta(1)
    left = {one: (max(start, morrow), end) for one, (start, end) in spans.items()}
    first, last = min(spans.values())[0], max(spans.values())[1]
    for one in pd.period_range(first, last, freq="M"):
        parts = [take_share(plan, _share(spans, one)), _driven_in(reality, slips[month == one])]
        if reality.rest is not None:
            parts.append(take_share(reality.rest, _share(left, one)))
        planned, driven, *rest = (it.by("project")[CO2E] / 1000 for it in parts)
        yield str(one), [planned, driven, sum(rest, driven * 0).add(driven, fill_value=0.0)]


def _share(
    spans: Mapping[str, tuple[datetime.date, datetime.date]], month: pd.Period
) -> dict[str, float]:
    """Give how much of each span of days lies in a month."""
    first, last = month.start_time.date(), month.end_time.date()
    days = {
        one: (max(0, (min(end, last) - max(start, first)).days + 1), (end - start).days + 1)
        for one, (start, end) in spans.items()
    }
    return {COMMON: 0.0} | {one: of and part / of for one, (part, of) in days.items() if of > 0}


def _driven_in(reality: Reality, slips: pd.DataFrame) -> Books:
    """Give the part of what was driven that some slips tell of; plants and depots by the tonnes."""
    books, every = reality.driven.books, reality.driven.slips
    lines, lane = books.lines.copy(), [*_LANE, "period"]
    mine, of = (one.groupby(lane)["tonnes"].sum() for one in (slips, every))
    by_period = (mine.groupby("period").sum() / of.groupby("period").sum()).fillna(0.0)
    by_lane = (mine / of).reindex(pd.MultiIndex.from_frame(lines[lane])).fillna(0.0).to_numpy()
    known = lines["period"].map(by_period).fillna(0.0).to_numpy()
    share = np.where(lines["kind"] == "moves", by_lane, known)
    numbers = lines.select_dtypes("number").columns
    lines[numbers] = lines[numbers].mul(share, axis=0)
    return Books(books.scenario, lines)


def _list_flows(scenario: Scenario, plan: Books, driven: Books, new: Books) -> _Sheet:
    each = [
        one.lines[one.lines["kind"] == "moves"].groupby(_LANE)[TONNES].sum()
        for one in (plan, driven, new)
    ]
    table = pd.concat(each, axis=1).fillna(0.0)
    rows = [
        [scenario.site_name(start), scenario.site_name(goal), name_group(scenario, "material", one),
         before, done, now - done, now]
        for (start, goal, one), (before, done, now) in zip(
            table.index, table.to_numpy().tolist(), strict=True
        )
    ]  # fmt: skip
    rows.sort(key=lambda row: -abs(row[6] - row[3]))
    heads: list[Readable] = [say("From"), say("To"), say("Material"), say("Plan [t]")]
    heads += [say("Driven [t]"), say("To drive [t]"), say("New plan [t]")]
    return _Sheet(say("Flows"), heads, rows, words=3)


def _list_due(scenario: Scenario, driven: Books, new: Books) -> _Sheet:
    """Give what is offered and needed, how much of it is driven, and will be. [t, reference t]"""
    rows = []
    sides: Sequence[tuple[str, str, Sequence[Offer | Need], str]] = (
        ("giver", "origin", scenario.offers, TONNES),
        ("taker", "destination", scenario.needs, REFERENCE_TONNES),
    )
    for end, place, listed, figure in sides:
        done, all_of_it = (_sum_due(one.lines, end, place, figure) for one in (driven, new))
        said: dict[tuple[str, str], float] = {}
        for due in listed:
            key = due.site, due.material if isinstance(due, Offer) else due.use
            said[key] = said.get(key, 0.0) + due.tonnes
        for (site, what), tonnes in said.items():
            known = scenario.catalogue
            named = known.materials[what] if end == "giver" else known.uses[what]
            name = named.called(scenario.said.language)
            went, goes = (float(one.get((site, what), 0.0)) for one in (done, all_of_it))
            rows.append([scenario.site_name(site), name, tonnes, went, goes - went, goes])
    heads: list[Readable] = [say("Site"), say("Surplus or need"), say("In the scenario [t]")]
    heads += [say("Driven [t]"), say("To drive [t]"), say("New plan [t]")]
    return _Sheet(say("Surplus and needs"), heads, rows, words=2)


def _sum_due(lines: pd.DataFrame, end: str, place: str, figure: str) -> pd.Series:
    """Add up what entries gave or got, by site and what it is: ids are `site/1-gravel@2028`."""
    role = Role.OFFER if end == "giver" else Role.NEED
    mine = lines[lines[f"{end}_kind"] == role]
    what = mine[end].str.partition("/")[2].str.partition("-")[2].str.partition("@")[0]
    return mine.groupby([mine[place], what])[figure].sum()
