"""What a truck meets on roads: how fast it goes, where it may go, what it emits and pays.

Here stands, once, what a kilometre costs: `emit_kg_co2e` and `pay_on_the_way`. Both are linear, so
all that need them, for arcs or for whole trips, ask these two.
"""

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats, Mask
from raastof_geo.emissions.model import BY_DEFAULT, MODELS
from raastof_geo.emissions.vehicle import EnergyModel, Vehicle
from raastof_geo.roads.edges import RoadEdges
from raastof_geo.roads.restrict import bar_edges, find_local_edges, size_truck
from raastof_geo.roads.road import ROAD_CLASSES, SURFACES, Access
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
    """What one truck, loaded or empty, meets on every edge of a network. [edges]"""

    speed_km_h: Floats
    kg_co2e_wtw: Floats
    """Well to wheel, over the whole edge. [kg CO2e]"""
    closed: Mask
    """Where it may not drive."""
    local: Mask
    """Where it may drive for the first and the last stretch of a trip only."""


def find_speed(roads: RoadEdges, catalogue: Catalogue) -> Floats:
    """Give how fast trucks go on every edge, ferries as their `duration` says. [edges, km/h]"""
    speed = catalogue.speed_table.mean_km_h(
        ROAD_CLASSES, roads.road_class, roads.built_up, SURFACES, roads.surface, roads.maxspeed_km_h
    ).copy()
    sailing = roads.ferry & np.isfinite(roads.duration_min)
    if sailing.any():
        whole = np.where(roads.way != 0, roads.way, -1 - roads.road.astype(np.int64))
        _, ferry = np.unique(whole, return_inverse=True)
        length_km = np.bincount(ferry, roads.length_m)[ferry] / 1000
        speed[sailing] = (length_km / (roads.duration_min / 60))[sailing]
    return speed


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
    barred: Mask | None = None,
) -> Drive:
    """Give what a truck, loaded to the full or empty, meets on every edge. [edges]

    `year`: the fuel's emissions change over the years; `model`: energy at a speed, empty and full
    [unit of the fuel per km]; `speed_km_h`: by default as the catalogue says; `barred`: edges that
    this truck may not use, by default those whose limits it exceeds.
    """
    speed = find_speed(network, catalogue) if speed_km_h is None else speed_km_h
    if barred is None:
        barred = bar_edges(network, size_truck(vehicle, load), ferries=True)
    empty, full = model(vehicle, speed)
    length_km = network.length_m / 1000
    at_sea = network.ferry
    energy = np.where(at_sea, 0.0, (full if load == "full" else empty) * length_km)
    ferry_km = np.where(at_sea, length_km, 0.0)
    return Drive(
        speed_km_h=speed,
        kg_co2e_wtw=emit_kg_co2e(catalogue, vehicle, energy, ferry_km, year),
        closed=barred | (network.access == Access.CLOSED),
        local=find_local_edges(network),
    )
