"""The priced legs: km, hours, kg CO2e and DKK of every transport that could make sense."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from itertools import product
from operator import itemgetter
from typing import Any, TypeAlias
import numpy as np
import pandas as pd
from raastof_geo.arrays import Floats, Indices, Mask, group_by, sort_up
from raastof_geo.cache import fingerprint, keep, read_arrays, write_arrays
from raastof_geo.emissions.vehicle import EnergyModel, name_model
from raastof_geo.errors import RoadDataError
from raastof_geo.language import Fact, Message, Shown, format_number, say, say_text
from raastof_geo.legs.roads import PASSED, TOLLED, Active, Haulage, RoadPrices
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.routing.drive import BOTH_LOADS, SCOPES, Load, emit_kg_co2e, pay_on_the_way
from raastof_geo.roads.routing.graph import RoadStop
from raastof_geo.roads.routing.islands import explain_islands, group_sites
from raastof_geo.roads.routing.router import WeightedRoads
from raastof_geo.roads.snap import Anchors, place_stops
from raastof_geo.scenario.parties import find_partners, list_givers, list_takers
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.spread import spread

LEG_KEYS = ("origin", "destination", "material", "vehicle", "period")
TRIP_KEYS = ("origin", "destination", "vehicle", "period")
Sums: TypeAlias = dict[str, Any]
"""Figures along routes, by name, and `where` they begin and end: edge and share, twice. [routes]"""
_MOST_PAIRS = 250_000
"""So many routes of a truck are remembered, and all that a scenario asks for."""
_MOST_ALONE = 20_000
"""So many routes are found here sooner than others have unpacked the roads."""
_LOST = ("origin", "destination", "vehicle", "period", "reason")


@dataclass(frozen=True, eq=False, repr=False)
class Legs(Shown):
    """The priced legs, and the roads that each vehicle takes."""

    frame: pd.DataFrame
    """One row per leg, keyed by `origin`, `destination`, `material`, `vehicle`, `period`.
    Per trip: `length_km` (loaded), `return_km` (empty), `ferry_km`, `toll_km`, `link_dkk` (fares
    of fixed links), `drive_h` (both ways) and `work_h` (with loading and tipping), `load_t`,
    `energy` [unit of the fuel], `energy_unit`. Per tonne: `kg_co2e_wtw_per_t`,
    `kg_co2e_ttw_per_t`, `vehicle_km_per_t`, `haul_dkk_per_t` (of which tolls and fares are
    `toll_dkk_per_t`, and of these a price of CO2 `toll_co2_dkk_per_t`). With limits on passages
    `passages_0` …: trips that pass, for each load [0-2]."""
    roads: RoadPrices | None = None
    """What the legs were priced on; none for legs that were made up."""
    lost: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=_LOST))
    """Legs that no road allows: `origin`, `destination`, `vehicle`, `period` and `reason`."""
    empty_trips: pd.DataFrame | None = None
    """With coordinated trucks, every empty trip from where something is tipped to where something
    is loaded: `origin`, `destination`, `vehicle`, `period`, and for each trip `length_km` (without
    ferries), `drive_h`, `energy`, `kg_co2e_wtw`, `kg_co2e_ttw`, `dkk`, `toll_dkk`, `passages_0`."""
    _drawn: dict[tuple[str, str, str, str | None], Floats] = field(default_factory=dict, init=False)

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give how many legs there are, and how long they are."""
        frame = self.frame
        longest = format_number(frame.length_km.max() if len(frame) else 0.0, digits=1)
        return "", (
            Fact(say("Legs"), format_number(len(frame))),
            Fact(say("Legs that no road allows"), format_number(len(self.lost))),
            Fact(say("Longest leg [km]"), longest),
            Fact(say("Trucks"), ", ".join(map(str, frame.vehicle.unique()))),
            Fact(say("Periods"), ", ".join(map(str, frame.period.unique()))),
        )

    @property
    def energy_model(self) -> str:
        """The name of the energy model that the legs were priced with, `""` without roads."""
        return "" if self.roads is None else name_model(self.roads.energy_model)

    def draw(self, trips: Iterable[tuple[str, str, str, str | None]]) -> list[Floats]:
        """Draw loaded routes, in no period the first one's with one. Returns lon and lat of each.

        `trips`: by `TRIP_KEYS`. Side by side is sooner than one by one.
        """
        spell = cache(lambda period: None if period is None else self.spell(period))
        keys: list[Any] = [(*ends, spell(period)) for *ends, period in trips]
        new = [one for one in dict.fromkeys(keys) if one not in self._drawn]
        for (vehicle, spell), some in group_by(new, itemgetter(2, 3)).items():
            if self.roads is not None:
                routes = self.roads.find([key[:2] for key in some], vehicle, spell)
                self._drawn.update((key, routes.draw(rank)) for rank, key in enumerate(some))
        return [self._drawn.get(key, np.empty((0, 2))) for key in keys]

    @cached_property
    def keys(self) -> pd.DataFrame:
        """The keys of all legs as categories, to be numbered for one programme after the other."""
        return self.frame[list(LEG_KEYS)].astype("category")

    def spell(self, period: str) -> str:
        """Find the first period with roads as in this one. Returns `""` if legs were made up."""
        return "" if self.roads is None else self.roads.spells[self.roads.spell_of(period)][0]


def explain_lost(legs: Legs, *, most: int = 10) -> list[Message]:
    """Say which legs no road allows, and why; those beyond `most` are counted.

    Pairs on different islands are told by their islands, once. Islands first, then pairs of sites
    in the order of their ids, each with its trucks and periods.
    """
    lost, told = legs.lost, []
    if legs.roads is not None and len(lost):
        edges = {site: stop.edge for site, stop in legs.roads.stops.items()}
        network, ferries = legs.roads.network, legs.roads.scenario.said.network.ferries
        told = explain_islands(network, edges, ferries=ferries)
        island = group_sites(network, edges, ferries=ferries)
        lost = lost[lost.origin.map(island) == lost.destination.map(island)]
    no_leg = say("no leg from {origin} to {destination} for {vehicles} in {periods}: {reason}")
    pairs = []
    for (origin, destination, reason), rows in lost.groupby(["origin", "destination", "reason"]):
        trucks, when = (", ".join(rows[key].unique()) for key in ("vehicle", "period"))
        ends = {"origin": f"`{origin}`", "destination": f"`{destination}`"}
        pairs.append(no_leg.format(**ends, vehicles=trucks, periods=when, reason=reason))
    rest = len(pairs) - most
    more = [say("and {count} more such pairs of sites", count=rest)] if rest > 0 else []
    return [*told, *pairs[:most], *more]


_ENDS = ["origin", "destination"]
_BACK = {"origin": "destination", "destination": "origin"}
_FOR_PRICES = ["work_h", "ferry_km", "link_dkk", "toll_km"]
"""What empty trips are priced with, and are not told."""


def price_legs(
    scenario: Scenario,
    network: RoadNetwork,
    anchors: Anchors,
    *,
    model: EnergyModel | None = None,
    executor: Executor | None = None,
) -> Legs:
    r"""Price every leg that the scenario's materials and the roads allow.

    Edge energy comes first, the route second. Each arc has an energy :math:`e` empty and :math:`g`
    at full payload; the loaded trip takes the route of least weight at full payload over roads that
    the loaded truck may use, the empty return its own. A leg whose load :math:`l` is a share
    :math:`f = l / \text{payload}` uses :math:`\sum (1-f)\,e + f\,g` along the first and
    :math:`\sum e` along the second, and for each tonne that much divided by :math:`l`.

    `model` gives the energy of a vehicle at a speed, empty and full [unit of the fuel per km]; by
    default the one that the scenario names. Many routes are found side by side by the processes of
    an `executor`. Returns the legs that a truck can drive there and back; their `lost` tells of the
    others, and why.
    """
    roads = RoadPrices(scenario, network, place_stops(anchors), model)
    pairs = compatible_pairs(scenario)
    if isinstance(executor, ProcessPoolExecutor):  # whose processes share the cache
        ways = [*product(scenario.said.vehicles, roads.spells, BOTH_LOADS)]
        if len(pairs) * len(ways) > _MOST_ALONE:
            list(spread(executor, _find_ahead, (roads, pairs), ways))
    return _price_on(roads, pairs)


def _find_ahead(shared: tuple[RoadPrices, pd.DataFrame], way: tuple[str, Active, Load]) -> None:
    """Find the routes of a truck, full or on its way back, and keep them for who prices legs."""
    (roads, pairs), (vehicle, active, load) = shared, way
    ends = pairs.rename(columns=_BACK) if load == "empty" else pairs
    _add_up_routes(Haulage(roads, vehicle, active), load, ends)


def price_again(legs: Legs, scenario: Scenario) -> Legs | None:
    """Price a scenario with the same sites. Returns legs on these roads; none: no roads."""
    pairs, roads = compatible_pairs(scenario), legs.roads
    return None if roads is None else _price_on(replace(roads, scenario=scenario), pairs)


def price_one_more(legs: Legs, scenario: Scenario, site: str, stop: RoadStop) -> Legs:
    """Price one site more. Returns legs with those of it, or raises `RoadDataError` if made up."""
    if legs.roads is None:
        raise RoadDataError(say("legs that were made up cannot be priced again"))
    stops = {**legs.roads.stops, site: stop}
    pairs = compatible_pairs(scenario)
    own = pairs[(pairs[_ENDS] == site).any(axis=1)].reset_index(drop=True)
    return _join(legs, _price_on(replace(legs.roads, scenario=scenario, stops=stops), own))


def price_more(legs: Legs, scenario: Scenario) -> Legs | None:
    """Price pairs that may deal now, at prices as before. Returns all legs; none: no roads."""
    if legs.roads is None or legs.empty_trips is not None:
        return price_again(legs, scenario)  # trucks may go empty between old and new ones
    pairs, keys = compatible_pairs(scenario), [*_ENDS, "material"]
    known = pd.MultiIndex.from_frame(legs.frame[keys].drop_duplicates())
    new = pairs[~pd.MultiIndex.from_frame(pairs).isin(known)].reset_index(drop=True)
    more = _price_on(replace(legs.roads, scenario=scenario), new) if len(new) else None
    return _join(legs, more) if more else legs


def _join(legs: Legs, more: Legs) -> Legs:
    frame = pd.concat([legs.frame, more.frame], ignore_index=True)
    empty = [one.empty_trips for one in (legs, more) if one.empty_trips is not None]
    return Legs(
        frame.sort_values(list(LEG_KEYS), ignore_index=True),
        more.roads,
        pd.concat([legs.lost, more.lost], ignore_index=True).drop_duplicates(),
        pd.concat(empty, ignore_index=True).drop_duplicates([*TRIP_KEYS]) if empty else None,
    )


def _price_on(roads: RoadPrices, pairs: pd.DataFrame) -> Legs:
    scenario = roads.scenario
    frames, lost, empty = [], [], []
    for vehicle_id, (active, periods) in product(scenario.said.vehicles, roads.spells.items()):
        if not (legal := [one for one in periods if scenario.may_drive(vehicle_id, one)]):
            continue
        haulage = Haulage(roads, vehicle_id, active)
        trips = _price_trips(haulage, pairs)
        there = trips.length_km.notna() & trips.return_km.notna()
        frames.append(_repeat(haulage, legal, trips[there], "_per_t"))
        lost.append(_tell_lost(haulage, legal, trips.loc[~there, _ENDS].drop_duplicates()))
        if scenario.said.return_loads or scenario.said.baseline.return_loads:
            empty.append(_repeat(haulage, legal, _price_empty_trips(haulage, pairs)))
    join: Callable[..., pd.DataFrame] = partial(pd.concat, ignore_index=True)
    frame = join(frames).sort_values(list(LEG_KEYS), ignore_index=True)
    told = [one.drop(columns=_FOR_PRICES).rename(columns={"haul_dkk": "dkk"}) for one in empty]
    return Legs(frame, roads, join(lost), join(told) if told else None)


def _tell_lost(haulage: Haulage, periods: Sequence[str], pairs: pd.DataFrame) -> pd.DataFrame:
    """Say of each pair that a truck cannot drive whether anything could, as in `Legs.lost`."""
    found, vehicle, roads = np.zeros(0, np.str_), haulage.vehicle_id, haulage.roads
    if len(pairs):
        router = roads.free_router
        length, at_sea = router.graph.length_km, roads.network.ferry[router.graph.edge]
        ways = router.weigh(np.where(at_sea, np.inf, length)), router.weigh(length)
        land, sea = (_find_there_and_back(roads, pairs, one, one) for one in ways)
        ferry = "closed" if roads.scenario.said.network.ferries else "ferry"
        found = np.where(land, "closed", np.where(sea, ferry, "none"))
        if not haulage.vehicle.turns_in_dead_end:
            weigh = partial(roads.weigh, vehicle, active=haulage.active, turning=True)
            turning = _find_there_and_back(roads, pairs, *map(weigh, BOTH_LOADS))
            found = np.where(turning, "turning", found)
    reasons = [str(say_text("lost legs", str(key))) for key in found]
    told = [pairs.assign(vehicle=vehicle, period=one, reason=reasons) for one in periods]
    return pd.concat(told, ignore_index=True)


def _find_there_and_back(
    roads: RoadPrices, pairs: pd.DataFrame, out: WeightedRoads, back: WeightedRoads
) -> Mask:
    starts, goals = roads.find_stops(pairs)
    return out.routes(starts, goals).exists & back.routes(goals, starts).exists


def compatible_pairs(scenario: Scenario) -> pd.DataFrame:
    """List who may send what to whom. Returns `origin`, `destination` and `material`, sorted."""
    found = find_partners(list_givers(scenario), list_takers(scenario))
    deals = {(giver.site, giver.material, them) for giver, them in found}
    pairs = {(origin, one, material) for origin, material, them in deals for one in them.sites}
    return pd.DataFrame(sorted(pairs), columns=[*_ENDS, "material"])


def _price_trips(haulage: Haulage, pairs: pd.DataFrame) -> pd.DataFrame:
    """Add up each trip of a vehicle, loaded one way and empty back; NaN where there is none.

    Energy is linear between the empty and the full truck, so a load that is a share of the
    payload (light materials fill the body before they weigh enough) takes that share of the
    difference, along the route of the full truck. Idling at either end burns besides.
    """
    scenario, vehicle = haulage.roads.scenario, haulage.vehicle
    out = _add_up_routes(haulage, "full", pairs)
    back = _add_up_routes(haulage, "empty", pairs.rename(columns=_BACK))
    known = scenario.catalogue.materials.items()
    loads = {name: vehicle.load_t(one.density_loose.value) for name, one in known}
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
    summed = out.filter(regex=f"^({TOLLED}|{PASSED})").columns
    trips[summed] = out[summed] + back[summed]
    trips["vehicle"] = haulage.vehicle_id
    trips["work_h"] = trips.drive_h + vehicle.loading_min.value / 60
    trips["vehicle_km_per_t"] = (out.km + back.km - trips.ferry_km) / load_t
    return trips


def _price_empty_trips(haulage: Haulage, pairs: pd.DataFrame) -> pd.DataFrame:
    ends = (sorted(some.unique()) for some in (pairs.destination, pairs.origin))
    between = pd.DataFrame(product(*ends), columns=_ENDS)
    sums = _add_up_routes(haulage, "empty", between)
    trips = between.assign(
        vehicle=haulage.vehicle_id,
        length_km=sums.km - sums.ferry_km,
        drive_h=sums.hours,
        work_h=sums.hours,
        energy=sums.energy_empty,
        **sums.drop(columns=["km", "hours", "energy_empty", "energy_full"]),
    )
    return trips[sums.km.notna()]


def _add_up_routes(haulage: Haulage, load: Load, between: pd.DataFrame) -> pd.DataFrame:
    """Give the figures along the best route of each pair, from the cache where they are known.

    They hang on roads, truck and places, and on nothing else: tonnes may change, and one more site
    asks for the routes from and to itself only. A trip passes a limited road or municipality where
    any of its kilometres lies there, however many stretches they are: what counts kilometres among
    the `quantities` is 1.0 or 0.0 here. `between`: `origin` and `destination`, one row for each
    trip, as in what is given, NaN where there is no route.
    """
    roads, prices = haulage.roads, haulage.prices
    ends = between[_ENDS]
    unique = ends.drop_duplicates()
    starts, goals = roads.find_stops(unique)
    ways = zip(starts, goals, strict=True)
    places = [(one.edge, one.share, two.edge, two.share) for one, two in ways]
    where = np.array(places, np.float64).reshape(-1, 4)
    wanted = pd.MultiIndex.from_arrays([*where.T])

    def find_in(known: Sums) -> Indices:
        return pd.MultiIndex.from_arrays([*known["where"].T]).get_indexer(wanted)

    def extend(known: Sums) -> Sums:
        at = find_in(known)
        lacking = np.flatnonzero((at < 0) & ~wanted.duplicated())
        weighted = roads.weigh(haulage.vehicle_id, load, haulage.active)
        out, back = ([some[one] for one in lacking.tolist()] for some in (starts, goals))
        found = {**weighted.sums(out, back, prices.quantities), "where": where[lacking]}
        # What is asked for stands before what was asked for earlier, of which the oldest goes.
        used = np.isin(np.arange(len(known["where"])), at)
        order, most = sort_up(~used), max(_MOST_PAIRS, len(wanted))
        old = {name: column[order] for name, column in known.items()}
        return {
            name: np.concatenate([one, old.get(name, one[:0])])[:most]
            for name, one in found.items()
        }

    def complete(known: Sums) -> Callable[[], Sums] | None:
        return partial(extend, known) if (find_in(known) < 0).any() else None

    named = [part for item in prices.quantities.items() for part in item]
    turns = f"{haulage.vehicle.turns_in_dead_end} {haulage.turns}"
    truck = roads.network.digest, turns, prices.weight[load], prices.local[load]
    key, none = fingerprint(("pairs", *truck, *named)), {"where": where[:0]}
    found = keep(
        "distances",
        key,
        make=partial(extend, none),
        write=write_arrays,
        read=read_arrays,
        more=complete,
    )
    at, index = find_in(found), pd.MultiIndex.from_frame(unique)
    table = pd.DataFrame({name: found[name][at] for name in prices.quantities}, index=index)
    for name, more in haulage.on_access_ways(starts, goals).items():
        table[name] += more
    passed = table.filter(like=PASSED).columns
    table[passed] = (table[passed] > 0).astype(np.float64)
    return table.loc[pd.MultiIndex.from_frame(ends)].set_index(between.index)


def _repeat(haulage: Haulage, when: list[str], trips: pd.DataFrame, per: str = "") -> pd.DataFrame:
    """Repeat trips in each period, with what they (or `_per_t`) emit, by scope, and pay then."""
    roads, vehicle, frames = haulage.roads, haulage.vehicle, []
    share = trips.load_t if per else 1
    known, ferry_km = (roads.scenario.catalogue, vehicle), trips.ferry_km
    for period in when:
        year = roads.scenario.periods[period].middle_year  # fuels and tolls change over years
        toll_km = trips[f"{TOLLED}{roads.toll_of(period)}"]
        toll_dkk = pay_on_the_way(*known, toll_km, trips.link_dkk, ferry_km, year)
        haul_dkk = trips.work_h * vehicle.hire_dkk_per_h.value + toll_dkk
        told = trips.assign(period=period, toll_km=toll_km)
        told[f"haul_dkk{per}"] = haul_dkk / share
        told[f"toll_dkk{per}"] = toll_dkk / share
        told[f"toll_co2_dkk{per}"] = toll_km * known[0].toll_co2_dkk_per_km(vehicle, year) / share
        for scope in SCOPES:
            kg_co2e = emit_kg_co2e(*known, trips.energy, ferry_km, year, scope)
            told[f"kg_co2e_{scope}{per}"] = kg_co2e / share
        frames.append(told.drop(columns=told.filter(like=TOLLED).columns))
    return pd.concat(frames, ignore_index=True)
