"""The front door, the report for councils as a page and for Word, and its appendix for checkers."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
import numpy as np
import pandas as pd
from raastof_geo import language
from raastof_geo.assignment.telling.names import list_names
from raastof_geo.assignment.telling.why_not import PricedRow, list_priced_rows
from raastof_geo.effect.books import list_doubts, name_factors
from raastof_geo.evidence import STATES, tell_unit
from raastof_geo.figures import vocabulary
from raastof_geo.language import Message, read_texts, say, say_count, say_text
from raastof_geo.outputs import opening
from raastof_geo.outputs.documents import assumptions, document, effects
from raastof_geo.outputs.documents.flow_map import draw_map_picture
from raastof_geo.outputs.documents.project import file_name, list_projects
from raastof_geo.outputs.documents.word import write_word
from raastof_geo.outputs.palette import attribute_maps
from raastof_geo.outputs.plan import describe_ledger
from raastof_geo.outputs.tables.summary import answer, name_plainly, prove
from raastof_geo.outputs.warning import say_evidence, warn, warn_of_input
from raastof_geo.records.ledger import SHARE_OF_COMMON, SHARED_LEGS, explain_in
from raastof_geo.result import Result, list_flows, name_match
from raastof_geo.scenario.output import INDEX, OUTPUTS
from raastof_geo.scenario.period import name_period
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.telling.words import BESIDE, CatalogueWords
from raastof_geo.version import __version__

_MOST_MATCHES = 150
_MOST_DRAWN = 60
_MOST_PROJECTS = 12
_MOST_AGREEMENTS = 8
_MOST_PRICES = 20
_MOST_DOUBTS = 15
_MOST_LINES = 4
"""Lines of the ledger that the report tells of each part; `raastof explain` tells more."""
_OF_PEOPLE = (0, 1, 2, 3, 4, 7)
"""Columns of what the plan is compared with; the appendix has all of them."""
_KNOWN_BY = re.compile(r"InfraLCA [\d.]+|COPERT|BR18|EN 16258|DESNZ|GLEC|ISO 14083")
"""What readers call sources of emission factors by."""
_HEADS_OF_MATCHES = tuple(read_texts("matches").values())


def write_report(result: Result, folder: Path) -> Path:
    """Write `report.html`. Returns its path."""
    return document.write_page(build_report(result), folder / "report.html")


def write_report_docx(result: Result, folder: Path) -> Path:
    """Write `report.docx`, the same, on the scenario's own template where it names one."""
    scenario = result.scenario
    said = scenario.said.report
    moment = said.date or min(period.start for period in scenario.periods.values())
    template = scenario.home / said.template if said.template else None
    made = folder / "report.docx"
    return write_word(build_report(result), made, moment=moment, template=template)


def write_appendix(result: Result, folder: Path) -> Path:
    """Write `appendix.html`. Returns its path."""
    return document.write_page(build_appendix(result), folder / "appendix.html")


def build_report(result: Result) -> document.Document:
    """Put together what people decide by: the answer, where, why, who gains, what to agree on."""
    return _bind_report(result, language.spoken_language())


@lru_cache(maxsize=1)  # the page and Word have the same
def _bind_report(result: Result, _spoken: language.Language) -> document.Document:
    sections = (
        *(_tell_summary, _tell_assumptions, _draw_map),
        *(_tell_effect, _tell_money, _tell_decisions),
    )
    return _bind(result, say("Report"), sections)


def build_appendix(result: Result) -> document.Document:
    """Put together what the report rests on; each figure is followed to its lines and sources."""
    sections = (
        *(_tell_total, effects.tabulate_causes, _tell_groups, _tell_payments, _tell_matches),
        *(_tell_prices, _tell_method, _tell_sources, _tell_ledger),
    )
    return _bind(result, say("Appendix"), sections)


def _bind(
    result: Result, kind: Message, sections: Iterable[Callable[[Result], Iterable[document.Block]]]
) -> document.Document:
    """Put sections one after the other, each table and figure with its source."""
    said = result.scenario.said
    about, roads = said.report, result.network.metadata
    date = language.format_day(about.date, style="long") if about.date else ""
    made, drawn = f"raastof_geo {__version__}", language.format_day(roads.osm_date) or roads.title
    facts = (about.client, about.author, date, about.version, made, drawn)
    names = list_names(_list_sources(result) or [str(say("our judgement"))])
    source = say_text("prose", "source", version=__version__, sources=names)
    span = opening.say_span(result.scenario)

    def cite(one: document.Block) -> document.Block:
        if not isinstance(one, document.Table | document.Picture):
            return one
        mine = say("Source: {source}", source=one.source) if one.source else source
        return one._replace(source=mine)

    return document.Document(
        title=said.title,
        language=said.language,
        blocks=tuple(cite(one) for tell in sections for one in tell(result)),
        subtitle=say_text("prose", "report", kind=kind, span=span, about=said.description),
        footer=(attribute_maps(result.network),),
        facts=tuple(one for one in zip(read_texts("facts").values(), facts, strict=True) if one[1]),
        author=said.report.author,
        numbered=True,
    )


def _list_sources(result: Result) -> list[str]:
    catalogue, known = result.scenario.catalogue, set[str]()
    figures = catalogue.figures()
    for books in (result.effect.books, result.effect.baseline_books):
        used = {name for factors in name_factors(books).values() for name in factors.unique()}
        cited = {catalogue.cite(figures[name].source) for name in used & figures.keys()}
        known.update(_KNOWN_BY.findall(" ".join(cited)))
    return sorted(known)


def _tell_summary(result: Result) -> Iterator[document.Block]:
    effect = result.effect
    plan, before = effect.books.totals, effect.baseline_books.totals
    yield document.Heading(say("Summary"), anchor="summary")
    yield from _open(result)
    moved = (sum(one.tonnes_by_project.values()) for one in (effect.books, effect.baseline_books))
    shown: list[tuple[Message, str, float, int]] = [
        (say("CO2e, all parts [t]"), vocabulary.CO2E, 1e3, 0),
        (say("Cost [million DKK]"), vocabulary.COST, 1e6, 1),
        *(
            (part.heading, part, 1 / vocabulary.shown_in_lines()[part].factor, 0)
            for part in vocabulary.told_in_books()
            if part.summary is not None
        ),
    ]
    whole: list[tuple[Any, ...]] = [
        (name, *document.write_numbers(plan[part], before[part], per=per, digits=digits))
        for name, part, per, digits in shown
    ]
    yield effects.show_commitments(plan, before, moved, *whole)
    of_input = {*map(str, warn_of_input(result.scenario, result.network, result.anchors))}
    if doubts := [one.message for one in warn(result) if str(one) not in of_input]:
        yield document.Bullets(tuple(doubts))


def _open(result: Result) -> Iterator[document.Block]:
    first, *others = opening.open_answer(result)
    yield document.Paragraph(first, lead=True)
    yield from map(document.Paragraph, others)


def _tell_assumptions(result: Result) -> Iterator[document.Block]:
    if result.assumptions is not None:
        yield document.Heading(say("Assumptions, and where the answer turns"), anchor="assumptions")
        yield assumptions.tabulate_assumptions(result.assumptions)
        told = len(assumptions.tell_turning(result.assumptions))  # stand in the summary
        if left_out := [*assumptions.tell_assumptions(result.assumptions)][told:]:
            yield document.Bullets(tuple(left_out))


def _draw_map(result: Result) -> Iterator[document.Block]:
    scenario, flows = result.scenario, result.plan.flows
    keys = ["origin", "destination", "vehicle", "virgin"]
    apart = flows.query("origin != destination")
    summed = apart.groupby(keys).agg({"tonnes": "sum", "period": "first"})
    hauls: list[Any] = [*summed.nlargest(_MOST_DRAWN, "tonnes").reset_index().itertuples()]
    amounts = (apart.loc[apart["virgin"] == kind, "tonnes"].sum() for kind in (False, True))
    secondary, virgin = map(language.round_off, map(float, amounts))
    met: dict[str, float] = defaultdict(float)
    for one in hauls:
        met[one.origin] += one.tonnes
        met[one.destination] += one.tonnes
    sites = sorted(scenario.sites, key=lambda site: -met[site])
    kinds, name = {False: say("Surplus and recycled"), True: say("Virgin")}, scenario.site_name
    heads = (say("From"), say("To"), say("Material"), say("Amount [t]"))
    each = ((name(it.origin), name(it.destination), kinds[it.virgin], it.tonnes) for it in hauls)
    yield document.Heading(say("Map"), anchor="map")
    yield document.Picture(
        draw_map_picture(result, hauls, sites),
        say("Map of the flows; the table of matches in the appendix has the same figures."),
        say_text("relations", "all that drive", secondary=secondary, virgin=virgin),
        say("The flows on the roads that trucks take, in all periods; arrows go the way they go."),
        data=document.Data(heads, tuple(each)),
    )


def _tell_effect(result: Result) -> Iterator[document.Block]:
    yield document.Heading(say("Effect by cause"), anchor="causes")
    beside = opening.tell_credit(result.effect)[2:]  # the others stand in the summary
    yield document.Bullets(tuple(beside))
    yield from effects.draw_causes(result.effect)
    yield document.Heading(say("Share of secondary materials"), anchor="share")
    yield from effects.draw_progress(result)
    target = result.effect.target
    if target.asked is not None and not target.reached:
        yield document.Bullets((answer(result)[len(target.reaches)],))
    yield document.Heading(say("Compared with what"), anchor="effect")
    yield document.Paragraph(opening.describe_basis(result))
    yield _compare(result, _OF_PEOPLE)


def _compare(result: Result, columns: Sequence[int]) -> document.Table:
    """Put the plan beside what it is compared with, in some of the columns."""
    rows = [[cell or "–" for cell in row] for row in opening.write_baselines(result)]
    return document.Table(
        say("The plan beside worlds without coordination"),
        tuple(opening.HEADS[one] for one in columns),
        tuple(tuple(row[one] for one in columns) for row in rows),
    )


def _tell_total(result: Result) -> Iterator[document.Block]:
    effect = result.effect
    yield document.Heading(say("Effect in total"), anchor="total")
    yield document.Paragraph(opening.describe_basis(result))
    plan, before = effect.books.totals, effect.baseline_books.totals
    yield effects.tabulate_effect(say("Effect in total"), plan, before, links=True)
    yield _compare(result, range(len(opening.HEADS)))
    yield document.Bullets(tuple(answer(result)))
    yield from effects.tabulate_progress(result)


def _tell_groups(result: Result) -> Iterator[document.Block]:
    yield document.Heading(say("Who and what"), anchor="groups")
    yield document.Paragraph(SHARED_LEGS[result.scenario.said.effect.shared_legs])
    yield document.Paragraph(SHARE_OF_COMMON)
    for dimension, caption in read_texts("effects by").items():
        yield effects.tabulate_groups(result, caption, dimension)
    yield document.Paragraph(say_text("prose", "below_0"))


def _tell_money(result: Result) -> Iterator[document.Block]:
    yield document.Heading(say("Money"), anchor="money")
    yield document.Paragraph(say_text("prose", "money"))
    yield from effects.tabulate_money(result.scenario, result.effect, most=_MOST_PROJECTS)


def _tell_decisions(result: Result) -> Iterator[document.Block]:
    """Tell what the plan hangs on that people have to agree on, the largest first."""
    scenario, plan = result.scenario, result.plan
    yield document.Heading(say("What to decide now"), anchor="decide")
    flows = plan.flows[
        plan.flows["giver_kind"].isin((Role.OFFER, Role.DEPOT))
        & (plan.flows["taker_kind"] == Role.NEED)
    ]
    apart = [
        scenario.project(one) != scenario.project(other)
        and scenario.party(one, "client") != scenario.party(other, "client")
        for one, other in zip(flows["origin"], flows["destination"], strict=True)
    ]
    if len(shared := _sum_matches(flows[np.array(apart, dtype=bool)], each_period=False)):
        needed = say_count(
            "One match between projects needs an agreement.",
            "{count} matches between projects need an agreement; the largest are these. "
            "flows.csv has all of them.",
            count=len(shared),
        )
        yield document.Paragraph(needed)
        rows = tuple(_rows_of_matches(scenario, shared.head(_MOST_AGREEMENTS)))
        yield document.Table(say("Matches to agree on"), _HEADS_OF_MATCHES, rows, words=4)
    else:
        none = say("No project's surplus meets the need of another one in this plan.")
        yield document.Paragraph(none)
    opened = plan.openings.loc[plan.openings["opened"].astype(bool), "site"]
    if names := [*map(scenario.site_name, opened)]:
        yield document.Bullets(tuple(say("{site} is opened", site=name) for name in names))
    relied_on = say("Conditions that the plan relies on")
    yield from effects.tell_conditions(result, relied_on, list_flows(plan.flows))
    yield document.Paragraph(say_text("prose", "appendix"))


def _tell_payments(result: Result) -> Iterator[document.Block]:
    yield document.Heading(say("Payments"), anchor="payments")
    if len(result.effect.transfers.saved_dkk) > _MOST_PROJECTS:
        yield effects.tabulate_money(result.scenario, result.effect)[0]
    yield from effects.show_payments(result.scenario, result.effect)


def _tell_matches(result: Result) -> Iterator[document.Block]:
    matches = _sum_matches(result.plan.flows)
    kg_co2e = float(result.plan.empty_trips[vocabulary.TRANSPORT_WTW.flow].sum())
    told = document.write_numbers(kg_co2e / 1000, digits=1)
    empty = [(str(say("Empty trips from job to job")), *[""] * 6, *told)] if kg_co2e else []
    yield document.Heading(say("Matches"), anchor="matches")
    if len(matches) > _MOST_MATCHES:
        largest = say_text("relations", "the largest", most=_MOST_MATCHES, count=len(matches))
        yield document.Paragraph(largest)
    rows = (*_rows_of_matches(result.scenario, matches.head(_MOST_MATCHES)), *empty)
    yield document.Table(say("Who drives what to whom"), _HEADS_OF_MATCHES, rows, words=4)


def _sum_matches(flows: pd.DataFrame, *, each_period: bool = True) -> pd.DataFrame:
    """Sum flows over trucks, uses and terms: what goes from whom to whom, the largest first."""
    keys = ["origin", "destination", "material"]
    summed = flows.groupby([*keys, "period"] if each_period else keys, sort=False).agg(
        periods=("period", lambda each: tuple(dict.fromkeys(each))),
        tonnes=("tonnes", "sum"),
        loads=(vocabulary.LOADS_DRIVEN, "sum"),
        length_km=("length_km", "mean"),
        kg_co2e=(vocabulary.TRANSPORT_WTW.flow, "sum"),
    )
    largest_first = [False, True, True, True, True]
    return summed.reset_index().sort_values(["tonnes", *keys, "periods"], ascending=largest_first)


def _rows_of_matches(scenario: Scenario, matches: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    rows: Iterator[Any] = matches.itertuples()
    for one in rows:
        yield (
            *name_match(scenario, one.origin, one.destination, one.material),
            ", ".join(name_period(scenario.periods[period]) for period in one.periods),
            *document.write_numbers(one.tonnes, one.loads),
            *document.write_numbers(one.length_km, one.kg_co2e / 1000, digits=1),
        )


def _tell_prices(result: Result) -> Iterator[document.Block]:
    """Tell of each material, or of what else a limit is about, where more room gives most."""
    worth, scenario = list_priced_rows(result.plan, least=1e-6), result.scenario
    dearest: dict[tuple[str, str], PricedRow] = {}
    for row in sorted(worth, key=lambda row: -abs(row.shadow_price)):
        dearest.setdefault((row.rule, row.group), row)
    unit = tell_unit(scenario.said.objectives[0].minimise[0].unit)
    numbers = document.write_numbers
    rows = tuple(
        (name_plainly(scenario, it.name), *numbers(it.limit), *numbers(it.shadow_price, digits=2))
        for it in [*dearest.values()][:_MOST_PRICES]
    )
    yield document.Heading(say("Where more room gives most"), anchor="prices")
    if not rows:
        yield document.Paragraph(say("No limit costs anything in this plan."))
        return
    yield document.Paragraph(say_text("prose", "limits"))
    heads = (say("Limit"), say("Now"), say("Change for one more [{unit}]", unit=unit))
    yield document.Table(say("The limits that matter most"), heads, rows)


def _tell_method(result: Result) -> Iterator[document.Block]:
    yield document.Heading(say("Limits and method"), anchor="method")
    told = (name_plainly(result.scenario, warning.message) for warning in warn(result))
    yield document.Bullets(tuple(told))
    yield document.Paragraph(prove(result))
    yield document.Bullets(tuple(read_texts("method").values()))


def _tell_sources(result: Result) -> Iterator[document.Block]:
    scenario = result.scenario
    figures, states = scenario.catalogue.figures(), scenario.states()
    words = CatalogueWords(scenario.catalogue, scenario.said.language)
    doubts = list_doubts(result.effect.books, result.effect.baseline_books)
    yield document.Heading(say("Sources"), anchor="sources")
    rows = tuple(
        (
            *(words.name_figure(one.name), STATES[states[one.name]]),
            *(scenario.catalogue.cite(figures[one.name].source), one.part.bare),
            f"{language.format_number(one.influence)} {tell_unit(one.part.unit)}",
        )
        for one in doubts[:_MOST_DOUBTS]
    )
    if rows:
        caption = say("Figures not seen in a source that matter most")
        yield document.Table(caption, tuple(read_texts("unseen figures").values()), rows, words=4)
    cited = sorted({scenario.catalogue.cite(figure.source) for figure in figures.values()})
    yield document.Bullets(tuple(cited))
    if beside := tuple(words.beside()):
        yield document.Paragraph(BESIDE)
        yield document.Bullets(beside)


def _tell_ledger(result: Result) -> Iterator[document.Block]:
    """Follow each figure of the effect in total to its lines, factors and sources."""
    ledger = describe_ledger(result.effect)
    yield document.Heading(say("Where the figures come from"), anchor="ledger")
    yield document.Paragraph(say_text("prose", "ledger"))
    sides = [books.totals for books in (result.effect.books, result.effect.baseline_books)]
    for part in vocabulary.shown_in_lines():
        told = explain_in(ledger, f"saved.{part}", most=_MOST_LINES).steps
        if told and any(one[part] for one in sides):
            yield document.Heading(part.heading, level=3, anchor=f"how-{part}")
            yield document.Bullets(told)


def write_index(result: Result, folder: Path) -> Path:
    """Write `index.html`, which leads to the files that lie in the folder already."""
    said = result.scenario.said
    blocks = tuple(_list_blocks(result, folder))
    page = document.Document(said.title, said.language, blocks, said.description)
    return document.write_page(page, folder / f"{INDEX}.html")


def _list_blocks(result: Result, folder: Path) -> Iterator[document.Block]:
    yield from _open(result)
    yield document.Paragraph(say_evidence(result.scenario))
    yield document.Heading(say("What lies here, and for whom"))
    files = [one for one in OUTPUTS if one.name not in (INDEX, "projects")]
    written = [one for one in files if (folder / one.file).exists()]
    yield document.Links(tuple(document.Link(quote(it.file), it.file, it.told) for it in written))
    yield from _link_projects(result, folder / "projects")


def _link_projects(result: Result, pages: Path) -> Iterator[document.Block]:
    names = sorted((result.scenario.project_name(one), one) for one in list_projects(result))
    for ending, head in read_texts("files of projects").items():
        mine = ((name, f"{file_name(one)}.{ending}") for name, one in names)
        there = [(name, file) for name, file in mine if (pages / file).exists()]
        if links := [document.Link(f"projects/{quote(file)}", name) for name, file in there]:
            yield document.Heading(head)
            yield document.Links(tuple(links))
