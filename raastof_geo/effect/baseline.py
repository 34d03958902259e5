"""What would happen without coordination: flows, amounts and books of a baseline."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from raastof_geo.assignment.alone import solve_alone
from raastof_geo.assignment.statement.measures import MEASURES
from raastof_geo.assignment.tables import (
    measure_flows,
    tabulate_processes,
    tabulate_stores,
    tabulate_trips,
)
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.said.agreement import BaselineKind, Together
from raastof_geo.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False)
class BaselinePlan:
    """What is done without coordination, and what could not be placed in it."""

    kind: BaselineKind
    together: Together
    missing: dict[tuple[str, str], float]
    """Tonnes of needs and surplus for which there is no place. [t]"""
    used: float | None
    """Of what could be put to use of the materials that count today, the share that is; none: it
    did not have to be found."""
    reached: float | None
    """How far today's share can get, where that is less than what is stated."""
    flows: pd.DataFrame
    """As `Plan.flows`; the next three as the tables of a plan, too."""
    processed: pd.DataFrame
    stored: pd.DataFrame
    empty_trips: pd.DataFrame
    amounts: dict[str, float]
    """What it amounts to by each measure."""
    books: Books


def solve_baseline(
    scenario: Scenario, legs: Legs, kind: BaselineKind | None = None
) -> BaselinePlan:
    """Find the cheapest world without coordination; every capacity and permit holds once.

    Parameters
    ----------
    kind
        None: that of the headline.

    Returns
    -------
    baseline
        Flows, amounts and books as of a plan, and the tonnes that had no place.
    """
    alone = solve_alone(scenario, legs, kind)
    used = np.flatnonzero(alone.values)
    problem, values = alone.problem.only(used), alone.values[used]
    return BaselinePlan(
        alone.world.kind,
        alone.world.together,
        alone.missing,
        alone.used,
        alone.reached,
        measure_flows(problem, values),
        tabulate_processes(problem, values),
        tabulate_stores(problem, values),
        tabulate_trips(problem, values),
        {indicator.name: float(problem.measure(indicator) @ values) for indicator in MEASURES},
        keep_books(problem, values),
    )
