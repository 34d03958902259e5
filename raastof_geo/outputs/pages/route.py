"""Write and draw why a truck goes the way it goes."""

import re
from collections.abc import Iterator
from pathlib import Path

from raastof_geo.files import is_sealed, seal_page, write_whole
from raastof_geo.language import Message, format_number, read_texts, say
from raastof_geo.legs.detour import Detour, Obstacle, Trip
from raastof_geo.outputs.pages.map import BaseRoads
from raastof_geo.outputs.pages.page import Controls, Page, PlanMap, escape
from raastof_geo.outputs.pages.streets import encode_line
from raastof_geo.outputs.palette import ROUTE_COLOURS
from raastof_geo.outputs.template import read_template
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.scenario.scenario import Scenario

_TOLERANCE_DEG = 0.00005
_SHORTEST_KM = 0.5
"""Roads shorter than this are left out of the list of roads. [km]"""
_SAME_KM = 0.01
_ADDRESS = re.compile(r"https://www\.openstreetmap\.org/way/\d+")
_NAMELESS = say("a road without a name")


def write_route(scenario: Scenario, network: RoadNetwork, detour: Detour, path: Path) -> Path:
    """Write the page of a leg: both routes on a map, and the reasons in words.

    A page of ours that is there is replaced; anything else is moved to `set_aside` beside it.
    `OutputError`: the file cannot be written.
    """
    return write_whole(path, seal_page(draw_route(scenario, network, detour)), known=is_sealed)


def draw_route(scenario: Scenario, network: RoadNetwork, detour: Detour) -> str:
    """Build the page of a leg."""
    title = f"{scenario.site_name(detour.origin)} → {scenario.site_name(detour.destination)}"
    lines = map(_mark, explain_detour(scenario, detour))
    told = {"title": title, "texts": read_texts("route"), "colours": ROUTE_COLOURS, "lines": lines}
    head = f'<header id="strip"><h1>{escape(title)}</h1></header>\n'
    body = str(read_template("pages/route.html.j2").render(told))
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


def _mark(line: str) -> tuple[str, str]:
    """Tell a sentence from a point below one, and escape it; addresses in it become links."""
    kind = "point" if line.startswith("  - ") else "below" if line.startswith("  ") else "said"
    text = escape(line.strip().removeprefix("- "))
    return kind, _ADDRESS.sub(r'<a href="\g<0>" rel="noopener noreferrer">OpenStreetMap</a>', text)


def explain_detour(scenario: Scenario, detour: Detour) -> list[str]:
    """Say in sentences which way a truck goes, what keeps it off the shorter one, and the price.

    Lines that begin with blanks belong to the line above; with `  - ` they are points of a list.
    """
    truck = scenario.catalogue.vehicles[detour.vehicle].called(scenario.said.language)
    lines = [f"{truck}, {detour.period}"]
    for trip in detour.trips:
        lines += _explain_trip(trip)
    lines += [*map(str, _price(detour))]
    if detour.doubts:
        lines.append(str(say("Worth a look in OpenStreetMap:")))
    for doubt in detour.doubts:
        told = f"{doubt.name or _NAMELESS}: {doubt.key}={doubt.value} {doubt.reason}"
        lines.append(f"  - {told}{_cite(doubt.way)}")
    return lines


def describe_obstacle(obstacle: Obstacle) -> str:
    """Name a road, why it is closed to the truck, the tags that say so, its address if known."""
    text = f"{obstacle.name or _NAMELESS}: {obstacle.reason}"
    if obstacle.length_m >= 1:
        text += f" ({format_number(obstacle.length_m)} m)"
    if obstacle.tags:
        text += f" [{obstacle.tags}]"
    return text + _cite(obstacle.way)


def _explain_trip(trip: Trip) -> Iterator[str]:
    figures, texts = trip.figures, read_texts("route")
    hours = format_number(figures.hours, digits=2)
    km, kg = (format_number(one, digits=1) for one in (figures.km, figures.kg_co2e))
    yield str(texts["trip"].format(load=texts[trip.load], km=km, hours=hours, kg=kg))
    roads = [
        f"{name or _NAMELESS} {format_number(km, digits=1)} km"
        for name, km in trip.roads
        if km >= _SHORTEST_KM
    ]
    if roads:
        yield "  " + " · ".join(roads)
    if not trip.obstacles or abs(trip.longer("km")) < _SAME_KM:
        yield f"  {texts['shortest']}"
        return
    free = trip.free_figures
    km, kg = (format_number(one, digits=1) for one in (free.km, free.kg_co2e))
    yield f"  {texts['closed'].format(km=km, kg=kg)}"
    yield from (f"  - {describe_obstacle(stone)}" for stone in trip.obstacles)


def _price(detour: Detour) -> Iterator[Message]:
    km, kg = detour.longer("km"), detour.longer("kg_co2e")
    if km < _SAME_KM and kg < _SAME_KM:
        return
    texts = read_texts("route")
    yield texts["each load"].format(km=format_number(km, digits=1), kg=format_number(kg, digits=1))
    if detour.loads_per_year:
        told = (format_number(one * detour.loads_per_year) for one in (1, km, kg))
        yield texts["each year"].format(**dict(zip(("loads", "km", "kg"), told, strict=True)))
    elif detour.loads_per_year is not None:
        yield say("The plan has no load on this leg.")


def _cite(way: int) -> str:
    return f" https://www.openstreetmap.org/way/{way}" if way > 0 else ""
