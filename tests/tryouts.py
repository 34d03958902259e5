"""What can be tried out in a page: its own code, wherever it runs, held against the house."""

from __future__ import annotations

import base64
import gzip
import json
import pytest
from worlds import make_legs, scenario_of
from raastof_geo.assignment import assign
from raastof_geo.assignment.adjusting.reaction import lay_open
from raastof_geo.effect.measure import measure_effect
from raastof_geo.errors import NoPlanError, ScenarioError
from raastof_geo.legs.legs import price_again
from raastof_geo.outputs.pages.what_if import MOST_COLUMNS, embed_plan
from raastof_geo.result import Result
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.varied import put_value

KINDS = ("value", "shift", "accepts", "closed", "aims", "first")


class Page:
    """What a page holds of a plan, and the same plan made again by the house.

    `run` evaluates an expression in an engine that has the scripts, and gives plain values.
    """

    def __init__(self, run, result, price=price_again, most=MOST_COLUMNS):
        self.run, self.result, self.price = run, result, price
        kinds = dict.fromkeys(map(str, Role), "-")
        text = embed_plan(result, {}, {}, kinds, price=price, most=most)
        assert text
        data = gzip.decompress(base64.b64decode(text))
        self.told = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
        self.run(
            "globalThis.page = new raastof.Programme(raastof.unpack(Uint8Array.from("
            f"atob('{base64.b64encode(data).decode()}'), (one) => one.charCodeAt(0)))), 0"
        )
        problem = lay_open(result.plan, price).problem
        self.givers = [one.id for one in problem.givers]
        self.takers = [one.id for one in problem.takers]
        self.vehicles, self.periods = list(problem.vehicles), list(problem.scenario.periods)

    def answer(self, edits):
        return self.run(
            f"""(() => {{
                const {{ x, proved, none, beyond, proofs }} = page.answer({json.dumps(edits)});
                const flows = x ? [...page.giver.keys()].filter((j) => x[j] > 1e-9).map((j) =>
                    [page.giver[j], page.taker[j], page.vehicle[j], page.period[j], x[j]]) : [];
                return {{ proved, none, beyond, flows, proofs }};
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
        legs = self.price(self.result.legs, scenario)
        try:
            return assign(scenario, legs, explain=False, stated=False)
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
                if told["adjustable"][at]["path"][2] == "needs"
                and one not in told["adjustable"][at]["accepts"]
            ]
            if needs:
                at, condition = chance.choice(needs)
                return {"entries": {at: {"accepts": [condition]}}}
        if kind == "closed" and not told["fixed"]:
            ends = told["givers"] + told["takers"]
            places = {(one[3], one[0]) for one in ends}
            places = sorted(one for one in places if one[0] in ("pit", "receiver"))
            if places:
                return {"closed": {"/".join(map(str, chance.choice(places))): True}}
        if kind == "aims" and told["aims"]:
            level = told["aims"][0]["level"] * chance.choice((0.5, 0.8, 1.1))
            return {"aims": {0: round(level, 6)}}
        if kind == "first":
            return {"first": chance.choice(told["orders"])}
        return {}

    def check(self, edits):
        """Hold the page's answer against the plan of the edited file, and give it."""
        found = self.answer(edits)
        assert found["proved"], (edits, found["proofs"])
        try:
            plan = self.again(edits)
        except ScenarioError:
            return found  # the file refuses it, as an agreement with a closed place
        assert found["none"] == (plan is None), edits
        if plan is not None:
            own = self.name(found["flows"])
            keys = ["giver", "taker", "vehicle", "period"]
            other = plan.flows.groupby(keys, observed=True)["tonnes"].sum().to_dict()
            for key in own.keys() | other.keys():
                told = own.get(key, 0.0), other.get(key, 0.0)
                assert told[0] == pytest.approx(told[1], abs=1e-3), (edits, key)
        return found


def join(*edits):
    """Pile edits up."""
    joined = {}
    for one in edits:
        for key, value in one.items():
            if isinstance(value, dict):
                joined.setdefault(key, {}).update(value)
            else:
                joined[key] = value
    return joined


def page_of(run, world):
    """Pack a random world, whose legs have no roads."""

    def price(_legs, scenario):
        return make_legs(scenario, world.kilometres, factor=world.factor)

    plan = assign(world.scenario, world.legs, explain=False)
    effect = measure_effect(world.scenario, world.legs, plan, briefly=True)
    return Page(run, Result(world.scenario, None, None, world.legs, plan, effect), price)
