"""Look for plans that are nearly as good as the best one, and as unlike it as they can be."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.arrays import Columns, Floats, Integers
from raastof_geo.assignment.front import write_objectives
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.solving.price_in import Start
from raastof_geo.assignment.solving.solve import Search, solve
from raastof_geo.scenario.said.file import Variant

MATCH = ["origin", "destination", "material"]
"""What tells matches between sites apart."""
_ALIKE = 1e-3
"""Plans that are no farther apart than this are the same one."""
_LONGER = 3
"""So many times as often as plans are wanted it is looked for one that differs."""
_LEAST_T = 0.01
"""Less than this is not agreed. [t]"""


def measure_distance(first: pd.Series, second: pd.Series) -> float:
    r"""Give how far two plans lie apart, from 0 (the same) to 1 (no match in common).

    Tonnes by match of each: :math:`1 - \sum_m \min(x_m, y_m) / \sum_m \max(x_m, y_m)`, Jaccard's
    distance by tonnes.
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
    matches, said = _Matches(plan), plan.scenario.said.solving
    cost, least = plan.proof.cost, plan.certificate.lower_bound
    cap = max(float(cost @ plan.proof.values), least + within * abs(least))
    found, told = [matches.count(plan.proof.values)], dict[str, Variant]()
    for _ in range(_LONGER * count):
        most = np.max(found, axis=0)
        score = np.divide(np.mean(found, axis=0), most, out=np.zeros(len(most)), where=most > 0)
        other = solve(
            plan.problem,
            programme=plan.proof.programme,
            costs=[matches.weigh(score), cost],
            held=(-cost, -cap),
            decided=Search(said.gap),
            clock=said.time_limit_s,
            start=Start(plan.proof.start.columns),
        )
        if not other.feasible or len(told) == count:
            break
        values = other.programme.clean(other.values)
        tonnes = matches.count(values)
        if all(measure_distance(*map(pd.Series, (one, tonnes))) > _ALIKE for one in found):
            told[f"alternative-{len(told) + 1}"] = Variant(set=matches.agree(values))
        found.append(tonnes)
    return told


@dataclass(frozen=True, eq=False)
class _Matches:
    """The matches between sites that a plan has columns for."""

    plan: Plan

    @cached_property
    def columns(self) -> Columns:
        """Moves from one site to another."""
        return np.flatnonzero(~self.plan.problem.inside)

    @cached_property
    def match(self) -> Integers:
        """The number of the match of each of these."""
        labels = (self.plan.problem.labels(key, self.columns) for key in MATCH)
        keys = np.array([pd.factorize(one)[0] for one in labels])
        return np.ravel(np.unique(keys, axis=1, return_inverse=True)[1])

    def count(self, values: Floats) -> Floats:
        """Give the tonnes on each match, none where it is less than one load. [t]"""
        tonnes = values[self.columns]
        loads = tonnes / self.plan.problem.leg("load_t")[self.columns]
        whole = np.bincount(self.match, loads) >= 1.0
        return np.where(whole, np.bincount(self.match, tonnes), 0.0)

    def weigh(self, score: Floats) -> Floats:
        """Lay what a tonne on each match weighs out on all columns."""
        moves = np.zeros(len(self.plan.problem.moves))
        moves[self.columns] = score[self.match]
        return self.plan.problem.join(moves=moves)

    def agree(self, values: Floats) -> dict[str, Any]:
        """Say as agreements what goes on matches in each period, and keep the first objective."""
        used = (self.count(values) > 0)[self.match]
        chosen = self.columns[used & (values[self.columns] >= _LEAST_T)]
        names = {"giver": MATCH[0], "taker": MATCH[1], "material": MATCH[2], "from": "period"}
        labels = {name: self.plan.problem.labels(key, chosen) for name, key in names.items()}
        table = pd.DataFrame(labels).assign(tonnes=values[chosen])
        summed = table.groupby([*names], as_index=False)[["tonnes"]].sum().to_dict("records")
        agreed = list(self.plan.scenario.values.get("agreements") or ())
        for one in summed:
            least = math.floor(100 * one.pop("tonnes")) / 100  # so that the plan itself keeps it
            agreed.append({**one, "to": one["from"], "at_least": f"{least:.2f} t"})
        told: dict[str, Any] = {"agreements": agreed}
        objectives = self.plan.scenario.said.objectives
        if objectives[0].tolerance:  # which would let later objectives break the cap
            first = objectives[0].model_copy(update={"tolerance": 0.0})
            told["objectives"] = write_objectives((first, *objectives[1:]))
        return told
