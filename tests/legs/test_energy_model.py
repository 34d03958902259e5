"""An energy model can be chosen from Python, from YAML and from the command line."""

import json
import numpy as np
import pytest
from commands import run
from everywhere import EVERY_OUTPUT, go_everywhere
from worlds import make_network, make_scenario
from raastof_geo import (
    load_result,
    price_legs,
    read_scenario,
    run_scenario,
    snap_sites,
    solve_scenario,
)
from raastof_geo.cli import run_command
from raastof_geo.emissions.vehicle import (
    MODELS,
    TRIP_KM_H,
    energy_by_distance,
    energy_by_speed,
    name_model,
)
from raastof_geo.errors import InputError, ScenarioError
from raastof_geo.scenario.catalogue import load_catalogue

WORLD = """
title: One road
language: en
periods: [2027]
vehicles: [tipper_4_axle]
idle_min_per_load: 0
sites:
  road: {lon: 12.20, lat: 55.40, needs: [{use: fill, amount: 100 t}]}
  pit: {lon: 12.00, lat: 55.40, pit: {supplies: [fill_sand]}}
outputs: [plan, proof]
"""
NODES, EDGES = [(12.0, 55.4), (12.1, 55.4), (12.2, 55.4)], [(0, 1), (1, 2)]


pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "one.yaml"
    path.write_text(WORLD, encoding="utf-8")
    return path


def kilograms(scenario, model=None):
    network = make_network(NODES, EDGES)
    legs = price_legs(scenario, network, snap_sites(network, scenario.sites), model=model)
    return legs.frame["kg_co2e_wtw_per_t"].iloc[0]


def dearer(vehicle, speed):
    """Use a tenth more than the catalogue says."""
    return tuple(1.1 * one for one in energy_by_speed(vehicle, speed))


def test_by_distance_is_the_curve_at_the_speed_of_a_whole_trip():
    """62.4 km/h, 4-axle tipper: 25.3 - 0.62 x 2.2 empty, 38.5 - 0.62 x 4.5 full. [l/100 km]"""
    tipper = load_catalogue().vehicles["tipper_4_axle"]
    assert pytest.approx(62.4) == TRIP_KM_H
    empty, full = energy_by_distance(tipper, np.array([20.0, 50.0, 80.0]))
    np.testing.assert_allclose(100 * empty, [25.3 - 0.62 * 2.2] * 3, rtol=1e-12)
    np.testing.assert_allclose(100 * full, [38.5 - 0.62 * 4.5] * 3, rtol=1e-12)


def test_yaml_and_python_choose_the_same_model():
    """`emissions: {model: by_distance}` prices as `model=energy_by_distance` does."""
    plain = make_scenario(WORLD)
    chosen = make_scenario(WORLD + "emissions: {model: by_distance}\n")
    assert plain.said.emissions.model == "by_speed"
    assert kilograms(plain) == kilograms(plain, energy_by_speed)
    assert kilograms(chosen) == kilograms(plain, energy_by_distance)
    assert kilograms(chosen) != kilograms(plain)
    assert kilograms(chosen, energy_by_speed) == kilograms(plain)
    assert kilograms(plain, dearer) == pytest.approx(1.1 * kilograms(plain), rel=1e-12)


def test_a_model_that_is_not_there_is_refused_with_what_was_meant(file):
    """In the file with line and column; from Python and the command line with the same words."""
    told = r"`by_sped` is not an energy model here; did you mean `by_speed`\?"
    with pytest.raises(InputError, match=told):
        run_scenario(file, model="by_sped")
    with pytest.raises(InputError, match=told):
        solve_scenario(read_scenario(file), model="by_sped")
    file.write_text(WORLD + "emissions: {model: by_sped}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"one.yaml:11:20: .*" + told):
        read_scenario(file)


def test_plan_json_says_which_model_was_used(file, tmp_path):
    """By default by_speed; the option's before the file's; a function of one's own by its name."""

    def used(into, **more):
        _, folder = run_scenario(file, into=tmp_path / into, **more)
        return json.loads((folder / "plan.json").read_text(encoding="utf-8"))

    assert used("a")["legs"] == {"energy_model": "by_speed"}
    own = used("b", model=dearer)
    assert own["legs"]["energy_model"] == f"{dearer.__module__}.dearer"
    assert own["effect"]["plan"]["kg_co2e_wtw"] > 0
    file.write_text(WORLD + "emissions: {model: by_distance}\n", encoding="utf-8")
    assert used("c")["legs"] == {"energy_model": "by_distance"}
    again = used("d", model="by_speed")
    assert again["legs"] == {"energy_model": "by_speed"}
    assert again["effect"]["plan"] != used("c")["effect"]["plan"]


def test_the_command_line_chooses_a_model(file, tmp_path, capsys):
    """`raastof run --model by_distance` is in plan.json; a typo ends with a sentence."""
    into = str(tmp_path / "out")
    assert run_command(["run", str(file), "--into", into, "--model", "by_distance"]) == 0
    written = json.loads((tmp_path / "out" / "one" / "plan.json").read_text(encoding="utf-8"))
    assert written["legs"] == {"energy_model": "by_distance"}
    assert run_command(["run", str(file), "--into", into, "--model", "by_sped"]) == 2
    assert "did you mean `by_speed`?" in " ".join(capsys.readouterr().err.split())


def test_a_model_that_is_registered_goes_everywhere(monkeypatch, file, tmp_path, capsys):
    """One line in MODELS: Python, the file, the command line, and whatever comes after know it."""
    monkeypatch.setitem(MODELS, "dearer", dearer)
    plain = kilograms(make_scenario(WORLD))
    assert name_model(dearer) == "dearer"
    assert kilograms(make_scenario(WORLD), MODELS["dearer"]) == pytest.approx(1.1 * plain)
    by_python = solve_scenario(read_scenario(file), model="dearer")
    assert by_python.legs.energy_model == "dearer"
    everything = WORLD.replace("outputs: [plan, proof]\n", EVERY_OUTPUT)

    def ask(commands):
        return [ask_one(command) for command in commands]

    def ask_one(command):
        if command[0] == "load_result":
            return repr(load_result(command[1]))
        assert run(*command) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    def read(folder):
        plan = json.loads((tmp_path / folder / "one/plan.json").read_text(encoding="utf-8"))
        assert plan["legs"] == {"energy_model": "dearer"}
        return plan["effect"]["plan"]

    file.write_text(everything + "emissions: {model: dearer}\n", encoding="utf-8")
    go_everywhere(ask, file, "pit", "road", "fill_sand")
    file.write_text(WORLD, encoding="utf-8")
    ask_one(["run", file, "--into", tmp_path / "option", "--model", "dearer"])
    assert read("option") == read("everywhere")
    assert read("option")["kg_co2e_wtw"] == pytest.approx(by_python.effect.plan.kg_co2e_wtw)
