"""What would happen without coordination: projects share pits and receivers, and no more."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from raastof_geo.assignment.alone import solve_alone
from raastof_geo.assignment.statement.measures import MEASURES
from raastof_geo.assignment.tables import measure_flows
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False)
class BaselinePlan:
    """The flows without coordination, and what could not be placed in them."""

    flows: pd.DataFrame
    """As `Plan.flows`."""
    missing: dict[tuple[str, str], float]
    """Tonnes of needs and surplus for which no pit and no receiver is left. [t]"""
    amounts: dict[str, float]
    """What it amounts to by each measure."""
    books: Books


def solve_baseline(scenario: Scenario, legs: Legs) -> BaselinePlan:
    """Let each project take its needs from pits and send its surplus to receivers.

    Every capacity and permit holds once, for all projects together.

    Returns
    -------
    baseline
        Flows, amounts and books as of a plan, and the tonnes that had no place.
    """
    alone = solve_alone(scenario, legs)
    used = np.flatnonzero(alone.values)
    problem, values = alone.problem.only(used), alone.values[used]
    amounts = {indicator.name: float(problem.measure(indicator) @ values) for indicator in MEASURES}
    return BaselinePlan(
        measure_flows(problem, values), alone.missing, amounts, keep_books(problem, values)
    )
