"""Where no plan exists: what is missing, who is in conflict, which rule binds, what repairs it."""

from __future__ import annotations

import re
import pytest
from worlds import PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo.assignment import assign
from raastof_geo.assignment.telling import case
from raastof_geo.errors import NoPlanError

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture(autouse=True, scope="module")
def _made_up_again():
    """Made-up roads can be made up again for another scenario, as real ones are priced again."""

    def again(legs, scenario):
        kilometres = getattr(legs, "kilometres", None)
        return None if kilometres is None else make_legs(scenario, kilometres)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(case, "price_again", again)
        yield


def complain(text: str, kilometres=10.0) -> str:
    """Solve a scenario that has no plan, and give what is said about it."""
    scenario = make_scenario(text)
    legs = make_legs(scenario, kilometres)
    object.__setattr__(legs, "kilometres", kilometres)
    with pytest.raises(NoPlanError) as caught:
        assign(scenario, legs)
    return str(caught.value)


TWO_NEEDS = """
title: A small world
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle]
sites:
  north: {lon: 12.10, lat: 55.45, needs: [{use: base_course, amount: 25000 t, to: 2027}]}
  south: {lon: 12.12, lat: 55.47, needs: [{use: base_course, amount: 15000 t, to: 2027}]}
  one:
    lon: 12.2
    lat: 55.5
    offers: [{material: crushed_concrete, amount: 9000 t, must_leave: false}]
  two:
    lon: 12.2
    lat: 55.5
    offers: [{material: crushed_concrete, amount: 8000 t, must_leave: false}]
  brick:
    lon: 12.2
    lat: 55.5
    offers: [{material: crushed_concrete_brick, amount: 50000 t, must_leave: false}]
  late:
    lon: 12.2
    lat: 55.5
    offers: [{material: crushed_concrete, amount: 90000 t, from: 2028, must_leave: false}]
"""


def test_needs_that_share_too_few_offers():
    """Who wants how much of what and when, who alone may serve it, and how much they have."""
    told = complain(TWO_NEEDS)
    assert re.search(
        r"together, 40,000 t are needed for Base course in 2027 by `north`, `south`; "
        r"only `one`, `two` may serve that, and have at most 17,425 t for it: 22,575 t too little",
        told,
    ), told


def test_the_rule_that_keeps_a_material_out_is_cited():
    """The binding rule is named with its source, and its condition."""
    told = complain(TWO_NEEDS)
    assert re.search(
        r"Crushed concrete and brick may serve Base course only under the condition "
        r"`light_traffic`, which the need has not accepted \(rule mix-light-traffic: .+\)",
        told,
    ), told


def test_accepting_a_condition_repairs_it():
    """A condition accepted opens a use; the plan with it was solved, and has a price."""
    told = complain(TWO_NEEDS)
    assert re.search(
        r"repair \d: accept the condition `light_traffic` \(Light traffic only\) for Base course "
        r"at `north`; then a plan exists with [\d,]+ kg CO2e and [\d,]+ DKK",
        told,
    ), told


def test_a_longer_window_repairs_it():
    """One need alone cannot wait for two, but one alone can where that is enough."""
    text = TWO_NEEDS.replace("amount: 15000 t", "amount: 6000 t").replace(
        "amount: 25000 t", "amount: 12000 t"
    )
    told = complain(text)
    assert re.search(
        r"let the need of `(north|south)` be met in any period; then a plan exists", told
    ), told


def test_more_capacity_repairs_it():
    """This much more here: just as much as the plan needs."""
    told = complain(PIT_AND_PROJECT.replace("capacity_per_period: 900 t", "capacity_total: 250 t"))
    assert "binding: permit of the pit: `pit`, limit 250 t\n" in told
    assert "raise permit of the pit: `pit` by 150 t to 400 t; then a plan exists" in told


def test_repairs_are_ranked_by_price():
    """The cheapest by the first objective comes first."""
    told = complain(PIT_AND_PROJECT.replace("amount: 600 t", "amount: 7000 t"))
    kilograms = [
        float(number.replace(",", ""))
        for number in re.findall(r"repair \d+: .* plan exists with ([\d,]+) kg", told)
    ]
    assert len(kilograms) >= 2
    assert kilograms == sorted(kilograms)
    assert "let surplus stay at `digging` (`must_leave: false`)" in told
    assert "raise permit of the receiver: `tip` by 1,000 t to 6,000 t" in told


def test_surplus_that_must_leave_when_it_leaves():
    """Surplus of the first period cannot wait for room in the second."""
    text = (
        PIT_AND_PROJECT.replace("amount: 600 t", "amount_per_period: 600 t, to: 2027")
        .replace("capacity_total: 5000 t", "capacity_per_period: 100 t")
        .replace(
            "needs: [{use: fill, amount: 1000 t}]",
            "needs: [{use: fill, amount: 1000 t, from: 2028}]",
        )
    )
    told = complain(text)
    assert "500 t of 600 t Clean clay soil, moraine (class 0-1) from `digging` in 2027" in told
    assert "taken alone, at most 100 t of it can leave under the rules, to `tip`" in told
    assert "let the surplus of `digging` leave in any period" not in told


def test_a_share_out_of_reach():
    """How far one gets, and that a lower share would do."""
    told = complain(PIT_AND_PROJECT + "targets: {secondary_share: {at_least: 80 %}}\n")
    assert (
        "counted in reference tonnes, of the 1,000 t that are needed, at most 600 t (60 %) can be "
        "met with recycled materials and clean soil under the rules; `targets.secondary_share` "
        "asks for 800 t (80 %), 200 t more"
    ) in told
    # Tonnes that are weighed stand beside those that are counted, and say so.
    assert (
        "600 t by weight are on offer as recycled materials and clean soil, and a lighter material "
        "meets more reference tonnes than it weighs"
    ) in told
    assert "lower targets.secondary_share.at_least to 60 %; then a plan exists" in told


def test_a_share_out_of_reach_in_one_period():
    """The share of one period has its own sentence."""
    text = PIT_AND_PROJECT.replace(
        "needs: [{use: fill, amount: 1000 t}]", "needs: [{use: fill, amount_per_period: 500 t}]"
    ).replace(
        "{material: clean_clay_soil, amount: 600 t}",
        "{material: clean_clay_soil, amount: 600 t, to: 2027}",
    )
    told = complain(text + "targets: {secondary_share: {at_least: 80 %, period: 2028}}\n")
    assert (
        "of all that is used in 2028, at most 0 % can be recycled materials and clean soil under "
        "the rules; `targets.secondary_share` asks for 80 %"
    ) in told
    assert "if all surplus and all needs could wait for any period, at most 100 %" in told


def test_virgin_allowed_repairs_a_need_for_one_material():
    """A need that takes one material only can be met when it takes all that are allowed."""
    text = PIT_AND_PROJECT.replace(
        "{use: fill, amount: 1000 t}", "{use: fill, amount: 1000 t, materials: [clean_clay_soil]}"
    )
    told = complain(text)
    assert "let `road` use all materials that the catalogue allows, virgin ones too" in told


@pytest.mark.parametrize(
    ("more", "sentence", "repair"),
    [
        (
            "targets: {at_most: [{measure: transport_kg_co2e_wtw, at_most: 100}]}\n",
            r"cap under `targets.at_most`.*is exceeded by|lacks",
            r"raise cap under `targets.at_most`",
        ),
        ("fleet: {tipper_4_axle: {hours_per_period: 1}}\n", r"fleet|lacks", r"repair"),
        (
            "choices: {partners_at_most: 1}\n",
            r"the tonnes fit, but not with `choices.partners_at_most` of 1: without it there is "
            r"a plan"
            r"\nnearest to a plan is one in which `\w+` has 2 partners, where 1 are allowed",
            r"give up `choices.partners_at_most`",
        ),
    ],
    ids=["cap", "fleet", "partners"],
)
def test_other_rules_that_leave_no_plan(more, sentence, repair):
    """Caps, fleets and partners: each is named, and its repair is tried."""
    text = PIT_AND_PROJECT
    if "partners" in more:
        text = text.replace("capacity_per_period: 900 t", "capacity_total: 700 t")
    told = complain(text + more)
    assert re.search(sentence, told), told
    assert re.search(repair, told), told


PLANT = """
title: A small world
language: en
periods: [2027]
vehicles: [tipper_4_axle]
catalogue:
  recipes:
    turn:
      name: {en: Turn}
      inputs: {clean_clay_soil: 1}
      outputs: {fill_sand: 0.8, slightly_polluted_soil: 0.2}
      kg_co2e_per_t: 1
      dkk_per_t: 10
sites:
  road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 500 t, materials: [fill_sand]}]}
  digging:
    lon: 12.26
    lat: 55.59
    offers: [{material: clean_clay_soil, amount: 2000 t, must_leave: false}]
  works: {lon: 12.2, lat: 55.5, plant: {recipes: [turn], capacity_total: 300 t}}
  tip:
    lon: 12.19
    lat: 55.46
    receiver: {accepts: [slightly_polluted_soil], capacity_total: 5000 t}
"""


def test_a_plant_that_is_too_small():
    """The plant's capacity binds, and how much more it takes is said."""
    told = complain(PLANT)
    assert "`road` lacks 260 t of 500 t" in told
    assert "capacity of the plant: `works`" in told
    assert re.search(
        r"raise capacity of the plant: `works` by 325 t to 625 t; then a plan", told
    ), told


def test_a_depot_that_is_too_small():
    """Storage between periods binds."""
    text = (
        PIT_AND_PROJECT.replace("amount: 600 t", "amount: 600 t, to: 2027").replace(
            "{use: fill, amount: 1000 t}",
            "{use: fill, amount: 500 t, from: 2028, materials: [clean_clay_soil]}",
        )
        + "  store:\n    lon: 12.2\n    lat: 55.5\n"
        + "    depot: {materials: [clean_clay_soil], capacity: 100 t}\n"
    )
    told = complain(text)
    assert "`road` lacks 400 t of 500 t" in told
    assert re.search(r"raise capacity of the depot: `store` \(2027\) by 400 t to 500 t", told), told


def test_residue_that_nobody_takes():
    """A plant whose residue cannot leave makes nothing."""
    told = complain(
        PLANT.replace("accepts: [slightly_polluted_soil]", "accepts: [clean_sandy_soil]")
    )
    assert "`road` lacks 500 t of 500 t" in told
    assert (
        "`works` can never run Turn (`turn`): nobody takes its Slightly polluted soil (class 2) "
        "(`slightly_polluted_soil`): add it to `accepts` of a receiver"
    ) in told
    assert "raise" not in told


def test_fairness_that_leaves_no_plan():
    """A project that would have to be worse off than alone is named."""
    text = (
        PIT_AND_PROJECT
        + "targets: {secondary_share: {at_least: 60 %}, fairness: {measure: cost_dkk}}\n"
    )
    told = complain(
        text, {("digging", "road"): 400.0, ("pit", "road"): 2.0, ("digging", "tip"): 2.0}
    )
    assert "no project worse off than alone" in told or "give up `targets.fairness`" in told
    assert "give up `targets.fairness`; then a plan exists" in told


def test_the_same_in_danish(danish):
    """Sentences exist in the scenario's language."""
    told = complain(PIT_AND_PROJECT.replace("capacity_per_period: 900 t", "capacity_total: 250 t"))
    assert "mangler" in told
