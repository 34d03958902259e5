"""What the audit found wrong in the catalogue, by its own figures (A3, A4)."""

from pathlib import Path
import pytest
from raastof_geo.figures.vocabulary import CO2E, DISPOSAL, PREPARATION, PROCESSING
from raastof_geo.pipeline import solve_scenario
from raastof_geo.scenario import read_scenario

FROZEN = Path(__file__).parents[1] / "frozen" / "region_sjaelland.yaml"
CRUSHED = ("crushed_concrete", "crushed_brick", "crushed_concrete_brick", "crushed_asphalt")
HARD = (*CRUSHED, "rail_ballast")
ROAD_TO_RECEPTION = 1.00835
"""What DESNZ counts for the way to a place of recovery, in its factors of waste. [kg CO2e/t]"""

pytestmark = pytest.mark.usefixtures("catalogue_of_the_audit")


def solve_region(folder, overlay):
    """Solve the audited region with a catalogue of its own; the plan's books and the scenario."""
    rows = "".join(f"    {one}: {{{said}}}\n" for one, said in overlay.items())
    said = FROZEN.read_text(encoding="utf-8")
    path = folder / "region.yaml"
    path.write_text(
        said.replace("sites:\n", f"catalogue:\n  materials:\n{rows}sites:\n", 1), "utf-8"
    )
    result = solve_scenario(read_scenario(path))
    return result.effect.books, result.scenario


def test_disposal_without_the_way_there(tmp_path):
    """Without the transport in them the plan falls to 156,684 t, and 43,693 t are saved (A3).

    All that must leave is received where nothing is coordinated: the audit's 208,398 t of baseline
    hold the way there of 7,954,031 t, its plan of 157,175 t that of 486,540 t.
    """
    soil = dict.fromkeys(("clean_sandy_soil", "clean_clay_soil"), 0.0)
    factors = dict.fromkeys(HARD, 1.26338 - ROAD_TO_RECEPTION) | soil
    factors["slightly_polluted_soil"] = 19.54671 - ROAD_TO_RECEPTION
    overlay = {one: f"disposal_kg_co2e: {value:.5f}" for one, value in factors.items()}
    plan, scenario = solve_region(tmp_path, overlay)
    planned_t = plan.total(CO2E) / 1000
    assert planned_t == pytest.approx(156_684, abs=1)
    received_t = plan.lines[plan.lines["taker_kind"] == "receiver"]["tonnes"].sum()
    assert planned_t + received_t * ROAD_TO_RECEPTION / 1000 == pytest.approx(157_175, abs=1)
    leaving_t = sum(offer.tonnes for offer in scenario.offers if offer.must_leave)
    baseline_t = 208_398 - leaving_t * ROAD_TO_RECEPTION / 1000
    assert baseline_t == pytest.approx(200_377, abs=1)
    assert baseline_t - planned_t == pytest.approx(43_693, abs=1)
    assert plan.total(DISPOSAL) / received_t == pytest.approx(18.538, abs=0.001)


def test_crushing_is_not_free(tmp_path):
    """At the catalogue's own 2.663 kg and 35 DKK a tonne 6,797 t and 89 M DKK were missing (A4).

    Now that crushing counts, 60,000 t that need not leave stay where they are.
    """
    made = "preparation_kg_co2e_per_t: 2.663, preparation_dkk_per_t: 35"
    plan, scenario = solve_region(tmp_path, dict.fromkeys(CRUSHED, made))
    offered_t = sum(offer.tonnes for offer in scenario.offers if offer.material in CRUSHED)
    assert offered_t * 2.663 / 1e3 == pytest.approx(6_797, abs=1)
    assert offered_t * 35 / 1e6 == pytest.approx(89.33, abs=0.01)
    used = plan.lines[plan.lines["material"].isin(CRUSHED) & (plan.lines["giver_kind"] == "offer")]
    assert set(used["taker_kind"]) == {"need"}
    assert used["tonnes"].sum() == pytest.approx(offered_t - 60_000)
    assert plan.total(PROCESSING) == pytest.approx(used["tonnes"].sum() * 2.663)
    assert plan.total(PREPARATION) == pytest.approx(used["tonnes"].sum() * 35)
