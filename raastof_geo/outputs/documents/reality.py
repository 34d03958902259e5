"""A plan against what was driven, as a page and a workbook: by project and month, and why."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from raastof_geo.effect.books import COMMON, Books
from raastof_geo.effect.measure import Effect
from raastof_geo.effect.remainder import Reality, take_share
from raastof_geo.figures.vocabulary import CO2E, COST, TONNES, TRANSPORT_WTW, shown_in_lines
from raastof_geo.language import Message, Readable, format_number, read_texts, say, speaking
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import Bar, draw_waterfall
from raastof_geo.outputs.documents.effects import name_group
from raastof_geo.outputs.tables.book import open_book
from raastof_geo.records.exchange import exchanging
from raastof_geo.scenario.scenario import Scenario
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


def write_reality(scenario: Scenario, effect: Effect, reality: Reality, folder: Path) -> Path:
    """Write a page and a workbook into a folder; give it.

    `effect`: of the plan, over all periods. `OutputError` as `write_outputs`.
    """
    with exchanging(folder, version=__version__) as draft, speaking(*scenario.speech):
        sheets = [*_list_sheets(scenario, effect, reality)]
        told = {"day": reality.driven.until, "count": len(reality.driven.slips)}
        page = document.Document(
            title=str(say("{title}: plan and reality", title=scenario.said.title)),
            language=scenario.said.language,
            blocks=tuple(_lay_out(reality, sheets)),
            subtitle=read_texts("reality")["how"].format(**told),
        )
        document.write_page(page, draft / PAGE)
        with open_book(scenario, draft / BOOK) as book:
            for sheet in sheets:
                book.sheet(sheet.title).table(sheet.heads, sheet.rows, digits=3, freeze=sheet.words)
    return folder


def _lay_out(reality: Reality, sheets: Sequence[_Sheet]) -> Iterator[document.Block]:
    planned, driven = reality.planned.totals, reality.driven.books.totals
    figures = [
        (say("Transport, planned"), planned[TRANSPORT_WTW]),
        (say("Transport, driven"), driven[TRANSPORT_WTW]),
    ]
    if reality.baseline is not None:
        saved = reality.baseline.totals - driven
        figures.append((say("Saved in transport by what was driven"), saved[TRANSPORT_WTW]))
        figures.append((say("Saved in all by what was driven"), saved[CO2E]))
    shown = [(title, f"{format_number(kg / 1000, digits=1)} t CO2e", "") for title, kg in figures]
    yield document.Figures(tuple(shown))
    if reality.refused:
        yield document.Paragraph(say("No plan of all that is left:"), lead=True)
        yield document.Bullets(tuple(reality.refused))
    first, last = (Bar(str(title), kg / 1000, True) for title, kg in figures[:2])
    changes = [Bar(str(row[0]), row[1]) for row in _list_causes(reality)]
    caption = say("Why what was driven emits otherwise than planned")
    drawn = draw_waterfall([first, *changes, last], unit="t CO2e")
    yield document.Picture(drawn, caption, caption)
    yield document.Bullets(tuple(tell_slips(reality)))
    for sheet in sheets:
        rows = [[_write(cell) for cell in row] for row in sheet.rows[: sheet.most]]
        if rows:
            told = tuple(map(tuple, rows))
            yield document.Table(sheet.title, tuple(sheet.heads), told, words=sheet.words)


def _write(cell: Any) -> Readable:
    return format_number(cell, digits=1) if isinstance(cell, float) else cell


def tell_slips(reality: Reality) -> Iterator[Message]:
    """Say whether all slips count, how much is left out, and what was not read."""
    slips, texts = reality.slips, read_texts("slips that count")
    told = {"tonnes": slips.left_out_t, "count": len(slips.mistakes)}
    yield texts["left out" if slips.mistakes else "all right"].format(**told)
    if slips.unread:
        yield texts["unread"].format(headings=", ".join(dict.fromkeys(slips.unread)))


def _list_causes(reality: Reality) -> list[list[Any]]:
    """Give what each cause adds: transport and all parts [t CO2e], and money [DKK]."""
    names = read_texts("deviations")
    return [
        [names[one], -it.transport_kg_co2e / 1000, -it.kg_co2e / 1000, -it.dkk]
        for one, it in reality.deviations.items()
    ]


def _list_sheets(scenario: Scenario, effect: Effect, reality: Reality) -> Iterator[_Sheet]:
    driven, new = reality.driven.books, reality.books
    found = (
        (say("Without coordination, of what was driven"), reality.baseline),
        (say("Planned up to then"), reality.planned),
        (say("Driven"), driven),
        (say("Without coordination, all periods"), effect.baseline_books),
        (say("Plan, all periods"), effect.books),
        (say("New plan, all periods"), new),
    )
    titles, books = zip(*(pair for pair in found if pair[1] is not None), strict=True)
    figures = [
        [one.heading, *(float(it.totals[one]) * line.factor for it in books)]
        for one, line in shown_in_lines().items()
    ]
    yield _Sheet(say("In figures"), [say("Key figure"), *titles], figures)
    causes = _list_causes(reality)
    more = [say("More in transport [t CO2e]"), say("More in all [t CO2e]"), say("More [DKK]")]
    total = [say("Together"), *map(sum, [*zip(*causes, strict=True)][1:])]
    yield _Sheet(say("Why"), [say("Cause"), *more], [*causes, total])
    shown = {CO2E: say("Emissions by project, t CO2e"), COST: say("Cost by project, 1,000 DKK")}
    for figure, title in shown.items():
        each = [one.by("project")[figure] / 1000 for one in books]
        yield _Sheet(title, [say("Project"), *titles], [*_name_projects(scenario, each)])
    months = [*_list_months(scenario, effect.books, reality)]
    each_way = (say("Planned"), say("Driven"), say("New plan"))
    heads: list[Readable] = [f"{one} [t CO2e]" for one in each_way]
    sums = [[month, *(float(one.sum()) for one in each)] for month, each in months]
    yield _Sheet(say("Months"), [say("Month"), *heads], sums)
    rows = [[month, *row] for month, each in months for row in _name_projects(scenario, each)]
    heads = [say("Month"), say("Project"), *heads]
    yield _Sheet(say("Months and projects"), heads, rows, words=2, most=0)
    lanes = [
        one.lines[one.lines["kind"] == "moves"].groupby(_LANE)[TONNES].sum()
        for one in (effect.books, driven, new or driven)
    ]
    rows = [
        [*map(scenario.site_name, lane[:2]), name_group(scenario, "material", lane[2]), *tonnes]
        for lane, tonnes in _join(lanes)
    ]
    heads = [say("From"), say("To"), say("Material"), say("Plan [t]"), say("Driven [t]")]
    yield _Sheet(say("Flows"), [*heads, say("New plan [t]")], rows, words=3)
    wrong = [[str(one.place or ""), str(one.message)] for one in reality.slips.mistakes]
    yield _Sheet(say("Slips left out"), [say("Where"), say("What is wrong")], wrong, words=2)


def _join(each: Sequence[pd.Series]) -> Iterator[tuple[Any, list[float]]]:
    table = pd.concat([*each], axis=1).fillna(0.0).sort_index()
    yield from zip(table.index, table.to_numpy().tolist(), strict=True)


def _name_projects(scenario: Scenario, each: Sequence[pd.Series]) -> Iterator[list[Any]]:
    for label, row in _join(each):
        yield [name_group(scenario, "project", label), *row]


def _list_months(
    scenario: Scenario, plan: Books, reality: Reality
) -> Iterator[tuple[str, list[pd.Series]]]:
    """Give emissions of each month by project: planned evenly over days, driven by those of slips.

    Sites that are opened belong to no month. [t CO2e]
    """
    spans = {one: (when.start, when.end) for one, when in scenario.periods.items()}
    morrow = reality.driven.until + datetime.timedelta(1)
    left = {one: (max(start, morrow), end) for one, (start, end) in spans.items()}
    first, last = min(spans.values())[0], max(spans.values())[1]
    for one in pd.period_range(first, last, freq="M"):
        parts = [take_share(plan, _share(spans, one)), _driven_in(reality, one)]
        if reality.rest is not None:
            parts.append(take_share(reality.rest, _share(left, one)))
        planned, driven, *rest = (it.by("project")[CO2E] / 1000 for it in parts)
        yield str(one), [planned, driven, sum(rest, driven * 0).add(driven, fill_value=0.0)]


def _share(
    spans: Mapping[str, tuple[datetime.date, datetime.date]], month: pd.Period
) -> dict[str, float]:
    """Give how much of each span of days lies in a month."""
    first, last = month.start_time.date(), month.end_time.date()
    found = {COMMON: 0.0}
    for one, (start, end) in spans.items():
        days = max(0, (min(end, last) - max(start, first)).days + 1)
        found[one] = days / max(1, (end - start).days + 1)
    return found


def _driven_in(reality: Reality, month: pd.Period) -> Books:
    """Give what was driven in a month: tonnes by their slips, plants and depots by all tonnes."""
    books, slips = reality.driven.books, reality.driven.slips
    lines, lane = books.lines.copy(), [*_LANE, "period"]
    mine = slips[pd.PeriodIndex(pd.to_datetime(slips["day"]), freq="M") == month]
    part, of = (one.groupby(lane)["tonnes"].sum() for one in (mine, slips))
    by_period = part.groupby("period").sum() / of.groupby("period").sum()
    by_lane = (part / of).reindex(pd.MultiIndex.from_frame(lines[lane])).to_numpy()
    share = np.where(lines["kind"] == "moves", by_lane, lines["period"].map(by_period))
    numbers = lines.select_dtypes("number").columns
    lines[numbers] = lines[numbers].mul(np.nan_to_num(share), axis=0)
    return Books(books.scenario, lines)
