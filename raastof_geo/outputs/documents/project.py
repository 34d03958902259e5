"""One small page for each project: its own flows, its effect, its calendar, and what it has to do.

Safe to send out. Equal inputs give equal bytes: the moment of writing that the format of calendars
asks for is the first day of the scenario.
"""

import datetime
import hashlib
import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
import pandas as pd
from raastof_geo.arrays import group_by
from raastof_geo.assignment.statement.shares import project_sites
from raastof_geo.assignment.telling.names import call, call_material, join_clauses, list_names
from raastof_geo.effect.burden import count_weekdays
from raastof_geo.figures.vocabulary import CO2E, COST, SOLD
from raastof_geo.language import Message, format_day, format_number, plain, say, say_text
from raastof_geo.legs.legs import TRIP_KEYS
from raastof_geo.outputs import opening
from raastof_geo.outputs.documents import document, effects
from raastof_geo.outputs.documents.flow_map import draw_map_picture
from raastof_geo.outputs.palette import attribute_maps
from raastof_geo.outputs.tables.summary import find_reliances
from raastof_geo.records.ledger import SHARE_OF_COMMON, SHARED_LEGS
from raastof_geo.result import Flow, Result, list_cells, list_flows
from raastof_geo.scenario.period import Period, name_period
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.version import __version__

_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)\d")
"""Names that Windows keeps for itself."""
_LONGEST = 60
_MOST_RELATIONS, _MOST_STEPS = 4, 4
"""As many stand on the first sheet."""
_MAP_WIDTH = 400.0
"""As wide as a phone, on which its names are read. [px]"""
LEAD_WEEKS: Mapping[str, int] = {"residual_product_terms": 4, "permit_section_19_33": 10}
"""Before the first load: residual products are notified 4 weeks ahead, and municipalities ask for
8 to 10 weeks to treat a permit (odense.dk, vejen.dk, read in November 2026)."""

_Dated: TypeAlias = tuple[datetime.date, Message]


class Transport(NamedTuple):
    """What goes one way between a project and a partner in a period, whatever the truck."""

    direction: str
    """`comes`, `leaves` or `stays`."""
    site: str
    """The project's own; `partner` is the other end, where it stays the same."""
    partner: str
    material: str
    period: str
    tonnes: float
    loads: int


def write_projects(result: Result, folder: Path) -> Path:
    """Write `<id>.html`, and `<id>.ics` where anything moves. Returns the folder, maybe empty."""
    into = folder / "projects"
    into.mkdir()
    others, flows = tuple(_tell_others(result)), group_flows(result)
    result.legs.draw(list_cells(result.plan.flows, TRIP_KEYS))  # sooner than page by page
    for project in list_projects(result):
        page = build_project(result, project, others=others, own=flows[project])
        document.write_page(page, into / f"{file_name(project)}.html")
        mine = find_own_sites(result.scenario, project)
        if transports := list_transports(result.scenario, flows[project], mine):
            write_calendar(result, page.title, transports, into / f"{file_name(project)}.ics")
    return into


def list_projects(result: Result) -> list[str]:
    """List projects. Returns the ids of those that have surplus or needs, in order."""
    scenario = result.scenario
    return sorted({scenario.project(site) for site in project_sites(scenario)})


def file_name(project: str) -> str:
    """Name a file. Returns what every system allows, another for every project; no ending.

    The project's own where that is short, of small letters and figures, and no name of a device.
    Else a mark of it is added, so that no two projects share a file.
    """
    simple = re.sub(r"[^a-z0-9_-]+", "-", project.lower()).strip("-")[:_LONGEST]
    if simple and simple == project and not _DEVICE.fullmatch(simple):
        return simple
    mark = hashlib.sha256(project.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{simple or 'project'}-{mark}"


def group_flows(result: Result) -> dict[str, list[Flow]]:
    """Deal flows. Returns those of each project in the plan's order; one between two is in both."""
    scenario, projects = result.scenario, project_sites(result.scenario)
    found: dict[str, list[Flow]] = {project: [] for project in list_projects(result)}
    for flow in list_flows(result.plan.flows):
        ends = projects.intersection((flow.origin, flow.destination))
        for project in set(map(scenario.project, ends)):
            found[project].append(flow)
    return found


def build_project(
    result: Result, project: str, *, others: Sequence[document.Block], own: Sequence[Flow]
) -> document.Document:
    """Put a page together: what the owner has to know stands on one sheet, the rest is folded."""
    scenario, mine = result.scenario, find_own_sites(result.scenario, project)
    before, plan = (side.loc[project].to_dict() for side in _find_sides(result))
    transports, steps = list_transports(scenario, own, mine), list_steps(result, own, mine)
    emissions = say_text("prose", "emissions", unit=CO2E.unit)
    legs = SHARED_LEGS[scenario.said.effect.shared_legs]
    found = (opening.describe_basis(result), legs, SHARE_OF_COMMON, emissions)
    relied_on = say("Conditions that these flows rely on")
    later = tuple(steps[_MOST_STEPS:])
    conditions: list[document.Block] = [document.Bullets(later)] if later else []
    conditions += effects.tell_conditions(result, relied_on, own)
    sides = (result.effect.books, result.effect.baseline_books)
    moved = [books.tonnes_by_project.get(project, 0.0) for books in sides]
    effect = (
        effects.show_commitments(plan, before, moved),
        effects.tabulate_effect(say("What falls to this project"), plan, before),
    )
    folds: tuple[tuple[document.Fold, Iterable[document.Block]], ...] = (
        (document.Fold(say("Calendar"), "calendar"), _tell_calendar(scenario, transports)),
        (document.Fold(say("Conditions"), "conditions"), conditions),
        (document.Fold(say("Effect"), "effect"), effect),
        (document.Fold(say("Money"), "money"), _tell_money(result, project, before, plan)),
        (document.Fold(say("The whole plan"), "whole"), others),
        (document.Fold(say("How it was found"), "method"), [document.Bullets(found)]),
    )
    blocks = [
        *_tell_summary(result, before, plan),
        *_tell_transports(scenario, transports),
        *([document.Heading(say("What to do now"), anchor="todo")] if steps else []),
        *([document.Bullets(tuple(steps[:_MOST_STEPS]))] if steps else []),
        *_draw_map(result, project, own),
        *(block for fold, inside in folds for block in (fold, *inside)),
    ]
    footer, said = attribute_maps(result.network), scenario.said
    name, shown = scenario.project_name(project), tuple(blocks)
    return document.Document(name, said.language, shown, said.title, (footer,))


def find_own_sites(scenario: Scenario, project: str) -> set[str]:
    """Find the sites of a project. Returns their ids."""
    return project_sites(scenario).intersection(_group_sites(scenario)[project])


@lru_cache(maxsize=1)
def _group_sites(scenario: Scenario) -> dict[str, list[str]]:
    """Give the sites of each project as they are said, with those that are businesses."""
    return group_by(scenario.sites, scenario.project)


@lru_cache(maxsize=1)
def _find_sides(result: Result) -> tuple[Any, ...]:
    return result.effect.align("project", list_projects(result))


def _tell_summary(result: Result, before: pd.Series, plan: pd.Series) -> Iterator[document.Block]:
    saved = before[CO2E] - plan[CO2E]
    sides = (plan[CO2E], before[CO2E], abs(saved))
    now, then, less = document.write_numbers(*sides, per=1000, digits=1)
    sentence = say_text("prose", "emits_less" if saved >= 0 else "emits_more")
    sentence = sentence.format(plan=now, before=then, saved=less)
    baseline = opening.in_sentence(opening.name_basis(result.effect.baselines[0]))
    sentence = sentence.format(baseline=baseline, span=opening.say_span(result.scenario))
    yield document.Paragraph(sentence, lead=True)
    paid = (one[COST] - one[SOLD] for one in (plan, before))
    now, then = document.write_numbers(*paid, per=1e6, digits=2)
    sentence = say("You pay {now} million DKK instead of {then}.", now=now, then=then)
    yield document.Paragraph(sentence)


def _tell_transports(scenario: Scenario, moved: Sequence[Transport]) -> Iterator[document.Block]:
    """Tell what comes and goes, from and to whom, when, and what that is at the gate."""
    if not moved:
        yield document.Paragraph(say("Nothing comes to or leaves this project in the plan."))
    for direction in ("comes", "leaves", "stays"):
        mine = [one for one in moved if one.direction == direction]
        tonnes = format_number(sum(one.tonnes for one in mine))
        if mine:
            head = say_text("directions", direction, tonnes=tonnes)
            yield document.Heading(head, anchor=direction)
            yield document.Bullets(tuple(_list_relations(scenario, mine)))
    if gate := _count_at_gate(scenario, moved):
        busiest = max(gate, key=lambda period: gate[period] / count_weekdays(period))
        daily = format_number(gate[busiest] / count_weekdays(busiest), digits=1)
        total = format_number(sum(gate.values()))
        yield document.Heading(say("Lorries at the gate"), anchor="gate")
        told = {"period": name_period(busiest), "daily": daily, "loads": total}
        most = say("Most in {period}: {daily} each weekday; {loads} loads in all.", **told)
        yield document.Paragraph(most)


def _list_relations(scenario: Scenario, transports: Sequence[Transport]) -> Iterator[Message]:
    """Name each partner and material with all that goes and when; the largest first."""
    each = group_by(transports, lambda one: (one.partner, one.material))
    found = sorted(
        (-sum(one.tonnes for one in mine), key, {one.period for one in mine})
        for key, mine in each.items()
    )
    for less, (partner, material), periods in found[:_MOST_RELATIONS]:
        told = {"partner": scenario.site_name(partner), "tonnes": format_number(-less)}
        named, when = call_material(scenario, material), say_when(scenario, periods)
        yield say("{partner}: {tonnes} t of {material}, {when}", **told, material=named, when=when)
    if rest := found[_MOST_RELATIONS:]:
        tonnes = format_number(-sum(less for less, _, _ in rest))
        yield say("{count} more, {tonnes} t: see the calendar", count=len(rest), tonnes=tonnes)


def _count_at_gate(scenario: Scenario, transports: Sequence[Transport]) -> dict[Period, int]:
    """Count the loads that pass the gate in each period in which any does."""
    loads: dict[str, int] = defaultdict(int)
    for one in transports:
        loads[one.period] += 0 if one.direction == "stays" else one.loads
    return {period: loads[name] for name, period in scenario.periods.items() if loads[name]}


def _draw_map(result: Result, project: str, own: Sequence[Flow]) -> Iterator[document.Block]:
    scenario = result.scenario
    met = {site for flow in own for site in (flow.origin, flow.destination)}
    mine = _group_sites(scenario)[project]
    yield document.Picture(
        draw_map_picture(result, own, [*mine, *sorted(met.difference(mine))], _MAP_WIDTH),
        say("Map of this project's flows; the calendar has the same figures."),
        say("This project's flows on the roads that trucks take; the wider, the more tonnes."),
    )
    if own:
        about = say("What comes and goes, for Outlook, Google and phones (.ics).")
        link = document.Link(f"{file_name(project)}.ics", say("Calendar file"), about)
        yield document.Links((link,))


def _tell_calendar(scenario: Scenario, transports: Sequence[Transport]) -> Iterator[document.Block]:
    gate = _count_at_gate(scenario, transports)
    for name, mine in itertools.groupby(transports, lambda one: one.period):
        period = scenario.periods[name]
        yield document.Heading(name_period(period), level=3)
        if period in gate:
            yield document.Paragraph(say_loads(gate[period], count_weekdays(period)))
        yield document.Bullets(tuple(say_transport(scenario, one) for one in mine))


def _tell_money(
    result: Result, project: str, before: pd.Series, plan: pd.Series
) -> Iterator[document.Block]:
    yield effects.tabulate_cost(say("What this project pays [1,000 DKK]"), plan, before, least=0.5)
    transfers = result.effect.transfers
    if project in transfers.saved_dkk:
        paid = {rule: transfers.paid(rule)[project] for rule in transfers.rules}
        yield document.Bullets(tuple(effects.say_transfer(*one) for one in paid.items()))


def _tell_others(result: Result) -> Iterator[document.Block]:
    """Tell of the other projects as much as the scenario wants published."""
    if result.scenario.said.publish == "everything":
        yield document.Bullets(tuple(opening.tell_credit(result.effect)))
        yield effects.tabulate_groups(result, say("Effect by project"), "project")
        return
    saved = (result.effect.baseline_books.total(CO2E) - result.effect.books.total(CO2E)) / 1000
    coarse = format_number(round_coarsely(saved))
    yield document.Paragraph(say_text("prose", "together", saved=coarse))


def round_coarsely(value: float) -> float:
    """Round to one significant digit.

    Where a scenario publishes only each project's own flows, its page tells the saving of the
    whole: rounded so, no project can take its own from it and be left with that of the other.
    """
    return float(f"{value:.0e}")


# --- what comes and goes, and the calendar ----------------------------------------------------


def list_transports(
    scenario: Scenario, flows: Iterable[Flow], mine: Collection[str]
) -> list[Transport]:
    """Sum flows of sites that are `mine`. Returns them by time, the largest first. [t]"""
    sums: dict[tuple[str, str, str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for flow in flows:
        ends, way = (flow.destination, flow.origin), "comes"
        if flow.origin in mine:
            ends, way = ends[::-1], "stays" if flow.origin == flow.destination else "leaves"
        total = sums[way, *ends, flow.material, flow.period]
        total[0] += flow.tonnes
        total[1] += flow.loads
    found = [Transport(*key, tonnes, round(loads)) for key, (tonnes, loads) in sums.items()]
    order = list(scenario.periods).index
    return sorted(found, key=lambda one: (order(one.period), -one.tonnes, one))


def say_transport(scenario: Scenario, one: Transport) -> Message:
    """Say what is to be done."""
    tonnes, partner = format_number(one.tonnes), scenario.site_name(one.partner)
    what = call_material(scenario, one.material)
    return say_text("calendar", one.direction, tonnes=tonnes, material=what, partner=partner)


def say_when(scenario: Scenario, periods: Collection[str]) -> str:
    """Name periods in short, those in a row as one: `1.–3. kvt. 2027, 2. kvt. 2028`."""
    runs = itertools.groupby(scenario.periods.items(), lambda entry: entry[0] in periods)
    named = []
    for run in ([one for _, one in run] for wanted, run in runs if wanted):
        names = [name_period(run[0]), name_period(run[-1])]
        words = names[0].split(" ", 1)
        told = " – ".join(dict.fromkeys(names))
        if len(run) > 1 and words[1:] == names[1].split(" ", 1)[1:]:
            told = f"{words[0].split('–')[0]}–{names[1].split('–')[-1]}"
        named.append(told)
    return ", ".join(named)


def write_calendar(result: Result, title: str, moved: Sequence[Transport], path: Path) -> Path:
    """Write what comes and goes as one event for each partner, material and period."""
    import icalendar

    scenario = result.scenario
    first = min(each.start for each in scenario.periods.values())
    moment = datetime.datetime(first.year, first.month, first.day, tzinfo=datetime.UTC)
    calendar = icalendar.Calendar(version="2.0", prodid=f"-//raastof_geo//{__version__}//EN")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", _in_a_line(title))
    *lines, end = calendar.to_ical().splitlines()
    for one in moved:
        period, told = scenario.periods[one.period], say_transport(scenario, one)
        mark = hashlib.sha256("\0".join((scenario.id, *one[:5])).encode("utf-8", "surrogatepass"))
        about = [told, say("From the plan: {title}", title=scenario.said.title)]
        if one.direction != "stays":
            about.insert(1, say_loads(one.loads, count_weekdays(period)))
        summary, *rest = map(_in_a_line, about)
        where, text = scenario.site_name(one.site), "\n".join([summary, *rest])
        own = {"SUMMARY": summary, "DESCRIPTION": text, "LOCATION": _in_a_line(where)}
        put = {f"{name}:".encode(): _write_line(name, it) for name, it in own.items()}
        put[b"UID:"] = f"UID:{mark.hexdigest()[:32]}@raastof_geo".encode()
        lines += [put.get(line, line) for line in _lay_out(period, moment)]
    path.write_bytes(b"\r\n".join([*lines, end, b""]))
    return path


@lru_cache(maxsize=100)
def _lay_out(period: Period, moment: datetime.datetime) -> list[bytes]:
    """Write what events of a period have in common; what each has of its own is empty."""
    import icalendar

    event = icalendar.Event(summary="", uid="", description="", location="", transp="TRANSPARENT")
    event.add("dtstamp", moment)
    event.add("dtstart", period.start)
    event.add("dtend", period.end + datetime.timedelta(days=1))
    return [*event.to_ical().splitlines()]


@lru_cache(maxsize=1000)
def _write_line(name: str, text: str) -> bytes:
    from icalendar.parser import Contentline, Parameters

    return bytes(Contentline.from_parts(name, Parameters(), text).to_ical())


def say_loads(loads: float, days: int) -> Message:
    """Say how many loads that is, in all and on each of so many days."""
    daily = format_number(loads / days, digits=1)
    return say("{loads} loads, {daily} each weekday", loads=format_number(loads), daily=daily)


def _in_a_line(text: Message | str) -> str:
    """Keep words from ending a line, and leave out what a calendar may not hold."""
    return " ".join(plain(text).split()).replace("\x7f", "")


# --- what the owner has to do before trucks drive, and by which day ---------------------------


def list_steps(result: Result, flows: Iterable[Flow], mine: Collection[str]) -> list[Message]:
    """List what the sites that are `mine` have to do for their flows, the first to do first."""
    moved = [flow for flow in flows if flow.origin != flow.destination]
    told = (step for find in (_notify, _meet, _agree) for step in find(result, moved, mine))
    return [sentence for _, sentence in sorted(told, key=itemgetter(0))]


def _describe(result: Result, flows: Sequence[Flow], weeks: float = 0) -> dict[str, Any]:
    """Give the day by which something is done for flows, so many weeks before the first of them."""
    start = min(result.scenario.periods[flow.period].start for flow in flows)
    day = start - datetime.timedelta(weeks=weeks)
    materials = sorted({flow.material for flow in flows})
    return {
        "by": day,
        "day": format_day(day),
        "start": format_day(start),
        "weeks": weeks,
        "tonnes": round(sum(flow.tonnes for flow in flows)),
        "material": list_names([call_material(result.scenario, one) for one in materials]),
    }


def _notify(result: Result, flows: Sequence[Flow], mine: Collection[str]) -> Iterator[_Dated]:
    """Soil that leaves is sampled and notified; soil of ground that is not mapped is neither."""
    scenario, catalogue = result.scenario, result.scenario.catalogue
    where, samples = result.effect.books.municipalities, catalogue.soil_samples
    groups = group_by(flows, lambda flow: (flow.origin, flow.material))
    for (origin, material), each in groups.items():
        register = scenario.sites[origin].soil_mapping
        count = catalogue.count_samples(material, register, sum(flow.tonnes for flow in each))
        sampled = count is not None
        asked = register is None or catalogue.soil_mappings[register].t_per_sample or sampled
        if origin not in mine or catalogue.materials[material].soil_class is None or not asked:
            continue
        told = _describe(result, each, samples.weeks.value if samples else 0)
        judged = samples is not None and samples.weeks.evidence == "judgement"
        told |= {"municipality": where[origin], "judged": say(" (our judgement)") if judged else ""}
        key = "sample" if sampled else "notify"
        yield told["by"], say_text("steps", key, samples=count, **told)


def _meet(result: Result, flows: Iterable[Flow], mine: Collection[str]) -> Iterator[_Dated]:
    """Conditions at needs of one's own, but those whose permit the scenario names."""
    scenario, coming = result.scenario, [flow for flow in flows if flow.destination in mine]
    needs = {one.taker: scenario.entries.get((Role.NEED, one.taker)) for one in coming}
    met = group_by(coming, lambda flow: (flow.material, getattr(needs[flow.taker], "name", None)))
    reliant: dict[str, list[Flow]] = defaultdict(list)
    for one in find_reliances(scenario, coming):
        if not one.need.consents.get(one.condition):
            reliant[one.condition] += met[one.material, one.need.name]
    for condition, each in reliant.items():
        told = _describe(result, each, LEAD_WEEKS.get(condition, 0))
        name = call(scenario.catalogue.conditions[condition].name)
        key = "apply" if told["weeks"] else "see to"
        yield told["by"], say_text("steps", key, condition=name, **told)


def _agree(result: Result, flows: Iterable[Flow], mine: Collection[str]) -> Iterator[_Dated]:
    """Agree with other projects, and order from businesses, before the first load."""
    scenario, projects = result.scenario, project_sites(result.scenario)
    met = group_by(flows, lambda flow: flow.destination if flow.origin in mine else flow.origin)
    for among, step in ((True, "agree"), (False, "order")):
        if partners := [one for one in met if one not in mine and (one in projects) == among]:
            told = _describe(result, [flow for one in partners for flow in met[one]])
            names = join_clauses([scenario.site_name(one) for one in partners])
            yield told["by"], say_text("steps", step, partners=names, **told)
