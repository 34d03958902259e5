"""The ranking of everything: each bar is what the file changed by hand gives."""

import re
import pytest
from commands import run
from worlds import PIT_AND_PROJECT, make_legs, make_scenario, random_kilometres
from raastof_geo import load_result
from raastof_geo.language import speaking
from raastof_geo.outputs.documents.assumptions import build_tornado
from raastof_geo.outputs.documents.document import render_page
from raastof_geo.sensitivity.headline import assess, list_declared, list_levers, solve_headlines

KM = random_kilometres(5)

WORLD = PIT_AND_PROJECT.replace(
    "vehicles: [tipper_4_axle]", "vehicles: [tipper_4_axle, truck_trailer_7_axle]"
).replace("amount: 1000 t}]", "amount: 1000 t}, {use: noise_barrier, amount: 200 t}]")


def price(scenario):
    """Make legs that hang on the trucks' loads and on diesel, as real ones do."""
    diesel = scenario.catalogue.fuels["diesel"].kg_co2e_wtw_per_unit.in_year(2028)
    return make_legs(scenario, KM, factor=diesel)


def by_hand(name, level):
    """Give the world with one number changed in its text."""
    if name == "needs.fill":
        return WORLD.replace("1000 t", f"{1000 * level:g} t")
    if name == "share.fill":
        less = 200 - 1000 * (level - 1)
        return WORLD.replace("1000 t", f"{1000 * level:g} t").replace("200 t}", f"{less:g} t}}")
    if name in {"offers.clean_clay_soil", "project.digging"}:
        return WORLD.replace("600 t", f"{600 * level:g} t")
    if name == "capacity.pits":
        return WORLD.replace("900 t", f"{900 * level:g} t")
    parts = name.split(".")
    opened = "".join(f"{{{part}: " for part in parts[1:])
    return f"{WORLD}catalogue: {opened}{level!r}{'}' * (len(parts) - 1)}\n"


@pytest.fixture(scope="module")
def ranked():
    scenario = make_scenario(WORLD)
    wanted = {
        "needs.fill",
        "share.fill",
        "offers.clean_clay_soil",
        "project.digging",
        "capacity.pits",
        "catalogue.materials.clean_clay_soil.gate_fee",
        "catalogue.materials.fill_sand.density_compacted",
        "catalogue.materials.fill_sand.upstream_kg_co2e",
        "vehicles",
        "land.built_up",
    }
    levers = [one for one in list_levers(scenario) if one.subject.name in wanted]
    assert {one.subject.name for one in levers} == wanted
    base = solve_headlines(scenario, price(scenario))
    return scenario, assess(scenario, base, levers, price)


def test_each_bar_is_the_file_run_by_hand(ranked):
    _, assessment = ranked
    checked = 0
    for swing in assessment.swings:
        for end in swing.ends if swing.subject.value is not None else ():
            scenario = make_scenario(by_hand(swing.subject.name, end.level))
            found = solve_headlines(scenario, price(scenario))
            assert vars(end.headlines) == pytest.approx(vars(found), rel=1e-9, abs=1e-6)
            checked += 1
    assert checked == 16


def test_a_choice_is_the_file_with_the_other_choice(ranked):
    _, assessment = ranked
    [swing] = [one for one in assessment.swings if one.subject.name == "vehicles"]
    for end, left in zip(swing.ends, ("truck_trailer_7_axle", "tipper_4_axle"), strict=True):
        text = WORLD.replace("[tipper_4_axle, truck_trailer_7_axle]", f"[{left}]")
        scenario = make_scenario(text)
        assert end.headlines == solve_headlines(scenario, price(scenario))


def test_land_is_another_where_something_is_needed_and_nowhere_else(ranked):
    scenario, assessment = ranked
    [lever] = [one for one in list_levers(scenario) if one.subject.name == "land.built_up"]
    assert [list(lever.edit(level)) for level in lever.subject.levels[:1]] == [
        [("sites", "road", "land")]
    ]
    [swing] = [one for one in assessment.swings if one.subject.name == "land.built_up"]
    assert all(end.headlines is not None for end in swing.ends)


def test_what_moves_a_headline_most_comes_first(ranked):
    _, assessment = ranked
    base = assessment.at_value.saved_kg_co2e
    moved = [
        max(abs(end.headlines.saved_kg_co2e - base) for end in swing.ends if end.headlines)
        for swing in assessment.ranked("saved_kg_co2e")
    ]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > moved[-1]


def test_the_page_stands_alone_and_draws_every_headline(ranked):
    scenario, assessment = ranked
    with speaking("en"):
        page = render_page(build_tornado(scenario, assessment, most=5))
    assert page.count("<svg") == 3
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "What would turn the conclusion over" in page


def test_every_number_that_is_in_use_is_listed_once_and_no_other():
    names = [one.subject.name for one in list_levers(make_scenario(WORLD))]
    assert len(names) == len(set(names))
    assert "catalogue.materials.fill_sand.price" in names
    assert "catalogue.vehicles.tipper_4_axle.payload_t" in names
    assert "catalogue.fuels.diesel.kg_co2e_wtw_per_unit" in names
    assert not any("asphalt" in one or "handling" in one or "hvo" in one for one in names)


def test_a_range_of_the_scenarios_own_is_declared_and_needs_no_judgement():
    fee = "{value: 60, low: 40, high: 90, source: a tariff, evidence: seen, unit: DKK/t}"
    scenario = make_scenario(
        f"{WORLD}catalogue: {{materials: {{clean_clay_soil: {{gate_fee: {fee}}}}}}}\n"
    )
    [lever] = list_declared(scenario)
    assert lever.subject.levels == (40, 90)
    assert lever.subject.source == "a tariff"
    assert not lever.subject.judged


def test_commands_write_and_tell_and_results_remember(tmp_path, capsys, starter_text):
    path = tmp_path / "small.yaml"
    path.write_text(
        starter_text + "\nassumptions:\n  much: {name: Surplus, value: 1, low: 0.2, high: 1.1, "
        "scale: {offers: {}}, source: test}\n",
        encoding="utf-8",
    )
    assert run("run", path, "--into", tmp_path / "out") == 0
    assert "Surplus" in capsys.readouterr().out
    kept = load_result(tmp_path / "out" / "small").assumptions
    assert kept.swings[0].ends[0].headlines.largest_share < kept.at_value.largest_share
    assert "Surplus" in (tmp_path / "out" / "small" / "summary.md").read_text("utf-8")
    assert run("run", path, "--into", tmp_path / "out", "--no-sensitivity") == 0
    assert load_result(tmp_path / "out" / "small").assumptions is None
    capsys.readouterr()
    assert run("sensitivity", path, "--into", tmp_path / "out", "--only", "SURPLUS") == 0
    assert "Surplus" in capsys.readouterr().out
    files = {one.name for one in (tmp_path / "out" / "small_sensitivity").iterdir()}
    assert files == {"manifest.json", "sensitivity.html", "sensitivity.xlsx", "tornado.svg"}
    assert run("sensitivity", path, "--only", "no such thing") == 2
