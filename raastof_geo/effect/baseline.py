"""What would happen without coordination: flows, amounts and books of a baseline."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats
from raastof_geo.assignment.alone import Alone, solve_alone
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.tables import tabulate_used
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.effect.totals import Totals, measure_shares, measure_totals
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.said.agreement import BaselineKind, Together
from raastof_geo.scenario.said.target import ShareDefinition
from raastof_geo.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Comparison:
    """A world without coordination that the plan is held against."""

    kind: BaselineKind
    together: Together
    """Who is one party in it."""
    totals: Totals
    shares: Mapping[ShareDefinition, float]
    """Share of all needs, in reference tonnes, that each definition counts as secondary."""
    missing: Mapping[tuple[str, str], float]
    """Tonnes of needs and surplus for which it has no place. [t]"""
    used: float | None
    """`today`: of what could be put to use of the materials that count, the share that is."""
    reached: float | None
    """`today`: how far the stated share can be reached at most, where it cannot."""
    flows: pd.DataFrame
    """As `Plan.flows`; the next three as the tables of a plan, too."""
    processed: pd.DataFrame
    stored: pd.DataFrame
    empty_trips: pd.DataFrame


@dataclass(frozen=True, eq=False)
class BaselinePlan(Comparison):
    """What is done without coordination, with all that it was added up from."""

    books: Books


@dataclass(frozen=True, eq=False)
class Before:
    """What is done without coordination, as far as its books say."""

    alone: Alone
    problem: Problem
    """Of the columns in use."""
    values: Floats
    books: Books

    @property
    def kind(self) -> BaselineKind:
        """What decides in it."""
        return self.alone.world.kind

    @property
    def together(self) -> Together:
        """Who is one party in it."""
        return self.alone.world.together

    @property
    def missing(self) -> Mapping[tuple[str, str], float]:
        """Tonnes of needs and surplus for which it has no place. [t]"""
        return self.alone.missing


def solve_before(scenario: Scenario, legs: Legs, kind: BaselineKind | None = None) -> Before:
    """Find the cheapest world without coordination, of a `kind`, or the headline's."""
    alone = solve_alone(scenario, legs, kind)
    used = np.flatnonzero(alone.values)
    problem, values = alone.world.problem.only(used), alone.values[used]
    return Before(alone, problem, values, keep_books(problem, values))


def solve_baseline(
    scenario: Scenario, legs: Legs, kind: BaselineKind | None = None
) -> BaselinePlan:
    """Find the cheapest world without coordination, and put it into tables."""
    before = solve_before(scenario, legs, kind)
    return BaselinePlan(
        kind=before.kind,
        together=before.together,
        totals=measure_totals(before.books),
        shares=measure_shares(before.books),
        missing=before.missing,
        used=before.alone.used,
        reached=before.alone.reached,
        **tabulate_used(before.problem, before.values),
        books=before.books,
    )
