"""Worlds without coordination, by kind and by who is one party, and how they relate."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
import pytest
from hypothesis import assume, given, settings
from strategies import World, whole_worlds
from worlds import make_legs, make_scenario, refusal
from raastof_geo.assignment import alone, assign
from raastof_geo.assignment.alone import solve_alone
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.effect import measure_effect, solve_baseline
from raastof_geo.figures.vocabulary import COST, TRANSPORT_WTW
from raastof_geo.scenario.reading.read import read_scenario

pytestmark = pytest.mark.usefixtures("english")

TWO = """
title: Two projects of one town, and a recycler
language: en
periods: [2027]
vehicles: [tipper_4_axle, truck_trailer_7_axle]
sites:
  north: {lon: 12.10, lat: 55.45, municipality: Køge, client: state,
    offers: [{material: crushed_concrete, amount: 100 t}]}
  south: {lon: 12.11, lat: 55.45, municipality: Køge, client: town,
    needs: [{use: sub_base, amount: 300 t}]}
  recycler: {lon: 12.12, lat: 55.45,
    offers: [{material: crushed_concrete, amount: 500 t, must_leave: false,
      price_dkk_per_t: PRICE}], receiver: {accepts: [crushed_concrete]}}
  pit: {lon: 12.13, lat: 55.45, pit: {supplies: [sub_base_gravel]}}
"""
KM = {
    ("north", "south"): 1.0,
    ("north", "recycler"): 2.0,
    ("recycler", "south"): 3.0,
    ("pit", "south"): 9.0,
}


def moved(scenario, kind=None, km=KM) -> dict[str, float]:
    flows = solve_baseline(scenario, make_legs(scenario, km), kind).flows
    ways = flows["origin"].astype(str) + " > " + flows["destination"].astype(str)
    return flows.groupby(ways)["tonnes"].sum().round(6).to_dict()


@pytest.mark.parametrize(
    ("together", "met"),
    [("municipality", "north > south"), ("project", "north > recycler"), ("client", None)],
)
def test_own_surplus_is_used_within_a_party_and_sold_elsewhere(together, met):
    """Free recycler's material meets the rest: nobody has to be coordinated for that."""
    text = TWO.replace("PRICE", "0") + f"baseline: {{together: {together}}}\n"
    flows = moved(make_scenario(text))
    assert (met or "north > recycler") in flows
    assert "recycler > south" in flows
    assert "pit > south" not in flows
    assert ("north > south" in flows) == (together == "municipality")


def test_the_market_is_used_only_where_it_is_cheaper():
    """Cost decides, not kilometres: a dear recycler sells nothing."""
    flows = moved(make_scenario(TWO.replace("PRICE", "5000")))
    assert flows["pit > south"] > 0
    assert "recycler > south" not in flows


def test_alone_only_pits_and_receivers():
    flows = moved(make_scenario(TWO.replace("PRICE", "0")), "alone")
    assert flows == {"pit > south": flows["pit > south"], "north > recycler": 100.0}


def test_the_truck_of_a_baseline_is_the_cheapest_one():
    """However the plan's objectives would choose."""
    scenario = make_scenario(TWO.replace("PRICE", "0") + "objectives: [drive_h]\n")
    baseline = solve_baseline(scenario, make_legs(scenario, KM))
    legs = make_legs(scenario, KM).frame
    for flow in baseline.flows.itertuples():
        same = legs[(legs["origin"] == flow.origin) & (legs["destination"] == flow.destination)]
        same = same[same["material"] == flow.material]
        assert flow.haul_dkk_per_t == pytest.approx(same["haul_dkk_per_t"].min())


def test_today_uses_just_enough_for_the_stated_share():
    """20 % of 300 t is met by recycled concrete, and the rest comes from the pit."""
    today = "today: {share: 20 %, definition: without_soil}"
    text = TWO.replace("PRICE", "0") + f"baseline: {{together: municipality, {today}}}\n"
    scenario = make_scenario(text)
    effect = measure_effect(scenario, legs := make_legs(scenario, KM), assign(scenario, legs))
    kinds = {one.kind: one for one in effect.baselines}
    assert list(kinds) == ["own_first", "alone", "today"]
    assert kinds["today"].shares["without_soil"] == pytest.approx(0.2)
    assert kinds["today"].reached is None
    assert 0 < kinds["today"].used < 1
    assert min(effect.baselines, key=lambda one: one.totals.kg_co2e_wtw).kind == "own_first"
    more = make_scenario(text.replace("20 %", "90 %").replace("500 t", "5 t"))
    found = solve_alone(more, make_legs(more, KM), "today")
    assert found.used == 1.0
    ratio = more.needs[0].ratios["crushed_concrete"]
    assert found.reached == pytest.approx(105 / ratio / 300)


def test_today_by_material_needs_no_share():
    text = TWO.replace("PRICE", "0") + "baseline: {today: {used: {crushed_concrete: 10 %}}}\n"
    flows = moved(make_scenario(text), "today")
    assert flows["north > south"] == pytest.approx(10)
    assert flows["recycler > south"] == pytest.approx(50)


def test_what_is_compared_has_to_be_stated():
    assert "`today` needs `baseline: {today: …}`" in refusal(
        TWO.replace("PRICE", "0") + "baseline: {compare_with: [today]}\n"
    )


def test_a_stock_of_somebody_else_leaves_and_nothing_passes_through():
    """A depot that is not empty at the start is emptied in every baseline, and used for no more."""
    store = (
        "  store: {lon: 12.14, lat: 55.45, depot: {materials: [crushed_concrete], "
        "capacity: 900 t, start: {crushed_concrete: 40 t}}}\n"
    )
    text = TWO.replace("PRICE", "5000") + store
    km = {**KM, ("store", "south"): 1.0, ("north", "store"): 1.0, ("store", "recycler"): 5.0}
    for kind in ("own_first", "alone"):
        flows = moved(make_scenario(text + "baseline: {together: site}\n"), kind, km)
        assert flows["store > south"] == pytest.approx(40), kind
        assert "north > store" not in flows


def test_own_soil_in_ones_own_bank_needs_nobody_and_no_lorry():
    """The case of the review: 18,000 t in plan and baseline, by dumper, and no effect."""
    scenario = read_scenario(Path(__file__).parents[1] / "cases" / "own_soil_own_bank.yaml")
    legs = make_legs(scenario, lambda a, b: 9.0 * (a != b))
    effect = measure_effect(scenario, legs, plan := assign(scenario, legs))
    assert set(effect.saved.values()) == {0.0}
    for flows in (plan.flows, effect.baseline_flows):
        assert flows["tonnes"].tolist() == [18_000.0]
        assert flows["loads"].tolist() == [0]
        assert flows["work_h"].tolist() == [0.0]
    haul = scenario.catalogue.internal_haul
    assert effect.plan.kg_co2e_wtw == pytest.approx(18_000 * haul.kg_co2e_wtw_per_t.value)
    assert effect.plan.cost_dkk == pytest.approx(18_000 * haul.haul_dkk_per_t.value)
    assert effect.books.lines["vehicle"].tolist() == [""]
    assert effect.books.tonnes_by_project == {"vej": 0.0}


@pytest.mark.usefixtures("catalogue_of_the_audit")
def test_a_catalogue_without_dumpers_counts_nothing_for_them():
    scenario = read_scenario(Path(__file__).parents[1] / "cases" / "own_soil_own_bank.yaml")
    legs = make_legs(scenario, lambda a, b: 9.0 * (a != b))
    effect = measure_effect(scenario, legs, assign(scenario, legs))
    assert (effect.plan.kg_co2e_wtw, effect.plan.cost_dkk) == (0.0, 0.0)


# --- in any world -------------------------------------------------------------------------------


def _cost(world: World, kind: str, **changes) -> float | None:
    """Give what a baseline costs; none where it misses something."""
    other = world.with_(**changes)
    found = solve_alone(other.scenario, other.legs, kind)
    if found.missing:
        return None
    broken = [
        row.label
        for row in found.world.rows
        if _breach(row, float(row.coefficients @ found.values[row.columns])) > 1e-4
    ]
    assert not broken
    assert not found.values[found.world.closed].any()
    return float(found.world.problem.measure(COST) @ found.values)


def _breach(row, used: float) -> float:
    over = used - row.limit
    return {"<=": over, ">=": -over, "=": abs(over)}[row.sense]


@settings(max_examples=25, deadline=None)
@given(world=whole_worlds())
def test_more_columns_never_make_a_baseline_dearer(world):
    """Own first is no dearer than alone; larger parties are no dearer than smaller ones."""
    alone = _cost(world, "alone")
    by_site = _cost(world, "own_first", baseline={"together": "site"})
    by_project = _cost(world, "own_first", baseline={"together": "project"})
    costs = [one for one in (alone, by_site, by_project) if one is not None]
    assert all(a >= b - 1e-4 - 1e-9 * abs(a) for a, b in pairwise(costs))
    if alone is not None:
        assert by_site is not None


@settings(max_examples=25, deadline=None)
@given(world=whole_worlds())
def test_a_baseline_is_no_cheaper_for_using_less(world):
    """Half of what could be used costs as much, or more; where all of it fails, half does too."""
    assume(all("material" in one for one in world.said.get("agreements", ())))
    whole, half = (
        _cost(world, "own_first", capture={"default": share}) for share in ("100 %", "50 %")
    )
    if whole is None:
        assert half is None
    elif half is not None:
        assert half >= whole - 1e-4 - 1e-9 * abs(whole)


def test_the_plan_of_the_same_columns_and_objective_is_the_baseline():
    """Where everybody is one party and cost decides, coordination is nothing."""
    text = TWO.replace("PRICE", "0") + "objectives: [cost_dkk, tonne_km]\n"
    scenario = make_scenario(text)
    legs = make_legs(scenario, KM)
    effect = measure_effect(scenario, legs, assign(scenario, legs))
    assert effect.saved["cost_dkk"] == pytest.approx(0, abs=1e-6)
    assert effect.baselines[0].totals.kg_co2e_wtw == pytest.approx(
        effect.books.totals[TRANSPORT_WTW]
    )


def test_all_kinds_have_the_same_columns(monkeypatch):
    """They are laid out once for those that a plan is held against, and found as each by itself."""
    text = TWO.replace("PRICE", "0") + "baseline: {kind: own_first, compare_with: [alone]}\n"
    scenario, laid = make_scenario(text), []
    legs = make_legs(scenario, KM)
    plan = assign(scenario, legs)

    def build(*of, **how):
        laid.append(of)
        return build_problem(*of, **how)

    monkeypatch.setattr(alone, "build_problem", build)
    effect = measure_effect(scenario, legs, plan)
    assert len(laid) == 1
    for one in effect.baselines:
        assert one.flows.equals(solve_baseline(scenario, legs, one.kind).flows)
