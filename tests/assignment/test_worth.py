"""One load more and less, and waiting: what is told is what solving the edited file gives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
import pytest
from hypothesis import given, settings
from strategies import every_world, plan_or_none
from worlds import EVERYTHING, PIT_AND_PROJECT, make_legs, make_scenario, random_kilometres
from raastof_geo.assignment import assign
from raastof_geo.assignment.adjusting import worth
from raastof_geo.assignment.adjusting.worth import Moved, measure_worth
from raastof_geo.errors import RaastofError
from raastof_geo.figures.vocabulary import CO2E, COST, SHORT_OF_GOAL
from raastof_geo.scenario.reading.read import read_varied

TIGHT = PIT_AND_PROJECT.replace("capacity_per_period: 900 t", "capacity_total: 400 t")
"""All that is dug near the road is needed there, and so is all that the pit has: any change of
either amount meets another corner on one side, or no plan."""
TWO_PITS = """
title: Two pits
language: en
periods: [2027, 2028, 2029]
vehicles: [tipper_4_axle]
sites:
  road:
    lon: 12.10
    lat: 55.45
    needs: [{use: fill, amount: 1000 t, from: 2028, to: 2028}, {use: fill, amount: 10 t}]
  digging:
    lon: 12.26
    lat: 55.59
    offers: [{material: clean_clay_soil, amount: 900 m3 in_situ, to: 2028, must_leave: false}]
  pit:
    {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand], capacity_per_period: 500 t}}
  far:
    {lon: 12.15, lat: 55.73, pit: {supplies: [fill_sand], capacity_total: 5000 t}}
  tip:
    {lon: 12.19, lat: 55.46, receiver: {accepts: [clean_clay_soil], capacity_total: 0 t}}
targets: {secondary_share: {at_least: 20 %, definition: with_clean_soil, goal: true}}
capture: {clean_clay_soil: {value: 40 %, source: here}}
"""
LINEAR = EVERYTHING.replace("choices: {partners_at_most: 4, smallest_lot: 25 t}\n", "").replace(
    ", opens: {cost_dkk: 5000, kg_co2e: 10}", ""
)
UNFAIR = LINEAR.replace(
    "  fairness: {measure: transport_kg_co2e_wtw, worse_by_at_most: 50 %}\n", ""
).replace("tolerance: 1 %", "tolerance: 0 %")
WORLDS = {"pit": PIT_AND_PROJECT, "tight": TIGHT, "two pits": TWO_PITS, "everything": UNFAIR}


def measure(plan):
    """What a plan emits, costs and lacks."""
    lacks = plan.objectives.get(SHORT_OF_GOAL, 0.0)
    return plan.amounts[CO2E], plan.amounts[COST], lacks


def solve_file(plan, edits):
    """What an edited file changes, or none where it is refused or has no plan."""
    try:
        varied = read_varied(plan.scenario, edits)
        other = assign(varied, plan.problem.legs, rules=plan.rules, explain=False)
    except RaastofError:
        return None
    return tuple(now - then for now, then in zip(measure(other), measure(plan), strict=True))


def agree(plan, found):
    """Hold every value against its file; give how many there are of each kind."""
    sides = {"plans": 0, "none": 0, "little": 0}
    for one in found.values:
        for loads, told in ((1, one.more), (-1, one.less)):
            if told == "there is less than a load":
                assert one.tonnes < found.load_t
                sides["little"] += 1
                continue
            again = solve_file(plan, {one.trail: one.moved(loads)})
            assert isinstance(told, Moved) == (again is not None), (one.trail, told)
            sides["plans" if again else "none"] += 1
            if again:
                assert told[:3] == pytest.approx(again, rel=1e-6, abs=0.02), (one, loads)
    return sides


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("small", [20_000, 5])
def test_a_load_more_or_less_is_worth_what_its_file_says(monkeypatch, world, small):
    """In kg CO2e, DKK and what goals lack, on both sides; columns not written out are priced in."""
    monkeypatch.setattr("raastof_geo.assignment.solving.price_in._SMALL", small)
    scenario = make_scenario(WORLDS[world])
    plan = assign(scenario, make_legs(scenario, random_kilometres(3)))
    solved = []
    real = worth._solve_again
    monkeypatch.setattr(worth, "_solve_again", lambda *how: solved.append(how) or real(*how))
    found = measure_worth(plan)
    again = [change for _, (change, entry) in solved if entry is None]
    sides = agree(plan, found)
    assert sides["plans"] > 4
    if world == "tight":  # where everything is at its limit nothing is taken from prices
        assert len(again) == sides["plans"] + sides["none"]
        assert sides["none"]
        assert any(one.more[0] != -one.less[0] for one in found.values if len(one.less) == 4)
    else:
        assert len(again) < sides["plans"] + sides["none"]


@settings(max_examples=4, deadline=None)
@given(world=every_world())
def test_so_it_is_in_any_world(world):
    """Goals, caps, fleets, depots and decisions among them."""
    plan = plan_or_none(world)
    if plan is not None:
        agree(plan, measure_worth(plan))


def test_decisions_and_what_is_fair_are_solved_from_the_file():
    """What projects have alone, lots and candidates hang on amounts as well."""
    scenario = make_scenario(EVERYTHING)
    plan = assign(scenario, make_legs(scenario, random_kilometres(1)))
    assert agree(plan, measure_worth(plan))["plans"] > 4


def test_waiting_says_what_it_saves_and_whom_it_meets():
    """Both windows are moved as far as there are periods, the rest is cut, as in the file."""
    scenario = make_scenario(TWO_PITS)
    plan = assign(scenario, make_legs(scenario, random_kilometres(3)))
    found = measure_worth(plan)
    waits = [(one.trail[1:4], one.waits) for one in found.values]
    moved = {(*trail, shift): told for trail, by in waits for shift, told in by.items()}
    road, digging = ("road", "needs", 0), ("digging", "offers", 0)
    assert moved.keys() == {(*road, -1), (*road, 1), (*digging, -1), (*digging, 1), (*digging, 2)}
    ends = {(*road, -1): ("2027", "2027"), (*digging, 1): ("2028", "2029")}
    ends |= {(*road, 1): ("2029", "2029"), (*digging, 2): ("2029", "2029")}
    for key, (first, last) in ends.items():
        trail = ("sites", *key[:3])
        again = solve_file(plan, {(*trail, "from"): first, (*trail, "to"): last})
        told = moved[key]
        assert isinstance(told, Moved) == (again is not None)
        if again:
            assert told[:3] == pytest.approx(again, abs=0.02)
    assert moved[*road, 1].meets == ("far",)  # soil is not there any more


def test_workers_and_their_number_change_nothing():
    """The same values to the last digit, from however many."""
    scenario = make_scenario(UNFAIR)
    plan = assign(scenario, make_legs(scenario, random_kilometres(3)))
    with ThreadPoolExecutor(3) as executor:
        assert measure_worth(plan, executor=executor) == measure_worth(plan)
