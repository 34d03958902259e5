"""Legs, sums, shares and baselines, recomputed from the inputs alone, are the audit's."""

from __future__ import annotations

from pathlib import Path

import independent
import pytest

FROZEN = Path(__file__).parents[1] / "frozen"
BY_COST = ("cost", "tonne_km")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def region():
    return independent.read(FROZEN / "region_sjaelland.yaml", FROZEN / "catalogue.yaml")


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
    found = region.leg("truck_trailer_7_axle", *leg.split(), 2031)
    assert found[0] == pytest.approx(km, abs=0.005)
    assert found[1] * tonnes == pytest.approx(litres, abs=0.6, rel=4e-6)
    assert found[2] * tonnes == pytest.approx(kg, abs=0.6, rel=4e-6)
    assert (found[3] + fee) * tonnes == pytest.approx(dkk, abs=0.6, rel=4e-6)


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
    opens = independent.alone
    if kind == "own_first":
        opens = independent.own_first(region.world, together)
    flows = region.solve(opens, *BY_COST)
    assert round(region.total(flows, "transport") / 1000) == transport_t
    assert round(region.total(flows, "all_kg") / 1000) == all_t


def test_plan_and_shares(region):
    flows = region.solve(lambda column: True, "all_kg", *BY_COST)
    assert round(region.total(flows, "transport") / 1000) == 41_127
    assert round(region.total(flows, "all_kg") / 1000) == 157_175
    # The audited plan moved 114,000 t within one site by the dearer of two lorries that never left.
    cheaper = 114_000 * 0.5 * (925 / 18 - 1225 / 36)
    assert region.total(flows, "cost") == pytest.approx(3_201_285_142 - cheaper, abs=100)
    assert region.share(flows) == pytest.approx(0.23567, abs=5e-6)
    assert region.share(flows, soil=False) == pytest.approx(0.08307, abs=5e-6)
