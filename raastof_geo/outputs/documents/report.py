"""The report for councils, as a page and for Word, and the appendix for those who check it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.assignment.telling.prices import PricedRow, list_priced_rows
from raastof_geo.effect.factor import list_doubts
from raastof_geo.effect.measure import Effect
from raastof_geo.evidence import STATES
from raastof_geo.figures.vocabulary import LOADS_DRIVEN, TRANSPORT_WTW, shown_in_lines
from raastof_geo.language import Message, format_number, say, say_count
from raastof_geo.outputs.documents.assumptions import tabulate_assumptions, tell_assumptions
from raastof_geo.outputs.documents.document import (
    Block,
    Bullets,
    Document,
    Heading,
    Paragraph,
    Picture,
    Table,
    write_numbers,
    write_page,
)
from raastof_geo.outputs.documents.effects import (
    explain_causes,
    explain_progress,
    show_commitments,
    show_payments,
    tabulate_effect,
    tabulate_groups,
    tabulate_money,
    tabulate_progress,
)
from raastof_geo.outputs.documents.flow_map import Haul, draw_map_picture
from raastof_geo.outputs.documents.word import write_word
from raastof_geo.outputs.ledger import describe_ledger
from raastof_geo.outputs.opening import open_answer, say_span
from raastof_geo.outputs.palette import attribute_maps
from raastof_geo.outputs.tables.basis import HEADS, describe_basis, write_baselines
from raastof_geo.outputs.tables.flows import list_flows
from raastof_geo.outputs.tables.summary import NO_PERMIT, answer, list_conditions, prove
from raastof_geo.outputs.warning import warn
from raastof_geo.records.explain import SHARE_OF_COMMON, SHARE_RULES, explain_in
from raastof_geo.result import Result
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.telling.words import BESIDE, CatalogueWords

_MOST_MATCHES = 150
_MOST_AGREEMENTS = 10
_MOST_PRICES = 20
_MOST_DOUBTS = 15
_MOST_LINES = 4
"""Lines of the ledger that the report tells of each part; `raastof explain` tells more."""


def write_report(result: Result, folder: Path) -> Path:
    """Write `report.html`."""
    return write_page(build_report(result), folder / "report.html")


def write_report_docx(result: Result, folder: Path) -> Path:
    """Write `report.docx`, the same."""
    moment = min(period.start for period in result.scenario.periods.values())
    return write_word(build_report(result), folder / "report.docx", moment=moment)


def write_appendix(result: Result, folder: Path) -> Path:
    """Write `appendix.html`."""
    return write_page(build_appendix(result), folder / "appendix.html")


def build_report(result: Result) -> Document:
    """Put together what people decide by: the answer, the effect, the money, what to agree on."""
    blocks = [
        *_tell_summary(result),
        *_draw_map(result),
        *_tell_effect(result),
        *_tell_money(result),
        *_tell_decisions(result),
    ]
    return _bind(result, say("Report"), blocks)


def build_appendix(result: Result) -> Document:
    """Put together what the report rests on; each figure is followed to its lines and sources."""
    blocks = [
        *_tell_total(result),
        *_tell_groups(result),
        *_tell_payments(result),
        *_tell_matches(result),
        *_tell_prices(result),
        *_tell_method(result),
        *_tell_sources(result),
        *_tell_ledger(result),
    ]
    return _bind(result, say("Appendix"), blocks)


def _bind(result: Result, kind: Message, blocks: Sequence[Block]) -> Document:
    said = result.scenario.said
    return Document(
        title=said.title,
        language=said.language,
        blocks=tuple(blocks),
        subtitle=say(
            "{kind}. Figures are in all, {span}, where nothing else is said. {about}"
        ).format(kind=kind, span=say_span(result.scenario), about=said.description),
        footer=(attribute_maps(result.network),),
    )


def _tell_summary(result: Result) -> Iterator[Block]:
    effect = result.effect
    plan, before = effect.books.totals, effect.baseline_books.totals
    yield Heading(say("Summary"), anchor="summary")
    for number, sentence in enumerate(open_answer(result)):
        yield Paragraph(sentence, lead=number == 0)
    moved = [sum(one.tonnes_by_project.values()) for one in (effect.books, effect.baseline_books)]
    yield show_commitments(plan, before, *moved)
    if result.assumptions is not None:
        yield Bullets(tuple(tell_assumptions(result.assumptions)))
        yield tabulate_assumptions(result.assumptions)
    yield Bullets(tuple(warning.message for warning in warn(result)))


def _draw_map(result: Result) -> Iterator[Block]:
    flows = result.plan.flows
    keys = ["origin", "destination", "vehicle", "virgin"]
    summed = (
        flows.query("origin != destination")
        .groupby(keys, sort=True)
        .agg(tonnes=("tonnes", "sum"), period=("period", "first"))
    )
    largest: Iterator[Any] = summed.nlargest(_MOST_MATCHES, "tonnes").reset_index().itertuples()
    hauls = [
        Haul(one.origin, one.destination, one.vehicle, one.period, one.tonnes, one.virgin)
        for one in largest
    ]
    yield Picture(
        draw_map_picture(result, hauls, result.scenario.sites),
        say("Map of the flows; the table of matches has the same figures."),
        say(
            "Flows on the roads that trucks take; the wider, the more tonnes. Circles need "
            "material, triangles have surplus, squares are pits, diamonds receivers, plus signs "
            "plants, pentagons depots."
        ),
    )


def _tell_effect(result: Result) -> Iterator[Block]:
    yield Heading(say("Effect"), anchor="effect")
    yield Paragraph(describe_basis(result))
    yield Table(say("Side by side"), HEADS, tuple(write_baselines(result)))
    yield _tabulate_total(result.effect, links=False)
    yield Heading(say("By cause"), anchor="causes")
    yield from explain_causes(result.effect)
    yield Heading(say("Share of secondary materials"), anchor="share")
    yield from explain_progress(result)
    yield Bullets(tuple(answer(result)))


def _tell_total(result: Result) -> Iterator[Block]:
    yield Heading(say("Effect in total"), anchor="total")
    yield Paragraph(describe_basis(result))
    yield _tabulate_total(result.effect, links=True)
    yield tabulate_progress(result)


def _tabulate_total(effect: Effect, *, links: bool) -> Table:
    plan, before = effect.books.totals, effect.baseline_books.totals
    return tabulate_effect(say("Effect in total"), plan, before, links=links)


def _tell_groups(result: Result) -> Iterator[Block]:
    yield Heading(say("Who and what"), anchor="groups")
    yield Paragraph(SHARE_RULES[result.scenario.said.effect.shared_legs])
    yield Paragraph(SHARE_OF_COMMON)
    for caption, dimension, head in _GROUPS:
        yield tabulate_groups(result, caption, dimension, head)


_GROUPS = (
    (say("Effect by project"), "project", say("Project")),
    (say("Effect by municipality"), "municipality", say("Municipality")),
    (say("Effect by material"), "material", say("Material")),
    (say("Effect by period"), "period", say("Period")),
)


def _tell_money(result: Result) -> Iterator[Block]:
    yield Heading(say("Money"), anchor="money")
    yield Paragraph(
        say(
            "The tables are where talks about joint financing can start: they say what each "
            "project would pay alone and in the plan, and which transfers divide what is saved."
        )
    )
    yield from tabulate_money(result.scenario, result.effect)


def _tell_decisions(result: Result) -> Iterator[Block]:
    """Tell what the plan hangs on that people have to agree on, the largest first."""
    scenario, plan = result.scenario, result.plan
    yield Heading(say("What to decide now"), anchor="decide")
    flows = plan.flows[
        plan.flows["giver_kind"].isin((Role.OFFER, Role.DEPOT))
        & (plan.flows["taker_kind"] == Role.NEED)
    ]
    apart = [
        scenario.project(one) != scenario.project(other)
        and scenario.party(one, "client") != scenario.party(other, "client")
        for one, other in zip(flows["origin"], flows["destination"], strict=True)
    ]
    shared = _sum_matches(flows[np.array(apart, dtype=bool)], each_period=False)
    if len(shared):
        yield Paragraph(
            say_count(
                "One match between projects needs an agreement.",
                "{count} matches between projects need an agreement; the largest are these. "
                "flows.csv has all of them.",
                count=len(shared),
            )
        )
        rows = tuple(_rows_of_matches(scenario, shared.head(_MOST_AGREEMENTS)))
        yield Table(say("Matches to agree on"), _HEADS_OF_MATCHES, rows, words=4)
    else:
        yield Paragraph(say("No project's surplus meets the need of another one in this plan."))
    opened: Iterator[Any] = plan.openings[plan.openings["opened"].astype(bool)].itertuples()
    names = [scenario.site_name(one.site) for one in opened]
    if names:
        yield Bullets(tuple(say("{site} is opened", site=name) for name in names))
    relied_on = list_conditions(result, list_flows(plan.flows))
    if relied_on:
        yield Heading(say("Conditions that the plan relies on"), level=3)
        yield Bullets(tuple(relied_on))
    yield Paragraph(NO_PERMIT)


_HEADS_OF_MATCHES = (
    *(say("From"), say("To"), say("Material"), say("Period"), "t", say("Loads")),
    *(say("Kilometres, loaded"), say("Transport [t CO2e]")),
)


def _tell_payments(result: Result) -> Iterator[Block]:
    yield Heading(say("Payments"), anchor="payments")
    yield from show_payments(result.scenario, result.effect)


def _tell_matches(result: Result) -> Iterator[Block]:
    matches = _sum_matches(result.plan.flows)
    yield Heading(say("Matches"), anchor="matches")
    if len(matches) > _MOST_MATCHES:
        yield Paragraph(
            say("The {most} largest of {count}; flows.csv and plan.xlsx have all of them.").format(
                most=_MOST_MATCHES, count=len(matches)
            )
        )
    yield Table(
        say("Who drives what to whom"),
        _HEADS_OF_MATCHES,
        tuple(_rows_of_matches(result.scenario, matches.head(_MOST_MATCHES))),
        words=4,
    )


def _sum_matches(flows: pd.DataFrame, *, each_period: bool = True) -> pd.DataFrame:
    """Sum flows over trucks, uses and terms: what goes from whom to whom, the largest first."""
    keys = ["origin", "destination", "material"]
    summed = flows.groupby([*keys, "period"] if each_period else keys, sort=False).agg(
        periods=("period", lambda each: ", ".join(dict.fromkeys(each))),
        tonnes=("tonnes", "sum"),
        loads=(LOADS_DRIVEN, "sum"),
        length_km=("length_km", "mean"),
        kg_co2e=(TRANSPORT_WTW.flow, "sum"),
    )
    largest_first = [False, True, True, True, True]
    return summed.reset_index().sort_values(["tonnes", *keys, "periods"], ascending=largest_first)


def _rows_of_matches(scenario: Scenario, matches: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    rows: Iterator[Any] = matches.itertuples()
    for one in rows:
        yield (
            scenario.site_name(one.origin),
            scenario.site_name(one.destination),
            scenario.catalogue.materials[one.material].called(scenario.said.language),
            one.periods,
            *write_numbers(one.tonnes, one.loads),
            *write_numbers(one.length_km, one.kg_co2e / 1000, digits=1),
        )


def _tell_prices(result: Result) -> Iterator[Block]:
    """Tell of each material, or of what else a limit is about, where more room gives most."""
    worth = list_priced_rows(result.plan, least=1e-6)
    dearest: dict[tuple[str, str], PricedRow] = {}
    for row in sorted(worth, key=lambda row: -abs(row.shadow_price)):
        dearest.setdefault((row.rule, row.group), row)
    unit = result.scenario.said.objectives[0].minimise[0].unit
    rows = [
        (row.name, format_number(row.limit), format_number(row.shadow_price, digits=2))
        for row in [*dearest.values()][:_MOST_PRICES]
    ]
    yield Heading(say("Where more room gives most"), anchor="prices")
    if not rows:
        yield Paragraph(say("No limit costs anything in this plan."))
        return
    yield Paragraph(
        say(
            "What the first objective would change by if a limit were one unit larger, while "
            "nothing else changes; it holds for small changes. Below 0 is a saving. Of each "
            "material or use the limit that gives most is shown; the workbook has all of them."
        )
    )
    heads = (say("Limit"), say("Now"), say("Change for one more [{unit}]", unit=unit))
    yield Table(say("The limits that matter most"), heads, tuple(rows))


def _tell_method(result: Result) -> Iterator[Block]:
    yield Heading(say("Limits and method"), anchor="method")
    yield Paragraph(prove(result))
    yield Bullets(
        (
            say(
                "A linear programme assigns tonnes to legs on the road network of OpenStreetMap; "
                "legs are priced by truck, load, speed and year."
            ),
            say(
                "Counted are transport (well to wheel), digging of virgin material, plants, depots "
                "and lime, and final reception. Demolition and excavation are the same with and "
                "without the plan and are not counted."
            ),
            say("Queues, opening hours, gradients and the order of work within a period are not."),
        )
    )


def _tell_sources(result: Result) -> Iterator[Block]:
    scenario = result.scenario
    figures, states = scenario.catalogue.figures(), scenario.states()
    doubts = list_doubts(result.effect.books, result.effect.baseline_books)
    yield Heading(say("Sources"), anchor="sources")
    if doubts:
        heads = say("Figure"), say("Evidence"), say("Source"), say("Behind")
        yield Table(
            say("Figures not seen in a source that matter most"),
            (*heads, say("Saving changes if it is 10 % higher")),
            tuple(
                (
                    one.name,
                    STATES[states[one.name]],
                    scenario.catalogue.cite(figures[one.name].source),
                    one.part,
                    f"{format_number(one.influence)} {one.part.unit}",
                )
                for one in doubts[:_MOST_DOUBTS]
            ),
            words=4,
        )
    cited = sorted({scenario.catalogue.cite(figure.source) for figure in figures.values()})
    yield Bullets(tuple(cited))
    if beside := tuple(CatalogueWords(scenario.catalogue, scenario.said.language).beside()):
        yield Paragraph(BESIDE)
        yield Bullets(beside)


def _tell_ledger(result: Result) -> Iterator[Block]:
    """Follow each figure of the effect in total to its lines, factors and sources."""
    ledger = describe_ledger(result)
    yield Heading(say("Where the figures come from"), anchor="ledger")
    yield Paragraph(
        say(
            "Each figure of the effect in total, followed to the largest lines that it sums and "
            "to the sources of their factors. Any figure can be followed further: raastof explain "
            "FOLDER saved.kg_co2e_wtw@project=NAME"
        )
    )
    for part in shown_in_lines():
        told = explain_in(ledger, f"saved.{part}", most=_MOST_LINES)
        if not told.steps:
            continue
        yield Heading(part.heading, level=3, anchor=f"how-{part}")
        yield Bullets(tuple(told.steps))
