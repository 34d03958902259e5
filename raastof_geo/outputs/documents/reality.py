"""A plan against what was driven, as a page and a workbook: by project and month, and why."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from raastof_geo.effect.books import COMMON, Books
from raastof_geo.effect.measure import Effect
from raastof_geo.effect.remainder import Reality
from raastof_geo.figures.vocabulary import CO2E, COST, TONNES, TRANSPORT_WTW, shown_in_lines
from raastof_geo.language import Message, Readable, format_number, read_texts, say, speaking
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import Bar, draw_waterfall
from raastof_geo.outputs.documents.comparison import write_listings
from raastof_geo.outputs.documents.document import Listing
from raastof_geo.outputs.documents.effects import name_group
from raastof_geo.scenario.scenario import Scenario

REALITY = "actuals.html"
_LANE = ["origin", "destination", "material"]
_Span: TypeAlias = tuple[datetime.date, datetime.date]


def write_reality(scenario: Scenario, effect: Effect, reality: Reality, folder: Path) -> Path:
    """Write a page and a workbook into a folder; give it.

    `effect`: of the plan, over all periods. `OutputError` as `write_outputs`.
    """
    with speaking(*scenario.speech):
        sheets = [*_list_sheets(scenario, effect, reality)]
        told = {"day": reality.driven.until, "count": len(reality.driven.slips)}
        page = document.Document(
            str(say("{title}: plan and reality", title=scenario.said.title)),
            scenario.said.language,
            tuple(_lay_out(reality, sheets)),
            read_texts("reality")["how"].format(**told),
        )
        return write_listings(scenario, page, sheets, folder / REALITY)


def _lay_out(reality: Reality, sheets: Sequence[Listing]) -> Iterator[document.Block]:
    texts, driven = read_texts("reality"), reality.driven.books.totals
    kg = [reality.planned.totals[TRANSPORT_WTW], driven[TRANSPORT_WTW]]
    if reality.baseline is not None:
        kg.extend((reality.baseline.totals - driven)[[TRANSPORT_WTW, CO2E]])
    shown = [f"{format_number(one / 1000, digits=1)} t CO2e" for one in kg]
    titles = read_texts("figures of reality").values()
    yield document.Figures(tuple((*one, "") for one in zip(titles, shown, strict=False)))
    if reality.refused:
        yield document.Paragraph(texts["refused"], lead=True)
        yield document.Bullets(tuple(reality.refused))
    first, last = (
        Bar(str(title), one / 1000, True) for title, one in zip(titles, kg[:2], strict=False)
    )
    changes = [Bar(str(row[0]), row[1]) for row in _list_causes(reality)]
    drawn = draw_waterfall([first, *changes, last], unit="t CO2e")
    yield document.Picture(drawn, texts["why"], texts["why"])
    yield document.Bullets(tuple(tell_slips(reality)))
    yield from (one.show() for one in sheets if one.most and one.rows)


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


def _list_sheets(scenario: Scenario, effect: Effect, reality: Reality) -> Iterator[Listing]:
    driven, new = reality.driven.books, reality.books
    found = reality.baseline, reality.planned, driven, effect.baseline_books, effect.books, new
    each = zip(read_texts("books of reality").values(), found, strict=True)
    titles, books = zip(*(pair for pair in each if pair[1] is not None), strict=True)
    figures = [
        [one.heading, *(float(it.totals[one]) * line.factor for it in books)]
        for one, line in shown_in_lines().items()
    ]
    yield Listing(say("In figures"), [say("Key figure"), *titles], figures)
    causes = _list_causes(reality)
    heads: list[Readable] = [*read_texts("heads of deviations").values()]
    total = [say("Together"), *map(sum, [*zip(*causes, strict=True)][1:])]
    yield Listing(say("Why"), heads, [*causes, total])
    shown = {CO2E: say("Emissions by project, t CO2e"), COST: say("Cost by project, 1,000 DKK")}
    for figure, title in shown.items():
        sums = [one.by("project")[figure] / 1000 for one in books]
        rows = [*_name_projects(scenario, sums)]
        yield Listing(title, [say("Project"), *titles], rows)
    months = [*_list_months(scenario, effect.books, reality)]
    heads = [f"{one} [t CO2e]" for one in (say("Planned"), say("Driven"), say("New plan"))]
    rows = [[month, *(float(one.sum()) for one in each)] for month, each in months]
    yield Listing(say("Months"), [say("Month"), *heads], rows)
    rows = [[month, *row] for month, each in months for row in _name_projects(scenario, each)]
    heads = [say("Month"), say("Project"), *heads]
    yield Listing(say("Months and projects"), heads, rows, words=2, most=0, freeze=2)
    lanes = [
        one.lines[one.lines["kind"] == "moves"].groupby(_LANE)[TONNES].sum()
        for one in (effect.books, driven, new or driven)
    ]
    rows = [
        [*map(scenario.site_name, lane[:2]), name_group(scenario, "material", lane[2]), *tonnes]
        for lane, *tonnes in _join(lanes)
    ]
    heads = [*read_texts("heads of flows driven").values()]
    yield Listing(say("Flows"), heads, rows, words=3, freeze=3)
    rows = [[str(one.place or ""), str(one.message)] for one in reality.slips.mistakes]
    heads = [say("Where"), say("What is wrong")]
    yield Listing(say("Slips left out"), heads, rows, words=2, freeze=2)


def _join(each: Sequence[pd.Series]) -> Iterator[tuple[Any, ...]]:
    return pd.concat([*each], axis=1).fillna(0.0).sort_index().itertuples(name=None)


def _name_projects(scenario: Scenario, each: Sequence[pd.Series]) -> Iterator[list[Any]]:
    return ([name_group(scenario, "project", one), *row] for one, *row in _join(each))


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
        parts = [_take_part(plan, spans, one), _driven_in(reality, one)]
        if reality.rest is not None:
            parts.append(_take_part(reality.rest, left, one))
        planned, driven, *rest = (it.by("project")[CO2E] / 1000 for it in parts)
        yield str(one), [planned, driven, sum(rest, driven * 0).add(driven, fill_value=0.0)]


def _take_part(books: Books, spans: Mapping[str, _Span], month: pd.Period) -> Books:
    """Give of each line as much as of the span of its period lies in a month."""
    first, last = month.start_time.date(), month.end_time.date()
    share = {COMMON: 0.0}
    for one, (start, end) in spans.items():
        days = max(0, (min(end, last) - max(start, first)).days + 1)
        share[one] = days / max(1, (end - start).days + 1)
    return books.times(np.asarray(books.lines["period"].map(share), np.float64))


def _driven_in(reality: Reality, month: pd.Period) -> Books:
    """Give what was driven in a month: tonnes by their slips, plants and depots by all tonnes."""
    books, slips, lane = reality.driven.books, reality.driven.slips, [*_LANE, "period"]
    mine = slips[pd.PeriodIndex(pd.to_datetime(slips["day"]), freq="M") == month]
    part, of = (one.groupby(lane)["tonnes"].sum() for one in (mine, slips))
    by_period = part.groupby("period").sum() / of.groupby("period").sum()
    by_lane = (part / of).reindex(pd.MultiIndex.from_frame(books.lines[lane])).to_numpy()
    moves, by_period = books.lines["kind"] == "moves", books.lines["period"].map(by_period)
    return books.times(np.nan_to_num(np.where(moves, by_lane, by_period)))
