"""Everything on the way to a plan can be pickled, with an empty cache as with a full one."""

import os
import pickle
import subprocess
import sys
import numpy as np
import pandas as pd
import pytest
from places import ROOT, SCENARIOS
from worlds import measure_all
from raastof_geo import assign, price_legs, read_scenario
from raastof_geo.outputs import write_outputs
from raastof_geo.pipeline import place_scenario, solve_scenario
from raastof_geo.roads.routing.engine import has_hierarchies


@pytest.fixture(scope="module")
def stations():
    """The stations of a shipped scenario up to its legs, with nothing worked out since."""
    scenario = read_scenario(SCENARIOS / "motorvej.yaml")
    network, anchors = place_scenario(scenario)
    return scenario, network, anchors, price_legs(scenario, network, anchors)


def land(packed):
    return pickle.loads(packed)  # noqa: S301 - what was packed just now


def route_of(legs, row=0):
    leg = legs.frame.iloc[row]
    found = legs.roads.find([(leg["origin"], leg["destination"])], leg["vehicle"])
    return found.arcs(0).tolist()


def fill(legs):
    """Have everything worked out that is kept once it was asked for."""
    leg = legs.frame.iloc[0]
    legs.draw([(leg["origin"], leg["destination"], leg["vehicle"], None)])
    for load in ("full", "empty"):
        roads, active = legs.roads, next(iter(legs.roads.spells))
        roads.weigh(leg["vehicle"], load, active).routes(
            [roads.stops[leg["origin"]]], [roads.stops[leg["destination"]]]
        )
        roads.weigh(leg["vehicle"], load, active, free=True)


def test_stations_travel_with_an_empty_and_with_a_full_cache(stations):
    """Scenario, network, anchors and legs: the same plan and the same route come back."""
    scenario, network, anchors, legs = stations
    before = pickle.dumps(stations)
    fill(legs)
    plan = assign(scenario, legs)
    after = pickle.dumps(stations)
    assert abs(len(after) - len(before)) < 0.2 * len(before)
    for packed in (before, after):
        there, roads, places, priced = land(packed)
        assert roads.digest == network.digest
        pd.testing.assert_frame_equal(places.frame, anchors.frame)
        pd.testing.assert_frame_equal(priced.frame, legs.frame)
        assert route_of(priced) == route_of(legs)
        again = assign(there, priced)
        pd.testing.assert_frame_equal(again.flows, plan.flows)
        assert again.objectives == plan.objectives


def test_legs_land_in_a_fresh_process(stations, tmp_path):
    """A process that knows nothing unpickles, finds the route and solves: all as here."""
    scenario, _, _, legs = stations
    fill(legs)
    (tmp_path / "in").write_bytes(pickle.dumps((scenario, legs)))
    code = (
        "import pickle, sys\n"
        "from raastof_geo import assign\n"
        "scenario, legs = pickle.load(open(sys.argv[1], 'rb'))\n"
        "leg = legs.frame.iloc[0]\n"
        "found = legs.roads.find([(leg['origin'], leg['destination'])], leg['vehicle'])\n"
        "plan = assign(scenario, legs)\n"
        "back = found.arcs(0).tolist(), plan.flows, plan.objectives\n"
        "pickle.dump(back, open(sys.argv[2], 'wb'))\n"
    )
    files = [str(tmp_path / name) for name in ("in", "out")]
    subprocess.run([sys.executable, "-c", code, *files], check=True, cwd=ROOT, timeout=300)
    arcs, flows, objectives = land((tmp_path / "out").read_bytes())
    plan = assign(scenario, legs)
    assert arcs == route_of(legs)
    pd.testing.assert_frame_equal(flows, plan.flows)
    assert objectives == plan.objectives


def test_weighed_roads_and_engines_are_built_again_where_they_land(stations):
    """A measure travels with its router; both engines give the same distances after landing."""
    legs = stations[-1]
    leg = legs.frame.iloc[0]
    measure = legs.roads.weigh(leg["vehicle"], "full", next(iter(legs.roads.spells)))
    stops = [legs.roads.stops[leg[end]] for end in ("origin", "destination")]
    table = measure_all(measure, stops, stops)
    landed = land(pickle.dumps(measure))
    np.testing.assert_array_equal(measure_all(landed, stops, stops), table)
    assert (landed.router.hierarchy is not None) is has_hierarchies()
    routes = legs.roads.find([(leg["origin"], leg["destination"])], leg["vehicle"])
    np.testing.assert_array_equal(land(pickle.dumps(routes)).draw(0), routes.draw(0))


# --- what a run found out -------------------------------------------------------------------------

LANDED = """
import pickle, sys
from pathlib import Path
from raastof_geo import assign
from raastof_geo.effect import measure_effect
from raastof_geo.outputs import write_outputs
result = pickle.loads(Path(sys.argv[1]).read_bytes())
again = assign(result.scenario, result.legs, start=result.plan)
effect = measure_effect(result.scenario, result.legs, result.plan)
write_outputs(result, Path(sys.argv[3]))
Path(sys.argv[2]).write_bytes(pickle.dumps((result, again, effect)))
"""
"""What a process does that knows nothing but what it was sent."""


@pytest.fixture(scope="module")
def result():
    """A shipped scenario with all that a run finds out."""
    return solve_scenario(read_scenario(ROOT / "scenarios" / "koege_bugt.yaml"))


@pytest.fixture(scope="module")
def landed(result, tmp_path_factory):
    """The same result after a journey, what was made of it there, and the files it wrote."""
    folder = tmp_path_factory.mktemp("journey")
    (folder / "in").write_bytes(pickle.dumps(result))
    files = [str(folder / name) for name in ("in", "out", "files")]
    world = {**os.environ, "RAASTOF_CACHE": str(folder / "an_empty_cache")}
    subprocess.run(
        [sys.executable, "-c", LANDED, *files], check=True, cwd=ROOT, timeout=300, env=world
    )
    return (*land((folder / "out").read_bytes()), folder / "files")


def same_plan(one, other):
    pd.testing.assert_frame_equal(one.flows, other.flows)
    np.testing.assert_array_equal(one.proof.values, other.proof.values)
    assert one.objectives == other.objectives
    assert one.certificate == other.certificate


def test_a_plan_and_its_proof_land_and_are_started_from(result, landed):
    """The plan lands whole; begun from it the search ends at the same tonnes."""
    back, again, _, _ = landed
    same_plan(back.plan, result.plan)
    same_plan(again, result.plan)
    pd.testing.assert_frame_equal(back.plan.shadow_prices, result.plan.shadow_prices)
    same_plan(assign(back.scenario, back.legs, start=back.plan), result.plan)
    basis, there = result.plan.proof.start.basis, back.plan.proof.start.basis
    np.testing.assert_array_equal(basis.columns, there.columns)
    np.testing.assert_array_equal(basis.rows, there.rows)
    assert basis.rows.dtype == np.int8


def test_the_programme_of_a_plan_that_landed_is_the_same(result, landed, tmp_path):
    """What PuLP was asked can be written where the plan lands."""
    for number, plan in enumerate((result.plan, landed[0].plan)):
        plan.to_pulp().writeLP(str(tmp_path / f"{number}.lp"))
    assert (tmp_path / "0.lp").read_bytes() == (tmp_path / "1.lp").read_bytes()


def test_the_effect_is_the_same_where_it_lands(result, landed):
    """It travels, and it is measured anew to the same figures."""
    back, _, effect, _ = landed
    for other in (back.effect, effect):
        assert other.baseline.kg_co2e_wtw == result.effect.baseline.kg_co2e_wtw
        assert [cause.saved for cause in other.causes] == [
            cause.saved for cause in result.effect.causes
        ]
        assert other.target == result.effect.target


def test_a_result_that_landed_writes_the_same_files(result, landed, tmp_path):
    """Byte for byte, and none more or less."""
    write_outputs(result, tmp_path / "files")
    there = landed[-1]
    names = [
        sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        for folder in (tmp_path / "files", there)
    ]
    assert names[0] == names[1]
    for name in names[0]:
        assert (tmp_path / "files" / name).read_bytes() == (there / name).read_bytes(), name
