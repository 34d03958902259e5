"""Split the effect by cause: switch the causes on one after the other, and look what each adds."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from raastof_geo.arrays import Floats, Mask
from raastof_geo.assignment.alone import plain_trucks
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.solving.solve import solve
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.assignment.statement.statement import lay_columns
from raastof_geo.effect.baseline import BaselinePlan
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.choice import Choices
from raastof_geo.scenario.said.target import Targets
from raastof_geo.scenario.scenario import Scenario

CauseName: TypeAlias = Literal["reuse", "plants", "storage", "trucks", "return_loads", "terms"]

CAUSES: tuple[CauseName, ...] = ("reuse", "plants", "storage", "trucks", "return_loads", "terms")
"""In the order in which they are switched on: projects send to each other and share pits and
receivers; plants; depots and stockpiles; the trucks of the plan instead of the baseline's; return
loads; targets, limits, agreements and either-or decisions."""


_PATIENCE_S = 120.0
"""How long to look for the plan of each step. [s]"""
_NOTHING = 1e-3
"""Targets that change no figure by more than this are no cause."""


@dataclass(frozen=True, eq=False)
class Cause:
    """What one cause, or several that cannot be told apart, saves."""

    names: tuple[CauseName, ...]
    saved: dict[str, float]
    """Books before it less books with it, by part."""


def split_by_cause(
    scenario: Scenario, legs: Legs, plan: Plan, plan_books: Books, baseline: BaselinePlan
) -> tuple[Cause, ...]:
    """Solve with the causes switched on one after the other; they add up to the whole effect.

    The first step takes over everything that the projects may do without plants, depots and the
    plan's trucks, under the shared capacities; the last one is the plan. Where a step has no plan,
    its cause is told together with the next.

    Returns
    -------
    causes
        In the order in which they were switched on.
    """
    wanted = [name for name in CAUSES if _applies(scenario, name)]
    before = _sums(baseline.books)
    found: list[Cause] = []
    waiting: tuple[CauseName, ...] = ()
    variants = _Variants(scenario, legs, plan)
    for number, name in enumerate(wanted):
        waiting = (*waiting, name)
        if number == len(wanted) - 1:
            after: dict[str, float] | None = _sums(plan_books)
        else:
            books = variants.keep_books_with(wanted[: number + 1])
            after = None if books is None else _sums(books)
        if after is None:
            continue
        saved = {part: before[part] - after[part] for part in before}
        if waiting != ("terms",) or any(abs(value) > _NOTHING for value in saved.values()):
            found.append(Cause(waiting, saved))
        before, waiting = after, ()
    return tuple(found)


def _sums(books: Books) -> dict[str, float]:
    return {str(name): float(value) for name, value in books.totals.items()}


def _applies(scenario: Scenario, name: CauseName) -> bool:
    said = scenario.said
    asks = {
        "reuse": True,
        "plants": bool(scenario.plants),
        "storage": bool(scenario.depots),
        "trucks": bool(said.fleet) or set(plain_trucks(said)) != set(said.vehicles),
        "return_loads": said.return_loads is not None,
        "terms": bool(said.agreements) or (said.targets, said.choices) != (Targets(), Choices()),
    }
    return asks[name]


class _Variants:
    """The worlds of the steps: each is laid out once, and most steps only open columns of it."""

    def __init__(self, scenario: Scenario, legs: Legs, plan: Plan) -> None:
        self._scenario, self._legs, self._plan = scenario, legs, plan
        self._known: dict[tuple[bool, bool], tuple[Problem, Programme | None]] = {}

    def keep_books_with(self, causes: Collection[CauseName]) -> Books | None:
        """Solve with only some causes; none where no plan keeps the rules, or time was up."""
        rules = self._plan.rules
        key = ("trucks" in causes, "return_loads" in causes)
        if key not in self._known:
            variant = _switch(self._scenario, causes)
            self._known[key] = lay_columns(variant, self._legs, rules), None
        problem, programme = self._known[key]
        solution = solve(
            problem,
            rules=rules,
            programme=programme,
            closed=_closed(problem, causes),
            decided=_decided(problem, self._plan, causes),
            clock=_PATIENCE_S,
        )
        self._known[key] = problem, solution.programme
        return keep_books(*solution.used()) if solution.solved else None


def _switch(scenario: Scenario, causes: Collection[CauseName]) -> Scenario:
    said = scenario.said
    changes: dict[str, object] = {"targets": Targets(), "agreements": (), "choices": Choices()}
    if "trucks" not in causes:
        changes |= {"vehicles": plain_trucks(said), "fleet": {}}
    if "return_loads" not in causes:
        changes["return_loads"] = None
    return replace(scenario, said=said.model_copy(update=changes))


def _closed(problem: Problem, causes: Collection[CauseName]) -> Mask:
    mask = np.zeros(problem.column_count, bool)
    for cause, kind, block in (
        ("plants", Role.PLANT, "processes"),
        ("storage", Role.DEPOT, "stores"),
    ):
        if cause not in causes:
            mask[problem.block(block)] = True
            if len(problem.moves):
                ends = (problem.giver_is(kind) > 0) | (problem.taker_is(kind) > 0)
                mask[problem.block("moves")] |= ends
    return mask


def _decided(problem: Problem, plan: Plan, causes: Collection[CauseName]) -> Floats:
    """Take over which candidates the plan opens, of the kinds that are switched on."""
    values = np.zeros(problem.column_count)
    opened = {(one.role, one.site) for one in plan.openings.itertuples() if one.opened}
    later: dict[Any, str] = {Role.PLANT: "plants", Role.DEPOT: "storage"}
    if not problem.sizes["openings"]:
        return values
    for at, one in enumerate(problem.others["openings"].itertuples(), problem.starts["openings"]):
        if (one.role, one.site) in opened and later.get(one.role, "reuse") in {*causes, "reuse"}:
            values[at] = 1.0
    return values
