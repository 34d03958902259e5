"""The programme: right by another statement of it, with proof, and in words where it has none."""

from __future__ import annotations

import dataclasses
import os
import numpy as np
import pandas as pd
import pulp
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from places import ROOT
from scipy.optimize import linprog
from strategies import World, plan_or_none, worlds
from worlds import EVERYTHING, PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo.assignment import RULES, assign, build_problem, build_programme, certify
from raastof_geo.assignment.rules.choices import openings_chosen
from raastof_geo.assignment.rules.masses import captured
from raastof_geo.assignment.solving.price_in import Clock, How, solve_in_order
from raastof_geo.errors import NoPlanError
from raastof_geo.scenario.scenario import Need, Scenario

GOLDEN = ROOT / "tests" / "golden"
QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
MANY = settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=QUIET)
SOME = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=QUIET)
LEG_PRICE = {"transport_kg_co2e_wtw": "kg_co2e_wtw_per_t", "cost_dkk": "haul_dkk_per_t"}


pytestmark = pytest.mark.usefixtures("english", "module_of_the_audit")


# --- the same programme, stated again from scenario and legs --------------------------------


def list_moves(scenario: Scenario) -> list[dict]:
    """Who may send what to whom and when; straight from the words of the model."""
    moves = []
    for o, offer in enumerate(scenario.offers):
        base = {"offer": o, "origin": offer.site, "material": offer.material}
        for n, need in enumerate(scenario.needs):
            if offer.material in need.ratios:
                for period in set(offer.periods) & set(need.periods):
                    moves.append(
                        {**base, "need": n, "destination": need.site, "period": period}
                        | {"dkk": offer.price_dkk_per_t + preparing(scenario, offer.material, need)}
                    )
        for r, receiver in enumerate(scenario.receivers):
            if offer.material in receiver.fees_dkk_per_t:
                fee = receiver.fees_dkk_per_t[offer.material]
                for period in offer.periods:
                    moves.append(
                        {**base, "receiver": r, "destination": receiver.site, "period": period}
                        | {"dkk": fee}
                    )
    for p, pit in enumerate(scenario.pits):
        for material, price in pit.prices_dkk_per_t.items():
            for n, need in enumerate(scenario.needs):
                if material in need.ratios:
                    for period in need.periods:
                        moves.append(
                            {"pit": p, "origin": pit.site, "material": material, "need": n}
                            | {"destination": need.site, "period": period, "dkk": price}
                        )
    return moves


def preparing(scenario: Scenario, material: str, need: Need) -> float:
    """What a use asks for before it takes a material, as lime for clay. [DKK/t]"""
    fit = scenario.catalogue.fit(material, need.use)
    return fit.dkk_per_t.value if fit and fit.dkk_per_t else 0.0


def dense_optimum(world: World) -> float | None:
    """The least first objective by SciPy; every truck has its own variables."""
    scenario = world.scenario
    [objective] = scenario.said.objectives[0].minimise
    price = world.legs.frame.set_index(["origin", "destination", "material", "period", "vehicle"])[
        LEG_PRICE[objective]
    ].to_dict()
    moves = [
        {**move, "vehicle": vehicle}
        for move in list_moves(scenario)
        for vehicle in scenario.said.vehicles
    ]
    keys = ("origin", "destination", "material", "period", "vehicle")
    cost = [
        # No lorry leaves its own site.
        (move["origin"] != move["destination"]) * price[tuple(move[key] for key in keys)]
        + (move["dkk"] if objective == "cost_dkk" else 0)
        for move in moves
    ]
    equal, at_most = [], []

    def line(which, factor=lambda move: 1.0) -> np.ndarray:
        return np.array([factor(move) if which(move) else 0.0 for move in moves])

    for o, offer in enumerate(scenario.offers):
        (equal if offer.must_leave else at_most).append(
            (line(lambda m, o=o: m.get("offer") == o), offer.tonnes)
        )
    for n, need in enumerate(scenario.needs):
        row = line(
            lambda m, n=n: m.get("need") == n, lambda m, need=need: 1 / need.ratios[m["material"]]
        )
        equal.append((row, need.tonnes))
    for role, places in (("pit", scenario.pits), ("receiver", scenario.receivers)):
        for number, place in enumerate(places):
            if place.total_t is not None:
                row = line(lambda m, r=role, i=number: m.get(r) == i)
                at_most.append((row, place.total_t))
            for period in scenario.periods if place.per_period_t is not None else ():
                row = line(lambda m, r=role, i=number, t=period: m.get(r) == i and m["period"] == t)
                at_most.append((row, place.per_period_t))
    target = scenario.said.targets.first_share
    if target is not None:

        def counts(move) -> bool:
            material = scenario.catalogue.materials[move["material"]]
            soil = material.soil_class is not None
            clean = target.definition == "with_clean_soil" or not soil
            return "need" in move and material.origin == "secondary" and clean

        row = line(counts, lambda m: 1 / scenario.needs[m["need"]].ratios[m["material"]])
        at_most.append((-row, -target.at_least * sum(need.tonnes for need in scenario.needs)))
    if not moves:
        return None
    answer = linprog(
        cost,
        A_ub=np.array([row for row, _ in at_most]) if at_most else None,
        b_ub=[limit for _, limit in at_most] or None,
        A_eq=np.array([row for row, _ in equal]),
        b_eq=[limit for _, limit in equal],
        method="highs",
    )
    assert answer.status in (0, 2), answer.message
    return float(answer.fun) if answer.status == 0 else None


@MANY
@given(worlds())
def test_the_optimum_equals_an_independent_solver(world):
    """Equals an independent solver; a plan exists where that one finds one, and nowhere else."""
    expected = dense_optimum(world)
    plan = plan_or_none(world)
    assert (plan is None) == (expected is None)
    if plan is None:
        return
    first = world.scenario.said.objectives[0].name
    assert plan.objectives[first] == pytest.approx(expected, rel=1e-6, abs=1e-3)
    assert plan.certificate.holds
    assert plan.certificate.objective == pytest.approx(expected, rel=1e-6, abs=1e-3)
    check_balance(world.scenario, plan.flows)


def check_balance(scenario: Scenario, flows: pd.DataFrame) -> None:
    """Balance at each site, and no negative flow."""
    assert (flows["tonnes"] > 0).all()
    given_t = flows.groupby("giver")["tonnes"].sum()
    for offer in scenario.offers:
        left = given_t.get(offer.id, 0.0)
        assert left <= offer.tonnes + 1e-3
        if offer.must_leave:
            assert left == pytest.approx(offer.tonnes, abs=1e-3)
    for need in scenario.needs:
        mine = flows[flows["taker"] == need.id]
        met = sum(
            tonnes / need.ratios[material]
            for tonnes, material in zip(mine["tonnes"], mine["material"], strict=True)
        )
        assert met == pytest.approx(need.tonnes, abs=1e-3)
        assert set(mine["period"]) <= set(need.periods)
    for places, key in ((scenario.pits, "origin"), (scenario.receivers, "taker")):
        for place in places:
            mine = flows[flows[key] == place.site]
            if place.total_t is not None:
                assert mine["tonnes"].sum() <= place.total_t + 1e-3
            if place.per_period_t is not None and len(mine):
                assert mine.groupby("period")["tonnes"].sum().max() <= place.per_period_t + 1e-3


@SOME
@given(worlds())
def test_twice_the_costs_are_twice_the_objective(world):
    """Costs x k -> objective x k."""
    world = world.with_(objectives=["transport_kg_co2e_wtw", "tonne_km"])
    plan, dearer = plan_or_none(world), plan_or_none(world.times(2))
    assert (plan is None) == (dearer is None)
    assume(plan is not None)
    assert dearer.certificate.objective == pytest.approx(2 * plan.certificate.objective, rel=1e-6)


@SOME
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_sites_changes_nothing(world, random):
    """Shuffling sites changes nothing."""
    order = list(world.said["sites"])
    random.shuffle(order)
    plan, other = plan_or_none(world), plan_or_none(world.in_order(order))
    assert (plan is None) == (other is None)
    assume(plan is not None)
    keys = ["giver", "taker", "material", "period", "vehicle"]
    one, two = (each.flows.set_index(keys)["tonnes"] for each in (plan, other))
    difference = one.sub(two, fill_value=0.0).abs()
    assert difference.max() < 1e-3, difference[difference > 1e-3]


@SOME
@given(worlds())
def test_a_further_pit_never_makes_it_worse(world):
    """A further offer of material never makes it worse."""
    plan = plan_or_none(world)
    assume(plan is not None)
    pit = {"lon": 12.5, "lat": 55.5, "pit": {"supplies": ["stable_gravel"]}}
    wider = plan_or_none(world.with_(sites={**world.said["sites"], "further-pit": pit}))
    assert wider is not None
    least = plan.certificate.objective
    assert wider.certificate.objective <= least + 1e-6 * max(1, abs(least))


@SOME
@given(worlds())
def test_a_second_objective_never_worsens_the_first(world):
    """The first is minimised, then held while the next is minimised."""
    names = world.said["objectives"]
    alone, together = plan_or_none(world.with_(objectives=names[:1])), plan_or_none(world)
    assert (alone is None) == (together is None)
    assume(alone is not None)
    first = names[0]
    assert together.objectives[first] == pytest.approx(alone.objectives[first], rel=1e-6, abs=1e-3)


@settings(SOME, max_examples=12)
@given(worlds())
def test_another_solver_finds_the_same_optimum(world):
    """CBC, asked for the programme with all its columns, finds nothing better and nothing worse."""
    plan = plan_or_none(world)
    assume(plan is not None)
    problem = plan.to_pulp(written=False)
    problem.solve(pulp.PULP_CBC_CMD(msg=False))
    assert pulp.LpStatus[problem.status] == "Optimal"
    found = pulp.value(problem.objective)
    assert found == pytest.approx(plan.certificate.objective, rel=1e-6, abs=1e-3)


# --- small worlds by hand -------------------------------------------------------------------


def test_surplus_is_used_before_the_pit():
    """600 t of soil meet 600 t of the need, and the pit gives the rest."""
    scenario = make_scenario(PIT_AND_PROJECT)
    flows = assign(scenario, make_legs(scenario)).flows
    assert flows.groupby("origin")["tonnes"].sum().to_dict() == {"digging": 600, "pit": 400}


def test_shadow_prices_times_limits_add_up_to_the_objective():
    """Every limit is a named constraint, so that shadow price x limit = objective."""
    scenario = make_scenario(PIT_AND_PROJECT)
    plan = assign(scenario, make_legs(scenario, {("pit", "road"): 25.0}))
    total = (plan.shadow_prices["shadow_price"] * plan.shadow_prices["limit"]).sum()
    assert total == pytest.approx(plan.certificate.objective, rel=1e-9)


def test_an_objective_of_zero_can_be_proved():
    """The gap is measured where nothing virgin is needed as well."""
    text = PIT_AND_PROJECT.replace("amount: 600 t", "amount: 1000 t")
    scenario = make_scenario(text + "objectives: [virgin_tonnes, transport_kg_co2e_wtw]\n")
    plan = assign(scenario, make_legs(scenario))
    assert plan.objectives["virgin_tonnes"] == 0
    assert plan.certificate.holds


def test_a_need_that_cannot_be_met_is_named():
    """Infeasible is an answer: use, place and missing tonnes, in words."""
    scenario = make_scenario(
        PIT_AND_PROJECT.replace("capacity_per_period: 900 t", "capacity_total: 250 t")
    )
    with pytest.raises(NoPlanError, match=r"`road` lacks 150 t of 1,000 t for Fill in 2027–2028"):
        assign(scenario, make_legs(scenario))


def test_a_need_without_any_giver_is_named():
    """Where no material is allowed, the reason says so."""
    scenario = make_scenario(PIT_AND_PROJECT.replace("use: fill", "use: asphalt_aggregate"))
    with pytest.raises(
        NoPlanError, match=r"`road` lacks 1,000 t .* Asphalt aggregate .*no offer and no pit"
    ):
        assign(scenario, make_legs(scenario))


def test_surplus_that_cannot_leave_is_named():
    """Surplus without a place is named with material, place and tonnes."""
    text = PIT_AND_PROJECT.replace("amount: 600 t", "amount: 7000 t")
    scenario = make_scenario(text)
    with pytest.raises(
        NoPlanError,
        match=r"1,000 t of 7,000 t Clean clay soil.* from `digging` .*at most 6,000 t of it can",
    ):
        assign(scenario, make_legs(scenario))


def test_a_share_that_cannot_be_reached_is_named():
    """Where the target is out of reach, the message says how far one gets."""
    text = PIT_AND_PROJECT + "targets: {secondary_share: {at_least: 80 %}}\n"
    scenario = make_scenario(text)
    with pytest.raises(NoPlanError, match=r"at most 600 t \(60 %\).*asks for 800 t \(80 %\), 200"):
        assign(scenario, make_legs(scenario))


def test_a_tampered_plan_fails_the_check():
    """The certificate is recomputed: tonnes that break a rule or cost more do not pass."""
    scenario = make_scenario(PIT_AND_PROJECT)
    problem = build_problem(scenario, make_legs(scenario, {("digging", "tip"): 90.0}))
    programme = build_programme([row for rule in RULES for row in rule(problem)], problem.whole)
    cost = problem.measure("transport_kg_co2e_wtw")
    [step] = solve_in_order(programme, [cost], How(Clock()))
    tonnes, prices = step.optimum.spread(problem.column_count), step.optimum.shadow_prices

    def check(values, given):
        return certify(programme, cost, values, given, written=0)

    assert check(tonnes, prices).holds
    less = np.where(tonnes == tonnes.max(), tonnes - 1, tonnes)
    assert check(less, prices).largest_violation >= 1 - 1e-9
    assert not check(less, prices).holds
    [worst] = solve_in_order(programme, [-cost], How(Clock()))
    dearer = check(worst.optimum.spread(problem.column_count), prices)
    assert dearer.largest_violation < 1e-6
    assert dearer.gap > 1e-3
    assert not dearer.holds
    assert not check(tonnes, prices * 0 - 1).holds


def test_an_unknown_rule_can_be_added():
    """Rules are a list of functions: without the receivers' rule nothing limits them."""
    text = PIT_AND_PROJECT.replace("amount: 600 t", "amount: 7000 t")
    scenario = make_scenario(text)
    rules = [rule for rule in RULES if rule.__name__ != "receivers_permitted"]
    plan = assign(scenario, make_legs(scenario), rules=rules)
    assert plan.flows["tonnes"].sum() == pytest.approx(7000)


# --- golden programmes ----------------------------------------------------------------------


def state_rows(rows, cost) -> pulp.LpProblem:
    """Rows in PuLP with their rules' names, each column a variable."""
    problem = pulp.LpProblem("raastof_geo", pulp.LpMinimize)
    variables = [problem.add_variable(f"x{column}", lowBound=0) for column in range(len(cost))]
    problem.setObjective(pulp.LpAffineExpression(dict(zip(variables, cost.tolist(), strict=True))))
    senses = {"<=": pulp.LpConstraintLE, "=": pulp.LpConstraintEQ, ">=": pulp.LpConstraintGE}
    for number, row in enumerate(rows):
        terms = zip(row.columns.tolist(), row.coefficients.tolist(), strict=True)
        left = pulp.LpAffineExpression({variables[at]: factor for at, factor in terms})
        named = pulp.LpConstraint(left, senses[row.sense], rhs=row.limit)
        problem.addConstraint(named, f"{row.rule}_{number}")
    return problem


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_rule_states_the_same_rows_as_ever(rule, tmp_path):
    """One golden `.lp` per rule; RAASTOF_WRITE_GOLDEN=1 writes them anew."""
    more = "capture: {clean_clay_soil: 100 %}\n" if rule is captured else ""
    text = EVERYTHING + more
    if rule is openings_chosen:
        text = text.replace("smallest_lot: 25 t", "smallest_lot: 25 t, openings: {exactly: 1}")
    scenario = make_scenario(text)
    problem = build_problem(scenario, make_legs(scenario))
    problem.alone.update({"digging": 120.0, "road": 150.0})
    assert list(rule(problem)), "the world has nothing that this rule speaks of"
    programme = state_rows(list(rule(problem)), problem.measure("transport_kg_co2e_wtw"))
    written = tmp_path / "rule.lp"
    programme.writeLP(str(written))
    text = written.read_text(encoding="utf-8")
    golden = GOLDEN / f"{rule.__name__}.lp"
    if os.environ.get("RAASTOF_WRITE_GOLDEN") == "1":
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert text == golden.read_text(encoding="utf-8")


def test_rows_are_values():
    """A row can be replaced, not changed."""
    scenario = make_scenario(PIT_AND_PROJECT)
    row = next(iter(RULES[0](build_problem(scenario, make_legs(scenario)))))
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.limit = 0.0
