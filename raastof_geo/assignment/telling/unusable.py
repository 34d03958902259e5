"""What no plan can use, whatever it costs: recipes that cannot run, legs that lead nowhere.

All of it is certain; what is not found here may still be impossible. `scenario.prospects` asks the
same before anything is priced, so that `check` can warn in the same words.
"""

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from raastof_geo.arrays import Mask
from raastof_geo.assignment.rules.agreements import agreed_moves
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.telling import names
from raastof_geo.language import Message, say
from raastof_geo.scenario.checking.prospects import Idle, Lack, Prospects, Trade, list_trades
from raastof_geo.scenario.parties import Giver, Taker
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Plant, Process, Scenario


@dataclass(frozen=True, eq=False)
class Unusable:
    """What no plan can use."""

    problem: Problem
    moves: Mask
    """Of all moves, those that no plan can use."""
    idle: dict[tuple[str, str], Idle]
    """What recipes lack that can run in no period, by plant and recipe."""

    def recipe(self, plant: Plant, process: Process) -> Message | None:
        """Say why a recipe can run in no period; none where it may."""
        idle = self.idle.get((plant.site, process.recipe))
        return None if idle is None else say_idle(self.problem.scenario, idle)

    def plant(self, site: str, material: str) -> Message | None:
        """Say why a plant can neither take nor make a material in any period."""
        plant = next(one for one in self.problem.scenario.plants if one.site == site)
        reasons = [
            self.recipe(plant, process)
            for process in plant.processes
            if material in process.inputs or material in process.outputs
        ]
        told = [reason for reason in reasons if reason is not None]
        return told[0] if len(told) == len(reasons) and told else None

    def leg(self, giver: Giver, taker: Taker) -> Message:
        """Say why no plan can use any move between two parties."""
        scenario = self.problem.scenario
        for party in (giver, taker):
            if party.kind == Role.PLANT:
                told = self.plant(party.site, giver.material)
                if told is not None:
                    return told
        depot, why = (
            taker.site,
            say(
                "there is nothing to send from {giver} to {taker} that both have in the same period"
            ),
        )
        if giver.kind == Role.DEPOT:
            depot, why = giver.site, say("{material} cannot have come to {site} before")
        elif taker.kind == Role.DEPOT:
            why = say("{material} could not leave {site} again")
        return why.format(
            material=names.call_material(scenario, giver.material),
            giver=names.name_site(scenario, giver.site),
            taker=names.name_site(scenario, taker.site),
            site=names.name_site(scenario, depot),
        )


def find_unusable(problem: Problem) -> Unusable:
    """Find what certainly cannot be used by the legs that there are and that agreements allow."""
    scenario, moves = problem.scenario, problem.moves
    barred = np.zeros(len(moves), bool)
    for agreement in scenario.said.agreements:
        if agreement.rules_out:
            barred[agreed_moves(problem, agreement)] = True
    # Whatever the truck: a move stands for all between the same two in the same period.
    ends = moves.giver.astype(np.int64) * len(problem.takers) + moves.taker
    ends = ends * len(scenario.periods) + moves.period
    _, first, which = np.unique(ends, return_index=True, return_inverse=True)
    met, periods = defaultdict[tuple[str, str], dict[str, int]](dict), list(scenario.periods)
    for at, move in enumerate(first.tolist()):
        giver, taker = problem.givers[moves.giver[move]], problem.takers[moves.taker[move]]
        if giver.kind.converts() or taker.kind.converts():
            met[giver.id, taker.id][periods[moves.period[move]]] = at
    alive, trades = ~barred[first], list[Trade]()
    for trade in list_trades(scenario):
        found = met[trade.giver.id, trade.taker.id]
        left = frozenset(period for period, at in found.items() if alive[at])
        why = None if left else "agreements" if found else trade.hindrance or "trucks"
        trades.append(replace(trade, periods=left, hindrance=why))
    search = Prospects(scenario, trades)
    gives = np.array([(one.kind, one.place) not in search.void for one in problem.givers], bool)
    takes = np.array([(one.kind, one.place) not in search.void for one in problem.takers], bool)
    alive &= gives[moves.giver[first]] & takes[moves.taker[first]]
    for trade in trades:
        found = met[trade.giver.id, trade.taker.id]
        alive[[found[one] for one in trade.periods if not search.may(trade, one)]] = False
    return Unusable(problem, ~alive[which], {(one.site, one.recipe): one for one in search.idle})


def say_idle(scenario: Scenario, idle: Idle) -> Message:
    """Say of a recipe that can never run what it lacks."""
    return say("{site} can never run {recipe} (`{id}`): {reasons}").format(
        site=names.name_site(scenario, idle.site),
        recipe=names.call(scenario.catalogue.recipes[idle.recipe].name),
        id=idle.recipe,
        reasons=names.join_clauses([_say_lack(scenario, lack) for lack in idle.lacks]),
    )


def _say_lack(scenario: Scenario, lack: Lack) -> Message:
    if lack.why == "capacity":
        return say("its capacity is 0")
    if lack.why == "together":
        return say("what goes in and what comes out never have a place in the same period")
    material = scenario.catalogue.materials[lack.material]
    told = {
        "material": names.call(material.name),
        "id": lack.material,
        "sites": names.list_names([names.name_site(scenario, site) for site in lack.sites]),
    }
    sentence = (_OF_INPUT if lack.side == "input" else _OF_OUTPUT)[lack.why]
    return sentence.format(**told)


_OF_INPUT: dict[str, Message] = {
    "nobody": say("no offer, pit, depot or other plant has {material} (`{id}`)"),
    "chain": say("{material} (`{id}`) would come from {sites}, where there is none"),
    "roads": say("{material} (`{id}`) is at {sites} only, and no road leads from there"),
    "trucks": say(
        "no truck that there is may both load {material} (`{id}`) at {sites} and come here"
    ),
    "agreements": say("agreements forbid {material} (`{id}`) from {sites}, and nobody else has it"),
    "periods": say("{material} (`{id}`) is at {sites} in no period of the scenario"),
}
_OF_OUTPUT: dict[str, Message] = {
    "nobody": say("nobody takes its {material} (`{id}`): add it to `accepts` of a receiver"),
    "chain": say(
        "its {material} (`{id}`) could go to {sites} only, which have no use for it or can pass "
        "it on to nobody: add it to `accepts` of a receiver"
    ),
    "roads": say("its {material} (`{id}`) could go to {sites} only, and no road leads there"),
    "trucks": say(
        "no truck that there is may both come here and bring its {material} (`{id}`) to {sites}"
    ),
    "agreements": say(
        "agreements forbid its {material} (`{id}`) to go to {sites}, and nobody else takes it"
    ),
    "periods": say(
        "its {material} (`{id}`) could go to {sites} only, and there in no period in which the "
        "rule allows it"
    ),
}
