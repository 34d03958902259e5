r"""The constraints of the programme: one function for each, its inequality in the docstring.

:math:`x_c` are the units on column :math:`c`: tonnes moved, which have a giver, a taker, a
material, a truck and a period, or tonnes into a recipe :math:`p`, tonnes stored :math:`z`, empty
trips :math:`y`, decisions :math:`b`. Every limit is a row with a name, never a bound on a column,
so that shadow prices times limits add up to the objective.
"""

from raastof_geo.assignment.rules.agreements import agreements_kept
from raastof_geo.assignment.rules.choices import (
    lots_kept,
    openings_paid,
    partners_limited,
)
from raastof_geo.assignment.rules.limits import (
    caps_kept,
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
from raastof_geo.assignment.rules.row import Row, Rule, Sense
from raastof_geo.assignment.rules.trucks import fleet_kept, trips_balanced

RULES: tuple[Rule, ...] = (
    offers_kept,
    needs_met,
    pits_permitted,
    receivers_permitted,
    plants_run,
    depots_kept,
    secondary_share_reached,
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

__all__ = ["RULES", "Row", "Rule", "Sense"]
