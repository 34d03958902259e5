"""The books: parts add up to totals, shares to wholes, payments to nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from strategies import World, whole_worlds
from raastof_geo.assignment import Plan, assign
from raastof_geo.effect import Effect, measure_effect
from raastof_geo.effect.saving import shapley_values, tabulate_payments
from raastof_geo.errors import NoPlanError
from raastof_geo.figures.vocabulary import COST, parts_of, sums_of_parts, told_in_books

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


pytestmark = pytest.mark.usefixtures("english")


def solve(world: World) -> tuple[Plan, Effect]:
    try:
        plan = assign(world.scenario, world.legs, explain=False)
    except NoPlanError:
        assume(False)
    return plan, measure_effect(world.scenario, world.legs, plan)


def close(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(1.0, abs(one), abs(other))


@settings(SETTINGS, max_examples=5)
@given(whole_worlds())
def test_parts_add_up_to_totals_in_every_world(world):
    """Every part of the books, summed by any dimension, is the total."""
    check_that_parts_add_up(world)


@pytest.mark.slow
@settings(SETTINGS, max_examples=40)
@given(whole_worlds())
def test_parts_add_up_to_totals_in_many_worlds(world):
    """The same in forty worlds."""
    check_that_parts_add_up(world)


def check_that_parts_add_up(world) -> None:
    plan, effect = solve(world)
    for books, amounts in ((effect.books, plan.amounts), (effect.baseline_books, None)):
        for dimension in ("site", "project", "municipality", "material", "period", "vehicle"):
            sums = books.by(dimension).sum()
            for part in told_in_books():
                assert close(sums[part], books.total(part)), (dimension, part)
        for name in sums_of_parts():
            if amounts is not None:
                assert close(books.total(name), amounts[name])
        assert books.lines[books.lines["kind"] == "moves"]["tonnes"].sum() == pytest.approx(
            books.total("tonnes")
        )
        payments = tabulate_payments(books)
        if len(payments):
            assert np.abs(payments[list(parts_of(COST))].sum()).max() < 1e-3
    assert close(effect.books.total("litres"), effect.plan.litres)
    assert close(effect.books.total("drive_h"), plan.amounts["drive_h"])


@settings(SETTINGS, max_examples=5)
@given(whole_worlds())
def test_causes_add_up_to_the_effect_in_every_world(world):
    """What the causes save is what is saved."""
    check_that_causes_add_up(world)


@pytest.mark.slow
@settings(SETTINGS, max_examples=40)
@given(whole_worlds())
def test_causes_add_up_to_the_effect_in_many_worlds(world):
    """The same in forty worlds."""
    check_that_causes_add_up(world)


def check_that_causes_add_up(world) -> None:
    _, effect = solve(world)
    assume(effect.causes)
    for part in told_in_books():
        whole = effect.baseline_books.total(part) - effect.books.total(part)
        parts = sum(cause.saved[part] for cause in effect.causes)
        assert abs(whole - parts) <= 1e-3 + 1e-6 * abs(whole), part


@settings(SETTINGS, max_examples=20)
@given(whole_worlds())
def test_transfers_add_up_to_nothing_in_every_world(world):
    _, effect = solve(world)
    transfers = effect.transfers
    for rule in transfers.rules:
        assert abs(sum(transfers.paid(rule).values())) < 1e-3
        assert set(transfers.rules[rule]) == set(transfers.saved_dkk)
    if sum(transfers.saved_dkk.values()) >= 0:
        for rule in {"equal", "by_tonnes"} & set(transfers.rules):
            assert transfers.leaves_nobody_worse_off(rule)


def test_the_glove_game_gives_its_published_shapley_values():
    """One left glove, two right ones: 2/3, 1/6, 1/6."""
    values = shapley_values(
        ["left", "right", "other"], lambda members: float("left" in members and len(members) > 1)
    )
    assert values == pytest.approx({"left": 2 / 3, "right": 1 / 6, "other": 1 / 6})


def test_the_airport_game_gives_its_published_shapley_values():
    """Littlechild and Owen: costs 1, 2, 3 are shared 1/3, 5/6, 11/6."""
    costs = {"small": 1.0, "middle": 2.0, "large": 3.0}
    values = shapley_values(
        list(costs), lambda members: max((costs[m] for m in members), default=0)
    )
    assert values == pytest.approx({"small": 1 / 3, "middle": 5 / 6, "large": 11 / 6})


SAID = {
    "title": "Two projects",
    "language": "en",
    "periods": [2027],
    "vehicles": ["tipper_4_axle"],
    "objectives": ["virgin_tonnes", "cost_dkk"],
    "effect": {"shapley": True},
    "sites": {
        "hole": {
            "lon": 12.0,
            "lat": 55.5,
            "offers": [{"material": "clean_sandy_soil", "amount": "1000 t", "price_dkk_per_t": 10}],
        },
        "road": {"lon": 12.02, "lat": 55.5, "needs": [{"use": "fill", "amount": "1000 t"}]},
        "pit": {"lon": 12.05, "lat": 55.5, "pit": {"supplies": ["fill_sand"]}},
        "tip": {"lon": 12.07, "lat": 55.5, "receiver": {"accepts": ["clean_sandy_soil"]}},
        "far": {"lon": 12.3, "lat": 55.5, "receiver": {"accepts": ["clean_sandy_soil"]}},
    },
}


def world_of(**changes: object) -> World:
    return World({**SAID, **changes}, 1, 10_000)


@pytest.mark.parametrize(("rule", "share"), [("half", 0.5), ("giver", 1.0), ("taker", 0.0)])
def test_a_shared_transport_is_divided_as_the_scenario_says(rule, share):
    plan, effect = solve(world_of(effect={"shared_legs": rule}))
    flow = plan.flows[(plan.flows["origin"] == "hole") & (plan.flows["destination"] == "road")]
    assert len(flow) == 1
    table = effect.books.by("project")
    kg = flow["kg_co2e_wtw"].sum()
    assert table.loc["hole", "transport_kg_co2e_wtw"] == pytest.approx(share * kg)
    assert table.loc["road", "transport_kg_co2e_wtw"] == pytest.approx((1 - share) * kg)
    assert table.loc["road", "purchase_dkk"] == pytest.approx(10 * flow["tonnes"].sum())
    assert table.loc["hole", "sold_dkk"] == pytest.approx(10 * flow["tonnes"].sum())


def test_both_projects_count_the_tonnes_between_them():
    _, effect = solve(world_of())
    assert effect.books.tonnes_by_project == {"hole": 1000.0, "road": 1000.0}


def test_the_state_gets_the_raw_material_tax_of_the_baseline():
    _, effect = solve(world_of())
    payments = tabulate_payments(effect.baseline_books).set_index("sort")
    tax = effect.baseline_books.scenario.catalogue.materials["fill_sand"].tax.value
    assert payments.loc["state", "tax_dkk"] == pytest.approx(-1000 * tax)


def test_a_named_leg_holds_the_baseline_to_it():
    named = {"legs": [{"giver": "hole", "taker": "far"}]}
    _, effect = solve(world_of(baseline=named))
    goals = effect.baseline_flows.groupby("destination")["tonnes"].sum()
    assert goals.to_dict() == pytest.approx({"far": 1000.0, "road": 1000.0})


def test_a_planned_amount_is_in_the_baseline_and_the_rest_is_solved():
    named = {"legs": [{"giver": "hole", "taker": "road", "tonnes": "300 t"}]}
    _, effect = solve(world_of(baseline=named))
    flows = effect.baseline_flows.groupby(["origin", "destination"])["tonnes"].sum()
    assert flows["hole", "road"] == pytest.approx(300)
    assert flows["pit", "road"] == pytest.approx(700)
    assert flows["hole", "tip"] == pytest.approx(700)


def test_planned_amounts_that_cannot_be_are_refused_or_told():
    from raastof_geo.errors import RaastofError

    named = {"legs": [{"giver": "hole", "taker": "tip", "tonnes": "3000 t"}]}
    try:
        _, effect = solve(world_of(baseline=named))
    except RaastofError as error:
        assert "baseline" in str(error)
    else:
        assert effect.baseline_missing
