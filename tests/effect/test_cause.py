"""Causes: what is credited to coordination, what is not, and what a tonne of CO2e costs by each."""

from __future__ import annotations

from itertools import product
from pathlib import Path
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from strategies import World, whole_worlds
from worlds import make_legs, make_scenario, random_kilometres
from raastof_geo.assignment import assign
from raastof_geo.effect import Effect, measure_effect
from raastof_geo.effect.saving import CAUSES, Gain
from raastof_geo.errors import NoPlanError
from raastof_geo.outputs.opening import doubt_allocation, say_price
from raastof_geo.pipeline import solve_scenario
from raastof_geo.scenario import read_scenario

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
pytestmark = pytest.mark.usefixtures("english")


def effect_of(text: str, kilometres) -> Effect:
    scenario = make_scenario(text)
    legs = make_legs(scenario, kilometres)
    return measure_effect(scenario, legs, assign(scenario, legs))


def saved_by(effect: Effect, part: str = "kg_co2e_wtw") -> dict[str, float]:
    return {"+".join(cause.names): cause.saved[part] for cause in effect.causes}


TWO_PITS = """
title: One need and two pits
language: en
periods: [2030]
vehicles: [tipper_4_axle]
objectives: [transport_kg_co2e_wtw, cost_dkk, tonne_km]
sites:
  road: {lon: 12.0, lat: 55.5, needs: [{use: fill, amount: 1000 t}]}
  near: {lon: 12.1, lat: 55.5, pit: {supplies: [fill_sand], price_dkk_per_t: {fill_sand: 90}}}
  far: {lon: 12.2, lat: 55.5, pit: {supplies: [fill_sand], price_dkk_per_t: {fill_sand: 10}}}
"""


def test_one_need_and_two_pits_are_all_criterion():
    """The cheap pit is far: the plan takes the near one, and nobody has coordinated anything."""
    effect = effect_of(TWO_PITS, {("near", "road"): 10.0, ("far", "road"): 20.0})
    saved = saved_by(effect)
    assert saved["criterion"] > 100
    assert saved["criterion"] == pytest.approx(
        effect.baseline.all_kg_co2e_wtw - effect.plan.all_kg_co2e_wtw
    )
    assert all(abs(kg) < 1e-6 for name, kg in saved.items() if name != "criterion")


@settings(SETTINGS, max_examples=8)
@given(whole_worlds())
def test_first_objective_falls_with_every_cause_but_the_terms(world):
    check_that_first_objective_falls(world)


@pytest.mark.slow
@settings(SETTINGS, max_examples=60)
@given(whole_worlds())
def test_first_objective_falls_in_many_worlds(world):
    """The same in sixty worlds."""
    check_that_first_objective_falls(world)


def check_that_first_objective_falls(world: World) -> None:
    try:
        plan = assign(world.scenario, world.legs, explain=False)
    except NoPlanError:
        assume(False)
    effect = measure_effect(world.scenario, world.legs, plan)
    assume(effect.causes and not effect.baseline_missing)
    said = world.scenario.said
    names = [name for cause in effect.causes for name in cause.names]
    assert names == [name for name in CAUSES if name in names]
    first = said.objectives[0]
    plenty = said.baseline.vehicles or set(said.vehicles) - set(said.fleet)
    assume(set(first.minimise) <= set(effect.baseline_books.totals.index))
    for cause in effect.causes:
        saved = sum(cause.saved[measure] for measure in first.minimise)
        if "terms" in cause.names or ("trucks" in cause.names and not plenty):
            continue
        before = sum(effect.baseline_books.total(measure) for measure in first.minimise)
        assert saved >= -1e-4 * max(1.0, abs(before)), (cause.names, saved)


TWO_DIGGERS = """
title: Two who dig and need, one who needs
language: en
periods: [2030]
vehicles: [tipper_4_axle, truck_trailer_7_axle]
fleet: {truck_trailer_7_axle: {number: 100}}
objectives: [transport_kg_co2e_wtw, cost_dkk, tonne_km]
baseline: {together: project}
sites:
  a-dig: {lon: 12.00, lat: 55.5, project: a, offers: [{material: clean_sandy_soil, amount: 105 t}]}
  b-dig: {lon: 12.01, lat: 55.5, project: b, offers: [{material: clean_sandy_soil, amount: 105 t}]}
  a-fill: {lon: 12.02, lat: 55.5, project: a, needs: [{use: fill, amount: LOT t}]}
  b-fill: {lon: 12.03, lat: 55.5, project: b, needs: [{use: fill, amount: LOT t}]}
  c-fill: {lon: 12.04, lat: 55.5, project: c, needs: [{use: fill, amount: LOT t}]}
  pit-1: {lon: 12.05, lat: 55.5, pit: {supplies: [fill_sand]}}
  pit-2: {lon: 12.06, lat: 55.5, pit: {supplies: [fill_sand]}}
  tip-1: {lon: 12.07, lat: 55.5, receiver: {accepts: [clean_sandy_soil]}}
  tip-2: {lon: 12.08, lat: 55.5, receiver: {accepts: [clean_sandy_soil]}}
"""
"""A lot of soil fills one need, so that some best plan never divides a lot."""
LOT_T = 105.0


@pytest.mark.parametrize("seed", range(8))
def test_steps_are_the_best_of_all_plans_in_their_sets(seed):
    """Every plan of a tiny world is looked at: own first, then the same tonnes, then any."""
    scenario = make_scenario(TWO_DIGGERS.replace("LOT", "105"))
    ratio = scenario.needs[0].ratios["clean_sandy_soil"]
    scenario = make_scenario(TWO_DIGGERS.replace("LOT", f"{LOT_T / ratio:.12f}"))
    kilometres = random_kilometres(seed)
    legs = make_legs(scenario, kilometres)
    effect = measure_effect(scenario, legs, assign(scenario, legs))
    per_km = {
        (truck, material): 2
        / scenario.catalogue.vehicles[truck].load_t(
            scenario.catalogue.materials[material].density_loose.value
        )
        for truck in scenario.said.vehicles
        for material in ("clean_sandy_soil", "fill_sand")
    }

    def emit(plan: tuple[str, str], trucks: tuple[str, ...]) -> float:
        """Give what a plan emits: where each lot goes, and pits for needs that get none."""
        kg = 0.0
        for digger, to in zip(("a-dig", "b-dig"), plan, strict=True):
            goals = ("tip-1", "tip-2") if to == "tip" else (to,)
            best = min(per_km[truck, "clean_sandy_soil"] for truck in trucks)
            kg += LOT_T * best * min(kilometres(digger, goal) for goal in goals)
        for need in {"a-fill", "b-fill", "c-fill"} - set(plan):
            best = min(per_km[truck, "fill_sand"] for truck in trucks)
            kg += LOT_T / ratio * best * min(kilometres(pit, need) for pit in ("pit-1", "pit-2"))
        return kg

    ends = ("a-fill", "b-fill", "c-fill", "tip")
    plans = [plan for plan in product(ends, ends) if plan[0] != plan[1] or plan[0] == "tip"]
    own = [plan for plan in plans if plan[0] in ("a-fill", "tip") and plan[1] in ("b-fill", "tip")]
    plain = ("tipper_4_axle",)
    first = min(own, key=lambda plan: emit(plan, plain))
    same = [plan for plan in plans if plan.count("tip") == first.count("tip")]
    steps = {
        "criterion": emit(first, plain),
        "allocation": min(emit(plan, plain) for plan in same),
        "substitution": min(emit(plan, plain) for plan in plans),
        "trucks": min(emit(plan, scenario.said.vehicles) for plan in plans),
    }
    before = effect.baseline.kg_co2e_wtw
    saved = saved_by(effect, "transport_kg_co2e_wtw")
    assert list(saved) == list(steps)
    for name, after in steps.items():
        assert saved[name] == pytest.approx(before - after, abs=1e-3), name
        before = after
    assert effect.coordination is not None
    assert effect.coordination.transport_kg_co2e == pytest.approx(
        steps["criterion"] - steps["substitution"], abs=1e-3
    )


KINDS = (
    {"kind": "alone"},
    {"kind": "today", "today": {"used": {"clean_clay_soil": 0.3}, "source": "made up"}},
    {"kind": "today", "today": {"share": 0.02, "definition": "with_clean_soil"}},
    {"together": "site"},
)


@pytest.mark.slow
@pytest.mark.parametrize("said", KINDS)
@settings(SETTINGS, max_examples=25)
@given(world=whole_worlds())
def test_first_objective_falls_from_every_baseline(said, world):
    """The same from other baselines: `own` may add, where the plan's objective is not cost."""
    check_that_first_objective_falls(world.with_(baseline=said, capture={"default": 0.5}))


def test_causes_have_a_price_only_where_they_save_and_cost():
    saves_both, costs = Gain(0.0, 5000.0, 10.0), Gain(0.0, 5000.0, -1000.0)
    assert (saves_both.price_kind, saves_both.dkk_per_t_co2e) == ("free", None)
    assert (costs.price_kind, costs.dkk_per_t_co2e) == ("paid", pytest.approx(200.0))
    assert (Gain(9.0, -5000.0, 10.0).price_kind, Gain(9.0, 999.0, -1.0).price_kind) == (
        "rises",
        "little",
    )
    assert str(say_price(saves_both)) == "saved at no extra cost"
    assert str(say_price(costs)) == "200 DKK per tonne of CO2e"
    assert str(say_price(Gain(9.0, -5000.0, 10.0))) == "CO2e rises"


def test_nothing_is_credited_where_causes_cannot_be_told_apart():
    """A need that the baseline cannot meet: all causes are one, and nobody knows whose."""
    text = TWO_PITS.replace("price_dkk_per_t: {fill_sand: 90}", "capacity_total: 300 t")
    text = text.replace("price_dkk_per_t: {fill_sand: 10}", "capacity_total: 300 t")
    text += "  dig: {lon: 12.3, lat: 55.5, offers: [{material: clean_sandy_soil, amount: 900 t}]}"
    effect = effect_of(
        text + "\n  tip: {lon: 12, lat: 55, receiver: {accepts: [clean_sandy_soil]}}", 10.0
    )
    assert effect.baseline_missing
    assert [cause.names for cause in effect.causes] == [("criterion", "allocation", "substitution")]
    assert effect.coordination is None
    assert effect.credit({"criterion"}) is None
    assert effect.credit({"trucks"}) == Gain()


def test_better_partners_alone_warn_above_what_practice_saves():
    """Each uses its own soil, far away; to swap saves nearly all, which is too good."""
    lengths = {("a-dig", "b-fill"): 1.0, ("b-dig", "a-fill"): 1.0}
    lengths |= {(dig, tip): 90.0 for dig in ("a-dig", "b-dig") for tip in ("tip-1", "tip-2")}
    lengths |= {("a-dig", "a-fill"): 40.0, ("b-dig", "b-fill"): 40.0}
    effect = effect_of(TWO_DIGGERS.replace("LOT", "105"), lengths)
    assert effect.allocation_share is not None
    assert effect.allocation_share > 0.15
    assert ["5–15 %" in str(one) for one in doubt_allocation(effect)] == [True]


FROZEN = Path(__file__).parents[1] / "frozen"


@pytest.mark.usefixtures("catalogue_of_the_audit")
def test_the_motorway_credits_its_lorries_apart():
    """331 t for 7.0 million kr. come from other lorries, none of it from matching."""
    effect = solve_scenario(read_scenario(FROZEN / "motorvej.yaml")).effect
    assert effect.credit({"trucks"}) is not None
    assert effect.credit({"trucks"}).kg_co2e / 1000 == pytest.approx(331, abs=1)
    assert effect.credit({"trucks"}).dkk / 1e6 == pytest.approx(-7.0, abs=0.05)
    assert effect.credit({"trucks"}).dkk_per_t_co2e == pytest.approx(21_200, rel=0.005)
    assert effect.coordination is not None
    assert effect.credit({"criterion"}) is not None
    parts = effect.coordination + effect.credit({"trucks"}) + effect.credit({"criterion"})
    assert parts.kg_co2e == pytest.approx(effect.whole.kg_co2e)
    assert parts.dkk == pytest.approx(effect.whole.dkk)
    assert parts.transport_kg_co2e == pytest.approx(effect.whole.transport_kg_co2e)


@pytest.mark.slow
@pytest.mark.usefixtures("catalogue_of_the_audit")
def test_the_region_is_split_as_audited(tmp_path):
    """165,874 − 2,288 criterion − 3,356 allocation − 3,055 substitution = 157,175 t, all parts."""
    text = (FROZEN / "region_sjaelland.yaml").read_text(encoding="utf-8")
    file = tmp_path / "region.yaml"
    file.write_text(text + "\nbaseline: {together: municipality}\n", encoding="utf-8")
    effect = solve_scenario(read_scenario(file)).effect
    tonnes = {name: kg / 1000 for name, kg in saved_by(effect).items()}
    assert effect.baseline.all_kg_co2e_wtw / 1000 == pytest.approx(165_874, abs=1)
    assert tonnes == {
        "criterion": pytest.approx(2288, abs=1),
        "allocation": pytest.approx(3356, abs=1),
        "substitution": pytest.approx(3055, abs=1.5),
    }
    assert effect.plan.all_kg_co2e_wtw / 1000 == pytest.approx(157_175, abs=1)
    assert effect.coordination is not None
    assert effect.coordination.kg_co2e / 1000 == pytest.approx(3356 + 3055, abs=2)
    assert effect.coordination.price_kind == "free"
