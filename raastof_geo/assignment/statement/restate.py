"""State the programme of a scenario that is a little different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from raastof_geo.assignment.rules.row import Row, Rule
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme, build_programme
from raastof_geo.assignment.statement.statement import lay_columns, lay_rows
from raastof_geo.errors import RaastofError
from raastof_geo.legs.price import price_again
from raastof_geo.scenario.said.file import ScenarioFile


class Restated(NamedTuple):
    """The programme of another scenario."""

    problem: Problem
    rows: list[Row]
    programme: Programme


def restate(problem: Problem, said: ScenarioFile, rules: Sequence[Rule]) -> Restated | None:
    """Lay out another scenario; its new legs are priced where there are roads.

    Returns
    -------
    restated
        Of what each project has alone, what it had before; none where legs cannot be priced.
    """
    scenario = replace(problem.scenario, said=said)
    try:
        legs = price_again(problem.legs, scenario) or problem.legs
    except RaastofError:
        return None
    other = lay_columns(scenario, legs, rules)
    if scenario.said.targets.fairness is not None:
        other = replace(other, alone=problem.alone)
    rows = lay_rows(other, rules)
    return Restated(other, rows, build_programme(rows, other.whole))
