"""Plans side by side, as a page and a workbook: what is said, found and driven otherwise, by whom.

The first of them is what the others are held against.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import pandas as pd

from raastof_geo.figures.vocabulary import CO2E, COST, VEHICLE_KM, shown_in_lines
from raastof_geo.language import Message, Readable, format_number, read_texts, say, speaking
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import draw_bars
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

PAGE, BOOK, VARIANTS = "comparison.html", "comparison.xlsx", "variants.yaml"
_MOST_ROWS = 25
"""In each table of the page, the largest first; the workbook has all."""
_SHOWN = 2 + len(HEADLINES)
"""Of the columns of plans, as many have room on a page: headlines, and emissions in all."""
_LEAST_T = 0.05
"""Less than this is no other flow. [t]"""
_ENDS = ["origin", "destination", "material", "vehicle", "virgin"]
_APART = {"title", "variants", "assumptions", "outputs"}
"""What is said of other plans, or of files."""


@dataclass(frozen=True, eq=False)
class PlanFigures:
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


class _Change(NamedTuple):
    """Something that is otherwise than in the first case."""

    title: Message
    heads: Sequence[Readable]
    rows: list[list[Any]]
    """The largest change first."""


def describe_found(result: Result) -> PlanFigures:
    """Take from a result what plans are compared by."""
    before, plan = result.effect.align("project")
    flows = result.plan.flows.query("origin != destination")
    flows = flows.assign(loads=flows["tonnes"] / flows["load_t"])
    summed = flows.groupby(_ENDS, observed=True).agg(
        tonnes=("tonnes", "sum"), loads=("loads", "sum"), period=("period", "first")
    )
    headlines = read_headlines(result.effect)
    totals, amounts = result.effect.books.totals, result.plan.amounts
    return PlanFigures(headlines, totals, summed, before - plan, amounts)


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
    scenario = result.scenario
    with exchanging(folder, version=__version__) as draft, speaking(*scenario.speech):
        page = document.Document(
            title=str(say("{title}: plans compared", title=scenario.said.title)),
            language=scenario.said.language,
            blocks=(*above(), *_lay_out(result, cases)),
            subtitle=read_texts("comparison")["how"].format(span=say_span(scenario)),
        )
        document.write_page(page, draft / PAGE)
        if beside:
            (draft / VARIANTS).write_text(beside, encoding="utf-8", newline="\n")
        with open_book(scenario, draft / BOOK) as book:
            heads, rows = _tabulate(cases)
            book.sheet(say("Plans")).table(heads, rows, digits=3)
            for number, case in enumerate(cases[1:], 2):
                for change in _list_changes(scenario, cases[0], case):
                    sheet = book.sheet(f"{number} {change.title}", case.title)
                    sheet.table(change.heads, change.rows, digits=3)
    return folder


def _tabulate(cases: Sequence[Compared]) -> tuple[list[Readable], list[list[Any]]]:
    """Give heads and a row for each case: headlines, totals of the plan, why there is none."""
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
    return heads, rows


def _lay_out(result: Result, cases: Sequence[Compared]) -> Iterator[document.Block]:
    heads, rows = _tabulate(cases)
    told = tuple(tuple(map(_write, row[:_SHOWN])) for row in rows)
    yield document.Table(say("Plans beside each other"), tuple(heads[:_SHOWN]), told)
    if lost := tuple(f"{case.title}: {case.refused}" for case in cases if case.found is None):
        yield document.Paragraph(say("Without a plan"), lead=True)
        yield document.Bullets(lost)
    shown = SHOWN["saved_kg_co2e"]
    bars = {one.title: one.found.headlines.saved_kg_co2e for one in cases if one.found is not None}
    values = [value * shown.factor for value in bars.values()]
    mark = (values[0] if values else 0.0, cases[0].title)
    drawn = draw_bars(list(bars), [(str(shown.title), values)], unit=str(shown.unit), mark=mark)
    yield document.Picture(drawn, read_texts("comparison")["bars"], shown.head)
    for number, case in enumerate(cases[1:], 2):
        yield document.Heading(case.title, anchor=f"plan-{number}")
        for change in _list_changes(result.scenario, cases[0], case):
            some = tuple(tuple(map(_write, row)) for row in change.rows[:_MOST_ROWS])
            words = sum(not isinstance(cell, float) for cell in change.rows[0])
            yield document.Table(change.title, tuple(change.heads), some, words=words)
        yield from _draw_changes(result, cases[0], case)


def _draw_changes(result: Result, first: Compared, case: Compared) -> Iterator[document.Block]:
    """Draw what comes and what goes, on the roads of the first case."""
    if first.found is None or case.found is None or result.legs.roads is None:
        return
    changed = _change_flows(first.found, case.found)
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


def _write(cell: Any) -> Readable:
    if cell is None:
        return "–"
    return format_number(cell, digits=1) if isinstance(cell, float) else cast("Readable", cell)


def _change_flows(first: PlanFigures, second: PlanFigures) -> pd.DataFrame:
    """Give flows that are otherwise, the largest change first, with tonnes before and now. [t]"""
    both = pd.concat({"first": first.flows, "second": second.flows}, axis=1).sort_index()
    before, now = (both[side, "tonnes"].fillna(0.0) for side in ("first", "second"))
    period = both["second", "period"].fillna(both["first", "period"])
    table = pd.DataFrame({"before": before, "now": now, "change": now - before, "period": period})
    table = table[table["change"].abs() > _LEAST_T]
    return table.sort_values("change", key=lambda one: -one.abs(), kind="stable")


def _list_changes(scenario: Scenario, first: Compared, case: Compared) -> Iterator[_Change]:
    """List what is otherwise: what is said, figures, flows and projects; nothing that is alike."""
    ends = [first.title, case.title]
    changes = [_change_said(first, case, ends)]
    if first.found is not None and case.found is not None:
        changes.append(_change_figures(first.found, case.found, ends))
        changes.append(_tell_flows(scenario, first.found, case.found))
        changes.append(_change_projects(scenario, first.found, case.found))
    yield from (one for one in changes if one.rows)


def _change_said(first: Compared, case: Compared, ends: Sequence[str]) -> _Change:
    paths = dict.fromkeys([*first.said, *case.said])
    rows = [[one, first.said.get(one, "–"), case.said.get(one, "–")] for one in paths]
    other = [row for row in rows if row[1] != row[2]]
    return _Change(say("What is said"), [say("Value"), *ends], other)


def _change_figures(first: PlanFigures, second: PlanFigures, ends: Sequence[str]) -> _Change:
    rows: list[list[Any]] = []
    for one, line in shown_in_lines().items():
        before, now = float(first.totals[one]), float(second.totals[one])
        if abs(now - before) > 1e-6 * max(abs(before), 1.0):
            told = [line.factor * value for value in (before, now, now - before)]
            rows.append([one.heading, *told, 100 * (now / before - 1) if before else None])
    rows.sort(key=lambda row: -abs(row[4]) if row[4] is not None else -1e9)
    return _Change(say("Figures that move"), [say("Key figure"), *ends, say("Change"), "%"], rows)


def _tell_flows(scenario: Scenario, first: PlanFigures, second: PlanFigures) -> _Change:
    known, kinds = scenario.catalogue.materials, read_texts("flows compared")
    names = {one: scenario.site_name(one) for one in scenario.sites}
    rows: list[list[Any]] = []
    changed = _change_flows(first, second).reset_index()
    columns = ["origin", "destination", "material", "before", "now", "change"]
    for origin, destination, what, before, now, change in changed[columns].to_numpy(object):
        kind = "grows" if change > 0 else "shrinks"
        kind = "appears" if not before else kind if now else "vanishes"
        named = known.get(what)
        material = named.called(scenario.said.language) if named else what
        sites = (names.get(one, one) for one in (origin, destination))
        rows.append([*sites, material, kinds[kind], before, now, change])
    heads: list[Readable] = [say("From"), say("To"), say("Material"), say("What it does")]
    heads += [say("First [t]"), say("This one [t]"), say("Change [t]")]
    return _Change(say("Flows that change"), heads, rows)


def _change_projects(scenario: Scenario, first: PlanFigures, second: PlanFigures) -> _Change:
    change = second.saved.sub(first.saved, fill_value=0.0)[[CO2E, COST]].fillna(0.0)
    change = change[change.abs().max(axis=1) > 0.5].sort_values(CO2E, ascending=False)
    rows: list[list[Any]] = [
        [name_group(scenario, "project", str(one)), kg_co2e / 1000, dkk]
        for one, kg_co2e, dkk in change.reset_index().to_numpy(object)
    ]
    heads = [say("Project"), say("Saves more [t CO2e]"), say("Saves more [DKK]")]
    return _Change(say("Who gains and who loses"), heads, rows)
