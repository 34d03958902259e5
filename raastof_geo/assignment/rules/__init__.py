r"""The constraints of the programme: one function for each, its inequality in the docstring.

:math:`x_c` are the units on column :math:`c`: tonnes moved, which have a giver, a taker, a
material, a truck and a period, or tonnes into a recipe :math:`p`, tonnes stored :math:`z`, empty
trips :math:`y`, decisions :math:`b`. Every limit is a row with a name, never a bound on a column,
so that shadow prices times limits add up to the objective.
"""

from collections.abc import Sequence

from raastof_geo.assignment.rules import agreements, capture, choices, limits, masses, trucks
from raastof_geo.assignment.statement.rows import DeclaredRule, Rule
from raastof_geo.scenario.said.file import ScenarioFile

RULES: tuple[Rule, ...] = (
    masses.offers_kept,
    masses.needs_met,
    capture.captured,
    masses.pits_permitted,
    masses.receivers_permitted,
    masses.plants_run,
    masses.depots_kept,
    limits.secondary_share_reached,
    limits.goals_held,
    limits.caps_kept,
    limits.passages_limited,
    limits.projects_not_worse,
    trucks.fleet_kept,
    trucks.trips_balanced,
    agreements.agreements_kept,
    choices.openings_paid,
    choices.partners_limited,
    choices.lots_kept,
)


def trucks_matter(rules: Sequence[Rule], said: ScenarioFile) -> bool:
    """Tell whether the truck that serves the objectives best may not be the one a plan needs.

    Where every rule is blind to trucks, moving tonnes to the truck that is best by the list of
    objectives keeps all rows and worsens nothing, so that the other trucks' columns can go.
    """
    if len(said.vehicles) == 1:
        return False
    blind = all(isinstance(rule, DeclaredRule) and rule.blind_to_trucks(said) for rule in rules)
    return not blind or any(step.tolerance for step in said.objectives)
