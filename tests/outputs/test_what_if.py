"""The page's own code solves edited plans as the house does, and its proof believes no solver."""

from __future__ import annotations

import base64
import gzip
import json
import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from places import SCENARIOS
from strategies import worlds
from worlds import make_legs, make_scenario, scenario_of

from raastof_geo.assignment import assign
from raastof_geo.assignment.adjusting.opened import lay_open
from raastof_geo.assignment.adjusting.reaction import react
from raastof_geo.effect.measure import measure_effect
from raastof_geo.errors import NoPlanError, ScenarioError
from raastof_geo.legs.price import price_again
from raastof_geo.outputs.pages.page import LATER
from raastof_geo.outputs.pages.what_if import embed_plan
from raastof_geo.outputs.template import read_asset
from raastof_geo.pipeline import solve_scenario
from raastof_geo.result import Result
from raastof_geo.scenario.reading.read import read_scenario
from raastof_geo.scenario.varied import put_value

mini_racer = pytest.importorskip("py_mini_racer")
KINDS = ("value", "shift", "accepts", "closed", "aims", "first")


class Page:
    """What a page holds of a plan, run by V8, and the same plan made again by the house."""

    def __init__(self, result, price=price_again):
        self.result, self.price = result, price
        words = {"receiver": ["-"], "plant": ["-"], "depot": ["-"], "stockpile": ["-"]}
        places = {"sites": list(result.scenario.sites), "materials": [], "uses": []}
        text = embed_plan(result, places | words, price=price)
        assert text
        data = gzip.decompress(base64.b64decode(text))
        self.told = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
        self.v8 = mini_racer.MiniRacer()
        self.v8.eval("globalThis.raastof = {};")
        for name in LATER[:3]:
            code = read_asset(f"pages/{name}.js")
            self.v8.eval(f"((raastof) => {{{code}}})(globalThis.raastof)")
        unpacked = f"raastof.unpack(new Uint8Array({list(data)}))"
        self.v8.eval(f"globalThis.page = new raastof.Programme({unpacked}); 0")
        problem = lay_open(result.plan, price).problem
        self.givers = [one.id for one in problem.givers]
        self.takers = [one.id for one in problem.takers]
        self.vehicles, self.periods = list(problem.vehicles), list(problem.scenario.periods)

    def run(self, code):
        return json.loads(self.v8.eval(f"JSON.stringify({code})"))

    def answer(self, edits):
        return self.run(
            f"""(() => {{
                const {{ x, proved, none = false, proofs }} = page.answer({json.dumps(edits)});
                const flows = x ? [...page.giver.keys()].filter((j) => x[j] > 1e-9).map((j) =>
                    [page.giver[j], page.taker[j], page.vehicle[j], page.period[j], x[j]]) : [];
                return {{ proved, none, flows, proofs }};
            }})()"""
        )

    def name(self, flows):
        found = {}
        for giver, taker, vehicle, period, tonnes in flows:
            key = (
                self.givers[giver],
                self.takers[taker],
                self.vehicles[vehicle],
                self.periods[period],
            )
            found[key] = found.get(key, 0.0) + tonnes
        return found

    def again(self, edits):
        """Make the plan of the edited file; none: there is none."""
        values = self.result.scenario.values
        for path, value in self.run(f"page.patch({json.dumps(edits)})"):
            values = put_value(values, tuple(path), value)
        scenario = scenario_of(values)
        try:
            return assign(
                scenario, self.price(self.result.legs, scenario), explain=False, stated=False
            )
        except NoPlanError:
            return None

    def draw(self, chance, kind):  # noqa: PLR0911
        """Draw an edit of a kind; empty where the scenario has none."""
        told = self.told
        able = [at for at, one in enumerate(told["adjustable"]) if one["moves"]]
        if kind == "value" and able:
            at = chance.choice(able)
            value = told["adjustable"][at]["value"] * chance.choice((0.1, 0.5, 0.8, 1.2, 1.4, 2.0))
            return {"entries": {at: {"value": round(value, 3)}}}
        if kind == "shift":
            moves = [
                (at, int(shift))
                for at in able
                for shift, ends in told["adjustable"][at]["moves"].items()
                if shift != "0" and ends
            ]
            if moves:
                at, shift = chance.choice(moves)
                return {"entries": {at: {"shift": shift}}}
        if kind == "accepts" and told["widened"]:
            needs = [
                (at, one)
                for at in able
                for one in told["conditions"]
                if told["adjustable"][at]["list"] == "needs"
                and one not in told["adjustable"][at]["accepts"]
            ]
            if needs:
                at, condition = chance.choice(needs)
                return {"entries": {at: {"accepts": [condition]}}}
        if kind == "closed" and not told["fixed"]:
            ends = told["givers"] + told["takers"]
            places = {(told["kinds"][one[3]], one[0]) for one in ends}
            places = sorted(one for one in places if one[0] in ("pit", "receiver"))
            if places:
                return {"closed": {"/".join(map(str, chance.choice(places))): True}}
        if kind == "aims" and told["aims"]:
            return {
                "aims": {0: round(told["aims"][0]["level"] * chance.choice((0.5, 0.8, 1.1)), 6)}
            }
        if kind == "first":
            return {"first": chance.choice(told["orders"])}
        return {}

    def check(self, edits):
        """Hold the page's answer against the plan of the edited file."""
        found = self.answer(edits)
        assert found["proved"], (edits, found["proofs"])
        try:
            plan = self.again(edits)
        except ScenarioError:
            return  # the file refuses it, as an agreement with a closed place
        assert found["none"] == (plan is None), edits
        if plan is None:
            return
        own = self.name(found["flows"])
        keys = ["giver", "taker", "vehicle", "period"]
        other = plan.flows.groupby(keys, observed=True)["tonnes"].sum().to_dict()
        for key in own.keys() | other.keys():
            assert own.get(key, 0.0) == pytest.approx(other.get(key, 0.0), abs=1e-3), (edits, key)


def join(*edits):
    joined = {}
    for one in edits:
        for key, value in one.items():
            if isinstance(value, dict):
                joined.setdefault(key, {}).update(value)
            else:
                joined[key] = value
    return joined


@pytest.fixture(scope="module")
def town():
    return Page(solve_scenario(read_scenario(SCENARIOS / "koege_bugt.yaml")))


@pytest.mark.parametrize("kind", KINDS)
def test_edits_of_each_kind_give_the_plan_of_the_edited_file(town, kind):
    chance = random.Random(kind)
    for _ in range(4):
        town.check(town.draw(chance, kind))


def test_edits_that_pile_up_give_the_plan_of_the_edited_file(town):
    chance = random.Random(0)
    for _ in range(16):
        town.check(join(*(town.draw(chance, chance.choice(KINDS)) for _ in range(3))))


def test_no_plan_is_proved_and_says_how_far_one_could_get(town):
    found = town.answer({"aims": {0: 0.999}})
    assert found["none"] and found["proved"]
    lacking = town.run("page.reach({aims: {0: 0.999}})")
    assert [one["row"] for one in lacking] == [town.told["aims"][0]["row"]]
    needed = town.told["aims"][0]["limit"]
    most = 0.999 - lacking[0]["t"] / needed
    assert not town.answer({"aims": {0: most - 1e-6}})["none"]
    assert town.answer({"aims": {0: most + 1e-6}})["none"]


def test_falsified_steps_are_never_believed(town):
    """Numbers that the solver counts on are changed on the way; what is proved is still right."""
    told = town.run(
        """(() => {
            let seed = 1, falsified = 0, believed = 0, wrong = 0;
            const draw = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
            const edits = [];
            page.told.adjustable.forEach((one, at) => {
                for (const times of [0.1, 0.5, 1.5, 2]) {
                    edits.push({ entries: { [at]: { value: one.value * times } } });
                }
            });
            const truth = edits.map((one) => page.answer(one));
            const comes = ({ x }) => x && x.reduce((sum, t, j) => sum + t * page.costs[0][j], 0);
            for (let round = 0; round < 1000; round++) {
                const at = Math.floor(draw() * edits.length);
                let left = Math.floor(draw() * 4), done = false;
                const tamper = (solver, r) => {
                    if (done || left-- > 0) return;
                    solver.work[r] *= 1 + (draw() < 0.5 ? -0.5 : 3) * draw();
                    if (draw() < 0.5) solver.limit[r] += 1000 * draw();
                    done = true;
                };
                page.basis = [];
                const found = page.answer(edits[at], tamper);
                falsified += done ? 1 : 0;
                if (!found.proved) continue;
                believed++;
                const [own, real] = [comes(found), comes(truth[at])];
                if (Boolean(found.none) !== Boolean(truth[at].none)) wrong++;
                else if (own !== undefined && Math.abs(own - real) > 1e-5 * Math.abs(real)) wrong++;
            }
            return { falsified, believed, wrong };
        })()"""
    )
    assert told["falsified"] > 500, told
    assert told["wrong"] == 0, told


def page_of(world):
    """Pack a random world, whose legs have no roads."""

    def price(_legs, scenario):
        return make_legs(scenario, world.kilometres, factor=world.factor)

    plan = assign(world.scenario, world.legs, explain=False)
    effect = measure_effect(world.scenario, world.legs, plan, briefly=True)
    return Page(Result(world.scenario, None, None, world.legs, plan, effect), price)


@settings(
    max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(worlds())
def test_random_worlds_give_the_plan_of_the_edited_file(world):
    try:
        page = page_of(world)
    except NoPlanError:
        return
    chance = random.Random(world.seed)
    for kind in KINDS:
        page.check(page.draw(chance, kind))


FAIR = """
title: Fair
language: en
periods: [2027]
vehicles: [tipper_4_axle]
sites:
  road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 1000 t}]}
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand]}}
"""


def react_to(text):
    scenario = make_scenario(text)
    plan = assign(scenario, make_legs(scenario))
    opened = lay_open(plan, lambda _legs, other: make_legs(other))
    return opened, react(opened, plan)


def test_a_need_moves_the_target_too():
    _, moved = react_to(FAIR + "targets: {secondary_share: {at_least: 0 %}}\n")
    rows = {str(moved.names[row].family): slope for row, slope in moved.entries[0, 0].slope.items()}
    assert rows == {"needs_met": 1.0}
    assert moved.aims[0].limit == 1000.0
    assert moved.aims[0].crossed[0, 0][1] == pytest.approx(1.0) if moved.aims[0].crossed else True


def test_what_rests_on_another_programme_is_for_the_planner():
    _, moved = react_to(FAIR + "targets: {fairness: {measure: cost_dkk}}\n")
    assert moved is not None and not moved.entries


def test_what_is_not_in_proportion_is_for_the_planner():
    """What is locked may be more than the share that can be put to use: the larger one counts."""
    offer = "[{material: clean_sandy_soil, amount: 500 t, must_leave: false}]"
    dig = f"sites:\n  dig: {{lon: 12.2, lat: 55.5, offers: {offer}}}"
    text = FAIR.replace("sites:", dig)
    _, free = react_to(text + "capture: {default: 50 %}\n")
    _, locked = react_to(
        text + "capture: {default: 50 %}\nagreements: "
        "[{giver: dig, taker: road, material: clean_sandy_soil, at_least: 200 t}]\n"
    )
    assert len(free.entries) == len(locked.entries) + 1
