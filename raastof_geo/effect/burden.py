"""How many trucks pass each road: loaded, empty, and for each weekday."""

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats, Indices
from raastof_geo.legs.legs import Legs
from raastof_geo.legs.roads import RoadPrices
from raastof_geo.scenario.period import Period
from raastof_geo.scenario.scenario import Scenario


def measure_burden(
    scenario: Scenario, legs: Legs, flows: pd.DataFrame, empty_trips: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Count the trucks on every edge of the network in every period; tables as in `Plan`.

    One row per edge and period that trucks pass, both directions together: `edge` (number in the
    network), `period`, `loaded_trips` and `empty_trips`, `per_weekday` (both, for each day from
    Monday to Friday; holidays are not left out). A baseline has no empty trips of its own.
    """
    roads = legs.roads
    if roads is None or not len(flows):
        return pd.DataFrame(columns=_COLUMNS)
    wanted: dict[tuple[str, str, str], dict[tuple[str, str], float]] = defaultdict(
        lambda: defaultdict(float)
    )
    pooled = scenario.said.return_loads.share if scenario.said.return_loads else 0.0
    back = 1.0 if empty_trips is None else 1.0 - pooled
    one: Any
    for one in flows[flows["work_h"] > 0].itertuples():
        count = one.tonnes / one.load_t
        wanted[one.vehicle, one.period, "full"][one.origin, one.destination] += count
        wanted[one.vehicle, one.period, "empty"][one.destination, one.origin] += count * back
    if empty_trips is not None:
        for one in empty_trips.itertuples():
            wanted[one.vehicle, one.period, "empty"][one.origin, one.destination] += one.trips
    passing = defaultdict[tuple[str, str], Floats](lambda: np.zeros(roads.network.edge_count))
    for (vehicle, period, load), pairs in wanted.items():
        edges, counts = _drive(roads, vehicle, period, load, pairs)
        np.add.at(passing[period, "loaded" if load == "full" else "empty"], edges, counts)
    return _tabulate(scenario, passing)


def _drive(
    roads: RoadPrices, vehicle: str, period: str, load: str, pairs: dict[tuple[str, str], float]
) -> tuple[Indices, Floats]:
    """Give every edge on every route, with the trips on it."""
    routes = roads.weigh(vehicle, load, roads.spell_of(period)).routes(
        [roads.stops[origin] for origin, _ in pairs], [roads.stops[goal] for _, goal in pairs]
    )
    parts = [np.unique(routes.graph.edge[routes.arcs(rank)]) for rank in range(len(pairs))]
    counts = [np.full(len(part), count) for part, count in zip(parts, pairs.values(), strict=True)]
    return np.concatenate(parts).astype(np.intp), np.concatenate(counts)


_COLUMNS = ["edge", "period", "loaded_trips", "empty_trips", "per_weekday"]


def _tabulate(scenario: Scenario, passing: defaultdict[tuple[str, str], Floats]) -> pd.DataFrame:
    tables = []
    for name, period in scenario.periods.items():
        loaded, empty = passing[name, "loaded"], passing[name, "empty"]
        both = loaded + empty
        edges = np.flatnonzero(both > 0)
        per_day = both[edges] / count_weekdays(period)
        cells = (edges, name, loaded[edges], empty[edges], per_day)
        tables.append(pd.DataFrame(dict(zip(_COLUMNS, cells, strict=True))))
    return pd.concat(tables, ignore_index=True)


def count_weekdays(period: Period) -> int:
    """Count the days from Monday to Friday, from the first day to the last. [d]"""
    return max(1, int(np.busday_count(period.start, period.end + np.timedelta64(1, "D").item())))
