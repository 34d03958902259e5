"""What a truck meets on roads: where it may go and how fast, what it emits and pays.

Here stands, once, what a kilometre costs: `emit_kg_co2e` and `pay_on_the_way`. Both are linear, so
all that need them, for arcs or for whole trips, ask these two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from raastof_geo.arrays import Floats, Integers, Mask
from raastof_geo.emissions.limit import TRUCK_LIMITS
from raastof_geo.emissions.vehicle import BY_DEFAULT, MODELS, EnergyModel, Vehicle
from raastof_geo.roads.edges import RoadEdges, Turn, find_local_edges
from raastof_geo.roads.mapped.tags import SLACK, Passage, Truck, judge_barrier, judge_way, read_turn
from raastof_geo.roads.road import ROAD_CLASSES, SURFACES, Access, Road, split_tags
from raastof_geo.roads.routing.engine import find_parts
from raastof_geo.scenario.catalogue import Catalogue


@dataclass(frozen=True, eq=False)
class TruckRoads:
    """What roads are to a truck: along every edge (row 0), and against it (row 1)."""

    closed: Mask
    """Where it may not drive. [2 × edges]"""
    local: Mask
    """Where it may drive for the first and the last stretch of a trip only. [2 × edges]"""
    maxspeed_km_h: Floats
    """Signed limits, NaN where there is none, one row if alike in both directions. [2 × edges]"""


def size_truck(vehicle: Vehicle, load: str) -> Truck:
    """Size a truck, loaded to the full or empty. Returns what decides where it may drive."""
    sizes = [vehicle.size_for(one, loaded=load == "full") for one in TRUCK_LIMITS]
    return Truck(np.array(sizes), vehicle.kinds)


def find_exceeded(size: Floats, limits: Floats) -> Mask:
    """Hold a truck's size against limits. Returns which it exceeds; for both [edges × `LIMITS`]."""
    return np.asarray(size > limits + SLACK)


def judge_roads(network: RoadEdges, truck: Truck, barred: Mask) -> TruckRoads:
    """Say what every road is to a truck; `barred`: edges that it may not use anyway."""
    shut = barred | find_exceeded(truck.size, network.limits).any(axis=1)
    closed, limits = np.stack((shut, shut)), network.maxspeed_km_h[np.newaxis]
    usable, tagged = network.access != Access.CLOSED, network.access == Access.LOCAL
    errand = np.stack((tagged, tagged))
    if len(edges := network.ruled):
        roads = [network.roads[number] for number in network.road[edges].tolist()]
        sized = tuple(truck.size.tolist()), truck.kinds
        each = np.array([_judge(road.road_class, road.rules, *sized) for road in roads])
        access, speed = each[:, :, 0].T, each[:, :, 1].T  # edges × directions × 2
        closed[:, edges] = barred[edges] | (access == Access.CLOSED)
        errand[:, edges] = (access == Access.LOCAL) & ~closed[:, edges]
        limits = np.repeat(limits, 2, axis=0)
        limits[:, edges] = speed
    open_to_it = usable & ~closed.all(axis=0)
    behind = network.local
    if errand.any() and ((errand & ~tagged).any() or (usable & ~open_to_it).any()):
        # What is closed to this truck only may leave open roads that it reaches over local ones.
        behind = find_local_edges(network, open_to_it, np.all(errand | closed, axis=0))
    return TruckRoads(closed, (errand | behind) & ~closed, limits)


@lru_cache(1 << 16)
def _judge(
    road_class: str, rules: str, size: tuple[float, ...], kinds: frozenset[str]
) -> tuple[tuple[Access, float], ...]:
    """Give access and limit of speed [km/h] in either direction to a truck of a size and kinds."""
    road, truck = Road(road_class, rules=rules), Truck(np.array(size), kinds)

    def sum_up(one: Passage) -> Access:
        exceeded = find_exceeded(truck.size, np.array(one.limits)).any()
        return Access.CLOSED if exceeded else one.access

    found = []
    ways = judge_road(road, truck), judge_road(road, truck._replace(errand=True))
    for there, end in zip(*ways, strict=True):
        # Rules may differ where a trip begins or ends.
        passes = sum_up(there) is Access.OPEN
        access = Access.OPEN if passes else max(Access.LOCAL, sum_up(end))
        found.append((access, there.maxspeed_km_h))
    return tuple(found)


def judge_road(road: Road, truck: Truck) -> tuple[Passage, Passage]:
    """Judge a road with rules for a truck. Returns what it meets along it, and against it."""
    if "barrier" in (tags := split_tags(road.rules)):
        return (judge_barrier(tags, truck),) * 2
    signed, found = judge_way(tags, road.road_class, truck)
    pairs = zip(found, signed, strict=True)
    ahead, back = (one if way else one._replace(access=Access.CLOSED) for one, way in pairs)
    return ahead, back


def bind_turns(turns: Sequence[Turn], truck: Truck) -> list[int]:
    """Choose among turns that hang on the truck. Returns the numbers of those that bind it."""
    said = [read_turn(split_tags(turn.tags), truck) for turn in turns]
    return [row for row, turn in enumerate(turns) if said[row] == {"only" if turn.only else "no"}]


Load = Literal["full", "empty"]
BOTH_LOADS: tuple[Load, ...] = ("full", "empty")
"""How a truck drives: loaded one way, empty the other."""

Scope = Literal["wtw", "ttw"]
SCOPES: tuple[Scope, ...] = ("wtw", "ttw")
"""From where emissions count: from the well to the wheel, or from the tank to the wheel."""

_Column = TypeVar("_Column", Floats, "pd.Series[float]", float)


_FREE_IN_TOWN = ("motorway", "motorway_link", "trunk", "trunk_link", "ferry")


def find_speed(roads: RoadEdges, catalogue: Catalogue, signed: Floats) -> Floats:
    """Find how fast trucks go: the least of what class, town, surface and sign allow. [km/h]

    Means are measured ones of a class, junctions and bends included, so a sign counts only where it
    is below the limit of the class, and then a share of it is driven (`share_of_signed_limit`). A
    built-up area slows all but motorways and their kin, unless a sign allows more than the limit
    there. Ferries go as their `duration` says. `signed`: the limit of every edge, that for trucks
    before that for all, NaN where none is known, or a row of them for each direction. Returns their
    shape. A sign above the limit for trucks changes nothing. [km/h]
    """
    classes, town = [catalogue.speeds[name] for name in ROAD_CLASSES], catalogue.built_up
    mean = np.array([one.mean_km_h.value for one in classes])[roads.road_class]
    limit = np.array([one.limit_km_h.value for one in classes])[roads.road_class]
    in_town = np.array([name not in _FREE_IN_TOWN for name in ROAD_CLASSES])[roads.road_class]
    in_town = in_town & (roads.built_up == 1) & ~(signed > town.limit_km_h.value)
    mean = np.where(in_town, np.minimum(mean, town.mean_km_h.value), mean)
    most = {name: surface.value for name, surface in catalogue.surfaces.items()}
    mean = np.minimum(mean, np.array([most.get(one, np.inf) for one in SURFACES])[roads.surface])
    signed = np.where(signed > 0, np.minimum(signed, limit), np.inf)
    share = np.where(signed < limit, catalogue.share_of_signed_limit.value, 1.0)
    speed = np.asarray(np.minimum(mean, signed * share))
    if (sailing := roads.ferry & np.isfinite(roads.duration_min)).any():
        edges = np.flatnonzero(sailing)
        crossing = _find_crossings(roads, edges)
        length_km = np.bincount(crossing, roads.length_m[edges])[crossing] / 1000
        speed[..., edges] = length_km / (roads.duration_min[edges] / 60)
    return speed


def _find_crossings(roads: RoadEdges, edges: Integers) -> Integers:
    """Give each edge of a ferry the number of the crossing that it is part of.

    Edges of one way are, and those of one duration that go on in each other at sea: a crossing in
    several ways carries its whole duration on each.
    """
    ends = np.concatenate((roads.tail, roads.head))
    degree = np.bincount(ends, minlength=roads.node_count)
    count = len(edges)
    owner, node = np.tile(np.arange(count), 2), ends.reshape(2, -1)[:, edges].ravel()
    at_sea = degree[node] == 2
    joined = np.column_stack((node, roads.duration_min[edges][owner]))[at_sea]
    meeting = np.unique(joined, axis=0, return_inverse=True)[1].ravel()
    mapped = roads.way[edges] != 0
    way = np.unique(roads.way[edges][mapped], return_inverse=True)[1]
    start = np.concatenate((owner[at_sea], np.flatnonzero(mapped)))
    end = np.concatenate((count + meeting, count + len(meeting) + way))
    return np.asarray(find_parts(start, end, count + len(meeting) + len(way))[:count], np.int64)


def emit_kg_co2e(
    catalogue: Catalogue,
    vehicle: Vehicle,
    energy: _Column,
    ferry_km: _Column,
    year: float,
    scope: Scope = "wtw",
) -> _Column:
    """Add up what a truck emits by road and on ferries. Returns kg CO2e, in the shape of `energy`.

    `energy`: used on the road [unit of its fuel]; `ferry_km`: carried by ferries [km]; `year`: the
    fuel's emissions change over the years; `scope`: from the well to the wheel, or the tank.
    """
    fuel, ferry = catalogue.fuels[vehicle.fuel], catalogue.ferry
    per_unit = fuel.kg_co2e_wtw_per_unit if scope == "wtw" else fuel.kg_co2e_ttw_per_unit
    at_sea = ferry.kg_co2e_wtw_per_km if scope == "wtw" else ferry.kg_co2e_ttw_per_km
    return energy * per_unit.in_year(year) + ferry_km * at_sea.value


def pay_on_the_way(
    catalogue: Catalogue,
    vehicle: Vehicle,
    toll_km: _Column,
    link_dkk: _Column,
    ferry_km: _Column,
    year: float,
) -> _Column:
    """Price tolled roads, fixed links and ferries. Returns DKK, in the shape of `toll_km`.

    `toll_km`, `ferry_km`: on roads tolled in that `year`, by ferry; `link_dkk`: fares of links.
    """
    toll = toll_km * catalogue.toll_dkk_per_km(vehicle, year)
    return toll + link_dkk + ferry_km * catalogue.ferry.fare_dkk_per_km.value


def use_on_the_way(
    vehicle: Vehicle,
    model: EnergyModel,
    speed_km_h: Floats,
    length_km: Floats,
    at_sea: Mask | bool = False,
) -> dict[str, Floats]:
    """Drive at a speed, on the road or `at_sea`. Returns km, h and units of fuel, by name."""
    empty, full = model(vehicle, speed_km_h)
    return {
        "km": length_km,
        "hours": length_km / speed_km_h,
        "energy_empty": np.where(at_sea, 0.0, empty * length_km),
        "energy_full": np.where(at_sea, 0.0, full * length_km),
        "ferry_km": np.where(at_sea, length_km, 0.0),
    }


def drive_edges(
    network: RoadEdges,
    catalogue: Catalogue,
    vehicle: Vehicle,
    load: Load,
    *,
    year: float,
    model: EnergyModel = MODELS[BY_DEFAULT],
    speed_km_h: Floats | None = None,
    judged: TruckRoads | None = None,
) -> tuple[Mask, dict[str, NDArray[Any]]]:
    """Drive a truck, loaded to the full or empty, along every edge and against it.

    Returns where it may drive, and what it meets by name. [2 × edges] What it meets is called as
    edges of OSMnx call it (`RoadNetwork.to_osmnx`). `year`: the fuel's emissions change over the
    years; `model`: energy at a speed, empty and full [unit of the fuel per km]; `speed_km_h`: by
    default as the catalogue says; `judged`: what this truck may use, by default as its size allows.
    """
    if judged is None:
        judged = judge_roads(network, size_truck(vehicle, load), np.zeros(network.edge_count, bool))
    if speed_km_h is None:
        speed_km_h = find_speed(network, catalogue, judged.maxspeed_km_h)
    speed_km_h = np.broadcast_to(speed_km_h, judged.closed.shape)
    length_km = network.length_m / 1000
    used = use_on_the_way(vehicle, model, speed_km_h, length_km, network.ferry)
    energy, ferry_km = used[f"energy_{load}"], used["ferry_km"]
    return ~(judged.closed | (network.access == Access.CLOSED)), {
        "speed_kph": speed_km_h,
        "travel_time": length_km / speed_km_h * 3600,
        "kg_co2e": emit_kg_co2e(catalogue, vehicle, energy, ferry_km, year),
        "local": judged.local,
    }
