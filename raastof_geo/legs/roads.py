"""Roads priced for trucks: what every road costs every truck, and the routes that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from raastof_geo.arrays import Floats, Indices, Mask
from raastof_geo.emissions.model import MODELS
from raastof_geo.emissions.vehicle import EnergyModel, Vehicle
from raastof_geo.roads.change import find_changed_edges, find_edges_over
from raastof_geo.roads.mapped.area import join_municipalities
from raastof_geo.roads.multigraph import draw_driven
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.restrict import bar_edges
from raastof_geo.roads.road import ROAD_CLASSES, align_limits
from raastof_geo.roads.routing.approach import RoadStop
from raastof_geo.roads.routing.drive import (
    BOTH_LOADS,
    Load,
    drive_edges,
    emit_kg_co2e,
    find_speed,
    pay_on_the_way,
    size_truck,
)
from raastof_geo.roads.routing.graph import RoadGraph, build_graph
from raastof_geo.roads.routing.route import Routes
from raastof_geo.roads.routing.router import Router, WeightedRoads, load_router
from raastof_geo.roads.travel import Travelling
from raastof_geo.scenario.said.network import RoadChange
from raastof_geo.scenario.scenario import Scenario

if TYPE_CHECKING:
    import networkx

_WHERE = {"name", "way", "at", "polygon"}
"""Fields of a change or a limit that say which roads it is about."""

PASSED = "over_"
"""How quantities begin that are the kilometres within a limit on passages: `over_0` …"""


@dataclass(frozen=True, eq=False)
class ArcPrices:
    """What a vehicle uses on each arc, empty and full."""

    quantities: dict[str, Floats]
    weight: dict[str, Floats]
    """What each arc weighs, by `BOTH_LOADS`; infinite where the vehicle may not drive."""


@dataclass(frozen=True, eq=False)
class RoadPrices(Travelling):
    """What every road costs every truck, and the routes that follow from it."""

    scenario: Scenario
    network: RoadNetwork
    stops: Mapping[str, RoadStop]
    model: EnergyModel | None = None
    """Gives the energy of a vehicle at a speed; none: the one that the scenario names."""
    lifted: bool = False
    """Whether all that is closed to a truck counts as open."""

    @property
    def energy_model(self) -> EnergyModel:
        """What gives the energy of a vehicle at a speed, empty and full."""
        return self.model or MODELS[self.scenario.said.emissions.model]

    @cached_property
    def graph(self) -> RoadGraph:
        """The arcs of the network."""
        return build_graph(self.network)

    @cached_property
    def router(self) -> Router:
        """The network made ready for routes."""
        return load_router(self.graph)

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
        limits = self.scenario.said.targets.passages
        inside = [np.zeros(self.network.edge_count, bool) for _ in limits]
        named = [number for number, limit in enumerate(limits) if limit.municipality is None]
        roads = [
            RoadChange(**limits[number].model_dump(include=_WHERE), closed=True) for number in named
        ]
        for number, edges in zip(named, find_changed_edges(self.network, roads), strict=True):
            inside[number][edges] = True
        for number, limit in enumerate(limits):
            if limit.municipality is not None:
                area = join_municipalities([limit.municipality])
                inside[number][find_edges_over(self.network, area)] = True
        return inside

    @cached_property
    def spells(self) -> dict[tuple[int, ...], list[str]]:
        """Periods in which the same changes hold, by the numbers of those."""
        ids = tuple(self.scenario.periods)
        spells: dict[tuple[int, ...], list[str]] = {}
        for period in ids:
            active = tuple(
                number
                for number, change in enumerate(self.scenario.said.network.changes)
                if period in change.periods(ids)
            )
            spells.setdefault(active, []).append(period)
        return spells

    def spell_of(self, period: str) -> tuple[int, ...]:
        """Give the numbers of the changes that hold in a period: a key of `spells`."""
        return next(active for active, periods in self.spells.items() if period in periods)

    def price(
        self, vehicle_id: str, active: tuple[int, ...], *, graph: RoadGraph | None = None
    ) -> ArcPrices:
        """Give each arc its energy, hours, tolls and ferry kilometres, and what it weighs.

        Parameters
        ----------
        active
            Numbers of the changes that hold.
        graph
            Arcs of the same network; by default those that keep to turn restrictions.

        Returns
        -------
        prices
            Quantities, and weights by load. [arcs, in the unit that the name of each tells]
        """
        scenario, network = self.scenario, self.network
        graph = graph or self.graph
        vehicle = scenario.catalogue.vehicles[vehicle_id]
        changes = self.changes_for(vehicle_id, active)
        speed = self._speed(changes)[graph.edge]
        classes = network.road_class
        tolled = np.array([scenario.catalogue.speeds[name].tolled for name in ROAD_CLASSES])
        at_sea = network.ferry[graph.edge]
        empty, full = self.energy_model(vehicle, speed)
        length = graph.length_km
        quantities = {
            "km": length,
            "hours": length / speed,
            "energy_empty": np.where(at_sea, 0.0, empty * length),
            "energy_full": np.where(at_sea, 0.0, full * length),
            "toll_km": np.where(tolled[classes][graph.edge], length, 0.0),
            "ferry_km": np.where(at_sea, length, 0.0),
            "link_dkk": self._link_fares[graph.edge],
            **{
                f"{PASSED}{number}": np.where(edges[graph.edge], length, 0.0)
                for number, edges in enumerate(self.limited)
            },
        }
        weight: dict[str, Floats] = {
            load: np.where(
                self.bar(vehicle_id, load, active)[graph.edge],
                np.inf,
                _weigh_arcs(scenario, vehicle, quantities, f"energy_{load}"),
            )
            for load in BOTH_LOADS
        }
        return ArcPrices(quantities, weight)

    def bar(self, vehicle_id: str, load: str, active: tuple[int, ...]) -> Mask:
        """Tell which edges a truck may not use for its size, a change, or being a ferry.

        Returns
        -------
        barred
            Roads closed to every truck are not among them: a router knows those. [edges]
        """
        if self.lifted:
            return np.zeros(self.network.edge_count, bool)
        size = size_truck(self.scenario.catalogue.vehicles[vehicle_id], load)
        ferries = self.scenario.said.network.ferries
        barred = bar_edges(self.network, size, ferries=ferries).copy()
        for change, edges in self.changes_for(vehicle_id, active):
            limits = np.array(align_limits(change.limits))
            if change.closed or size.over(limits).any():
                barred[edges] = True
        return barred

    def weigh(self, vehicle_id: str, load: str, active: tuple[int, ...]) -> WeightedRoads:
        """Pour a truck's weights into the network.

        Parameters
        ----------
        active
            Numbers of the changes that hold.

        Returns
        -------
        weighted
            Made once for each truck, load and set of changes, then kept.
        """
        key = (vehicle_id, load, active)
        if key not in self._weighted:
            prices = self.price(vehicle_id, active)
            for state in BOTH_LOADS:
                weight = prices.weight[state]
                self._weighted[vehicle_id, state, active] = self.router.weigh(weight)
        return self._weighted[key]

    def weigh_free(self, vehicle_id: str, load: str, active: tuple[int, ...]) -> WeightedRoads:
        """Weigh roads as the truck does, but close none and forbid no turn.

        Parameters
        ----------
        active
            Numbers of the changes that hold; only their speeds count.

        Returns
        -------
        weighted
            On arcs of its own (`free_router`), kept as those of `weigh`.
        """
        key = (vehicle_id, load, active)
        if key not in self._freely_weighted:
            router = self.free_router
            prices = replace(self, lifted=True).price(vehicle_id, active, graph=router.graph)
            self._freely_weighted[key] = router.weigh(prices.weight[load])
        return self._freely_weighted[key]

    @cached_property
    def _freely_weighted(self) -> dict[tuple[str, str, tuple[int, ...]], WeightedRoads]:
        return {}

    @cached_property
    def _weighted(self) -> dict[tuple[str, str, tuple[int, ...]], WeightedRoads]:
        return {}

    def find(
        self,
        origin: str,
        destination: str,
        vehicle: str,
        *,
        load: str = "full",
        period: str | None = None,
    ) -> Routes:
        """Find the route of one trip.

        Parameters
        ----------
        period
            By default the first one in which there is a route.

        Returns
        -------
        routes
            Of one pair; where no period has a route, `exists` is false.
        """
        ends = [self.stops[origin]], [self.stops[destination]]
        spells = list(self.spells) if period is None else [self.spell_of(period)]
        for active in spells[:-1]:
            routes = self.weigh(vehicle, load, active).routes(*ends)
            if routes.exists[0]:
                return routes
        return self.weigh(vehicle, load, spells[-1]).routes(*ends)

    def to_osmnx(
        self, vehicle: str, *, load: Load = "full", period: str | None = None
    ) -> networkx.MultiDiGraph:
        """Give the roads of one truck in one period as a graph; see `RoadNetwork.to_osmnx`.

        Edges have `speed_kph` [km/h], `travel_time` [s] and `kg_co2e` (well to wheel) [kg], with
        the scenario's catalogue, energy model, changes and ferries; those that this truck may not
        use are left out.

        Parameters
        ----------
        vehicle
            Id of one of the scenario's trucks.
        period
            By default the scenario's first.

        Returns
        -------
        graph
            Nodes are numbered as in the network, with `x` and `y` [degrees].
        """
        when = next(iter(self.scenario.periods)) if period is None else period
        active = self.spell_of(when)
        drive = drive_edges(
            self.network,
            self.scenario.catalogue,
            self.scenario.catalogue.vehicles[vehicle],
            load,
            year=self.scenario.periods[when].middle_year,
            model=self.energy_model,
            speed_km_h=self._speed(self.changes_for(vehicle, active)),
            barred=self.bar(vehicle, load, active),
        )
        return draw_driven(self.network, drive)

    def changes_for(
        self, vehicle_id: str, active: tuple[int, ...]
    ) -> list[tuple[RoadChange, Indices]]:
        """Give the changes of roads that hold and are about a truck, each with its edges.

        Returns
        -------
        changes
            In the order of the scenario.
        """
        changes = self.scenario.said.network.changes
        return [
            (changes[number], self.changed[number])
            for number in active
            if changes[number].vehicles is None or vehicle_id in (changes[number].vehicles or ())
        ]

    def _speed(self, changes: list[tuple[RoadChange, Indices]]) -> Floats:
        """Give the speed on every edge. [km/h]"""
        speed = find_speed(self.network, self.scenario.catalogue)
        for change, edges in changes:
            if change.speed_km_h is not None:
                speed[edges] = change.speed_km_h
        return speed

    @cached_property
    def _link_fares(self) -> Floats:
        """Give what each edge costs for crossing the line of a fixed link. [DKK]"""
        fares = np.zeros(self.network.edge_count)
        for link in self.scenario.catalogue.fixed_links.values():
            over = find_edges_over(self.network, shapely.LineString(link.line))
            fares[over[~self.network.ferry[over]]] += link.fare_dkk.value
        return fares


def _weigh_arcs(
    scenario: Scenario, vehicle: Vehicle, quantities: dict[str, Floats], energy: str
) -> Floats:
    """Weigh arcs by the scenario's routing measure: kg CO2e, hours or DKK.

    The route is chosen once for all periods with the same roads, so fuel counts as in the middle
    one of them; what the legs emit is told for each year. [arcs]
    """
    catalogue = scenario.catalogue
    if scenario.said.network.route_by == "time":
        return quantities["hours"]
    if scenario.said.network.route_by == "cost":
        on_the_way = (quantities[name] for name in ("toll_km", "link_dkk", "ferry_km"))
        return np.asarray(
            quantities["hours"] * vehicle.hire_dkk_per_h.value
            + pay_on_the_way(catalogue, vehicle, *on_the_way)
        )
    periods = list(scenario.periods.values())
    middle = periods[len(periods) // 2].middle_year
    return emit_kg_co2e(catalogue, vehicle, quantities[energy], quantities["ferry_km"], middle)
