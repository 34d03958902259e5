"""How sure: draws against plain solving, what is needed by forbidding it, and the same bytes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
import numpy as np
import pytest
from places import ROOT
from worlds import make_legs, make_scenario, random_kilometres, refusal
from raastof_geo.assignment import assign
from raastof_geo.cli.app import run_command
from raastof_geo.effect.measure import measure_effect
from raastof_geo.errors import InputError, NoPlanError
from raastof_geo.language import speaking
from raastof_geo.outputs.documents.assumptions import (
    say_of_hundred,
    tell_commitments,
    tell_likelihood,
    write_ensemble,
)
from raastof_geo.pipeline import draw_ensemble
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.varied import edit_for, edit_together
from raastof_geo.sensitivity import ensemble
from raastof_geo.sensitivity.ensemble import (
    LEAST_T,
    draw_levels,
    list_factors,
    read_draw,
    solve_batch,
    solve_today,
    sum_up,
)
from raastof_geo.sensitivity.headline import HEADLINES, read_headlines
from raastof_geo.spread import gather, reaching, working

KM = random_kilometres(11)
WORLD = """
title: Fire projekter
language: da
periods: [2027, 2028]
vehicles: [tipper_4_axle]
objectives: [kg_co2e_wtw, cost_dkk]
capture: {default: 0.8}
targets: {secondary_share: {at_least: 25 %, goal: true}}
sites:
  road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 1000 t}]}
  rail: {lon: 12.14, lat: 55.49, needs: [{use: fill, amount: 700 t}]}
  bank: {lon: 12.18, lat: 55.52, needs: [{use: sub_base, amount: 500 t}]}
  digging: {lon: 12.26, lat: 55.59, offers: [{material: clean_clay_soil, amount: 600 t}]}
  cutting: {lon: 12.22, lat: 55.57, offers: [{material: clean_clay_soil, amount: 500 t}]}
  house: {lon: 12.11, lat: 55.51, offers: [{material: crushed_concrete, amount: 400 t}]}
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand, sub_base_gravel]}}
  tip:
    lon: 12.19
    lat: 55.46
    receiver: {accepts: [clean_clay_soil, crushed_concrete], capacity_total: 1500 t}
assumptions:
  soil: {value: 1, low: 0.3, high: 4, scale: {offers: {material: clean_clay_soil}}, source: a}
  caught: {low: 0.4, high: 1, set: capture.default, source: b, distribution: uniform}
  fill: {value: 1, low: 0.6, high: 1.3, scale: {needs: {use: fill}}, source: c, group: works}
  base: {value: 1, low: 0.5, high: 2, scale: {needs: {use: sub_base}}, source: c, group: works}
  payload:
    values: [15, 20, 40]
    weights: [1, 2, 1]
    set: idle_min_per_load
    source: d
idle_min_per_load: 20
"""
"""One whose soil may be more than there is room for: some of its courses have no plan."""
FEW = 40


def price(scenario):
    return make_legs(scenario, KM)


def solve_all(text=WORLD, draws=FEW, seed=3):
    scenario = make_scenario(text)
    factors = list_factors(scenario)
    levels = draw_levels(factors, draws=draws, seed=seed)
    today = solve_today(scenario, price, factors, levels)
    return today, solve_batch(today, range(draws))


@pytest.fixture(scope="module")
def solved():
    return solve_all()


@pytest.fixture(scope="module")
def summed(solved):
    return sum_up(*solved, seed=3)


def solve_plainly(scenario):
    """The plan as `raastof run` finds it, from nothing, and the effect."""
    plan = assign(scenario, price(scenario))
    return plan, measure_effect(scenario, plan.problem.legs, plan)


def list_flows(plan):
    flows = plan.flows[plan.flows["origin"] != plan.flows["destination"]]
    flows = flows[(flows["giver_kind"] != "pit") & (flows["taker_kind"] != "receiver")]
    summed = flows.groupby(["origin", "destination", "material"])["tonnes"].sum()
    return {tuple(map(str, key)): float(t) for key, t in summed.items() if t >= LEAST_T}


def vary(today, draw):
    """What the file gives by hand: one number after the other, each time read again."""
    scenario = today.scenario
    for factor, level in zip(today.factors, draw.levels, strict=True):
        said = factor.assumption
        value = said.value if said.scale else None
        scenario = read_varied(scenario, edit_for(scenario, said, level)) if level != value else (
            scenario
        )  # fmt: skip
    return scenario


def test_the_design_is_latin():
    """Each of n equally likely parts of a range has one draw; a group is one factor."""
    scenario = make_scenario(WORLD)
    factors = list_factors(scenario)
    assert [one.subject.name for one in factors] == ["soil", "caught", "fill", "base", "payload"]
    levels = draw_levels(factors, draws=100, seed=5)
    soil, caught, fill, base, idle = levels.T
    parts = np.sort(np.floor((caught - 0.4) / 0.6 * 100).astype(int))
    assert parts.tolist() == list(range(100))
    low, value, high = 0.3, 1.0, 4.0
    below = (soil - low) ** 2 / ((high - low) * (value - low))
    above = 1 - (high - soil) ** 2 / ((high - low) * (high - value))
    likely = np.where(soil < value, below, above)
    assert np.sort(np.floor(100 * likely).astype(int)).tolist() == list(range(100))
    assert np.array_equal(np.argsort(fill), np.argsort(base))
    assert not np.array_equal(np.argsort(fill), np.argsort(soil))
    assert {one: int((idle == one).sum()) for one in (15, 20, 40)} == {15: 25, 20: 50, 40: 25}


def test_draws_hang_on_seed_and_factors_alone():
    factors = list_factors(make_scenario(WORLD))
    others = list_factors(make_scenario(WORLD.replace("title: Fire", "title: Fem")))
    levels = draw_levels(factors, draws=30, seed=1)
    assert np.array_equal(levels, draw_levels(others, draws=30, seed=1))
    assert not np.array_equal(levels, draw_levels(factors, draws=30, seed=2))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("low: 1, high: 2, distribution: discrete, set: co2_price_dkk_per_t", "`values`"),
        ("values: [800, 900], distribution: uniform, set: co2_price_dkk_per_t", "`discrete`"),
        ("values: [800, 900], weights: [1], set: co2_price_dkk_per_t", "`weights`"),
        ("values: [800, 900], weights: [0, 0], set: co2_price_dkk_per_t", "`weights`"),
        ("values: [800, 990], high: 900, set: co2_price_dkk_per_t", "990"),
        ("low: 800, high: 900, distribution: normal, set: co2_price_dkk_per_t", "normal"),
    ],
)
def test_what_cannot_be_drawn_is_refused(said, told):
    text = refusal(
        WORLD.partition("assumptions:")[0] + f"assumptions: {{x: {{{said}, source: a}}}}"
    )
    assert told in text


def test_several_at_once_are_what_they_are_one_after_the_other():
    """What one multiplies and another takes the rest of; numbers at paths first."""
    text = (
        WORLD.partition("assumptions:")[0]
        + """
assumptions:
  part: {value: 75 %, low: 50 %, high: 80 %, scale: {needs: {use: fill}},
         rest: {needs: {use: sub_base}}, source: a}
  all: {value: 2, low: 1, high: 3, scale: {needs: {}}, source: a}
  one: {low: 500 , high: 2000, set: sites.road.needs.0.amount, source: a}
"""
    )
    scenario = make_scenario(text)
    part, every, one = scenario.said.assumptions.values()
    varied = read_varied(scenario, edit_together(scenario, [(part, 0.5), (every, 3), (one, 1600)]))
    tonnes = {need.site: need.tonnes for need in varied.needs}
    assert tonnes["road"] == pytest.approx(1600 / 0.75 * 0.5 * 1.5)
    assert tonnes["rail"] == pytest.approx(700 / 0.75 * 0.5 * 1.5)
    assert sum(tonnes.values()) == pytest.approx((1600 + 700 + 500) * 1.5)
    with pytest.raises(InputError, match=r"sites\.road\.needs\.0\.amount"):
        edit_together(scenario, [(one, 1600), (one, 1700)])


def test_a_draw_is_what_its_file_gives(solved):
    """Headlines and matches, against reading and solving from nothing; no plan is a row."""
    today, draws = solved
    lost = mixed = 0
    for draw in draws:
        varied = vary(today, draw)
        try:
            plan, effect = solve_plainly(varied)
        except NoPlanError:
            assert draw.headlines is None
            assert draw.refused
            lost += 1
            continue
        found = read_headlines(effect)
        assert draw.headlines is not None
        for name in HEADLINES:
            if draw.of(name) is None:
                assert found.whole
                mixed += 1
            else:
                assert draw.of(name) == pytest.approx(found.of(name), rel=1e-7, abs=1e-6)
        flows = list_flows(plan)
        assert draw.matches.keys() == flows.keys()
        assert draw.matches == pytest.approx(flows, rel=1e-6, abs=1e-4)
    assert 0 < lost < len(draws)
    assert mixed


def test_shares_are_counted(solved, summed):
    _, draws = solved
    planned = [one for one in draws if one.headlines is not None]
    for used in summed.used:
        tonnes = sorted(one.matches[used.match] for one in planned if used.match in one.matches)
        assert used.share == len(tonnes) / len(planned)
        if tonnes:
            assert sum(one >= used.tonnes[0] for one in tonnes) >= 0.9 * len(tonnes)
    reached = sum(one.headlines is not None and one.headlines[0] >= 0.25 for one in draws)
    assert summed.count_reached("largest_share") == reached
    low, middle, high = summed.bands("saved_dkk")
    each = np.array([one.of("saved_dkk") for one in planned])
    assert (each < low).mean() <= 0.05 + 1 / len(each)
    assert np.median(each) == pytest.approx(middle)
    assert (each > high).mean() <= 0.05 + 1 / len(each)


def agree(scenario, *agreements):
    said = [
        {"giver": one, "taker": two, "material": of, **how} for (one, two, of), how in agreements
    ]
    return read_varied(scenario, {("agreements",): said})


def test_needed_and_possible_agree_with_forbidding_and_asking(summed):
    """An agreement forbids a match, or asks for a tonne of it: what does the plan then come to?"""
    today = summed.today
    best = today.plan.certificate.objective
    seen = set()
    for used in summed.used:
        assert used.weight is not None
        if used.today_t:
            plan, _ = solve_plainly(agree(today.scenario, (used.match, {"forbidden": True})))
            more = plan.certificate.objective - best
            assert used.weight.more == pytest.approx(more, abs=1e-6 * best)
            assert used.weight.needed == (more > 1e-6 * best)
        else:
            plan, _ = solve_plainly(agree(today.scenario, (used.match, {"at_least": "1 t"})))
            more = plan.certificate.objective - best
            assert used.weight.possible == (more <= 1e-9 * best)
        seen.add((bool(used.today_t), used.weight.needed, used.weight.possible))
    assert (True, True, True) in seen
    assert len(seen) > 1


def test_what_is_as_good_is_seen():
    """Two diggings at one distance of all that needs: either may serve, and neither is needed."""
    text = (
        WORLD.partition("sites:")[0]
        + """
sites:
  road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 300 t}]}
  one: {lon: 12.26, lat: 55.59, offers: [{material: clean_clay_soil, amount: 300 t}]}
  two: {lon: 12.22, lat: 55.57, offers: [{material: clean_clay_soil, amount: 300 t}]}
  tip: {lon: 12.19, lat: 55.46, receiver: {accepts: [clean_clay_soil]}}
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand]}}
assumptions:
  soil: {value: 1, low: 0.5, high: 1.5, scale: {offers: {}}, source: a}
"""
    )
    scenario = make_scenario(text.replace("capture: {default: 0.8}", "capture: {default: 1.0}"))
    factors = list_factors(scenario)
    levels = draw_levels(factors, draws=6, seed=1)
    today = solve_today(scenario, lambda one: make_legs(one, 10.0), factors, levels)
    summed = sum_up(today, solve_batch(today, range(6)), seed=1)
    assert {used.match[:2]: used.weight.needed for used in summed.used} == {
        ("one", "road"): False, ("two", "road"): False
    }  # fmt: skip
    assert all(used.weight.possible for used in summed.used)


def test_regret_is_what_agreements_would_add(solved):
    """Where today's tonnes can be delivered, agreements on them give the same plan."""
    today, draws = solved
    asked = 0
    for draw in draws:
        if draw.regret is None or draw.undelivered_t > 1e-6:
            continue
        varied = vary(today, draw)
        free, _ = solve_plainly(varied)
        held = [(match, {"at_least": f"{t:.9f} t"}) for match, t in today.matches.items()]
        plan, _ = solve_plainly(agree(varied, *held))
        more = plan.certificate.objective - free.certificate.objective
        assert draw.regret == pytest.approx(more, abs=1e-6 * free.certificate.objective)
        asked += 1
    assert asked
    assert any(one.undelivered_t > 1 for one in draws)


def test_what_cannot_be_delivered_is_the_least(solved):
    """With so much less of each it can be delivered, and with a little more it cannot."""
    today, draws = solved
    draw = next(one for one in draws if one.undelivered_t > 1)
    offered = sum(one.tonnes for one in vary(today, draw).offers)
    assert sum(today.matches.values()) - draw.undelivered_t <= offered + 1e-6


def test_commitments_are_greedy_and_cost_nothing_in_the_draws_that_are_left(solved, summed):
    today, draws = solved
    planned = [one for one in draws if one.headlines is not None]
    left = planned
    taken = []
    for step in summed.commitments:
        still = {
            match: sum(match in one.matches for one in left)
            for match in today.matches
            if match not in taken
        }
        assert still[step.used.match] == max(still.values())
        taken.append(step.used.match)
        left = [one for one in left if step.used.match in one.matches]
        assert step.together == len(left) / len(planned)
    assert taken
    assert all(one.together >= two.together for one, two in pairwise(summed.commitments))
    draw = left[0]
    varied = vary(today, draw)
    free, _ = solve_plainly(varied)
    held = [(match, {"at_least": f"{draw.matches[match] - 1e-6:.9f} t"}) for match in taken]
    plan, _ = solve_plainly(agree(varied, *held))
    assert plan.certificate.objective == pytest.approx(free.certificate.objective, rel=1e-9)


def test_no_draw_hangs_on_another(solved):
    today, draws = solved
    again = solve_batch(today, [7, 3])
    assert json.dumps([one.to_plain() for one in again]) == json.dumps(
        [draws[number].to_plain() for number in (7, 3)]
    )
    assert read_draw(json.loads(json.dumps(draws[3].to_plain()))) == draws[3]


def test_a_scenario_without_ranges_is_told_so():
    with pytest.raises(InputError, match="assumptions"):
        list_factors(make_scenario(WORLD.partition("assumptions:")[0]))


def test_the_page_says_how_likely_and_what_to_commit_to(summed, tmp_path):
    for language, likely, first in (
        ("da", "tænkelige forløb", "Hvad man kan binde sig til først"),
        ("en", "conceivable courses", "What to commit to first"),
    ):
        scenario = summed.today.scenario.saying(language=language)
        told = replace(summed, today=replace(summed.today, scenario=scenario))
        with speaking(language):
            write_ensemble(told, tmp_path)
            said = str(tell_likelihood(told)[0])
            match = str(tell_commitments(told)[0]).partition(",")[0]
        page = (tmp_path / "ensemble.html").read_text("utf-8")
        begin = page.partition('id="bands"')[0]
        assert likely in begin
        assert said in begin
        assert first in begin
        assert match in begin
        assert "<script" not in page
        assert "//" not in page.replace("http://www.w3.org/", "")
    reasons = {one.refused for one in summed.draws if one.headlines is None}
    assert all(why in page for why in reasons)
    assert (tmp_path / "ensemble.xlsx").stat().st_size > 5000


@pytest.mark.parametrize(
    ("count", "total", "told"),
    [(0, 1000, "0 of 100"), (1, 1000, "fewer than 1 of 100"), (926, 1000, "93 of 100"),
     (999, 1000, "more than 99 of 100"), (1000, 1000, "100 of 100"), (5, 1000, "0 of 100")],
)  # fmt: skip
def test_so_many_of_a_hundred(count, total, told):
    with speaking("en"):
        assert str(say_of_hundred(count, total)) == told


# On real roads, with files.


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("ensemble") / "four.yaml"
    path.write_text(WORLD, encoding="utf-8")
    return path


def read_all(folder):
    return {one.name: one.read_bytes() for one in sorted(folder.iterdir())}


def run(file, into, executor=None, **how):
    _, folder = draw_ensemble(file, into=into, draws=70, executor=executor, **how)
    return read_all(folder)


@pytest.fixture(scope="module")
def whole(file, tmp_path_factory):
    return run(file, tmp_path_factory.mktemp("whole"))


def test_the_files_are_the_same_whoever_works(file, whole, tmp_path):
    assert sorted(whole) == ["draws.json", "ensemble.html", "ensemble.xlsx", "manifest.json"]
    for count in (2, 4):
        with working(count, ready="raastof_geo.pipeline") as team:
            assert run(file, tmp_path / str(count), team) == whole
    with ThreadPoolExecutor(2) as threads:
        assert run(file, tmp_path / "threads", threads) == whole


def test_a_finished_ensemble_is_not_solved_again(file, whole, tmp_path, monkeypatch):
    run(file, tmp_path)
    monkeypatch.setattr(ensemble, "solve_batch", None)
    assert run(file, tmp_path, resume=True) == whole


def test_what_was_left_is_gone_on_with(file, whole, tmp_path, monkeypatch):
    """Batches that are there are not solved again; those of other draws are refused."""
    begun = []

    def fail_later(today, numbers):
        begun.append(numbers[0])
        if numbers[0] >= 40:
            raise KeyboardInterrupt
        return solve_batch(today, numbers)

    monkeypatch.setattr(ensemble, "solve_batch", fail_later)
    with pytest.raises(KeyboardInterrupt):
        run(file, tmp_path)
    parts = tmp_path / "four_ensemble" / "draws"
    assert [one.name for one in sorted(parts.iterdir())] == ["000000.json", "000001.json"]
    monkeypatch.undo()
    with pytest.raises(InputError, match="--resume"):
        run(file, tmp_path, resume=True, seed=2)
    monkeypatch.setattr(
        ensemble, "solve_batch", lambda today, two: begun.append(two[0]) or solve_batch(today, two)
    )
    assert run(file, tmp_path, resume=True) == whole
    assert begun == [0, 20, 40, 40, 60]
    assert not parts.exists()


def test_other_files_stay(file, whole, tmp_path):
    parts = tmp_path / "four_ensemble" / "draws"
    parts.mkdir(parents=True)
    (parts / "mine.json").write_text("{}")
    (parts / "000001.json").write_text('{"format": "raastof_geo draws 1", "design": ""}')
    found = draw_ensemble(file, into=tmp_path, draws=70)[1]
    assert (found / "ensemble.html").read_bytes() == whole["ensemble.html"]
    assert [one.name for one in parts.iterdir()] == ["mine.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed in another way there")
def test_a_killed_run_is_resumed(file, whole, tmp_path):
    command = [sys.executable, "-m", "raastof_geo.cli", "ensemble", str(file), "--draws", "70"]
    command += ["--workers", "2", "--into", str(tmp_path)]
    begun = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    parts = tmp_path / "four_ensemble" / "draws"
    wait_for(lambda: any(parts.glob("*.json")))
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    assert not (tmp_path / "four_ensemble" / "ensemble.html").exists()
    assert run_command([*command[3:], "--resume"]) == 0
    assert read_all(tmp_path / "four_ensemble") == whole


def wait_for(there, patience_s=120):
    begun = time.monotonic()
    while not there():
        assert time.monotonic() - begun < patience_s
        time.sleep(0.05)


def _die_once(place, number):
    """Kill the worker that has the third item, and nobody else."""
    mark = Path(place) / "dead"
    if number == 3 and os.getpid() != int((Path(place) / "pid").read_text()) and not mark.exists():
        mark.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed in another way there")
@pytest.mark.parametrize("team", [True, False])
def test_a_worker_that_dies_loses_nothing(tmp_path, team):
    (tmp_path / "pid").write_text(str(os.getpid()))
    pool = working(3, ready="json") if team else ProcessPoolExecutor(2)
    with pool as executor:
        found = dict(gather(executor, _die_once, str(tmp_path), range(12)))
    assert found == {number: number * number for number in range(12)}
    assert team or (tmp_path / "dead").exists()


def test_an_error_of_a_batch_is_an_error(tmp_path):
    with ThreadPoolExecutor(2) as threads, pytest.raises(ZeroDivisionError):
        list(gather(threads, lambda one, two: one // two, 1, [1, 0, 2]))


def test_the_command_tells_and_refuses(file, tmp_path, capsys):
    command = ["ensemble", str(file), "--draws", "25", "--into", str(tmp_path), "--workers", "1"]
    assert run_command(command) == 0
    told = capsys.readouterr().out
    assert "af 100 tænkelige forløb" in told
    assert "ensemble.html" in told
    assert run_command([*command, "--scheduler", "tcp://127.0.0.1:9"]) == 2


@pytest.mark.slow
def test_a_cluster_of_dask_gives_the_same_bytes(file, whole, tmp_path):
    """Several processes behind a scheduler on this machine, one of them killed on the way."""
    distributed = pytest.importorskip("dask.distributed")
    settings = {"n_workers": 3, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**settings, host="127.0.0.1") as cluster:
        address = cluster.scheduler_address
        with reaching(address) as executor:
            assert run(file, tmp_path / "calm", executor) == whole
        parts = tmp_path / "killed" / "four_ensemble" / "draws"
        with reaching(address) as executor:
            pid = executor.submit(os.getpid).result()

            def kill():
                wait_for(lambda: any(parts.glob("*.json")))
                os.kill(pid, signal.SIGKILL)

            killer = threading.Thread(target=kill)
            killer.start()
            assert run(file, tmp_path / "killed", executor) == whole
            killer.join()


def test_ensembles_have_their_names():
    """What other features use stands in one place."""
    assert {"solve_today", "solve_batch", "sum_up"} <= set(dir(ensemble))


CANDIDATES = {
    "far": "lon: 12.30, lat: 55.45, receiver: {{{what}, opens: {{cost_dkk: 60000}}}}",
    "near": "lon: 12.24, lat: 55.57, receiver: {{{what}, opens: {{cost_dkk: 80000}}}}",
    "small": "lon: 12.23, lat: 55.58, receiver: {{{what}, capacity_total: 700 t, "
    "opens: {{cost_dkk: 100}}}}",
}


def write_candidates(sites, openings):
    lines = [
        f"  {one}: {{{CANDIDATES[one].format(what='accepts: [clean_clay_soil]')}}}" for one in sites
    ]
    return f"""
title: Hvor skal der bygges?
periods: [2027]
vehicles: [tipper_4_axle]
objectives: [cost_dkk]
choices: {{openings: {openings}}}
sites:
{chr(10).join(lines)}
  road: {{lon: 12.10, lat: 55.45, needs: [{{use: fill, amount: 100 t}}]}}
  pit: {{lon: 12.15, lat: 55.63, pit: {{supplies: [fill_sand]}}}}
  digging: {{lon: 12.26, lat: 55.59, offers: [{{material: clean_clay_soil, amount: 600 t}}]}}
  cutting: {{lon: 12.22, lat: 55.57, offers: [{{material: clean_clay_soil, amount: 500 t}}]}}
assumptions:
  soil: {{value: 1, low: 0.2, high: 2, scale: {{offers: {{}}}}, source: a}}
  idle: {{low: 10, high: 60, set: idle_min_per_load, source: b}}
idle_min_per_load: 20
"""


def test_where_to_build_is_what_enumeration_says(tmp_path):
    """Each set in each draw by a file of its own that has no other candidate."""
    draws = 12
    scenario = make_scenario(write_candidates(CANDIDATES, "{at_least: 1, at_most: 2}"))
    factors = list_factors(scenario)
    levels = draw_levels(factors, draws=draws, seed=4)
    today = solve_today(scenario, price, factors, levels)
    solved = solve_batch(today, range(draws))
    summed = sum_up(today, solved, seed=4)
    every = [one for size in (1, 2) for one in combinations(sorted(CANDIDATES), size)]
    value = np.full((draws, len(every)), np.nan)
    for at, sites in enumerate(every):
        alone = make_scenario(write_candidates(sites, f"{{exactly: {len(sites)}}}"))
        for number, each in enumerate(levels.tolist()):
            said = [(factor.assumption, to) for factor, to in zip(factors, each, strict=True)]
            varied = read_varied(alone, edit_together(alone, said))
            with suppress(NoPlanError):
                value[number, at] = assign(varied, price(varied)).certificate.objective
    best = [every[int(np.nanargmin(row))] for row in value]
    assert [one.opened for one in solved] == best
    sets = {one.sites: one for one in summed.sets}
    assert sets.keys() == set(best)
    assert len(sets) > 1
    seen = value[:, [every.index(one) for one in sets]]
    both = ~np.isnan(seen).any(axis=1)
    assert 0 < both.sum() < draws  # some set has no plan where there is too much soil
    worst = np.nanmax(seen - np.nanmin(seen, axis=1)[:, None], axis=0)
    for at, (sites, one) in enumerate(sets.items()):
        assert one.share == best.count(sites) / draws
        assert one.refused == np.isnan(seen[:, at]).sum()
        assert one.mean == pytest.approx(seen[both, at].mean(), rel=1e-6)
        assert one.regret == pytest.approx(worst[at], rel=1e-6, abs=1e-2)
    assert [(one.refused, one.mean) for one in summed.sets] == sorted(
        (one.refused, one.mean) for one in summed.sets
    )
    for language, told in (("en", "Where to build"), ("da", "Hvor der skal bygges")):
        with speaking(language):
            write_ensemble(summed, tmp_path)
        page = (tmp_path / "ensemble.html").read_text(encoding="utf-8")
        assert told in page
        assert ", ".join(summed.sets[0].sites) in page


def test_what_a_match_is_worth_counts_what_would_be_opened_without_it():
    """Where it is forbidden another place has to open, as a file that forbids it says."""
    text = write_candidates(["far", "small"], "{at_least: 1, at_most: 2}")
    text = "\n".join(line for line in text.splitlines() if "cutting" not in line)
    scenario = make_scenario(text.replace("700 t", "500 t"))
    factors = list_factors(scenario)
    today = solve_today(scenario, price, factors, draw_levels(factors, draws=1, seed=4))
    match = ("digging", "road", "clean_clay_soil")
    assert list(today.matches) == [match]
    plan, _ = solve_plainly(agree(scenario, (match, {"forbidden": True})))
    more = plan.certificate.objective - today.plan.certificate.objective
    assert ensemble.weigh_match(today, match).more == pytest.approx(more, rel=1e-6)
