"""Look for plans that are nearly as good as the best one, and as unlike it as they can be."""

import math
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.solving.stated import break_ties
from raastof_geo.scenario.said.file import Variant
from raastof_geo.scenario.varied import write_agreements, write_plain

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
    problem, objectives = plan.problem, plan.scenario.said.objectives
    columns = np.flatnonzero(~problem.inside)
    keys = {key: problem.labels(key, columns) for key in (*MATCH, "period")}
    moved, load_t = pd.DataFrame(keys), problem.leg("load_t")[columns]
    match = moved.groupby(MATCH).ngroup().to_numpy(np.intp)
    at_lane = moved.groupby([*MATCH, "period"]).indices

    def add_up(values: Floats) -> Floats:
        """Give the tonnes on each match, none where it is less than one load. [t]"""
        tonnes, loads = (np.bincount(match, values[columns] / one) for one in (1.0, load_t))
        return np.where(loads >= 1.0, tonnes, 0.0)

    def settle(lanes: pd.Series) -> Floats:
        """Plan what agreements on lanes leave open, as a variant that has them will. [columns]"""
        programme = plan.proof.programme
        for lane, tonnes in lanes.items():
            at = columns[at_lane[lane]]
            programme = programme.with_row(at, np.ones(len(at)), 1, _round_down(tonnes))
        costs = [*problem.objectives(), break_ties(problem)]
        spent = [0.0, *(one.tolerance for one in objectives[1:]), 0.0]
        return programme.clean(plan.search(costs, programme=programme, tolerances=spent).values)

    cost, least = plan.proof.cost, plan.certificate.lower_bound
    cap = max(float(cost @ plan.proof.values), least + within * abs(least))
    found, told = [add_up(plan.proof.values)], dict[str, Variant]()
    different = found[:]
    for _ in range(_LONGER * count):
        if len(told) == count:
            break
        most, weight = np.max(found, axis=0), np.zeros(len(problem.moves))
        score = np.divide(np.mean(found, axis=0), most, out=np.zeros(len(most)), where=most > 0)
        weight[columns] = score[match]
        other = plan.search([problem.join(moves=weight), cost], held=(-cost, -cap))
        if not other.feasible:
            break
        values = other.programme.clean(other.values)
        tonnes = add_up(values)
        moved["tonnes"] = values[columns]
        kept = moved[(tonnes > 0)[match] & (moved["tonnes"] >= _LEAST_T)]
        lanes = kept.groupby([*MATCH, "period"])["tonnes"].sum()
        settled = add_up(settle(lanes))
        if all(measure_distance(*map(pd.Series, (one, settled))) > _ALIKE for one in different):
            different.append(settled)
            own = plan.scenario.values.get("agreements") or ()
            agreed = write_agreements(lanes, lambda tonnes: f"{_round_down(tonnes):.2f} t")
            said: dict[str, Any] = {"agreements": [*own, *agreed]}
            if objectives[0].tolerance:  # which would let later objectives break the cap
                first = objectives[0].model_copy(update={"tolerance": 0.0})
                said["objectives"] = write_plain((first, *objectives[1:]))
            told[f"alternative-{len(told) + 1}"] = Variant(set=said)
        found.append(tonnes)
    return told


def _round_down(tonnes: float) -> float:
    """Give an amount that the plan itself keeps. [t]"""
    return math.floor(100 * tonnes) / 100
