"""The whole programme equals its independent statement, in random worlds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
import numpy as np
import pulp
import pytest
from dense import KEYS, OwnRow, UnclearError, dense_baseline, dense_optimum
from hypothesis import HealthCheck, Phase, assume, example, given, note, settings
from hypothesis import strategies as st
from strategies import World, choice_worlds, every_world, plan_or_none, with_openings
from worlds import make_legs, make_scenario
from raastof_geo.assignment import RULES, Plan, Row, build_problem
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.row import Rule
from raastof_geo.effect import solve_baseline

QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
# A world takes a tenth of a second, and to shrink one takes hours: it is shown as it was drawn.
SETTINGS = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=QUIET,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)


def quick(examples: int) -> settings:
    """Settings of a test that runs every time."""
    return settings(SETTINGS, max_examples=examples)


pytestmark = pytest.mark.usefixtures("english")


def first_of(plan: Plan) -> float:
    return plan.objectives[plan.scenario.said.objectives[0].name]


def near(expected: float) -> Any:
    return pytest.approx(expected, rel=1e-6, abs=1e-2)


def compare(world: World, *, own: OwnRow | None = None, rules: tuple[Rule, ...] = RULES) -> None:
    note(f"{world.said!r} {world.seed} {world.steps}")
    try:
        expected = dense_optimum(world, own)
    except UnclearError:
        assume(False)
    plan = plan_or_none(world, rules=rules)
    assert (plan is None) == (expected is None), expected
    if plan is None:
        return
    assert first_of(plan) == near(expected)
    assert plan.certificate.feasible
    assert plan.certificate.gap <= max(1e-6, 1e-2 / max(1.0, abs(first_of(plan))))
    check_balances(world, plan)


def check_balances(world: World, plan: Plan) -> None:
    """Rebuild balances of needs, plants and depots from the tables of the plan."""
    scenario, flows = world.scenario, plan.flows
    for need in scenario.needs:
        mine = flows[flows["taker"] == need.id]
        assert mine["reference_tonnes"].sum() == pytest.approx(need.tonnes, abs=1e-3)
        assert set(mine["period"]) <= set(need.periods)
    for plant in scenario.plants:
        for period in scenario.periods:
            now = flows[flows["period"] == period]
            runs = plan.processed[
                (plan.processed["site"] == plant.site) & (plan.processed["period"] == period)
            ].set_index("recipe")["tonnes"]
            for side, key in (("inputs", "taker"), ("outputs", "giver")):
                for material in {m for one in plant.processes for m in getattr(one, side)}:
                    ends = (
                        now["taker"] == f"{plant.site}/plant"
                        if key == "taker"
                        else (now["origin"] == plant.site) & (now["giver_kind"] == "plant")
                    )
                    moved = now.loc[ends & (now["material"] == material), "tonnes"].sum()
                    made = sum(
                        getattr(one, side).get(material, 0.0) * runs.get(one.recipe, 0.0)
                        for one in plant.processes
                    )
                    assert moved == pytest.approx(made, abs=1e-3)
    for depot in scenario.depots:
        for material in depot.materials:
            lying = depot.start_t.get(material, 0.0)
            for period in scenario.periods:
                now = flows[(flows["period"] == period) & (flows["material"] == material)]
                lying += now.loc[now["taker"] == f"{depot.id}/in", "tonnes"].sum()
                lying -= now.loc[now["giver"] == f"{depot.id}/out/{material}", "tonnes"].sum()
                here = plan.stored[
                    (plan.stored["depot"] == depot.id)
                    & (plan.stored["material"] == material)
                    & (plan.stored["period"] == period)
                ]["tonnes"].sum()
                assert here == pytest.approx(lying, abs=1e-3)


# --- the optimum ----------------------------------------------------------------------------


@quick(60)
@given(every_world())
def test_the_whole_programme_equals_an_independent_statement(world):
    """Materials, periods, plants, depots, coordinated trucks and limits: equal to 1e-6."""
    compare(world)


@pytest.mark.slow
@quick(500)
@given(every_world())
def test_many_whole_programmes_equal_an_independent_statement(world):
    """End stocks beyond the needs, low yields and projects of several sites among them."""
    compare(world)


@quick(15)
@given(choice_worlds())
def test_either_or_decisions_equal_an_independent_statement(world):
    """Sites to open, few partners and smallest lots: equal to SciPy's branch and bound."""
    compare(world)


@pytest.mark.slow
@quick(100)
@given(choice_worlds())
def test_many_either_or_decisions_equal_an_independent_statement(world):
    """With low yields and end stocks no decision holds a place below what it is needed for."""
    compare(world)


# --- rules of one's own ---------------------------------------------------------------------


def weigh(seed: int, *labels: str) -> float:
    """Draw a coefficient from the labels of a move, its truck among them."""
    digest = hashlib.sha256("|".join([str(seed), *labels]).encode()).digest()
    return (-1.0, 0.0, 0.0, 0.5, 1.0, 3.0)[digest[0] % 6]


def rule_of(seed: int, low: float, high: float) -> Rule:
    def mine(problem: Problem) -> Iterator[Row]:
        labels = [problem.labels(key) for key in KEYS]
        weights = np.array([weigh(seed, *map(str, move)) for move in zip(*labels, strict=True)])
        used = np.flatnonzero(weights)
        sense, limit = ("<=", high) if np.isfinite(high) else (">=", low)
        yield Row("mine", str(seed), used, weights[used], sense, limit)

    return mine


OWN = st.tuples(
    st.integers(0, 10_000),
    st.one_of(
        st.tuples(st.just(-np.inf), st.integers(-20, 60).map(lambda number: number * 25.0)),
        st.tuples(st.integers(-60, 20).map(lambda number: number * 25.0), st.just(np.inf)),
    ),
)


def compare_with_own(world: World, own: tuple[int, tuple[float, float]]) -> None:
    seed, (low, high) = own
    row = (lambda *labels: weigh(seed, *labels)), low, high
    compare(world, own=row, rules=(*RULES, rule_of(seed, low, high)))


@quick(25)
@given(every_world(), OWN)
def test_a_rule_of_ones_own_equals_an_independent_statement(world, own):
    """A row over any columns, some trucks only among them, is added to `RULES` and holds."""
    compare_with_own(world, own)


@pytest.mark.slow
@quick(200)
@given(every_world(), OWN)
def test_many_rules_of_ones_own_equal_an_independent_statement(world, own):
    """No column that a rule of one's own needs is left out, and "no plan" is true."""
    compare_with_own(world, own)


# --- the baseline ---------------------------------------------------------------------------


def compare_baselines(world: World) -> None:
    note(f"{world.said!r} {world.seed} {world.steps}")
    stocks = (one.start_t | (one.end_t or {}) for one in world.scenario.depots)
    if any(tonnes for stock in stocks for tonnes in stock.values()):
        return  # what lies in depots is kept in every baseline, and not stated here
    least, missing = dense_baseline(world)
    baseline = solve_baseline(world.scenario, world.legs, "alone")
    assert sum(baseline.missing.values()) == pytest.approx(missing, rel=1e-6, abs=1e-2)
    assert baseline.totals.cost_dkk == near(least)


@quick(40)
@given(every_world())
def test_the_baseline_equals_an_independent_statement(world):
    """Every capacity holds once, for all projects together; what is missing is the least."""
    compare_baselines(world)


@pytest.mark.slow
@quick(300)
@given(every_world())
def test_many_baselines_equal_an_independent_statement(world):
    """Projects of several sites, scarce pits and receivers, named ones among them."""
    compare_baselines(world)


# --- what changes nothing -------------------------------------------------------------------


def same_or_none(one: Plan | None, other: Plan | None, *, times: float = 1.0) -> bool:
    """Tell whether there are two plans, and refuse that there is only one of them."""
    assert (one is None) == (other is None)
    if one is None or other is None:
        return False
    assert first_of(other) == pytest.approx(first_of(one) * times, rel=1e-6, abs=1e-2 * times)
    return True


def check_kilograms(world: World) -> None:
    note(f"{world.said!r} {world.seed} {world.steps}")
    small = world.scaled(1e-6)
    tonnes, grams = plan_or_none(world), plan_or_none(small)
    if not same_or_none(tonnes, grams, times=1e-6):
        return
    for need in small.scenario.needs:
        got = grams.flows.loc[grams.flows["taker"] == need.id, "reference_tonnes"].sum()
        assert got == pytest.approx(need.tonnes, rel=1e-5)


SMALL_BESIDE_LARGE = World(
    {
        "title": "A small need beside a large stock",
        "periods": [2027],
        "sites": {
            "project": {
                "lon": 12.02,
                "lat": 55.5,
                "needs": [{"use": "base_course", "amount": "1500 t"}],
            },
            "keeping": {
                "lon": 12.07,
                "lat": 55.5,
                "depot": {
                    "materials": ["stable_gravel"],
                    "end": {"stable_gravel": "4000000 t"},
                    "capacity": "4000500 t",
                },
            },
            "digging": {"lon": 12.08, "lat": 55.5, "pit": {"supplies": ["stable_gravel"]}},
        },
        "return_loads": {"share": 1.0},
    },
    seed=613,
    steps=10_000,
)
"""In kilograms, a millionth of a tonne that is rounded away is seen in its objective."""


@quick(20)
@given(every_world())
@example(SMALL_BESIDE_LARGE)
def test_a_world_in_kilograms_has_the_same_plan(world):
    """All amounts times 1e-6: the objective is a millionth of what it was, and needs are met."""
    check_kilograms(world)


@pytest.mark.slow
@quick(150)
@given(every_world())
def test_many_worlds_in_kilograms_have_the_same_plan(world):
    """Nothing is lost to rounding, however small the amounts are."""
    check_kilograms(world)


def check_free_openings(world: World, dkk: int) -> None:
    note(f"{world.said!r} {world.seed} {world.steps} {dkk}")
    world = world.with_(objectives=["cost_dkk", "tonne_km"], targets={}, fleet={})
    plain = plan_or_none(world)
    free = plan_or_none(with_openings(world, {"cost_dkk": 0}))
    if not same_or_none(plain, free):
        return
    dear = plan_or_none(with_openings(world, {"cost_dkk": dkk}))
    assert dear is not None
    room = 1e-2 + 1e-6 * abs(first_of(plain))
    places = len(dear.openings)
    assert first_of(plain) - room <= first_of(dear) <= first_of(plain) + places * dkk + room


@quick(10)
@given(every_world(), st.integers(1, 50).map(lambda number: number * 1000))
def test_to_open_for_free_changes_no_optimum_and_for_a_price_adds_no_more(world, dkk):
    """Where opening costs nothing the optimum stays; each opening at p adds at most p."""
    check_free_openings(world, dkk)


@pytest.mark.slow
@quick(100)
@given(every_world(), st.integers(1, 50).map(lambda number: number * 1000))
def test_many_free_openings_change_no_optimum(world, dkk):
    """Low yields and large end stocks among them."""
    check_free_openings(world, dkk)


def tenfold(rule: Rule) -> Rule:
    """State a rule with ten times the room that an either-or decision opens."""

    def wider(problem: Problem) -> Iterator[Row]:
        for row in rule(problem):
            coefficients = np.array(row.coefficients, dtype=np.float64)
            if row.sense == "<=":
                opens = problem.whole[row.columns] & (coefficients < 0)
                coefficients[opens] *= 10.0
            yield replace(row, coefficients=coefficients)

    return wider


def check_tenfold(world: World) -> None:
    note(f"{world.said!r} {world.seed} {world.steps}")
    wide = tuple(tenfold(rule) for rule in RULES)
    same_or_none(plan_or_none(world), plan_or_none(world, rules=wide))


@quick(8)
@given(choice_worlds())
def test_ten_times_the_room_of_a_decision_changes_no_optimum(world):
    """What a decision opens is never less than what some optimal plan wants."""
    check_tenfold(world)


@pytest.mark.slow
@quick(60)
@given(choice_worlds())
def test_many_times_the_room_of_a_decision_changes_no_optimum(world):
    """B × 10 changes no optimum, with a decision taken and with it left."""
    check_tenfold(world)


# --- another solver -------------------------------------------------------------------------


def check_with_cbc(world: World) -> None:
    """CBC, asked for all columns, finds nothing better and nothing worse."""
    note(f"{world.said!r} {world.seed} {world.steps}")
    plan = plan_or_none(world)
    # What it takes for whole too soon is no optimum of ours: decisions are tested by hand.
    assume(plan is not None and not plan.proof.programme.whole.any())
    problem = plan.to_pulp(written=False)
    problem.solve(pulp.PULP_CBC_CMD(msg=False))
    assert pulp.LpStatus[problem.status] == "Optimal"
    first = next(iter(plan.objectives.values()))
    assert pulp.value(problem.objective) == pytest.approx(first, rel=2e-6, abs=1e-2)


@quick(15)
@given(every_world())
def test_another_solver_finds_the_same_optimum(world):
    """Of some worlds with everything in them."""
    check_with_cbc(world)


@pytest.mark.slow
@quick(150)
@given(every_world())
def test_another_solver_finds_the_same_optima(world):
    """Of many."""
    check_with_cbc(world)


# --- coordination ---------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["trips_balanced", "projects_not_worse"])
def test_rows_over_all_sites_take_as_many_passes_for_many_sites_as_for_few(rule, monkeypatch):
    """Rows are built in passes over the columns that do not grow with sites or projects."""
    [state] = [one for one in RULES if one.__name__ == rule]
    passes = []
    for count in (2, 12):
        need = "needs: [{use: fill, amount: 9 t}]"
        sites = "\n".join(
            f"  s{number}: {{lon: 12.{number + 10}, lat: 55.5, {need}}}" for number in range(count)
        )
        scenario = make_scenario(
            f"title: w\nperiods: [2027, 2028]\nreturn_loads: {{share: 50 %}}\nsites:\n{sites}\n"
            "  pit: {lon: 12.1, lat: 55.6, pit: {supplies: [fill_sand]}}\n"
            "targets: {fairness: {measure: cost_dkk, worse_by_at_most: 0 %}}\n"
        )
        problem = build_problem(scenario, make_legs(scenario))
        alone = {f"s{number}": 1e6 for number in range(count)}
        problem = replace(problem, alone=alone)
        calls: list[str] = []
        with monkeypatch.context() as patch:
            for name in ("leg", "join", "labels", "find"):
                patch.setattr(Problem, name, _counted(getattr(Problem, name), calls))
            assert len(list(state(problem))) >= count
        passes.append(len(calls))
    assert passes[0] == passes[1]


def _counted(method: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    def counted(*args: Any, **named: Any) -> Any:
        calls.append(method.__name__)
        return method(*args, **named)

    return counted


@quick(20)
@given(every_world())
def test_more_coordination_never_costs_more(world):
    """From none to full coordination the first objective falls, or stays."""
    plans = [plan_or_none(world.with_(return_loads={"share": share})) for share in (0.0, 0.5, 1.0)]
    assume(plans[0] is not None)
    alone = plan_or_none(
        World({k: v for k, v in world.said.items() if k != "return_loads"}, world.seed, world.steps)
    )
    assert alone is not None
    values = [next(iter(plan.objectives.values())) for plan in plans if plan is not None]
    assert len(values) == 3
    assert values[0] == pytest.approx(next(iter(alone.objectives.values())), rel=1e-6, abs=1e-2)
    assert values[0] >= values[1] - 1e-2 - 1e-6 * abs(values[0])
    assert values[1] >= values[2] - 1e-2 - 1e-6 * abs(values[0])
