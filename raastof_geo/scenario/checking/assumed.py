"""Assumptions that change nothing, or more than there is."""

from collections.abc import Iterator

from raastof_geo.errors import Finding, InputError
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.said.assumption import Assumption
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import edit_for, put_value, value_of_assumption


def check_assumptions(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Find assumptions that cannot be applied at both of their ends."""
    for name, assumption in scenario.said.assumptions.items():
        try:
            _try_both_ends(scenario, tree, assumption)
        except InputError as error:
            trail = ("assumptions", name, "set" if assumption.set else "scale")
            yield from (finding_at(tree, trail, one.message) for one in error.findings)


def _try_both_ends(scenario: Scenario, tree: Tree, assumption: Assumption) -> None:
    value_of_assumption(scenario, assumption)
    for level in (assumption.low, assumption.high):
        for trail, value in edit_for(scenario, assumption, level).items():
            put_value(tree.values, trail, value)
