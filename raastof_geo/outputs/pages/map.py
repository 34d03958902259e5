"""Draw sites, flows and trucks on a map that is one file and needs no internet."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
import folium
import pandas as pd
import shapely
from raastof_geo.assignment import compare_sites
from raastof_geo.effect.books import Books
from raastof_geo.effect.burden import count_weekdays, list_trips
from raastof_geo.figures.vocabulary import LOADS_DRIVEN, TRANSPORT_WTW, VIRGIN, shown_in_lines
from raastof_geo.language import format_number, read_texts, say, speaking, translate
from raastof_geo.outputs.opening import conclude, elaborate, say_effect, say_in_all, tell_credit
from raastof_geo.outputs.pages import streets
from raastof_geo.outputs.pages.page import Controls, Element, Page, PlanMap, pack_later
from raastof_geo.outputs.pages.what_if import embed_plan
from raastof_geo.outputs.palette import BURDEN_CLASSES, FAMILIES, ROLE_MARKS, ZONE, colour_materials
from raastof_geo.outputs.tables.summary import summarise
from raastof_geo.outputs.template import read_template
from raastof_geo.records.proof import PROOF
from raastof_geo.region.region import Region, read_region
from raastof_geo.result import BY_DUMPER, Result, draw_zones
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.scenario.said.entry import Role

TILES = "https://tile.openstreetmap.org"
"""Who is asked for a background where the scenario wants one from the internet."""

_ZONE_TOLERANCE_DEG = 0.0002
_MOST_PAIRS = 6000
"""A map with more pairs of sites than this says why only by `raastof why-not`."""
_STRIP = (TRANSPORT_WTW, "secondary_share_with_clean_soil", LOADS_DRIVEN, VIRGIN)
"""The figures at the top of the page."""


def write_map(result: Result, folder: Path) -> Path:
    """Write `map.html`. Returns its path."""
    path, proof = folder / "map.html", folder / PROOF.name
    digest = hashlib.sha256(proof.read_bytes()).hexdigest() if proof.exists() else ""
    page = draw_map(result, proof=digest).get_root().render()
    path.write_text(page, encoding="utf-8", newline="\n")
    return path


def draw_map(result: Result, *, proof: str = "") -> folium.Map:
    """Draw sites and flows of the plan and of its baseline on a map of Folium's.

    A notebook shows it, and more can be added to it: layers, plugins, tiles. Without those it asks
    no host. `map.html` is this map, saved. It speaks the language of the scenario. What lies on it
    is one element each: `BaseRoads`, `Areas`, `Zones`, `Roads`, `Flows`, `Sites` and `MapControls`,
    which can be added to other maps as well. `proof` is the digest of the proof beside it.
    """
    said = result.scenario.said
    with speaking(*result.scenario.speech):
        told = MapStory(result, proof=proof)
        images = TILES if said.online_tiles else ""
        drawn = PlanMap(Page(title=said.title, language=said.language, images=images))
        near = [site.lon_lat for site in result.scenario.sites.values()]
        flowing = (Zones(told), Roads(told), Flows(told), Sites(told), MapControls(told))
        network = result.network
        for element in (BaseRoads(network, near), Areas(network.region), *flowing):
            element._id = "plan"  # equal results give equal pages
            element.add_to(drawn)
    return drawn


class BaseRoads(Element):
    """Land, towns, roads, ferries and names; small roads near some places [lon and lat]."""

    def __init__(self, network: RoadNetwork, near: Iterable[tuple[float, float]] = ()) -> None:
        super().__init__(
            "base", {"base": streets.describe_base(network, near)}, name=str(say("Roads"))
        )


class Areas(Element):
    """The borders of municipalities, and their names; of the built-in region by default."""

    def __init__(self, region: Region | None = None) -> None:
        areas = streets.describe_areas(region or read_region())
        super().__init__("areas", {"areas": areas}, name=str(say("Municipalities")))


class Zones(Element):
    """Areas in which soil needs a condition."""

    def __init__(self, result: "Result | MapStory") -> None:
        super().__init__("zones", {"zones": MapStory.of(result).zones}, name=str(say("Zones")))


class Sites(Element):
    """Sites by what they are, with their names; what lies too close is spread or grouped."""

    def __init__(self, result: "Result | MapStory") -> None:
        super().__init__("sites", {"story": MapStory.of(result).story}, name=str(say("Sites")))


class Roads(Element):
    """What passes each road, in each direction: tonnes or trucks."""

    def __init__(self, result: "Result | MapStory") -> None:
        super().__init__("roads", MapStory.of(result).moving, name=str(say("Flows by road")))


class Flows(Element):
    """The largest flows, and those of what is chosen, as lanes of each material."""

    def __init__(self, result: "Result | MapStory") -> None:
        super().__init__("flows", MapStory.of(result).moving, name=str(say("Single flows")))


class MapControls(Controls):
    """The page around the map: the answer, what is shown, legend, table, and a site's panel."""

    def __init__(self, result: "Result | MapStory") -> None:
        story, result = MapStory.of(result), MapStory.of(result).result
        parts = {**story.moving, "zones": story.zones, "page": story.page}
        effect = [str(one) for one in say_effect(result)]
        # Up to the sentence that says tonnes, money, and against what.
        first = 1 + sum("CO2e" not in one for one in effect[:2])
        lead = [*map(str, conclude(result)), *effect[:first]]
        rows = summarise(result)
        figures = [tuple(map(str, rows[name])) for name in _STRIP]
        if result.effect.saved_share is not None:
            saved = format_number(100 * result.effect.saved_share, digits=1) + " %"
            figures.insert(1, (str(say("Saved transport emissions")), saved, ""))
        if result.effect.coordination is not None:
            saved = format_number(result.effect.coordination.transport_kg_co2e / 1000)
            figures.insert(2, (str(say("Saved by coordination, transport [t CO2e]")), saved, ""))
        told = {
            "texts": read_texts("map page"), "title": result.scenario.said.title,
            "span": say_in_all(result.scenario), "lead": " ".join(lead),
            "more": dict.fromkeys(one for one in map(str, elaborate(result)) if one not in lead),
            "figures": figures, "causes": tell_credit(result.effect),
        }  # fmt: skip
        names = ("pages/head.html.j2", "pages/body.html.j2")
        head, body = (str(read_template(name).render(told)) for name in names)
        super().__init__("controls", head, body + story.what_if, parts)


class MapStory:
    """What a map tells of a result, in values that a page can hold, each made when first asked for.

    Plain values, lists of objects, tables that name their columns, lines as `encode_lines` writes
    them, and every text in the language that is spoken.
    """

    def __init__(self, result: Result, *, proof: str = "") -> None:
        self.result, self.proof = result, proof
        self._errands: dict[streets.Errand, int] = {}
        self._uses: dict[str, int] = {}

    @classmethod
    def of(cls, result: "Result | MapStory") -> "MapStory":
        """Tell of a result. Returns the story; the same where it is one already."""
        return result if isinstance(result, MapStory) else cls(result)

    @cached_property
    def moving(self) -> dict[str, Any]:
        """What elements that show flows need."""
        return {"traffic": self.traffic, "story": self.story}

    @cached_property
    def traffic(self) -> dict[str, Any]:
        """Flows and trips before and in the plan, and the stretches of road that they pass."""
        plan, effect = self.result.plan, self.result.effect
        before = effect.baseline_flows
        flows = {"plan": self._lay_flows(plan.flows), "before": self._lay_flows(before)}
        trips = {"plan": self._count_trips(plan.flows, plan.empty_trips)}
        trips["before"] = self._count_trips(before, None)
        segments, routes = streets.lay_streets(self.result.legs, self._errands)
        roads = {"decimals": streets.DECIMALS, "segments": segments, "routes": routes}
        return {**roads, "flows": flows, "trips": trips, "uses": list(self._uses)}

    @cached_property
    def story(self) -> dict[str, Any]:
        """Sites, materials, periods, and the words for all of it."""
        scenario, effect = self.result.scenario, self.result.effect
        then = effect.baseline_books
        projects = sorted({scenario.project(site) for site in scenario.sites})
        vehicles, language = scenario.catalogue.vehicles, scenario.said.language
        trucks = [vehicles[name].called(language) for name in scenario.said.vehicles]
        words = read_texts("map") | {role: role.caption for role in ROLE_MARKS}
        return {
            "decimal": format_number(0.5, digits=1)[1],
            "group": format_number(1000)[1],
            "texts": {key: translate(text.text) for key, text in words.items()},
            "periods": list(scenario.periods),
            "totals": {"plan": self._total(effect.books), "before": self._total(then)},
            "undivided": len(self.result.plan.empty_trips) > 0,
            "weekdays": [count_weekdays(one) for one in scenario.periods.values()],
            "materials": _materials(self.result),
            "families": {name: str(family.name) for name, family in FAMILIES.items()},
            "projects": [{"id": one, "name": scenario.project_name(one)} for one in projects],
            "sites": list(_sites(self.result)),
            "vehicles": [*trucks, str(BY_DUMPER)],
            "marks": {role: mark.colour for role, mark in ROLE_MARKS.items()},
            "classes": [
                {"least": one.least, "colour": one.colour, "width": one.width_px}
                for one in BURDEN_CLASSES
            ],
        }

    @cached_property
    def zones(self) -> dict[str, Any]:
        """Zones that have polygons: what they ask for, and outlines and holes as lines."""
        zones = draw_zones(self.result.scenario).to_crs("EPSG:4326").explode(ignore_index=True)
        shapes = map(shapely.get_rings, zones.geometry)
        told = zip(zones["rule"], zones["meaning"], shapes, strict=True)
        return {
            "zone_colour": ZONE,
            "areas": [
                {
                    "name": f"{rule}: {meaning}",
                    "rings": streets.encode_lines(
                        (one.coords for one in rings), _ZONE_TOLERANCE_DEG
                    ),
                }
                for rule, meaning, rings in told
            ],
        }

    @cached_property
    def page(self) -> dict[str, Any]:
        """What only the page around the map needs."""
        tiles = f"{TILES}/{{z}}/{{x}}/{{y}}.png" if self.result.scenario.said.online_tiles else ""
        problem = self.result.plan.problem
        givers, takers = ({one.site for one in of} for of in (problem.givers, problem.takers))
        reasons: dict[str, int] = {}  # each once, and by giver and taker the place of theirs in it
        pairs: dict[str, dict[str, int]] = {}
        if len(givers) * len(takers) <= _MOST_PAIRS:
            for (giver, taker), reason in sorted(compare_sites(self.result.plan).items()):
                place = reasons.setdefault(str(reason.message), len(reasons))
                pairs.setdefault(giver, {})[taker] = place
        return {"tiles": tiles, "why": {"reasons": list(reasons), "pairs": pairs}}

    @cached_property
    def receptions(self) -> dict[str, str]:
        """What a taker does with what it takes, by its kind, where that is no use of a need."""
        own = {str(role): str(role.caption) for role in (Role.PLANT, Role.DEPOT)}
        return dict.fromkeys(map(str, Role), str(read_texts("map")["reception"])) | own

    @cached_property
    def what_if(self) -> str:
        """Give what is tried out in the page, packed into HTML; empty where nobody asked for it."""
        if not self.result.scenario.said.map.what_if:
            return ""
        materials = _places(material["id"] for material in _materials(self.result))
        uses = _places(self.traffic["uses"])
        data = embed_plan(self.result, materials, uses, self.receptions, proof=self.proof)
        packed = (("code", pack_later()), ("data", data)) if data else ()
        plain = '<script type="text/plain" id="whatif-{}">{}</script>\n'
        return "".join(plain.format(*one) for one in packed)

    def _total(self, books: Books) -> list[dict[str, float]]:
        """Give what the books have in each period: more than flows, where trucks drive empty."""
        by_period = books.by("period").reindex(list(self.result.scenario.periods), fill_value=0.0)
        return [
            {"kg": round(kg), "loads": round(loads)}
            for kg, loads in zip(by_period[TRANSPORT_WTW], by_period[LOADS_DRIVEN], strict=True)
        ]

    def _find_route(self, origin: str, goal: str, vehicle: str, period: str, load: str) -> int:
        """Give the number of a route, a new one where nobody has asked for it."""
        if origin == goal:
            return -1
        errand = streets.Errand(origin, goal, vehicle, self.result.legs.spell(period), load)
        return self._errands.setdefault(errand, len(self._errands))

    def _lay_flows(self, flows: pd.DataFrame) -> dict[str, Any]:
        """Lay flows out by places in lists of routes, sites and so on; -1 stays within a site."""
        scenario = self.result.scenario
        materials = _places(material["id"] for material in _materials(self.result))
        numbers = dict.fromkeys(("origin", "destination"), _places(scenario.sites))
        numbers |= {"material": materials, "period": _places(scenario.periods)}
        trucks = _places(scenario.said.vehicles)
        known, language = scenario.catalogue.uses, scenario.said.language
        uses = {need.id: known[need.use].called(language) for need in scenario.needs}
        takers = zip(flows["taker"], flows["taker_kind"], strict=True)
        called = [uses.get(taker, self.receptions[kind]) for taker, kind in takers]
        origins, goals, driven = flows["origin"], flows["destination"], flows["vehicle"]
        trips = zip(origins, goals, driven, flows["period"], strict=True)
        routes = [self._find_route(*trip, "full") for trip in trips]
        columns = {
            "route": routes,
            **{name: flows[name].map(places) for name, places in numbers.items()},
            "use": [self._uses.setdefault(use, len(self._uses)) for use in called],
            "truck": driven.map(trucks).where(origins != goals, len(trucks)).astype(int),
            **{name: [round(one, 1) for one in flows[name]] for name in ("tonnes", "length_km")},
            "loads": flows["loads"],
            "kg_co2e": [round(one) for one in flows[TRANSPORT_WTW.flow]],
        }
        return streets.pack(pd.DataFrame(columns))

    def _count_trips(self, flows: pd.DataFrame, empty_trips: pd.DataFrame | None) -> dict[str, Any]:
        """Count trips as `measure_burden` does, by route and period instead of by road."""
        trips = list_trips(self.result.scenario, flows, empty_trips)
        ends = trips[["origin", "destination", "vehicle", "period", "load"]]
        trips["route"] = [self._find_route(*one) for one in ends.itertuples(index=False)]
        trips["period"] = trips["period"].map(_places(self.result.scenario.periods))
        driven = trips[(trips["route"] >= 0) & (trips["trips"] > 0)]
        return streets.pack(
            driven.groupby(["route", "period"])["trips"].sum().round(2).reset_index()
        )


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
            "family": known[name].kin,
        }
        for name, colour in colour_materials(used, scenario.catalogue).items()
    ]


def _sites(result: Result) -> Iterator[dict[str, Any]]:
    scenario, where = result.scenario, result.effect.books.municipalities
    aligned = (side.T for side in result.effect.align("site", list(scenario.sites)))
    sides = list(zip(("before", "plan"), aligned, strict=True))
    for site_id, site in scenario.sites.items():
        lon, lat = site.lon_lat
        told = shown_in_lines().items() if site.offers or site.needs else ()
        yield {
            "id": site_id, "name": scenario.site_name(site_id), "note": site.note,
            "municipality": where[site_id], "project": scenario.project(site_id),
            "roles": site.roles, "at": (round(lat, 5), round(lon, 5)),
            "effect": [
                {"name": str(part.heading)}
                | {key: round(shown.factor * float(side[site_id][part]), 1) for key, side in sides}
                for part, shown in told
                if shown.in_short
            ],
        }  # fmt: skip


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}
