"""What no plan can use, whatever it costs: recipes that cannot run, legs that lead nowhere.

All of it is certain; what is not found here may still be impossible. `scenario.prospects` asks the
same before anything is priced, so that `check` can warn in the same words.
"""

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from raastof_geo.arrays import Mask
from raastof_geo.assignment.rules.masses import agreed_moves
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.whose import touches
from raastof_geo.assignment.telling import names
from raastof_geo.language import Message, read_texts, say
from raastof_geo.scenario.checking.prospects import Idle, Lack, Prospects, list_trades
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
        uses = (one for one in plant.processes if {*one.inputs, *one.outputs} & {material})
        reasons = [self.recipe(plant, process) for process in uses]
        return next(iter(reasons), None) if all(reasons) else None

    def leg(self, giver: Giver, taker: Taker) -> Message:
        """Say why no plan can use any move between two parties."""
        plants = (one.site for one in (giver, taker) if one.kind == Role.PLANT)
        told = next(filter(None, (self.plant(one, giver.material) for one in plants)), None)
        if told is not None:
            return told
        ends: dict[str, Giver | Taker] = {"giver": giver, "taker": taker}
        depot = next((end for end, party in ends.items() if party.kind == Role.DEPOT), "neither")
        return read_texts("no stock")[depot].format(
            material=names.call_material(self.problem.scenario, giver.material),
            **{end: names.name_site(self.problem.scenario, one.site) for end, one in ends.items()},
        )


def find_unusable(problem: Problem) -> Unusable:
    """Find what certainly cannot be used by the legs that there are and that agreements allow."""
    scenario, moves, periods = problem.scenario, problem.moves, list(problem.scenario.periods)
    # Whatever the truck: a move stands for all between the same two in the same period.
    ends = moves.giver.astype(np.int64) * len(problem.takers) + moves.taker
    ends = ends * len(periods) + moves.period
    _, first, which = np.unique(ends, return_index=True, return_inverse=True)
    barred = (agreed_moves(problem, one) for one in scenario.said.agreements if one.rules_out)
    alive = ~np.isin(first, np.concatenate([*barred, []]))
    met = defaultdict[tuple[str, str], dict[str, int]](dict)
    for at, move in enumerate(first.tolist()):
        giver, taker = problem.givers[moves.giver[move]], problem.takers[moves.taker[move]]
        if giver.kind.converts() or taker.kind.converts():
            met[giver.id, taker.id][periods[moves.period[move]]] = at
    trades = []
    for trade in list_trades(scenario):
        found = met[trade.giver.id, trade.taker.id]
        left = frozenset(period for period, at in found.items() if alive[at])
        why = None if left else "agreements" if found else trade.hindrance or "trucks"
        trades.append(replace(trade, periods=left, hindrance=why))
    search = Prospects(scenario, trades)
    alive &= ~touches(problem, search.void)[first]
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
    if not lack.material:
        return read_texts("lacking recipe")[lack.why]
    return read_texts(f"lacking {lack.side}")[lack.why].format(
        material=names.call_material(scenario, lack.material),
        id=lack.material,
        sites=names.list_sites(scenario, lack.sites),
    )
