"""Plants that can never run: told before solving, with what each recipe lacks."""

import pytest
from hypothesis import given, settings
from places import CASES
from strategies import whole_worlds
from worlds import make_legs, make_scenario
from raastof_geo.assignment import assign
from raastof_geo.cli import run_command
from raastof_geo.errors import NoPlanError, ScenarioError
from raastof_geo.language import speaking
from raastof_geo.scenario.parties import (
    Lack,
    find_idle,
    find_partners,
    list_givers,
    list_takers,
    may_deal,
)

ZEALAND = CASES / "west_zealand.yaml"

WORLD = """
title: A crusher
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle, truck_trailer_7_axle]
sites:
  demolition:
    lon: 12.26
    lat: 55.59
    offers: [{material: concrete_rubble, amount: 600 t, must_leave: false}]
  crusher: {lon: 12.2, lat: 55.5, plant: {recipes: [crush_concrete]}}
  road: {lon: 12.10, lat: 55.45, needs: [{use: sub_base, amount: 100 t}]}
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [sub_base_gravel]}}
  tip: {lon: 12.19, lat: 55.46, receiver: {accepts: [crusher_residue]}}
"""


def change(*pairs):
    text = WORLD
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return make_scenario(text)


def lacks(scenario, **where):
    return {idle.recipe: idle.lacks for idle in find_idle(scenario, **where)}


def test_a_plant_with_everything_may_run():
    """Rubble comes, the product and the residue go: nothing is told."""
    assert lacks(change()) == {}


RESIDUE, RUBBLE, PRODUCT = "crusher_residue", "concrete_rubble", "crushed_concrete"
HINDERED = {
    "nobody takes the residue": (
        [("accepts: [crusher_residue]", "accepts: [clean_clay_soil]")],
        Lack("nobody", RESIDUE, "output"),
    ),
    "a receiver without room": (
        [("accepts: [crusher_residue]", "accepts: [crusher_residue], capacity_total: 0 t")],
        Lack("chain", RESIDUE, "output", ("tip",)),
    ),
    "nobody has rubble": (
        [("material: concrete_rubble", "material: brick_rubble")],
        Lack("nobody", RUBBLE, "input"),
    ),
    "nobody needs the product": (
        [("use: sub_base", "use: noise_barrier, materials: [sub_base_gravel]")],
        Lack("nobody", PRODUCT, "output"),
    ),
    "agreements": (
        [("sites:", "agreements: [{giver: crusher, taker: tip, forbidden: true}]\nsites:")],
        Lack("agreements", RESIDUE, "output", ("tip",)),
    ),
    "trucks": (
        [
            ("lat: 55.46,", "lat: 55.46, vehicles: [tipper_4_axle],"),
            ("lat: 55.5,", "lat: 55.5, vehicles: [truck_trailer_7_axle],"),
        ],
        Lack("trucks", RESIDUE, "output", ("tip",)),
    ),
    "no time together": (
        [
            ("must_leave: false", "must_leave: false, to: 2027"),
            ("amount: 100 t", "amount: 100 t, from: 2028"),
        ],
        Lack("together"),
    ),
    "no capacity": (
        [("recipes: [crush_concrete]", "recipes: [crush_concrete], capacity_total: 0 t")],
        Lack("capacity"),
    ),
}


@pytest.mark.parametrize("case", HINDERED)
def test_each_hindrance_is_named(case):
    """No receiver, input, outlet, truck, period or room, or an agreement: each is told."""
    pairs, lack = HINDERED[case]
    assert lacks(change(*pairs)) == {"crush_concrete": (lack,)}


def test_no_road_to_the_receiver_is_named():
    """A receiver on another island does not count."""
    islands = dict.fromkeys(("demolition", "crusher", "road", "pit"), 0) | {"tip": 1}
    assert lacks(change(), islands=islands) == {
        "crush_concrete": (Lack("roads", RESIDUE, "output", ("tip",)),)
    }


DEPOT = """
  store: {lon: 12.21, lat: 55.5, depot: {materials: [crushed_concrete], capacity: 300 t}}
"""


def test_a_depot_carries_from_period_to_period():
    """Rubble in the first year and the need in the second meet by way of a depot."""
    apart = HINDERED["no time together"][0]
    text = WORLD
    for old, new in apart:
        text = text.replace(old, new)
    assert lacks(make_scenario(text)) != {}
    assert lacks(make_scenario(text + DEPOT)) == {}


def test_a_depot_does_not_carry_back_in_time():
    """The need in the first year is not met by rubble of the second."""
    text = WORLD.replace("must_leave: false", "must_leave: false, from: 2028")
    text = text.replace("amount: 100 t", "amount: 100 t, to: 2027")
    assert lacks(make_scenario(text + DEPOT)) == {"crush_concrete": (Lack("together"),)}


CHAIN = """
title: A chain
language: en
periods: [2027]
vehicles: [tipper_4_axle]
catalogue:
  recipes:
    first:
      {name: {en: First}, inputs: {concrete_rubble: 1}, outputs: {brick_rubble: 1},
       kg_co2e_per_t: 1, dkk_per_t: 1}
    second:
      {name: {en: Second}, inputs: {brick_rubble: 1}, outputs: {concrete_rubble: 0.5,
       clean_clay_soil: 0.5}, kg_co2e_per_t: 1, dkk_per_t: 1}
sites:
  one: {lon: 12.2, lat: 55.5, plant: {recipes: [first]}}
  two: {lon: 12.21, lat: 55.5, plant: {recipes: [second]}}
  tip: {lon: 12.19, lat: 55.46, receiver: {accepts: [clean_clay_soil]}}
"""
SOURCE = """
  demolition:
    lon: 12.26
    lat: 55.59
    offers: [{material: concrete_rubble, amount: 600 t, must_leave: false}]
"""


def test_plants_that_only_feed_each_other_cannot_run():
    """A ring of plants needs a beginning; with an offer that starts it, both may run.

    Half of each round leaves, so 600 t of rubble are 1,200 t through the first plant.
    """
    assert set(lacks(make_scenario(CHAIN))) == {"first", "second"}
    started = make_scenario((CHAIN + SOURCE).replace("must_leave: false", "must_leave: true"))
    assert lacks(started) == {}
    ran = assign(started, make_legs(started)).processed.set_index("recipe")["tonnes"]
    assert ran["first"] == pytest.approx(1200)


def test_a_plant_behind_one_that_cannot_run_cannot_either():
    """No outlet at the end of a chain stops every plant before it."""
    text = (CHAIN + SOURCE).replace("accepts: [clean_clay_soil]", "accepts: [crushed_concrete]")
    found = lacks(make_scenario(text))
    assert Lack("nobody", "clean_clay_soil", "output") in found["second"]
    assert found["first"][0].why == "chain"


@settings(max_examples=25, deadline=None)
@given(whole_worlds())
def test_no_plan_runs_what_cannot_run(world):
    """In random worlds with plants and depots, no plan puts a tonne into an idle recipe."""
    try:
        idle = {(one.site, one.recipe) for one in find_idle(world.scenario)}
        plan = assign(world.scenario, world.legs, explain=False)
    except (NoPlanError, ScenarioError):
        return
    ran = plan.processed[plan.processed["tonnes"] > 1e-6]
    assert not idle & set(zip(ran["site"], ran["recipe"], strict=True))


@pytest.fixture
def zealand(tmp_path, monkeypatch):
    """The planner's scenario without a receiver for what crushing leaves."""
    monkeypatch.delenv("RAASTOF_LANG", raising=False)
    text = ZEALAND.read_text(encoding="utf-8").replace("crusher_residue, ", "")
    text = text.replace("at_least: 20 %", "at_least: 1 %")
    text = "".join(line for line in text.splitlines(True) if "forbidden: true" not in line)
    path = tmp_path / "nores.yaml"
    path.write_text(f"{text}outputs: [plan, summary]\n", encoding="utf-8")
    return path


def test_check_run_and_summary_tell_of_the_crusher_that_never_runs(zealand, capsys):
    """A crusher whose residue nobody takes: told with plant, recipe, reason, line and way out."""
    with speaking("da"):
        assert run_command(["check", str(zealand)]) == 0
        checked = capsys.readouterr().out
        assert run_command(["run", str(zealand), "--into", str(zealand.parent)]) == 0
        ran = capsys.readouterr().out
    summary = (zealand.parent / "nores" / "summary.md").read_text(encoding="utf-8")
    assert "Knuseplads ved Dalmose kan aldrig bruge opskriften" in summary, "people read names"
    for told in (checked, ran):
        assert "Knuseplads ved Dalmose (`knuser_dalmose`) kan aldrig bruge opskriften" in told
        for recipe in ("crush_concrete", "crush_mixed", "crush_brick", "crush_asphalt"):
            assert f"(`{recipe}`)" in told
        assert "(`crusher_residue`) herfra: føj det til `accepts` på en modtager" in told
    assert "nores.yaml:95:" in checked
    assert checked.index("Advarsler") < checked.index("kan aldrig")
    assert ran.index("Advarsler") < ran.index("kan aldrig")
    assert "## Advarsler" in summary
    for told in (ran, summary):
        assert "mistænkeligt" not in told
        assert "for en hel region" not in told


def test_no_plan_tells_of_the_crusher_too(zealand, capsys):
    """Where rubble has no other way out, exit 3 says why the crusher cannot take it."""
    forbidden = "agreements:\n  - {giver: nedrivning_korsoer, taker: modtager_naestved, "
    text = zealand.read_text(encoding="utf-8").replace(
        "agreements:\n  - {", f"{forbidden}forbidden: true}}\n  - {{"
    )
    zealand.write_text(text, encoding="utf-8")
    with speaking("en"):
        assert (
            run_command(["run", str(zealand), "--lang", "en", "--into", str(zealand.parent)]) == 3
        )
    assert "(`knuser_dalmose`) can never run Crushing concrete" in capsys.readouterr().err


def test_the_whole_scenario_lacks_only_what_it_does_not_offer():
    """As it was written, three recipes may run, and asphalt slabs are on offer nowhere."""
    from raastof_geo.scenario import read_scenario

    assert lacks(read_scenario(ZEALAND)) == {
        "crush_asphalt": (Lack("nobody", "asphalt_slabs", "input"),)
    }


def test_made_up_legs_agree(zealand):
    """With the receiver's residue back, the same plan problem uses the crusher."""
    text = ZEALAND.read_text(encoding="utf-8")
    scenario = make_scenario(text.replace("at_least: 20 %", "at_least: 1 %"))
    plan = assign(scenario, make_legs(scenario))
    assert plan.processed["tonnes"].sum() > 0


@settings(max_examples=60, deadline=None)
@given(world=whole_worlds())
def test_partners_by_sort_are_those_of_each(world):
    """Asked once for each sort of giver, and each giver has just those it may deal with."""
    scenario = world.scenario
    takers = list_takers(scenario)
    givers = list_givers(scenario)
    found = [(giver, partners.takers) for giver, partners in find_partners(givers, takers)]
    asked = [(one, tuple(t for t in takers if may_deal(one, t))) for one in givers]
    assert found == asked
