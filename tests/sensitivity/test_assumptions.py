"""Assumptions: what is refused, what is changed, and that this is what a file by hand gives."""

import textwrap
from pathlib import Path
import numpy as np
import pytest
from worlds import PIT_AND_PROJECT, make_legs, make_scenario, random_kilometres, refusal
from raastof_geo.effect.measure import measure_effect
from raastof_geo.errors import InputError
from raastof_geo.language import speaking
from raastof_geo.outputs.documents.assumptions import tabulate_assumptions, tell_assumptions
from raastof_geo.pipeline import solve_scenario
from raastof_geo.scenario import read_scenario
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.varied import edit_for
from raastof_geo.sensitivity.headline import (
    HEADLINES,
    assess,
    list_declared,
    read_headlines,
    solve_headlines,
)

KM = random_kilometres(5)

TWO_NEEDS = PIT_AND_PROJECT.replace(
    "needs: [{use: fill, amount: 1000 t}]",
    "needs: [{use: fill, amount: 150 t}, {use: sub_base, amount_per_period: 425 t}]",
).replace("supplies: [fill_sand]", "supplies: [fill_sand, sub_base_gravel]")


def price(scenario):
    return make_legs(scenario, KM)


def with_assumption(text, world=PIT_AND_PROJECT):
    return make_scenario(world + "assumptions:\n" + textwrap.indent(textwrap.dedent(text), "  "))


def apply(scenario, level, name="x"):
    return read_varied(scenario, edit_for(scenario, scenario.said.assumptions[name], level))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{low: 1, high: 2, source: a}", "`scale`"),
        ("{low: 1, high: 2, source: a, set: a, scale: {needs: {}}}", "`set`"),
        ("{value: 1, low: 2, high: 3, source: a, set: co2_price_dkk_per_t}", "(2)"),
        ("{value: 9, low: 2, high: 3, source: a, set: co2_price_dkk_per_t}", "(9)"),
        ("{low: 2, high: 3, source: a, set: co2_price}", "`co2_price_dkk_per_t`"),
        ("{low: 2, high: 3, source: a, set: catalogue.fuels.petrol.unit}", "`petrol`"),
        ("{low: 2, high: 3, source: a, set: title}", "`…gate_fee`"),
        (
            "{value: 5, low: 2, high: 900, source: a, set: co2_price_dkk_per_t}",
            "`co2_price_dkk_per_t`",
        ),
        ("{low: 2, high: 3, source: a, set: co2_price_dkk_per_t}", "`co2_price_dkk_per_t`"),
        ("{value: 1, low: 0, high: 2, source: a, scale: {needs: {use: base_course}}}", "id"),
        ("{value: 1, low: 0, high: 2, source: a, scale: {needs: {use: fil}}}", "`fill`"),
        ("{value: 1, low: 0, high: 2, source: a, scale: {}}", "`{}`"),
        ("{low: 0, high: 2, source: a, scale: {needs: {}}}", "`value`"),
        ("{value: 1, low: -1, high: 2, source: a, scale: {needs: {}}}", "`low`"),
        ("{value: 1, low: 0, high: 2, source: a, rest: {offers: {}}, set: a.b}", "`scale`"),
        ("{value: 1, low: 0, high: 2, source: a, scale: {needs: {}}, rest: {offers: {}}}", "600 t"),
        ("{value: 1, low: 0, high: 2, source: a, scale: {needs: {}}, rest: {needs: {}}}", "`rest`"),
    ],
)
def test_what_cannot_be_assumed_is_refused_with_its_line(said, told):
    text = refusal(f"{PIT_AND_PROJECT}assumptions:\n  x: {said}\n")
    assert "world.yaml:20:" in text
    assert told in text


def test_amounts_are_multiplied_and_the_rest_keeps_the_sum():
    scenario = with_assumption(
        """
        x: {value: 15 %, low: 10 %, high: 21 %, source: a,
            scale: {needs: {use: fill}}, rest: {needs: {use: sub_base}}}
        """,
        TWO_NEEDS,
    )
    varied = apply(scenario, 0.21)
    fill = sum(one.tonnes for one in varied.needs if one.use == "fill")
    assert fill == pytest.approx(210)
    assert sum(one.tonnes for one in varied.needs) == pytest.approx(1000)
    assert len({one.tonnes for one in varied.needs if one.use == "sub_base"}) == 1


def test_a_filter_means_what_matches_all_of_it():
    world = PIT_AND_PROJECT.replace("lon: 12.26", "project: alfa\n    lon: 12.26")
    scenario = with_assumption(
        "x: {value: 1, low: 0, high: 2, source: a, scale: {offers: {project: alfa}, pits: {}}}",
        world,
    )
    varied = apply(scenario, 0.5)
    assert varied.offers[0].tonnes == 300
    assert varied.pits[0].per_period_t == 450
    assert varied.receivers[0].total_t == 5000


@pytest.mark.parametrize(
    ("path", "level", "written"),
    [
        ("co2_price_dkk_per_t", 900, "co2_price_dkk_per_t: 900"),
        (
            "catalogue.materials.clean_clay_soil.gate_fee",
            80,
            "catalogue: {materials: {clean_clay_soil: {gate_fee: 80}}}",
        ),
        (
            "catalogue.fuels.hvo100.kg_co2e_wtw_per_unit",
            3.5,
            "catalogue: {fuels: {hvo100: {kg_co2e_wtw_per_unit: 3.5}}}",
        ),
    ],
)
def test_a_path_is_set_as_by_hand(path, level, written):
    scenario = with_assumption(f"x: {{low: 0, high: 1000, source: a, set: {path}}}")
    by_hand = make_scenario(PIT_AND_PROJECT + written + "\n")
    varied = apply(scenario, level)
    assert varied.said.co2_price_dkk_per_t == by_hand.said.co2_price_dkk_per_t
    assert figures(varied) == pytest.approx(figures(by_hand))


def figures(scenario):
    fuel = scenario.catalogue.fuels["hvo100"].kg_co2e_wtw_per_unit.in_year(2028)
    return scenario.catalogue.materials["clean_clay_soil"].gate_fee.value, fuel


def test_a_figure_by_year_is_multiplied():
    scenario = with_assumption(
        "x: {low: 0.9, high: 1.2, source: a, set: catalogue.fuels.electricity.kg_co2e_wtw_per_unit}"
    )
    before, after = (
        one.catalogue.fuels["electricity"].kg_co2e_wtw_per_unit
        for one in (scenario, apply(scenario, 1.1))
    )
    for year in (2027, 2030, 2035):
        assert after.in_year(year) == pytest.approx(1.1 * before.in_year(year))


def test_what_is_made_impossible_is_refused_when_it_is_read_again():
    scenario = with_assumption("x: {low: 0, high: 900, source: a, set: idle_min_per_load}")
    with pytest.raises(InputError):
        apply(scenario, 700)


def test_ends_are_what_the_changed_file_gives():
    scenario = with_assumption(
        """
        much: {value: 1, low: 0.1, high: 1.2, scale: {offers: {}}, source: a}
        fee: {low: 20, high: 400, set: catalogue.materials.clean_clay_soil.gate_fee, source: b}
        """
    )
    base = solve_headlines(scenario, price(scenario))
    assessment = assess(scenario, base, list_declared(scenario), price)
    by_hand = [
        PIT_AND_PROJECT.replace("600 t", "60 t"),
        PIT_AND_PROJECT.replace("600 t", "720 t"),
        *(
            f"{PIT_AND_PROJECT}catalogue: {{materials: {{clean_clay_soil: {{gate_fee: {fee}}}}}}}\n"
            for fee in (20, 400)
        ),
    ]
    ends = [end for swing in assessment.swings for end in swing.ends]
    for end, text in zip(ends, by_hand, strict=True):
        other = make_scenario(text)
        assert end.headlines == solve_headlines(other, price(other))
    assert assessment.at_value == base


def test_a_break_even_is_where_a_fine_scan_finds_it():
    scenario = with_assumption(
        "much: {value: 1, low: 0.1, high: 1.2, scale: {offers: {}}, source: a}"
    )
    base = solve_headlines(scenario, price(scenario))
    solved = []

    def counted(varied):
        solved.append(varied)
        return price(varied)

    [swing] = assess(scenario, base, list_declared(scenario), counted).swings
    assert len(solved) <= 2 + 3  # both ends, then the straight line; it was seven by halves
    [flip] = [one for one in swing.flips if one.headline == "largest_share"]
    coarse, fine = np.linspace(0.1, 1.0, 19), flip.level + np.linspace(-0.02, 0.02, 21)
    shares = {
        level: solve_headlines(
            varied := apply(scenario, level, "much"), price(varied), whole=True
        ).largest_share
        for level in sorted({*coarse.tolist(), *fine.tolist()})
    }
    kept = [level for level, share in shares.items() if share >= 0.2 - 1e-9]
    assert min(kept) == pytest.approx(1 / 3, abs=0.002)
    assert flip.holds
    assert flip.end == 0
    assert -1e-9 <= flip.level - 1 / 3 <= 0.01 * 1.1
    with speaking("en"):
        [told] = map(str, tell_assumptions(assess(scenario, base, list_declared(scenario), price)))
    assert "beyond 0.338" in told
    assert "20.0 %" in told


def test_a_jump_is_bracketed_from_the_side_of_the_value():
    """The receiver becomes dearer than the need only beyond a fee: saved kilograms jump there."""
    world = PIT_AND_PROJECT + "objectives: [cost_dkk]\n"
    scenario = with_assumption(
        "fee: {low: 20, high: 400, set: catalogue.materials.clean_clay_soil.gate_fee, source: b}",
        world,
    )
    base = solve_headlines(scenario, price(scenario))
    [swing] = assess(scenario, base, list_declared(scenario), price).swings
    for flip in swing.flips:
        near = solve_headlines(varied := apply(scenario, flip.level, "fee"), price(varied))
        step = 0.011 * 380 * (1 if flip.end else -1)
        far = solve_headlines(varied := apply(scenario, flip.level + step, "fee"), price(varied))
        assert (near.of(flip.headline) >= flip.threshold) == flip.holds
        assert (far.of(flip.headline) >= flip.threshold) != flip.holds


def test_an_end_without_a_plan_says_why_and_is_told():
    scenario = with_assumption(
        "much: {value: 1, low: 0.5, high: 20, scale: {offers: {}}, source: a}"
    )
    base = solve_headlines(scenario, price(scenario))
    assessment = assess(scenario, base, list_declared(scenario), price, most=1)
    high = assessment.swings[0].ends[1]
    assert high.headlines is None
    assert high.refused
    with speaking("en"):
        assert any("no answer" in str(one) for one in tell_assumptions(assessment))
        [row] = tabulate_assumptions(assessment).rows
    assert str(row[1]) == "1"


def test_only_so_many_are_solved_and_the_others_named():
    lines = "\n".join(
        f"a{number}: {{value: 1, low: 0.9, high: 1.1, scale: {{offers: {{}}}}, source: a}}"
        for number in range(3)
    )
    scenario = with_assumption(lines)
    base = solve_headlines(scenario, price(scenario))
    assessment = assess(scenario, base, list_declared(scenario), price, most=2)
    assert len(assessment.swings) == 2
    assert assessment.left_out == ("a2",)
    assert all(
        end.headlines is not None and set(vars(end.headlines)) == {*HEADLINES, "whole"}
        for swing in assessment.swings
        for end in swing.ends
    )


def test_coordination_saves_the_same_where_it_alone_is_told_apart():
    """Causes that are credited alike cancel between them, so their steps need not be solved."""
    path = Path(__file__).parents[2] / "scenarios" / "koege_bugt.yaml"
    result = solve_scenario(read_scenario(path))
    brief = measure_effect(result.scenario, result.legs, result.plan, briefly=True)
    assert len(brief.causes) < len(result.effect.causes)
    whole, told = read_headlines(result.effect), read_headlines(brief)
    for name in HEADLINES:
        assert told.of(name) == pytest.approx(whole.of(name), rel=1e-12)
