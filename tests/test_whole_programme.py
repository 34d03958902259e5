"""The whole programme equals its independent statement, in random worlds."""

from __future__ import annotations

import pytest
from dense import dense_optimum
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from strategies import World, choice_worlds, whole_worlds

from raastof_geo.assignment import Plan, assign
from raastof_geo.errors import NoPlanError
from raastof_geo.language import speaking

QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
# A world takes a tenth of a second, and to shrink one takes hours: it is shown as it was drawn.
SETTINGS = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=QUIET,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def plan_or_none(world: World) -> Plan | None:
    try:
        return assign(world.scenario, world.legs, explain=False)
    except NoPlanError:
        return None


def compare(world: World) -> None:
    note(f"{world.said!r} {world.seed} {world.steps}")
    expected, plan = dense_optimum(world), plan_or_none(world)
    assert (plan is None) == (expected is None), expected
    if plan is None:
        return
    found = next(iter(plan.objectives.values()))
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-2)
    assert plan.certificate.feasible
    assert plan.certificate.gap <= max(1e-6, 1e-2 / max(1.0, abs(found)))
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
                        else now["giver"] == f"{plant.site}/plant/{material}"
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


@settings(SETTINGS, max_examples=500)
@given(whole_worlds())
def test_the_whole_programme_equals_an_independent_statement(world):
    """Materials, periods, plants, depots, coordinated trucks and limits: equal to 1e-6."""
    compare(world)


@settings(SETTINGS, max_examples=60)
@given(choice_worlds())
def test_either_or_decisions_equal_an_independent_statement(world):
    """Sites to open, few partners and smallest lots: equal to SciPy's branch and bound."""
    compare(world)


@settings(SETTINGS, max_examples=30)
@given(whole_worlds())
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
