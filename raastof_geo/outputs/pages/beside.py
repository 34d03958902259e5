"""Pages with a map that are asked for one by one.

Why a truck goes the way it goes; and what a scenario says before anything is solved: who could
serve whom, and what is missing. There roads and prices are not asked: who may deal with whom in a
common period counts as could.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from raastof_geo.arrays import group_by
from raastof_geo.assignment.telling.names import call_entry, call_material, call_use
from raastof_geo.files import is_sealed, seal_page, write_whole
from raastof_geo.language import Message, format_number, plain, read_texts, say, say_text
from raastof_geo.legs.detour import Detour, Obstacle, Trip
from raastof_geo.outputs.pages.map import Areas, BaseRoads
from raastof_geo.outputs.pages.page import Controls, Page, PlanMap, escape
from raastof_geo.outputs.pages.streets import encode_lines
from raastof_geo.outputs.palette import ROLE_MARKS, ROUTE_COLOURS
from raastof_geo.outputs.template import read_template
from raastof_geo.outputs.warning import explain_idle, warn_of_input
from raastof_geo.result import name_truck
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.parties import list_deals
from raastof_geo.scenario.scenario import Need, Offer, Scenario

_TOLERANCE_DEG = 0.00005
_SHORTEST_KM = 0.5
"""Roads shorter than this are left out of the list of roads. [km]"""
_SAME_KM = 0.01
_ADDRESS = re.compile(r"https://www\.openstreetmap\.org/way/\d+")
_NAMELESS = say("a road without a name")
_MOST_MOVED = 10
_Tail: TypeAlias = tuple[float, float, int]
_Row: TypeAlias = tuple[Message, float, float, int]
_Told: TypeAlias = tuple[object, Sequence[object], Sequence[Sequence[object]]]
"""A table: its head, the heads of its columns, and its rows."""


def write_route(scenario: Scenario, network: RoadNetwork, detour: Detour, path: Path) -> Path:
    """Write the page of a leg; what is there and not ours is set aside, or `OutputError`."""
    return write_whole(path, seal_page(draw_route(scenario, network, detour)), known=is_sealed)


def draw_route(scenario: Scenario, network: RoadNetwork, detour: Detour) -> str:
    """Build the page of a leg. Returns HTML."""
    ends, (there, back) = (detour.origin, detour.destination), detour.trips
    names, stones = [*map(scenario.site_name, ends)], (*there.obstacles, *back.obstacles)
    title = " → ".join(names)
    lines = map(_mark, explain_detour(scenario, detour))
    told = {"title": title, "texts": read_texts("route"), "colours": ROUTE_COLOURS, "lines": lines}
    head = f'<header id="strip"><h1>{escape(title)}</h1></header>\n'
    body = str(read_template("pages/route.html.j2").render(told))
    ways = {"legal": there.line, "free": there.free_line, "back": back.line}
    data = {
        "colours": ROUTE_COLOURS,
        **dict(zip(ways, encode_lines(ways.values(), _TOLERANCE_DEG, decimals=5), strict=True)),
        "names": names,
        "obstacles": [{"at": [it.lat, it.lon], "text": describe_obstacle(it)} for it in stones],
    }
    drawn = PlanMap(Page(title=title, language=scenario.said.language))
    near = [*(scenario.sites[site].lon_lat for site in ends), *((it.lon, it.lat) for it in stones)]
    for element in (BaseRoads(network, near), Controls("route", head, body, {"route": data})):
        element._id = "leg"  # equal legs give equal pages
        element.add_to(drawn)
    return str(drawn.get_root().render())


def _mark(line: str) -> tuple[str, str]:
    """Tell a sentence from a point below one, and escape it; addresses in it become links."""
    kind = "point" if line.startswith("  - ") else "below" if line.startswith("  ") else "said"
    text = escape(line.strip().removeprefix("- "))
    return kind, _ADDRESS.sub(r'<a href="\g<0>" rel="noopener noreferrer">OpenStreetMap</a>', text)


def explain_detour(scenario: Scenario, detour: Detour) -> list[str]:
    """Say how a truck goes, why, and the price. Returns lines; `  - ` begins points of a list."""
    truck = name_truck(scenario, detour.vehicle, inside=False)
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
    figures, tell = trip.figures, partial(say_text, "route")
    hours = format_number(figures.hours, digits=2)
    km, kg = (format_number(one, digits=1) for one in (figures.km, figures.kg_co2e))
    yield str(tell("trip", load=tell(trip.load), km=km, hours=hours, kg=kg))
    roads = [
        f"{name or _NAMELESS} {format_number(km, digits=1)} km"
        for name, km in trip.roads
        if km >= _SHORTEST_KM
    ]
    if roads:
        yield "  " + " · ".join(roads)
    if not trip.obstacles or abs(trip.longer("km")) < _SAME_KM:
        yield f"  {tell('shortest')}"
        return
    free = trip.free_figures
    km, kg = (format_number(one, digits=1) for one in (free.km, free.kg_co2e))
    yield f"  {tell('closed', km=km, kg=kg)}"
    yield from (f"  - {describe_obstacle(stone)}" for stone in trip.obstacles)


def _price(detour: Detour) -> Iterator[Message]:
    km, kg = detour.longer("km"), detour.longer("kg_co2e")
    if km < _SAME_KM and kg < _SAME_KM:
        return
    tell = partial(say_text, "route")
    yield tell("each load", km=format_number(km, digits=1), kg=format_number(kg, digits=1))
    if detour.loads_per_year:
        told = (format_number(one * detour.loads_per_year) for one in (1, km, kg))
        yield tell("each year", **dict(zip(("loads", "km", "kg"), told, strict=True)))
    elif detour.loads_per_year is not None:
        yield say("The plan has no load on this leg.")


def _cite(way: int) -> str:
    return f" https://www.openstreetmap.org/way/{way}" if way > 0 else ""


class Outlook(NamedTuple):
    """What could become of all that is on offer and needed.

    Rows of name, tonnes, tonnes that could be used or given, and how many others could take or
    give: plants, depots and receivers, or pits, plants and depots. [t]
    """

    materials: Sequence[_Row]
    uses: Sequence[_Row]
    no_outlet: list[Offer]
    no_source: list[Need]


def find_outlook(scenario: Scenario) -> Outlook:
    """Find what could be used and served by whom, and what has nobody. Returns tonnes. [t]"""
    offers = {one.id: one for one in scenario.offers}
    needs = {one.id: one for one in scenario.needs}
    met = _find_partners(scenario)

    def used(mine: Sequence[Offer], need: str) -> float:
        return needs[need].tonnes * needs[need].ratios[mine[0].material]

    def serving(asked: Sequence[Need], offer: str) -> float:
        ratios = (it.ratios[offers[offer].material] for it in asked if it.id in met[offer])
        return offers[offer].tonnes / min(ratios)

    def tell(mine: Sequence[Any], others: Mapping[str, Any], could: Callable[..., float]) -> _Tail:
        reached = set[str]().union(*(met[one.id] for one in mine))
        tonnes = sum(could(mine, one) for one in reached & others.keys())
        return sum(one.tonnes for one in mine), tonnes, len(reached - others.keys())

    def alone(one: Offer | Need) -> bool:
        return one.tonnes > 0 and not met[one.id]

    materials = group_by(scenario.offers, attrgetter("material"))
    uses = group_by(scenario.needs, attrgetter("use"))
    return Outlook(
        [(call_material(scenario, it), *tell(one, needs, used)) for it, one in materials.items()],
        [(call_use(scenario, it), *tell(one, offers, serving)) for it, one in uses.items()],
        [*filter(alone, scenario.offers)],
        [*filter(alone, scenario.needs)],
    )


def _find_partners(scenario: Scenario) -> Mapping[str, set[str]]:
    """Give by the id of each who gives or takes those whom it may deal with in a common period."""
    met = defaultdict[str, set[str]](set)
    for giver, taker in list_deals(scenario):
        if {*giver.periods} & {*taker.accepts[giver.material].periods}:
            met[giver.id].add(taker.id)
            met[taker.id].add(giver.id)
    return met


def write_outlook(scenario: Scenario, network: RoadNetwork, anchors: Anchors, path: Path) -> Path:
    """Write the page; what is there and not ours is moved to `set_aside`, or `OutputError`."""
    return write_whole(path, seal_page(draw_outlook(scenario, network, anchors)), known=is_sealed)


def draw_outlook(scenario: Scenario, network: RoadNetwork, anchors: Anchors) -> str:
    """Build the page. Returns HTML: sites and how far they were moved, and what is known beside."""
    tell, title = partial(say_text, "outlook"), scenario.said.title
    outlook = find_outlook(scenario)
    doubts = [*map(str, explain_idle(scenario, network, anchors))]
    more = map(str, warn_of_input(scenario, network, anchors))
    lost: tuple[Sequence[Offer | Need], ...] = (outlook.no_outlet, outlook.no_source)
    gaps = [
        [f"{scenario.site_name(it.site)}: {call_entry(scenario, it)}" for it in one] for one in lost
    ]
    gaps += doubts, [one for one in more if one not in doubts]
    named = zip(("no outlet", "no source", "idle", "gaps"), gaps, strict=True)
    lists = [(tell(key), [*map(plain, said)] or [str(tell("none"))]) for key, said in named]
    tables = [*_tabulate_outlook(outlook), _tabulate_moves(scenario, anchors)]
    told = {"texts": read_texts("outlook"), "tables": tables, "lists": lists}
    lead = f"<h1>{escape(title)}</h1><p>{escape(str(tell('lead')))}</p>"
    head = f'<header id="strip">{lead}</header>'
    body = str(read_template("pages/outlook.html.j2").render(told))
    words = {key: str(tell(key)) for key in ("here", "yaml", "row", "copy", "new")}
    data = {"sites": [*_describe_sites(scenario, anchors)], "words": words}
    drawn = PlanMap(Page(title=title, language=scenario.said.language))
    base = BaseRoads(network, [site.lon_lat for site in scenario.sites.values()])
    controls = Controls("outlook", head, body, {"outlook": data})
    for element in (base, Areas(network.region), controls):
        element._id = "outlook"  # equal scenarios give equal pages
        element.add_to(drawn)
    return str(drawn.get_root().render())


def _tabulate_outlook(outlook: Outlook) -> Iterator[_Told]:
    texts = read_texts("outlook")
    for key, found in (("material", outlook.materials), ("use", outlook.uses)):
        heads = [texts[f"{key}{more}"] for more in ("", " tonnes", " could", " others")]
        yield texts[f"{key}s"], heads, [(name, *map(format_number, row)) for name, *row in found]


def _tabulate_moves(scenario: Scenario, anchors: Anchors) -> _Told:
    """Tell which sites lie farthest from the road that they are served by."""
    tell, far = partial(say_text, "outlook"), anchors.frame.snap_m
    far = far.sort_values(ascending=False, kind="stable")[:_MOST_MOVED]
    rows = [(scenario.site_name(str(one)), format_number(metres)) for one, metres in far.items()]
    return tell("moved"), [tell("site"), tell("metres")], rows


def _describe_sites(scenario: Scenario, anchors: Anchors) -> Iterator[dict[str, Any]]:
    """Say what each site is, where it lies, and where it meets the road."""
    moved = read_texts("outlook")["moved by"]
    roads: Iterator[Any] = anchors.frame.itertuples()
    for (site, said), road in zip(scenario.sites.items(), roads, strict=True):
        yield {
            "id": site,
            "name": scenario.site_name(site),
            "at": [round(one, 6) for one in said.lon_lat[::-1]],
            "road": [round(road.lat, 6), round(road.lon, 6)],
            "lines": [
                ", ".join(str(role.caption) for role in said.roles),
                str(moved.format(metres=round(road.snap_m))),
            ],
            "colour": ROLE_MARKS[said.roles[0]].colour,
        }
