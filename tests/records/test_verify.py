"""The written proof stands by itself, and fails where anything was changed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from strategies import choice_worlds, whole_worlds, worlds
from worlds import PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo.assignment import assign
from raastof_geo.assignment.statement.row import Programme
from raastof_geo.cli import run_command
from raastof_geo.effect import measure_effect
from raastof_geo.errors import InputError, NoPlanError
from raastof_geo.language import speaking
from raastof_geo.legs.legs import Legs
from raastof_geo.outputs.write import find_writer
from raastof_geo.records.exchange import describe_files, write_manifest
from raastof_geo.records.verify import check_results
from raastof_geo.result import Result
from raastof_geo.roads.load import load_network
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.output import OUTPUTS
from raastof_geo.scenario.scenario import Scenario

OPENING = PIT_AND_PROJECT.replace(
    "capacity_per_period: 900 t", "opens: {cost_dkk: 1000, kg_co2e: 70}"
)


def write_results(text: str, folder: Path, kilometres=10.0) -> Path:
    scenario = make_scenario(text)
    return write_world(scenario, make_legs(scenario, kilometres), folder)


def write_world(scenario: Scenario, legs: Legs, folder: Path) -> Path:
    """Write plan, proof and table of a world, and the manifest that belongs to them."""
    plan = assign(scenario, legs, explain=False)
    network = load_network()
    anchors = Anchors(pd.DataFrame(index=pd.Index(list(scenario.sites), name="site")))
    result = Result(scenario, network, anchors, legs, plan, measure_effect(scenario, legs, plan))
    with speaking("en"):
        for output in sorted(OUTPUTS, key=lambda one: bool(one.quotes)):
            if output.name in ("flows", "proof", "plan"):
                find_writer(output)(result, folder)
    write_manifest(describe_files(folder, version="0"), folder)
    return folder


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    lengths = {("pit", "road"): 25.0, ("digging", "tip"): 40.0}
    return write_results(PIT_AND_PROJECT, tmp_path_factory.mktemp("results"), lengths)


@pytest.fixture
def results(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "results"))


pytestmark = pytest.mark.usefixtures("english")


def change_plan(folder: Path, change) -> None:
    file = folder / "plan.json"
    plan = json.loads(file.read_text(encoding="utf-8"))
    change(plan)
    file.write_text(json.dumps(plan), encoding="utf-8")


def change_proof(folder: Path, **arrays) -> None:
    """Change the proof, and let plan.json speak of the changed file."""
    file = folder / "proof.npz"
    with np.load(file) as old:
        np.savez_compressed(file, **({name: old[name] for name in old.files} | arrays))

    def rename(plan):
        import hashlib

        plan["proof"]["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()

    change_plan(folder, rename)


def test_a_plan_stands(results):
    """Feasibility, objective, reduced costs and gap are recomputed, and said in a sentence."""
    verdict = check_results(results)
    assert verdict.holds, [str(finding) for finding in verdict.findings]
    assert verdict.gap <= 1e-9
    assert verdict.objective == pytest.approx(2 * (600 * 10 + 400 * 25) / 18)
    assert "no plan under these assumptions has less than" in str(verdict.sentence())


def test_a_world_in_kilograms_stands(tmp_path):
    """Where nobody asks for a tonne, rows are held to as much less than a kilogram."""
    text = PIT_AND_PROJECT
    for tonnes in ("1000", "600", "900", "5000"):
        text = text.replace(f"{tonnes} t", f"{int(tonnes) / 1000} kg")
    verdict = check_results(write_results(text, tmp_path))
    assert [str(one) for one in verdict.findings] == []
    change_proof(tmp_path, value=np.load(tmp_path / "proof.npz")["value"] * (1 + 1e-5))
    assert any("a rule is broken by" in str(one) for one in check_results(tmp_path).findings)


@pytest.mark.parametrize("tonnes", [1.0, 400.0])
def test_a_folder_of_before_stands(tmp_path, monkeypatch, tonnes):
    """It was counted in tonnes where anybody asked for one, and says that a kilogram is allowed."""
    text = PIT_AND_PROJECT
    for said in ("1000", "600", "900", "5000"):
        text = text.replace(f"{said} t", f"{int(said) * tonnes / 1000} t")
    monkeypatch.setattr(Programme, "scale", 1.0)
    verdict = check_results(write_results(text, tmp_path))
    assert [str(one) for one in verdict.findings] == []
    plan = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert plan["certificate"]["tolerance_t"] == 1e-3


def test_nothing_of_the_programme_is_needed():
    """The checker imports NumPy, and of the project no more than what records need."""
    import subprocess
    import sys

    code = (
        "import sys, raastof_geo.records.verify; "
        "ours = {m.split('.')[1] for m in sys.modules if m.startswith('raastof_geo.')}; "
        "bad = ours - {'records', 'errors', 'files', 'language', 'arrays', 'version'}; "
        "bad |= {'pulp', 'scipy', 'highspy', 'pandas'} & set(sys.modules); "
        "sys.exit(', '.join(bad) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (
            lambda plan: plan["flows"][0].update(tonnes=1.0),
            r"plan\.json: flows\[0\]\.tonnes is 1\.0, the proof has 600\.0",
        ),
        (
            lambda plan: plan["certificate"].update(objective=1.0),
            r"plan\.json: certificate\.objective is 1\.0, the proof has 1777\.7",
        ),
        (
            lambda plan: plan["effect"]["saved"].update(kg_co2e_wtw="1"),
            r'plan\.json: effect\.saved\.kg_co2e_wtw is "1", the proof has \d',
        ),
        (
            lambda plan: plan["certificate"].update(priced_columns=4.0),
            r"plan\.json: certificate\.priced_columns is 4\.0, the proof has \d+$",
        ),
        (lambda plan: plan["flows"].pop(), r"plan\.json: flows\.length is \d+, the proof has \d+"),
        (
            lambda plan: plan["flows"].reverse(),
            r'plan\.json: flows\[0\]\.giver is "pit\S*", the proof has "digging',
        ),
        (
            lambda plan: plan["amounts"].pop("tonne_km"),
            r"plan\.json: amounts\.tonne_km is missing, the proof has \d",
        ),
        (
            lambda plan: plan["amounts"].update(oil=3),
            r"plan\.json: amounts\.oil is 3, the proof has none",
        ),
        (
            lambda plan: plan.update(amounts=dict(reversed(plan["amounts"].items()))),
            r"plan\.json: amounts\.order is energy",
        ),
        (
            lambda plan: plan["proof"].update(sha256="0" * 64),
            r'plan\.json: proof\.sha256 is "0{64}", the proof has "[0-9a-f]{64}"',
        ),
    ],
)
def test_a_changed_plan_fails(results, change, finding):
    """A changed value, type, name, length or order is named with its place."""
    change_plan(results, change)
    verdict = check_results(results)
    assert not verdict.holds
    assert any(re.search(finding, str(one)) for one in verdict.findings), [
        str(one) for one in verdict.findings
    ]
    assert "do not stand" in str(verdict.sentence())


def test_a_changed_table_fails(results):
    """Every cell of flows.csv is that of the plan; the header is row 1."""
    file = results / "flows.csv"
    text = file.read_text(encoding="utf-8-sig")
    assert ",400.0," in text
    file.write_text(text.replace(",400.0,", ",40.0,", 1), encoding="utf-8-sig")
    [finding] = check_results(results).findings
    assert re.fullmatch(
        r"flows\.csv: row \d, Amount \[t\]: 40\.0, plan\.json has 400\.0", str(finding)
    )


def test_a_plan_that_breaks_a_rule_fails(results):
    """More tonnes than are needed break a row, which is named."""
    with np.load(results / "proof.npz") as old:
        value = old["value"] * 1.1
    change_proof(results, value=value)
    told = [str(finding) for finding in check_results(results).findings]
    assert any("a rule is broken by" in one and "needs_met" in one for one in told), told


def test_prices_that_prove_nothing_fail(results):
    """Without the right shadow prices there is no bound."""
    with np.load(results / "proof.npz") as old:
        price = old["price"] * 0
    change_proof(results, price=price)
    assert any("recomputed" in str(finding) for finding in check_results(results).findings)


def test_a_cheaper_column_is_noticed(results):
    """A leg that would be cheaper than the plan's has a reduced cost below zero."""
    with np.load(results / "proof.npz") as old:
        cost, value = old["cost"].copy(), old["value"]
    cost[value == 0] = 1e-3
    change_proof(results, cost=cost)
    verdict = check_results(results)
    assert verdict.smallest_reduced_cost < -1e-3
    assert not verdict.holds


def test_either_or_decisions_are_the_solvers_word(tmp_path):
    """With decisions the linear bound is proved, and the rest is said to be the solver's."""
    scenario_folder = write_results(OPENING + "objectives: [kg_co2e_wtw]\n", tmp_path)
    verdict = check_results(scenario_folder)
    assert verdict.holds, [str(finding) for finding in verdict.findings]
    assert verdict.decisions == 1
    assert verdict.gap > 1e-6
    assert "the solver's word" in str(verdict.sentence())


@pytest.mark.parametrize("worlds_of", [worlds, whole_worlds, choice_worlds])
def test_every_world_stands(worlds_of, tmp_path_factory):
    """No plan that was just written is found fault with, whatever there is in its world."""
    seen = 0

    @settings(
        deadline=None,
        derandomize=True,
        max_examples=15,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(worlds_of())
    def check(world):
        nonlocal seen
        folder = tmp_path_factory.mktemp("world")
        try:
            write_world(world.scenario, world.legs, folder)
        except NoPlanError:
            assume(False)
        verdict = check_results(folder)
        assert [str(one) for one in (*verdict.findings, *verdict.notes)] == []
        seen += 1

    check()
    assert seen > 3


@pytest.mark.parametrize("name", ["plan.json", "proof.npz"])
def test_missing_and_damaged_files_are_named(results, name):
    """Never a traceback: the file, and what to do."""
    file = results / name
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=name):
        check_results(results)
    file.write_bytes(b"")
    with pytest.raises(InputError, match=name):
        check_results(results)
    file.unlink()
    with pytest.raises(InputError, match=f"{name} is missing"):
        check_results(results)


def test_parts_that_do_not_fit_are_refused(results):
    """A proof with more limits than rows is no proof."""
    change_proof(results, limit=np.zeros(3))
    with pytest.raises(InputError, match="do not fit together"):
        check_results(results)


def test_the_command_says_it(results, capsys):
    """`raastof verify` ends with 0 where the results stand, and with 3 where they do not."""
    assert run_command(["verify", str(results), "--lang", "en"]) == 0
    assert "no plan under these assumptions" in capsys.readouterr().out
    change_plan(results, lambda plan: plan["certificate"].update(objective=1.0))
    assert run_command(["verify", str(results), "--lang", "en"]) == 3
    assert "certificate.objective is 1.0" in capsys.readouterr().out
    assert run_command(["verify", str(results / "nowhere"), "--lang", "en"]) == 2
