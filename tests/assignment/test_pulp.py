"""The programme is PuLP's: its answer is the plan, and anybody can state, write and solve it."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
import highspy
import numpy as np
import pulp
import pytest
from worlds import EVERYTHING, PIT_AND_PROJECT, make_legs, make_scenario, random_kilometres
from raastof_geo.assignment import assign
from raastof_geo.assignment.solving.stated import LONGEST_NAME, make_slug
from raastof_geo.cli import run_command
from raastof_geo.errors import SolverError
from raastof_geo.language import speaking

ROOT = Path(__file__).parents[2]

TIED = """
title: Two pits as near as each other
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle]
sites:
  road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 1000 t}]}
  one: {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand]}}
  other: {lon: 12.16, lat: 55.63, pit: {supplies: [fill_sand]}}
"""
LINEAR = EVERYTHING.replace("choices: {partners_at_most: 4, smallest_lot: 25 t}\n", "").replace(
    ", opens: {cost_dkk: 5000, kg_co2e: 10}", ""
)
WORLDS = {"small": PIT_AND_PROJECT, "tied": TIED, "linear": LINEAR, "decisions": EVERYTHING}


OPTIONS = {"PULP_CBC_CMD": {"options": ["preprocess off"]}}


def plan_of(text, **choices):
    scenario = make_scenario(text)
    return assign(scenario, make_legs(scenario, random_kilometres(1)), **choices)


@pytest.fixture(scope="module", params=WORLDS)
def plan(request):
    return plan_of(WORLDS[request.param])


def solve(problem, name):
    """Have a solver of PuLP solve it; CBC's integer preprocessing cuts off optima."""
    problem.solve(pulp.getSolver(name, msg=False, gapRel=1e-9, **OPTIONS.get(name, {})))
    assert pulp.LpStatus[problem.status] == "Optimal"
    return float(pulp.value(problem.objective))


# --- its answer is the plan -----------------------------------------------------------------------


def change_answers(monkeypatch, change):
    """Let something happen around each time that PuLP solves; count the times."""
    solve_truly = pulp.LpProblem.solve
    numbers = itertools.count()

    def changed(problem, solver=None, **options):
        return change(next(numbers), problem, lambda: solve_truly(problem, solver, **options))

    monkeypatch.setattr(pulp.LpProblem, "solve", changed)
    return numbers


def test_each_objective_and_the_choice_among_ties_are_solved_by_pulp(monkeypatch):
    """As many problems as objectives, and one more, all with names."""
    asked = []

    def note(_, problem, solve_it):
        asked.append([one.name for one in problem.variables()])
        return solve_it()

    change_answers(monkeypatch, note)
    plan = plan_of(LINEAR)
    assert len(asked) == len(plan.objectives) + 1 == len(plan.proof.stages)
    assert all(names for names in asked)
    assert all(re.fullmatch(r"x\d+_[a-z0-9_]+", name) for names in asked for name in names)


def test_another_answer_of_pulp_is_another_plan(monkeypatch):
    """Of two pits as near, the one that PuLP says; a plan that is as good is accepted."""
    scenario = make_scenario(TIED)
    legs = make_legs(scenario)
    mine = assign(scenario, legs)
    last = len(mine.proof.stages) - 1

    def turn_round(_, problem, solve_it):
        if turned(problem):
            problem.setObjective(-problem.objective)
        return solve_it()

    def turned(problem):
        """The choice among ties has a weight between 0 and 2 on each column, and no other has."""
        weights = [problem.objective.get(one, 0.0) for one in problem.variables()]
        return last and 0 < max(weights) < 2 and len(set(weights)) == len(weights)

    change_answers(monkeypatch, turn_round)
    other = assign(scenario, legs)
    assert other.objectives == pytest.approx(mine.objectives)
    assert other.flows[["origin", "period"]].to_numpy().tolist() != (
        mine.flows[["origin", "period"]].to_numpy().tolist()
    )


@pytest.mark.parametrize("share", [0.9, 1.1])
def test_a_wrong_answer_of_pulp_is_refused(monkeypatch, share):
    """Tonnes that PuLP's solver makes up break a rule, and are nobody's plan."""

    def spoil(_, problem, solve_it):
        status = solve_it()
        for one in problem.variables():
            one.varValue *= share
        return status

    change_answers(monkeypatch, spoil)
    with pytest.raises(SolverError, match="100"):
        plan_of(TIED)


def test_prices_that_pulp_gives_are_what_proves_the_plan(monkeypatch):
    """Without its prices nothing is proved: the certificate says how much is not known."""

    def hide(_, problem, solve_it):
        status = solve_it()
        for one in problem._constraints.values():
            one.pi = 0.0
        return status

    assert plan_of(TIED).certificate.holds
    change_answers(monkeypatch, hide)
    plan = plan_of(TIED)
    assert not plan.certificate.holds
    assert plan.certificate.feasible


# --- anybody can solve it -------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["HiGHS", "PULP_CBC_CMD"])
@pytest.mark.parametrize("written", [True, False])
def test_any_solver_of_pulp_finds_the_same_optimum(plan, solver, written):
    """Each objective, among the optima of those before it, comes to what the plan says."""
    for number, value in enumerate(plan.objectives.values()):
        problem = plan.to_pulp(written=written, objective=number)
        assert solve(problem, solver) == pytest.approx(value, rel=2e-6), number


def test_what_decides_among_ties_gives_the_plan_itself(plan):
    """After the last objective one plan is left: the same tonnes on the same legs."""
    problem = plan.to_pulp(objective=len(plan.objectives))
    solve(problem, "HiGHS")
    found = np.zeros(plan.column_count)
    for one in problem.variables():
        found[int(one.name[1:].split("_")[0])] = one.varValue
    np.testing.assert_allclose(found, plan.proof.values, atol=1e-5)


def test_an_objective_that_is_not_there_is_refused(plan):
    """One more than there are is the choice among ties; more are none."""
    with pytest.raises(IndexError):
        plan.to_pulp(objective=len(plan.objectives) + 1)


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["lp", "mps"])
def test_a_file_is_read_back_and_solved_to_the_same_optimum(plan, tmp_path, ending):
    """HiGHS reads either file by itself; PuLP reads its own `.mps`."""
    problem, path = plan.to_pulp(), tmp_path / f"plan.{ending}"
    (problem.writeLP if ending == "lp" else problem.writeMPS)(str(path))
    best = next(iter(plan.objectives.values()))
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    assert model.readModel(str(path)) == highspy.HighsStatus.kOk
    model.setOptionValue("mip_rel_gap", 1e-9)
    model.run()
    assert model.getInfo().objective_function_value == pytest.approx(best, rel=2e-6)
    names = {model.getColName(at)[1] for at in range(model.getNumCol())}
    assert names == {one.name for one in problem.variables()}
    if ending == "mps":
        _, again = pulp.LpProblem.fromMPS(str(path))
        assert solve(again, "HiGHS") == pytest.approx(best, rel=2e-6)


def test_names_say_site_material_and_period(plan):
    """Every name is legal as it is, tells itself apart, and says what it is about."""
    problem = plan.to_pulp(written=False)
    columns = [one.name for one in problem.variables()]
    rows = list(problem._constraints)
    for names, letter in ((columns, "x"), (rows, "r")):
        assert len(set(names)) == len(names)
        assert all(len(name) <= LONGEST_NAME for name in names)
        assert all(re.fullmatch(rf"{letter}\d+_[a-z0-9_]+", name) for name in names)
    moves = plan.problem.block("moves")
    for name in columns:
        number, _, said = name[1:].partition("_")
        if int(number) < moves.stop:
            at = np.array([int(number)])
            for key in ("origin", "destination", "material", "period"):
                assert make_slug(str(plan.problem.labels(key, at)[0])) in said
    assert any("needs_met" in name and "road" in name for name in rows)


def test_letters_of_other_languages_become_plain_ones():
    """Names of sites in Danish are read in a file that knows no Danish letters."""
    assert make_slug("Øst-Å/Ærø 7,5 é") == "oest_aa_aeroe_7"
    assert make_slug("///") == ""


@pytest.mark.parametrize("ending", ["lp", "mps"])
def test_the_command_writes_the_programme_whole_and_over_no_other_file(
    tmp_path, monkeypatch, ending
):
    """`raastof run --lp` writes a file by its ending; one of somebody else goes aside."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"programme.{ending}"
    path.write_text("mine", encoding="utf-8")
    command = ["run", str(ROOT / "scenarios" / "vordingborg_2016.yaml"), "--lp", path.name]
    assert run_command(command) == 0
    assert (tmp_path / "set_aside" / path.name).read_text(encoding="utf-8") == "mine"
    first = path.read_bytes()
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    assert model.readModel(str(path)) == highspy.HighsStatus.kOk
    model.run()
    said = json.loads((tmp_path / "results" / "vordingborg_2016" / "plan.json").read_text("utf-8"))
    assert model.getInfo().objective_function_value == pytest.approx(
        next(iter(said["objectives"].values())), rel=1e-6
    )
    assert run_command(command) == 0
    assert path.read_bytes() == first
    assert len(list((tmp_path / "set_aside").iterdir())) == 1


@pytest.mark.parametrize(("language", "sentence"), [("en", "is written as"), ("da", "skrives som")])
@pytest.mark.parametrize("name", ["programme.txt", "programme"])
def test_another_ending_is_refused_before_anything_is_solved(
    tmp_path, monkeypatch, capsys, language, sentence, name
):
    """The sentence names the two endings that there are, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    scenario = str(ROOT / "scenarios" / "vordingborg_2016.yaml")
    with speaking(language):
        assert run_command(["--lang", language, "run", scenario, "--lp", name]) == 2
    told = capsys.readouterr().err
    assert sentence in " ".join(told.split())
    assert ".mps" in told
    assert not list(tmp_path.iterdir())
