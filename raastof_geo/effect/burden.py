"""How many trucks pass each road, each way: loaded and empty."""

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

    One row per edge, direction and period that trucks pass: `edge` (number in the network),
    `ahead` (whether along its line), `period`, `loaded_trips` and `empty_trips`. A baseline has no
    empty trips of its own.
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
    sides = 2 * roads.network.edge_count
    passing = defaultdict[tuple[str, str], Floats](lambda: np.zeros(sides))
    for (vehicle, period, load), pairs in wanted.items():
        driven, counts = _drive(roads, vehicle, period, load, pairs)
        np.add.at(passing[period, "loaded" if load == "full" else "empty"], driven, counts)
    return _tabulate(scenario, passing)


def _drive(
    roads: RoadPrices, vehicle: str, period: str, load: str, pairs: dict[tuple[str, str], float]
) -> tuple[Indices, Floats]:
    """Give each edge on each route, twice its number and one more against its line; and trips."""
    routes = roads.weigh(vehicle, load, roads.spell_of(period)).routes(
        [roads.stops[origin] for origin, _ in pairs], [roads.stops[goal] for _, goal in pairs]
    )
    graph = routes.graph
    sides = 2 * graph.edge.astype(np.intp) + ~graph.ahead
    parts = [np.unique(sides[routes.arcs(rank)]) for rank in range(len(pairs))]
    counts = [np.full(len(part), count) for part, count in zip(parts, pairs.values(), strict=True)]
    return np.concatenate(parts), np.concatenate(counts)


_COLUMNS = ["edge", "ahead", "period", "loaded_trips", "empty_trips"]


def _tabulate(scenario: Scenario, passing: defaultdict[tuple[str, str], Floats]) -> pd.DataFrame:
    tables = []
    for name in scenario.periods:
        loaded, empty = passing[name, "loaded"], passing[name, "empty"]
        used = np.flatnonzero(loaded + empty > 0)
        cells = (used // 2, used % 2 == 0, name, loaded[used], empty[used])
        tables.append(pd.DataFrame(dict(zip(_COLUMNS, cells, strict=True))))
    return pd.concat(tables, ignore_index=True)


def count_weekdays(period: Period) -> int:
    """Count the days from Monday to Friday, from the first day to the last. [d]"""
    return max(1, int(np.busday_count(period.start, period.end + np.timedelta64(1, "D").item())))
