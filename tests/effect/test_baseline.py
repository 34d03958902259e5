"""In a baseline every permit and capacity holds once, for all parties together."""

from __future__ import annotations

import pytest
from worlds import make_legs, make_scenario
from raastof_geo.assignment import assign, build_problem
from raastof_geo.assignment.alone import measure_alone
from raastof_geo.effect import measure_effect, solve_baseline
from raastof_geo.outputs.warning import beyond_fairness

SCARCE = """
title: One near pit for two
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle]
objectives: [transport_kg_co2e_wtw]
sites:
  one: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 100 t, to: 2027}]}
  two: {lon: 12.11, lat: 55.45, needs: [{use: fill, amount: 100 t, to: 2027}]}
  near: {lon: 12.12, lat: 55.45, pit: {supplies: [fill_sand], capacity_total: 100 t}}
  far: {lon: 12.13, lat: 55.45, pit: {supplies: [fill_sand]}}
"""
KM = {("near", "one"): 10.0, ("near", "two"): 10.0, ("far", "one"): 20.0, ("far", "two"): 50.0}
FAIR = "targets: {fairness: {measure: transport_kg_co2e_wtw, worse_by_at_most: 0 %}}\n"
KG_PER_KM = 100 * 2 / 18
"""kg CO2e of 100 t over a kilometre, there and back, in the trucks of these worlds."""


pytestmark = pytest.mark.usefixtures("english")


def moved(text: str, kilometres=KM) -> dict[tuple[str, str], float]:
    scenario = make_scenario(text)
    baseline = solve_baseline(scenario, make_legs(scenario, kilometres))
    assert not baseline.missing
    return baseline.flows.groupby(["origin", "destination"])["tonnes"].sum().to_dict()


@pytest.mark.parametrize("capacity", ["capacity_total: 100 t", "capacity_per_period: 100 t"])
def test_a_scarce_pit_goes_to_those_to_whom_it_is_worth_most(capacity):
    """The near pit saves `two` 40 km and `one` 10 km: it is not there for both of them."""
    flows = moved(SCARCE.replace("capacity_total: 100 t", capacity))
    assert flows == {("far", "one"): pytest.approx(100), ("near", "two"): pytest.approx(100)}


def test_a_scarce_receiver_is_there_once():
    """Two sites of one project do not each fill a receiver to its whole capacity."""
    soil = "clean_clay_soil"
    surplus = f"project: p, offers: [{{material: {soil}, amount: 100 t}}]"
    text = f"""
        title: One near receiver for two sites
        periods: [2027]
        vehicles: [tipper_4_axle]
        objectives: [transport_kg_co2e_wtw]
        sites:
          one: {{lon: 12.10, lat: 55.45, {surplus}}}
          two: {{lon: 12.11, lat: 55.45, {surplus}}}
          near: {{lon: 12.12, lat: 55.45, receiver: {{accepts: [{soil}], capacity_total: 150 t}}}}
          far: {{lon: 12.13, lat: 55.45, receiver: {{accepts: [{soil}]}}}}
    """
    flows = moved(text, lambda a, b: {"near": 10.0, "far": 30.0}[b] + (a == "two"))
    assert sum(tonnes for (_, to), tonnes in flows.items() if to == "near") == pytest.approx(150)
    assert sum(flows.values()) == pytest.approx(200)


def test_where_nothing_but_pits_can_be_used_the_effect_is_nothing():
    """Projects that have nothing to give each other save nothing by matching."""
    scenario = make_scenario(SCARCE)
    legs = make_legs(scenario, KM)
    effect = measure_effect(scenario, legs, assign(scenario, legs))
    for name, saved in effect.saved.items():
        assert saved == pytest.approx(0.0, abs=1e-6), name


def test_what_is_missing_is_the_least_and_the_rest_is_the_best():
    """With 150 t for two needs of 100 t, 50 t are missing: where that saves the most."""
    far = "far: {lon: 12.13, lat: 55.45, pit: {supplies: [fill_sand]"
    scenario = make_scenario(SCARCE.replace(far, far + ", capacity_total: 50 t"))
    baseline = solve_baseline(scenario, make_legs(scenario, {**KM, ("near", "two"): 12.0}))
    assert baseline.missing == {("needs_met", "two/1-fill"): pytest.approx(50)}
    best = (50 * 20 + 50 * 10 + 50 * 12) / 100
    assert baseline.totals.kg_co2e_wtw == pytest.approx(best * KG_PER_KM)


def test_fairness_is_held_against_the_baseline_that_there_is_room_for():
    """What a project has alone is its part of the baseline, in which the near pit is there once."""
    scenario = make_scenario(SCARCE + FAIR)
    legs = make_legs(scenario, KM)
    alone = measure_alone(build_problem(scenario, legs))
    assert alone == {"one": pytest.approx(20 * KG_PER_KM), "two": pytest.approx(10 * KG_PER_KM)}
    plan = assign(scenario, legs)
    assert plan.objectives["transport_kg_co2e_wtw"] == pytest.approx(30 * KG_PER_KM)


def test_fairness_says_nothing_of_a_project_that_cannot_do_without_others():
    """A project of which the baseline leaves something out has no figure to be held against."""
    text = SCARCE.replace("  far: {lon: 12.13, lat: 55.45, pit: {supplies: [fill_sand]}}\n", "")
    text = text.replace("sites:\n", "sites:\n  hole: {lon: 12.2, lat: 55.5, offers: [%s]}\n") % (
        "{material: clean_clay_soil, amount: 100 t, must_leave: false}"
    )
    scenario = make_scenario(text + FAIR)
    legs = make_legs(scenario, {**KM, ("near", "one"): 9.0})
    alone = measure_alone(build_problem(scenario, legs))
    assert alone == {"hole": 0.0, "one": pytest.approx(9 * KG_PER_KM)}


def test_equally_good_baselines_are_told_apart_by_labels():
    """Two projects at the same place share a scarce pit alike, in any order."""
    tied = {**KM, ("far", "two"): 20.0}
    found = []
    for text in (SCARCE, _turned(SCARCE)):
        scenario = make_scenario(text + FAIR)
        found.append(measure_alone(build_problem(scenario, make_legs(scenario, tied))))
    assert all(figures == pytest.approx(found[0]) for figures in found)
    assert sorted(found[0].values()) == pytest.approx([10 * KG_PER_KM, 20 * KG_PER_KM])


def _turned(text: str) -> str:
    head, sites = text.split("sites:\n")
    return head + "sites:\n" + "\n".join(reversed(sites.strip("\n").split("\n"))) + "\n"


def test_a_baseline_in_kilograms_is_the_same():
    """Nothing of a baseline is lost to rounding, or missing, where amounts are small."""
    small = SCARCE.replace("100 t", "0.0001 t")
    flows = moved(small)
    assert flows == {
        ("far", "one"): pytest.approx(1e-4, rel=1e-6),
        ("near", "two"): pytest.approx(1e-4, rel=1e-6),
    }


def test_a_project_that_fairness_does_not_limit_is_told():
    """A project that the baseline leaves something out of is named, and no other."""
    text = SCARCE.replace("  far: {lon: 12.13, lat: 55.45, pit: {supplies: [fill_sand]}}\n", "")
    scenario = make_scenario(text + FAIR)
    alone = measure_alone(
        build_problem(scenario, make_legs(scenario, {**KM, ("near", "one"): 9.0}))
    )
    told = [str(one) for one in beyond_fairness(scenario, alone)]
    assert [one.split(":")[0] for one in told] == ["`targets.fairness` does not limit `two`"]
    assert not list(beyond_fairness(make_scenario(text), {}))
    assert not list(beyond_fairness(scenario, {"one": 0.0, "two": 0.0}))
