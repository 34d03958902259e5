"""Baselines of the region at the catalogue of the audit (bc9e42a), held against its figures."""

from __future__ import annotations

from pathlib import Path
import pytest
from worlds import make_scenario
from raastof_geo import load_network, price_legs, snap_sites
from raastof_geo.assignment import assign
from raastof_geo.effect import solve_baseline
from raastof_geo.figures.vocabulary import CO2E, TRANSPORT_WTW

FROZEN = Path(__file__).parents[1] / "frozen" / "region_sjaelland.yaml"
TODAY = (
    "today: {share: 2 %, definition: without_soil, "
    "used: {clean_clay_soil: 35 %, clean_sandy_soil: 35 %}}"
)
FREE = ("at_least: 20 %", "at_least: 0 %")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("catalogue_of_the_audit")]


def read(more: str = ""):
    text = FROZEN.read_text("utf-8").replace(*FREE)
    return make_scenario(text + more, path=str(FROZEN))


@pytest.fixture(scope="module")
def _legs():
    return {}


@pytest.fixture
def legs(_legs):
    """Priced once, with the catalogue of the audit in place."""
    if not _legs:
        scenario, network = read(), load_network()
        _legs["one"] = price_legs(scenario, network, snap_sites(network, scenario.sites))
    return _legs["one"]


def tonnes_of(amounts) -> tuple[int, int]:
    return round(amounts[TRANSPORT_WTW] / 1000), round(amounts[CO2E] / 1000)


@pytest.mark.parametrize(
    ("kind", "together", "right"),
    [
        ("alone", "project", (63_667, 220_362)),
        ("own_first", "project", (63_019, 216_268)),
        ("own_first", "municipality", (43_942, 165_874)),
    ],
)
def test_baselines_come_to_what_was_measured(legs, kind, together, right):
    """t CO2e of transport and of all parts; and no pit and no receiver above its permit (A1)."""
    scenario = read(f"\nbaseline: {{together: {together}}}\n")
    found = solve_baseline(scenario, legs, kind)
    assert not found.missing
    assert tonnes_of(found.books.totals) == right
    for facilities, site in ((scenario.pits, "origin"), (scenario.receivers, "destination")):
        dug = found.flows.groupby([site, "period"])["tonnes"].sum()
        for one in facilities:
            if one.per_period_t is not None and one.site in dug.index.get_level_values(0):
                assert dug[one.site].max() <= one.per_period_t + 1e-3, one.site


def test_capture_and_today_come_to_what_was_measured(legs):
    """Each offer, and so each year, is held to its share."""
    today, own_first, plan = (56_570, 201_328), (46_903, 175_313), (44_083, 167_076)
    base = f"baseline: {{together: municipality, {TODAY}}}\n"
    found = solve_baseline(read("\n" + base), legs, "today")
    assert tonnes_of(found.books.totals) == today
    assert 0 < found.used < 1
    scenario = read("\ncapture: {default: 80 %}\n" + base)
    assert tonnes_of(solve_baseline(scenario, legs, "own_first").books.totals) == own_first
    assert tonnes_of(assign(scenario, legs).amounts) == plan
