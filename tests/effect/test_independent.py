"""Legs, sums, shares and baselines, recomputed from the inputs alone, are those that are told."""

from __future__ import annotations

import textwrap
from pathlib import Path
import independent
import pytest
from places import ROOT, SCENARIOS
from raastof_geo.effect.books import follow_periods
from raastof_geo.pipeline import solve_scenario
from raastof_geo.scenario import read_scenario

FROZEN = Path(__file__).parents[1] / "frozen"
CATALOGUE = ROOT / "raastof_geo" / "data" / "catalogue.yaml"
CLOSE = {"rel": 1e-7, "abs": 1.0}
TOTALS = {
    **{name: name for name in ("cost_dkk", "tonne_km", "vehicle_km")},
    **{name: name for name in ("virgin_tonnes", "landfill_tonnes")},
    **{f"{part}_kg_co2e": f"{part}_kg_co2e" for part in ("upstream", "processing", "disposal")},
    "transport_kg_co2e_wtw": "kg_co2e_wtw",
    "transport_kg_co2e_ttw": "kg_co2e_ttw",
    "kg_co2e_wtw": "all_kg_co2e_wtw",
}
"""What is recomputed, and what the totals of a world call it."""
SHARES = ("without_soil", "with_clean_soil")
SMALL = """
format: 3
title: A crusher, soil that is caught, and rock by ship
language: en
periods: [2030, 2031]
vehicles: [tipper_4_axle, truck_trailer_7_axle]
capture: {default: 50 %, concrete_rubble: 80 %}
baseline: {kind: own_first, today: {share: 5 %, definition: without_soil, source: made up}}
targets: {virgin_today: {amount_per_period: 12 000 t, source: made up}}
sites:
  road:
    lon: 12.10
    lat: 55.45
    land: road
    needs:
      - {use: base_course, amount: 9 000 t}
      - {use: asphalt_aggregate, amount_per_period: 1 000 t}
      - {use: fill, amount: 4 000 t, to: 2030}
  works:
    lon: 12.26
    lat: 55.59
    land: built_up
    soil_mapping: area_classified
    needs: [{use: fill, amount: 500 t}]
    offers:
      - {material: concrete_rubble, amount: 5 000 t, to: 2030}
      - {material: clean_sandy_soil, amount: 2 000 m3 in_situ}
  crusher:
    lon: 12.18
    lat: 55.53
    plant: {recipes: [crush_concrete], capacity_per_period: 4 500 t}
    receiver: {kind: recycler, accepts: [concrete_rubble]}
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [stable_gravel, fill_sand]}}
  quay: {lon: 12.193, lat: 55.456, pit: {supplies: [crushed_rock], sea_km: 1000}}
  bank: {lon: 12.19, lat: 55.46, receiver: {kind: soil_bank, accepts: [clean_sandy_soil]}}
  tip: {lon: 12.11, lat: 55.245, receiver: {kind: landfill, accepts: [crusher_residue]}}
"""


def check_against(programme, result, *, whole=True):
    """Hold plan and baselines of the package against what the inputs alone come to."""
    effect, said = result.effect, programme.world.scenario
    shared = [
        one.get("return_loads", {}).get("share", 0) for one in (said.get("baseline", {}), said)
    ]
    for books, totals, share in zip(
        (effect.baseline_books, effect.books), (effect.baseline, effect.plan), shared, strict=True
    ):
        flows, sums = programme.account(books.lines.to_dict("records"), independent.fraction(share))
        check_sums(programme, sums, totals)
        assert sums["loads"] == totals.loads
    price, tax = said.get("co2_price_dkk_per_t", 860), programme.world.catalogue["co2_tax_in_fuel"]
    sums["cost_with_co2_dkk"] = (
        sums["cost_dkk"]
        + price / 1000 * sums["kg_co2e_wtw"]
        - independent.value(tax) / 1000 * sums["transport_kg_co2e_ttw"]
        - sums["toll_co2_dkk"]
    )
    for name in set(result.plan.amounts) - {"short_of_goal_tonnes"}:
        told = result.plan.amounts[name]
        assert (name, sums.get(name, 0.0)) == (name, pytest.approx(told, **CLOSE))
    for share in follow_periods(effect.books):
        mine = programme.shares(flows, share.period or None)
        check_shares(mine, share.counted_t, needed_t=share.needed_t)
        assert mine["cut"] == (share.cut if share.cut is None else pytest.approx(share.cut))
    for told in effect.baselines:
        flows = programme.baseline(told.kind, told.together)
        check_sums(programme, flows, told.totals)
        check_shares(programme.shares(flows), told.shares)
    if whole:
        flows = programme.plan()
        check_sums(programme, flows, effect.plan)
        totals = {name: getattr(effect.plan, f"secondary_share_{name}") for name in SHARES}
        check_shares(programme.shares(flows), totals)


def check_sums(programme, found, totals):
    for mine, theirs in TOTALS.items():
        amount = found.get(mine, 0.0) if isinstance(found, dict) else programme.total(found, mine)
        assert (mine, amount) == (mine, pytest.approx(getattr(totals, theirs), **CLOSE))


def check_shares(mine, theirs, needed_t=1.0):
    for name in SHARES:
        assert (name, mine[name]) == (name, pytest.approx(theirs[name] / needed_t, abs=1e-7))


def test_a_crusher_capture_and_a_sea_leg(tmp_path):
    """A small world with all three: plan, three baselines, shares, and what follows by hand."""
    file = tmp_path / "small.yaml"
    file.write_text(textwrap.dedent(SMALL), encoding="utf-8")
    programme = independent.read(file, CATALOGUE)
    result = solve_scenario(read_scenario(file))
    assert [one.kind for one in result.effect.baselines] == ["own_first", "alone", "today"]
    check_against(programme, result)
    plan = programme.plan()
    # Rock comes 1,000 km by sea at 4.8 g a tonne-km; 80 % of the rubble can be crushed, at 2 kg;
    # what is left of the soil, and 7 % of what is crushed, is received.
    assert programme.total(plan, "sea_kg_co2e_wtw") == pytest.approx(2_000 * 4.8)
    assert programme.total(plan, "processing_kg_co2e") == pytest.approx(4_000 * 2.0)
    assert programme.total(plan, "landfill_tonnes") == pytest.approx(4_000 * 0.07)
    caught = sum(
        amount
        for column, amount in plan
        if column.material == "clean_sandy_soil" and column.taker["kind"] == "need"
    )
    assert caught == pytest.approx(2_000 * 1.93 * 0.5)
    # Alone nothing is put to use: all 13,500 t of needs but rock are gravel and sand.
    alone = programme.baseline("alone")
    assert programme.total(alone, "virgin_tonnes") == pytest.approx(9_000 + 2_000 + 4_500)
    assert programme.shares(alone)["cut"] == pytest.approx(1 - 15_500 / 24_000)
    today = programme.baseline("today")
    assert programme.shares(today)["without_soil"] == pytest.approx(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in SCENARIOS.glob("*.yaml")))
def test_a_shipped_scenario_is_what_its_inputs_come_to(name):
    """Parts, sums, shares and baselines; of `motorvej` the plan is added up, not looked for."""
    file = SCENARIOS / f"{name}.yaml"
    programme = independent.read(file, CATALOGUE)
    known = not {"fleet", "return_loads"} & programme.world.scenario.keys()
    assert known == (name != "motorvej")
    check_against(programme, solve_scenario(read_scenario(file)), whole=known)


# --- the audit's figures ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def region():
    return independent.read(FROZEN / "region_sjaelland.yaml", FROZEN / "catalogue.yaml")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("leg", "tonnes", "km", "litres", "kg", "dkk", "fee"),
    [
        ("grv_karlebyvej prj_femern_lolland fill_sand",
         570_000, 3.77, 52260, 169322, 43120365, 53.34),
        ("grv_bjerrede naestved_projekter sub_base_gravel",
         245_311, 27.96, 166858, 540620, 29283880, 63.34),
        ("prj_rute54_vest naestved_projekter clean_clay_soil",
         114_585, 5.46, 15104, 48936, 2817351, 0),
        ("kalundborg_overskud naestved_projekter crushed_brick",
         4_100, 49.63, 4565, 14792, 317121, 0),
        ("prj_e20_korsoer slagelse_projekter crushed_asphalt",
         15_000, 13.03, 4491, 14549, 496626, 0),
        ("naestved_overskud affald_faxe slightly_polluted_soil",
         16_200, 28.08, 10397, 33685, 1976552, 70),
    ],
)  # fmt: skip
def test_six_legs(region, leg, tonnes, km, litres, kg, dkk, fee):
    """Those that the audit recomputed by hand; tonnes stand there in whole tonnes."""
    _, found = region.haul("truck_trailer_7_axle", *leg.split(), region.world.periods[1])
    assert found["tonne_km"] == pytest.approx(km, abs=0.005)
    assert found["energy"] * tonnes == pytest.approx(litres, abs=0.6, rel=4e-6)
    assert found["road_kg_co2e_wtw"] * tonnes == pytest.approx(kg, abs=0.6, rel=4e-6)
    paid = found["haul_dkk"] + found["toll_dkk"] + fee
    assert paid * tonnes == pytest.approx(dkk, abs=0.6, rel=4e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "together", "transport_t", "all_t"),
    [
        ("alone", None, 63_667, 220_362),
        ("own_first", "project", 63_019, 216_268),
        ("own_first", "municipality", 43_942, 165_874),
    ],
)
def test_baselines(region, kind, together, transport_t, all_t):
    """What no coordination costs, decided by kroner, at the audit's figures."""
    flows = region.baseline(kind, together)
    assert round(region.total(flows, "transport_kg_co2e_wtw") / 1000) == transport_t
    assert round(region.total(flows, "kg_co2e_wtw") / 1000) == all_t


@pytest.mark.slow
def test_plan_and_shares(region):
    flows = region.plan()
    assert round(region.total(flows, "transport_kg_co2e_wtw") / 1000) == 41_127
    assert round(region.total(flows, "kg_co2e_wtw") / 1000) == 157_175
    # The audited plan moved 114,000 t within one site by the dearer of two lorries that never left.
    cheaper = 114_000 * 0.5 * (925 / 18 - 1225 / 36)
    assert region.total(flows, "cost_dkk") == pytest.approx(3_201_285_142 - cheaper, abs=100)
    shares = region.shares(flows)
    assert shares["with_clean_soil"] == pytest.approx(0.23567, abs=5e-6)
    assert shares["without_soil"] == pytest.approx(0.08307, abs=5e-6)
