"""What would happen without coordination: each project alone with its best pit and receiver."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from raastof_geo.assignment.plan import measure_flows
from raastof_geo.assignment.problem import Problem, build_problem
from raastof_geo.assignment.rules import Row, needs_met, offers_kept
from raastof_geo.assignment.shortage import find_shortage
from raastof_geo.assignment.solve import solve
from raastof_geo.errors import SolverError
from raastof_geo.language import say
from raastof_geo.legs import Legs
from raastof_geo.scenario.scenario import Pit, Receiver, Scenario


@dataclass(frozen=True, eq=False)
class Baseline:
    """The flows without coordination, and what could not be placed in them."""

    flows: pd.DataFrame
    """As `Plan.flows`."""
    missing: dict[tuple[str, str], float]
    """Tonnes of needs and surplus for which a project alone finds no pit and no receiver. [t]"""


def solve_baseline(scenario: Scenario, legs: Legs) -> Baseline:
    """Let each project take its needs from pits and send its surplus to receivers.

    Nothing is shared: every project meets the pits and receivers as if it
    were alone, with their whole capacity. Offers that need not leave stay.
    Where the scenario names the pits or receivers of its baseline, only those
    are used.
    """
    problem = _alone(build_problem(scenario, legs), scenario)
    rows = [row for row in baseline_rows(problem) if np.isfinite(row.limit)]
    costs = [problem.measure(objective) for objective in scenario.said.objectives]
    missing: dict[tuple[str, str], float] = {}
    solutions = solve(costs, rows)
    if solutions is None:
        missing = find_shortage(problem, rows)
        rows = [_less(row, missing.get((row.rule, row.label), 0.0)) for row in rows]
        solutions = solve(costs, [row for row in rows if row.limit > 0])
    if solutions is None:
        raise SolverError(say("the baseline could not be solved"))
    tonnes = np.where(solutions[-1].tonnes > 1e-6, np.round(solutions[-1].tonnes, 6), 0.0)
    return Baseline(measure_flows(problem.columns.assign(tonnes=tonnes)), missing)


def _alone(problem: Problem, scenario: Scenario) -> Problem:
    """Keep the columns from pits to needs and from surplus to receivers."""
    columns = problem.columns
    named = scenario.said.baseline
    dug = (columns["giver_kind"] == "pit") & _among(columns["origin"], named.pits)
    leaving = {offer.id for offer in scenario.offers if offer.must_leave}
    left = (
        (columns["taker_kind"] == "receiver")
        & _among(columns["destination"], named.receivers)
        & columns["giver"].isin(leaving)
    )
    return Problem(scenario, columns[dug | left].reset_index(drop=True))


def _among(sites: pd.Series, named: Collection[str] | None) -> pd.Series:
    return sites.notna() if named is None else sites.isin(list(named))


def baseline_rows(problem: Problem) -> Iterator[Row]:
    """Yield the rules of a project alone: surplus leaves, needs are met, capacities hold for it."""
    leaving = {offer.id for offer in problem.scenario.offers if offer.must_leave}
    yield from (row for row in offers_kept(problem) if row.label in leaving)
    yield from needs_met(problem)
    for pit in problem.scenario.pits:
        yield from _capacity_alone(problem, ("origin", pit.site), "destination", pit)
    for receiver in problem.scenario.receivers:
        yield from _capacity_alone(problem, ("taker", receiver.site), "origin", receiver)


def _capacity_alone(
    problem: Problem, place: tuple[str, str], party_key: str, limits: Pit | Receiver
) -> Iterator[Row]:
    """Each project may use a place up to the place's whole capacity."""
    columns = problem.of(*place)
    parties = problem.values(party_key)[columns]
    periods = problem.values("period")[columns]
    for party in sorted(set(parties)):
        mine = parties == party
        for period in problem.scenario.periods if limits.per_period_t is not None else ():
            chosen = columns[mine & (periods == period)]
            yield _at_most(f"{limits.site}@{period}/{party}", chosen, limits.per_period_t)
        yield _at_most(f"{limits.site}/{party}", columns[mine], limits.total_t)


def _at_most(label: str, columns: NDArray[np.int64], limit: float | None) -> Row:
    most = np.inf if limit is None else limit
    return Row("capacity_alone", label, columns, np.ones(len(columns)), "<=", most)


def _less(row: Row, tonnes: float) -> Row:
    """Ask for what is there; a hair less, so that rounding cannot make it too much."""
    if not tonnes:
        return row
    return replace(row, limit=max(0.0, row.limit - tonnes), sense="=")
