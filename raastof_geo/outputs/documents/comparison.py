"""Plans held against the first: a page and a workbook of what is otherwise, and what it tells."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
import pandas as pd
from raastof_geo.arrays import sort_up
from raastof_geo.assignment import Plan
from raastof_geo.assignment.front import MATCH, Front, measure_distance
from raastof_geo.effect.books import Books
from raastof_geo.effect.burden import Junction
from raastof_geo.figures.vocabulary import CO2E, COST, VEHICLE_KM, Indicator, shown_in_lines
from raastof_geo.language import Readable, format_number, read_texts, say, say_text, speaking
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import draw_bars, draw_front
from raastof_geo.outputs.documents.document import Block, Listing, Paragraph, Picture, Table
from raastof_geo.outputs.documents.effects import name_group
from raastof_geo.outputs.documents.flow_map import draw_map_picture
from raastof_geo.outputs.opening import say_span
from raastof_geo.outputs.tables.book import open_book
from raastof_geo.records.exchange import exchanging
from raastof_geo.result import Result
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import VARYING, list_leaves
from raastof_geo.sensitivity.headline import HEADLINES, SHOWN, Headlines, Told, read_headlines
from raastof_geo.version import __version__

PAGE, VARIANTS = "comparison.html", "variants.yaml"
_MOST_ROWS = 25
"""In each table of the page and each map, the largest first; the workbook has all."""
_SHOWN = 2 + len(HEADLINES)
"""Of the columns of plans, as many have room on a page: headlines, and emissions in all."""
_LEAST_T = 0.05
"""Less than this is no other flow. [t]"""
_ENDS = ["origin", "destination", "material", "vehicle", "virgin"]
_APART = {"title", "outputs", *VARYING}
"""What is said of other plans, or of files."""
_MOST_COMMON = 40
"""As many matches that all plans have are told, the largest first."""


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
    effect = result.effect
    sides = effect.baseline_books, effect.books
    return describe_solved(result.scenario, result.plan, sides, read_headlines(effect), title)


def describe_solved(
    scenario: Scenario, plan: Plan, sides: tuple[Books, Books], headlines: Headlines, title: str
) -> Compared:
    """Take what plans are compared by; `sides` are the books without it, and of it."""
    flows = plan.flows.query("origin != destination")
    summed = (
        flows.assign(loads=flows["tonnes"] / flows["load_t"])
        .groupby(_ENDS, observed=True)
        .agg({"tonnes": "sum", "loads": "sum", "period": "first"})
    )
    before, after = (one.by("project") for one in sides)
    saved = before.sub(after, fill_value=0.0)
    figures = PlanFigures(headlines, sides[1].totals, summed, saved, plan.amounts)
    return Compared(title, list_said(scenario), figures)


def list_said(scenario: Scenario) -> dict[str, str]:
    """List what a scenario says. Returns text by path, such as `sites.havn.note`."""
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
    above: Callable[[], Iterable[Block]] = tuple,
    beside: str = "",
) -> Path:
    """Write a page and a workbook of cases beside each other. Returns their folder.

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
        plans = _tabulate(cases)
        page = document.Document(
            str(say("{title}: plans compared", title=scenario.said.title)),
            scenario.said.language,
            (*above(), *_lay_out(result, cases, plans, changes)),
            say_text("comparison", "how", span=say_span(scenario)),
        )
        more = {VARIANTS: beside} if beside else {}
        return write_listings(scenario, page, (plans, *sheets), folder / PAGE, **more)


def write_listings(
    scenario: Scenario,
    page: document.Document,
    listings: Iterable[Listing],
    path: Path,
    **more: str,
) -> Path:
    """Write a page, a workbook called as it is, and `more` texts. Returns their folder."""
    with exchanging(path.parent, version=__version__) as draft:
        document.write_page(page, draft / path.name)
        for name, text in more.items():
            (draft / name).write_text(text, encoding="utf-8", newline="\n")
        with open_book(scenario, draft / f"{path.stem}.xlsx") as book:
            document.write_sheets(listings, book)
    return path.parent


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
) -> Iterator[Block]:
    rows = [row[:_SHOWN] for row in plans.rows]
    title = say("Plans beside each other")
    yield plans._replace(title=title, heads=plans.heads[:_SHOWN], rows=rows).show()
    if lost := tuple(f"{case.title}: {case.refused}" for case in cases if case.found is None):
        yield Paragraph(say("Without a plan"), lead=True)
        yield document.Bullets(lost)
    shown, found = SHOWN["saved_kg_co2e"], {one.title: one.found for one in cases if one.found}
    values = [one.headlines.saved_kg_co2e * shown.factor for one in found.values()]
    mark = (values[0] if values else 0.0, cases[0].title)
    bars = draw_bars([*found], [(str(shown.title), values)], unit=str(shown.unit), mark=mark)
    yield Picture(bars, say_text("comparison", "bars"), shown.head)
    drawn = cases[0].found if result.legs.roads is not None else None
    for number, (case, mine) in enumerate(zip(cases[1:], changes, strict=True), 2):
        yield document.Heading(case.title, anchor=f"plan-{number}")
        yield from (one.show() for one in mine)
        if drawn and case.found:
            yield from _draw_changes(result, _change_flows(drawn, case.found))


def _draw_changes(result: Result, changed: pd.DataFrame) -> Iterator[Block]:
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
            yield Picture(drawn, caption, caption)


def _change_flows(first: PlanFigures, second: PlanFigures) -> pd.DataFrame:
    """Give flows that are otherwise, the largest change first, with tonnes before and now. [t]"""
    both = pd.concat({"first": first.flows, "second": second.flows}, axis=1).sort_index()
    before, now = (both[side, "tonnes"].fillna(0.0) for side in ("first", "second"))
    period = both["second", "period"].fillna(both["first", "period"])
    table = pd.DataFrame({"before": before, "now": now, "change": now - before, "period": period})
    table = table[table["change"].abs() > _LEAST_T]
    return table.iloc[sort_up(-table["change"].abs())]


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


def _read_axis(measure: Indicator) -> Told:
    """Read how people read a measure: emissions in tonnes, to a kilogram."""
    unit = str(measure.aim.unit) if measure.aim else measure.unit
    told = re.sub("^kg ", "t ", unit)
    return Told(measure.bare, told, *((1.0, 0) if told == unit else (1e-3, 3)))


def tell_front(front: Front, _: Sequence[Compared] = ()) -> Iterator[Block]:
    """Tell where the front runs, how it was found, and what a unit less costs along it."""
    tell, axes = partial(say_text, "fronts"), [*map(_read_axis, front.measures)]
    points = [(one.first * axes[0].factor, one.second * axes[1].factor) for one in front.corners]
    key = "steps" if front.stepped else "corners" if front.complete else "some corners"
    yield Paragraph(tell(key, count=len(points)), lead=True)
    titles = axes[0].head, axes[1].head
    if len(points) > 1:
        names = [str(number) for number, _ in enumerate(points, 1)]
        drawn = draw_front(points, names, titles, joined=not front.stepped)
        yield Picture(drawn, tell("picture"), tell("picture"))
    unit, prices = _price_corners(axes, front.prices)
    told = [*(format_number(one, digits=1) for one in prices), "–"]
    heads = (say("Variant"), *titles, unit)
    rows = zip(front.variants, front.corners, told, strict=True)
    table = [(id_, *map(Told.number, axes, corner), price) for id_, corner, price in rows]
    yield Table(say("The front"), heads, tuple(table), source=tell("price"))
    yield Paragraph(tell("paste", file=VARIANTS))


def _price_corners(axes: Sequence[Told], prices: Sequence[float]) -> tuple[str, list[float]]:
    """Give prices along a front by the tonne, whichever measure is the emission, and their unit."""
    if axes[0].factor > axes[1].factor:
        axes, prices = axes[::-1], [1 / one for one in prices]
    of, per = axes
    return f"{per.unit}/{of.unit}", [one * per.factor / of.factor for one in prices]


def tell_alternatives(
    scenario: Scenario, within: float, cases: Sequence[Compared]
) -> Iterator[Block]:
    """Tell what plans near the best one cost, how far they lie apart, and what all of them have."""
    tell, share = partial(say_text, "alternatives"), format_number(100 * within, digits=1)
    plans = {one.title: one.found for one in cases if one.found is not None}
    key = "found" if len(plans) > 1 else "none"
    yield Paragraph(tell(key, count=len(plans) - 1, share=share), lead=True)
    if len(plans) < 2:
        return
    matches, step = [*map(list_matches, plans.values())], scenario.said.objectives[0]
    values = [sum(one.amounts[name] for name in step.minimise) for one in plans.values()]
    axis, rows = _read_axis(step.minimise[0]), list[tuple[Readable, ...]]()
    for title, value, mine in zip(plans, values, matches, strict=True):
        over = 100 * (value - values[0]) / (abs(values[0]) or 1.0)
        far = (format_number(100 * measure_distance(mine, other)) for other in matches)
        rows.append((title, axis.number(value), format_number(over, digits=2), *far))
    minimised = f"{' + '.join(one.bare for one in step.minimise)} [{axis.unit}]"
    heads: tuple[Readable, ...] = (say("Plan"), minimised, say("Above the best [%]"), *plans)
    yield Table(tell("apart"), heads, tuple(rows), source=tell("distance"))
    common = pd.concat(matches, axis=1, join="inner").min(axis=1).sort_index()
    common = common.iloc[sort_up(-common)]
    same = tuple(
        (*map(scenario.site_name, ends), name_group(scenario, "material", what), format_number(t))
        for *ends, what, t in common.head(_MOST_COMMON).reset_index().itertuples(index=False)
    )
    columns = tuple(read_texts("heads of common matches").values())
    yield Table(tell("in common"), columns, same, words=3, source=tell("common"))
    yield Paragraph(tell("paste", file=VARIANTS))


def list_matches(plan: PlanFigures) -> pd.Series:
    """List matches between two sites that are worth a load. Returns tonnes by `MATCH`. [t]"""
    summed = plan.flows.groupby(level=MATCH, observed=True)[["tonnes", "loads"]].sum()
    return summed.loc[summed["loads"] >= 1.0, "tonnes"]


def tell_candidates(junctions: Sequence[Junction], cases: Sequence[Compared]) -> Iterator[Block]:
    """Tell which junctions were proposed, how much passes them, and what the plan uses there."""
    tell, found = partial(say_text, "candidates"), cases[-1].found
    used = found.flows.groupby(level="destination")["tonnes"].sum() if found else pd.Series()
    numbers = document.write_numbers
    rows = [
        (one.id, f"{one.lon:.6f}, {one.lat:.6f}", *numbers(one.trips, used.get(one.id, 0.0)))
        for one in junctions
    ]
    heads = (say("Place"), "lon, lat", say("Trucks that pass"), tell("comes"))
    yield Paragraph(tell("how", count=len(rows)), lead=True)
    yield Table(tell("proposed"), heads, tuple(rows), words=2, source=tell("passes"))
    yield Paragraph(tell("paste", file=VARIANTS))
