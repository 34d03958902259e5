"""Propose where to build: candidates like a place that there is, at junctions where much passes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from raastof_geo.assignment.plan import Plan
from raastof_geo.effect.burden import measure_burden
from raastof_geo.errors import InputError
from raastof_geo.scenario.identity import suggest
from raastof_geo.scenario.said.file import PLACES, Variant
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import write_plain

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

    Parameters
    ----------
    like
        Gives them their ids: `like-1` and so on.

    Returns
    -------
    junctions
        At most so many; none where no roads are known. [degrees, trips over all periods]
    """
    roads = plan.problem.legs.roads
    if roads is None:
        return []
    network = roads.network
    table = measure_burden(plan.scenario, plan.problem.legs, plan.flows, plan.empty_trips)
    edge, lon, lat = table["edge"].to_numpy(np.intp), network.node_lon, network.node_lat
    reached = np.where(table["ahead"].astype(bool), network.head[edge], network.tail[edge])
    trips = np.bincount(reached, table["loaded_trips"] + table["empty_trips"], len(lon))
    arms = np.bincount(np.r_[network.tail, network.head], minlength=len(lon))
    places, found = network.project(lon, lat), dict[int, Junction]()
    for node in np.argsort(-np.where(arms >= _ARMS, trips, 0.0), kind="stable").tolist():
        if len(found) == count or arms[node] < _ARMS or not trips[node]:
            break
        if np.hypot(*(places[[*found]] - places[node]).T).min(initial=np.inf) >= _APART_M:
            at = round(float(lon[node]), 6), round(float(lat[node]), 6)
            found[node] = Junction(f"{like}-{len(found) + 1}", *at, float(trips[node]))
    return [*found.values()]


def find_like(scenario: Scenario, like: str) -> dict[str, Any]:
    """Give what a candidate has like a site, as its file says it; `InputError`: there is none.

    It may be opened at what is said there, or for nothing.
    """
    roles, sites = [one.removesuffix("s") for one in PLACES], scenario.values.get("sites", {})
    if like not in sites:
        hint = suggest(like, list(sites))
        raise InputError.saying_text("fronts", "no site", given=f"`{like}`", hint=hint)
    said = sites[like]
    places = {role: {"opens": {}, **said[role]} for role in roles if said.get(role)}
    if not places:
        raise InputError.saying_text("fronts", "no place", given=f"`{like}`")
    return {key: said[key] for key in ("land", "truck_limits") if key in said} | places


def propose_candidates(scenario: Scenario, like: str, junctions: Sequence[Junction]) -> Variant:
    """Say as a variant that the best one of some junctions may have what another site has.

    `InputError`: there is no junction.
    """
    if not junctions:
        raise InputError.saying_text("fronts", "no junction")
    own, limits = find_like(scenario, like), write_plain(scenario.said.choices.openings)
    limits.append({"of": [one.id for one in junctions], "at_most": 1})
    places = ({"name": one.id, "lon": one.lon, "lat": one.lat, **own} for one in junctions)
    told = {f"sites.{one['name']}": one for one in places}
    return Variant(set={**told, "choices.openings": limits})
