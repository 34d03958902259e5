"""Price every transport that could make sense: km, hours, kg CO2e and DKK for each tonne."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from raastof_geo.cache import fingerprint, keep, read_arrays, write_arrays
from raastof_geo.emissions.vehicle import EnergyModel, Vehicle
from raastof_geo.legs.legs import LEG_KEYS, Legs
from raastof_geo.legs.lost import tell_lost
from raastof_geo.legs.roads import PASSED, TOLLED, Active, ArcPrices, RoadPrices
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.routing.drive import SCOPES, Load, emit_kg_co2e, pay_on_the_way
from raastof_geo.roads.routing.router import place_stops
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.parties import list_deals
from raastof_geo.scenario.scenario import Scenario

_ENDS = ["origin", "destination"]
_BACK = {"origin": "destination", "destination": "origin"}
_FOR_PRICES = ["work_h", "ferry_km", "link_dkk", "toll_km"]
"""What empty trips are priced with, and are not told."""


def price_legs(
    scenario: Scenario, network: RoadNetwork, anchors: Anchors, *, model: EnergyModel | None = None
) -> Legs:
    r"""Price every leg that the scenario's materials and the roads allow.

    Edge energy comes first, the route second. Each arc has an energy :math:`e` empty and :math:`g`
    at full payload; the loaded trip takes the route of least weight at full payload over roads that
    the loaded truck may use, the empty return its own. A leg whose load :math:`l` is a share
    :math:`f = l / \text{payload}` uses :math:`\sum (1-f)\,e + f\,g` along the first and
    :math:`\sum e` along the second, and for each tonne that much divided by :math:`l`.

    `model` gives the energy of a vehicle at a speed, empty and full [unit of the fuel per km]; by
    default the one that the scenario names. The legs are those that a truck can drive there and
    back; `lost` tells of the others, and why.
    """
    return _price_on(RoadPrices(scenario, network, place_stops(anchors), model))


def price_again(legs: Legs, scenario: Scenario) -> Legs | None:
    """Price a scenario with the same sites on the roads of other legs; none: they have none."""
    return None if legs.roads is None else _price_on(replace(legs.roads, scenario=scenario))


@dataclass(frozen=True, eq=False)
class _Haulage:
    """One truck in a run of periods whose roads are alike: what is priced at a time."""

    roads: RoadPrices
    vehicle_id: str
    active: Active
    periods: Sequence[str]

    @property
    def scenario(self) -> Scenario:
        return self.roads.scenario

    @property
    def vehicle(self) -> Vehicle:
        return self.scenario.catalogue.vehicles[self.vehicle_id]

    @cached_property
    def prices(self) -> ArcPrices:
        return self.roads.price(self.vehicle_id, self.active)

    @property
    def tolled(self) -> list[str]:
        return [f"{TOLLED}{name}" for name in self.roads.tolled]

    def repeat(
        self, trips: pd.DataFrame, per: str = "", share: pd.Series | float = 1
    ) -> pd.DataFrame:
        """Repeat trips in each period, with a share of what they emit, by scope, and pay then."""
        frames, ferry_km = [], trips.ferry_km
        for period in self.periods:
            year = self.scenario.periods[period].middle_year  # fuels and tolls change over years
            toll_km = trips[f"{TOLLED}{self.roads.toll_of(period)}"]
            toll_dkk = pay_on_the_way(
                self.scenario.catalogue, self.vehicle, toll_km, trips.link_dkk, ferry_km, year
            )
            haul_dkk = trips.work_h * self.vehicle.hire_dkk_per_h.value + toll_dkk
            told = trips.assign(period=period, toll_km=toll_km)
            told[f"haul_dkk{per}"] = haul_dkk / share
            told[f"toll_dkk{per}"] = toll_dkk / share
            co2_dkk_per_km = self.scenario.catalogue.toll_co2_dkk_per_km(self.vehicle, year)
            told[f"toll_co2_dkk{per}"] = toll_km * co2_dkk_per_km / share
            for scope in SCOPES:
                kg_co2e = emit_kg_co2e(
                    self.scenario.catalogue, self.vehicle, trips.energy, ferry_km, year, scope
                )
                told[f"kg_co2e_{scope}{per}"] = kg_co2e / share
            frames.append(told.drop(columns=self.tolled))
        return pd.concat(frames, ignore_index=True)


def _price_on(roads: RoadPrices) -> Legs:
    scenario = roads.scenario
    pairs = compatible_pairs(scenario)
    frames, lost, empty = [], [], []
    for vehicle_id, (active, periods) in product(scenario.said.vehicles, roads.spells.items()):
        legal = [one for one in periods if scenario.may_drive(vehicle_id, one)]
        if not legal:
            continue
        haulage = _Haulage(roads, vehicle_id, active, legal)
        trips = _price_trips(haulage, pairs)
        there = trips.length_km.notna() & trips.return_km.notna()
        frames.append(_price_tonnes(haulage, trips[there]))
        unlinked = trips.loc[~there, _ENDS].drop_duplicates()
        lost.append(tell_lost(roads, vehicle_id, unlinked, legal))
        if scenario.said.return_loads or scenario.said.baseline.return_loads:
            empty.append(_price_empty_trips(haulage, pairs))
    frame = pd.concat(frames, ignore_index=True).sort_values(list(LEG_KEYS), ignore_index=True)
    empty_trips = pd.concat(empty, ignore_index=True) if empty else None
    return Legs(frame, roads, pd.concat(lost, ignore_index=True), empty_trips)


def compatible_pairs(scenario: Scenario) -> pd.DataFrame:
    """List who may send which material to whom, sorted: `origin`, `destination`, `material`."""
    pairs = {(giver.site, taker.site, giver.material) for giver, taker in list_deals(scenario)}
    return pd.DataFrame(sorted(pairs), columns=[*_ENDS, "material"])


def _price_trips(haulage: _Haulage, pairs: pd.DataFrame) -> pd.DataFrame:
    """Add up each trip of a vehicle, loaded one way and empty back; NaN where there is none.

    Energy is linear between the empty and the full truck, so a load that is a share of the
    payload (light materials fill the body before they weigh enough) takes that share of the
    difference, along the route of the full truck. Idling at either end burns besides.
    """
    scenario, vehicle = haulage.scenario, haulage.vehicle
    out = _add_up_routes(haulage, "full", pairs)
    back = _add_up_routes(haulage, "empty", pairs.rename(columns=_BACK))
    materials = scenario.catalogue.materials
    loads = {  # what a load of each material weighs: the body full, or the payload [t]
        material: vehicle.load_t(materials[material].density_loose.value)
        for material in pairs.material.unique()
    }
    load_t = pairs.material.map(loads).to_numpy(dtype=np.float64)
    share = load_t / vehicle.payload_t.value
    standing = vehicle.idle_per_h.value * scenario.said.idle_min_per_load / 60
    loaded = (1 - share) * out.energy_empty + share * out.energy_full
    trips = pairs.assign(
        length_km=out.km,
        return_km=back.km,
        ferry_km=out.ferry_km + back.ferry_km,
        link_dkk=out.link_dkk + back.link_dkk,
        drive_h=out.hours + back.hours,
        load_t=load_t,
        energy=loaded + back.energy_empty + standing,
        energy_unit=scenario.catalogue.fuels[vehicle.fuel].unit,
    )
    trips[haulage.tolled] = out[haulage.tolled] + back[haulage.tolled]
    for number in range(len(haulage.roads.limited)):
        trips[f"passages_{number}"] = out[f"{PASSED}{number}"] + back[f"{PASSED}{number}"]
    return trips


def _price_empty_trips(haulage: _Haulage, pairs: pd.DataFrame) -> pd.DataFrame:
    between = pd.DataFrame(
        product(sorted(pairs.destination.unique()), sorted(pairs.origin.unique())), columns=_ENDS
    )
    sums = _add_up_routes(haulage, "empty", between)
    trips = between.assign(
        vehicle=haulage.vehicle_id,
        length_km=sums.km - sums.ferry_km,
        drive_h=sums.hours,
        work_h=sums.hours,
        energy=sums.energy_empty,
        ferry_km=sums.ferry_km,
        link_dkk=sums.link_dkk,
    )
    trips[haulage.tolled] = sums[haulage.tolled]
    for number in range(len(haulage.roads.limited)):
        trips[f"passages_{number}"] = sums[f"{PASSED}{number}"]
    told = haulage.repeat(trips[np.isfinite(sums.km)])
    return told.drop(columns=_FOR_PRICES).rename(columns={"haul_dkk": "dkk"})


def _add_up_routes(haulage: _Haulage, load: Load, between: pd.DataFrame) -> pd.DataFrame:
    """Give the figures along the best route of each pair, from the cache where they are known.

    They hang on roads, truck and places, and on nothing else: tonnes may change, and so may which
    pairs are asked for twice, since each is found once. A trip passes a limited road or
    municipality where any of its kilometres lies there, however many stretches they are: what
    counts kilometres among the `quantities` is 1.0 or 0.0 here. `between`: `origin` and
    `destination`, one row for each trip, as in what is given, NaN where there is no route.
    """
    roads, prices = haulage.roads, haulage.prices
    ends = between[_ENDS]
    unique = ends.drop_duplicates()
    starts = [roads.stops[site] for site in unique.origin]
    goals = [roads.stops[site] for site in unique.destination]
    where = np.array(
        [(one.edge, one.share, two.edge, two.share) for one, two in zip(starts, goals, strict=True)]
    )

    def make() -> dict[str, NDArray[np.generic]]:
        weighted = roads.weigh(haulage.vehicle_id, load, haulage.active)
        return dict(weighted.routes(starts, goals).sums(prices.quantities))

    named = [part for item in prices.quantities.items() for part in item]
    local = prices.local[load]
    turns = f"{haulage.vehicle.turns_in_dead_end} {roads.turns_of(haulage.vehicle_id)}"
    ways = roads.network.digest, turns, prices.weight[load], "all" if local is None else local
    key = fingerprint((*ways, where, *named))
    found = keep("distances", key, make=make, write=write_arrays, read=read_arrays)
    table = pd.DataFrame(found, index=pd.MultiIndex.from_frame(unique))
    for name, more in roads.on_access_ways(haulage.vehicle_id, starts, goals).items():
        table[name] += more
    passed = [f"{PASSED}{number}" for number in range(len(roads.limited))]
    table[passed] = (table[passed] > 0).astype(np.float64)
    return table.loc[pd.MultiIndex.from_frame(ends)].set_index(between.index)


def _price_tonnes(haulage: _Haulage, trips: pd.DataFrame) -> pd.DataFrame:
    driven_km = trips.length_km + trips.return_km - trips.ferry_km
    per_tonne = trips.assign(
        vehicle=haulage.vehicle_id,
        work_h=trips.drive_h + haulage.vehicle.loading_min.value / 60,
        vehicle_km_per_t=driven_km / trips.load_t,
    )
    return haulage.repeat(per_tonne, "_per_t", trips.load_t)
