"""Join givers, takers and legs into the columns of a programme."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats, Integers, Mask, SmallIntegers
from raastof_geo.assignment.statement.measures import MEASURES
from raastof_geo.assignment.statement.problem import Moves, Problem
from raastof_geo.legs.legs import LEG_KEYS, Legs
from raastof_geo.scenario.parties import Giver, Taker, list_givers, list_takers, may_deal
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Scenario


def build_problem(scenario: Scenario, legs: Legs, *, every_vehicle: bool = True) -> Problem:
    """Lay out the columns of a scenario.

    Parameters
    ----------
    every_vehicle
        Keep a column for each truck. Otherwise only for the truck that serves the objectives
        best, which loses nothing where every rule is blind to trucks (`rules.trucks_matter`).

    Returns
    -------
    problem
        Moves by giver, taker, truck and period; then recipes, stores, empty trips and decisions.
    """
    givers, takers = list_givers(scenario), list_takers(scenario)
    table = _LegTable(scenario, legs, keep_all=every_vehicle)
    moves = _list_moves(scenario, givers, takers, table)
    bare = Problem(scenario, legs, givers, takers, moves, MEASURES)
    others = {
        "processes": _list_processes(scenario),
        "stores": _list_stores(scenario),
        "trips": _list_trips(bare),
        "openings": _list_openings(scenario),
        "links": _list_links(bare),
        "lots": _list_lots(bare),
    }
    return replace(bare, others=others)


class _LegTable:
    """Rows of the legs by numbers of origin, destination, material, vehicle and period."""

    def __init__(self, scenario: Scenario, legs: Legs, *, keep_all: bool) -> None:
        frame = legs.frame
        sorted_vehicles = tuple(sorted(scenario.said.vehicles))
        self.names: dict[str, dict[str, int]] = {
            key: {str(name): at for at, name in enumerate(_distinct(frame[key]))}
            for key in ("origin", "destination", "material")
        }
        self.names["vehicle"] = {name: at for at, name in enumerate(sorted_vehicles)}
        self.names["period"] = {name: at for at, name in enumerate(scenario.periods)}
        shape = [max(1, len(self.names[key])) for key in LEG_KEYS]
        at: Integers = np.zeros(len(frame), dtype=np.int64)
        known = np.ones(len(frame), bool)
        for key, size in zip(LEG_KEYS, shape, strict=True):
            codes = _numbers(frame[key], self.names[key])
            known &= codes >= 0
            at *= size
            at += codes
        rows = np.full(int(np.prod(shape)), -1, dtype=np.int32)
        rows[at[known]] = np.flatnonzero(known)
        self.rows = rows.reshape(shape)
        self._bar_trucks(scenario)
        if not keep_all and len(sorted_vehicles) > 1 and len(frame):
            self._keep_best(scenario, legs)

    def _bar_trucks(self, scenario: Scenario) -> None:
        """Drop legs whose truck has no room at either end."""
        for vehicle, number in self.names["vehicle"].items():
            for axis, key in enumerate(("origin", "destination")):
                closed = [
                    at
                    for site, at in self.names[key].items()
                    if site in scenario.said.sites and not scenario.admits(site, vehicle)
                ]
                if axis == 0:
                    self.rows[closed, :, :, number, :] = -1
                else:
                    self.rows[:, closed, :, number, :] = -1

    def _keep_best(self, scenario: Scenario, legs: Legs) -> None:
        """Keep for each pair, material and period the truck that serves the objectives best."""
        costs = _haul(scenario, legs)
        best = self.rows[:, :, :, 0, :].copy()
        for number in range(1, self.rows.shape[3]):
            other = self.rows[:, :, :, number, :]
            best = np.where(_serves_better(costs, other, best), other, best)
        for number in range(self.rows.shape[3]):
            mine = self.rows[:, :, :, number, :]
            mine[mine != best] = -1


def _serves_better(costs: Sequence[Floats], rows: SmallIntegers, than: SmallIntegers) -> Mask:
    """Tell where legs serve a list of objectives strictly better than others."""
    better, tied = np.zeros(rows.shape, bool), np.ones(rows.shape, bool)
    for cost in costs:
        one, two = cost[rows], cost[than]
        better |= tied & (one < two)
        tied &= one == two
    return np.asarray((rows >= 0) & ((than < 0) | better))


def _haul(scenario: Scenario, legs: Legs) -> list[Floats]:
    """Give what a tonne on every leg adds to each objective, givers and takers left out.

    The measures themselves are asked, with nobody at both ends of every leg: what they then say
    is all that can differ between trucks.
    """
    giver, taker = Giver(Role.OFFER, "", "", "", "", ()), Taker(Role.NEED, "", "", "")
    count = len(legs.frame)
    none = np.zeros(count, dtype=np.int32)
    moves = Moves(
        none, none, np.arange(count, dtype=np.int32), none.astype(np.int16), none.astype(np.int16)
    )
    bare = replace(scenario, said=scenario.said.model_copy(update={"return_loads": None}))
    return Problem(bare, legs, (giver,), (taker,), moves, MEASURES).objectives()


def _distinct(labels: pd.Series) -> list[str]:
    return sorted(str(label) for label in labels.unique())


def _numbers(labels: pd.Series, names: dict[str, int]) -> Integers:
    """Give each label its number, and -1 to those that are not among the names."""
    if isinstance(labels.dtype, pd.CategoricalDtype):
        known = [names.get(str(one), -1) for one in labels.cat.categories]
        lookup = np.array(known, dtype=np.int64)
        return np.asarray(lookup[labels.cat.codes.to_numpy()], np.int64)
    return np.asarray(labels.map(names).fillna(-1), dtype=np.int64)


def _list_moves(
    scenario: Scenario, givers: Sequence[Giver], takers: Sequence[Taker], table: _LegTable
) -> Moves:
    """Find every leg from a giver to a taker in a period that both of them have."""
    periods = {name: number for number, name in enumerate(scenario.periods)}
    parts: list[Moves] = []
    by_material = itertools.groupby(enumerate(givers), key=lambda entry: entry[1].material)
    for material, entries in by_material:
        mine = list(entries)
        theirs = [(at, taker) for at, taker in enumerate(takers) if material in taker.accepts]
        if not theirs or material not in table.names["material"]:
            continue
        parts.append(_deals(mine, theirs, material, table, periods))
    none = np.empty(0, np.int32)
    return Moves(
        giver=np.concatenate([none, *(part.giver for part in parts)]),
        taker=np.concatenate([none, *(part.taker for part in parts)]),
        leg=np.concatenate([none, *(part.leg for part in parts)]),
        vehicle=np.concatenate([none.astype(np.int16), *(part.vehicle for part in parts)]),
        period=np.concatenate([none.astype(np.int16), *(part.period for part in parts)]),
    )


def _deals(
    givers: Sequence[tuple[int, Giver]],
    takers: Sequence[tuple[int, Taker]],
    material: str,
    table: _LegTable,
    periods: dict[str, int],
) -> Moves:
    """Find the moves of one material."""
    origin = np.array([table.names["origin"].get(giver.site, -1) for _, giver in givers])
    destination = np.array([table.names["destination"].get(taker.site, -1) for _, taker in takers])
    deals = _dealing([giver for _, giver in givers], [taker for _, taker in takers])
    deals &= (origin >= 0)[:, None] & (destination >= 0)[None, :]
    gives = _open_in([giver.periods for _, giver in givers], periods)
    takes = _open_in([taker.accepts[material].periods for _, taker in takers], periods)
    one, other = np.nonzero(deals)
    rows = table.rows[origin[one], destination[other], table.names["material"][material]]
    there = (rows >= 0) & (gives[one] & takes[other])[:, None, :]
    pair, vehicle, period = np.nonzero(there)
    giver_number = np.array([at for at, _ in givers], dtype=np.int32)
    taker_number = np.array([at for at, _ in takers], dtype=np.int32)
    return Moves(
        giver=giver_number[one[pair]],
        taker=taker_number[other[pair]],
        leg=rows[pair, vehicle, period],
        vehicle=vehicle.astype(np.int16),
        period=period.astype(np.int16),
    )


class _Sort(NamedTuple):
    """What decides whether two may deal, beside the material."""

    kind: str
    only_from: str | None
    plant: str | None


def _dealing(givers: Sequence[Giver], takers: Sequence[Taker]) -> Mask:
    """Tell for each giver and taker whether they may deal; asked once for each sort of them."""

    def sort_of(party: Giver | Taker) -> _Sort:
        only_from = party.only_from if isinstance(party, Taker) else None
        return _Sort(party.kind, only_from, party.place if party.kind == "plant" else None)

    piles = {taker.only_from for taker in takers} - {None}
    giver_sorts = [
        (*sort_of(giver), giver.site if giver.site in piles else None) for giver in givers
    ]
    taker_sorts = [sort_of(taker) for taker in takers]
    one, other = _number(giver_sorts), _number(taker_sorts)
    gives = dict(zip(one, givers, strict=True))
    takes = dict(zip(other, takers, strict=True))
    answers = np.array(
        [
            [may_deal(gives[row], takes[column]) for column in sorted(takes)]
            for row in sorted(gives)
        ],
        dtype=bool,
    )
    return np.asarray(answers[np.ix_(one, other)])


def _number(keys: Sequence[object]) -> list[int]:
    known: dict[object, int] = {}
    return [known.setdefault(key, len(known)) for key in keys]


def _open_in(windows: Sequence[tuple[str, ...]], periods: dict[str, int]) -> Mask:
    mask = np.zeros((len(windows), len(periods)), bool)
    for row, window in enumerate(windows):
        mask[row, [periods[period] for period in window]] = True
    return mask


def _list_processes(scenario: Scenario) -> pd.DataFrame:
    rows = [
        (plant.site, process.recipe, period, process.dkk_per_t, process.kg_co2e_per_t)
        for plant in sorted(scenario.plants, key=lambda plant: plant.site)
        for process in sorted(plant.processes, key=lambda process: process.recipe)
        for period in scenario.periods
    ]
    return pd.DataFrame(rows, columns=["site", "recipe", "period", "dkk", "kg_co2e"])


def _list_stores(scenario: Scenario) -> pd.DataFrame:
    rows = [
        (depot.id, depot.site, material, period, depot.storing_dkk_per_t, 0.0)
        for depot in sorted(scenario.depots, key=lambda depot: depot.id)
        for material in sorted(depot.materials)
        for period in scenario.periods
    ]
    return pd.DataFrame(rows, columns=["depot", "site", "material", "period", "dkk", "kg_co2e"])


def _list_trips(problem: Problem) -> pd.DataFrame:
    """Keep the empty trips from where something may be tipped to where something may be loaded."""
    trips = problem.legs.empty_trips
    if trips is None or not problem.pooled_share:
        return pd.DataFrame()
    sites = {
        key: set(problem.labels(key, np.arange(len(problem.moves))).tolist())
        for key in ("origin", "destination")
    }
    keep = trips["origin"].isin(sites["destination"]) & trips["destination"].isin(sites["origin"])
    keys = ["origin", "destination", "vehicle", "period"]
    return trips[keep].sort_values(keys, ignore_index=True)


def _list_openings(scenario: Scenario) -> pd.DataFrame:
    rows = [
        (place.role, place.site, place.opens.cost_dkk, place.opens.kg_co2e)
        for place in sorted(scenario.facilities, key=lambda one: (one.role, one.site))
        if place.opens is not None
    ]
    return pd.DataFrame(rows, columns=["role", "site", "dkk", "kg_co2e"])


def _list_links(problem: Problem) -> pd.DataFrame:
    """List the pairs of sites that count as partners where the number of partners is limited."""
    if not limited_partners(problem.scenario):
        return pd.DataFrame()
    sites = limited_partners(problem.scenario)
    everything = np.arange(len(problem.moves))
    pairs = pd.DataFrame(
        {key: problem.labels(key, everything) for key in ("origin", "destination")}
    ).drop_duplicates()
    apart = pairs["origin"] != pairs["destination"]
    counted = pairs["origin"].isin(list(sites)) | pairs["destination"].isin(list(sites))
    return pairs[apart & counted].sort_values(["origin", "destination"], ignore_index=True)


def limited_partners(scenario: Scenario) -> dict[str, int]:
    """Give the most partners of each site that has such a limit.

    Returns
    -------
    limits
        By the id of the site.
    """
    general = scenario.said.choices.partners_at_most
    limits = {}
    for site_id, site in scenario.sites.items():
        most = site.partners_at_most
        if most is None and (site.offers or site.needs):
            most = general
        if most is not None:
            limits[site_id] = most
    return limits


def _list_lots(problem: Problem) -> pd.DataFrame:
    """List what may go from site to site of one material in a period, where lots have a least."""
    if problem.scenario.said.choices.smallest_lot is None:
        return pd.DataFrame()
    everything = np.arange(len(problem.moves))
    keys = ["origin", "destination", "material", "period"]
    lots = pd.DataFrame({key: problem.labels(key, everything) for key in keys}).drop_duplicates()
    apart = lots["origin"] != lots["destination"]
    return lots[apart].sort_values(keys, ignore_index=True)
