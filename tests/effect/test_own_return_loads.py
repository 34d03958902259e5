"""A baseline may say that each party's own trucks need not all drive back empty."""

from __future__ import annotations

import pytest
from worlds import make_legs, make_scenario
from raastof_geo.assignment import assign
from raastof_geo.effect import measure_effect, solve_baseline
from raastof_geo.pipeline import solve_scenario

THERE_AND_BACK = """
title: Soil out, sand back
language: en
periods: [2027]
vehicles: [tipper_4_axle]
capture: {default: 0 %}
sites:
  digging:
    {lon: 12.10, lat: 55.45, project: one, offers: [{material: clean_clay_soil, amount: 1800 t}]}
  filling: {lon: 12.11, lat: 55.45, project: one, needs: [{use: fill, amount: 1800 t}]}
  pit: {lon: 12.12, lat: 55.45, pit: {supplies: [fill_sand]}}
  tip: {lon: 12.13, lat: 55.45, receiver: {accepts: [clean_clay_soil]}}
"""
"""100 loads of 18 t each way; sites beside each other, and places beside each other."""
KM = {
    **{("digging", "tip"): 20.0, ("pit", "filling"): 20.0},
    **{("tip", "pit"): 1.0, ("pit", "tip"): 1.0, ("filling", "digging"): 1.0},
    **{("tip", "digging"): 20.0, ("filling", "pit"): 20.0, ("digging", "filling"): 1.0},
}
APART = THERE_AND_BACK.replace(", project: one", "")
HALF = "return_loads: {share: 50 %}\n"
OWN = "baseline: {return_loads: {share: 50 %}}\n"

pytestmark = pytest.mark.usefixtures("english")


def drive(text: str) -> float:
    """Give the truck kilometres of the baseline, which leaves nothing out."""
    scenario = make_scenario(text)
    baseline = solve_baseline(scenario, make_legs(scenario, KM))
    assert not baseline.missing
    assert baseline.totals.tonnes == pytest.approx(3600)
    return baseline.totals.vehicle_km


@pytest.mark.parametrize(
    ("text", "km"),
    [
        # Each of 200 loads 20 km there and 20 back.
        (THERE_AND_BACK, 200 * 40),
        # The scenario's own return loads are coordination, and no baseline's.
        (THERE_AND_BACK + HALF, 200 * 40),
        # Half of them in loops: 20 km with soil, 1 empty, 20 with sand, 1 empty.
        (THERE_AND_BACK + OWN, 100 * 40 + 50 * 42),
        (THERE_AND_BACK + OWN.replace("50", "100"), 100 * 42),
        (THERE_AND_BACK + OWN.replace("50", "0"), 200 * 40),
        (THERE_AND_BACK + HALF + OWN, 100 * 40 + 50 * 42),
        # Two projects: their trucks know nothing of each other.
        (APART + OWN, 200 * 40),
        (APART + HALF + OWN, 200 * 40),
        # Two projects of one client are one party, where clients are.
        (
            APART.replace("lon: 12.10", "client: c, lon: 12.10").replace(
                "lon: 12.11", "client: c, lon: 12.11"
            )
            + OWN.replace("baseline: {", "baseline: {together: client, "),
            100 * 40 + 50 * 42,
        ),
    ],
)
def test_what_a_partys_own_return_loads_save(text, km):
    assert drive(text) == pytest.approx(km)


@pytest.mark.parametrize("kind", ["alone", "own_first"])
def test_every_kind_of_baseline_has_them(kind):
    text = THERE_AND_BACK + OWN.replace("baseline: {", f"baseline: {{kind: {kind}, ")
    assert drive(text) == pytest.approx(100 * 40 + 50 * 42)


@pytest.mark.parametrize(("text", "saved_km"), [(APART, 1_900), (THERE_AND_BACK, 0)])
def test_what_is_coordinated_is_what_parties_do_not_do_by_themselves(text, saved_km):
    """Between two projects all that loops save is return loads; within one it is nobody's."""
    scenario = make_scenario(text + HALF + OWN)
    legs = make_legs(scenario, KM)
    effect = measure_effect(scenario, legs, assign(scenario, legs))
    assert effect.saved["vehicle_km"] == pytest.approx(saved_km, abs=1e-6)
    by_cause = {cause.names: cause.saved["vehicle_km"] for cause in effect.causes}
    assert by_cause["return_loads",] == pytest.approx(saved_km, abs=1e-6)
    assert sum(by_cause.values()) == pytest.approx(saved_km, abs=1e-6)


def test_on_roads_they_need_no_return_loads_of_the_plan():
    """Empty trips are priced where the baseline alone has some; the plan has none of them."""
    plain, own = (solve_scenario(make_scenario(THERE_AND_BACK + more)) for more in ("", OWN))
    assert own.plan.amounts == pytest.approx(plain.plan.amounts)
    before, after = (one.effect.baseline.vehicle_km for one in (plain, own))
    assert after < before
    baseline = own.effect.baselines[0]
    flows, trips = baseline.flows, baseline.empty_trips
    loads = flows["tonnes"] / flows["load_t"]
    driven = (loads * (flows["length_km"] + 0.5 * flows["return_km"])).sum()
    assert after == pytest.approx(driven + trips["vehicle_km"].sum())
    assert trips["trips"].sum() == pytest.approx(0.5 * loads.sum())
