"""Every column is nobody's help, within one party, a market, or coordination."""

from __future__ import annotations

import pytest
from worlds import make_legs, make_scenario
from raastof_geo.assignment import build_problem
from raastof_geo.assignment.statement.problem import ColumnKind
from raastof_geo.assignment.statement.shares import ColumnClass, classify

WORLD = """
title: Everybody once
language: en
periods: [2027]
vehicles: [tipper_4_axle]
catalogue:
  recipes:
    crush:
      name: {en: Crush}
      inputs: {concrete_rubble: 1}
      outputs: {crushed_concrete: 1}
      kg_co2e_per_t: 1
      dkk_per_t: 1
sites:
  road: {lon: 12.10, lat: 55.45, project: a, municipality: Køge, client: state,
    needs: [{use: sub_base, amount: 100 t}]}
  cut: {lon: 12.11, lat: 55.45, project: a, municipality: Faxe, client: state,
    offers: [{material: concrete_rubble, amount: 9 t}, {material: crushed_concrete, amount: 9 t}],
    stockpile: {capacity: 10 t}}
  house: {lon: 12.12, lat: 55.45, municipality: Køge, client: town,
    offers: [{material: crushed_concrete, amount: 9 t}]}
  pit: {lon: 12.13, lat: 55.45, pit: {supplies: [sub_base_gravel]}}
  dump: {lon: 12.14, lat: 55.45, receiver: {accepts: [crushed_concrete]}}
  crusher: {lon: 12.15, lat: 55.45, plant: {recipes: [crush]},
    offers: [{material: crushed_concrete, amount: 9 t, must_leave: false}]}
  maybe: {lon: 12.16, lat: 55.45, plant: {recipes: [crush], opens: {cost_dkk: 1}}}
  store: {lon: 12.17, lat: 55.45, client: state,
    depot: {materials: [crushed_concrete], capacity: 10 t}}
"""
A, W, M, X = ColumnClass
SAME = {
    "pit > road": A,
    "cut > dump": A,
    "house > dump": A,
    "crusher > dump": A,
    "cut > road": W,
    "cut > cut": W,
    "cut > crusher": M,
    "crusher > road": M,
    "cut > maybe": X,
    "maybe > road": X,
    "house > store": X,
}


@pytest.mark.parametrize(
    ("together", "differs"),
    [
        ("site", {"cut > road": X, "house > road": X, "cut > store": X, "store > road": X}),
        ("project", {"house > road": X, "cut > store": X, "store > road": X}),
        ("client", {"house > road": X, "cut > store": W, "store > road": W}),
        ("municipality", {"house > road": W, "cut > store": X, "store > road": X}),
    ],
)
def test_a_column_has_the_first_class_that_it_fits(together, differs):
    scenario = make_scenario(WORLD)
    problem = build_problem(scenario, make_legs(scenario, lambda a, b: 1.0 + (a != b)))
    classes = classify(problem, together)
    moves = problem.tabulate_moves(problem.find())
    moves["way"] = moves["origin"].astype(str) + " > " + moves["destination"].astype(str)
    moves["class"] = classes[problem.block("moves")]
    straight = moves[(moves["giver_kind"] != "depot") | (moves["origin"] == "store")]
    found = straight.groupby("way")["class"].unique().map(set)
    for way, expected in (SAME | differs).items():
        assert found[way] == {expected}, way


def test_plants_are_a_market_and_a_stockpile_is_ones_own():
    scenario = make_scenario(WORLD)
    problem = build_problem(scenario, make_legs(scenario, lambda a, b: 1.0))
    classes = classify(problem, "project")
    runs = classes[problem.block(ColumnKind.PROCESSES)]
    assert dict(zip(problem.others["processes"]["site"], runs, strict=True)) == {
        "crusher": M,
        "maybe": X,
    }
    heap = problem.find(origin="cut", giver_kind="depot")
    ways = zip(problem.labels("destination", heap), classes[heap], strict=True)
    assert dict(ways) == {"road": W, "dump": W, "crusher": M, "maybe": X}
    stores = zip(problem.others["stores"]["depot"], classes[problem.block("stores")], strict=True)
    assert {(depot, one) for depot, one in stores} == {("store", X), ("cut/stockpile", W)}
    assert set(classes[problem.block(ColumnKind.OPENINGS)]) == {X}


def test_a_business_is_what_trades_without_needs_or_a_project():
    scenario = make_scenario(WORLD)
    assert scenario.businesses == {"pit", "dump", "crusher", "maybe", "store"}
    assert scenario.together == "municipality"
    without = make_scenario(WORLD.replace("municipality: Faxe, ", ""))
    assert without.together == "project"
    said = make_scenario(WORLD + "baseline: {together: site}\n")
    assert said.together == "site"
