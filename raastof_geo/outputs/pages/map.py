"""Draw sites, flows and trucks on a map that is one file and needs no internet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from raastof_geo.arrays import Floats, Indices
from raastof_geo.assignment import compare_sites
from raastof_geo.assignment.statement.shares import find_municipalities
from raastof_geo.effect.burden import count_weekdays, measure_burden
from raastof_geo.figures.vocabulary import LOADS_DRIVEN, TRANSPORT_WTW, VIRGIN, shown_in_lines
from raastof_geo.language import Message, format_number, say
from raastof_geo.outputs.credit import tell_credit
from raastof_geo.outputs.documents.effects import align_books, name_project
from raastof_geo.outputs.gis.layers import draw_zones
from raastof_geo.outputs.opening import conclude, elaborate, say_in_all
from raastof_geo.outputs.pages.page import describe_base, draw_page, encode_line, escape, pack
from raastof_geo.outputs.palette import (
    BURDEN_CLASSES,
    LESS,
    MORE,
    ROLE_MARKS,
    ZONE,
    colour_materials,
)
from raastof_geo.outputs.tables.flows import BY_DUMPER, list_flows
from raastof_geo.outputs.tables.summary import summarise
from raastof_geo.result import Result
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.scenario.role import Role

TILES = "https://tile.openstreetmap.org"
"""Who is asked for a background where the scenario wants one from the internet."""

_ROUTE_TOLERANCE_DEG = 0.0002
_MOST_PAIRS = 6000
"""A map with more pairs of sites than this says why only by `raastof why-not`."""
_LEAST_PASSING = 0.05
"""Roads with fewer trucks each weekday, in plan and baseline, are left out. [1/d]"""


@dataclass(frozen=True)
class _FlowShown:
    """A flow; its route, sites, material, period, use and truck by their places in the lists."""

    route: int
    origin: int
    destination: int
    material: int
    period: int
    use: int
    truck: int
    tonnes: float
    length_km: float
    loads: int
    kg_co2e: float


@dataclass(frozen=True, order=True)
class _RoadShown:
    """Roads that meet and carry the same trucks each weekday, in the plan and before."""

    plan: float
    before: float
    line: str


def write_map(result: Result, folder: Path) -> Path:
    """Write `map.html`."""
    path = folder / "map.html"
    path.write_text(draw_map(result), encoding="utf-8", newline="\n")
    return path


def draw_map(result: Result) -> str:
    """Build the page."""
    return draw_page(
        title=result.scenario.said.title,
        language=result.scenario.said.language,
        body=_body(result),
        data=describe_map(result),
        script="map.js",
        images=TILES if result.scenario.said.online_tiles else "",
    )


def _body(result: Result) -> str:
    """Write the landmarks of the page; what is in them is filled in by the script."""
    said = {name: escape(str(text)) for name, text in _LANDMARKS.items()}
    figures = "".join(
        f"<div><dt>{escape(what)}</dt><dd><b>{escape(plan)}</b> "
        + (f"<span>{said['before']} {escape(before)}</span>" if before else "")
        + "</dd></div>"
        for what, plan, before in _key_figures(result)
    )
    lead, more = (
        "".join(f"<p>{escape(str(one))}</p>" for one in told)
        for told in (conclude(result), elaborate(result))
    )
    causes = "".join(f"<li>{escape(str(one))}</li>" for one in tell_credit(result.effect))
    title = escape(result.scenario.said.title)
    span = escape(str(say_in_all(result.scenario)))
    return _BODY.format(
        title=title, span=span, lead=lead, more=more, figures=figures, causes=causes, **said
    )


_BODY = """<a class="skip" href="#twin">{skip}</a>
<header id="strip"><h1 dir="auto">{title}</h1>{lead}<p class="span">{span}</p><dl>{figures}</dl>\
<details id="answer"><summary>{answer}</summary>{more}</details></header>
<button id="toggle" type="button" aria-expanded="false" aria-controls="panel">{panel}</button>
<nav id="panel" aria-label="{panel}"></nav>
<aside id="about" aria-label="{about}" hidden></aside>
<main id="twin" tabindex="-1"><details id="rows"><summary>{table}</summary>\
<div class="scroll" tabindex="0" role="region" aria-label="{table}"></div></details>\
<details id="causes"><summary>{credit}</summary><ul>{causes}</ul></details>\
<p id="told" role="status"></p></main>
<noscript>{no_script}</noscript>"""
_LANDMARKS = {
    "answer": say("Assumptions, effect and price"),
    "before": say("before"),
    "panel": say("Layers and legend"),
    "about": say("About a site"),
    "credit": say("What saves what"),
    "table": say("The flows shown, as a table"),
    "skip": say("Skip to the table of flows"),
    "no_script": say("The map needs JavaScript; flows.csv has the same figures."),
}
_STRIP = (TRANSPORT_WTW, "secondary_share_with_clean_soil", LOADS_DRIVEN, VIRGIN)
"""The figures at the top of the page."""


def _key_figures(result: Result) -> list[tuple[str, str, str]]:
    rows = {row.name: row for row in summarise(result)}
    figures = [(str(rows[name].title), rows[name].plan, rows[name].before) for name in _STRIP]
    if result.effect.saved_share is not None:
        saved = format_number(100 * result.effect.saved_share, digits=1) + " %"
        figures.insert(1, (str(say("Saved transport emissions")), saved, ""))
    if result.effect.coordination is not None:
        saved = format_number(result.effect.coordination.transport_kg_co2e / 1000)
        figures.insert(2, (str(say("Saved by coordination, transport [t CO2e]")), saved, ""))
    return figures


def describe_map(result: Result) -> dict[str, Any]:
    """Put what the map shows into values that the page can hold.

    Returns
    -------
    data
        What the script finds as `D`: plain values, lists of objects (`sites`, `materials`,
        `projects`, `classes`), tables that name their columns (`flows`, `burden`), routes as
        encoded lines, and every text in the language that is spoken.
    """
    scenario = result.scenario
    routes = _Routes(result)
    flows = {
        "plan": pack(_FlowShown, _flows(result, result.plan.flows, routes)),
        "before": pack(_FlowShown, _flows(result, result.effect.baseline_flows, routes)),
    }
    projects = sorted({scenario.project(site) for site in scenario.sites})
    return {
        **describe_base(result.network),
        "tiles": f"{TILES}/{{z}}/{{x}}/{{y}}.png" if scenario.said.online_tiles else "",
        "texts": {key: str(text) for key, text in _TEXTS.items()},
        "periods": list(scenario.periods),
        "materials": _materials(result),
        "projects": [
            {"id": project, "name": name_project(scenario, project)} for project in projects
        ],
        "sites": list(_sites(result)),
        "uses": routes.uses,
        "vehicles": [
            *(
                scenario.catalogue.vehicles[name].called(scenario.said.language)
                for name in scenario.said.vehicles
            ),
            str(BY_DUMPER),
        ],
        "routes": routes.lines,
        "flows": flows,
        "shapes": {role: mark.on_page for role, mark in ROLE_MARKS.items()},
        "colours": {"more": MORE, "less": LESS, "zone": ZONE},
        "classes": [
            {"least": one.least, "colour": one.colour, "width": one.width_px}
            for one in BURDEN_CLASSES
        ],
        "burden": _burden(result),
        "zones": _zones(result),
        "why": _why(result),
    }


def _zones(result: Result) -> list[dict[str, Any]]:
    """Give zones that have polygons: what they ask for, and outlines and holes as encoded lines."""
    zones = draw_zones(result.scenario).to_crs("EPSG:4326").explode(ignore_index=True)
    shapes = [[area.exterior, *area.interiors] for area in zones.geometry]
    return [
        {
            "name": f"{rule}: {meaning}",
            "rings": [encode_line(one.coords, _ROUTE_TOLERANCE_DEG) for one in rings],
        }
        for rule, meaning, rings in zip(zones["rule"], zones["meaning"], shapes, strict=True)
    ]


def _why(result: Result) -> dict[str, dict[str, str]]:
    """Say for each site that gives why it does not send to each other that takes."""
    problem = result.plan.problem
    givers = {giver.site for giver in problem.givers}
    takers = {taker.site for taker in problem.takers}
    if len(givers) * len(takers) > _MOST_PAIRS:
        return {}
    told: dict[str, dict[str, str]] = {}
    for (giver, taker), reason in sorted(compare_sites(result.plan).items()):
        told.setdefault(giver, {})[taker] = str(reason.message)
    return told


_TEXTS: dict[str, Message] = {
    "show": say("Show"),
    "plan": say("Plan"),
    "before": say("Before"),
    "difference": say("Difference"),
    "more": say("more in the plan"),
    "less": say("less in the plan"),
    "materials": say("Materials"),
    "periods": say("Period"),
    "all": say("all periods"),
    "everything": say("all"),
    "project": say("Project"),
    "municipality": say("Municipality"),
    "search": say("Find a site"),
    "find": say("Find"),
    "unknown": say("No site has this name."),
    "least": say("Smallest flow shown"),
    "count": say("{shown} of {all} flows, {share} % of the tonnes").format(
        shown="{shown}", all="{all}", share="{share}"
    ),
    "burden": say("Trucks each weekday on the roads"),
    "trucks": say("trucks each weekday"),
    "zones": say("Zones where soil needs a permit or another condition"),
    "tiles": say("Background from the internet (OpenStreetMap)"),
    "print": say("Print"),
    "sites": say("Sites"),
    **{role: mark.name for role, mark in ROLE_MARKS.items()},
    "why": say("Why not to …?"),
    "width": say("Width of a line: tonnes"),
    "virgin": say("virgin"),
    "tonnes": say("Tonnes"),
    "km": say("Kilometres, loaded"),
    "loads": say("Truck loads"),
    "kg": say("Transport, kg CO2e (WTW)"),
    "vehicle": say("Truck"),
    "purpose": say("Use"),
    "period": say("Period"),
    "from": say("From"),
    "to": say("To"),
    "material": say("Material"),
    "reception": say("final reception"),
    "comes": say("Comes in"),
    "goes": say("Goes out"),
    "effect": say("Its share of the effect"),
    "saved": say("Saved"),
    "close": say("Close"),
    "none": say("Nothing in this plan"),
    "rows": say(
        "The {most} largest of {all}; flows.csv has all of them.", most="{most}", all="{all}"
    ),
    "zoomin": say("Zoom in"),
    "zoomout": say("Zoom out"),
    "map": say("Map of sites and flows; the table below has the same figures"),
}


def _materials(result: Result) -> list[dict[str, Any]]:
    """Give the materials that move before or in the plan, in the order of their colours."""
    scenario = result.scenario
    known, language = scenario.catalogue.materials, scenario.said.language
    used = [*result.plan.flows["material"], *result.effect.baseline_flows["material"]]
    return [
        {
            "id": name,
            "name": known[name].called(language),
            "colour": colour,
            "virgin": known[name].origin == "virgin",
        }
        for name, colour in colour_materials(used, scenario.catalogue).items()
    ]


def _sites(result: Result) -> Iterator[dict[str, Any]]:
    scenario = result.scenario
    where = find_municipalities(scenario)
    before, plan = (side.T for side in align_books(result.effect, "site", list(scenario.sites)))
    for site_id, site in scenario.sites.items():
        lon, lat = site.lon_lat
        told = shown_in_lines().items() if site.offers or site.needs else ()
        yield {
            "id": site_id,
            "name": scenario.site_name(site_id),
            "note": site.note,
            "municipality": where[site_id],
            "project": scenario.project(site_id),
            "roles": site.roles,
            "at": (round(lat, 5), round(lon, 5)),
            "effect": [
                {
                    "name": str(part.heading),
                    "before": round(shown.factor * float(before[site_id][part]), 1),
                    "plan": round(shown.factor * float(plan[site_id][part]), 1),
                }
                for part, shown in told
                if shown.in_short
            ],
        }


class _Routes:
    """The routes of all flows, each once, and the uses that they lead to."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.number: dict[tuple[str, str, str, str], int] = {}
        self.lines: list[str] = []
        self.uses: list[str] = []

    def find(self, origin: str, destination: str, vehicle: str, period: str) -> int:
        """Give the number of a route, drawn if it is new."""
        key = (origin, destination, vehicle, self.result.legs.spell(period))
        if key not in self.number:
            self.number[key] = len(self.lines)
            points = self.result.legs.draw(origin, destination, vehicle, period)
            self.lines.append(encode_line(points, _ROUTE_TOLERANCE_DEG))
        return self.number[key]

    def use(self, name: str) -> int:
        """Give the number of a use."""
        if name not in self.uses:
            self.uses.append(name)
        return self.uses.index(name)


def _flows(result: Result, flows: pd.DataFrame, routes: _Routes) -> Iterator[_FlowShown]:
    scenario = result.scenario
    language = scenario.said.language
    sites = _places(scenario.sites)
    periods = _places(scenario.periods)
    trucks = _places(scenario.said.vehicles)
    materials = _places(material["id"] for material in _materials(result))
    uses = {need.id: scenario.catalogue.uses[need.use].called(language) for need in scenario.needs}
    kinds: dict[str, str] = {role: str(ROLE_MARKS[role].name) for role in (Role.PLANT, Role.DEPOT)}
    reception = str(_TEXTS["reception"])
    for flow in list_flows(flows):
        yield _FlowShown(
            route=routes.find(flow.origin, flow.destination, flow.vehicle, flow.period),
            origin=sites[flow.origin],
            destination=sites[flow.destination],
            material=materials[flow.material],
            period=periods[flow.period],
            use=routes.use(uses.get(flow.taker, kinds.get(flow.taker_kind, reception))),
            truck=trucks[flow.vehicle] if flow.origin != flow.destination else len(trucks),
            tonnes=round(flow.tonnes, 1),
            length_km=round(flow.length_km, 1),
            loads=int(flow.loads),
            kg_co2e=round(flow.kg_co2e_wtw),
        )


def _places(names: Iterable[str]) -> dict[str, int]:
    """Give the place of each name."""
    return {name: place for place, name in enumerate(names)}


def _burden(result: Result) -> list[dict[str, Any]]:
    """Give the roads that trucks pass, a table for all periods and one for each.

    Roads that meet and carry nearly the same trucks are one line.
    """
    scenario, legs = result.scenario, result.legs
    plan = measure_burden(scenario, legs, result.plan.flows, result.plan.empty_trips)
    before = measure_burden(scenario, legs, result.effect.baseline_flows)
    days = {name: count_weekdays(period) for name, period in scenario.periods.items()}
    found = []
    for chosen in ([*scenario.periods], *([period] for period in scenario.periods)):
        weekdays = sum(days[period] for period in chosen)
        counts = [_per_weekday(table, chosen, weekdays) for table in (plan, before)]
        found.append(pack(_RoadShown, _join_roads(result, *counts)))
    return found


def _per_weekday(burden: pd.DataFrame, periods: list[str], weekdays: int) -> pd.Series:
    mine = burden[burden["period"].isin(periods)]
    trips = mine["loaded_trips"] + mine["empty_trips"]
    return trips.groupby(mine["edge"]).sum().astype(np.float64) / weekdays


def _join_roads(result: Result, plan: pd.Series, before: pd.Series) -> list[_RoadShown]:
    """Join roads into long lines; trucks each weekday in the plan and before, and the line."""
    both = pd.DataFrame({"plan": plan, "before": before}).fillna(0.0)
    both = both[both.max(axis=1) >= _LEAST_PASSING]
    if not len(both):
        return []
    rounded = both.apply(lambda column: _two_digits(column.to_numpy(np.float64)))
    shapes = _draw_edges(result.network, rounded.index.to_numpy(np.intp))
    joined = []
    for places in rounded.groupby(["plan", "before"]).indices.values():
        now, then = rounded.iloc[places[0]].tolist()
        merged: Any = shapely.get_parts(
            shapely.line_merge(shapely.multilinestrings(shapes[places]))
        )
        lines = (encode_line(shapely.get_coordinates(one), _ROUTE_TOLERANCE_DEG) for one in merged)
        joined += [_RoadShown(float(now), float(then), line) for line in lines]
    return sorted(joined)


def _draw_edges(network: RoadNetwork, edges: Indices) -> Any:
    """Give the line of each edge."""
    starts, counts = network.point_start[edges], np.diff(network.point_start)[edges]
    owner = np.repeat(np.arange(len(edges)), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    points = np.repeat(starts, counts) + within
    return shapely.linestrings(
        np.column_stack([network.lon[points], network.lat[points]]), indices=owner
    )


def _two_digits(values: Floats) -> Floats:
    """Round to two significant digits, so that roads in a row are alike."""
    step = 10.0 ** (np.floor(np.log10(np.maximum(values, 1e-3))) - 1)
    return np.asarray(np.round(np.round(values / step) * step, 4))
