"""Where to build: candidates at the junctions where much is driven."""

from dataclasses import replace
import numpy as np
import pytest
from places import ROOT
from raastof_geo import read_scenario, solve_scenario
from raastof_geo.cli.app import run_command
from raastof_geo.effect.burden import find_junctions, find_like, propose_candidates
from raastof_geo.errors import InputError
from raastof_geo.language import speaking
from raastof_geo.outputs.documents.comparison import VARIANTS
from raastof_geo.pipeline import compare_candidates
from raastof_geo.scenario.reading.read import read_variant

SCENARIO = ROOT / "scenarios" / "koege_bugt.yaml"


@pytest.fixture(scope="module")
def result():
    return solve_scenario(read_scenario(SCENARIO))


def test_junctions_are_those_that_most_trucks_pass(result):
    """Counted again: trips on the roads that lead to a junction, by their ends on the map."""
    found = find_junctions(result.plan, "spot", 5)
    assert [one.id for one in found] == [f"spot-{number}" for number in range(1, 6)]
    trips = [one.trips for one in found]
    assert trips == sorted(trips, reverse=True)
    lines = result.burden().to_crs("EPSG:4326")
    ends = [line.coords[-1] for line in lines.geometry]
    passing = (lines["loaded_trips"] + lines["empty_trips"]).to_numpy()
    for one in found:
        near = [np.hypot(lon - one.lon, lat - one.lat) < 2e-6 for lon, lat in ends]
        assert passing[near].sum() == pytest.approx(one.trips)
    places = result.network.project([one.lon for one in found], [one.lat for one in found])
    apart = np.hypot(*(places[:, None] - places).T)[np.triu_indices(5, 1)]
    assert apart.min() >= 1999
    every = (passing[[end == one for one in ends]].sum() for end in {*ends} if _meet(result, end))
    assert trips[0] == pytest.approx(max(every))


def _meet(result, end):
    """Whether three roads or more meet at a place."""
    network = result.network
    far = np.hypot(network.node_lon - end[0], network.node_lat - end[1])
    node = int(far.argmin())
    return np.count_nonzero(np.r_[network.tail, network.head] == node) >= 3


def test_the_best_of_what_is_proposed_is_opened_and_can_be_pasted(result, tmp_path):
    asked = compare_candidates(result, 3, "koege_jorddepot", into=tmp_path)
    first, second = (one.found for one in asked.cases)
    aim = result.scenario.said.objectives[0].minimise[0]
    assert second.amounts[aim] <= first.amounts[aim] + 1e-6
    pasted = SCENARIO.read_text("utf-8") + "\n" + (asked.folder / VARIANTS).read_text("utf-8")
    (tmp_path / "koege_bugt.yaml").write_text(pasted, "utf-8")
    plan = solve_scenario(
        read_variant(read_scenario(tmp_path / "koege_bugt.yaml"), "candidates")
    ).plan
    assert plan.amounts[aim] == pytest.approx(second.amounts[aim])
    assert plan.certificate.holds
    opened = plan.openings[plan.openings["opened"].astype(bool)]["site"].tolist()
    assert len(opened) <= 1
    assert len(plan.openings) == 3
    page = (asked.folder / "comparison.html").read_text("utf-8")
    assert all(
        f"{one.lon:.6f}, {one.lat:.6f}" in page
        for one in find_junctions(result.plan, "koege_jorddepot", 3)
    )


@pytest.mark.parametrize(
    ("like", "told"),
    [
        ("koege_jorddepo", "did you mean `koege_jorddepot`"),
        ("nedrivning_roskilde", "no pit, plant, depot or receiver"),
    ],
)
def test_nothing_is_proposed_like_what_is_no_place(result, like, told):
    with speaking("en"):
        with pytest.raises(InputError) as found:
            find_like(result.scenario, like)
        assert told in str(found.value)


def test_nothing_is_proposed_where_no_truck_passes(result):
    """Else a limit on no candidates would be one on all of them."""
    still = replace(result.plan, flows=result.plan.flows[:0])
    junctions = find_junctions(still, "koege_jorddepot", 3)
    assert junctions == []
    with speaking("en"), pytest.raises(InputError, match="there is no place to propose"):
        propose_candidates(result.scenario, "koege_jorddepot", junctions)


def test_the_command_names_the_site_before_it_solves(capsys):
    assert run_command(["run", str(SCENARIO), "--propose", "3"]) == 2
    assert "er ikke en lokalitet i dette scenarie" in capsys.readouterr().err
