"""Everything on the way to a plan can be pickled, with an empty cache as with a full one."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from raastof_geo import assign, price_legs, read_scenario
from raastof_geo.pipeline import place_scenario
from raastof_geo.roads.routing.engine import DijkstraEngine, HierarchyEngine, has_hierarchies

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stations():
    """The stations of a shipped scenario up to its legs, with nothing worked out since."""
    scenario = read_scenario(ROOT / "scenarios" / "motorvej.yaml")
    network, anchors = place_scenario(scenario)
    return scenario, network, anchors, price_legs(scenario, network, anchors)


def land(packed):
    return pickle.loads(packed)  # noqa: S301 - what was packed just now


def route_of(legs, row=0):
    leg = legs.frame.iloc[row]
    found = legs.roads.find(leg["origin"], leg["destination"], leg["vehicle"])
    return found.arcs(0).tolist()


def fill(legs):
    """Have everything worked out that is kept once it was asked for."""
    leg = legs.frame.iloc[0]
    legs.draw(leg["origin"], leg["destination"], leg["vehicle"])
    for load in ("full", "empty"):
        roads, active = legs.roads, next(iter(legs.roads.spells))
        roads.weigh(leg["vehicle"], load, active).routes(
            [roads.stops[leg["origin"]]], [roads.stops[leg["destination"]]]
        )
        roads.weigh_free(leg["vehicle"], load, active)


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
        "found = legs.roads.find(leg['origin'], leg['destination'], leg['vehicle'])\n"
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
    table = measure.matrix(stops, stops)
    landed = land(pickle.dumps(measure))
    np.testing.assert_array_equal(landed.matrix(stops, stops), table)
    metric = land(pickle.dumps(measure.metric))
    doors = [((0, 0),), ((5, 0),)]
    np.testing.assert_array_equal(
        metric.measure(doors, doors), measure.metric.measure(doors, doors)
    )
    assert isinstance(
        landed.router.engine, HierarchyEngine if has_hierarchies() else DijkstraEngine
    )
    routes = legs.roads.find(leg["origin"], leg["destination"], leg["vehicle"])
    np.testing.assert_array_equal(land(pickle.dumps(routes)).draw(0), routes.draw(0))
