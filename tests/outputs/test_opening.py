"""Every output opens with the answer to the scenario's question."""

from __future__ import annotations

from pathlib import Path
import pytest
from ruamel.yaml import YAML
from worlds import make_scenario
from raastof_geo.effect.measure import TargetAnswer
from raastof_geo.language import round_off
from raastof_geo.outputs.opening import open_answer, say_span, write_short
from raastof_geo.pipeline import read_for_roads, solve_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def published():
    return solve_scenario(read_for_roads(SCENARIOS / "vordingborg_2016.yaml"))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (157_175.0, "157,000"),
        (43_942.0, "43,900"),
        (8.985, "8.98"),
        (0.03456, "0.0346"),
        (-1_487_000.0, "-1,490,000"),
        (999.6, "1,000"),
        (0.0, "0"),
        (float("inf"), "∞"),
    ],
)
@pytest.mark.usefixtures("english")
def test_people_read_three_digits(value, read):
    assert round_off(value) == read


@pytest.mark.parametrize(
    ("amount", "read"),
    [
        (43.7488, "43.7"),
        (390.55, "391"),
        (0.0222, "0.02"),
        (0.0012, "0"),
        (-0.0012, "0"),
        (-0.0222, "-0.02"),
        (1_234.5, "1,230"),
        (0.0, "0"),
    ],
)
@pytest.mark.usefixtures("english")
def test_people_read_hundredths_at_most(amount, read):
    assert write_short(amount) == read


def test_periods_are_a_span_of_years():
    world = """
        title: Two years
        periods: [2027, 2028]
        sites:
          road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 100 t}]}
          pit: {lon: 12.11, lat: 55.45, pit: {supplies: [fill_sand]}}
    """
    assert say_span(make_scenario(world)) == "2027–2028"
    assert say_span(make_scenario(world.replace("[2027, 2028]", "[2027]"))) == "2027"


@pytest.mark.usefixtures("english")
def test_a_starter_says_reached_and_what_coordination_gives(starter_result):
    result, _ = starter_result
    told = [str(one) for one in open_answer(result)]
    assert told[0].startswith(("The target of", "Secondary materials meet"))
    effect = result.effect
    gain = effect.coordination or effect.whole
    assert any(f"saves {round_off(gain.kg_co2e / 1000)} t CO2e" in one for one in told)


@pytest.mark.usefixtures("english")
def test_what_is_published_stands_beside(published):
    told = str(open_answer(published)[-1])
    books, before = published.effect.books, published.effect.baseline_books
    saved = before.total("vehicle_km") - books.total("vehicle_km")
    assert f"{round_off(saved)} km, published 3,500,000" in told
    assert "NIRAS, 7. juli 2017" in told


@pytest.mark.slow
@pytest.mark.usefixtures("danish")
def test_the_region_answers_at_once():
    """Reached or not, how far, by which assumption, against what, and what a tonne costs."""
    result = solve_scenario(read_for_roads(SCENARIOS / "region_sjaelland.yaml"))
    effect = result.effect
    answer: TargetAnswer = effect.target
    told = "\n\n".join(str(one) for one in open_answer(result))
    assert len(told) < 1_400
    verdict = "nås: planen" if answer.reached else "nås IKKE: planen"
    assert f"Målet på 20 % i 2032 (genanvendte materialer og ren jord) {verdict}" in told
    assert [one.kind for one in effect.baselines] == ["own_first", "alone", "today"]
    assert "i alt 2030–2032" in told
    assert told.count("mod: ") == 3  # the plan as a whole: against the same
    assert "pr. ton CO2e" in told or "uden merudgift" in told or "stiger" in told


def test_the_region_adds_up_to_what_its_head_states():
    """Shared out by inhabitants, the sums of the head come back, but for rounding to 100 t."""
    said = YAML(typ="safe").load(SCENARIOS / "region_sjaelland.yaml")
    offered: dict[str, float] = {}
    needed = 0.0
    for site in said["sites"].values():
        for entry in site.get("offers", ()):
            amount = entry.get("amount_per_period")
            if amount:
                tonnes = float(amount.split(" t")[0].split(" m3")[0].replace(" ", ""))
                offered[entry["material"]] = offered.get(entry["material"], 0.0) + tonnes
        for entry in site.get("needs", ()):
            if "amount_per_period" in entry:
                needed += float(entry["amount_per_period"][:-2].replace(" ", ""))
    dug = 6.314e6 * 1.67
    used = 0.7 * dug / 0.98
    named = (2 * 41_000 * 2.05 + 2 * 172_000 * 1.9 + 50_000 * 1.9) / 3
    assert needed == pytest.approx(used - named, rel=2e-3)
    assert said["targets"]["virgin_today"]["amount_per_period"] == f"{0.7 * dug / 1e6:.2f} Mt"
    rubble = sum(tonnes for name, tonnes in offered.items() if name.endswith("rubble"))
    assert rubble == pytest.approx(330_000, rel=2e-3)
    assert offered["concrete_rubble"] == pytest.approx(180_000, rel=2e-3)
    soil = sum(tonnes for name, tonnes in offered.items() if name.endswith("soil"))
    assert soil == pytest.approx(900_000 - 150_000 / 3, rel=2e-3)
