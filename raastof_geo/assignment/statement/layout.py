"""Lay the columns of a programme out, and say what a unit of each adds to each measure."""

import itertools
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, reduce
from operator import attrgetter
from typing import Any
import numpy as np
import pandas as pd
from raastof_geo.arrays import Floats, Mask
from raastof_geo.assignment.statement.problem import ColumnKind, Moves, Problem
from raastof_geo.assignment.statement.shares import find_hauliers, list_goals
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import Indicator
from raastof_geo.language import DATA_FOLDER
from raastof_geo.legs.legs import LEG_KEYS, Legs
from raastof_geo.scenario.parties import Giver, Taker, find_partners, list_givers, list_takers
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Scenario


def build_problem(scenario: Scenario, legs: Legs, *, every_vehicle: bool = True) -> Problem:
    """Lay out the columns: moves by giver, taker, truck and period, then those of `others`.

    Without `every_vehicle` only the truck that serves the objectives best has columns, which loses
    nothing where every rule is blind to trucks (`rules.trucks_matter`).
    """
    givers, takers = list_givers(scenario), list_takers(scenario)
    moves = _list_moves(scenario, givers, takers, _LegTable(scenario, legs, keep_all=every_vehicle))
    bare = Problem(scenario, legs, givers, takers, moves, MEASURES)
    lots = scenario.said.choices.smallest_lot is not None
    goals = [*map(attrgetter("label"), list_goals(scenario))]
    links = pd.DataFrame()  # pairs of sites that count as partners where their number is limited
    if sites := list(limited_partners(scenario)):
        links = _list_apart(bare, ColumnKind.LINKS)
        links = links[links["origin"].isin(sites) | links["destination"].isin(sites)]
    runs = [
        (plant.site, process.recipe, period, process.dkk_per_t, process.kg_co2e_per_t)
        for plant in sorted(scenario.plants, key=lambda plant: plant.site)
        for process in sorted(plant.processes, key=lambda process: process.recipe)
        for period in scenario.periods
    ]
    stores, stored = [], scenario.months_stored.items()
    for depot in sorted(scenario.depots, key=lambda depot: depot.id):
        for material, (period, months) in itertools.product(sorted(depot.materials), stored):
            dkk = depot.storing_dkk_per_t + depot.storing_dkk_per_t_month * months
            stores.append((depot.id, depot.site, material, period, dkk, 0.0))
    opened = [
        (place.role, place.site, place.opens.cost_dkk, place.opens.kg_co2e)
        for place in sorted(scenario.facilities, key=lambda one: (one.role, one.site))
        if place.opens is not None
    ]

    def lay(kind: ColumnKind, rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=[*kind.keys, "dkk", "kg_co2e"])

    others: dict[str, pd.DataFrame] = {
        ColumnKind.PROCESSES: lay(ColumnKind.PROCESSES, runs),
        ColumnKind.STORES: lay(ColumnKind.STORES, stores),
        ColumnKind.TRIPS: _list_trips(bare),
        ColumnKind.SHORTFALLS: pd.DataFrame({"goal": goals}),
        ColumnKind.OPENINGS: lay(ColumnKind.OPENINGS, opened),
        ColumnKind.LINKS: links.reset_index(drop=True),
        ColumnKind.LOTS: _list_apart(bare, ColumnKind.LOTS) if lots else pd.DataFrame(),
    }
    return replace(bare, others=others)


def serve_best(problem: Problem) -> Mask:
    """Tell which columns `build_problem` would lay out of these without `every_vehicle`."""
    rows = _LegTable(problem.scenario, problem.legs, keep_all=False).rows
    mask = np.ones(problem.column_count, bool)
    mask[: len(problem.moves)] = np.isin(problem.moves.leg, rows)
    return mask


class _LegTable:
    """Rows of the legs by numbers of origin, destination, material, vehicle and period."""

    def __init__(self, scenario: Scenario, legs: Legs, *, keep_all: bool) -> None:
        frame = legs.keys
        vehicles = sorted(scenario.said.vehicles)
        given = (sorted(frame[key].cat.categories) for key in LEG_KEYS[:3])
        axes = [pd.Index(axis, dtype=object) for axis in (*given, vehicles, [*scenario.periods])]
        self.origins, self.destinations, self.materials, *_ = axes
        keyed = zip(LEG_KEYS, axes, strict=True)
        at = np.array([frame[key].cat.set_categories(axis).cat.codes for key, axis in keyed], int)
        usable = (at >= 0).all(axis=0)
        sites = scenario.sites
        for site_of, there in zip(at[:2], axes[:2], strict=True):
            # Legs of sites that the scenario does not have are nobody's.
            pairs = itertools.product(there, vehicles)
            room = [site not in sites or scenario.admits(site, truck) for site, truck in pairs]
            usable &= np.array(room, bool).reshape(-1, len(vehicles))[site_of, at[3]]
        rows, shape = np.flatnonzero(usable), [max(1, len(axis)) for axis in axes]
        self.rows = np.full(shape, -1, dtype=np.int32)
        self.rows[tuple(at[:, rows])] = rows
        if not keep_all and len(vehicles) > 1:
            self._keep_best(scenario, legs)

    def _keep_best(self, scenario: Scenario, legs: Legs) -> None:
        """Keep of each pair, material and period the truck that serves the objectives best."""
        # What a tonne on every leg adds to each objective, with nobody at both its ends.
        count = len(legs.frame)
        none, first = np.zeros(count, np.int32), np.zeros(count, np.int16)
        moves = Moves(none, none, np.arange(count, dtype=np.int32), first, first)
        ends = (Giver(Role.OFFER, "", "", "", "", ()),), (Taker(Role.NEED, "", "", ""),)
        bare = Problem(scenario.saying(return_loads=None), legs, *ends, moves, MEASURES)
        costs, best = bare.objectives(), self.rows[:, :, :, 0].copy()
        for other in np.moveaxis(self.rows, 3, 0)[1:]:
            # Of equally good ones the first stays, as trucks are in the order of their ids.
            at = np.flatnonzero((other.ravel() >= 0) & (best.ravel() >= 0))
            held, new = best.ravel()[at], other.ravel()[at]
            better, level = np.zeros(len(at), bool), np.ones(len(at), bool)
            for cost in costs:
                better |= level & (cost[new] < cost[held])
                level &= cost[new] == cost[held]
            best = np.where(best < 0, other, best)
            best.ravel()[at[better]] = new[better]
        self.rows[self.rows != best[:, :, :, None]] = -1


def _list_moves(
    scenario: Scenario, givers: Sequence[Giver], takers: Sequence[Taker], table: _LegTable
) -> Moves:
    """Find every leg from a giver to a taker in a period that both of them have."""
    periods = list(scenario.periods)
    material = table.materials.get_indexer([one.material for one in givers])
    origin = table.origins.get_indexer([one.site for one in givers])
    destination = table.destinations.get_indexer([one.site for one in takers])
    gives = np.array([[one in giver.periods for one in periods] for giver in givers], bool)
    gives = gives.reshape(len(givers), len(periods))
    takes = np.zeros((len(takers), len(table.materials), len(periods)), bool)
    for at, taker in enumerate(takers):
        for number in np.flatnonzero(table.materials.isin(taker.accepts)).tolist():
            given = taker.accepts[table.materials[number]].periods
            takes[at, number] = [one in given for one in periods]
    may = np.zeros((len(givers), len(takers)), bool)
    for deals, (_, partners) in zip(may, find_partners(givers, takers), strict=True):
        deals[partners.numbers] = True
    there = ((origin >= 0) & (material >= 0))[:, None] & (destination >= 0)
    one, other = np.nonzero(may & there)
    rows = table.rows[origin[one], destination[other], material[one]]
    used = (rows >= 0) & (gives[one] & takes[other, material[one]])[:, None, :]
    pair, vehicle, period = np.nonzero(used)
    trucks, times = vehicle.astype(np.int16), period.astype(np.int16)
    gives_at, takes_at = (end[pair].astype(np.int32) for end in (one, other))
    return Moves(gives_at, takes_at, rows[used], trucks, times)


def _list_trips(problem: Problem) -> pd.DataFrame:
    """Keep each haulier's empty trips from where it may tip something to where it may load."""
    if (trips := problem.legs.empty_trips) is None or not problem.pooled_share:
        return pd.DataFrame()
    haulier, names = find_hauliers(problem)
    frames = []
    for at in range(len(names)):
        mine = (problem.labels(end)[haulier == at] for end in ("destination", "origin"))
        tips, loads = map(pd.unique, mine)  # a label each: a search among many is slow
        may = trips["origin"].isin(tips) & trips["destination"].isin(loads)
        frames.append(trips[may].assign(haulier=at))
    return pd.concat(frames).sort_values([*ColumnKind.TRIPS.keys, "haulier"], ignore_index=True)


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
        given = general if site.offers or site.needs else None
        if (most := given if site.partners_at_most is None else site.partners_at_most) is not None:
            limits[site_id] = most
    return limits


def _add(problem: Problem, *, terms: Sequence[Sequence[Any]]) -> Floats:
    """Add terms one by one, as a large programme has no room for all of them at once."""
    return reduce(np.add, (LOOKS[look](problem, *said) for look, *said in terms))


def _moved(look: Callable[[Problem, str], Floats], problem: Problem, name: str) -> Floats:
    """Take what a tonne on each move has, and nothing of other columns."""
    return problem.join(moves=look(problem, name))


def _asked(problem: Problem, taker: str) -> Floats:
    """Take what a kind of taker asks for a tonne."""
    asked = problem.terms("dkk_per_t") - problem.of_givers("dkk_per_t")
    return problem.join(moves=asked * problem.taken_by(taker))


def _cost_with_co2(problem: Problem) -> Floats:
    """Price all CO2e, but not twice what fuel and toll hold of a price of CO2 already."""
    dkk_per_kg, taxed_dkk_per_kg = problem.scenario.co2_dkk_per_kg
    added = dkk_per_kg * problem.measure(vocabulary.CO2E)
    taxed = taxed_dkk_per_kg * problem.measure(vocabulary.TRANSPORT_TTW)
    return problem.measure(vocabulary.COST) - problem.measure(vocabulary.TOLL_CO2) + added - taxed


LOOKS: dict[str, Callable[..., Floats]] = {
    "ends": partial(_moved, Problem.terms),  # what a tonne means to its giver and to its taker
    "giver": partial(_moved, Problem.of_givers),
    "leg": partial(_moved, Problem.leg),
    "if used": lambda problem, name: problem.join(  # unless it goes to final reception
        moves=problem.of_givers(name) * ~problem.taken_by(Role.RECEIVER)
    ),
    "asked": _asked,
    "sampling": lambda problem: problem.join(  # of soil that leaves its site
        moves=np.where(problem.inside, 0.0, problem.of_givers("sampling_dkk_per_t"))
    ),
    "driven": Problem.driven,
    "driven each trip": partial(Problem.driven, each_trip=True),
    "other": Problem.other,
    "parts": lambda problem, whole: problem.add_up(vocabulary.parts_of(whole)),
    "less": lambda problem, name: -problem.measure(name),
    "cost with co2": _cost_with_co2,
    "dug": lambda problem: problem.join(moves=problem.given_by(Role.PIT) * 1.0),
    "missed": lambda problem: problem.join(shortfalls=np.ones(problem.sizes["shortfalls"])),
}
"""Ways to look at columns, as `data/measures.toml` names them: what a unit of each has."""
_TERMS = tomllib.loads((DATA_FOLDER / "measures.toml").read_text("utf-8")).items()
MEASURES: dict[Indicator, Callable[[Problem], Floats]] = {
    vocabulary.find_indicator(name): partial(_add, terms=terms) for name, terms in _TERMS
}
"""What a plan can be measured by: for each, what a unit of every column adds to it. The functions
are partial ones, not closures, so that a problem, which carries them, can be pickled."""


def check_measures() -> None:
    """See that every indicator that columns are measured by has its function, and no other has."""
    if apart := set(vocabulary.measured()).symmetric_difference(MEASURES):
        raise LookupError(f"in one of `INDICATORS` and `MEASURES` only: {', '.join(sorted(apart))}")


check_measures()
