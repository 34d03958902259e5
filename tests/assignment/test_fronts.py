"""Fronts of two measures, and plans nearly as good: complete, reached again, and different."""

from collections import defaultdict
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
import numpy as np
import openpyxl
import pandas as pd
import pytest
from dense import Dense
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from strategies import choice_worlds, whole_worlds, worlds
from worlds import make_legs, make_scenario, scenario_of
from raastof_geo import load_result, read_scenario, solve_scenario
from raastof_geo.assignment import assign
from raastof_geo.assignment.front import (
    MATCH,
    measure_distance,
    read_measures,
    seek_alternatives,
    trace_front,
)
from raastof_geo.cli.app import run_command
from raastof_geo.errors import InputError, NoPlanError
from raastof_geo.figures.vocabulary import CO2E, COST, TRANSPORT_WTW
from raastof_geo.language import speaking
from raastof_geo.outputs.documents.comparison import VARIANTS, list_matches
from raastof_geo.pipeline import compare_alternatives, compare_front, write_each
from raastof_geo.scenario.reading.read import read_variant
from raastof_geo.spread import working

SCENARIO = Path(__file__).parents[2] / "scenarios" / "koege_bugt.yaml"
MEASURES = read_measures("kg_co2e_wtw,cost_dkk")
few = settings(
    deadline=None,
    max_examples=25,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Both(Dense):
    """The programme stated again, to be solved for any mixture of two measures."""

    def __init__(self, world):
        super().__init__(world.scenario, world.legs)
        self.optimum()  # states the rows, and holds what goals lack
        at = range(len(self.names))
        self.costs = [np.array([self.measure(name, one) for one in at]) for name in MEASURES]

    def least(self, first, second):
        answer = self.solve(first * self.costs[0] + second * self.costs[1])
        return answer[0]


def front_of(world):
    try:
        return trace_front(world.scenario, world.legs, MEASURES)
    except NoPlanError:
        assume(False)


def solved_again(world, front):
    """Solve the variant of every corner."""
    listed = world.scenario.saying(variants=front.variants)
    for id_, corner in zip(front.variants, front.corners, strict=True):
        plan = assign(read_variant(listed, id_), world.legs, stated=False)
        yield corner, plan


@few
@given(st.one_of(worlds(), whole_worlds()))
def test_no_plan_lies_below_the_front(world):
    """Another solver finds nothing below any chord nor beyond the ends, so that none is missing."""
    front, dense = front_of(world), Both(world)
    assert front.complete
    assert not front.stepped
    lines = [(1.0, 0.0), (0.0, 1.0), *((1.0, 1.0 / one) for one in front.prices)]
    for first, second in (*lines, (1.0, 0.01), (1.0, 1.0), (1.0, 50.0)):
        ours = min(first * one.first + second * one.second for one in front.corners)
        assert dense.least(first, second) == pytest.approx(ours, rel=1e-6, abs=1e-3)


@few
@given(st.one_of(worlds(), whole_worlds()))
def test_the_variant_of_each_corner_is_solved_to_it_with_proof(world):
    front = front_of(world)
    assert front.prices == sorted(front.prices, reverse=True)
    for corner, plan in solved_again(world, front):
        assert plan.certificate.holds
        reached = [plan.amounts[one] for one in MEASURES]
        assert reached == pytest.approx(corner, rel=1e-6, abs=1e-2)


@settings(few, max_examples=12)
@given(choice_worlds())
def test_with_decisions_every_step_is_bettered_by_no_plan(world):
    """Another solver cannot better one measure with the other capped, nor reach beyond the ends."""
    front = front_of(world)
    for first, second in pairwise(front.corners):
        assert first.first < second.first
        assert first.second > second.second
    for corner, plan in solved_again(world, front):
        reached = [plan.amounts[one] for one in MEASURES]
        assert reached == pytest.approx(corner, rel=1e-6, abs=1e-2)
    capped = front.corners[1:-1][:2]
    for corner in capped:
        dense = Both(world)
        rows = list(zip(range(len(dense.names)), dense.costs[1].tolist(), strict=True))
        dense.row(rows, -np.inf, corner.second + 1e-6 * abs(corner.second))
        assert dense.least(1.0, 0.0) >= corner.first - 1e-2 - 1e-5 * abs(corner.first)


TWO_PITS = """
title: One need and two pits
language: en
periods: [2027]
vehicles: [tipper_4_axle]
objectives: [transport_kg_co2e_wtw]
sites:
  road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 1800 t}]}
  near: {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand]}}
  far: {lon: 12.16, lat: 55.63, pit: {supplies: [fill_sand]}}
"""
FAR = {("near", "road"): 10.0, ("far", "road"): 10.1}


@pytest.mark.parametrize(("within", "moved_t"), [(0.02, 1800.0), (0.005, 900.0)])
def test_as_much_is_moved_elsewhere_as_the_cap_has_room_for(within, moved_t):
    """A tonne from afar costs 1 % more: 2 % is room for all of it, half a per cent for half."""
    scenario = make_scenario(TWO_PITS)
    legs = make_legs(scenario, FAR)
    plan = assign(scenario, legs)
    variants = seek_alternatives(plan, 2, within)
    agreed = {one["giver"]: one["at_least"] for one in variants["alternative-1"].set["agreements"]}
    assert agreed["far"] == f"{moved_t:.2f} t"
    listed = scenario.saying(variants=variants)
    other = assign(read_variant(listed, "alternative-1"), legs)
    far = brute_distance(matches_of(plan), matches_of(other))
    assert far == pytest.approx(1 - (1800 - moved_t) / (1800 + moved_t))


def matches_of(plan):
    """Tonnes by match of a load or more, added up by hand."""
    tonnes, loads = defaultdict(float), defaultdict(float)
    for flow in plan.flows.to_dict("records"):
        if flow["origin"] != flow["destination"]:
            key = tuple(flow[name] for name in MATCH)
            tonnes[key] += flow["tonnes"]
            loads[key] += flow["tonnes"] / flow["load_t"]
    return {key: value for key, value in tonnes.items() if loads[key] >= 1}


def brute_distance(one, other):
    keys = one.keys() | other.keys()
    most = sum(max(one.get(key, 0.0), other.get(key, 0.0)) for key in keys)
    least = sum(min(one.get(key, 0.0), other.get(key, 0.0)) for key in keys)
    return 1 - least / most if most else 0.0


@few
@given(worlds(), st.sampled_from([0.01, 0.1, 0.5]))
def test_alternatives_keep_the_cap_and_differ(world, within):
    """Emissions are added up again from the flows; nothing is said of worlds with one plan only."""
    world = world.with_(objectives=["transport_kg_co2e_wtw", "cost_dkk", "tonne_km"])
    try:
        plan = assign(world.scenario, world.legs)
    except NoPlanError:
        assume(False)
    variants = seek_alternatives(plan, 3, within)
    assert variants == seek_alternatives(plan, 3, within)
    listed = world.scenario.saying(variants=variants)
    plans = [plan, *(assign(read_variant(listed, one), world.legs) for one in variants)]
    kg = [one.flows["kg_co2e_wtw"].sum() for one in plans]
    assert max(kg) <= kg[0] * (1 + within) * (1 + 1e-6) + 1e-3
    found = [matches_of(one) for one in plans]
    for one, other in combinations(found, 2):
        assert brute_distance(one, other) > 1e-4
        series = [pd.Series(each, dtype=float) for each in (one, other)]
        assert measure_distance(*series) == pytest.approx(brute_distance(one, other))


def test_what_is_left_open_does_not_lead_back_to_the_same_plan():
    """Less than a load moved elsewhere is within the cap, and no other plan once it is agreed."""
    needs = [{"use": "sub_base", "amount": "250 t", "from": 2027, "to": 2028}]
    pit = {"supplies": ["sub_base_gravel"], "capacity_total": "5300 t"}
    sites = {"road": {"lon": 12.0, "lat": 55.5, "needs": needs}}
    sites |= {one: {"lon": 12.0, "lat": 55.5, "pit": pit} for one in ("near", "far")}
    scenario = scenario_of(
        {"title": "Two pits", "language": "en", "periods": [2027, 2028], "sites": sites}
        | {"vehicles": ["tipper_4_axle"], "objectives": ["transport_kg_co2e_wtw", "cost_dkk"]}
    )
    kilometres = {"near": 10.0, "far": 12.0}
    plan = assign(scenario, make_legs(scenario, lambda start, end: kilometres.get(start, 30.0)))
    assert seek_alternatives(plan, 3, 0.01) == {}
    assert len(seek_alternatives(plan, 3, 0.25)) == 1


@pytest.fixture(scope="module")
def result():
    return solve_scenario(read_scenario(SCENARIO))


@pytest.fixture(scope="module")
def along(result, tmp_path_factory):
    return compare_front(result, MEASURES, into=tmp_path_factory.mktemp("front"))


@pytest.fixture(scope="module")
def unlike(result, tmp_path_factory):
    return compare_alternatives(result, 2, 0.05, into=tmp_path_factory.mktemp("alternatives"))


def test_plans_along_the_front_are_compared(along):
    """Each betters one measure and worsens the other; the first and the last are the least."""
    assert along.folder.name == "koege_bugt_front"
    assert along.ids == ("front-1", "front-2", "front-3", "front-4")
    amounts = [[one.found.amounts[name] for name in MEASURES] for one in along.cases]
    assert [one[0] for one in amounts[1:]] == sorted(one[0] for one in amounts[1:])
    assert [one[1] for one in amounts[1:]] == sorted((one[1] for one in amounts[1:]), reverse=True)
    assert min(amounts)[0] == amounts[1][0]
    page = (along.folder / "comparison.html").read_text("utf-8")
    price = (amounts[1][1] - amounts[2][1]) / (amounts[2][0] - amounts[1][0]) * 1000
    assert "kr./t CO2e" in page
    assert f"{price:,.0f}"[:-1].replace(",", ".") in page
    assert page.index("<svg") < page.index("<caption><span>Fronten")


def test_what_is_pasted_into_the_scenario_gives_the_same_plan(along, tmp_path):
    pasted = (along.folder / VARIANTS).read_text("utf-8")
    text = SCENARIO.read_text("utf-8") + "\n" + pasted
    (tmp_path / "koege_bugt.yaml").write_text(text, "utf-8")
    again = read_scenario(tmp_path / "koege_bugt.yaml")
    plan = solve_scenario(read_variant(again, "front-2")).plan
    assert plan.amounts[COST] == pytest.approx(along.cases[2].found.amounts[COST])
    assert plan.amounts[CO2E] == pytest.approx(along.cases[2].found.amounts[CO2E])


def test_a_plan_along_the_front_can_be_opened(along, tmp_path):
    [folder] = write_each(along._replace(ids=("front-3",)), into=tmp_path)
    assert folder.name == "koege_bugt-front-3"
    assert run_command(["verify", str(folder)]) == 0
    opened = load_result(folder).plan
    assert opened.certificate.holds
    assert opened.amounts[COST] == pytest.approx(along.cases[3].found.amounts[COST])


def test_a_plan_that_is_opened_tells_what_one_more_is_worth(along, tmp_path):
    """In the workbook as on the page, as `raastof run --variant` would."""
    scenario = along.result.scenario.saying(outputs=("worth", "workbook"))
    values = {**scenario.values, "outputs": ["worth", "workbook"]}
    asked = along._replace(
        ids=("front-3",), result=replace(along.result, scenario=replace(scenario, values=values))
    )
    [folder] = write_each(asked, into=tmp_path)
    assert "Et læs mere og mindre" in (folder / "worth.html").read_text(encoding="utf-8")
    sheets = openpyxl.load_workbook(folder / "plan.xlsx", read_only=True).sheetnames
    assert "Et læs mere og mindre" in sheets


def test_the_page_says_how_far_alternatives_differ_and_what_they_share(unlike, result):
    found = [one.found for one in unlike.cases]
    kg = [one.amounts[TRANSPORT_WTW] for one in found]
    assert max(kg) <= 1.05 * kg[0] + 1e-3
    matches = [dict(list_matches(one)) for one in found]
    page = (unlike.folder / "comparison.html").read_text("utf-8")
    for one, other in combinations(matches, 2):
        far = brute_distance(one, other)
        assert far > 0.2
        assert f">{100 * far:.0f}<" in page
    common = set.intersection(*map(set, matches))
    assert common
    head = page.split("<caption><span>Hvad alle planerne har til fælles")[1].split("</table>")[0]
    assert head.count("<tr") == 1 + len(common)


def test_any_number_of_workers_traces_the_same(result, along, unlike, tmp_path):
    with working(2, ready="json") as team:
        again = [
            compare_front(result, MEASURES, into=tmp_path, executor=team),
            compare_alternatives(result, 2, 0.05, into=tmp_path, executor=team),
        ]
    for one, other in zip((along, unlike), again, strict=True):
        for name in ("comparison.html", "comparison.xlsx", VARIANTS):
            assert (one.folder / name).read_bytes() == (other.folder / name).read_bytes()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("kg_co2e_wtw", "name two different measures"),
        ("cost_dkk,cost_dkk", "name two different measures"),
        ("cost_dkk,kg_co2e_wtv", "did you mean `kg_co2e_wtw`"),
    ],
)
def test_what_no_front_can_be_traced_of(given, told):
    with speaking("en"):
        with pytest.raises(InputError) as found:
            read_measures(given)
        assert told in str(found.value)


def test_the_command_refuses_before_anything_is_solved(capsys):
    assert run_command(["run", str(SCENARIO), "--front", "cost_dkk,co2"]) == 2
    assert "`co2` er ikke et mål" in capsys.readouterr().err
    assert run_command(["run", str(SCENARIO), "--alternatives", "2", "--within", "200 %"]) == 2
    assert "200 %" in capsys.readouterr().err
