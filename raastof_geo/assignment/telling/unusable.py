"""What no plan can use, whatever it costs: recipes that cannot run, legs that lead nowhere.

All of it is certain; what is not found here may still be impossible. `scenario.prospects` asks the
like of recipes alone, before anything is priced, so that `check` can warn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from raastof_geo.arrays import Mask
from raastof_geo.assignment.rules.agreements import agreed_moves
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.telling.names import call, call_material, list_names, name_site
from raastof_geo.language import Message, Readable, say
from raastof_geo.scenario.parties import Giver, Taker
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Depot, Plant, Process


@dataclass(frozen=True)
class Standstill:
    """Why a recipe cannot run in a period."""

    without: tuple[str, ...]
    """Materials that it takes and that nobody can bring."""
    stuck: tuple[str, ...]
    """Materials that it makes and that can go nowhere."""
    full: bool = False
    """Whether the plant may take nothing at all."""


_STOPS = {
    "full": say("{site} may take 0 t, so that it cannot run {recipe}"),
    "refused": say(
        "{site} cannot run {recipe}: no receiver, need, plant or depot takes its "
        "{materials}; add it to `accepts` of a receiver"
    ),
    "stuck": say(
        "{site} cannot run {recipe}: no truck can bring its {materials} to anybody who "
        "could use it in the same period"
    ),
    "without": say("{site} cannot run {recipe}: nobody can bring it {materials}"),
    "never": say(
        "{site} cannot run {recipe}: in no period is there both all that it takes and "
        "somewhere for all that it makes"
    ),
}
"""Why a recipe never runs, in the order in which it is told."""


@dataclass(frozen=True, eq=False)
class Unusable:
    """What no plan can use."""

    problem: Problem
    moves: Mask
    """Of all moves, those that no plan can use."""
    stops: dict[tuple[str, str, str], Standstill] = field(default_factory=dict)
    """Why runs are impossible, by plant, recipe and period."""

    def recipe(self, plant: Plant, process: Process) -> Message | None:
        """Say why a recipe can run in no period; none where it may."""
        periods = self.problem.scenario.periods
        stops = [self.stops.get((plant.site, process.recipe, period)) for period in periods]
        found = [stop for stop in stops if stop is not None]
        if len(found) < len(periods):
            return None
        return self._tell_stops(plant, process, found)

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
            material=call_material(scenario, giver.material),
            giver=name_site(scenario, giver.site),
            taker=name_site(scenario, taker.site),
            site=name_site(scenario, depot),
        )

    def _tell_stops(self, plant: Plant, process: Process, stops: list[Standstill]) -> Message:
        scenario = self.problem.scenario
        told: dict[str, Readable] = {
            "site": name_site(scenario, plant.site),
            "recipe": call(scenario.catalogue.recipes[process.recipe].name),
        }
        stuck = set.intersection(*(set(stop.stuck) for stop in stops))
        without = set.intersection(*(set(stop.without) for stop in stops))
        refused = {material for material in stuck if not self._accepted(plant, material)}
        found = {
            "full": {""} if all(stop.full for stop in stops) else set(),
            "refused": refused,
            "stuck": stuck,
            "without": without,
            "never": {""},
        }
        why = next(key for key, materials in found.items() if materials)
        materials = [
            say("{name} (`{id}`)", name=call_material(scenario, one), id=one)
            for one in sorted(found[why] - {""})
        ]
        return _STOPS[why].format(materials=list_names(materials), **told)

    def _accepted(self, plant: Plant, material: str) -> bool:
        return any(
            material in taker.accepts
            and not (taker.kind == Role.PLANT and taker.place == plant.site)
            for taker in self.problem.takers
        )


def find_unusable(problem: Problem) -> Unusable:
    """Strike out what certainly cannot be used, again and again, until there is nothing more."""
    search = _Search(problem)
    alive = ~_shut(problem)
    while True:
        after = alive & search.usable(alive)
        if (after == alive).all():
            return Unusable(problem, ~alive, search.stops)
        alive = after


def _shut(problem: Problem) -> Mask:
    """Find moves that agreements forbid, and those from and to what has no room or no tonnes."""
    shut = np.zeros(len(problem.moves), bool)
    scenario = problem.scenario
    for agreement in scenario.said.agreements:
        if agreement.rules_out:
            shut[agreed_moves(problem, agreement)] = True
    for places, key in ((scenario.offers, "giver"), (scenario.needs, "taker")):
        for place in places:
            if place.tonnes <= 0:
                shut[problem.of(key, place.id)] = True
    for receiver in scenario.receivers:
        if 0 in (receiver.per_period_t, receiver.total_t):
            shut[problem.of("taker", receiver.site)] = True
    for pit in scenario.pits:
        if 0 in (pit.per_period_t, pit.total_t):
            shut[problem.find(origin=pit.site, giver_kind=Role.PIT)] = True
    return shut


class _Search:
    """Which moves can be used, given those that could be used so far."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.stops: dict[tuple[str, str, str], Standstill] = {}
        self.periods = list(problem.scenario.periods)
        self.givers = {giver.id: number for number, giver in enumerate(problem.givers)}
        names = sorted({giver.material for giver in problem.givers})
        self.material = {name: number for number, name in enumerate(names)}
        self.takers = {taker.id: number for number, taker in enumerate(problem.takers)}
        of_giver = np.array([self.material[giver.material] for giver in problem.givers], np.int64)
        moves = problem.moves
        self.what = of_giver[moves.giver] if len(moves) else np.empty(0, np.int64)

    def usable(self, alive: Mask) -> Mask:
        """Tell which moves can be used by both of their ends."""
        moves, count = self.problem.moves, len(self.periods)
        if not len(moves):
            return alive
        leaves = np.zeros((len(self.givers), count), bool)
        comes = np.zeros((len(self.takers), len(self.material), count), bool)
        leaves[moves.giver[alive], moves.period[alive]] = True
        comes[moves.taker[alive], self.what[alive], moves.period[alive]] = True
        gives, takes = np.ones_like(leaves), np.ones_like(comes)
        for plant in self.problem.scenario.plants:
            self._run(plant, leaves, comes, gives, takes)
        for depot in self.problem.scenario.depots:
            self._store(depot, leaves, comes, gives, takes)
        return np.asarray(
            gives[moves.giver, moves.period] & takes[moves.taker, self.what, moves.period]
        )

    def _run(self, plant: Plant, leaves: Mask, comes: Mask, gives: Mask, takes: Mask) -> None:
        """Let a plant give and take only what a recipe makes and takes that may run."""
        for process in plant.processes:
            gives[[self.givers[plant.giver(one, process)] for one in process.outputs]] = False
        taker = self.takers[plant.taker]
        takes[taker] = False
        for process in plant.processes:
            made = [self.givers[plant.giver(name, process)] for name in _real(process.outputs)]
            for at, period in enumerate(self.periods):
                stop = self._stop(plant, process, leaves[:, at], comes[taker, :, at])
                if stop is not None:
                    # What is struck out first is the reason; the rest only follows from it.
                    self.stops.setdefault((plant.site, process.recipe, period), stop)
                    continue
                gives[made, at] = True
                takes[taker, [self.material[name] for name in _real(process.inputs)], at] = True

    def _stop(self, plant: Plant, process: Process, leaves: Mask, comes: Mask) -> Standstill | None:
        """Find what keeps a recipe from running in a period, given who may send and what comes."""
        lacking = [
            name
            for name in _real(process.inputs)
            if name not in self.material or not comes[self.material[name]]
        ]
        stuck = [
            name
            for name in _real(process.outputs)
            if not leaves[self.givers[plant.giver(name, process)]]
        ]
        full = 0 in (plant.per_period_t, plant.total_t)
        if not (lacking or stuck or full):
            return None
        return Standstill(tuple(lacking), tuple(stuck), full)

    def _store(self, depot: Depot, leaves: Mask, comes: Mask, gives: Mask, takes: Mask) -> None:
        taker = self.takers[depot.into]
        for material in depot.materials:
            giver, what = self.givers[depot.out(material)], self.material[material]
            came = np.logical_or.accumulate(comes[taker, what])
            if depot.start_t.get(material, 0.0) <= 0:
                gives[giver] &= came
            if depot.end_t is not None and depot.end_t.get(material, 0.0) <= 0:
                takes[taker, what] &= np.logical_or.accumulate(leaves[giver][::-1])[::-1]


def _real(shares: Mapping[str, float]) -> list[str]:
    """List the materials of which there is any."""
    return [material for material, share in shares.items() if share > 0]
