"""Join givers, takers and legs into the columns of a programme."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats, Mask, first_of_each
from raastof_geo.assignment.statement.goal import list_goals
from raastof_geo.assignment.statement.measures import MEASURES
from raastof_geo.assignment.statement.problem import ColumnKind, Moves, Problem
from raastof_geo.assignment.statement.whose import find_hauliers
from raastof_geo.legs.legs import LEG_KEYS, Legs
from raastof_geo.scenario.parties import Giver, Taker, list_givers, list_takers, may_deal
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Scenario


def build_problem(scenario: Scenario, legs: Legs, *, every_vehicle: bool = True) -> Problem:
    """Lay out the columns: moves by giver, taker, truck and period, then those of `others`.

    Without `every_vehicle` only the truck that serves the objectives best has columns, which loses
    nothing where every rule is blind to trucks (`rules.trucks_matter`).
    """
    givers, takers = list_givers(scenario), list_takers(scenario)
    table = _LegTable(scenario, legs, keep_all=every_vehicle)
    moves = _list_moves(scenario, givers, takers, table)
    bare = Problem(scenario, legs, givers, takers, moves, MEASURES)
    lots = scenario.said.choices.smallest_lot is not None
    others: dict[str, pd.DataFrame] = {
        ColumnKind.PROCESSES: _list_processes(scenario),
        ColumnKind.STORES: _list_stores(scenario),
        ColumnKind.TRIPS: _list_trips(bare),
        ColumnKind.SHORTFALLS: pd.DataFrame({"goal": [one.label for one in list_goals(scenario)]}),
        ColumnKind.OPENINGS: _list_openings(scenario),
        ColumnKind.LINKS: _list_links(bare),
        ColumnKind.LOTS: _list_apart(bare, ColumnKind.LOTS) if lots else pd.DataFrame(),
    }
    return replace(bare, others=others)


class _LegTable:
    """Rows of the legs by numbers of origin, destination, material, vehicle and period."""

    def __init__(self, scenario: Scenario, legs: Legs, *, keep_all: bool) -> None:
        frame = legs.keys
        vehicles = sorted(scenario.said.vehicles)
        sites = (sorted(frame[key].cat.categories) for key in LEG_KEYS[:3])
        axes = [
            pd.Index(list(names), dtype=object) for names in (*sites, vehicles, scenario.periods)
        ]
        self.origins, self.destinations, self.materials, *_ = axes
        named = [(frame[key].cat, axis) for key, axis in zip(LEG_KEYS, axes, strict=True)]
        at = np.array([axis.get_indexer(key.categories)[key.codes] for key, axis in named])
        usable = (at >= 0).all(axis=0)
        for site_of, there in zip(at[:2], axes[:2], strict=True):
            # Legs of sites that the scenario does not have are nobody's.
            room = [
                site not in scenario.sites or scenario.admits(site, vehicle)
                for site, vehicle in itertools.product(there, vehicles)
            ]
            usable &= np.array(room, bool).reshape(-1, len(vehicles))[site_of, at[3]]
        rows, shape = np.flatnonzero(usable), [max(1, len(axis)) for axis in axes]
        if not keep_all and len(vehicles) > 1:
            # Of each pair, material and period the truck that serves the objectives best.
            alike = np.ravel_multi_index([*at[:3, rows], at[4, rows]], [*shape[:3], shape[4]])
            costs = (cost[rows] for cost in _haul(scenario, legs))
            rows = rows[first_of_each(alike, *costs, at[3, rows])]
        self.rows = np.full(shape, -1, dtype=np.int32)
        self.rows[tuple(at[:, rows])] = rows


def _haul(scenario: Scenario, legs: Legs) -> list[Floats]:
    """Give what a tonne on every leg adds to each objective, with nobody at both its ends."""
    giver, taker = Giver(Role.OFFER, "", "", "", "", ()), Taker(Role.NEED, "", "", "")
    count = len(legs.frame)
    none, first = np.zeros(count, np.int32), np.zeros(count, np.int16)
    moves = Moves(none, none, np.arange(count, dtype=np.int32), first, first)
    bare = scenario.saying(return_loads=None)
    return Problem(bare, legs, (giver,), (taker,), moves, MEASURES).objectives()


def _list_moves(
    scenario: Scenario, givers: Sequence[Giver], takers: Sequence[Taker], table: _LegTable
) -> Moves:
    """Find every leg from a giver to a taker in a period that both of them have."""
    periods = list(scenario.periods)
    number = {material: at for at, material in enumerate(table.materials)}
    material = np.array([number.get(one.material, -1) for one in givers], np.int64)
    origin = table.origins.get_indexer(pd.Index([one.site for one in givers], dtype=object))
    ends = pd.Index([one.site for one in takers], dtype=object)
    destination = table.destinations.get_indexer(ends)
    gives = np.zeros((len(givers), len(periods)), bool)
    for at, giver in enumerate(givers):
        gives[at] = [period in giver.periods for period in periods]
    takes = np.zeros((len(takers), len(number), len(periods)), bool)
    for at, taker in enumerate(takers):
        for name in taker.accepts.keys() & number.keys():
            takes[at, number[name]] = [one in taker.accepts[name].periods for one in periods]
    there = ((origin >= 0) & (material >= 0))[:, None] & (destination >= 0)
    one, other = np.nonzero(_dealing(givers, takers) & there)
    rows = table.rows[origin[one], destination[other], material[one]]
    used = (rows >= 0) & (gives[one] & takes[other, material[one]])[:, None, :]
    pair, vehicle, period = np.nonzero(used)
    trucks, times = vehicle.astype(np.int16), period.astype(np.int16)
    return Moves(
        one[pair].astype(np.int32), other[pair].astype(np.int32), rows[used], trucks, times
    )


def _dealing(givers: Sequence[Giver], takers: Sequence[Taker]) -> Mask:
    """Tell which givers and takers may deal, asked once for each sort of them."""
    piles = frozenset(taker.only_from for taker in takers)
    give = [(one.kind, one.material, _plant(one), piles & {one.site}) for one in givers]
    take = [(one.kind, frozenset(one.accepts), _plant(one), one.only_from) for one in takers]
    gives, takes = dict(zip(give, givers, strict=True)), dict(zip(take, takers, strict=True))
    may = [[may_deal(giver, taker) for taker in takes.values()] for giver in gives.values()]
    row, column = ({sort: at for at, sort in enumerate(sorts)} for sorts in (gives, takes))
    at = np.ix_([row[sort] for sort in give], [column[sort] for sort in take])
    return np.array(may, bool).reshape(len(gives), len(takes))[at]


def _plant(party: Giver | Taker) -> str | None:
    return party.place if party.kind == Role.PLANT else None


def _list_processes(scenario: Scenario) -> pd.DataFrame:
    rows = [
        (plant.site, process.recipe, period, process.dkk_per_t, process.kg_co2e_per_t)
        for plant in sorted(scenario.plants, key=lambda plant: plant.site)
        for process in sorted(plant.processes, key=lambda process: process.recipe)
        for period in scenario.periods
    ]
    return pd.DataFrame(rows, columns=[*ColumnKind.PROCESSES.keys, "dkk", "kg_co2e"])


def _list_stores(scenario: Scenario) -> pd.DataFrame:
    rows = [
        (
            *(depot.id, depot.site, material, period),
            depot.storing_dkk_per_t
            + depot.storing_dkk_per_t_month * scenario.months_stored[period],
            0.0,
        )
        for depot in sorted(scenario.depots, key=lambda depot: depot.id)
        for material in sorted(depot.materials)
        for period in scenario.periods
    ]
    return pd.DataFrame(rows, columns=[*ColumnKind.STORES.keys, "dkk", "kg_co2e"])


def _list_trips(problem: Problem) -> pd.DataFrame:
    """Keep each haulier's empty trips from where it may tip something to where it may load."""
    trips = problem.legs.empty_trips
    if trips is None or not problem.pooled_share:
        return pd.DataFrame()
    haulier, names = find_hauliers(problem)
    frames: list[pd.DataFrame] = []
    for at in range(len(names)):
        tips, loads = (problem.labels(end)[haulier == at] for end in ("destination", "origin"))
        may = trips["origin"].isin(tips) & trips["destination"].isin(loads)
        frames.append(trips[may].assign(haulier=at))
    keys = [*ColumnKind.TRIPS.keys, "haulier"]
    return pd.concat(frames).sort_values(keys, ignore_index=True)


def _list_openings(scenario: Scenario) -> pd.DataFrame:
    rows = [
        (place.role, place.site, place.opens.cost_dkk, place.opens.kg_co2e)
        for place in sorted(scenario.facilities, key=lambda one: (one.role, one.site))
        if place.opens is not None
    ]
    return pd.DataFrame(rows, columns=[*ColumnKind.OPENINGS.keys, "dkk", "kg_co2e"])


def _list_links(problem: Problem) -> pd.DataFrame:
    """List the pairs of sites that count as partners where the number of partners is limited."""
    sites = list(limited_partners(problem.scenario))
    if not sites:
        return pd.DataFrame()
    pairs = _list_apart(problem, ColumnKind.LINKS)
    counted = pairs["origin"].isin(sites) | pairs["destination"].isin(sites)
    return pairs[counted].reset_index(drop=True)


def _list_apart(problem: Problem, kind: ColumnKind) -> pd.DataFrame:
    """List in order what tells moves from one site to another apart by the labels of a kind."""
    keys = list(kind.keys)
    every = pd.DataFrame({key: problem.labels(key) for key in keys}).drop_duplicates()
    return every[every["origin"] != every["destination"]].sort_values(keys, ignore_index=True)


def limited_partners(scenario: Scenario) -> dict[str, int]:
    """Give the most partners of each site that has such a limit, by its id."""
    general = scenario.said.choices.partners_at_most
    limits = {}
    for site_id, site in scenario.sites.items():
        most = site.partners_at_most
        if most is None and (site.offers or site.needs):
            most = general
        if most is not None:
            limits[site_id] = most
    return limits
