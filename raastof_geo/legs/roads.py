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
    local: dict[str, Mask]
    """Arcs for the first and the last stretch only, by `BOTH_LOADS`."""


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
    def closing(self) -> Mask:
        """Which edges a change of the scenario closes, to some trucks at least. [edges]"""
        closing = np.zeros(self.network.edge_count, bool)
        for change, edges in zip(self.scenario.said.network.changes, self.changed, strict=True):
            closing[edges] |= change.closed or bool(change.limits)
        return closing

    def find_stops(self, pairs: pd.DataFrame) -> tuple[list[RoadStop], list[RoadStop]]:
        """Find stops. Returns those of each `origin`, and those of each `destination`. [pairs]"""
        starts, goals = pairs[["origin", "destination"]].to_numpy(object).T.tolist()
        return [self.stops[site] for site in starts], [self.stops[site] for site in goals]

    # Networks made ready, by the turns that bind a truck beside those that bind every one.
    routers = cached_property(lambda self: dict[tuple[int, ...], Router]())
    # Roads weighed for each load, by truck, changes, and how they are weighed.
    _weighted = cached_property(
        lambda self: dict[tuple[str, Active, bool, bool], dict[str, WeightedRoads]]()
    )

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
        """Find the table of tolls of a period. Returns its name, `""` where none holds."""
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
        """Find the changes that hold in a period. Returns their numbers: a key of `spells`."""
        return next(active for active, periods in self.spells.items() if period in periods)

    def weigh(
        self, vehicle: str, load: str, active: Active, *, free: bool = False, turning: bool = False
    ) -> WeightedRoads:
        """Pour a truck's weights into the network.

        `free`: whether nothing is closed and no turn forbidden; of the changes only speeds count
        then. `turning`: whether it turns round in dead ends, even if it says that it does not. Made
        once for each truck, load and set of changes, then kept.
        """
        haulage = Haulage(self, vehicle, active)
        turning = turning or haulage.vehicle.turns_in_dead_end
        key = vehicle, active, free, turning
        if key not in self._weighted:
            router, prices = haulage.router_for(free), haulage.price(free=free)
            pour = partial(router.weigh, turns_in_dead_end=turning)
            weights = prices.weight.items()
            self._weighted[key] = {of: pour(one, prices.local[of]) for of, one in weights}
        return self._weighted[key][load]

    def find(
        self, origin: str, destination: str, vehicle: str, period: str | None = None
    ) -> Routes:
        """Find the route of a loaded trip. Returns by default that of the first period with one."""
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
        when = period or next(iter(self.scenario.periods))
        haulage = Haulage(self, vehicle, self.spell_of(when))
        truck, judged = (self.scenario.catalogue, haulage.vehicle, load), haulage.judge(load)
        asked: dict[str, Any] = {"speed_km_h": haulage.find_speeds(judged), "judged": judged}
        asked |= {"model": self.energy_model, "year": self.scenario.periods[when].middle_year}
        return draw_graph(self.network, *drive.drive_edges(self.network, *truck, **asked))

    @cached_property
    def link_fares(self) -> Floats:
        """What each edge costs for crossing the line of a fixed link. [DKK]"""
        fares = np.zeros(self.network.edge_count)
        for link in self.scenario.catalogue.fixed_links.values():
            over = find_edges_over(self.network, shapely.LineString(link.line))
            fares[over[~self.network.ferry[over]]] += link.fare_dkk.value
        return fares


@dataclass(frozen=True, eq=False)
class Haulage:
    """A truck on the roads as they are while some changes hold."""

    roads: RoadPrices
    vehicle_id: str
    active: Active

    @property
    def vehicle(self) -> Vehicle:
        """The truck as the catalogue has it."""
        return self.roads.scenario.catalogue.vehicles[self.vehicle_id]

    @property
    def changes(self) -> list[tuple[RoadChange, Indices]]:
        """The changes that hold and are about the truck, in order, each with its edges."""
        changes, mine = self.roads.scenario.said.network.changes, self.vehicle_id
        held = [(changes[number], self.roads.changed[number]) for number in self.active]
        return [one for one in held if one[0].vehicles is None or mine in one[0].vehicles]

    @cached_property
    def turns(self) -> tuple[int, ...]:
        """The numbers of the turns that bind the truck when it is full, and not every one."""
        truck = size_truck(self.vehicle, "full")
        return tuple(drive.bind_turns(self.roads.network.some_turns, truck))

    def router_for(self, free: bool = False) -> Router:
        """Make the network ready. Returns it with turns that bind the truck, or (`free`) none."""
        roads = self.roads
        if free:
            return roads.free_router
        if (rows := self.turns) not in roads.routers:
            network, some = roads.network, [roads.network.some_turns[row] for row in rows]
            network = replace(network, turns=(*network.turns, *some)) if rows else network
            roads.routers[rows] = load_router(build_graph(network, closing=roads.closing))
        return roads.routers[rows]

    def judge(self, load: str) -> TruckRoads:
        """Say what roads are to the truck, beside those closed to all."""
        truck, network = size_truck(self.vehicle, load), self.roads.network
        barred = network.ferry & (not self.roads.scenario.said.network.ferries)
        for change, edges in self.changes:
            limits = np.array(align_limits(change.limits))
            if change.closed or drive.find_exceeded(truck.size, limits).any():
                barred[edges] = True
        return drive.judge_roads(network, truck, barred)

    def find_speeds(self, judged: TruckRoads) -> Floats:
        """Find speeds of the truck. Returns them along edges and against. [1 or 2 × edges, km/h]"""
        network, catalogue = self.roads.network, self.roads.scenario.catalogue
        speeds = drive.find_speed(network, catalogue, judged.maxspeed_km_h)
        for change, edges in self.changes:
            if change.speed_km_h is not None:
                speeds[:, edges] = change.speed_km_h
        return speeds

    def price(self, *, free: bool = False) -> ArcPrices:
        """Price each arc for the truck. Returns energy, hours, tolls, ferry km, and weights.

        `free`: whether nothing is closed and no turn forbidden: arcs are those of `free_router`.
        Quantities, and weights by load. [arcs, in the unit that the name of each tells]
        """
        graph = self.router_for(free).graph
        judged = {load: self.judge(load) for load in BOTH_LOADS}
        speeds = self.find_speeds(judged["full"])
        used = [self._use(speed) for speed in speeds]  # along edges, and against them
        quantities = {
            name: np.where(graph.ahead, values[graph.edge], used[-1][name][graph.edge])
            for name, values in used[0].items()
        }
        prices, at = ArcPrices(quantities, {}, {}), ((~graph.ahead).astype(np.intp), graph.edge)
        for load, roads in judged.items():
            weight = self._weigh(quantities, f"energy_{load}")
            prices.weight[load] = weight if free else np.where(roads.closed[at], np.inf, weight)
            prices.local[load] = np.logical_and(not free, roads.local[at])
        return prices

    prices = cached_property(lambda self: self.price())
    """Those of roads as they are."""

    def _use(self, speed: Floats) -> dict[str, Floats]:
        """Give what the truck uses on each edge at a speed. [edges, in the unit of each name]"""
        roads, network = self.roads, self.roads.network
        of_truck, length_km = (self.vehicle, roads.energy_model, speed), network.length_m / 1000
        edges = drive.use_on_the_way(*of_truck, length_km, network.ferry)
        edges["link_dkk"] = roads.link_fares
        for table, factor in roads.tolled.items():
            edges[f"{TOLLED}{table}"] = factor * length_km
        for number, inside in enumerate(roads.limited):
            edges[f"{PASSED}{number}"] = np.where(inside, length_km, 0.0)
        return edges

    def _weigh(self, arcs: dict[str, Floats], energy: str) -> Floats:
        """Weigh arcs by the scenario's routing measure: kg CO2e, hours or DKK.

        The route is chosen once for all periods with the same roads, so fuel and tolls count as in
        the middle one of them; what the legs emit and pay is told for each year. [arcs]
        """
        scenario, hours, ferry_km = self.roads.scenario, arcs["hours"], arcs["ferry_km"]
        route_by, known = scenario.said.network.route_by, (scenario.catalogue, self.vehicle)
        if route_by == "time":
            return hours
        periods = list(scenario.periods.values())
        middle = periods[len(periods) // 2].middle_year
        if route_by == "cost":
            toll_km = arcs[f"{TOLLED}{scenario.catalogue.toll_in(middle) or ''}"]
            paid = drive.pay_on_the_way(*known, toll_km, arcs["link_dkk"], ferry_km, middle)
            return np.asarray(hours * self.vehicle.hire_dkk_per_h.value + paid)
        return drive.emit_kg_co2e(*known, arcs[energy], ferry_km, middle)

    def on_access_ways(
        self, starts: Sequence[RoadStop], goals: Sequence[RoadStop]
    ) -> dict[str, Floats]:
        """Price ways to sites as service roads. Returns what they add to trips, or nothing."""
        scenario, ends = self.roads.scenario, zip(starts, goals, strict=True)
        if not scenario.said.network.access_way:
            return {}
        speed = np.array([scenario.catalogue.speeds["service"].mean_km_h.value])
        km = np.array([one.access_km + other.access_km for one, other in ends])
        return drive.use_on_the_way(self.vehicle, self.roads.energy_model, speed, km)
