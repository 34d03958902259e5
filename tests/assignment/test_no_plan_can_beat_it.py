"""No plan that is called proved can be beaten, and "no plan exists" is true."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
import numpy as np
import pytest
from dense import Dense
from places import CASES
from scale import make_site
from worlds import PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo.assignment import RULES, Plan, Row, assign
from raastof_geo.assignment.solving.certificate import LARGEST_GAP
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.effect import measure_effect
from raastof_geo.legs.legs import price_legs
from raastof_geo.pipeline import place_scenario, solve_scenario
from raastof_geo.result import Result
from raastof_geo.roads.load import load_network
from raastof_geo.roads.road import ROAD_CLASSES
from raastof_geo.scenario import read_scenario

pytestmark = pytest.mark.usefixtures("english", "module_of_the_audit")


Solve = Callable[..., Result]


@pytest.fixture
def solve_case(tmp_path) -> Solve:
    """Solve a case, with some of its text replaced."""

    def solve(name: str, **changes: str) -> Result:
        text = (CASES / f"{name}.yaml").read_text(encoding="utf-8")
        for before, after in changes.values():
            assert before in text
            text = text.replace(before, after)
        file = tmp_path / f"{name}.yaml"
        file.write_text(text, encoding="utf-8")
        return solve_scenario(read_scenario(file))

    return solve


def first_of(plan: Plan) -> float:
    return next(iter(plan.objectives.values()))


def opening(dkk: float) -> tuple[str, str]:
    return "opens: {cost_dkk: 0}", f"opens: {{cost_dkk: {dkk:.0f}}}"


CLOSED = (", opens: {cost_dkk: 0}", "")
DEAR_PIT = (
    "  dyr: {lon: 12.15, lat: 55.633, pit: {supplies: [stable_gravel], "
    "price_dkk_per_t: {stable_gravel: 20000}}}\n",
    "",
)

# --- either-or decisions ---------------------------------------------------------------------


def test_to_open_a_plant_of_low_yield_for_free_changes_no_optimum(solve_case):
    """900 t of residue for 100 t of gravel: the plant is not held to what is needed of it."""
    free = solve_case("open_silently_dearer").plan
    plain = solve_case("open_silently_dearer", plain=CLOSED).plan
    assert first_of(plain) == pytest.approx(873_654, abs=1)
    assert first_of(free) == pytest.approx(first_of(plain), rel=1e-6)


@pytest.mark.parametrize(
    ("dkk", "right"), [(1000, 874_654), (300_000, 1_173_654), (10_000_000, 2_005_502)]
)
def test_to_open_at_a_price_adds_at_most_the_price(solve_case, dkk, right):
    """The plant is opened while that is cheaper than the dear pit, and then it costs its price."""
    plan = solve_case("open_silently_dearer", price=opening(dkk)).plan
    assert first_of(plan) == pytest.approx(right, abs=1)
    assert plan.certificate.gap <= 1e-4


@pytest.mark.parametrize(
    "change",
    [
        ("opens: {cost_dkk: 0}", "opens: {cost_dkk: 5000}"),
        (", opens: {cost_dkk: 0}}}\n", "}}\n  # a lot\n"),
    ],
    ids=["opens", "smallest_lot"],
)
def test_low_yields_make_no_world_impossible(solve_case, change):
    """Where a plant of low yield is the only way, an opening or a least lot is not in it."""
    lot = ("objectives: [cost_dkk]", "objectives: [cost_dkk]\nchoices: {smallest_lot: 10 t}")
    changes = {"only": DEAR_PIT, "change": change}
    if "# a lot" in change[1]:
        changes["lot"] = lot
    result = solve_case("open_silently_dearer", **changes)
    flows = result.plan.flows
    into = flows.loc[flows["taker_kind"] == "plant", "tonnes"].sum()
    gravel = flows.loc[flows["giver_kind"] == "plant", :]
    assert into == pytest.approx(gravel["tonnes"].sum(), rel=1e-6)
    made = gravel.loc[gravel["taker_kind"] == "need", "tonnes"].sum()
    assert made == pytest.approx(0.1 * into, rel=1e-6)


END = ("title: w", "title: w\nchoices: {smallest_lot: 50 t}")
OPENS = ("capacity: 9 000 t", "opens: {cost_dkk: 1000}, capacity: 9 000 t")


@pytest.mark.parametrize(
    "changes", [{}, {"lot": END}, {"opens": OPENS}], ids=["plain", "lot", "opens"]
)
def test_an_end_stock_beyond_the_needs_makes_no_world_impossible(solve_case, changes):
    """5,000 t in store at the end, 100 t needed: an unlimited pit fills both."""
    plan = solve_case("depot_end_false_infeasible", **changes).plan
    assert plan.stored["tonnes"].tolist() == [pytest.approx(5000, abs=1e-3)]
    assert plan.flows["tonnes"].sum() == pytest.approx(5100, abs=1e-3)
    assert plan.certificate.gap <= 1e-4


# --- the baseline ---------------------------------------------------------------------------


def test_a_capacity_holds_once_in_the_baseline(solve_case):
    """One project of two sites and a pit of 100 t: it has no more of it alone than in the plan."""
    effect = solve_case("baseline_capacity_per_site").effect
    near = effect.baseline_flows
    assert near.loc[near["origin"] == "naer", "tonnes"].sum() == pytest.approx(100)
    for name, saved in effect.saved.items():
        assert saved == pytest.approx(0.0, abs=1e-6), name
    assert not effect.baseline_missing


# --- rules of one's own -----------------------------------------------------------------------


def gates_kept(problem: Problem) -> Iterator[Row]:
    """No more than 40 loads come to the road in all, whatever trucks bring them."""
    columns = problem.find(destination="road")
    loads = 1.0 / problem.leg("load_t")[columns]
    yield Row("gates_kept", "road", columns, loads, "<=", 40.0)


def no_reuse(problem: Problem) -> Iterator[Row]:
    """No soil from the digging goes to the road."""
    columns = problem.find(origin="digging", destination="road")
    yield Row("no_reuse", "digging-road", columns, np.ones(len(columns)), "<=", 0.0)


def two_trucks():
    """A world in which the truck that is second in emissions is needed to keep the rule."""
    text = PIT_AND_PROJECT.replace("[tipper_4_axle]", "[tipper_4_axle, truck_trailer_7_axle]")
    scenario = make_scenario(text)
    legs = make_legs(scenario)
    large = legs.frame["vehicle"] == "truck_trailer_7_axle"
    dearer = legs.frame.copy()
    dearer.loc[large, ["kg_co2e_wtw_per_t", "kg_co2e_ttw_per_t"]] *= 10
    return scenario, replace(legs, frame=dearer)


@pytest.mark.parametrize("registered", [False, True], ids=["own", "registered"])
def test_a_rule_needs_no_leave_to_see_every_truck(registered, monkeypatch):
    """A rule that is added to `RULES` finds the columns that it needs; "no plan" would be false."""
    scenario, legs = two_trucks()
    load = dict(zip(legs.frame["vehicle"], legs.frame["load_t"], strict=True))
    rules = (*RULES, gates_kept)
    if registered:
        for module in ("raastof_geo.assignment.plan", "raastof_geo.assignment.rules"):
            monkeypatch.setattr(f"{module}.RULES", rules, raising=False)
    plan = assign(scenario, legs, rules=rules)

    def loads(origin, destination, material, vehicle, period):
        return 1.0 / load[vehicle] if destination == "road" else 0.0

    right = Dense(scenario, legs).optimum((loads, -np.inf, 40.0))
    assert right is not None
    assert first_of(plan) == pytest.approx(right, rel=1e-6)
    assert "truck_trailer_7_axle" in set(plan.flows["vehicle"])


def test_the_effect_keeps_the_rules_that_the_plan_was_made_with():
    """Where a rule forbids all reuse, the largest share that any plan can have is none."""
    scenario = make_scenario(PIT_AND_PROJECT)
    legs = make_legs(scenario)
    plan = assign(scenario, legs, rules=[*RULES, no_reuse])
    effect = measure_effect(scenario, legs, plan)
    assert effect.target.reach.in_plan == 0.0
    assert effect.target.reach.largest == pytest.approx(0.0, abs=1e-9)
    saved = sum(cause.saved["virgin_tonnes"] for cause in effect.causes)
    assert saved == pytest.approx(effect.saved["virgin_tonnes"])


# --- large worlds ------------------------------------------------------------------------------


def many_sites(count: int, seed: int, share: str) -> str:
    """Lay out sites at random places of the built-in roads, as text."""
    draw = random.Random(seed)
    roads = load_network(None)
    classes = ("primary", "secondary", "tertiary", "unclassified")
    known = [ROAD_CLASSES.index(name) for name in classes]
    west = (roads.node_lon[roads.tail] > 10.95) & (roads.node_lon[roads.tail] < 12.65)
    mainland = west & (roads.node_lat[roads.tail] < 55.98)
    open_to_all = (roads.access == 0) & roads.forward & roads.backward & mainland
    edges = np.flatnonzero(open_to_all & np.isin(roads.road_class, known))
    nodes = roads.tail[np.random.default_rng(seed).choice(edges, count, replace=False)]
    sites = [
        f"  s{number}: {{lon: {roads.node_lon[node]:.5f}, lat: {roads.node_lat[node]:.5f}, "
        f"{make_site(draw, number % 50)}}}"
        for number, node in enumerate(nodes)
    ]
    head = f"""
        title: Many sites
        language: en
        periods: [2027, 2028, 2029]
        vehicles: [tipper_4_axle, truck_trailer_7_axle]
        network: {{snap_limit_m: 5000}}
        objectives: [kg_co2e_wtw, cost_dkk, tonne_km]
        targets: {{secondary_share: {{at_least: 10 %}}}}
        return_loads: {{share: {share}}}
        sites:
    """
    return "\n".join([textwrap.dedent(head).strip(), *sites])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_return_loads_of_200_sites_have_a_plan_and_a_proof(seed):
    """Empty trips may be as many as one likes: no last digit of their prices opens a gap."""
    scenario = make_scenario(many_sites(200, seed, "50 %"))
    legs = price_legs(scenario, *place_scenario(scenario))
    plan = assign(scenario, legs)
    assert plan.certificate.feasible
    assert plan.certificate.gap <= LARGEST_GAP
