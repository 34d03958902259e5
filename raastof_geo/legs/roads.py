"""Roads priced for trucks: what every road costs every truck, and the routes that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import shapely

from raastof_geo.arrays import Floats, Indices, Mask
from raastof_geo.emissions.vehicle import MODELS, EnergyModel, Vehicle
from raastof_geo.roads.area import find_changed_edges, find_edges_in, find_edges_over
from raastof_geo.roads.network import RoadNetwork, draw_graph
from raastof_geo.roads.road import ROAD_CLASSES, align_limits
from raastof_geo.roads.routing import drive
from raastof_geo.roads.routing.drive import BOTH_LOADS, Load, TruckRoads, size_truck
from raastof_geo.roads.routing.engine import Travelling
from raastof_geo.roads.routing.graph import RoadStop, build_graph
from raastof_geo.roads.routing.router import Router, Routes, WeightedRoads, load_router
from raastof_geo.scenario.said.site import RoadChange
from raastof_geo.scenario.scenario import Scenario

if TYPE_CHECKING:
    import networkx

Active: TypeAlias = tuple[int, ...]
"""Numbers of the changes of roads that hold."""

PASSED = "passages_"
"""How quantities begin that count what lies within a limit on passages: `passages_0` …"""
TOLLED = "toll_km_"
"""How quantities begin that are the kilometres on which a table of tolls is paid."""


@dataclass(frozen=True, eq=False)
class ArcPrices:
    """What a vehicle uses on each arc, empty and full."""

    quantities: dict[str, Floats]
    weight: dict[str, Floats]
    """What each arc weighs, by `BOTH_LOADS`; infinite where the vehicle may not drive."""
    local: dict[str, Mask | None]
    """Arcs for the first and the last stretch only, by `BOTH_LOADS`; none: as for all trucks."""


@dataclass(frozen=True, eq=False)
class RoadPrices(Travelling):
    """What every road costs every truck, and the routes that follow from it."""

    scenario: Scenario
    network: RoadNetwork
    stops: Mapping[str, RoadStop]
    model: EnergyModel | None = None
    """Gives the energy of a vehicle at a speed; none: the one that the scenario names."""

    @property
    def energy_model(self) -> EnergyModel:
        """What gives the energy of a vehicle at a speed, empty and full."""
        return self.model or MODELS[self.scenario.said.emissions.model]

    @cached_property
    def _closing(self) -> Mask:
        """Which edges a change of the scenario closes, to some trucks at least. [edges]"""
        closing = np.zeros(self.network.edge_count, bool)
        changes = self.scenario.said.network.changes
        for change, edges in zip(changes, self.changed, strict=True):
            closing[edges] |= change.closed or bool(change.limits)
        return closing

    def find_stops(self, pairs: pd.DataFrame) -> tuple[list[RoadStop], list[RoadStop]]:
        """Give the stops of each `origin`, and those of each `destination`."""
        ends = (pairs[end] for end in ("origin", "destination"))
        starts, goals = ([self.stops[site] for site in some] for some in ends)
        return starts, goals

    def router_of(self, vehicle_id: str) -> Router:
        """Give the network made ready for a truck, with the turns that bind it when it is full."""
        network, rows = self.network, self.turns_of(vehicle_id)
        if rows not in self._routers:
            some = [network.some_turns[row] for row in rows]
            network = replace(network, turns=(*network.turns, *some)) if rows else network
            self._routers[rows] = load_router(build_graph(network, closing=self._closing))
        return self._routers[rows]

    def turns_of(self, vehicle_id: str) -> tuple[int, ...]:
        """Give the numbers of the turns that bind this truck when it is full, and not every one."""
        truck = size_truck(self.scenario.catalogue.vehicles[vehicle_id], "full")
        return tuple(drive.bind_turns(self.network.some_turns, truck))

    @cached_property
    def _routers(self) -> dict[tuple[int, ...], Router]:
        return {}

    @cached_property
    def free_router(self) -> Router:
        """The network with nothing closed and no turn forbidden, made ready for routes."""
        return load_router(build_graph(self.network, turns=False), restricted=False)

    @cached_property
    def changed(self) -> list[Indices]:
        """The edges that each change of the scenario is about."""
        return find_changed_edges(self.network, self.scenario.said.network.changes)

    @cached_property
    def limited(self) -> list[Mask]:
        """Whether each edge belongs to each limit on passages."""
        network, limits = self.network, self.scenario.said.targets.passages
        roads = [limit for limit in limits if limit.municipality is None]
        found, every = iter(find_changed_edges(network, roads)), np.arange(network.edge_count)
        named = [limit.municipality for limit in limits]
        inside = [find_edges_in(network, [one]) if one else next(found) for one in named]
        return [np.isin(every, edges) for edges in inside]

    @cached_property
    def tolled(self) -> dict[str, Floats]:
        """The share of a toll that each edge costs, by table; in a zone above 1. [edges]"""
        catalogue, network = self.scenario.catalogue, self.network
        classes = {
            "tolled": np.array([catalogue.speeds[name].tolled for name in ROAD_CLASSES]),
            "public": ~np.isin(ROAD_CLASSES, ["service", "track", "ferry"]),
        }
        found = {}
        for name in dict.fromkeys(map(self.toll_of, self.scenario.periods)):
            table = catalogue.tolls.get(name)
            roads = classes["tolled" if table is None else table.roads][network.road_class]
            factor = found[name] = roads.astype(np.float64)
            zones = set(table.zones if table else ()).intersection(network.region.names)
            if table is not None and zones:
                factor[find_edges_in(network, sorted(zones))] *= table.zone_factor
        return found

    def toll_of(self, period: str) -> str:
        """Name the table of tolls that holds in a period; `""` where none does."""
        return self.scenario.catalogue.toll_in(self.scenario.periods[period].middle_year) or ""

    @cached_property
    def spells(self) -> dict[Active, list[str]]:
        """Periods in which the same changes hold, by the numbers of those."""
        ids = tuple(self.scenario.periods)
        changes = [change.periods(ids) for change in self.scenario.said.network.changes]
        spells: dict[Active, list[str]] = {}
        for period in ids:
            active = tuple(number for number, held in enumerate(changes) if period in held)
            spells.setdefault(active, []).append(period)
        return spells

    def spell_of(self, period: str) -> Active:
        """Give the numbers of the changes that hold in a period: a key of `spells`."""
        return next(active for active, periods in self.spells.items() if period in periods)

    def price(self, vehicle_id: str, active: Active, *, free: bool = False) -> ArcPrices:
        """Give each arc its energy, hours, tolls and ferry kilometres, and what it weighs.

        `free`: whether nothing is closed and no turn forbidden: arcs are those of `free_router`.
        Quantities, and weights by load. [arcs, in the unit that the name of each tells]
        """
        scenario = self.scenario
        vehicle = scenario.catalogue.vehicles[vehicle_id]
        graph = (self.free_router if free else self.router_of(vehicle_id)).graph
        judged = {load: self.judge(vehicle_id, load, active) for load in BOTH_LOADS}
        speeds = self._speeds(vehicle_id, active, judged["full"])
        used = [self._use(vehicle, speed) for speed in speeds]  # along edges, and against them
        quantities = {
            name: np.where(graph.ahead, values[graph.edge], used[-1][name][graph.edge])
            for name, values in used[0].items()
        }
        prices, at = ArcPrices(quantities, {}, {}), ((~graph.ahead).astype(np.intp), graph.edge)
        for load, roads in judged.items():
            weight = _weigh_arcs(scenario, vehicle, quantities, f"energy_{load}")
            prices.weight[load] = weight if free else np.where(roads.closed[at], np.inf, weight)
            prices.local[load] = None if free or roads.local is None else roads.local[at]
        return prices

    def _use(self, vehicle: Vehicle, speed: Floats) -> dict[str, Floats]:
        """Give what a vehicle uses on each edge at a speed. [edges, in the unit of each name]"""
        length_km, at_sea = self.network.length_m / 1000, self.network.ferry
        edges = drive.use_on_the_way(vehicle, self.energy_model, speed, length_km, at_sea)
        edges["link_dkk"] = self._link_fares
        for table, factor in self.tolled.items():
            edges[f"{TOLLED}{table}"] = factor * edges["km"]
        for number, inside in enumerate(self.limited):
            edges[f"{PASSED}{number}"] = np.where(inside, edges["km"], 0.0)
        return edges

    def on_access_ways(
        self, vehicle_id: str, starts: Sequence[RoadStop], goals: Sequence[RoadStop]
    ) -> dict[str, Floats]:
        """Give what the ways between sites and roads add to each trip; nothing where none count.

        They are driven as service roads. Quantities as those of `price`, by name. [trips]
        """
        if not self.scenario.said.network.access_way:
            return {}
        catalogue, ends = self.scenario.catalogue, zip(starts, goals, strict=True)
        speed = np.array([catalogue.speeds["service"].mean_km_h.value])
        km = np.array([one.access_km + other.access_km for one, other in ends])
        return drive.use_on_the_way(catalogue.vehicles[vehicle_id], self.energy_model, speed, km)

    def judge(self, vehicle_id: str, load: str, active: Active) -> TruckRoads:
        """Say what roads are to a truck while some changes hold, beside those closed to all."""
        truck = size_truck(self.scenario.catalogue.vehicles[vehicle_id], load)
        network = self.network
        barred = np.zeros(network.edge_count, bool)
        if not self.scenario.said.network.ferries:
            barred |= network.ferry
        for change, edges in self.changes_for(vehicle_id, active):
            limits = np.array(align_limits(change.limits))
            if change.closed or drive.find_exceeded(truck.size, limits).any():
                barred[edges] = True
        return drive.judge_roads(network, truck, barred)

    def weigh(
        self, vehicle: str, load: str, active: Active, *, free: bool = False, turning: bool = False
    ) -> WeightedRoads:
        """Pour a truck's weights into the network.

        `free`: whether nothing is closed and no turn forbidden; of the changes only speeds count
        then. `turning`: whether it turns round in dead ends, even if it says that it does not. Made
        once for each truck, load and set of changes, then kept.
        """
        turning = turning or self.scenario.catalogue.vehicles[vehicle].turns_in_dead_end
        key = vehicle, active, free, turning
        if key not in self._weighted:
            router = self.free_router if free else self.router_of(vehicle)
            prices = self.price(vehicle, active, free=free)
            pour = partial(router.weigh, turns_in_dead_end=turning)
            weights = prices.weight.items()
            self._weighted[key] = {of: pour(one, prices.local[of]) for of, one in weights}
        return self._weighted[key][load]

    @cached_property
    def _weighted(self) -> dict[tuple[str, Active, bool, bool], dict[str, WeightedRoads]]:
        return {}

    def find(
        self, origin: str, destination: str, vehicle: str, period: str | None = None
    ) -> Routes:
        """Find the route of one loaded trip, by default in the first period that has one."""
        ends = [self.stops[origin]], [self.stops[destination]]
        for active in self.spells if period is None else [self.spell_of(period)]:
            routes = self.weigh(vehicle, "full", active).routes(*ends)
            if routes.exists[0]:
                break
        return routes

    def to_osmnx(
        self, vehicle: str, *, load: Load = "full", period: str | None = None
    ) -> networkx.MultiDiGraph:
        """Give the roads of one truck in one period as a graph; see `RoadNetwork.to_osmnx`.

        With the scenario's catalogue, energy model, changes and ferries. `vehicle`: id of one of
        the scenario's trucks; `period`: by default the scenario's first.
        """
        catalogue, when = self.scenario.catalogue, period or next(iter(self.scenario.periods))
        active, year = self.spell_of(when), self.scenario.periods[when].middle_year
        judged = self.judge(vehicle, load, active)
        speed, truck = self._speeds(vehicle, active, judged), catalogue.vehicles[vehicle]
        asked: dict[str, Any] = {"model": self.energy_model, "speed_km_h": speed, "judged": judged}
        driven = drive.drive_edges(self.network, catalogue, truck, load, year=year, **asked)
        return draw_graph(self.network, *driven)

    def changes_for(self, vehicle_id: str, active: Active) -> list[tuple[RoadChange, Indices]]:
        """Give the changes that hold and are about a truck, in order, each with its edges."""
        changes = self.scenario.said.network.changes
        held = [(changes[number], self.changed[number]) for number in active]
        return [one for one in held if one[0].vehicles is None or vehicle_id in one[0].vehicles]

    def _speeds(self, vehicle_id: str, active: Active, judged: TruckRoads) -> Floats:
        """Give how fast a truck goes along every edge, and against it. [km/h, 1 or 2 × edges]"""
        speeds = drive.find_speed(self.network, self.scenario.catalogue, judged.maxspeed_km_h)
        for change, edges in self.changes_for(vehicle_id, active):
            if change.speed_km_h is not None:
                speeds[:, edges] = change.speed_km_h
        return speeds

    @cached_property
    def _link_fares(self) -> Floats:
        """Give what each edge costs for crossing the line of a fixed link. [DKK]"""
        fares = np.zeros(self.network.edge_count)
        for link in self.scenario.catalogue.fixed_links.values():
            over = find_edges_over(self.network, shapely.LineString(link.line))
            fares[over[~self.network.ferry[over]]] += link.fare_dkk.value
        return fares


def _weigh_arcs(
    scenario: Scenario, vehicle: Vehicle, arcs: dict[str, Floats], energy: str
) -> Floats:
    """Weigh arcs by the scenario's routing measure: kg CO2e, hours or DKK.

    The route is chosen once for all periods with the same roads, so fuel and tolls count as in
    the middle one of them; what the legs emit and pay is told for each year. [arcs]
    """
    catalogue, route_by = scenario.catalogue, scenario.said.network.route_by
    hours, ferry_km = arcs["hours"], arcs["ferry_km"]
    if route_by == "time":
        return hours
    periods = list(scenario.periods.values())
    middle = periods[len(periods) // 2].middle_year
    if route_by == "cost":
        toll_km = arcs[f"{TOLLED}{catalogue.toll_in(middle) or ''}"]
        paid = drive.pay_on_the_way(catalogue, vehicle, toll_km, arcs["link_dkk"], ferry_km, middle)
        return np.asarray(hours * vehicle.hire_dkk_per_h.value + paid)
    return drive.emit_kg_co2e(catalogue, vehicle, arcs[energy], ferry_km, middle)
