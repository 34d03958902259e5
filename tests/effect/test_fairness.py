"""What fairness promises is what the books show: both ask one function whose a leg is."""

from __future__ import annotations

import pytest
from worlds import make_legs, make_scenario
from raastof_geo.assignment import assign
from raastof_geo.assignment.statement.shares import share_moves
from raastof_geo.effect import measure_effect
from raastof_geo.language import speaking

WORLD = """
title: Two projects
language: en
periods: [2027]
vehicles: [tipper_4_axle]
co2_price_dkk_per_t: 500
effect: {{shared_legs: {rule}}}
targets: {{{fairness}}}
sites:
  road: {{lon: 12.10, lat: 55.45, needs: [{{use: fill, amount: 1000 t}}]}}
  digging:
    lon: 12.26
    lat: 55.59
    offers: [{{material: clean_clay_soil, amount: 600 t, price_dkk_per_t: 12}}]
  pit: {{lon: 12.15, lat: 55.63, pit: {{supplies: [fill_sand]}}}}
  tip: {{lon: 12.19, lat: 55.46, receiver: {{accepts: [clean_clay_soil]}}}}
objectives: [transport_kg_co2e_wtw]
"""
FAIR = "fairness: {measure: transport_kg_co2e_wtw, worse_by_at_most: 25 %}"
REUSE_KM, TIP_KM, PIT_KM = 30.0, 10.0, 60.0
KILOMETRES = {("digging", "road"): REUSE_KM, ("digging", "tip"): TIP_KM, ("pit", "road"): PIT_KM}


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def solve(rule: str, fairness: str = ""):
    scenario = make_scenario(WORLD.format(rule=rule, fairness=fairness))
    legs = make_legs(scenario, KILOMETRES)
    plan = assign(scenario, legs)
    return plan, measure_effect(scenario, legs, plan)


@pytest.mark.parametrize(("rule", "reused_t"), [("giver", 75.0), ("half", 300.0), ("taker", 600.0)])
def test_fairness_holds_the_plan_to_what_the_books_say(rule, reused_t):
    """Who digs may have 10 km × 600 t and a quarter more, at 30, 15 or 0 km for each tonne reused.

    30 x + 10 (600 − x) ≤ 7,500 gives 75 t; 15 x + 10 (600 − x) ≤ 7,500 gives 300 t.
    """
    plan, effect = solve(rule, FAIR)
    reused = plan.flows[plan.flows["origin"].eq("digging") & plan.flows["destination"].eq("road")]
    assert reused["tonnes"].sum() == pytest.approx(reused_t)
    now = effect.books.by("project")["transport_kg_co2e_wtw"]
    alone = effect.baseline_books.by("project")["transport_kg_co2e_wtw"]
    assert (now <= 1.25 * alone + 1e-6).all()
    if rule != "taker":
        assert now["digging"] == pytest.approx(1.25 * alone["digging"])


@pytest.mark.parametrize("rule", ["giver", "half", "taker"])
def test_each_part_of_a_leg_is_whose_the_books_say(rule):
    """Money too: who takes buys, who gives pays at the gate, whatever the transport between."""
    plan, effect = solve(rule)
    books = effect.books.by("project")
    measures = [name for name in plan.amounts if name in books.columns]
    assert {"cost_dkk", "kg_co2e_wtw", "tonne_km", "virgin_tonnes"} <= set(measures)
    for measure in measures:
        for project, (columns, weights) in share_moves(plan.problem, measure).items():
            mine = float(weights @ plan.proof.values[columns])
            assert mine == pytest.approx(books.loc[project, measure]), (measure, project)
    both = share_moves(plan.problem, "cost_with_co2_dkk")
    total = sum(float(weights @ plan.proof.values[columns]) for columns, weights in both.values())
    assert total == pytest.approx(plan.amounts["cost_with_co2_dkk"])
