"""Can the target be reached, with which materials, at which price, and if not, why not?"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats, dot
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules import limits
from raastof_geo.assignment.solving.certificate import LARGEST_VIOLATION
from raastof_geo.assignment.solving.solve import Solution, solve
from raastof_geo.assignment.statement import shares
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.shares import Asked, find_due, weigh_counted
from raastof_geo.assignment.telling.case import find_ratio
from raastof_geo.figures.vocabulary import CO2E, COST
from raastof_geo.scenario.said.target import DEFINITIONS, SecondaryShare, ShareDefinition

_Solve: TypeAlias = Callable[..., Solution]
"""Solves a variant of the plan with its own costs, sums that are held, and decisions."""


@dataclass(frozen=True)
class Reach:
    """How far a definition of the share can get, of the needs of the target, or of all needs."""

    definition: ShareDefinition
    in_plan: float
    """Share of the needs, in reference tonnes, in the plan."""
    needed_t: float
    """The needs, as the plan meets them. [reference t]"""
    largest: float
    """The largest share that any plan under the same rules, without the target, can have; where
    the search was cut short, a share that can be had, while the largest is not known."""
    offered: float
    """The counting materials on offer, could every tonne be used, as a share of all needs."""
    more_at_largest: float | None
    """What the largest share adds to the first objective, against the plan, if known."""
    by_material: Mapping[str, float]
    """Reference tonnes that each counting material meets in the plan. [t]"""
    finished: bool = True
    """Whether the search for the largest share ended by itself, and not by the clock."""


@dataclass(frozen=True)
class TargetAnswer:
    """What the target on the secondary share means for this scenario."""

    asked: float | None
    """The first share that the scenario asks for; none: it asks for none."""
    goal: bool
    """Whether that is approached, and not required."""
    period: str
    """What it is about; empty: all of them, and so with the next."""
    municipality: str
    short_t: float
    """What the plan lacks of it; 0 where it is reached. [reference t]"""
    definition: ShareDefinition
    reaches: tuple[Reach, ...]
    """By definition; the one in force first."""
    price_per_t: float | None
    """What one more reference tonne of secondary material would add to the first objective; none
    where a goal is not reached, so that there is no more of it."""
    more_by_target: float | None
    """What the target adds to the first objective, against the best plan without it; none where
    the clock ended the search for that plan, and so with the next two."""
    more_kg_co2e: float | None
    """The same of the emissions of all parts. [kg CO2e]"""
    more_dkk: float | None

    @property
    def reached(self) -> bool:
        """Whether the plan has the share that is asked for; so where none is."""
        return self.short_t <= LARGEST_VIOLATION

    @property
    def reach(self) -> Reach:
        """What the definition in force can reach."""
        return self.reaches[0]


def answer_target(plan: Plan, *, patience_s: float = 120.0, briefly: bool = False) -> TargetAnswer:
    """Find the largest shares, also where none is asked for, and what the target costs.

    `patience_s` is for each of the answers.
    `briefly` is only the share by the definition that is asked about, without what it would cost.
    """
    scenario = plan.problem.scenario
    target = scenario.said.targets.first_share
    asking = (limits.SHARE_REACHED, limits.GOAL_APPROACHED, limits.GOALS_HELD)
    free = np.array([row.family not in asking for row in plan.proof.rows], bool)
    # The plan's columns under its rules but for the target: laid out once, solved many times.
    programme, start = plan.proof.programme.keep_rows(free), plan.proof.start
    vary = partial(solve, plan.problem, programme=programme, clock=patience_s, start=start)
    about = target or SecondaryShare(at_least=0.0)
    definitions = sorted(DEFINITIONS, key=lambda name: name != about.definition)
    definitions = definitions[:1] if briefly else definitions
    asked = (about.model_copy(update={"definition": name}) for name in definitions)
    wanted = [shares.ask_share(scenario, one) for one in asked]
    reaches = tuple(_reach(plan, vary, one, priced=not briefly) for one in wanted)
    price, more, kg, dkk = (None,) * 4 if briefly else _price_of_target(plan, vary)
    lacks = (about.at_least - reaches[0].in_plan) * reaches[0].needed_t
    return TargetAnswer(
        asked=target.at_least if target else None,
        goal=about.goal,
        period=about.period or "",
        municipality=about.municipality or "",
        short_t=lacks if lacks > LARGEST_VIOLATION else 0.0,
        definition=about.definition,
        reaches=reaches,
        more_by_target=more,
        price_per_t=None if lacks > LARGEST_VIOLATION else price,
        more_kg_co2e=kg,
        more_dkk=dkk,
    )


def _reach(plan: Plan, vary: _Solve, asked: Asked, *, priced: bool) -> Reach:
    problem, values = plan.problem, plan.proof.values[plan.problem.block("moves")]
    due, definition = find_due(problem, asked.target), asked.target.definition
    met = (weigh_counted(problem, definition) * values)[due]
    period = asked.target.period is not None
    needed = float((problem.reference_share * values)[due].sum()) if period else asked.needed_t
    needed = max(1e-9, needed + asked.crossed_t)
    materials = pd.Series(met).groupby(problem.labels("material", due)).sum()
    materials = materials.sort_values(ascending=False)
    in_plan = (float(met.sum()) + asked.counted_t) / needed
    begin = float(met.sum()) + asked.counted_t, needed
    ended: list[Solution] = []

    def measure(cost: Floats) -> Solution:
        ended[:] = [vary(costs=[cost])]
        return ended[0]

    most, of, finished = find_ratio(problem, asked, measure, begin)
    priced &= finished
    return Reach(
        definition=definition,
        in_plan=in_plan,
        needed_t=needed,
        # Where the clock ends it, the plan itself is the one that is sure to keep all rules.
        largest=max(in_plan, most / max(1e-9, of)) if finished else in_plan,
        # Of the same needs as the largest share: those of a period may be met in another one.
        offered=(_offered(problem, asked) + asked.counted_t) / (of if finished and of else needed),
        more_at_largest=_price_of_most(plan, partial(vary, start=ended[0].start), asked, most, of)
        if priced
        else None,
        by_material={str(one): float(part) for one, part in materials.items() if part > 0},
        finished=finished,
    )


def _price_of_most(plan: Plan, vary: _Solve, asked: Asked, most: float, of: float) -> float | None:
    """Find what the first objective rises to when the share is as large as it can be."""
    target = asked.target
    due = find_due(plan.problem, target)
    worth = np.zeros(plan.problem.column_count)
    worth[due] = weigh_counted(plan.problem, target.definition)[due]
    if not worth.any():
        return 0.0
    # A hair less than the most, which the digits of an answer may have rounded up.
    least = most - 1e-6 * most - asked.counted_t
    if target.period is not None:
        share = (1 - 1e-6) * most / of if of else 0.0
        worth[due] -= share * plan.problem.reference_share[due]
        least = share * asked.crossed_t - asked.counted_t
    dear = vary(costs=plan.problem.objectives()[:1], held=(worth, least))
    return max(0.0, dear.value - plan.certificate.objective) if dear.solved else None


def _offered(problem: Problem, asked: Asked) -> float:
    """Add up what is offered, at the best rate at which any need would take it. [reference t]

    Of a period what may leave in it, of a municipality too from everywhere.
    """
    scenario, definition = problem.scenario, asked.target.definition
    rates: dict[str, float] = {}
    for material, ratio in itertools.chain(*(need.ratios.items() for need in scenario.needs)):
        rates[material] = max(rates.get(material, 0.0), 1 / ratio)
    best = {
        one.id: shares.count_giver(scenario, one, definition) * rates.get(one.material, 0.0)
        for one in problem.givers
    }
    made: dict[str, float] = {}
    plants = scenario.plants
    for plant, process in ((at, one) for at in plants for one in at.processes):
        outputs = process.outputs.items()
        worth = max(share * best.get(plant.giver(name, process), 0.0) for name, share in outputs)
        for material in process.inputs:
            made[material] = max(made.get(material, 0.0), worth)
    there = (one for one in scenario.offers if asked.target.period in (None, *one.periods))
    return sum(one.tonnes * max(best.get(one.id, 0), made.get(one.material, 0)) for one in there)


def _price_of_target(
    plan: Plan, vary: _Solve
) -> tuple[float, float | None, float | None, float | None]:
    """Compare with the best plan without the target, and the same decisions."""
    problem, prices = plan.problem, plan.shadow_prices
    share = prices[prices["rule"].isin([limits.SHARE_REACHED.name, limits.GOAL_APPROACHED.name])]
    price = float(share["shadow_price"].sum()) if len(share) else 0.0
    if not problem.scenario.said.targets.secondary_share or price <= 0:
        return price, 0.0, 0.0, 0.0
    costs = problem.objectives()
    decided = np.where(problem.whole, plan.proof.values, 0.0)
    freely = vary(costs=costs, decided=decided)
    if not freely.solved:
        return price, None, None, None
    less = plan.proof.values - freely.values
    kg, dkk = problem.measure(CO2E), problem.measure(COST)
    return price, dot(costs[0], less), dot(kg, less), dot(dkk, less)
