r"""The constraints of the programme: one function for each, its inequality in the docstring.

:math:`x_c` are the units on column :math:`c`: tonnes moved, which have a giver, a taker, a
material, a truck and a period, or tonnes into a recipe :math:`p`, tonnes stored :math:`z`, empty
trips :math:`y`, decisions :math:`b`. Every limit is a row with a name, never a bound on a column,
so that shadow prices times limits add up to the objective.
"""

from collections.abc import Sequence
from dataclasses import replace
import numpy as np
from raastof_geo.assignment.rules import choices, limits, masses
from raastof_geo.assignment.rules.choices import bound_everything
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.row import DeclaredRule, Programme, Row, Rule, build_programme
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.scenario import Scenario

RULES: tuple[Rule, ...] = (
    *(masses.offers_kept, masses.needs_met, masses.captured, masses.pits_permitted),
    *(masses.receivers_permitted, masses.plants_run, masses.depots_kept),
    *(limits.secondary_share_reached, limits.goals_held, limits.caps_kept, limits.passages_limited),
    *(limits.projects_not_worse, limits.fleet_kept, limits.trips_balanced, masses.agreements_kept),
    *(choices.openings_paid, choices.openings_chosen, choices.partners_limited, choices.lots_kept),
)


def trucks_matter(rules: Sequence[Rule], said: ScenarioFile) -> bool:
    """Tell whether the truck that serves the objectives best may not be the one a plan needs.

    Where every rule is blind to trucks, moving tonnes to the truck that is best by the list of
    objectives keeps all rows and worsens nothing, so that the other trucks' columns can go.
    """
    if len(said.vehicles) == 1:
        return False
    blind = (isinstance(rule, DeclaredRule) and rule.blind_to_trucks for rule in rules)
    sees = any(not (one(said) if callable(one) else one) for one in blind)
    return sees or any(step.tolerance for step in said.objectives)


def lay_columns(scenario: Scenario, legs: Legs, rules: Sequence[Rule]) -> Problem:
    """Lay out the columns of a scenario: of each truck, or of the best where rules see none."""
    return build_problem(scenario, legs, every_vehicle=trucks_matter(rules, scenario.said))


def lay_rows(problem: Problem, rules: Sequence[Rule]) -> list[Row]:
    """Let every rule lay its rows, which are numbered in the order of the rules.

    Rules that are not ours speak first: bounds of either-or decisions leave room for what they ask.
    """
    if own := {rule: list(rule(problem)) for rule in rules if rule not in RULES}:
        asked = sum(_asked_t(row) for rows in own.values() for row in rows)
        problem = replace(problem, asked_t=asked)
    return [row for rule in rules for row in (own[rule] if rule in own else rule(problem))]


def _asked_t(row: Row) -> float:
    """Give the units that a row asks for at least, whichever way it is written. [t]"""
    asks = row.limit > 0 if row.sense == ">=" else row.limit < 0
    if not asks and not (row.sense == "=" and row.limit > 0):
        return 0.0
    helps = np.abs(row.coefficients[row.coefficients * row.limit > 0])
    return abs(row.limit) / float(helps.min()) if len(helps) else 0.0


def lay_programme(problem: Problem, rows: Sequence[Row]) -> tuple[list[Row], Programme]:
    """Join rows, then those that bound what none of them bounds, so that it can be proved."""
    programme = build_programme(rows, problem.whole)
    every = [*rows, *bound_everything(problem, programme.bounded)]
    if len(every) > len(rows):
        programme = build_programme(every, problem.whole)
    return every, programme
