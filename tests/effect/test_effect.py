"""Baseline and effect."""

import pytest
from worlds import PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo.assignment import assign
from raastof_geo.effect import measure_effect, solve_baseline


def test_each_project_alone_and_what_the_plan_saves():
    """Needs come from pits and surplus goes to receivers; effect = baseline - plan."""
    scenario = make_scenario(PIT_AND_PROJECT)
    legs = make_legs(scenario)
    effect = measure_effect(scenario, legs, assign(scenario, legs))
    assert (effect.baseline.virgin_tonnes, effect.baseline.received_tonnes) == (1000, 600)
    assert effect.saved["virgin_tonnes"] == pytest.approx(600)
    for name, saved in effect.saved.items():
        assert saved == getattr(effect.baseline, name) - getattr(effect.plan, name)
    assert not effect.baseline_missing


def test_what_a_project_alone_cannot_place_is_reported():
    """Missing tonnes of the baseline are named, and then there is no share saved."""
    scenario = make_scenario(PIT_AND_PROJECT.replace("_per_period: 900 t", "_total: 400 t"))
    legs = make_legs(scenario)
    effect = measure_effect(scenario, legs, assign(scenario, legs))
    assert list(effect.baseline_missing.values()) == [pytest.approx(600)]
    assert effect.saved_share is None


def test_a_named_receiver_is_the_only_one():
    """A scenario may name its baseline's receivers."""
    far = "  far: {lon: 12.3, lat: 55.4, receiver: {accepts: [clean_clay_soil]}}\n"
    scenario = make_scenario(PIT_AND_PROJECT + far + "baseline: {receivers: [far]}\n")
    flows = solve_baseline(scenario, make_legs(scenario, {("digging", "far"): 80.0})).flows
    assert set(flows.loc[flows["taker_kind"] == "receiver", "taker"]) == {"far"}
