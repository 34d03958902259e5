"""Look for plans that are nearly as good as the best one, and as unlike it as they can be."""

import math
from dataclasses import dataclass
from itertools import starmap
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.arrays import Columns, Floats, Integers
from raastof_geo.assignment.front import write_objectives
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.solving.price_in import Start
from raastof_geo.assignment.solving.solve import Search, solve
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.scenario.said.file import Variant

MATCH = ["origin", "destination", "material"]
"""What tells matches between sites apart."""
_ALIKE = 1e-3
"""Plans that are no farther apart than this are the same one."""
_LONGER = 3
"""So many times as often as plans are wanted it is looked for one that differs."""
_DIGITS = 2
"""Agreed tonnes are rounded down to so many digits, so that the plan itself keeps them."""


def measure_distance(first: pd.Series, second: pd.Series) -> float:
    r"""Give how far two plans lie apart, from 0 (the same) to 1 (no match in common).

    Tonnes by match of each: :math:`1 - \sum_m \min(x_m, y_m) / \sum_m \max(x_m, y_m)`, Jaccard's
    distance by tonnes (Ruzicka).
    """
    one, other = first.align(second, fill_value=0.0)
    most = float(np.maximum(one, other).sum())
    return 1.0 - float(np.minimum(one, other).sum()) / most if most else 0.0


def seek_alternatives(plan: Plan, count: int, within: float) -> dict[str, Variant]:
    """Look for plans whose first objective is within a share of the least there can be.

    Each makes least the tonnes on the matches of the plans before it, a match weighing what it had
    on average of the most it had (SPORES, Lombardi et al. 2020, by an evolving average), under a
    row that caps the first objective. What is used for less than one load weighs nothing.

    Returns
    -------
    variants
        At most so many, fewer where no other plan differs: agreements on what each moves between
        sites, by the load. What is left of it is planned as well as can be, so that it stays below
        the cap, and is proven.
    """
    matches = _Matches.of(plan.problem)
    cost, least = plan.proof.cost, plan.certificate.lower_bound
    cap = max(float(cost @ plan.proof.values), least + within * abs(least))
    found, told = [matches.count(plan.proof.values)], dict[str, Variant]()
    for _ in range(_LONGER * count):
        if len(told) == count:
            break
        used = np.array(found)
        most = used.max(axis=0)
        score = np.divide(used.mean(axis=0), most, out=np.zeros(len(most)), where=most > 0)
        said = plan.scenario.said.solving
        other = solve(
            plan.problem,
            programme=plan.proof.programme,
            costs=[matches.weigh(score), cost],
            held=(-cost, -cap),
            decided=Search(said.gap),
            clock=said.time_limit_s,
            start=Start(plan.proof.start.columns),
        )
        if not other.feasible:
            break
        values = other.programme.clean(other.values)
        tonnes = matches.count(values)
        new = all(measure_distance(*map(pd.Series, (one, tonnes))) > _ALIKE for one in found)
        found.append(tonnes)
        if new:
            agreed = matches.agree(plan, values)
            told[f"alternative-{len(told) + 1}"] = Variant(set=agreed)
    return told


@dataclass(frozen=True, eq=False)
class _Matches:
    """The matches between sites that a problem has columns for."""

    problem: Problem
    columns: Columns
    """Moves from one site to another."""
    match: Integers
    """The match of each of these."""

    @classmethod
    def of(cls, problem: Problem) -> "_Matches":
        """List the matches of a problem."""
        columns: Columns = np.flatnonzero(~problem.inside)
        ends = problem.number_ends({site: at for at, site in enumerate(problem.scenario.sites)})
        material, _ = pd.factorize(problem.labels("material", columns))
        keys = np.array([*(end[columns] for end in ends), material])
        _, match = np.unique(keys, axis=1, return_inverse=True)
        return cls(problem, columns, np.ravel(match))

    def count(self, values: Floats) -> Floats:
        """Give the tonnes on each match, none where it is less than one load. [t]"""
        tonnes = values[self.columns]
        loads = np.bincount(self.match, tonnes / self.problem.leg("load_t")[self.columns])
        return np.where(loads >= 1.0, np.bincount(self.match, tonnes), 0.0)

    def weigh(self, score: Floats) -> Floats:
        """Lay what a tonne on each match weighs out on all columns."""
        moves = np.zeros(len(self.problem.moves))
        moves[self.columns] = score[self.match]
        return self.problem.join(moves=moves)

    def agree(self, plan: Plan, values: Floats) -> dict[str, Any]:
        """Say as agreements what goes on matches in each period, and keep the first objective."""
        said, problem = plan.scenario.said, self.problem
        used = (self.count(values) > 0)[self.match]
        chosen = self.columns[used & (values[self.columns] > 0)]
        labels = {key: problem.labels(key, chosen) for key in [*MATCH, "period"]}
        table = pd.DataFrame(labels).assign(tonnes=values[chosen])
        summed = table.groupby([*MATCH, "period"], as_index=False)["tonnes"].sum()
        agreed = [*filter(None, starmap(_say_agreed, summed.to_numpy(object).tolist()))]
        known = plan.scenario.values.get("agreements") or ()
        told: dict[str, Any] = {"agreements": [*known, *agreed]}
        if said.objectives[0].tolerance:  # which would let later objectives break the cap
            first = said.objectives[0].model_copy(update={"tolerance": 0.0})
            told["objectives"] = write_objectives((first, *said.objectives[1:]))
        return told


def _say_agreed(
    giver: str, taker: str, material: str, period: str, tonnes: float
) -> dict[str, Any] | None:
    """Say an agreement on tonnes in a period; none where nothing is left of them."""
    least = math.floor(tonnes * 10**_DIGITS) / 10**_DIGITS
    ends = {"giver": giver, "taker": taker, "material": material, "from": period, "to": period}
    return {**ends, "at_least": f"{least:.{_DIGITS}f} t"} if least > 0 else None
