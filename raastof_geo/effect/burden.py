"""How many trucks pass each road, each way: loaded and empty."""

from collections import defaultdict
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.period import Period
from raastof_geo.scenario.scenario import Scenario


def measure_burden(
    scenario: Scenario, legs: Legs, flows: pd.DataFrame, empty_trips: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Count the trucks on every edge of the network in every period; tables as in `Plan`.

    One row per edge, direction and period that trucks pass: `edge` (number in the network),
    `ahead` (whether along its line), `period`, `loaded_trips` and `empty_trips`. A baseline has no
    empty trips of its own.
    """
    roads = legs.roads
    if roads is None or not len(flows):
        return pd.DataFrame(columns=_COLUMNS)
    sides = 2 * roads.network.edge_count
    passing = defaultdict[tuple[str, str], Floats](lambda: np.zeros(sides))
    every = list_trips(scenario, flows, empty_trips)
    group: Any
    for group, trips in every.groupby(_TRIP[:3], sort=False):
        vehicle, period, load = group
        ends = ([roads.stops[site] for site in trips[end]] for end in ("origin", "destination"))
        routes = roads.weigh(vehicle, load, roads.spell_of(period)).routes(*ends)
        graph = routes.graph
        # Twice the number of an edge, and one more against its line.
        arcs = 2 * graph.edge.astype(np.intp) + ~graph.ahead
        for rank, count in enumerate(trips["trips"].tolist()):
            passing[period, load][np.unique(arcs[routes.arcs(rank)])] += count
    tables = []
    for name in scenario.periods:
        loaded, empty = passing[name, "full"], passing[name, "empty"]
        used = np.flatnonzero(loaded + empty > 0)
        cells = (used // 2, used % 2 == 0, name, loaded[used], empty[used])
        tables.append(pd.DataFrame(dict(zip(_COLUMNS, cells, strict=True))))
    return pd.concat(tables, ignore_index=True)


def list_trips(
    scenario: Scenario, flows: pd.DataFrame, empty_trips: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Count the trips from site to site, `full` ones and `empty` ones; tables as in `Plan`.

    One row per `vehicle`, `period`, `load`, `origin` and `destination`, with `trips`, in the order
    of the flows. Every truck drives back empty but those that return loads of a plan keep busy.
    """
    pooled = scenario.said.return_loads.share if scenario.said.return_loads else 0.0
    full = flows[flows["work_h"] > 0]
    full = full.assign(load="full", trips=full["tonnes"] / full["load_t"])
    back = full.rename(columns={"origin": "destination", "destination": "origin"})
    alone = 1.0 if empty_trips is None else 1.0 - pooled
    back = back.assign(load="empty", trips=full["trips"] * alone)
    parts = [pd.concat([full, back]).sort_index(kind="stable")]
    if empty_trips is not None:
        parts.append(empty_trips.assign(load="empty"))
    every = pd.concat([part[[*_TRIP, "trips"]] for part in parts if len(part)] or parts)
    return every.groupby(_TRIP, sort=False)["trips"].sum().reset_index()


_TRIP = ["vehicle", "period", "load", "origin", "destination"]
_COLUMNS = ["edge", "ahead", "period", "loaded_trips", "empty_trips"]


@cache  # of few periods, for every road
def count_weekdays(period: Period) -> int:
    """Count the days from Monday to Friday, from the first day to the last. [d]"""
    return max(1, int(np.busday_count(period.start, period.end + np.timedelta64(1, "D").item())))
