"""Price every transport that could make sense: km, hours, kg CO2e and DKK for each tonne."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from raastof_geo.arrays import Floats, Indices, Mask
from raastof_geo.cache import fingerprint, keep, read_arrays, write_arrays
from raastof_geo.card import Fact, Shown
from raastof_geo.emissions.model import MODELS, name_model
from raastof_geo.emissions.vehicle import EnergyModel, Vehicle
from raastof_geo.language import Message, format_number, say
from raastof_geo.roads.change import find_changed_edges, find_edges_over
from raastof_geo.roads.exchange import draw_driven
from raastof_geo.roads.mapped.area import read_area
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.restrict import bar_edges
from raastof_geo.roads.road import ROAD_CLASSES, align_limits
from raastof_geo.roads.routing.approach import Stop
from raastof_geo.roads.routing.drive import (
    LOADS,
    Load,
    drive_edges,
    emit_kg_co2e,
    find_speed,
    pay_on_the_way,
    size_truck,
)
from raastof_geo.roads.routing.graph import RoadGraph, build_graph
from raastof_geo.roads.routing.islands import explain_islands, group_sites
from raastof_geo.roads.routing.route import Measure, Router, Routes, load_router, place_stops
from raastof_geo.roads.snap import Anchors
from raastof_geo.roads.travel import Travelling
from raastof_geo.scenario.model import RoadChange
from raastof_geo.scenario.parties import Taker, list_givers, list_takers, may_deal
from raastof_geo.scenario.scenario import Scenario

if TYPE_CHECKING:
    import networkx

Progress: TypeAlias = Callable[[str, float], None]
"""Told what is going on, and how much of it is done, from 0 to 1."""

WHERE = {"name", "way", "at", "polygon"}
"""Fields of a change or a limit that say which roads it is about."""

LEG_KEYS = ("origin", "destination", "material", "vehicle", "period")
_CLOSED_TO_TRUCK = say(
    "every way is closed to this truck, by signs, limits or changes of the scenario"
)
_NO_WAY = say("no road leads there and back")
_BY_FERRY = say("only a ferry leads there and back, and `network.ferries` is false")


@dataclass(frozen=True, eq=False, repr=False)
class Legs(Shown):
    """The priced legs, and the roads that each vehicle takes."""

    frame: pd.DataFrame
    """One row per leg, keyed by `origin`, `destination`, `material`, `vehicle`, `period`.
    Per trip: `length_km` (loaded), `return_km` (empty), `ferry_km`, `toll_km`, `link_dkk` (fares
    of fixed links), `drive_h` (both ways) and `work_h` (with loading and tipping), `load_t`,
    `energy` [unit of the fuel], `energy_unit`. Per tonne: `kg_co2e_wtw_per_t`,
    `kg_co2e_ttw_per_t`, `vehicle_km_per_t`, `haul_dkk_per_t` (of which tolls and fares are
    `toll_dkk_per_t`). With limits on passages `passages_0` …: trips that pass, for each load
    [0-2], and `return_passages_0` … of them."""
    roads: RoadPrices | None = None
    """What the legs were priced on; none for legs that were made up."""
    lost: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(
            columns=["origin", "destination", "vehicle", "period", "reason"]
        )
    )
    """Legs that no road allows: `origin`, `destination`, `vehicle`, `period` and `reason`."""
    empty_trips: pd.DataFrame | None = None
    """With coordinated trucks, every empty trip from where something is tipped to where something
    is loaded: `origin`, `destination`, `vehicle`, `period`, and for each trip `length_km` (without
    ferries), `drive_h`, `energy`, `kg_co2e_wtw`, `kg_co2e_ttw`, `dkk` (of which `toll_dkk`),
    `passages_0` …."""

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give how many legs there are, and how long they are."""
        frame, km = self.frame, self.frame["length_km"]
        return "", (
            Fact(say("Legs"), format_number(len(frame))),
            Fact(say("Legs that no road allows"), format_number(len(self.lost))),
            Fact(
                say("Longest leg [km]"),
                format_number(float(km.max()) if len(km) else 0.0, digits=1),
            ),
            Fact(say("Trucks"), ", ".join(map(str, frame["vehicle"].unique()))),
            Fact(say("Periods"), ", ".join(map(str, frame["period"].unique()))),
        )

    @property
    def energy_model(self) -> str:
        """The name of the energy model that the legs were priced with, `""` without roads."""
        return "" if self.roads is None else name_model(self.roads.energy_model)

    def price_again(self, scenario: Scenario) -> Legs | None:
        """Price the legs of a scenario with the same sites; none where there are no roads."""
        if self.roads is None:
            return None
        return price_on(replace(self.roads, scenario=scenario))

    def draw(
        self, origin: str, destination: str, vehicle: str, period: str | None = None
    ) -> Floats:
        """Draw the loaded route of a leg as lon and lat. [degrees, points × 2]

        Parameters
        ----------
        period
            By default the first one in which the leg can be driven.
        """
        if self.roads is None:
            return np.empty((0, 2))
        key = origin, destination, vehicle, None if period is None else self.spell(period)
        if key not in self._drawn:
            found = self.roads.find(origin, destination, vehicle, period=period)
            self._drawn[key] = found.draw(0)
        return self._drawn[key]

    @cached_property
    def _drawn(self) -> dict[tuple[str, str, str, str | None], Floats]:
        return {}

    def spell(self, period: str) -> str:
        """Name the periods in which the roads are as in this one, by the first of them."""
        if self.roads is None:
            return ""
        return next(periods[0] for periods in self.roads.spells.values() if period in periods)


@dataclass(frozen=True, eq=False)
class ArcPrices:
    """What a vehicle uses on each arc, empty and full."""

    quantities: dict[str, Floats]
    weight: dict[str, Floats]
    """What each arc weighs, by `LOADS`; infinite where the vehicle may not drive."""


@dataclass(frozen=True, eq=False)
class RoadPrices(Travelling):
    """What every road costs every truck, and the routes that follow from it."""

    scenario: Scenario
    network: RoadNetwork
    stops: Mapping[str, Stop]
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
            RoadChange(**limits[number].model_dump(include=WHERE), closed=True) for number in named
        ]
        for number, edges in zip(named, find_changed_edges(self.network, roads), strict=True):
            inside[number][edges] = True
        for number, limit in enumerate(limits):
            if limit.municipality is not None:
                area = read_area(municipalities=(limit.municipality,), buffer_m=0.0)
                assert area is not None  # noqa: S101 - it has a municipality
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
        """
        scenario, network = self.scenario, self.network
        graph = graph or self.graph
        vehicle = scenario.catalogue.vehicles[vehicle_id]
        changes = self._changes(vehicle_id, active)
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
                f"over_{number}": np.where(edges[graph.edge], length, 0.0)
                for number, edges in enumerate(self.limited)
            },
        }
        weight: dict[str, Floats] = {
            load: np.where(
                self.bar(vehicle_id, load, active)[graph.edge],
                np.inf,
                _weigh_arcs(scenario, vehicle, quantities, f"energy_{load}"),
            )
            for load in LOADS
        }
        return ArcPrices(quantities, weight)

    def bar(self, vehicle_id: str, load: str, active: tuple[int, ...]) -> Mask:
        """Tell which edges a truck may not use for its size, a change, or being a ferry."""
        if self.lifted:
            return np.zeros(self.network.edge_count, bool)
        size = size_truck(self.scenario.catalogue.vehicles[vehicle_id], load)
        ferries = self.scenario.said.network.ferries
        barred = bar_edges(self.network, size, ferries=ferries).copy()
        for change, edges in self._changes(vehicle_id, active):
            limits = np.array(align_limits(change.limits))
            if change.closed or size.over(limits).any():
                barred[edges] = True
        return barred

    def measure(self, vehicle_id: str, load: str, active: tuple[int, ...]) -> Measure:
        """Pour a truck's weights into the network."""
        key = (vehicle_id, load, active)
        if key not in self._measures:
            prices = self.price(vehicle_id, active)
            for state in LOADS:
                weight = prices.weight[state]
                self._measures[vehicle_id, state, active] = self.router.weigh(weight)
        return self._measures[key]

    def free_measure(self, vehicle_id: str, load: str, active: tuple[int, ...]) -> Measure:
        """Weigh roads as the truck does, but close none and forbid no turn."""
        key = (vehicle_id, load, active)
        if key not in self._free_measures:
            router = self.free_router
            prices = replace(self, lifted=True).price(vehicle_id, active, graph=router.graph)
            self._free_measures[key] = router.weigh(prices.weight[load])
        return self._free_measures[key]

    @cached_property
    def _free_measures(self) -> dict[tuple[str, str, tuple[int, ...]], Measure]:
        return {}

    @cached_property
    def _measures(self) -> dict[tuple[str, str, tuple[int, ...]], Measure]:
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
        """Find the route of one trip; by default in the first period in which there is one."""
        routes = None
        for active, periods in self.spells.items():
            if period is None or period in periods:
                measure = self.measure(vehicle, load, active)
                routes = measure.routes([self.stops[origin]], [self.stops[destination]])
                if routes.exists[0]:
                    break
        assert routes is not None  # noqa: S101 - there is always a period
        return routes

    def to_osmnx(
        self, vehicle: str, *, load: Load = "full", period: str | None = None
    ) -> networkx.MultiDiGraph:
        """Give the roads of one truck in one period as a graph; see `roads.exchange.to_osmnx`.

        Edges have `speed_kph` [km/h], `travel_time` [s] and `kg_co2e` (well to wheel) [kg], with
        the scenario's catalogue, energy model, changes and ferries; those that this truck may not
        use are left out.

        Parameters
        ----------
        vehicle
            Id of one of the scenario's trucks.
        period
            By default the scenario's first.
        """
        when = next(iter(self.scenario.periods)) if period is None else period
        active = next(key for key, periods in self.spells.items() if when in periods)
        drive = drive_edges(
            self.network,
            self.scenario.catalogue,
            self.scenario.catalogue.vehicles[vehicle],
            load,
            year=self.scenario.periods[when].middle_year,
            model=self.energy_model,
            speed_km_h=self._speed(self._changes(vehicle, active)),
            barred=self.bar(vehicle, load, active),
        )
        return draw_driven(self.network, drive)

    def _changes(
        self, vehicle_id: str, active: tuple[int, ...]
    ) -> list[tuple[RoadChange, Indices]]:
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


def explain_lost(legs: Legs, *, most: int = 10) -> list[Message]:
    """Say which legs no road allows, and why; those beyond `most` are counted.

    Pairs on different islands are told by their islands, once.
    """
    lost, told = legs.lost, []
    if legs.roads is not None and len(lost):
        edges = {site: stop.edge for site, stop in legs.roads.stops.items()}
        network, ferries = legs.roads.network, legs.roads.scenario.said.network.ferries
        told = explain_islands(network, edges, ferries=ferries)
        island = group_sites(network, edges, ferries=ferries)
        lost = lost[lost["origin"].map(island) == lost["destination"].map(island)]
    pairs = [
        say(
            "no leg from {origin} to {destination} for {vehicles} in {periods}: {reason}",
            origin=f"`{origin}`",
            destination=f"`{destination}`",
            vehicles=", ".join(rows["vehicle"].unique()),
            periods=", ".join(rows["period"].unique()),
            reason=reason,
        )
        for (origin, destination, reason), rows in lost.groupby(
            ["origin", "destination", "reason"], sort=True
        )
    ]
    if len(pairs) <= most:
        return [*told, *pairs]
    return [
        *told,
        *pairs[:most],
        say("and {count} more such pairs of sites", count=len(pairs) - most),
    ]


def price_legs(
    scenario: Scenario,
    network: RoadNetwork,
    anchors: Anchors,
    *,
    model: EnergyModel | None = None,
    progress: Progress | None = None,
) -> Legs:
    r"""Price every leg that the scenario's materials and the roads allow.

    Edge energy comes first, the route second. Each arc has an energy
    :math:`e` empty and :math:`g` at full payload; the loaded trip takes the
    route of least weight at full payload over roads that the loaded truck may
    use, the empty return its own. A leg whose load :math:`l` is a share
    :math:`f = l / \text{payload}` uses :math:`\sum (1-f)\,e + f\,g` along the
    first and :math:`\sum e` along the second, and for each tonne that much
    divided by :math:`l`.

    Parameters
    ----------
    model
        Gives the energy of a vehicle at a speed, empty and full [unit of the fuel per km]; by
        default the one that the scenario names.
    progress
        Told how far the work is.

    Returns
    -------
    legs
        Those that a truck can drive there and back; `lost` tells of the others, and why.
    """
    return price_on(RoadPrices(scenario, network, place_stops(anchors), model), progress=progress)


def price_on(roads: RoadPrices, *, progress: Progress | None = None) -> Legs:
    """Price every leg on roads that are at hand; as `price_legs`."""
    scenario = roads.scenario
    pairs = compatible_pairs(scenario)
    tell = progress or (lambda _what, _share: None)
    work = [
        (vehicle, active, periods)
        for vehicle in scenario.said.vehicles
        for active, periods in roads.spells.items()
    ]
    frames: list[pd.DataFrame] = []
    lost: list[pd.DataFrame] = []
    empty: list[pd.DataFrame] = []
    for number, (vehicle_id, active, periods) in enumerate(work):
        vehicle = scenario.catalogue.vehicles[vehicle_id]
        tell(vehicle.called(scenario.said.language), number / len(work))
        trips = _price_trips(roads, vehicle_id, active, pairs)
        there = trips["length_km"].notna() & trips["return_km"].notna()
        frames.append(_price_tonnes(scenario, vehicle_id, trips[there], periods))
        lost.append(_explain_lost(roads, vehicle_id, active, trips[~there], periods))
        if scenario.said.return_loads is not None:
            empty.append(_price_empty_trips(roads, vehicle_id, active, pairs, periods))
    tell("", 1.0)
    frame = pd.concat(frames, ignore_index=True).sort_values(list(LEG_KEYS), ignore_index=True)
    return Legs(
        frame,
        roads,
        pd.concat(lost, ignore_index=True),
        pd.concat(empty, ignore_index=True) if empty else None,
    )


def compatible_pairs(scenario: Scenario) -> pd.DataFrame:
    """List who may send which material to whom: `origin`, `destination`, `material`."""
    takers: dict[str, list[Taker]] = {}
    for taker in list_takers(scenario):
        for material in taker.accepts:
            takers.setdefault(material, []).append(taker)
    pairs = {
        (giver.site, taker.site, giver.material)
        for giver in list_givers(scenario)
        for taker in takers.get(giver.material, ())
        if may_deal(giver, taker)
    }
    return pd.DataFrame(sorted(pairs), columns=["origin", "destination", "material"])


def _weigh_arcs(
    scenario: Scenario, vehicle: Vehicle, quantities: dict[str, Floats], energy: str
) -> Floats:
    """Weigh arcs by the scenario's routing measure."""
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


def _price_trips(
    roads: RoadPrices, vehicle_id: str, active: tuple[int, ...], pairs: pd.DataFrame
) -> pd.DataFrame:
    """Add up each trip of a vehicle, loaded one way and empty back; NaN where there is none."""
    scenario = roads.scenario
    vehicle = scenario.catalogue.vehicles[vehicle_id]
    prices = roads.price(vehicle_id, active)
    here, there = pairs["origin"], pairs["destination"]
    out = _load_sums(roads, vehicle_id, active, "full", prices, here, there)
    back = _load_sums(roads, vehicle_id, active, "empty", prices, there, here)
    load_t = _load_t(scenario, vehicle, pairs["material"])
    share = load_t / vehicle.payload_t.value
    standing = vehicle.idle_per_h.value * scenario.said.idle_min_per_load / 60
    return pairs.assign(
        length_km=out["km"],
        return_km=back["km"],
        ferry_km=out["ferry_km"] + back["ferry_km"],
        toll_km=out["toll_km"] + back["toll_km"],
        link_dkk=out["link_dkk"] + back["link_dkk"],
        drive_h=out["hours"] + back["hours"],
        load_t=load_t,
        energy=(1 - share) * out["energy_empty"]
        + share * out["energy_full"]
        + back["energy_empty"]
        + standing,
        energy_unit=scenario.catalogue.fuels[vehicle.fuel].unit,
        **_count_passages(out, back),
    )


def _count_passages(out: Mapping[str, Floats], back: Mapping[str, Floats]) -> dict[str, Floats]:
    """Count the trips of a load that pass each limited road or municipality."""
    passages: dict[str, Floats] = {}
    for name in (name for name in out if name.startswith("over_")):
        number = name.removeprefix("over_")
        passes, returns = out[name] > 0, back[name] > 0
        passages[f"passages_{number}"] = passes.astype(np.float64) + returns
        passages[f"return_passages_{number}"] = returns.astype(np.float64)
    return passages


def _price_empty_trips(
    roads: RoadPrices,
    vehicle_id: str,
    active: tuple[int, ...],
    pairs: pd.DataFrame,
    periods: list[str],
) -> pd.DataFrame:
    """Price the empty trips from every site that takes to every site that gives."""
    starts = sorted(pairs["destination"].unique())
    goals = sorted(pairs["origin"].unique())
    between = pd.DataFrame(
        [(start, goal) for start in starts for goal in goals], columns=["origin", "destination"]
    )
    prices = roads.price(vehicle_id, active)
    sums = _load_sums(
        roads, vehicle_id, active, "empty", prices, between["origin"], between["destination"]
    )
    return price_empty_trips(roads.scenario, vehicle_id, between, sums, periods)


def price_empty_trips(
    scenario: Scenario,
    vehicle_id: str,
    between: pd.DataFrame,
    sums: Mapping[str, Floats],
    periods: list[str],
) -> pd.DataFrame:
    """Turn what empty trips add up to along the road into emissions and money, for each trip."""
    catalogue = scenario.catalogue
    vehicle = catalogue.vehicles[vehicle_id]
    there = np.isfinite(sums["km"])
    trips = between.assign(
        vehicle=vehicle_id,
        length_km=sums["km"] - sums["ferry_km"],
        drive_h=sums["hours"],
        energy=sums["energy_empty"],
        toll_dkk=(
            toll_dkk := pay_on_the_way(
                catalogue, vehicle, sums["toll_km"], sums["link_dkk"], sums["ferry_km"]
            )
        ),
        dkk=sums["hours"] * vehicle.hire_dkk_per_h.value + toll_dkk,
        **{
            name.replace("over_", "passages_"): (values > 0).astype(np.float64)
            for name, values in sums.items()
            if name.startswith("over_")
        },
    )
    burnt = (sums["energy_empty"], sums["ferry_km"])
    years = {period: scenario.periods[period].middle_year for period in periods}
    return pd.concat(
        [
            trips.assign(
                period=period,
                kg_co2e_wtw=emit_kg_co2e(catalogue, vehicle, *burnt, year, "wtw"),
                kg_co2e_ttw=emit_kg_co2e(catalogue, vehicle, *burnt, year, "ttw"),
            )[there]
            for period, year in years.items()
        ],
        ignore_index=True,
    )


def _load_sums(
    roads: RoadPrices,
    vehicle_id: str,
    active: tuple[int, ...],
    load: str,
    prices: ArcPrices,
    origins: pd.Series,
    destinations: pd.Series,
) -> dict[str, Floats]:
    """Give the figures along the best route of each pair, from the cache where they are known.

    They hang on roads, truck and places, and on nothing else: tonnes may change.
    """
    between = pd.DataFrame({"origin": origins, "destination": destinations})
    unique = between.drop_duplicates()
    starts = [roads.stops[site] for site in unique["origin"]]
    goals = [roads.stops[site] for site in unique["destination"]]
    where = np.array(
        [(one.edge, one.share, two.edge, two.share) for one, two in zip(starts, goals, strict=True)]
    )

    def make() -> dict[str, NDArray[np.generic]]:
        measure = roads.measure(vehicle_id, load, active)
        return dict(measure.routes(starts, goals).sums(prices.quantities))

    key = fingerprint(
        (roads.network.digest, prices.weight[load], where, *_flatten(prices.quantities))
    )
    found = keep("distances", key, make=make, write=write_arrays, read=read_arrays)
    table = pd.DataFrame(found, index=pd.MultiIndex.from_frame(unique))
    rows = table.loc[pd.MultiIndex.from_frame(between)]
    return {name: rows[name].to_numpy(np.float64) for name in prices.quantities}


def _flatten(quantities: Mapping[str, Floats]) -> Iterable[str | Floats]:
    for name, values in quantities.items():
        yield name
        yield values


def _load_t(scenario: Scenario, vehicle: Vehicle, materials: pd.Series) -> Floats:
    loads = {
        material: vehicle.load_t(scenario.catalogue.materials[material].density_loose.value)
        for material in materials.unique()
    }
    return materials.map(loads).to_numpy(dtype=np.float64)


def _explain_lost(
    roads: RoadPrices,
    vehicle_id: str,
    active: tuple[int, ...],
    trips: pd.DataFrame,
    periods: list[str],
) -> pd.DataFrame:
    """Say of each pair that a truck cannot drive whether anything could."""
    pairs = trips[["origin", "destination"]].drop_duplicates()
    reasons: list[str] = []
    if len(pairs):
        land, sea = (_ways_there(roads, pairs, ferries=ferries) for ferries in (False, True))
        taken = roads.scenario.said.network.ferries
        reasons = [
            str(_CLOSED_TO_TRUCK if here or (there and taken) else _BY_FERRY if there else _NO_WAY)
            for here, there in zip(land, sea, strict=True)
        ]
    told = [pairs.assign(vehicle=vehicle_id, period=one, reason=reasons) for one in periods]
    return pd.concat(told, ignore_index=True)


def _ways_there(roads: RoadPrices, pairs: pd.DataFrame, *, ferries: bool) -> list[bool]:
    """Tell of each pair whether any road leads there and back, closed or not."""
    router = roads.free_router
    length, at_sea = router.graph.length_km, roads.network.ferry[router.graph.edge]
    measure = router.weigh(length if ferries else np.where(at_sea, np.inf, length))
    starts = [roads.stops[site] for site in pairs["origin"]]
    goals = [roads.stops[site] for site in pairs["destination"]]
    there, back = measure.routes(starts, goals).exists, measure.routes(goals, starts).exists
    found: list[bool] = (there & back).tolist()
    return found


def _price_tonnes(
    scenario: Scenario, vehicle_id: str, trips: pd.DataFrame, periods: list[str]
) -> pd.DataFrame:
    """Turn trips into prices for each tonne, in each period."""
    catalogue = scenario.catalogue
    vehicle = catalogue.vehicles[vehicle_id]
    hours = trips["drive_h"] + vehicle.loading_min.value / 60
    toll_dkk = pay_on_the_way(
        catalogue, vehicle, trips["toll_km"], trips["link_dkk"], trips["ferry_km"]
    )
    haul_dkk = hours * vehicle.hire_dkk_per_h.value + toll_dkk
    per_tonne = trips.assign(
        vehicle=vehicle_id,
        work_h=hours,
        haul_dkk_per_t=haul_dkk / trips["load_t"],
        toll_dkk_per_t=toll_dkk / trips["load_t"],
        vehicle_km_per_t=(trips["length_km"] + trips["return_km"] - trips["ferry_km"])
        / trips["load_t"],
    )
    burnt = (trips["energy"], trips["ferry_km"])
    years = {period: scenario.periods[period].middle_year for period in periods}
    return pd.concat(
        [
            per_tonne.assign(
                period=period,
                kg_co2e_wtw_per_t=emit_kg_co2e(catalogue, vehicle, *burnt, year, "wtw")
                / trips["load_t"],
                kg_co2e_ttw_per_t=emit_kg_co2e(catalogue, vehicle, *burnt, year, "ttw")
                / trips["load_t"],
            )
            for period, year in years.items()
        ],
        ignore_index=True,
    )
