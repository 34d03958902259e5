r"""The constraints of the programme: one function for each, its inequality in the docstring.

:math:`x_c` are the units on column :math:`c`: tonnes moved, which have a giver, a taker, a
material, a truck and a period, or tonnes into a recipe :math:`p`, tonnes stored :math:`z`, empty
trips :math:`y`, decisions :math:`b`. Every limit is a row with a name, never a bound on a column,
so that shadow prices times limits add up to the objective.
"""

from collections.abc import Sequence

from raastof_geo.assignment.rules.agreements import agreements_kept
from raastof_geo.assignment.rules.capture import captured
from raastof_geo.assignment.rules.choices import lots_kept, openings_paid, partners_limited
from raastof_geo.assignment.rules.limits import (
    caps_kept,
    goals_held,
    passages_limited,
    projects_not_worse,
    secondary_share_reached,
)
from raastof_geo.assignment.rules.masses import (
    depots_kept,
    needs_met,
    offers_kept,
    pits_permitted,
    plants_run,
    receivers_permitted,
)
from raastof_geo.assignment.rules.row import (
    About,
    DeclaredRule,
    Family,
    Row,
    RowName,
    Rule,
    Sense,
    declare,
)
from raastof_geo.assignment.rules.trucks import fleet_kept, trips_balanced
from raastof_geo.scenario.said.file import ScenarioFile

RULES: tuple[Rule, ...] = (
    offers_kept,
    needs_met,
    captured,
    pits_permitted,
    receivers_permitted,
    plants_run,
    depots_kept,
    secondary_share_reached,
    goals_held,
    caps_kept,
    passages_limited,
    projects_not_worse,
    fleet_kept,
    trips_balanced,
    agreements_kept,
    openings_paid,
    partners_limited,
    lots_kept,
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


__all__ = [
    "RULES",
    "About",
    "DeclaredRule",
    "Family",
    "Row",
    "RowName",
    "Rule",
    "Sense",
    "declare",
    "trucks_matter",
]
