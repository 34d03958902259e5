"""Either-or decisions hold what plants set in motion, and none leaks."""

from __future__ import annotations

import pytest
from worlds import EVERYTHING, make_legs, make_scenario
from raastof_geo.assignment import RULES, assign
from raastof_geo.assignment.rules import lay_columns
from raastof_geo.assignment.rules.choices import lots_kept, partners_limited
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.errors import NoPlanError

HEAD = """
title: w
language: en
periods: [2027]
vehicles: [tipper_4_axle]
"""
RECIPE = "kg_co2e_per_t: 1, dkk_per_t: 1}"
TURNING = f"""{HEAD}
catalogue:
  recipes:
    make: {{name: {{en: a}}, inputs: {{fill_sand: 1}},
           outputs: {{concrete_gravel: 0.1, crusher_residue: 0.9}}, {RECIPE}
    mix: {{name: {{en: b}}, inputs: {{crusher_residue: 0.01, clean_sandy_soil: 0.99}},
          outputs: {{slightly_polluted_soil: 1}}, {RECIPE}
    sieve: {{name: {{en: c}}, inputs: {{fill_sand: 1}},
            outputs: {{clean_sandy_soil: 0.1, clean_clay_soil: 0.9}}, {RECIPE}
  fits: {{concrete_gravel: {{base_course: {{verdict: allowed, rule: x}}}}}}
sites:
  road: {{lon: 12.10, lat: 55.45, needs: [{{use: base_course, amount: 100 t,
         materials: [concrete_gravel]}}]}}
  pit: {{lon: 12.15, lat: 55.633, pit: {{supplies: [fill_sand]}}}}
  works: {{lon: 12.2, lat: 55.5, plant: {{recipes: [make]}}}}
  mixer: {{lon: 12.2, lat: 55.51, plant: {{recipes: [mix]}}}}
  siever: {{lon: 12.2, lat: 55.52, plant: {{recipes: [sieve]OPENS}}}}
  tip: {{lon: 12.195, lat: 55.462,
        receiver: {{accepts: [slightly_polluted_soil, clean_clay_soil]}}}}
"""
RING = f"""{HEAD}
catalogue:
  recipes:
    there: {{name: {{en: a}}, inputs: {{clean_clay_soil: 1}},
            outputs: {{clean_sandy_soil: 0.999}}, {RECIPE}
    back: {{name: {{en: b}}, inputs: {{clean_sandy_soil: 1}}, outputs: {{clean_clay_soil: 1}},
           {RECIPE}
sites:
  dig: {{lon: 12.10, lat: 55.45, offers: [{{material: clean_clay_soil, amount: 100 t}}]}}
  one: {{lon: 12.2, lat: 55.5, plant: {{recipes: [there]OPENS}}}}
  two: {{lon: 12.2, lat: 55.51, plant: {{recipes: [back]}}}}
"""
LARGE = f"""{HEAD}
objectives: [cost_dkk]
sites:
  road: {{lon: 12.10, lat: 55.45,
         needs: [{{use: fill, materials: [fill_sand], amount: NEED t}}]}}
  dig: {{lon: 12.26, lat: 55.59, offers: [{{material: clean_clay_soil, amount: MUCH t}}]}}
  pit: {{lon: 12.15, lat: 55.63, pit: {{supplies: [fill_sand]OPENS}}}}
  tip: {{lon: 12.19, lat: 55.46, receiver: {{accepts: [clean_clay_soil]}}}}
"""


def solve(text: str, opens: str):
    scenario = make_scenario(text.replace("OPENS", opens))
    return assign(scenario, make_legs(scenario))


def test_a_chain_that_turns_in_a_plant_that_mixes_is_given_room():
    """What is left of one plant is mixed with a hundred times as much that a third one makes."""
    plain, free = solve(TURNING, ""), solve(TURNING, ", opens: {cost_dkk: 0}")
    sieved = free.processed.set_index("recipe")["tonnes"]
    assert sieved["sieve"] == pytest.approx(sieved["make"] * 0.9 / 0.01 * 0.99 / 0.1, rel=1e-6)
    assert free.objectives["cost_dkk"] == pytest.approx(plain.objectives["cost_dkk"], rel=1e-6)


@pytest.mark.parametrize("opens", ["", ", opens: {cost_dkk: 0}"])
def test_what_goes_round_until_it_is_lost_is_given_room(opens):
    """A loss of 0.1 % a round takes 100 t round a thousand times, with a decision and without."""
    plan = solve(RING, opens)
    lost = plan.processed.set_index("recipe")["tonnes"]["there"] * 0.001
    assert lost == pytest.approx(100, rel=1e-6)


@pytest.mark.parametrize(("need", "much", "price"), [(0.1, 1e6, 1000), (5, 1e8, 10_000_000)])
def test_a_decision_lets_nothing_through_for_nothing(need, much, price):
    """Where it opens room for 100 million tonnes, a decision of 0.00000005 is not taken for 0."""
    text = LARGE.replace("NEED", str(need)).replace("MUCH", f"{much:.0f}")
    plain = solve(text, "")
    opened = solve(text, f", opens: {{cost_dkk: {price}}}")
    added = opened.objectives["cost_dkk"] - plain.objectives["cost_dkk"]
    assert added == pytest.approx(price, rel=1e-6)
    assert opened.certificate.holds


@pytest.mark.parametrize("ends", ["exactly: 0", "at_most: 0"])
def test_no_candidate_is_opened_where_none_may_be(ends):
    """The only pit is one: nothing else can meet the need."""
    text = LARGE.replace("NEED", "100").replace("MUCH", "100")
    assert solve(text, ", opens: {cost_dkk: 0}").openings["opened"].all()
    with pytest.raises(NoPlanError):
        solve(f"{text}choices: {{openings: {{{ends}}}}}\n", ", opens: {cost_dkk: 0}")


def test_rows_of_pairs_and_lots_take_one_pass_over_the_moves(monkeypatch):
    """However many pairs and lots there are, no column is looked for pair by pair."""
    scenario = make_scenario(EVERYTHING)
    problem = lay_columns(scenario, make_legs(scenario), RULES)
    columns = problem.find(origin="pit", destination="road")
    monkeypatch.setattr(Problem, "find", None)
    rows = [*partners_limited(problem), *lots_kept(problem)]
    [pair] = [row for row in rows if (row.rule, row.label) == ("partners_linked", "pit-road")]
    assert pair.columns[:-1].tolist() == columns.tolist()
    assert sum(row.rule == "lots_least" for row in rows) == problem.sizes["lots"] > 10
