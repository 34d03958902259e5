"""A variant of a problem is solved in one call, which ends in one of three ways."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import EVERYTHING, PIT_AND_PROJECT, make_legs, make_scenario, random_kilometres
from raastof_geo.assignment import RULES, assign
from raastof_geo.assignment.rules import lay_columns
from raastof_geo.assignment.solving.certificate import bound_below
from raastof_geo.assignment.solving.solve import Search, solve


def lay(text=PIT_AND_PROJECT):
    scenario = make_scenario(text)
    return lay_columns(scenario, make_legs(scenario, random_kilometres(1)), RULES)


def test_the_optimum_has_its_bound():
    """A finished search gives what the plan has, and its bound is the same number."""
    problem = lay()
    found = solve(problem)
    plan = assign(problem.scenario, problem.legs)
    assert found.solved
    assert found.value == pytest.approx(plan.certificate.objective)
    bound, _ = bound_below(found.programme, found.costs[0], found.shadow_prices)
    assert bound == pytest.approx(found.value, rel=1e-6)
    small, values = found.used()
    assert len(values) == small.column_count == np.count_nonzero(values)
    assert found.amount("cost_dkk") == pytest.approx(plan.amounts["cost_dkk"], rel=1e-3)


def test_without_columns_there_is_no_plan():
    """Where the columns that are left keep no rule, the search ends by itself with that answer."""
    problem = lay()
    found = solve(problem, closed=np.ones(problem.column_count, bool))
    assert found.complete
    assert not found.feasible
    assert not found.solved
    assert not found.values.any()


def test_a_clock_that_is_over_is_no_answer():
    """Time that is up is told as such, and never as no plan."""
    problem = lay()
    found = solve(problem, clock=1e-9, closed=np.zeros(problem.column_count, bool))
    assert found.solved or not found.complete


def test_one_layout_serves_several_costs_and_closed_columns():
    """A programme is laid out once; closing columns never makes the optimum smaller."""
    problem = lay()
    free = solve(problem)
    reuse = np.zeros(problem.column_count, bool)
    reuse[problem.find(origin="digging", destination="road")] = True
    held = solve(problem, programme=free.programme, closed=reuse)
    assert held.programme is free.programme
    assert held.solved
    assert held.value >= free.value - 1e-9
    cheap = solve(problem, programme=free.programme, costs=[problem.measure("cost_dkk")])
    assert cheap.amount("cost_dkk") <= free.amount("cost_dkk") + 1e-6


def test_decisions_are_looked_for_or_taken():
    """What a search decides can be given back, and then the optimum is the same."""
    text = EVERYTHING.replace(
        "  fairness: {measure: transport_kg_co2e_wtw, worse_by_at_most: 50 %}\n", ""
    )
    problem = lay(text)
    found = solve(problem, decided=Search(0.0))
    assert found.solved
    assert found.decided is not None
    again = solve(problem, programme=found.programme, decided=found.decided)
    assert again.value == pytest.approx(found.value, rel=1e-6)
    assert found.decision.lower_bound <= found.value + 1e-6
    relaxed = solve(problem, programme=found.programme)
    assert relaxed.value <= found.value + 1e-6 * abs(found.value)
