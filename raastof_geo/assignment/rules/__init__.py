r"""The constraints of the programme: one function for each, its inequality in the docstring.

:math:`x_c` are the units on column :math:`c`: tonnes moved, which have a giver, a taker, a
material, a truck and a period, or tonnes into a recipe :math:`p`, tonnes stored :math:`z`, empty
trips :math:`y`, decisions :math:`b`. Every limit is a row with a name, never a bound on a column,
so that shadow prices times limits add up to the objective.
"""

from collections.abc import Callable, Mapping, Sequence

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
from raastof_geo.scenario.said.file import ScenarioFile

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


def _always(_said: ScenarioFile) -> bool:
    return True


BLIND_TO_TRUCKS: Mapping[Rule, Callable[[ScenarioFile], bool]] = {
    offers_kept: _always,
    needs_met: _always,
    pits_permitted: _always,
    receivers_permitted: _always,
    plants_run: _always,
    depots_kept: _always,
    secondary_share_reached: _always,
    caps_kept: lambda said: not said.targets.at_most,
    passages_limited: lambda said: not said.targets.passages,
    projects_not_worse: lambda said: said.targets.fairness is None,
    fleet_kept: lambda said: not said.fleet,
    trips_balanced: lambda said: said.return_loads is None,
    agreements_kept: _always,
    openings_paid: _always,
    partners_limited: _always,
    lots_kept: _always,
}
"""When a rule gives moves that differ in nothing but the truck the same coefficients. A rule that
is not here is never taken to be blind, so that no column it may need is dropped."""


def trucks_matter(rules: Sequence[Rule], said: ScenarioFile) -> bool:
    """Tell whether the truck that serves the objectives best may not be the one a plan needs.

    Where every rule is blind to trucks, moving tonnes to the truck that is best by the list of
    objectives keeps all rows and worsens nothing, so that the other trucks' columns can go.
    """
    if len(said.vehicles) == 1:
        return False
    blind = all(rule in BLIND_TO_TRUCKS and BLIND_TO_TRUCKS[rule](said) for rule in rules)
    return not blind or any(step.tolerance for step in said.objectives)


__all__ = ["BLIND_TO_TRUCKS", "RULES", "Row", "Rule", "Sense", "trucks_matter"]
