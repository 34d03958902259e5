"""Can the target be reached, with which materials, at which price, and if not, why not?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules import Rule
from raastof_geo.assignment.rules.limits import counting_materials, secondary_share_reached
from raastof_geo.assignment.solving.solve import HeldSum, Solution, solve
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.figures.vocabulary import CO2E, COST, REFERENCE_TONNES
from raastof_geo.scenario.said.target import ShareDefinition


@dataclass(frozen=True)
class Reach:
    """How far one definition of the secondary share can get."""

    definition: ShareDefinition
    in_plan: float
    """Share of all needs, in reference tonnes, in the plan."""
    largest: float
    """The largest share that any plan under the same rules, without the target, can have; where
    the search was cut short, a share that can be had, while the largest is not known."""
    offered: float
    """What the counting materials on offer would amount to if every tonne could be used, as a
    share of all needs."""
    more_at_largest: float | None
    """What the largest share adds to the first objective, against the plan; none where that is
    not known."""
    by_material: Mapping[str, float]
    """Reference tonnes that each counting material meets in the plan. [t]"""
    finished: bool = True
    """Whether the search for the largest share ended by itself, and not by the clock."""


@dataclass(frozen=True)
class TargetAnswer:
    """What the target on the secondary share means for this scenario."""

    asked: float | None
    """The share that the scenario asks for; none: it asks for none."""
    definition: ShareDefinition
    reaches: tuple[Reach, ...]
    """By definition; the one in force first."""
    price_per_t: float
    """What one more reference tonne of secondary material would add to the first objective."""
    more_by_target: float | None
    """What the target adds to the first objective, against the best plan without it; none where
    the clock ended the search for that plan, and so with the next two."""
    more_kg_co2e: float | None
    """What the target adds to the emissions of all parts. [kg CO2e]"""
    more_dkk: float | None
    """What the target adds to the cost. [DKK]"""

    @property
    def reach(self) -> Reach:
        """What the definition in force can reach."""
        return self.reaches[0]


def answer_target(
    plan: Plan, *, rules: Sequence[Rule] | None = None, patience_s: float = 120.0
) -> TargetAnswer:
    """Find the largest shares, and what the target costs.

    Parameters
    ----------
    rules
        None: those that the plan was made with.
    patience_s
        How long to look for each of the answers. [s]

    Returns
    -------
    answer
        Also where no target is asked for: how far the share could get.
    """
    problem = plan.problem
    target = problem.scenario.said.targets.secondary_share
    in_force: ShareDefinition = target.definition if target else "with_clean_soil"
    kept = plan.rules if rules is None else rules
    free = tuple(rule for rule in kept if rule is not secondary_share_reached)
    variants = _Variants(plan, free, patience_s)
    definitions = sorted(get_args(ShareDefinition), key=lambda name: name != in_force)
    reaches = tuple(_reach(variants, definition) for definition in definitions)
    price, (more, kg, dkk) = _price_of_target(variants)
    return TargetAnswer(
        asked=target.at_least if target else None,
        definition=in_force,
        reaches=reaches,
        more_by_target=more,
        price_per_t=price,
        more_kg_co2e=kg,
        more_dkk=dkk,
    )


class _Variants:
    """The plan's columns under its rules but for the target: laid out once, solved many times."""

    def __init__(self, plan: Plan, rules: tuple[Rule, ...], patience_s: float) -> None:
        self.plan, self._rules, self._patience_s = plan, rules, patience_s
        self._programme: Programme | None = None

    def solve(
        self,
        costs: Sequence[Floats],
        *,
        held: Sequence[HeldSum] = (),
        decided: Floats | None = None,
    ) -> Solution:
        """Solve, starting with the columns that the plan was found among."""
        solution = solve(
            self.plan.problem,
            rules=self._rules,
            programme=self._programme,
            costs=costs,
            held=held,
            decided=decided,
            clock=self._patience_s,
            start=self.plan.proof.start.columns,
        )
        if not held:
            self._programme = solution.programme
        return solution


def _reach(variants: _Variants, definition: ShareDefinition) -> Reach:
    plan = variants.plan
    problem = plan.problem
    needed = max(1e-9, sum(need.tonnes for need in problem.scenario.needs))
    counts = counting_materials(problem.scenario, definition)
    worth = _reference_tonnes(problem, counts)
    most = variants.solve([-worth])
    met = {
        str(material): float(part.sum())
        for material, part in plan.flows.groupby("material")[REFERENCE_TONNES]
        if material in counts and part.sum() > 0
    }
    in_plan = sum(met.values()) / needed
    return Reach(
        definition=definition,
        in_plan=in_plan,
        # Where the clock ends it, the plan itself is the one that is sure to keep all rules.
        largest=max(in_plan, -most.value / needed) if most.solved else in_plan,
        offered=_offered(problem, counts) / needed,
        more_at_largest=_price_of_most(variants, worth, -most.value) if most.solved else None,
        by_material=dict(sorted(met.items(), key=lambda entry: -entry[1])),
        finished=most.solved,
    )


def _price_of_most(variants: _Variants, worth: Floats, most: float) -> float | None:
    """Find what the first objective rises to when the share is as large as it can be."""
    if not worth.any():
        return 0.0
    plan = variants.plan
    # A hair less than the most, which the digits of an answer may have rounded up.
    held = HeldSum(worth, 1, most - 1e-6 * most)
    dear = variants.solve(plan.problem.objectives()[:1], held=[held])
    return max(0.0, dear.value - plan.certificate.objective) if dear.solved else None


def _reference_tonnes(problem: Problem, counts: set[str]) -> Floats:
    hits = np.array([giver.material in counts for giver in problem.givers], dtype=np.float64)
    if not len(problem.moves):
        return np.zeros(problem.column_count)
    return problem.join(moves=hits[problem.moves.giver] * problem.reference_share)


def _offered(problem: Problem, counts: set[str]) -> float:
    """Add up what is offered, at the best rate at which any need would take it. [reference t]"""
    scenario = problem.scenario
    best = {
        material: max(
            (1 / need.ratios[material] for need in scenario.needs if material in need.ratios),
            default=0.0,
        )
        for material in counts
    }
    made = {
        material: max(
            (
                process.outputs[product] * best.get(product, 0.0)
                for plant in scenario.plants
                for process in plant.processes
                if material in process.inputs
                for product in process.outputs
            ),
            default=0.0,
        )
        for material in {offer.material for offer in scenario.offers}
    }
    return sum(
        offer.tonnes * max(best.get(offer.material, 0.0), made.get(offer.material, 0.0))
        for offer in scenario.offers
    )


def _price_of_target(
    variants: _Variants,
) -> tuple[float, tuple[float | None, float | None, float | None]]:
    """Compare with the best plan without the target, and the same decisions."""
    plan = variants.plan
    problem, prices = plan.problem, plan.shadow_prices
    share = prices[prices["rule"] == secondary_share_reached.__name__]
    price = float(share["shadow_price"].sum()) if len(share) else 0.0
    if problem.scenario.said.targets.secondary_share is None or price <= 0:
        return price, (0.0, 0.0, 0.0)
    costs = problem.objectives()
    decided = np.where(problem.whole, plan.proof.values, 0.0)
    freely = variants.solve(costs, decided=decided)
    if not freely.solved:
        return price, (None, None, None)
    less = plan.proof.values - freely.values
    return price, (
        float(costs[0] @ less),
        float(problem.measure(CO2E) @ less),
        float(problem.measure(COST) @ less),
    )
