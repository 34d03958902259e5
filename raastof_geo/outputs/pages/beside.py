"""Pages with a map that are asked for one by one.

Why a truck goes the way it goes; and what a scenario says before anything is solved: who could
serve whom, and what is missing. There roads and prices are not asked: who may deal with whom in a
common period counts as could.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from raastof_geo.assignment.telling.names import call_entry, call_material, call_use
from raastof_geo.files import is_sealed, seal_page, write_whole
from raastof_geo.language import Message, format_number, plain, read_texts, say
from raastof_geo.legs.detour import Detour, Obstacle, Trip
from raastof_geo.outputs.pages.map import Areas, BaseRoads
from raastof_geo.outputs.pages.page import Controls, Page, PlanMap, escape
from raastof_geo.outputs.pages.streets import encode_line
from raastof_geo.outputs.palette import ROLE_MARKS, ROUTE_COLOURS
from raastof_geo.outputs.template import read_template
from raastof_geo.outputs.warning import explain_idle, warn_of_input
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
_Row: TypeAlias = tuple[Message, float, float, int]


def write_route(scenario: Scenario, network: RoadNetwork, detour: Detour, path: Path) -> Path:
    """Write the page of a leg: both routes on a map, and the reasons in words.

    A page of ours that is there is replaced; anything else is moved to `set_aside` beside it.
    `OutputError`: the file cannot be written.
    """
    return write_whole(path, seal_page(draw_route(scenario, network, detour)), known=is_sealed)


def draw_route(scenario: Scenario, network: RoadNetwork, detour: Detour) -> str:
    """Build the page of a leg."""
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
        **{way: encode_line(line, _TOLERANCE_DEG, decimals=5) for way, line in ways.items()},
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
    """Find what could be used and served by whom, and what has nobody."""
    offers = {one.id: one for one in scenario.offers}
    needs = {one.id: one for one in scenario.needs}
    met = defaultdict[str, set[str]](set)
    for giver, taker in list_deals(scenario):
        if {*giver.periods} & {*taker.accepts[giver.material].periods}:
            met[giver.id].add(taker.id)
            met[taker.id].add(giver.id)
    materials, uses = [], []
    for material in dict.fromkeys(one.material for one in scenario.offers):
        mine = [one for one in scenario.offers if one.material == material]
        reached = set[str]().union(*(met[one.id] for one in mine))
        could = sum(needs[one].tonnes * needs[one].ratios[material] for one in reached & {*needs})
        name, tonnes = call_material(scenario, material), sum(one.tonnes for one in mine)
        materials.append((name, tonnes, could, len(reached - {*needs})))
    for use in dict.fromkeys(one.use for one in scenario.needs):
        asked = [one for one in scenario.needs if one.use == use]
        reached = set[str]().union(*(met[one.id] for one in asked))
        could = sum(
            offers[one].tonnes
            / min(it.ratios[offers[one].material] for it in asked if it.id in met[one])
            for one in reached & {*offers}
        )
        name, tonnes = call_use(scenario, use), sum(one.tonnes for one in asked)
        uses.append((name, tonnes, could, len(reached - {*offers})))
    return Outlook(
        materials,
        uses,
        [one for one in scenario.offers if one.tonnes > 0 and not met[one.id]],
        [one for one in scenario.needs if one.tonnes > 0 and not met[one.id]],
    )


def write_outlook(scenario: Scenario, network: RoadNetwork, anchors: Anchors, path: Path) -> Path:
    """Write the page; what is there and not ours is moved to `set_aside`, or `OutputError`."""
    return write_whole(path, seal_page(draw_outlook(scenario, network, anchors)), known=is_sealed)


def draw_outlook(scenario: Scenario, network: RoadNetwork, anchors: Anchors) -> str:
    """Build the page: sites and how far they were moved on a map, and what is known beside it."""
    texts, title = read_texts("outlook"), scenario.said.title
    outlook = find_outlook(scenario)
    tables: list[tuple[object, ...]] = []  # head, heads of columns, and rows
    for key, found in (("material", outlook.materials), ("use", outlook.uses)):
        heads = [texts[f"{key}{more}"] for more in ("", " tonnes", " could", " others")]
        rows = [(one[0], *map(format_number, one[1:])) for one in found]
        tables.append((texts[f"{key}s"], heads, rows))
    far = anchors.frame["snap_m"].sort_values(ascending=False, kind="stable")[:_MOST_MOVED]
    name, ends = scenario.site_name, (texts["site"], texts["metres"])
    moved = [(name(str(site)), format_number(metres)) for site, metres in far.items()]
    tables.append((texts["moved"], ends, moved))
    idle = [*map(str, explain_idle(scenario, network, anchors))]
    doubts = (str(one) for one in warn_of_input(scenario, network, anchors))
    lost: tuple[Sequence[Offer | Need], ...] = (outlook.no_outlet, outlook.no_source)
    gaps = [
        *([f"{name(it.site)}: {call_entry(scenario, it)}" for it in one] for one in lost),
        *(idle, [one for one in doubts if one not in idle]),
    ]
    named = zip(("no outlet", "no source", "idle", "gaps"), gaps, strict=True)
    lists = [(texts[key], [*map(plain, said)] or [str(texts["none"])]) for key, said in named]
    told = {"texts": texts, "tables": tables, "lists": lists}
    lead = f"<h1>{escape(title)}</h1><p>{escape(str(texts['lead']))}</p>"
    head = f'<header id="strip">{lead}</header>'
    body = str(read_template("pages/outlook.html.j2").render(told))
    words = {key: str(texts[key]) for key in ("here", "yaml", "row", "copy", "new")}
    roads = zip(scenario.sites.items(), anchors.frame.to_dict("records"), strict=True)
    sites = [  # where each lies, and where it meets the road
        {
            "id": site,
            "name": scenario.site_name(site),
            "at": [round(one, 6) for one in said.lon_lat[::-1]],
            "road": [round(road["lat"], 6), round(road["lon"], 6)],
            "lines": [
                ", ".join(str(role.caption) for role in said.roles),
                str(texts["moved by"].format(metres=round(road["snap_m"]))),
            ],
            "colour": ROLE_MARKS[said.roles[0]].colour,
        }
        for (site, said), road in roads
    ]
    data = {"sites": sites, "words": words}
    drawn = PlanMap(Page(title=title, language=scenario.said.language))
    base = BaseRoads(network, [site.lon_lat for site in scenario.sites.values()])
    controls = Controls("outlook", head, body, {"outlook": data})
    for element in (base, Areas(network.region), controls):
        element._id = "outlook"  # equal scenarios give equal pages
        element.add_to(drawn)
    return str(drawn.get_root().render())
