"""Plans side by side, or a plan and what was driven: a page and a workbook of what is otherwise.

The first plan is what the others are held against.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from raastof_geo.effect.books import Books
from raastof_geo.effect.measure import Effect
from raastof_geo.effect.remainder import Reality
from raastof_geo.figures.vocabulary import (
    CO2E,
    COST,
    TONNES,
    TRANSPORT_WTW,
    VEHICLE_KM,
    shown_in_lines,
)
from raastof_geo.language import Message, Readable, format_number, read_texts, say, speaking
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import Bar, draw_bars, draw_waterfall
from raastof_geo.outputs.documents.document import Listing
from raastof_geo.outputs.documents.effects import name_group
from raastof_geo.outputs.documents.flow_map import draw_map_picture
from raastof_geo.outputs.opening import say_span
from raastof_geo.outputs.tables.book import open_book
from raastof_geo.records.exchange import exchanging
from raastof_geo.result import Result
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import list_leaves
from raastof_geo.sensitivity.headline import HEADLINES, SHOWN, Headlines, read_headlines
from raastof_geo.version import __version__

PAGE, REALITY, VARIANTS = "comparison.html", "actuals.html", "variants.yaml"
_MOST_ROWS = 25
"""In each table of the page and each map, the largest first; the workbook has all."""
_SHOWN = 2 + len(HEADLINES)
"""Of the columns of plans, as many have room on a page: headlines, and emissions in all."""
_LEAST_T = 0.05
"""Less than this is no other flow. [t]"""
_ENDS = ["origin", "destination", "material", "vehicle", "virgin"]
_APART = {"title", "variants", "assumptions", "outputs"}
"""What is said of other plans, or of files."""
_Span: TypeAlias = tuple[datetime.date, datetime.date]


def write_listings(
    scenario: Scenario,
    page: document.Document,
    listings: Iterable[Listing],
    path: Path,
    **more: str,
) -> Path:
    """Write a page to a path, a workbook called as it is, and `more` texts; give their folder.

    `OutputError` as `write_outputs`.
    """
    with exchanging(path.parent, version=__version__) as draft:
        document.write_page(page, draft / path.name)
        for name, text in more.items():
            (draft / name).write_text(text, encoding="utf-8", newline="\n")
        with open_book(scenario, draft / f"{path.stem}.xlsx") as book:
            for one in listings:
                book.sheet(one.title).table(one.heads, one.rows, digits=3, freeze=one.freeze)
    return path.parent


class PlanFigures(NamedTuple):
    """A plan and its effect, as far as plans are compared by them."""

    headlines: Headlines
    totals: pd.Series
    """Of the plan, by figure, as `Books.totals`."""
    flows: pd.DataFrame
    """`tonnes`, `loads`, the first `period` by ends, material, truck and whether it is virgin."""
    saved: pd.DataFrame
    """By project what it saves of each figure."""
    amounts: Mapping[str, float]
    """What it comes to by each measure."""


@dataclass(frozen=True, eq=False)
class Compared:
    """A scenario, and its plan or why there is none."""

    title: str
    said: Mapping[str, str]
    """What the scenario says, by path."""
    found: PlanFigures | None
    refused: str = ""


def describe_found(result: Result, title: str) -> Compared:
    """Take from a result what plans are compared by."""
    effect, flows = result.effect, result.plan.flows.query("origin != destination")
    summed = (
        flows.assign(loads=flows["tonnes"] / flows["load_t"])
        .groupby(_ENDS, observed=True)
        .agg({"tonnes": "sum", "loads": "sum", "period": "first"})
    )
    before, plan = effect.align("project")
    figures = read_headlines(effect), effect.books.totals, summed, before - plan
    return Compared(title, list_said(result.scenario), PlanFigures(*figures, result.plan.amounts))


def list_said(scenario: Scenario) -> dict[str, str]:
    """List every value that a scenario says, by its path."""
    said = scenario.said.model_dump(mode="json", by_alias=True, exclude=_APART)
    return {
        ".".join(map(str, trail)): f"{one:g}" if isinstance(one, float) else str(one)
        for trail, one in list_leaves(said)
        if one not in ({}, [])
    }


def write_comparison(
    result: Result,
    cases: Sequence[Compared],
    folder: Path,
    *,
    above: Callable[[], Iterable[document.Block]] = tuple,
    beside: str = "",
) -> Path:
    """Write a page and a workbook of cases beside each other into a folder; give it.

    `result`: of the first case, whose roads the maps show; `above`: what the page begins with;
    `beside`: the text of `VARIANTS`. `OutputError` as `write_outputs`.
    """
    scenario, first = result.scenario, cases[0]
    with speaking(*scenario.speech):
        changes = [[*_list_changes(scenario, first, case)] for case in cases[1:]]
        sheets = (
            one._replace(title=f"{number} {one.title}")
            for number, mine in enumerate(changes, 2)
            for one in mine
        )
        plans, more = _tabulate(cases), {VARIANTS: beside} if beside else {}
        page = document.Document(
            str(say("{title}: plans compared", title=scenario.said.title)),
            scenario.said.language,
            (*above(), *_lay_out(result, cases, plans, changes)),
            read_texts("comparison")["how"].format(span=say_span(scenario)),
        )
        return write_listings(scenario, page, [plans, *sheets], folder / PAGE, **more)


def _tabulate(cases: Sequence[Compared]) -> Listing:
    """Give a row for each case: headlines, totals of the plan, why there is none."""
    shown = {one: shown_in_lines()[one] for one in (CO2E, COST, VEHICLE_KM)}
    heads: list[Readable] = [say("Plan"), *(SHOWN[one].head for one in HEADLINES)]
    heads += [*(one.heading for one in shown), say("Why there is no plan")]
    rows = []
    for case in cases:
        told: list[Any] = [None] * (len(heads) - 2)
        if case.found is not None:
            told = [case.found.headlines.of(one) * SHOWN[one].factor for one in HEADLINES]
            told += (float(case.found.totals[one]) * line.factor for one, line in shown.items())
        rows.append([case.title, *told, case.refused])
    return Listing(say("Plans"), heads, rows, most=None)


def _lay_out(
    result: Result, cases: Sequence[Compared], plans: Listing, changes: Sequence[Sequence[Listing]]
) -> Iterator[document.Block]:
    rows = [row[:_SHOWN] for row in plans.rows]
    title = say("Plans beside each other")
    yield plans._replace(title=title, heads=plans.heads[:_SHOWN], rows=rows).show()
    if lost := tuple(f"{case.title}: {case.refused}" for case in cases if case.found is None):
        yield document.Paragraph(say("Without a plan"), lead=True)
        yield document.Bullets(lost)
    shown, found = SHOWN["saved_kg_co2e"], {one.title: one.found for one in cases if one.found}
    values = [one.headlines.saved_kg_co2e * shown.factor for one in found.values()]
    mark = (values[0] if values else 0.0, cases[0].title)
    drawn = draw_bars([*found], [(str(shown.title), values)], unit=str(shown.unit), mark=mark)
    yield document.Picture(drawn, read_texts("comparison")["bars"], shown.head)
    for number, (case, mine) in enumerate(zip(cases[1:], changes, strict=True), 2):
        yield document.Heading(case.title, anchor=f"plan-{number}")
        yield from (one.show() for one in mine)
        if cases[0].found and case.found and result.legs.roads is not None:
            yield from _draw_changes(result, _change_flows(cases[0].found, case.found))


def _draw_changes(result: Result, changed: pd.DataFrame) -> Iterator[document.Block]:
    """Draw what comes and what goes, on the roads of the first case."""
    known = list(result.scenario.sites)  # where the first case has no site, its roads lead nowhere
    for end in _ENDS[:2]:
        changed = changed[changed.index.isin(known, level=end)]
    captions = {1: say("Flows that appear or grow"), -1: say("Flows that vanish or shrink")}
    for sign, caption in captions.items():
        mine = changed[sign * changed["change"] > 0].head(_MOST_ROWS)
        if len(hauls := mine.assign(tonnes=mine["change"].abs()).reset_index()):
            ends = dict.fromkeys([*hauls["origin"], *hauls["destination"]])
            drawn = draw_map_picture(result, list(hauls.itertuples()), ends)
            yield document.Picture(drawn, caption, caption)


def _change_flows(first: PlanFigures, second: PlanFigures) -> pd.DataFrame:
    """Give flows that are otherwise, the largest change first, with tonnes before and now. [t]"""
    both = pd.concat({"first": first.flows, "second": second.flows}, axis=1).sort_index()
    before, now = (both[side, "tonnes"].fillna(0.0) for side in ("first", "second"))
    period = both["second", "period"].fillna(both["first", "period"])
    table = pd.DataFrame({"before": before, "now": now, "change": now - before, "period": period})
    table = table[table["change"].abs() > _LEAST_T]
    return table.sort_values("change", key=lambda one: -one.abs(), kind="stable")


def _list_changes(scenario: Scenario, first: Compared, case: Compared) -> Iterator[Listing]:
    """List what is otherwise: what is said, figures, flows and projects; nothing that is alike."""
    ends, before, now = [first.title, case.title], first.found, case.found
    said = (
        [one, *(it.said.get(one, "–") for it in (first, case))]
        for one in {**first.said, **case.said}
    )
    other = [row for row in said if row[1] != row[2]]
    tables = [Listing(say("What is said"), [say("Value"), *ends], other, words=3)]
    if before is not None and now is not None:
        heads: list[Readable] = [say("Key figure"), *ends, say("Change"), "%"]
        tables.append(Listing(say("Figures that move"), heads, _change_figures(before, now)))
        heads = [*read_texts("heads of flows compared").values()]
        rows = [*_tell_flows(scenario, _change_flows(before, now))]
        tables.append(Listing(say("Flows that change"), heads, rows, words=4))
        change = now.saved.sub(before.saved, fill_value=0.0)[[CO2E, COST]].fillna(0.0)
        change = change[change.abs().max(axis=1) > 0.5].sort_values(CO2E, ascending=False)
        heads = [say("Project"), say("Saves more [t CO2e]"), say("Saves more [DKK]")]
        rows = [
            [name_group(scenario, "project", one), kg_co2e / 1000, dkk]
            for one, kg_co2e, dkk in change.itertuples()
        ]
        tables.append(Listing(say("Who gains and who loses"), heads, rows))
    yield from (one._replace(most=_MOST_ROWS) for one in tables if one.rows)


def _change_figures(first: PlanFigures, second: PlanFigures) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for one, line in shown_in_lines().items():
        before, now = float(first.totals[one]), float(second.totals[one])
        if abs(now - before) > 1e-6 * max(abs(before), 1.0):
            told = [line.factor * value for value in (before, now, now - before)]
            rows.append([one.heading, *told, 100 * (now / before - 1) if before else None])
    return sorted(rows, key=lambda row: -1e9 if row[4] is None else -abs(row[4]))


def _tell_flows(scenario: Scenario, changed: pd.DataFrame) -> Iterator[list[Any]]:
    kinds, materials = read_texts("flows compared"), scenario.catalogue.materials
    for (*ends, what, _, _), before, now, change, _ in changed.itertuples():
        kind = "grows" if change > 0 else "shrinks"
        kind = "appears" if not before else kind if now else "vanishes"
        sites = (scenario.site_name(one) if one in scenario.sites else one for one in ends)
        named = name_group(scenario, "material", what) if what in materials else what
        yield [*sites, named, kinds[kind], before, now, change]


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
            tuple(_lay_out_reality(reality, sheets)),
            read_texts("reality")["how"].format(**told),
        )
        return write_listings(scenario, page, sheets, folder / REALITY)


def _lay_out_reality(reality: Reality, sheets: Sequence[Listing]) -> Iterator[document.Block]:
    texts, driven = read_texts("reality"), reality.driven.books.totals
    kg = [reality.planned.totals[TRANSPORT_WTW], driven[TRANSPORT_WTW]]
    if reality.baseline is not None:
        kg.extend((reality.baseline.totals - driven)[[TRANSPORT_WTW, CO2E]])
    shown = [f"{format_number(one / 1000, digits=1)} t CO2e" for one in kg]
    titles = read_texts("figures of reality").values()
    yield document.Figures(tuple((*one, "") for one in zip(titles, shown, strict=False)))
    if reality.refused:
        yield document.Paragraph(texts["refused"], lead=True)
        yield document.Bullets(tuple(map(str, reality.refused)))
    first, last = (Bar(str(one), t / 1000, True) for one, t in zip(titles, kg[:2], strict=False))
    changes = [Bar(str(name), t) for name, t, *_ in _list_causes(reality)]
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
    count = 2 if new is None else 3  # without a plan of the rest it has no column
    months = _measure_months(scenario, effect.books, reality).iloc[:, :count]
    heads = [f"{one} [t CO2e]" for one in (say("Planned"), say("Driven"), say("New plan"))]
    rows = [[str(one), *sums] for one, *sums in months.groupby(level="month").sum().itertuples()]
    yield Listing(say("Months"), [say("Month"), *heads[:count]], rows)
    rows = [
        [str(month), name_group(scenario, "project", project), *told]
        for (month, project), *told in months.itertuples()
    ]
    heads = [say("Month"), say("Project"), *heads[:count]]
    yield Listing(say("Months and projects"), heads, rows, words=2, most=0, freeze=2)
    lanes = [
        one.lines[one.lines["kind"] == "moves"].groupby(_ENDS[:3])[TONNES].sum()
        for one in (effect.books, driven, new)
        if one is not None
    ]
    rows = [
        [*map(scenario.site_name, lane[:2]), name_group(scenario, "material", lane[2]), *tonnes]
        for lane, *tonnes in _join(lanes)
    ]
    heads = [*read_texts("heads of flows driven").values()]
    yield Listing(say("Flows"), heads[: 3 + count], rows, words=3, freeze=3)
    rows = [[str(one.place or ""), str(one.message)] for one in reality.slips.mistakes]
    heads = [say("Where"), say("What is wrong")]
    yield Listing(say("Slips left out"), heads, rows, words=2, freeze=2)


def _join(each: Sequence[pd.Series]) -> Iterator[tuple[Any, ...]]:
    return pd.concat([*each], axis=1).fillna(0.0).sort_index().itertuples(name=None)


def _name_projects(scenario: Scenario, each: Sequence[pd.Series]) -> Iterator[list[Any]]:
    return ([name_group(scenario, "project", one), *row] for one, *row in _join(each))


def _measure_months(scenario: Scenario, plan: Books, reality: Reality) -> pd.DataFrame:
    """Give emissions by `month` and project: planned, driven, and planned now. [t CO2e]

    What was driven falls to the days of its slips; plans go evenly over the days of their periods,
    the new one over those that are left. Sites that are opened belong to no month.
    """
    each = scenario.periods.values()
    spans = {one.id: pd.Series(pd.period_range(one.start, one.end, freq="D")) for one in each}
    days = pd.concat(spans, names=["period"]).rename("day").reset_index(level="period")
    left = days[days["day"] > pd.Period(reality.driven.until, "D")]
    driven, rest = _divide_by_slips(reality), reality.rest
    new = driven if rest is None else driven.add(_spread(rest, left), fill_value=0.0)
    sides = (one.rename_axis("project") for one in (_spread(plan, days), driven, new))
    months = [one.rename_axis("month", axis=1).stack() for one in sides]
    return pd.concat(months, axis=1).fillna(0.0).swaplevel().sort_index() / 1000


def _spread(books: Books, days: pd.DataFrame) -> pd.DataFrame:
    """Spread emissions of each period over days of it, by project and month. [kg CO2e]"""
    month = pd.PeriodIndex(days["day"], freq="M")
    share, lines = pd.crosstab(days["period"], month, normalize="index"), books.lines
    parts = {one: Books(books.scenario, lines[lines["period"] == one]) for one in share.index}
    each = {one: part.by("project")[CO2E] for one, part in parts.items()}
    return pd.DataFrame(each).fillna(0.0) @ share


def _divide_by_slips(reality: Reality) -> pd.DataFrame:
    """Give emissions of what was driven, by project and month. [kg CO2e]

    Tonnes fall to the days of their slips, plants and depots to those of all slips.
    """
    books, slips, shares = reality.driven.books, reality.driven.slips, list[pd.DataFrame]()
    month = pd.PeriodIndex(slips["day"], freq="D").asfreq("M")
    for keys in ([*_ENDS[:3], "period"], ["period"]):
        tonnes = slips.groupby([*keys, month])["tonnes"].sum().unstack(fill_value=0)
        share = tonnes.div(tonnes.sum(axis=1), axis=0)
        of_lines = books.lines[keys].merge(share, "left", left_on=keys, right_index=True)
        shares.append(of_lines[share.columns].fillna(0.0))
    share = shares[0].where(books.lines["kind"] == "moves", shares[1])
    each = {one: books.times(part).by("project")[CO2E] for one, part in share.items()}
    return pd.DataFrame(each)
