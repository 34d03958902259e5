"""A search that begins at another's end comes to the same plan, in whatever order."""

from __future__ import annotations

import itertools
from dataclasses import replace
import numpy as np
import pytest
from worlds import EVERYTHING, PIT_AND_PROJECT, make_legs, make_scenario, random_kilometres
from raastof_geo.assignment import assign
from raastof_geo.assignment.rules.limits import SHARE_REACHED
from raastof_geo.assignment.solving.price_in import Start
from raastof_geo.assignment.solving.stated import BASIC
from raastof_geo.effect import answer_target

TIED = PIT_AND_PROJECT.replace(
    "  tip:",
    """  other:
    {lon: 12.15, lat: 55.64, pit: {supplies: [fill_sand], capacity_per_period: 900 t}}
  tip:""",
)
LINEAR = EVERYTHING.replace("choices: {partners_at_most: 4, smallest_lot: 25 t}\n", "").replace(
    ", opens: {cost_dkk: 5000, kg_co2e: 10}", ""
)
WORLDS = {"small": PIT_AND_PROJECT, "tied": TIED, "linear": LINEAR, "decisions": EVERYTHING}
AMOUNTS = ((1000, 600), (1010, 580), (990, 590))
"""Tonnes that the road needs and that the digging gives."""


def variants(text):
    """The same world with other amounts, on the same legs."""
    scenarios = [
        make_scenario(
            text.replace("amount: 1000 t", f"amount: {need} t").replace(
                "amount: 600 t", f"amount: {offer} t"
            )
        )
        for need, offer in AMOUNTS
    ]
    return scenarios, make_legs(scenarios[0], 10.0 if text == TIED else random_kilometres(1))


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("small", [20_000, 5])
def test_any_order_of_solving_ends_in_the_same_plans(monkeypatch, world, small):
    """Each begun from the one before, in every order: byte for byte what a cold search gives."""
    monkeypatch.setattr("raastof_geo.assignment.solving.price_in._SMALL", small)
    scenarios, legs = variants(WORLDS[world])
    cold = [assign(scenario, legs, explain=False) for scenario in scenarios]
    orders = list(itertools.permutations(range(len(scenarios))))
    for order in orders[::3] if world == "decisions" else orders:
        before = None
        for number in order:
            plan = assign(scenarios[number], legs, start=before, explain=False)
            assert plan.proof.values.tobytes() == cold[number].proof.values.tobytes(), order
            assert plan.objectives == cold[number].objectives
            assert plan.certificate.holds
            before = plan


def test_the_end_of_an_unlike_world_is_no_start():
    """What has other columns begins from nothing, and comes to its own plan."""
    scenarios, legs = variants(TIED)
    other = make_scenario(PIT_AND_PROJECT)
    plan = assign(other, make_legs(other))
    begun = assign(scenarios[0], legs, start=plan)
    np.testing.assert_array_equal(begun.proof.values, assign(scenarios[0], legs).proof.values)


@pytest.mark.parametrize(("at_least", "binds"), [("0 %", False), ("40 %", True)])
@pytest.mark.parametrize("small", [20_000, 5])
def test_the_largest_share_is_the_same_from_any_corner(monkeypatch, at_least, binds, small):
    """A target that does not bind leaves a corner to begin from; one that binds leaves none."""
    monkeypatch.setattr("raastof_geo.assignment.solving.price_in._SMALL", small)
    text = f"{PIT_AND_PROJECT}targets: {{secondary_share: {{at_least: {at_least}}}}}\n"
    scenario = make_scenario(text)
    km = {("digging", "road"): 60.0, ("digging", "tip"): 1.0, ("pit", "road"): 1.0}
    plan = assign(scenario, make_legs(scenario, km))
    asking = np.array([row.family is SHARE_REACHED for row in plan.proof.rows], bool)
    kept = plan.proof.start.keep_rows(~asking)
    assert (kept.basis is None) == binds == (plan.proof.start.basis.rows[asking][0] != BASIC)
    nowhere = replace(plan, proof=replace(plan.proof, start=Start(plan.proof.start.columns)))
    warm, cold = answer_target(plan), answer_target(nowhere)
    assert [one.largest for one in warm.reaches] == pytest.approx(
        [one.largest for one in cold.reaches], rel=1e-9
    )
    assert [one.more_at_largest for one in warm.reaches] == pytest.approx(
        [one.more_at_largest for one in cold.reaches], rel=1e-9, abs=1e-6
    )
