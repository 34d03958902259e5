"""One small page for each project: its own flows, its effect, its calendar; safe to send out."""

import hashlib
import itertools
import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from raastof_geo.assignment.statement.shares import project_sites
from raastof_geo.assignment.telling.names import join_clauses
from raastof_geo.effect.burden import count_weekdays
from raastof_geo.figures.vocabulary import CO2E
from raastof_geo.language import Message, Readable, format_number, say
from raastof_geo.outputs.credit import in_sentence, tell_credit
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
    align_books,
    name_project,
    say_transfer,
    show_commitments,
    tabulate_cost,
    tabulate_effect,
    tabulate_groups,
)
from raastof_geo.outputs.documents.flow_map import draw_map_picture
from raastof_geo.outputs.opening import say_span
from raastof_geo.outputs.palette import attribute_maps
from raastof_geo.outputs.tables.basis import describe_basis, name_basis
from raastof_geo.outputs.tables.flows import Flow, list_flows
from raastof_geo.outputs.tables.summary import NO_PERMIT, list_conditions
from raastof_geo.records.explain import SHARE_OF_COMMON, SHARE_RULES
from raastof_geo.result import Result
from raastof_geo.scenario.period import Period, name_period

_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)\d")
"""Names that Windows keeps for itself."""
_LONGEST = 60


def write_projects(result: Result, folder: Path) -> Path:
    """Write `projects/<id>.html` for every project.

    Returns
    -------
    folder
        `projects`, empty where no project has surplus or needs.
    """
    into = folder / "projects"
    into.mkdir()
    others, flows = tuple(_tell_others(result)), group_flows(result)
    for project in list_projects(result):
        page = build_project(result, project, others=others, own=flows[project])
        write_page(page, into / f"{file_name(project)}.html")
    return into


def list_projects(result: Result) -> list[str]:
    """List the projects that have surplus or needs."""
    scenario = result.scenario
    return sorted({scenario.project(site) for site in project_sites(scenario)})


def file_name(project: str) -> str:
    """Give a name that is a file's on every system, and another for every project.

    Returns
    -------
    name
        Without an ending; the project's own where that is short, of small letters and figures,
        and no name of a device. Else a mark of it is added, so that no two projects share a file.
    """
    simple = re.sub(r"[^a-z0-9_-]+", "-", project.lower()).strip("-")[:_LONGEST]
    if simple and simple == project and not _DEVICE.fullmatch(simple):
        return simple
    mark = hashlib.sha256(project.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{simple or 'project'}-{mark}"


def group_flows(result: Result) -> dict[str, list[Flow]]:
    """Give each project its flows in the order of the plan; one between two is in both."""
    scenario, projects = result.scenario, project_sites(result.scenario)
    found: dict[str, list[Flow]] = {project: [] for project in list_projects(result)}
    for flow in list_flows(result.plan.flows):
        ends = projects.intersection((flow.origin, flow.destination))
        for project in set(map(scenario.project, ends)):
            found[project].append(flow)
    return found


def build_project(
    result: Result, project: str, *, others: Sequence[Block], own: Sequence[Flow]
) -> Document:
    """Put the page of a project together: of what it tells of `others`, and its `own` flows."""
    scenario = result.scenario
    blocks = [
        *_tell_summary(result, project),
        *_tell_calendar(result, project, own),
        *_draw_map(result, project, own),
        *_tell_effect(result, project),
        *_tell_money(result, project),
        *others,
        *_tell_method(result),
    ]
    return Document(
        title=name_project(scenario, project),
        language=scenario.said.language,
        blocks=tuple(blocks),
        subtitle=scenario.said.title,
        footer=(attribute_maps(result.network),),
    )


def _books(result: Result, project: str) -> tuple[pd.Series, pd.Series]:
    """Give what falls to a project in the plan and before."""
    before, plan = align_books(result.effect, "project", [project])
    return plan.sum(), before.sum()


def _tell_summary(result: Result, project: str) -> Iterator[Block]:
    plan, before = _books(result, project)
    yield Heading(say("What it means for this project"), anchor="summary")
    saved = (before[CO2E] - plan[CO2E]) / 1000
    told = {
        "plan": format_number(plan[CO2E] / 1000, digits=1),
        "before": format_number(before[CO2E] / 1000, digits=1),
        "span": say_span(result.scenario),
        "baseline": in_sentence(name_basis(result.effect.baselines[0])),
    }
    sentence = (
        say(
            "In the plan this project's share of the emissions is {plan} t CO2e instead of "
            "{before} t: {saved} t less in {span}, against: {baseline}."
        ).format(**told, saved=format_number(saved, digits=1))
        if saved >= 0
        else say(
            "In the plan this project's share of the emissions is {plan} t CO2e instead of "
            "{before} t: {more} t more in {span}, which others save, against: {baseline}."
        ).format(**told, more=format_number(-saved, digits=1))
    )
    yield Paragraph(sentence, lead=True)


def _draw_map(result: Result, project: str, own: Sequence[Flow]) -> Iterator[Block]:
    scenario = result.scenario
    met = {site for flow in own for site in (flow.origin, flow.destination)}
    here = [site for site in scenario.sites if site in met or scenario.project(site) == project]
    yield Picture(
        draw_map_picture(result, own, here),
        say("Map of this project's flows; the calendar has the same figures."),
        say("This project's flows on the roads that trucks take; the wider, the more tonnes."),
    )


def _tell_calendar(result: Result, project: str, own: Sequence[Flow]) -> Iterator[Block]:
    """Tell what comes and goes in each period."""
    scenario = result.scenario
    yield Heading(say("Calendar"), anchor="calendar")
    if not own:
        yield Paragraph(say("Nothing comes to or leaves this project in the plan."))
        return
    mine = {site for site in project_sites(scenario) if scenario.project(site) == project}
    within = [flow for flow in own if flow.origin == flow.destination]
    coming = [flow for flow in own if flow.origin not in mine and flow not in within]
    if coming:
        caption = say("You receive")
        yield _tabulate_calendar(result, coming, caption, say("From"), lambda one: one.origin)
    leaving = [flow for flow in own if flow.origin in mine and flow not in within]
    if leaving:
        caption = say("You deliver")
        yield _tabulate_calendar(result, leaving, caption, say("To"), lambda one: one.destination)
    if within:
        caption = say("Stays on its site, by dumper")
        yield _tabulate_calendar(result, within, caption, say("On"), lambda one: one.destination)
    yield _tabulate_trucks(list(scenario.periods.values()), own)
    relied_on = list_conditions(result, own)
    if relied_on:
        yield Heading(say("Conditions that these flows rely on"), level=3)
        yield Bullets(tuple(relied_on))


def _tabulate_trucks(periods: Sequence[Period], own: Sequence[Flow]) -> Table:
    """Count the truck loads of each period, and of each weekday in it."""
    rows = []
    for period in periods:
        loads = sum(flow.loads for flow in own if flow.period == period.id)
        daily = loads / count_weekdays(period)
        rows.append((name_period(period), *write_numbers(loads), *write_numbers(daily, digits=1)))
    heads = (say("Period"), say("Truck loads"), say("For each weekday"))
    return Table(say("Trucks at the gate"), heads, tuple(rows))


def _tabulate_calendar(
    result: Result,
    flows: Sequence[Flow],
    caption: Message,
    head: Message,
    partner: Callable[[Flow], str],
) -> Table:
    scenario, periods = result.scenario, result.scenario.periods
    tonnes: dict[tuple[str, str], dict[str, float]] = defaultdict(
        lambda: dict.fromkeys(periods, 0.0)
    )
    for flow in flows:
        tonnes[partner(flow), flow.material][flow.period] += flow.tonnes
    order = sorted(tonnes, key=lambda key: (-sum(tonnes[key].values()), key))
    rows: list[tuple[Readable, ...]] = [
        (
            scenario.site_name(site),
            scenario.catalogue.materials[material].called(scenario.said.language),
            _say_when(list(periods.values()), list(tonnes[site, material].values())),
        )
        for site, material in order
    ]
    whole = sum(sum(one.values()) for one in tonnes.values())
    rows.append((say("Total"), "", format_number(whole)))
    heads = (head, say("Material"), say("When, and how many tonnes"))
    return Table(caption, heads, tuple(rows), words=3, total=True)


def _say_when(periods: Sequence[Period], tonnes: Sequence[float]) -> Message:
    """List the periods in which something moves, those in a row with as much as one."""
    told = [format_number(amount) if amount else "" for amount in tonnes]
    runs = itertools.groupby(zip(told, periods, strict=True), key=operator.itemgetter(0))
    return join_clauses(
        [_say_run([one for _, one in run], amount) for amount, run in runs if amount]
    )


def _say_run(run: Sequence[Period], tonnes: str) -> Message:
    first, last = name_period(run[0]), name_period(run[-1])
    if len(run) == 1:
        return say("{period}: {tonnes}", period=first, tonnes=tonnes)
    return say("{first} – {last}: {tonnes} in each", first=first, last=last, tonnes=tonnes)


def _tell_effect(result: Result, project: str) -> Iterator[Block]:
    plan, before = _books(result, project)
    yield Heading(say("Effect"), anchor="effect")
    sides = (result.effect.books, result.effect.baseline_books)
    moved = [books.tonnes_by_project.get(project, 0.0) for books in sides]
    yield show_commitments(plan, before, *moved)
    yield tabulate_effect(say("What falls to this project"), plan, before)


def _tell_money(result: Result, project: str) -> Iterator[Block]:
    plan, before = _books(result, project)
    yield Heading(say("Money"), anchor="money")
    caption = say("What this project pays [1,000 DKK]")
    yield tabulate_cost(caption, plan, before, least=0.5)
    transfers = result.effect.transfers
    if project in transfers.saved_dkk:
        yield Bullets(
            tuple(say_transfer(rule, transfers.paid(rule)[project]) for rule in transfers.rules)
        )


def _tell_others(result: Result) -> Iterator[Block]:
    """Tell of the other projects as much as the scenario wants published."""
    yield Heading(say("The whole plan"), anchor="whole")
    if result.scenario.said.publish == "everything":
        yield Bullets(tuple(tell_credit(result.effect)))
        yield tabulate_groups(result, say("Effect by project"), "project", say("Project"))
        return
    saved = (result.effect.baseline_books.total(CO2E) - result.effect.books.total(CO2E)) / 1000
    yield Paragraph(
        say(
            "All projects together save about {saved} t CO2e. What each of the others sends and "
            "receives is not published."
        ).format(saved=format_number(round_coarsely(saved)))
    )


def round_coarsely(value: float) -> float:
    """Round to one significant digit.

    Where a scenario publishes only each project's own flows, its page tells the saving of the
    whole: rounded so, no project can take its own from it and be left with that of the other.

    Returns
    -------
    rounded
        Off by up to half of its first digit, which is the point.
    """
    if not value:
        return 0.0
    step = 10.0 ** math.floor(math.log10(abs(value)))
    return round(value / step) * step


def _tell_method(result: Result) -> Iterator[Block]:
    yield Heading(say("How it was found"), anchor="method")
    yield Bullets(
        (
            describe_basis(result),
            SHARE_RULES[result.scenario.said.effect.shared_legs],
            SHARE_OF_COMMON,
            NO_PERMIT,
            say(
                "Emissions are in {unit}, well to wheel, with transport, virgin material, plants, "
                "depots, lime and final reception."
            ).format(unit=CO2E.unit),
        )
    )
