"""Who pays whom, before and after, and transfers that leave nobody worse off."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.arrays import Mask
from raastof_geo.assignment.alone import NO_TERMS
from raastof_geo.assignment.rules import RULES, lay_columns
from raastof_geo.assignment.solving.solve import solve
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import Rule
from raastof_geo.assignment.statement.shares import project_sites, touches
from raastof_geo.effect.books import COMMON, Books, keep_books
from raastof_geo.errors import InputError
from raastof_geo.figures.vocabulary import COST, SOLD, Indicator, parts_of
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.parties import list_givers, list_takers
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Scenario

SHAPLEY_MOST = 10
"""Projects for which Shapley values are found: a solve for each set of them."""
_SHAPLEY_UNASKED = 6
_PATIENCE_S = 60.0
"""How long to look for the plan of each set of projects. [s]"""


@dataclass(frozen=True, eq=False)
class Transfers:
    """What each project pays (below 0) or gets, so that the saving is divided by a rule."""

    saved_dkk: Mapping[str, float]
    """What each project saves by the plan, before transfers. [DKK]"""
    rules: Mapping[str, Mapping[str, float]]
    """By rule: what each project ends up having saved. `same_share` of its cost before, by which
    nobody is worse off, wherever such a rule exists: where all together save; then `equal`,
    `by_tonnes` and `shapley`. [DKK]"""

    @property
    def support_dkk(self) -> float:
        """What has to come from outside so that nobody is worse off. [DKK]"""
        return max(0.0, -sum(self.saved_dkk.values()))

    def paid(self, rule: str) -> dict[str, float]:
        """Give what each project gets, or pays where it is below 0; they add up to 0. [DKK]"""
        goal = self.rules[rule]
        return {project: goal[project] - saved for project, saved in self.saved_dkk.items()}

    def leaves_nobody_worse_off(self, rule: str) -> bool:
        """Tell whether everybody ends up with no less than alone."""
        return min(self.rules[rule].values(), default=0.0) >= -0.005


def net_cost(table: pd.DataFrame) -> pd.Series:
    """Give what each row of a table of books pays less what it sells. [DKK]"""
    return table[COST] - table[SOLD]


def tabulate_payments(books: Books) -> pd.DataFrame:
    """Give what every party pays (above 0) and gets (below 0), by part; parts add up to 0. [DKK]

    One row per party: `party`, `sort` (`project` for what projects pay, `seller` for what they get
    of each other, `place` for businesses, or a trade), and a column for each part of the cost. What
    is common to all is paid by the project `COMMON`.
    """
    parts = parts_of(COST)
    paid = books.by("project")[list(parts)]
    table: dict[tuple[str, str], dict[str, float]] = {
        ("project", str(project)): {str(part): float(row[part]) for part in parts}
        for project, row in paid.iterrows()
    }
    lines, scenario = books.lines, books.scenario
    own = project_sites(scenario)
    heaps = [depot for depot in scenario.depots if depot.own]
    piles = {name for one in heaps for name in (one.id, *map(one.out, one.materials))}
    for part in parts:
        who = _find_payees(part, lines, own, piles, scenario)
        sums: dict[Any, float] = lines[part].groupby(who).sum().to_dict()
        for party, dkk in sums.items():
            if dkk:
                table.setdefault(party, dict.fromkeys(parts, 0.0))[part] -= dkk
    rows = [{"sort": sort, "party": party, **row} for (sort, party), row in table.items()]
    return pd.DataFrame(rows, columns=["sort", "party", *parts])


def _find_payees(
    part: Indicator, lines: pd.DataFrame, own: Set[str], piles: Set[str], scenario: Scenario
) -> list[pd.Series]:
    """Find who gets a part of the cost on each line: sorts, and parties.

    At a project's own stockpile somebody has to load, whom the project pays: a contractor.
    """
    if part.payee not in ("giver", "holder", "place"):
        return [pd.Series(one, lines.index, object) for one in (part.payee, COMMON)]
    at_origin = (lines["giver_kind"] == Role.DEPOT) | (part.payee == "giver")
    site = lines["origin"].where(at_origin, lines["destination"])
    sold = site.isin(own) & (part.payee != "place")
    party = site.map({one: scenario.project(one) for one in own}).where(sold, site)
    heaped = lines[["giver", "taker", "what"]].isin(piles).any(axis=1) & (part.payee == "holder")
    sort = pd.Series("place", lines.index, object).mask(sold, "seller")
    return [sort.mask(heaped, "contractors"), party.mask(heaped, COMMON)]


def divide_savings(
    scenario: Scenario, legs: Legs, plan: Books, baseline: Books, *, rules: Sequence[Rule] = RULES
) -> Transfers:
    """Divide what the projects save together: by cost, equally, by tonnes, by Shapley value.

    `rules` are those of the plan. Where the time is too short to find the plan of a set of
    projects, there is no Shapley value; asked for more than `SHAPLEY_MOST`, it is an `InputError`.
    """
    after, before = plan.by("project"), baseline.by("project")
    projects = sorted({*after.index, *before.index} - {COMMON})
    alone, together = (
        dict(zip(projects, net_cost(table).reindex(projects, fill_value=0.0).tolist(), strict=True))
        for table in (before, after)
    )
    saved = {project: alone[project] - together[project] for project in projects}
    total = sum(saved.values())
    tonnes = {project: plan.tonnes_by_project.get(project, 0.0) for project in projects}
    moved = sum(tonnes.values())
    gross = before[COST].reindex(projects, fill_value=0.0)
    shares: dict[str, dict[str, float]] = {}
    if projects and total >= 0:
        part = gross / gross.sum() if gross.sum() > 0 else gross + 1 / len(projects)
        shares["same_share"] = {project: total * float(part[project]) for project in projects}
    if projects:
        shares["equal"] = dict.fromkeys(projects, total / len(projects))
    if moved > 0:
        shares["by_tonnes"] = {project: total * tonnes[project] / moved for project in projects}
    asked, count = scenario.said.effect.shapley, len(projects)
    if asked and count > SHAPLEY_MOST:
        raise InputError.saying_text("the solver", "shapley", most=SHAPLEY_MOST, count=count)
    if count > 1 and (count <= _SHAPLEY_UNASKED if asked is None else asked):
        worth = _worth(scenario, legs, rules, alone, total)
        with suppress(_OutOfTimeError):
            shares["shapley"] = shapley_values(projects, worth)
    return Transfers(saved, shares)


def shapley_values(
    players: Sequence[str], worth: Callable[[frozenset[str]], float]
) -> dict[str, float]:
    """Give each player the mean of what it adds to sets that it may join (L. S. Shapley, 1953)."""
    count = len(players)
    sets = (itertools.combinations(players, size) for size in range(count + 1))
    known = {one: worth(one) for one in map(frozenset, itertools.chain(*sets))}
    values = dict.fromkeys(players, 0.0)
    for members, value in known.items():
        for player in (one for one in players if one in members):
            weight = 1 / (count * math.comb(count - 1, len(members) - 1))
            values[player] += weight * (value - known[members - {player}])
    return values


class _OutOfTimeError(Exception):
    """The clock ended a search: what a set of projects saves is not known."""


def _worth(
    scenario: Scenario, legs: Legs, rules: Sequence[Rule], alone: Mapping[str, float], total: float
) -> Callable[[frozenset[str]], float]:
    """Give what a set of projects saves if only they coordinate, by the scenario's objectives.

    Targets, agreements and either-or decisions are those of everybody together, and hold only
    there; a set that finds no plan by itself saves nothing. The columns are laid out once, for
    everybody; a set closes those of the others, and the rules speak of its own amounts only.
    """
    everybody = frozenset(scenario.project(site) for site in project_sites(scenario))
    columns = lay_columns(_among(scenario, everybody), legs, rules)
    nothing = np.zeros(columns.column_count)

    def worth(members: frozenset[str]) -> float:
        if len(members) < 2:
            return 0.0
        if len(members) == len(alone):
            return total
        problem = columns.with_scenario(_among(scenario, members))
        closed = close_absent(problem)
        solution = solve(problem, rules=rules, closed=closed, decided=nothing, clock=_PATIENCE_S)
        if not solution.complete:
            raise _OutOfTimeError
        if not solution.feasible:
            return 0.0
        books = keep_books(*solution.used())
        paid = books.total(COST) - books.total(SOLD)
        return sum(alone[project] for project in sorted(members)) - paid

    return worth


def close_absent(problem: Problem) -> Mask:
    """Tell which columns are of somebody, or of trips for one, whom the scenario does not know."""
    scenario = problem.scenario
    closed = np.zeros(problem.column_count, bool)
    gone = {(one.kind, one.place) for one in problem.givers}
    gone |= {(one.kind, one.place) for one in problem.takers}
    gone -= {(one.kind, one.place) for one in list_givers(scenario)}
    gone -= {(one.kind, one.place) for one in list_takers(scenario)}
    closed[problem.block(ColumnKind.MOVES)] = touches(problem, gone)
    for role, place in gone:
        if role == Role.DEPOT:
            closed[problem.find(ColumnKind.STORES, depot=place)] = True
    if problem.sizes[ColumnKind.TRIPS]:
        trips = problem.others[ColumnKind.TRIPS]
        left = np.flatnonzero(~closed[problem.block(ColumnKind.MOVES)])
        loaded, tipped = (set(problem.labels(key, left)) for key in ("origin", "destination"))
        used = trips["origin"].isin(list(tipped)) & trips["destination"].isin(list(loaded))
        closed[problem.block(ColumnKind.TRIPS)] = ~used
    return closed


def _among(scenario: Scenario, members: frozenset[str]) -> Scenario:
    """Take what other projects offer and need out of a scenario, and what all agree on."""
    outside = {site for site in project_sites(scenario) if scenario.project(site) not in members}
    nothing = {"offers": (), "needs": (), "stockpile": None}
    emptied = {site: scenario.sites[site].model_copy(update=nothing) for site in outside}
    return scenario.saying(sites={**scenario.sites, **emptied}, **NO_TERMS)
