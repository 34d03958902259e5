"""Write and draw why a truck goes the way it goes."""

import re
from collections.abc import Iterator
from pathlib import Path

from raastof_geo.files import is_sealed, seal_page, write_whole
from raastof_geo.language import Message, format_number, say
from raastof_geo.legs.detour import Detour, Obstacle, Trip
from raastof_geo.outputs.pages.encode import encode_line
from raastof_geo.outputs.pages.map import BaseRoads
from raastof_geo.outputs.pages.page import Controls, Page, PlanMap, escape
from raastof_geo.outputs.palette import ROUTE_COLOURS
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.scenario.scenario import Scenario

_TOLERANCE_DEG = 0.00005
_SHORTEST_KM = 0.5
"""Roads shorter than this are left out of the list of roads. [km]"""
_SAME_KM = 0.01
_ADDRESS = re.compile(r"https://www\.openstreetmap\.org/way/\d+")
_LOADS = {"full": say("Loaded, there"), "empty": say("Empty, back")}
_NAMELESS = say("a road without a name")
_LEGAL = say("The route that the truck may take")
_FREE = say("The route were nothing closed to it")


def write_route(scenario: Scenario, network: RoadNetwork, detour: Detour, path: Path) -> Path:
    """Write the page of a leg: both routes on a map, and the reasons in words.

    A page of ours that is there is replaced; anything else is moved to `set_aside` beside it.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    page = seal_page(draw_route(scenario, network, detour))
    return write_whole(path, page, known=is_sealed)


def draw_route(scenario: Scenario, network: RoadNetwork, detour: Detour) -> str:
    """Build the page of a leg."""
    title = f"{scenario.site_name(detour.origin)} → {scenario.site_name(detour.destination)}"
    lines = "".join(_write_line(line) for line in explain_detour(scenario, detour))
    head = f'<header id="strip"><h1>{escape(title)}</h1></header>\n'
    body = (
        f'<main id="panel" class="shown" aria-label="{escape(title)}">'
        f"<p>{_stroke('legal')} {escape(str(_LEGAL))}<br>{_stroke('free')} {escape(str(_FREE))}</p>"
        f"{lines}</main>"
    )
    trip = detour.trips[0]
    data = {
        "colours": ROUTE_COLOURS,
        "legal": encode_line(trip.line, _TOLERANCE_DEG, decimals=5),
        "free": encode_line(trip.free_line, _TOLERANCE_DEG, decimals=5),
        "back": encode_line(detour.trips[1].line, _TOLERANCE_DEG, decimals=5),
        "names": [scenario.site_name(detour.origin), scenario.site_name(detour.destination)],
        "obstacles": [
            {"at": [stone.lat, stone.lon], "text": describe_obstacle(stone)}
            for trip in detour.trips
            for stone in trip.obstacles
        ],
    }
    drawn = PlanMap(Page(title=title, language=scenario.said.language))
    ends = [scenario.sites[site].lon_lat for site in (detour.origin, detour.destination)]
    stones = [(stone.lon, stone.lat) for trip in detour.trips for stone in trip.obstacles]
    controls = Controls("route", head, body, {"route": data})
    for element in (BaseRoads(network, [*ends, *stones]), controls):
        element._id = "leg"  # equal legs give equal pages
        element.add_to(drawn)
    return str(drawn.get_root().render())


def _stroke(route: str) -> str:
    return f'<i class="line" style="background:{ROUTE_COLOURS[route]}"></i>'


def _write_line(line: str) -> str:
    """Write a sentence, or a point below one; addresses of OpenStreetMap become links."""
    kind = "point" if line.startswith("  - ") else "below" if line.startswith("  ") else "said"
    text = escape(line.strip().removeprefix("- "))
    text = _ADDRESS.sub(r'<a href="\g<0>" rel="noopener noreferrer">OpenStreetMap</a>', text)
    return f'<p class="{kind}">{text}</p>'


def explain_detour(scenario: Scenario, detour: Detour) -> list[str]:
    """Say in sentences which way a truck goes, what keeps it off the shorter one, and the price.

    Returns
    -------
    lines
        In the language that is spoken; those that begin with blanks belong to the line above,
        and with `  - ` they are points of a list.
    """
    truck = scenario.catalogue.vehicles[detour.vehicle].called(scenario.said.language)
    lines = [f"{truck}, {detour.period}"]
    for trip in detour.trips:
        lines += _explain_trip(trip)
    lines += [str(line) for line in _price(detour)]
    lines += [str(line) for line in _doubt(detour)]
    return lines


def describe_obstacle(obstacle: Obstacle) -> str:
    """Name a road, why it is closed to the truck, and the tags that say so.

    Returns
    -------
    sentence
        With the address of the road in OpenStreetMap, where it has an id there.
    """
    name = obstacle.name or str(_NAMELESS)
    text = f"{name}: {obstacle.reason}"
    if obstacle.length_m >= 1:
        text += f" ({format_number(obstacle.length_m)} m)"
    if obstacle.tags:
        text += f" [{obstacle.tags}]"
    return text + _cite(obstacle.way)


def _explain_trip(trip: Trip) -> Iterator[str]:
    figures = trip.figures
    yield str(
        say("{load}: {km} km, {hours} h, {kg} kg CO2e").format(
            load=_LOADS[trip.load],
            km=format_number(figures.km, digits=1),
            hours=format_number(figures.hours, digits=2),
            kg=format_number(figures.kg_co2e, digits=1),
        )
    )
    roads = [
        f"{name or _NAMELESS} {format_number(km, digits=1)} km"
        for name, km in trip.roads
        if km >= _SHORTEST_KM
    ]
    if roads:
        yield "  " + " · ".join(roads)
    if not trip.obstacles or abs(trip.longer("km")) < _SAME_KM:
        yield "  " + str(say("Nothing that is closed to the truck would make it shorter."))
        return
    yield "  " + str(
        say("Were nothing closed to it: {km} km and {kg} kg CO2e; in the way stand:").format(
            km=format_number(trip.free_figures.km, digits=1),
            kg=format_number(trip.free_figures.kg_co2e, digits=1),
        )
    )
    yield from (f"  - {describe_obstacle(stone)}" for stone in trip.obstacles)


def _price(detour: Detour) -> Iterator[Message]:
    km, kg = detour.longer("km"), detour.longer("kg_co2e")
    if km < _SAME_KM and kg < _SAME_KM:
        return
    yield say("The way round costs {km} km and {kg} kg CO2e for each load, there and back.").format(
        km=format_number(km, digits=1), kg=format_number(kg, digits=1)
    )
    if detour.loads_per_year:
        yield say(
            "Under the plan, with {loads} loads a year: {km} km and {kg} kg CO2e a year.",
            loads=format_number(detour.loads_per_year),
            km=format_number(km * detour.loads_per_year),
            kg=format_number(kg * detour.loads_per_year),
        )
    elif detour.loads_per_year is not None:
        yield say("The plan has no load on this leg.")


def _doubt(detour: Detour) -> Iterator[str]:
    if detour.doubts:
        yield str(say("Worth a look in OpenStreetMap:"))
    for doubt in detour.doubts:
        name = doubt.name or str(_NAMELESS)
        yield f"  - {name}: {doubt.key}={doubt.value} {doubt.reason}" + _cite(doubt.way)


def _cite(way: int) -> str:
    return f" https://www.openstreetmap.org/way/{way}" if way > 0 else ""
