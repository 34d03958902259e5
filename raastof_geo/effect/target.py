"""Can the target be reached, with which materials, at which price, and if not, why not?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from raastof_geo.assignment.master import pick_solver
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.price_in import Clock, solve_in_order
from raastof_geo.assignment.problem import Floats, Problem
from raastof_geo.assignment.programme import Programme, build_programme
from raastof_geo.assignment.rules import RULES, Rule
from raastof_geo.assignment.rules.limits import counting_materials, secondary_share_reached
from raastof_geo.scenario.model import ShareDefinition


@dataclass(frozen=True)
class Reach:
    """How far one definition of the secondary share can get."""

    definition: ShareDefinition
    in_plan: float
    """Share of all needs, in reference tonnes, in the plan."""
    largest: float
    """The largest share that any plan under the same rules, without the target, can have."""
    offered: float
    """What the counting materials on offer would amount to if every tonne could be used, as a
    share of all needs."""
    more_at_largest: float
    """What the largest share adds to the first objective, against the plan."""
    by_material: Mapping[str, float]
    """Reference tonnes that each counting material meets in the plan. [t]"""


@dataclass(frozen=True)
class TargetAnswer:
    """What the target on the secondary share means for this scenario."""

    asked: float | None
    """The share that the scenario asks for; none: it asks for none."""
    definition: ShareDefinition
    reaches: tuple[Reach, ...]
    """By definition; the one in force first."""
    more_by_target: float
    """What the target adds to the first objective, against the best plan without it."""
    price_per_t: float
    """What one more reference tonne of secondary material would add to the first objective."""
    more_kg_co2e: float
    """What the target adds to the emissions of all parts. [kg CO2e]"""
    more_dkk: float
    """What the target adds to the cost. [DKK]"""

    @property
    def reach(self) -> Reach:
        """What the definition in force can reach."""
        return self.reaches[0]


def answer_target(plan: Plan, *, rules: Sequence[Rule] = RULES) -> TargetAnswer:
    """Find the largest shares, and what the target costs.

    Parameters
    ----------
    rules
        Those that the plan was made with.
    """
    problem = plan.problem
    scenario = problem.scenario
    target = scenario.said.targets.secondary_share
    in_force: ShareDefinition = target.definition if target else "with_clean_soil"
    free = [rule for rule in rules if rule is not secondary_share_reached]
    programme = build_programme([row for rule in free for row in rule(problem)], problem.whole)
    definitions = sorted(get_args(ShareDefinition), key=lambda name: name != in_force)
    reaches = tuple(_reach(problem, programme, plan, definition) for definition in definitions)
    more, price, kg, dkk = _price_of_target(problem, programme, plan)
    return TargetAnswer(
        asked=target.at_least if target else None,
        definition=in_force,
        reaches=reaches,
        more_by_target=more,
        price_per_t=price,
        more_kg_co2e=kg,
        more_dkk=dkk,
    )


def _reach(
    problem: Problem, programme: Programme, plan: Plan, definition: ShareDefinition
) -> Reach:
    scenario = problem.scenario
    needed = max(1e-9, sum(need.tonnes for need in scenario.needs))
    counts = counting_materials(scenario, definition)
    worth = _reference_tonnes(problem, counts)
    solver = pick_solver(scenario.said.solving.solver)
    step = solve_in_order(programme, [-worth], solver=solver, clock=Clock(120.0))[0]
    met = {
        str(material): float(part.sum())
        for material, part in plan.flows.groupby("material")["reference_tonnes"]
        if material in counts and part.sum() > 0
    }
    return Reach(
        definition=definition,
        in_plan=sum(met.values()) / needed,
        largest=-step.value / needed,
        offered=_offered(problem, counts) / needed,
        more_at_largest=_price_of_most(problem, programme, plan, worth, -step.value),
        by_material=dict(sorted(met.items(), key=lambda entry: -entry[1])),
    )


def _price_of_most(
    problem: Problem, programme: Programme, plan: Plan, worth: Floats, most: float
) -> float:
    """Find what the first objective rises to when the share is as large as it can be."""
    at = np.flatnonzero(worth)
    if not len(at):
        return 0.0
    wider = programme.with_row(at, worth[at], 1, most - 1e-6 * max(1.0, most))
    cost = problem.objectives()[0]
    solver = pick_solver(problem.scenario.said.solving.solver)
    step = solve_in_order(wider, [cost], solver=solver, clock=Clock(120.0))[0]
    return max(0.0, step.value - plan.certificate.objective) if step.solved else float("nan")


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
    problem: Problem, programme: Programme, plan: Plan
) -> tuple[float, float, float, float]:
    """Compare with the best plan without the target."""
    prices = plan.shadow_prices
    share = prices[prices["rule"] == "secondary_share_reached"]
    price = float(share["shadow_price"].sum()) if len(share) else 0.0
    if problem.scenario.said.targets.secondary_share is None or price <= 0:
        return 0.0, price, 0.0, 0.0
    costs = problem.objectives()
    closed = None
    if programme.whole.any():
        decided = plan.proof.values * problem.whole
        used = np.flatnonzero(decided)
        programme = programme.with_limits(programme.limit - programme.used(used, decided[used]))
        closed = programme.whole
    solver = pick_solver(problem.scenario.said.solving.solver)
    steps = solve_in_order(programme, costs, solver=solver, clock=Clock(120.0), closed=closed)
    values = steps[-1].optimum.spread(problem.column_count)
    if closed is not None:
        values = values + plan.proof.values * problem.whole
    return (
        float(costs[0] @ (plan.proof.values - values)),
        price,
        float(problem.measure("kg_co2e_wtw") @ (plan.proof.values - values)),
        float(problem.measure("cost_dkk") @ (plan.proof.values - values)),
    )
