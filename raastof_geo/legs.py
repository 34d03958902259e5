"""Price every transport that could make sense: km, hours, kg CO2e and DKK for each tonne."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from raastof_geo.emissions.vehicle import EnergyModel, Vehicle, energy_by_speed
from raastof_geo.errors import NoRouteError
from raastof_geo.language import say
from raastof_geo.roads.network import ROAD_CLASSES, RoadNetwork
from raastof_geo.roads.route import RoadGraph, RouteTable, build_graph, draw_route, find_routes
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.scenario import Scenario

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]
"""Told what is going on, and how much of it is done, from 0 to 1."""

LEG_KEYS = ("origin", "destination", "material", "vehicle", "period")


@dataclass(frozen=True, eq=False)
class Legs:
    """The priced legs, and the roads that each vehicle takes."""

    frame: pd.DataFrame
    """One row per leg, keyed by `origin`, `destination`, `material`, `vehicle`, `period`.
    Per trip: `length_km` (loaded), `return_km` (empty), `ferry_km`, `toll_km` and `drive_h`
    (both ways), `load_t`, `energy` [unit of the fuel], `energy_unit`. Per tonne:
    `kg_co2e_wtw_per_t`, `kg_co2e_ttw_per_t`, `haul_dkk_per_t`, `vehicle_km_per_t`."""
    loaded: dict[str, RouteTable]
    """Routes of loaded trips, by vehicle."""

    def draw(self, origin: str, destination: str, vehicle: str) -> Floats:
        """Draw the loaded route of a leg as lon and lat. [degrees, points × 2]"""
        table = self.loaded[vehicle]
        arcs = table.arcs(origin, destination)
        return draw_route(table.graph, arcs)


@dataclass(frozen=True, eq=False)
class _ArcPrices:
    """What a vehicle uses on each arc, empty and full."""

    quantities: dict[str, Floats]
    weight_empty: Floats
    weight_full: Floats


def price_legs(
    scenario: Scenario,
    network: RoadNetwork,
    anchors: Anchors,
    *,
    model: EnergyModel = energy_by_speed,
    progress: Progress | None = None,
) -> Legs:
    r"""Price every leg that the scenario's materials allow.

    Edge energy comes first, the route second. Each arc has an energy
    :math:`e` empty and :math:`g` at full payload; the loaded trip takes the
    route of least weight at full payload, the empty return its own. A leg
    whose load :math:`l` is a share :math:`f = l / \text{payload}` uses
    :math:`\sum (1-f)\,e + f\,g` along the first and :math:`\sum e` along the
    second, and for each tonne that much divided by :math:`l`.

    Parameters
    ----------
    model
        Gives the energy of a vehicle at a speed, empty and full. [unit of the fuel per km]
    progress
        Told how far the work is.

    Raises
    ------
    NoRouteError
        Sites between which no road leads, though a leg needs it.
    """
    graph = build_graph(network, anchors, ferries=scenario.said.network.ferries)
    pairs = compatible_pairs(scenario)
    tell = progress or (lambda _what, _share: None)
    frames: list[pd.DataFrame] = []
    loaded: dict[str, RouteTable] = {}
    for number, vehicle_id in enumerate(scenario.said.vehicles):
        vehicle = scenario.catalogue.vehicles[vehicle_id]
        tell(vehicle.called(scenario.said.language), number / len(scenario.said.vehicles))
        trips, loaded[vehicle_id] = _price_trips(scenario, graph, vehicle, pairs, model)
        frames.append(_price_tonnes(scenario, vehicle_id, trips))
    tell("", 1.0)
    frame = pd.concat(frames, ignore_index=True).sort_values(list(LEG_KEYS), ignore_index=True)
    return Legs(frame, loaded)


def compatible_pairs(scenario: Scenario) -> pd.DataFrame:
    """List who may send which material to whom: `origin`, `destination`, `material`."""
    pairs = sorted({*_to_needs(scenario), *_to_receivers(scenario)})
    return pd.DataFrame(pairs, columns=["origin", "destination", "material"])


def _to_needs(scenario: Scenario) -> Iterable[tuple[str, str, str]]:
    givers = {(offer.site, offer.material) for offer in scenario.offers} | {
        (pit.site, material) for pit in scenario.pits for material in pit.prices_dkk_per_t
    }
    for need in scenario.needs:
        for site, material in givers:
            if material in need.ratios:
                yield site, need.site, material


def _to_receivers(scenario: Scenario) -> Iterable[tuple[str, str, str]]:
    for receiver in scenario.receivers:
        for offer in scenario.offers:
            if offer.material in receiver.fees_dkk_per_t:
                yield offer.site, receiver.site, offer.material


def _price_arcs(
    scenario: Scenario, graph: RoadGraph, vehicle: Vehicle, model: EnergyModel
) -> _ArcPrices:
    """Give each arc its energy, hours, toll and ferry kilometres, and what it weighs."""
    speeds = scenario.catalogue.speeds
    mean = np.array([speeds[name].mean_km_h.value for name in ROAD_CLASSES])[graph.road_class]
    signed = graph.network.maxspeed_km_h[graph.edge]
    speed = np.where(np.isfinite(signed) & (signed > 0), np.fmin(mean, signed), mean)
    tolled = np.array([speeds[name].tolled for name in ROAD_CLASSES])[graph.road_class]
    at_sea = graph.road_class == ROAD_CLASSES.index("ferry")
    empty, full = model(vehicle, speed)
    length = graph.length_km
    quantities = {
        "km": length,
        "hours": length / speed,
        "energy_empty": np.where(at_sea, 0.0, empty * length),
        "energy_full": np.where(at_sea, 0.0, full * length),
        "toll_km": np.where(tolled, length, 0.0),
        "ferry_km": np.where(at_sea, length, 0.0),
    }
    return _ArcPrices(
        quantities,
        weight_empty=_weigh_arcs(scenario, vehicle, quantities, "energy_empty"),
        weight_full=_weigh_arcs(scenario, vehicle, quantities, "energy_full"),
    )


def _weigh_arcs(
    scenario: Scenario, vehicle: Vehicle, quantities: dict[str, Floats], energy: str
) -> Floats:
    """Weigh arcs by the scenario's routing measure."""
    ferry = scenario.catalogue.ferry
    if scenario.said.network.route_by == "time":
        return quantities["hours"]
    if scenario.said.network.route_by == "cost":
        return np.asarray(
            quantities["hours"] * vehicle.hire_dkk_per_h.value
            + quantities["toll_km"] * vehicle.toll_dkk_per_km.value
            + quantities["ferry_km"] * ferry.fare_dkk_per_km.value
        )
    fuel = scenario.catalogue.fuels[vehicle.fuel]
    periods = list(scenario.periods.values())
    middle = periods[len(periods) // 2].middle_year
    return np.asarray(
        quantities[energy] * fuel.kg_co2e_wtw_per_unit.in_year(middle)
        + quantities["ferry_km"] * ferry.kg_co2e_wtw_per_km.value
    )


def _price_trips(
    scenario: Scenario,
    graph: RoadGraph,
    vehicle: Vehicle,
    pairs: pd.DataFrame,
    model: EnergyModel,
) -> tuple[pd.DataFrame, RouteTable]:
    """Add up each trip of a vehicle, loaded one way and empty back."""
    prices = _price_arcs(scenario, graph, vehicle, model)
    origins, destinations = pairs["origin"].tolist(), pairs["destination"].tolist()
    loaded = find_routes(graph, prices.weight_full, sorted(set(origins)))
    empty = find_routes(graph, prices.weight_empty, sorted(set(destinations)))
    out, out_exists = loaded.sums(origins, destinations, prices.quantities)
    back, back_exists = empty.sums(destinations, origins, prices.quantities)
    _refuse_lost_pairs(pairs[~(out_exists & back_exists)])
    load_t = _load_t(scenario, vehicle, pairs["material"])
    share = load_t / vehicle.payload_t.value
    standing = vehicle.idle_per_h.value * scenario.said.idle_min_per_load / 60
    trips = pairs.assign(
        length_km=out["km"],
        return_km=back["km"],
        ferry_km=out["ferry_km"] + back["ferry_km"],
        toll_km=out["toll_km"] + back["toll_km"],
        drive_h=out["hours"] + back["hours"],
        load_t=load_t,
        energy=(1 - share) * out["energy_empty"]
        + share * out["energy_full"]
        + back["energy_empty"]
        + standing,
        energy_unit=scenario.catalogue.fuels[vehicle.fuel].unit,
    )
    return trips, loaded


def _load_t(scenario: Scenario, vehicle: Vehicle, materials: pd.Series) -> Floats:
    loads = {
        material: vehicle.load_t(scenario.catalogue.materials[material].density_loose.value)
        for material in materials.unique()
    }
    return materials.map(loads).to_numpy(dtype=np.float64)


def _refuse_lost_pairs(lost: pd.DataFrame) -> None:
    if lost.empty:
        return
    raise NoRouteError(
        *(
            say(
                "no road leads from {origin} to {destination} and back",
                origin=f"`{origin}`",
                destination=f"`{destination}`",
            )
            for origin, destination in sorted(
                set(zip(lost["origin"], lost["destination"], strict=True))
            )
        )
    )


def _price_tonnes(scenario: Scenario, vehicle_id: str, trips: pd.DataFrame) -> pd.DataFrame:
    """Turn trips into prices for each tonne, in each period."""
    vehicle = scenario.catalogue.vehicles[vehicle_id]
    fuel = scenario.catalogue.fuels[vehicle.fuel]
    ferry = scenario.catalogue.ferry
    hours = trips["drive_h"] + vehicle.loading_min.value / 60
    haul_dkk = (
        hours * vehicle.hire_dkk_per_h.value
        + trips["toll_km"] * vehicle.toll_dkk_per_km.value
        + trips["ferry_km"] * ferry.fare_dkk_per_km.value
    )
    per_tonne = trips.assign(
        vehicle=vehicle_id,
        haul_dkk_per_t=haul_dkk / trips["load_t"],
        vehicle_km_per_t=(trips["length_km"] + trips["return_km"] - trips["ferry_km"])
        / trips["load_t"],
    )
    return pd.concat(
        [
            per_tonne.assign(
                period=period.id,
                kg_co2e_wtw_per_t=(
                    trips["energy"] * fuel.kg_co2e_wtw_per_unit.in_year(period.middle_year)
                    + trips["ferry_km"] * ferry.kg_co2e_wtw_per_km.value
                )
                / trips["load_t"],
                kg_co2e_ttw_per_t=(
                    trips["energy"] * fuel.kg_co2e_ttw_per_unit.in_year(period.middle_year)
                    + trips["ferry_km"] * ferry.kg_co2e_ttw_per_km.value
                )
                / trips["load_t"],
            )
            for period in scenario.periods.values()
        ],
        ignore_index=True,
    )
