"""What a truck meets on roads: how fast it goes, where it may go, what it emits and pays.

Here stands, once, what a kilometre costs: `emit_kg_co2e` and `pay_on_the_way`. Both are linear, so
all that need them, for arcs or for whole trips, ask these two.
"""

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats, Integers, Mask
from raastof_geo.emissions.model import BY_DEFAULT, MODELS
from raastof_geo.emissions.vehicle import EnergyModel, Vehicle
from raastof_geo.roads.edges import RoadEdges
from raastof_geo.roads.restrict import TruckRoads, judge_roads, size_truck
from raastof_geo.roads.road import ROAD_CLASSES, SURFACES, Access
from raastof_geo.roads.routing.engine import find_parts
from raastof_geo.scenario.catalogue import Catalogue

Load = Literal["full", "empty"]
BOTH_LOADS: tuple[Load, ...] = ("full", "empty")
"""How a truck drives: loaded one way, empty the other."""

Scope = Literal["wtw", "ttw"]
SCOPES: tuple[Scope, ...] = ("wtw", "ttw")
"""From where emissions count: from the well to the wheel, or from the tank to the wheel."""

_Column = TypeVar("_Column", Floats, "pd.Series[float]", float)


@dataclass(frozen=True, eq=False)
class Drive:
    """What one truck, loaded or empty, meets along every edge, and against it. [2 × edges]"""

    speed_km_h: Floats
    kg_co2e_wtw: Floats
    """Well to wheel, over the whole edge. [kg CO2e]"""
    closed: Mask
    """Where it may not drive."""
    local: Mask
    """Where it may drive for the first and the last stretch of a trip only."""


def find_speeds(
    roads: RoadEdges, catalogue: Catalogue, signed: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Give how fast trucks go along every edge, and against it, as limits are `signed`. [km/h]"""
    ahead = find_speed(roads, catalogue, signed[0])
    return ahead, ahead if signed[1] is signed[0] else find_speed(roads, catalogue, signed[1])


def find_speed(roads: RoadEdges, catalogue: Catalogue, signed: Floats) -> Floats:
    """Give how fast trucks go on every edge, ferries as their `duration` says. [edges, km/h]"""
    speed = catalogue.speed_table.mean_km_h(
        ROAD_CLASSES, roads.road_class, roads.built_up, SURFACES, roads.surface, signed
    ).copy()
    sailing = roads.ferry & np.isfinite(roads.duration_min)
    if sailing.any():
        edges = np.flatnonzero(sailing)
        crossing = _find_crossings(roads, edges)
        length_km = np.bincount(crossing, roads.length_m[edges])[crossing] / 1000
        speed[edges] = length_km / (roads.duration_min[edges] / 60)
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
    parts = find_parts(start, end, count + len(meeting) + len(way))
    return np.asarray(parts[:count], np.int64)


def emit_kg_co2e(
    catalogue: Catalogue,
    vehicle: Vehicle,
    energy: _Column,
    ferry_km: _Column,
    year: float,
    scope: Scope = "wtw",
) -> _Column:
    """Give what a truck emits on the road and on board of ferries, in the shape of `energy`. [kg]

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
    """Give what tolled roads, fixed links and ferries cost, in the shape of `toll_km`. [DKK]

    `toll_km`, `ferry_km`: driven on roads tolled in that `year`, and by ferry [km]; `link_dkk`:
    fares of fixed links [DKK].
    """
    toll = toll_km * catalogue.toll_dkk_per_km(vehicle, year)
    return toll + link_dkk + ferry_km * catalogue.ferry.fare_dkk_per_km.value


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
) -> Drive:
    """Give what a truck, loaded to the full or empty, meets on every edge. [2 × edges]

    `year`: the fuel's emissions change over the years; `model`: energy at a speed, empty and full
    [unit of the fuel per km]; `speed_km_h`: by default as the catalogue says; `judged`: what this
    truck may use, by default as its size allows.
    """
    if judged is None:
        judged = judge_roads(network, size_truck(vehicle, load), np.zeros(network.edge_count, bool))
    if speed_km_h is None:
        speed_km_h = np.stack(find_speeds(network, catalogue, judged.maxspeed_km_h))
    empty, full = model(vehicle, speed_km_h)
    length_km = network.length_m / 1000
    at_sea = network.ferry
    energy = np.where(at_sea, 0.0, (full if load == "full" else empty) * length_km)
    ferry_km = np.where(at_sea, length_km, 0.0)
    return Drive(
        speed_km_h=speed_km_h,
        kg_co2e_wtw=emit_kg_co2e(catalogue, vehicle, energy, ferry_km, year),
        closed=judged.closed | (network.access == Access.CLOSED),
        local=judged.find_local(network),
    )
