"""What is stated is the whole programme, what is proved is proved, and what is not is said so."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
import numpy as np
import pytest
from worlds import EVERYTHING, PIT_AND_PROJECT, make_legs, make_scenario, random_kilometres
from raastof_geo.assignment import RULES, Row, assign
from raastof_geo.assignment import plan as plan_module
from raastof_geo.assignment.rules import (
    choices,
    lay_columns,
    lay_programme,
    lay_rows,
    trucks_matter,
)
from raastof_geo.assignment.rules.choices import most_tonnes
from raastof_geo.assignment.solving.price_in import Clock, How, Master
from raastof_geo.assignment.solving.solve import Search, solve
from raastof_geo.assignment.solving.stated import Labels, break_ties
from raastof_geo.assignment.statement import layout
from raastof_geo.assignment.statement.row import DeclaredRule, build_programme
from raastof_geo.effect import answer_target, measure_effect
from raastof_geo.effect.saving import divide_savings
from raastof_geo.legs.legs import Legs

TWO_TRUCKS = PIT_AND_PROJECT.replace(
    "vehicles: [tipper_4_axle]", "vehicles: [tipper_4_axle, truck_trailer_7_axle]"
)


pytestmark = pytest.mark.usefixtures("english", "module_of_the_audit")


def few_big_loads(problem):
    """At most 10 loads come to the road in all, however large they are."""
    columns = problem.find(destination="road")
    yield Row("few_big_loads", "road", columns, 1 / problem.leg("load_t")[columns], "<=", 30.0)


def trailer_costs_more(legs: Legs) -> Legs:
    frame = legs.frame.copy()
    big = frame["vehicle"] == "truck_trailer_7_axle"
    frame.loc[big, ["kg_co2e_wtw_per_t", "kg_co2e_ttw_per_t"]] *= 10
    return replace(legs, frame=frame)


# --- no column is dropped that a rule may need ---------------------------------------------------


@pytest.mark.parametrize("change", [lambda legs: legs, trailer_costs_more])
@pytest.mark.parametrize("turned", [False, True])
def test_columns_that_would_be_laid_are_marked_among_those_of_every_truck(change, turned):
    """By either objective first: of each pair and period the truck that serves it best."""
    scenario = make_scenario(TWO_TRUCKS)
    steps = scenario.said.objectives
    scenario = scenario.saying(objectives=steps[::-1] if turned else steps)
    legs = change(make_legs(scenario, random_kilometres(3)))
    every, laid = layout.build_problem(scenario, legs), lay_columns(scenario, legs, RULES)
    kept = every.only(np.flatnonzero(layout.serve_best(every)))
    assert 0 < kept.column_count == laid.column_count < every.column_count
    for key in ("giver", "taker", "vehicle", "period"):
        assert kept.labels(key).tolist() == laid.labels(key).tolist()


def test_every_rule_of_ours_says_when_it_is_blind_to_trucks():
    """A rule that says nothing keeps all trucks, so forgetting one costs time, never the truth."""
    assert all(isinstance(rule, DeclaredRule) for rule in RULES)
    said = make_scenario(TWO_TRUCKS).said
    assert not trucks_matter(RULES, said)
    assert trucks_matter([*RULES, few_big_loads], said)


@pytest.mark.parametrize("how", ["registered", "passed"])
def test_a_rule_that_needs_the_larger_truck_finds_its_columns(how, monkeypatch):
    """Registered in RULES or passed to `assign`, a rule of one's own never ends in "no plan"."""
    scenario = make_scenario(TWO_TRUCKS)
    legs = trailer_costs_more(make_legs(scenario))
    rules = [*RULES, few_big_loads]
    if how == "registered":
        monkeypatch.setattr("raastof_geo.assignment.rules.RULES", tuple(rules))
    plan = assign(scenario, legs, rules=rules)
    assert "truck_trailer_7_axle" in set(plan.flows["vehicle"])
    loads = plan.flows[plan.flows["destination"] == "road"]
    assert (loads["tonnes"] / loads["load_t"]).sum() <= 30 + 1e-6


@pytest.mark.parametrize(
    "measure", ["transport_kg_co2e_wtw", "cost_dkk", "drive_h", "vehicle_km", "kg_co2e_wtw"]
)
def test_dropping_trucks_that_serve_worse_changes_no_plan(measure):
    """Where all rules are blind to trucks, the plan over all of them is the same plan."""
    others = [name for name in ("cost_dkk", "tonne_km") if name != measure]
    text = TWO_TRUCKS + f"objectives: [{', '.join([measure, *others])}]\n"
    scenario = make_scenario(text)
    legs = make_legs(scenario, random_kilometres(3))
    few = assign(scenario, legs)

    def says_nothing(_problem):
        return []

    every = assign(scenario, legs, rules=[*RULES, says_nothing])
    assert every.column_count == 2 * few.column_count
    assert every.objectives == pytest.approx(few.objectives, rel=1e-9)
    keys = ["giver", "taker", "vehicle", "period", "tonnes"]
    assert every.flows[keys].to_dict() == few.flows[keys].to_dict()


# --- a plan remembers its rules -------------------------------------------------------------------


def no_reuse(problem):
    """No soil from the digging goes to the road."""
    columns = problem.find(origin="digging", destination="road")
    yield Row("no_reuse", "digging-road", columns, np.ones(len(columns)), "<=", 0.0)


def test_effect_target_causes_and_money_keep_the_rules_of_the_plan():
    """A rule of one's own that forbids reuse leaves no share to reach and nothing to divide."""
    scenario = make_scenario(PIT_AND_PROJECT)
    legs = make_legs(scenario)
    free, held = assign(scenario, legs), assign(scenario, legs, rules=[*RULES, no_reuse])
    assert held.rules == (*RULES, no_reuse)
    assert answer_target(free).reach.largest == pytest.approx(0.6)
    assert answer_target(held).reach.largest == 0.0
    effect = measure_effect(scenario, legs, held)
    assert all(abs(cause.saved["virgin_tonnes"]) < 1e-6 for cause in effect.causes)
    assert sum(effect.transfers.rules["shapley"].values()) == pytest.approx(
        sum(effect.transfers.saved_dkk.values()), abs=1e-6
    )


# --- what the clock cuts short is not told as known ----------------------------------------------


def test_the_largest_share_is_not_claimed_where_time_was_up():
    """Without time the plan's own share is what is known, and the answer says so."""
    scenario = make_scenario(EVERYTHING)
    plan = assign(scenario, make_legs(scenario, random_kilometres(1)))
    known, hurried = answer_target(plan), answer_target(plan, patience_s=1e-9)
    assert all(reach.finished for reach in known.reaches)
    for sure, reach in zip(known.reaches, hurried.reaches, strict=True):
        if not reach.finished:
            assert reach.largest == reach.in_plan
            assert reach.more_at_largest is None
        assert reach.largest <= sure.largest + 1e-9


def test_a_search_that_ends_unfinished_is_told_as_such(monkeypatch):
    """Neither a share nor a price nor a Shapley value comes out of a solve that did not end."""
    scenario = make_scenario(PIT_AND_PROJECT + "targets: {secondary_share: {at_least: 30 %}}\n")
    legs = make_legs(scenario, {("digging", "road"): 90.0})
    plan = assign(scenario, legs)
    effect = measure_effect(scenario, legs, plan)
    assert effect.target.more_kg_co2e is not None
    assert "shapley" in effect.transfers.rules
    solve = Master.solve

    def unfinished(master, **limits):
        return replace(solve(master, **limits), complete=False)

    monkeypatch.setattr(Master, "solve", unfinished)
    target = answer_target(plan)
    assert not any(reach.finished for reach in target.reaches)
    assert (target.more_by_target, target.more_kg_co2e, target.more_dkk) == (None, None, None)
    divided = divide_savings(scenario, legs, effect.books, effect.baseline_books, rules=plan.rules)
    three = PIT_AND_PROJECT.replace(
        "sites:\n", "sites:\n  other: {lon: 12.2, lat: 55.5, needs: [{use: fill, amount: 10 t}]}\n"
    )
    assert "shapley" in divided.rules
    scenario = make_scenario(three)
    legs = make_legs(scenario)
    monkeypatch.undo()
    effect = measure_effect(scenario, legs, assign(scenario, legs))
    assert "shapley" in effect.transfers.rules
    monkeypatch.setattr(Master, "solve", unfinished)
    divided = divide_savings(scenario, legs, effect.books, effect.baseline_books)
    assert set(divided.rules) == {"same_share", "equal", "by_tonnes"}


# --- gaps are narrowed, then said -----------------------------------------------------------------


def test_a_gap_above_the_tolerance_is_narrowed_by_finer_pricing(monkeypatch):
    """Pricing too coarse to prove the plan is followed by finer pricing, which does."""
    scenario = make_scenario(
        EVERYTHING.replace("choices: {partners_at_most: 4, smallest_lot: 25 t}\n", "").replace(
            ", opens: {cost_dkk: 5000, kg_co2e: 10}", ""
        )
    )
    legs = make_legs(scenario, random_kilometres(1))
    best = assign(scenario, legs)
    monkeypatch.setattr("raastof_geo.assignment.solving.price_in._SMALL", 5)
    monkeypatch.setattr(plan_module, "_FINER", (0.3,))
    rough = assign(scenario, legs)
    assert not rough.certificate.holds
    assert rough.certificate.feasible
    assert rough.certificate.gap > 1e-6
    monkeypatch.setattr(plan_module, "_FINER", (0.3, 1e-7))
    fine = assign(scenario, legs)
    assert fine.certificate.holds
    assert fine.objectives == pytest.approx(best.objectives, rel=1e-6)


def test_options_set_for_a_second_try_are_set_back():
    """A solver that needs a second try solves the next time as it did before."""
    scenario = make_scenario(PIT_AND_PROJECT)
    legs = make_legs(scenario)
    problem = lay_columns(scenario, legs, RULES)
    programme = build_programme(lay_rows(problem, RULES), problem.whole)
    master = Master(programme, How(Clock()))
    cost = problem.objectives()[0]
    master.add(np.arange(len(cost)), cost)
    master.price(cost, np.full(programme.row_count, 1e6))
    first = master.solve()
    model = master.model
    _, before = model.getOptionValue("presolve")
    master._try_again()
    assert model.getOptionValue("presolve")[1] == before
    assert cost @ master.solve().values == pytest.approx(cost @ first.values)


# --- units, and bounds that nobody states ---------------------------------------------------------


@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-8])
def test_worlds_in_kilograms_and_less_solve(size):
    """The same world in other units has the same plan, proved as well."""

    def sized(text):
        for number in ("1000", "600", "900", "5000"):
            text = text.replace(f"{number} t", f"{float(number) * size:.12f} t")
        return make_scenario(text)

    large, small = make_scenario(PIT_AND_PROJECT), sized(PIT_AND_PROJECT)
    plans = [assign(one, make_legs(one, random_kilometres(5))) for one in (large, small)]
    assert plans[1].certificate.holds
    assert plans[1].flows["tonnes"].to_numpy() / size == pytest.approx(
        plans[0].flows["tonnes"].to_numpy(), rel=1e-6
    )
    effects = [
        measure_effect(one, make_legs(one, random_kilometres(5)), plan)
        for one, plan in zip((large, small), plans, strict=True)
    ]
    assert effects[1].baseline.kg_co2e_wtw / size == pytest.approx(
        effects[0].baseline.kg_co2e_wtw, rel=1e-6
    )
    assert effects[1].target.reach.largest == pytest.approx(
        effects[0].target.reach.largest, rel=1e-6
    )
    assert not effects[1].baseline_missing


@pytest.mark.parametrize("price", [0, 900_000])
def test_bounds_that_nobody_states_change_no_optimum(price, monkeypatch):
    """Ten times the room for what some plan may need through a place gives the same optimum."""
    scenario = make_scenario(EVERYTHING.replace("cost_dkk: 5000", f"cost_dkk: {price}"))
    legs = make_legs(scenario, random_kilometres(2))
    found = []
    for room in (1.0, 10.0):
        problem = lay_columns(scenario, legs, RULES)
        monkeypatch.setattr(choices, "most_tonnes", lambda one, by=room: by * most_tonnes(one))
        problem.alone.update({"digging": 1e6, "road": 1e6})
        rows, programme = lay_programme(problem, lay_rows(problem, RULES))
        labels = Labels(problem, tuple(row.name for row in rows))
        last = np.where(programme.whole, break_ties(problem), 0.0)
        ask = partial(
            solve,
            problem,
            programme=programme,
            tolerances=[step.tolerance for step in scenario.said.objectives],
            decided=Search(scenario.said.solving.gap, last),
            labels=labels,
        )
        search = plan_module._search_finely(ask, plan_module.Clock())
        assert search is not None
        found.append(float(problem.objectives()[0] @ search.values))
    assert found[1] == pytest.approx(found[0], rel=1e-6)


def test_what_low_yields_and_end_stocks_ask_for_has_room():
    """100 t wanted at a yield of 10 % take 1,000 t; a stock at the end is asked for as well."""
    low = make_scenario(
        """
        title: w
        language: en
        periods: [2027]
        vehicles: [tipper_4_axle]
        catalogue:
          recipes:
            sort_sand: {name: {en: s}, inputs: {fill_sand: 1},
                        outputs: {concrete_gravel: 0.1, crusher_residue: 0.9},
                        kg_co2e_per_t: 1, dkk_per_t: 1}
          fits: {concrete_gravel: {base_course: {verdict: allowed, rule: x}}}
        sites:
          road: {lon: 12.10, lat: 55.45, needs: [{use: base_course, amount: 100 t,
                 materials: [concrete_gravel]}]}
          pit: {lon: 12.15, lat: 55.633, pit: {supplies: [fill_sand]}}
          works: {lon: 12.2, lat: 55.5, plant: {recipes: [sort_sand]}}
          tip: {lon: 12.195, lat: 55.462, receiver: {accepts: [crusher_residue]}}
        """
    )
    problem = lay_columns(low, make_legs(low), RULES)
    plan = assign(low, make_legs(low))
    assert plan.processed["tonnes"].sum() == pytest.approx(low.needs[0].tonnes * 10, rel=0.3)
    processed_t = plan.processed["tonnes"].sum()  # which is rounded, up or down
    assert most_tonnes(problem) >= processed_t * (1 - 1e-9)


@pytest.mark.parametrize(("sign", "sense"), [(1, ">="), (-1, "<="), (1, "="), (-1, "=")])
def test_a_rule_of_ones_own_that_asks_for_more_gets_room(sign, sense):
    """What rules of one's own ask for counts in bounds of decisions, whichever way it is said."""
    scenario = make_scenario(EVERYTHING.replace(" capacity_per_period: 400 t,", ""))
    legs = make_legs(scenario)
    problem = lay_columns(scenario, legs, RULES)
    problem.alone.update({"digging": 1e6, "road": 1e6})

    def much(inside):
        columns = inside.find(origin="pit")
        yield Row("much", "pit", columns, np.full(len(columns), sign * 0.5), sense, sign * 40_000.0)

    def largest(rows):
        return max(-row.coefficients.min() for row in rows if row.rule == "openings_paid")

    plain, asked = lay_rows(problem, RULES), lay_rows(problem, [*RULES, much])
    assert [row.rule for row in asked][: len(plain)] == [row.rule for row in plain]
    assert largest(asked) >= largest(plain) + 80_000
