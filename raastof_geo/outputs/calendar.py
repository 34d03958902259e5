"""What comes to a project and leaves it, as its owner speaks of it and in a calendar file.

Equal inputs give equal bytes: the moment of writing
that the format asks for is the first day of the scenario.
"""

import datetime
import hashlib
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from raastof_geo.assignment.telling.names import call_material
from raastof_geo.effect.burden import count_weekdays
from raastof_geo.language import Message, Readable, format_number, plain, read_texts, say
from raastof_geo.result import Flow, Result
from raastof_geo.scenario.period import name_period
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.version import __version__


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


def list_transports(
    scenario: Scenario, flows: Iterable[Flow], mine: Collection[str]
) -> list[Transport]:
    """Sum flows of the sites that are `mine`: in order of time, and the largest first."""
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
    return read_texts("calendar")[one.direction].format(
        tonnes=format_number(one.tonnes),
        material=call_material(scenario, one.material),
        partner=scenario.site_name(one.partner),
    )


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


def write_calendar(result: Result, title: Readable, moved: Sequence[Transport], path: Path) -> Path:
    """Write what comes and goes as one event for each partner, material and period."""
    import icalendar

    scenario = result.scenario
    first = min(each.start for each in scenario.periods.values())
    moment = datetime.datetime(first.year, first.month, first.day, tzinfo=datetime.UTC)
    calendar = icalendar.Calendar(version="2.0", prodid=f"-//raastof_geo//{__version__}//EN")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", _in_a_line(title))
    for one in moved:
        period, told = scenario.periods[one.period], say_transport(scenario, one)
        mark = hashlib.sha256("\0".join((scenario.id, *one[:5])).encode("utf-8", "surrogatepass"))
        about = [told, say("From the plan: {title}", title=scenario.said.title)]
        if one.direction != "stays":
            about.insert(1, say_loads(one.loads, count_weekdays(period)))
        event = icalendar.Event()
        event.add("uid", f"{mark.hexdigest()[:32]}@raastof_geo")
        event.add("dtstamp", moment)
        event.add("dtstart", period.start)
        event.add("dtend", period.end + datetime.timedelta(days=1))
        event.add("summary", _in_a_line(told))
        event.add("description", "\n".join(map(_in_a_line, about)))
        event.add("location", _in_a_line(scenario.site_name(one.site)))
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    path.write_bytes(calendar.to_ical())
    return path


def say_loads(loads: float, days: int) -> Message:
    """Say how many loads that is, in all and on each of so many days."""
    daily = format_number(loads / days, digits=1)
    return say("{loads} loads, {daily} each weekday", loads=format_number(loads), daily=daily)


def _in_a_line(text: Readable) -> str:
    """Keep words from ending a line, and leave out what a calendar may not hold."""
    return " ".join(plain(text).split()).replace("\x7f", "")
