"""What a run wrote gives back what the run found, figure by figure, and nothing that was forged."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from strategies import choice_worlds, whole_worlds, worlds
from worlds import EVERYTHING, PIT_AND_PROJECT, make_network, make_scenario
from raastof_geo import load_result, run_scenario, solve_scenario, write_outputs
from raastof_geo.assignment import RULES, Row, assign
from raastof_geo.effect import Effect, measure_effect
from raastof_geo.emissions.vehicle import MODELS
from raastof_geo.errors import DamagedError, NoPlanError, RecordError, RoadDataError
from raastof_geo.language import speaking
from raastof_geo.legs.legs import price_legs
from raastof_geo.pipeline import place_scenario
from raastof_geo.records.proof import read_results
from raastof_geo.records.record import pack_values
from raastof_geo.result import Result
from raastof_geo.roads.load import load_network
from raastof_geo.roads.snap import snap_sites
from raastof_geo.roads.store import write_network

HERE = Path(__file__).parents[2]

CHOICES = EVERYTHING.replace(
    "fairness: {measure: transport_kg_co2e_wtw", "fairness: {measure: cost_dkk"
)
"""Every rule, and fairness by money."""


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def assert_equal(one: Result, other: Result) -> None:
    """Hold every table and figure of two results against each other, digit by digit."""
    assert one.scenario.id == other.scenario.id
    assert one.scenario.digest == other.scenario.digest
    assert one.scenario.catalogue == other.scenario.catalogue
    assert without_file(one) == without_file(other)
    messages = [[str(warning.message) for warning in r.scenario.warnings] for r in (one, other)]
    assert messages[0] == messages[1]
    assert_same(one.anchors.frame, other.anchors.frame)
    for field in fields(one.plan):
        if field.name not in ("problem", "proof"):
            assert_same(getattr(one.plan, field.name), getattr(other.plan, field.name))
    assert one.plan.column_count == other.plan.column_count
    for name in ("cost", "values", "shadow_prices", "prices_given_decisions", "rows"):
        assert_same(getattr(one.plan.proof, name), getattr(other.plan.proof, name))
    for field in fields(Effect):
        assert_same(getattr(one.effect, field.name), getattr(other.effect, field.name))
    assert one.effect.saved == other.effect.saved
    assert one.effect.saved_share == other.effect.saved_share
    for dimension in ("site", "project", "material", "period", "vehicle"):
        assert_same(one.effect.books.by(dimension), other.effect.books.by(dimension))


def without_file(result: Result) -> Any:
    """Give what a scenario says but where its roads lie, which results do not keep."""
    said = result.scenario.said
    return said.model_copy(update={"network": said.network.model_copy(update={"file": None})})


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True, check_column_type=False)
        assert one.dtypes.tolist() == other.dtypes.tolist()
        assert one.equals(other)
    elif isinstance(one, np.ndarray):
        assert np.array_equal(one, other)
    elif isinstance(one, tuple) and one and hasattr(one[0], "totals"):
        for mine, theirs in zip(one, other, strict=True):
            for field in fields(mine):
                assert_same(getattr(mine, field.name), getattr(theirs, field.name))
    elif hasattr(one, "lines"):
        assert_same(one.lines, other.lines)
    elif isinstance(one, tuple) and one and hasattr(one[0], "saved"):
        assert [(cause.names, cause.saved) for cause in one] == [
            (cause.names, cause.saved) for cause in other
        ]
    elif hasattr(one, "saved_dkk"):
        assert (one.saved_dkk, one.rules) == (other.saved_dkk, other.rules)
    else:
        assert one == other


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


# --- the same object ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bay(tmp_path_factory):
    """Køge Bugt, solved and written once."""
    return run_scenario(HERE / "scenarios" / "koege_bugt.yaml", into=tmp_path_factory.mktemp("bay"))


@pytest.mark.parametrize("which", ["starter_result", "bay"])
def test_a_run_and_its_folder_are_one(which, request, tmp_path):
    """Equal figures; and written again, equal bytes."""
    result, folder = request.getfixturevalue(which)
    loaded = load_result(folder)
    assert loaded.plan.flows.equals(result.plan.flows)
    assert_equal(result, loaded)
    assert loaded.network.digest == result.network.digest
    assert loaded.legs.frame.equals(result.legs.frame)
    flow = result.plan.flows.iloc[0]
    routes = [
        one.legs.draw([(flow["origin"], flow["destination"], flow["vehicle"], None)])[0]
        for one in (result, loaded)
    ]
    assert np.array_equal(*routes)
    write_outputs(loaded, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(folder)


@pytest.mark.parametrize("text", [EVERYTHING, CHOICES, PIT_AND_PROJECT])
def test_a_world_with_everything_comes_back(text, tmp_path):
    """Plants, depots, return loads, a fleet, openings, decisions, fairness, targets, warnings."""
    result = solve_scenario(make_scenario(text))
    write_outputs(result, tmp_path / "one")
    loaded = load_result(tmp_path / "one")
    assert_equal(result, loaded)
    write_outputs(loaded, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("worlds_of", [worlds, whole_worlds, choice_worlds])
def test_every_world_comes_back(worlds_of, tmp_path_factory):
    """Whatever there is in a world: tables of every kind, also the empty ones."""
    seen = 0
    network = load_network()

    @settings(
        deadline=None,
        derandomize=True,
        max_examples=12,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(worlds_of())
    def check(world):
        nonlocal seen
        scenario, legs = world.scenario, world.legs
        said = scenario.said.model_copy(update={"outputs": ("flows", "proof", "plan")})
        scenario = replace(scenario, said=said)
        try:
            plan = assign(scenario, legs, explain=False)
        except NoPlanError:
            assume(False)
        anchors = snap_sites(network, scenario.sites, limit_m=1e6)
        effect = measure_effect(scenario, legs, plan)
        result = Result(scenario, network, anchors, legs, plan, effect)
        folder = write_outputs(result, tmp_path_factory.mktemp("world") / "results")
        loaded = load_result(folder)
        assert_equal(result, loaded)
        with pytest.raises(RecordError, match="were made up, not priced on roads"):
            _ = loaded.legs
        seen += 1

    check()
    assert seen > 3


# --- what is made again -------------------------------------------------------------------------


def test_figures_need_no_roads(starter_result, monkeypatch):
    """Roads are loaded when somebody asks for them, and not before."""
    result, folder = starter_result

    def refuse(*_, **__):
        raise AssertionError("roads were asked for")

    monkeypatch.setattr("raastof_geo.recall.load_network", refuse)
    monkeypatch.setattr("raastof_geo.recall.price_legs", refuse)
    loaded = load_result(folder)
    assert_equal(result, loaded)
    with pytest.raises(AssertionError, match="roads were asked for"):
        _ = loaded.network


def test_a_loaded_result_travels(starter_result):
    """It can be pickled, and parts of it can be replaced."""
    result, folder = starter_result
    loaded = pickle.loads(pickle.dumps(load_result(folder)))  # noqa: S301 - our own
    assert_equal(result, loaded)
    other = replace(loaded.plan, solver="another")
    assert other.solver == "another"
    assert other.flows.equals(result.plan.flows)
    assert other.column_count == result.plan.column_count


CORNERS = [(12.10, 55.45), (12.26, 55.59), (12.15, 55.63), (12.19, 55.46)]
"""Where the sites of `PIT_AND_PROJECT` lie."""


def test_roads_of_ones_own_are_asked_for(tmp_path):
    """Where a network file lies is not kept; another one is refused."""
    ring = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]
    write_network(make_network(CORNERS, ring), tmp_path / "roads.npz")
    scenario = tmp_path / "own.yaml"
    scenario.write_text(PIT_AND_PROJECT + "network: {file: roads.npz}\n", encoding="utf-8")
    result, folder = run_scenario(scenario, into=tmp_path / "results")
    assert str(tmp_path).encode() not in (folder / "proof.npz").read_bytes()
    loaded = load_result(folder)
    assert_equal(result, loaded)
    with pytest.raises(RoadDataError, match="on other roads, `A small world`: give them"):
        _ = loaded.legs
    other = make_network(CORNERS, ring[:4])
    with pytest.raises(RoadDataError, match="on other roads"):
        _ = load_result(folder, network=other).network
    loaded = load_result(folder, network=load_network(tmp_path / "roads.npz"))
    write_outputs(loaded, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(folder)


def twice(vehicle, km_h):
    """Use twice as much as by speed."""
    empty, full = MODELS["by_speed"](vehicle, km_h)
    return 2 * empty, 2 * full


def test_a_model_of_ones_own_is_asked_for(tmp_path):
    """A function cannot be kept; the right one gives the legs again, a wrong one is noticed."""
    result = solve_scenario(make_scenario(PIT_AND_PROJECT), model=twice)
    folder = write_outputs(result, tmp_path / "results")
    loaded = load_result(folder)
    assert_equal(result, loaded)
    with pytest.raises(RecordError, match=r"an energy model of its own, `.*twice`: give it"):
        _ = loaded.legs
    assert load_result(folder, model=twice).legs.frame.equals(result.legs.frame)
    with pytest.raises(RecordError, match="come out otherwise now"):
        _ = load_result(folder, model="by_speed").plan.problem


def little_out_of_the_pit(problem):
    """At most 500 t are dug."""
    columns = problem.find(origin="pit")
    yield Row("little_out_of_the_pit", "pit", columns, np.ones(len(columns)), "<=", 500.0)


def test_rules_of_ones_own_are_asked_for(tmp_path):
    """So with rules."""
    scenario = make_scenario(PIT_AND_PROJECT)
    network, anchors = place_scenario(scenario)
    legs = price_legs(scenario, network, anchors)
    rules = (*RULES, little_out_of_the_pit)
    plan = assign(scenario, legs, rules=rules)
    effect = measure_effect(scenario, legs, plan)
    result = Result(scenario, network, anchors, legs, plan, effect)
    folder = write_outputs(result, tmp_path / "results")
    with pytest.raises(RecordError, match=r"with other rules: .*little_out_of_the_pit"):
        _ = load_result(folder).plan.rules
    loaded = load_result(folder, rules=rules)
    assert_equal(result, loaded)
    write_outputs(loaded, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(folder)


# --- what was forged ----------------------------------------------------------------------------


@pytest.fixture
def results(starter_result, tmp_path) -> Path:
    return Path(shutil.copytree(starter_result[1], tmp_path / "results"))


def test_plan_and_proof_are_read_together(results, tmp_path):
    """The way without tables, roads or pandas."""
    plan, proof = read_results(results)
    assert plan["objectives"]
    assert len(proof.value) == plan["columns"]


@pytest.mark.parametrize("name", ["plan.json", "proof.npz"])
def test_a_missing_file_is_said(results, name):
    (results / name).unlink()
    with pytest.raises(RecordError, match=rf"{name} is missing: (give the folder|run)"):
        load_result(results)


def test_a_folder_of_somebody_else_is_said(tmp_path):
    with pytest.raises(RecordError, match=r"plan\.json is missing: give the folder"):
        load_result(tmp_path)
    (tmp_path / "plan.json").write_text('{"format": "a plan of a house"}')
    with pytest.raises(RecordError, match=r"`raastof run` writes .*raastof_geo plan"):
        load_result(tmp_path)


@pytest.mark.parametrize("name", ["plan.json", "proof.npz"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_file_that_was_cut_short_is_damaged(results, name, share):
    data = (results / name).read_bytes()
    (results / name).write_bytes(data[: int(share * len(data))])
    with pytest.raises(DamagedError, match=rf"{name} is (damaged|not what)"):
        load_result(results)


def test_an_edited_plan_is_damaged(results):
    """The place is named, as `verify` names it."""
    plan = json.loads((results / "plan.json").read_bytes())
    plan["effect"]["plan"]["kg_co2e_wtw"] = 1.0
    (results / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    with pytest.raises(DamagedError, match=r"plan\.json: effect\.plan\.kg_co2e_wtw is 1\.0"):
        load_result(results)


@pytest.mark.parametrize("name", ["plan.json", "proof.npz"])
def test_files_of_two_runs_do_not_go_together(results, bay, name):
    shutil.copyfile(bay[1] / name, results / name)
    with pytest.raises(DamagedError, match=r"plan\.json: scenario\.id is"):
        load_result(results)


def forge(folder: Path, change) -> None:
    """Change what a proof keeps for `load_result`, and let plan.json speak of the changed file."""
    file = folder / "proof.npz"
    with np.load(file) as old:
        arrays = {name: old[name] for name in old.files}
    rest = json.loads(arrays["rest"].tobytes())
    changed = change(rest)
    rest = rest if changed is None else changed
    arrays["rest"] = np.frombuffer(pack_values(rest), np.uint8)
    np.savez_compressed(file, **arrays)
    plan = json.loads((folder / "plan.json").read_bytes())
    plan["proof"]["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda rest: rest.pop("tables"),
        lambda rest: rest["tables"].pop("flows"),
        lambda rest: rest["tables"]["flows"]["tonnes"].update(type="O8,O8"),
        lambda rest: rest["tables"]["flows"]["tonnes"].update(values="many"),
        lambda rest: rest["tables"]["flows"]["tonnes"].update(values=["much"]),
        lambda rest: rest["tables"]["flows"].update(tonnes=[1.0]),
        lambda rest: rest["tables"]["flows"]["tonnes"]["values"].__setitem__(0, 1.0),
        lambda rest: rest["tables"]["anchors"].pop("site"),
        lambda rest: rest["catalogue"].pop("materials"),
        lambda rest: rest["catalogue"].update(materials={"sand": 3}),
        lambda rest: rest.update(transfers=3),
        lambda rest: rest.update(causes=[{"names": ["magic"], "saved": {}}]),
        lambda rest: rest.update(warnings=[{"message": 3}]),
        lambda rest: rest.update(rules=3),
        lambda rest: rest.update(alone=[3]),
        lambda rest: {},
    ],
)
def test_a_forged_rest_is_damaged(results, change):
    """Types are checked before anything is made of them; no traceback."""

    def forged(rest):
        other = change(rest)
        return other if other == {} else None

    forge(results, forged)
    with pytest.raises(DamagedError, match=r"proof\.npz is damaged"):
        load_result(results)


def test_a_site_whose_id_leads_elsewhere_is_refused(results):
    """What would be written for it would lie outside the folder."""
    file = results / "plan.json"
    text = file.read_text(encoding="utf-8")
    plan = json.loads(text)
    site = next(iter(plan["scenario"]["said"]["sites"]))
    plan = json.loads(text.replace(f'"{site}"', '"../../elsewhere"'))
    link = plan.pop("proof")
    with np.load(results / "proof.npz") as old:
        arrays = {name: old[name] for name in old.files}
    arrays["plan"] = np.frombuffer(pack_values(plan), np.uint8)
    np.savez_compressed(results / "proof.npz", **arrays)
    link["sha256"] = hashlib.sha256((results / "proof.npz").read_bytes()).hexdigest()
    file.write_text(json.dumps(plan | {"proof": link}), encoding="utf-8")
    with pytest.raises(DamagedError, match="damaged"):
        load_result(results)


def test_it_is_said_in_danish(tmp_path):
    with speaking("da"), pytest.raises(RecordError, match="mangler"):
        load_result(tmp_path)
