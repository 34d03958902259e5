"""How many trucks pass each road, each way; and where much passes, junctions to build at."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple
import numpy as np
import pandas as pd
from raastof_geo.arrays import Floats, Indices, sort_up
from raastof_geo.assignment.plan import Plan
from raastof_geo.errors import InputError
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.identity import suggest
from raastof_geo.scenario.period import Period
from raastof_geo.scenario.said.file import PLACES, Variant
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import write_plain


def measure_burden(
    scenario: Scenario, legs: Legs, flows: pd.DataFrame, empty_trips: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Count the trucks on every edge of the network in every period; tables as in `Plan`.

    Returns one row per edge, direction and period that trucks pass, with the fields of `Passed`. A
    baseline has no empty trips of its own.
    """
    if (roads := legs.roads) is None or not len(flows):
        return pd.DataFrame(columns=Passed._fields)
    sides = 2 * roads.network.edge_count
    passing = defaultdict[tuple[str, str], Floats](lambda: np.zeros(sides))
    every = list_trips(scenario, flows, empty_trips)
    every["spell"] = every.period.map({one: legs.spell(one) for one in scenario.periods})
    driven = dict[Any, Indices]()
    group: Any
    for group, trips in every.groupby(["vehicle", "load", "spell"], sort=False):
        vehicle, load, spell = group
        pairs = trips[_TRIP[3:]].drop_duplicates()
        routes = roads.weigh(vehicle, load, roads.spell_of(spell)).routes(*roads.find_stops(pairs))
        graph = routes.graph
        # Twice the number of an edge, and one more against its line.
        arcs = 2 * graph.edge.astype(np.intp) + ~graph.ahead
        for rank, pair in enumerate(pairs.itertuples(index=False, name=None)):
            driven[*group, *pair] = np.unique(arcs[routes.arcs(rank)])
    for group, trips in every.groupby([*_TRIP[:3], "spell"], sort=False):
        vehicle, period, load, spell = group
        for *ends, count in trips[[*_TRIP[3:], "trips"]].itertuples(index=False, name=None):
            passing[period, load][driven[vehicle, load, spell, *ends]] += count
    tables = []
    for name in scenario.periods:
        loaded, empty = passing[name, "full"], passing[name, "empty"]
        used = np.flatnonzero(loaded + empty > 0)
        cells = (used // 2, used % 2 == 0, name, loaded[used], empty[used])
        tables.append(pd.DataFrame(dict(zip(Passed._fields, cells, strict=True))))
    return pd.concat(tables, ignore_index=True)


def list_trips(
    scenario: Scenario, flows: pd.DataFrame, empty_trips: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Count the trips from site to site, `full` ones and `empty` ones; tables as in `Plan`.

    Returns a row per `vehicle`, `period`, `load`, `origin` and `destination`, with `trips`, in the
    order of flows. Every truck drives back empty but those that return loads of a plan keep busy.
    """
    pooled = scenario.said.return_loads.share if scenario.said.return_loads else 0.0
    full = flows[flows.work_h > 0]
    full = full.assign(load="full", trips=full.tonnes / full.load_t)
    back = full.rename(columns={"origin": "destination", "destination": "origin"})
    alone = 1.0 if empty_trips is None else 1.0 - pooled
    back = back.assign(load="empty", trips=full.trips * alone)
    both = pd.concat([full, back])
    parts = [both.iloc[sort_up(both.index)]]
    if empty_trips is not None:
        parts.append(empty_trips.assign(load="empty"))
    every = pd.concat([part[[*_TRIP, "trips"]] for part in parts if len(part)] or parts)
    return every.groupby(_TRIP, sort=False).trips.sum().reset_index()


_TRIP = ["vehicle", "period", "load", "origin", "destination"]


class Passed(NamedTuple):
    """The trucks that pass an edge in one direction in a period, as rows of a table have it."""

    edge: int
    """Its number in the network."""
    ahead: bool
    """Whether along its line."""
    period: str
    loaded_trips: float
    empty_trips: float


@cache  # of few periods, for every road
def count_weekdays(period: Period) -> int:
    """Count the days from Monday to Friday, the last day too. Returns at least 1. [d]"""
    return max(1, int(np.busday_count(period.start, period.end + np.timedelta64(1, "D").item())))


_APART_M = 2000.0
"""So far at least proposed junctions lie from each other. [m]"""
_ARMS = 3
"""A junction has so many roads, or more."""


class Junction(NamedTuple):
    """A place where roads meet, and the trucks of a plan that pass it, loaded and empty."""

    id: str
    lon: float
    lat: float
    trips: float


def find_junctions(plan: Plan, like: str, count: int) -> list[Junction]:
    """Find the junctions that most trucks pass, each some way from those before it.

    Returns at most so many, none where no roads are known; ids are `like-1` and so on.
    """
    if (roads := plan.problem.legs.roads) is None:
        return []
    network = roads.network
    table = measure_burden(plan.scenario, plan.problem.legs, plan.flows, plan.empty_trips)
    edge, lon, lat = table.edge.to_numpy(np.intp), network.node_lon, network.node_lat
    reached = np.where(table.ahead.astype(bool), network.head[edge], network.tail[edge])
    trips = np.bincount(reached, table.loaded_trips + table.empty_trips, len(lon))
    arms = np.bincount(np.r_[network.tail, network.head], minlength=len(lon))
    places, found = network.project(lon, lat), dict[int, Junction]()
    for node in sort_up(-np.where(arms >= _ARMS, trips, 0.0)).tolist():
        if len(found) == count or arms[node] < _ARMS or not trips[node]:
            break
        if np.hypot(*(places[[*found]] - places[node]).T).min(initial=np.inf) >= _APART_M:
            at = round(float(lon[node]), 6), round(float(lat[node]), 6)
            found[node] = Junction(f"{like}-{len(found) + 1}", *at, float(trips[node]))
    return [*found.values()]


def find_like(scenario: Scenario, like: str) -> dict[str, Any]:
    """Give what a candidate like a site has, opened as said or for nothing; `InputError`: none."""
    roles, sites = [one.removesuffix("s") for one in PLACES], scenario.values.get("sites", {})
    if like not in sites:
        hint = suggest(like, list(sites))
        raise InputError.saying_text("fronts", "no site", given=f"`{like}`", hint=hint)
    said = sites[like]
    if not (places := {role: {"opens": {}, **said[role]} for role in roles if said.get(role)}):
        raise InputError.saying_text("fronts", "no place", given=f"`{like}`")
    return {key: said[key] for key in ("land", "truck_limits") if key in said} | places


def propose_candidates(scenario: Scenario, like: str, junctions: Sequence[Junction]) -> Variant:
    """Say as a variant that the best of junctions may have what a site has; `InputError`: none."""
    if not junctions:
        raise InputError.saying_text("fronts", "no junction")
    own, limits = find_like(scenario, like), write_plain(scenario.said.choices.openings)
    limits.append({"of": [one.id for one in junctions], "at_most": 1})
    places = ({"name": one.id, "lon": one.lon, "lat": one.lat, **own} for one in junctions)
    told = {f"sites.{one['name']}": one for one in places}
    return Variant(set={**told, "choices.openings": limits})
