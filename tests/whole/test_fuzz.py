"""`tools/fuzz.py`: what is broken ends in an answer or a refusal, and never otherwise."""

import os
import time
from pathlib import Path
from random import Random
import pytest
from fuzzing.crew import Tally, run_cases, spread_cases
from fuzzing.outcome import KINDS, Outcome
from fuzzing.scenarios import make_scenario

SEED = 12


def check(cases: int, jobs: int, folder: Path) -> Tally:
    """Run cases of all kinds: no fault, and enough of them reach a plan."""
    tally = run_cases(spread_cases(cases), seed=SEED, jobs=jobs, bound_s=180, kept=folder)
    told = "\n\n".join(f"{one.kind} {one.number}: {one.fault}" for one in tally.faults)
    assert not tally.faults, f"{told}\n\n{tally.table()}"
    assert len(tally.outcomes) == cases
    assert {outcome.kind for outcome in tally.outcomes} == set(KINDS)
    scenarios = [outcome for outcome in tally.outcomes if outcome.kind == "scenarios"]
    assert sum(outcome.read for outcome in scenarios) >= len(scenarios) / 2, tally.table()
    assert sum(outcome.planned for outcome in scenarios) >= len(scenarios) / 4, tally.table()
    return tally


def test_sixty_broken_inputs_are_answered_or_refused(tmp_path):
    """Scenarios, roads, cached entries and results: a plan, a verdict, or a sentence of ours."""
    check(60, 1, tmp_path)


@pytest.mark.slow
def test_two_thousand_broken_inputs_are_answered_or_refused(tmp_path):
    """Half of the scenarios stay readable and go on to a plan; none ends in a traceback."""
    check(2000, 2, tmp_path)


def work_badly(pipe, folder: Path, seed: int) -> None:
    """Die in the first case, hang in the second, and answer the third."""
    pipe.send(None)
    while True:
        kind, number = pipe.recv()
        (folder / "case").mkdir(parents=True, exist_ok=True)
        (folder / "case" / "input").write_text(str(number))
        if number == 0:
            os._exit(134)
        if number == 1:
            time.sleep(600)
        pipe.send(Outcome(kind, number, read=True))


def test_a_death_and_a_hang_are_seen_and_the_rest_goes_on(tmp_path):
    """Each is a fault of its own case, whose input is kept; the next case runs."""
    tasks = [("roads", number) for number in range(3)]
    tally = run_cases(tasks, seed=1, jobs=1, bound_s=2, kept=tmp_path, target=work_badly)
    died, hung, fine = tally.outcomes
    assert "the process ended with exit code 134" in died.fault
    assert "no answer within 2 s" in hung.fault
    assert fine.read
    assert not fine.fault
    assert (tmp_path / "roads-1-0" / "input").read_text() == "0"
    assert "no answer" in (tmp_path / "roads-1-1" / "fault.txt").read_text()
    assert tally.table().splitlines()[-1].split() == ["all", "3", "1", "0", "-", "2"]


def test_the_same_seed_makes_the_same_cases():
    """A case hangs on the seed and its number, on nothing else."""
    made = [[make_scenario(Random(f"7/{number}")) for number in range(20)] for _ in range(2)]
    assert made[0] == made[1]
    assert len(set(made[0])) == 20
