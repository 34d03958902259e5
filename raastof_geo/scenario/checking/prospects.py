"""Say which recipes of which plants can never run, and what each lacks for it.

Before anything is priced; `assignment.unusable` looks at every move, once legs are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from raastof_geo.scenario.market import Hindrance, Market, Trade
from raastof_geo.scenario.scenario import Plant, Process, Scenario

Lacking = Literal["capacity", "nobody", "chain", "together"] | Hindrance
"""Why: the plant may take nothing; nobody gives or takes the material; whoever would has none or
can pass it on to nobody; all is there, but never in one period; or what keeps them apart."""

_Run = tuple[str, str, str]
"""Site, recipe and period."""
_Traded = tuple[str, str, str]
"""Id of a giver or taker, material and period."""


@dataclass(frozen=True)
class Lack:
    """One thing that a recipe would need in order to run."""

    why: Lacking
    material: str = ""
    side: Literal["input", "output", ""] = ""
    sites: tuple[str, ...] = ()
    """Who would give or take it, were it not for that."""


@dataclass(frozen=True)
class Idle:
    """A recipe of a plant that can never run."""

    site: str
    recipe: str
    lacks: tuple[Lack, ...]


def find_idle(scenario: Scenario, *, islands: Mapping[str, int] | None = None) -> tuple[Idle, ...]:
    """Find the recipes that no plan can run, whatever it costs.

    A recipe runs in a period in which every input comes from somebody and every output, residue
    included, goes to somebody. Plants may feed plants, and depots carry from period to period, so
    recipes are ruled out until no more can be. Amounts are not looked at, so that what is found
    is true of every plan; a recipe that is not found may stand idle all the same.

    Parameters
    ----------
    islands
        The number of the island that each site lies on; none: roads lead everywhere.
    """
    return _Search(scenario, islands or {}).idle()


class _Search:
    def __init__(self, scenario: Scenario, islands: Mapping[str, int]) -> None:
        self.scenario = scenario
        self.periods = tuple(scenario.periods)
        self.plants = {plant.site: plant for plant in scenario.plants}
        self.depots = {depot.id: depot for depot in scenario.depots}
        used = [process for plant in scenario.plants for process in plant.processes]
        materials = {name for one in used for name in (*one.inputs, *one.outputs)}
        self.trades = Market(scenario, islands).trades(materials) if used else []

    def idle(self) -> tuple[Idle, ...]:
        runs = {
            (plant.site, process.recipe, period)
            for plant in self.plants.values()
            if not _closed(plant.per_period_t, plant.total_t)
            for process in plant.processes
            for period in self.periods
        }
        while True:
            given, taken = self._spread_supply(runs), self._spread_outlets(runs)
            left = {run for run in runs if self._fed(run, given) and self._emptied(run, taken)}
            if left == runs:
                break
            runs = left
        running = {(site, recipe) for site, recipe, _ in runs}
        return tuple(
            Idle(plant.site, process.recipe, tuple(self._lacks(plant, process, given, taken)))
            for plant in self.plants.values()
            for process in plant.processes
            if (plant.site, process.recipe) not in running
        )

    # --- what reaches the plants --------------------------------------------------------------

    def _spread_supply(self, runs: set[_Run]) -> set[_Traded]:
        """Find what every plant and depot can get, given which recipes may run."""
        reached: set[_Traded] = set()
        while True:
            before = len(reached)
            for trade in self.trades:
                for period in trade.periods:
                    key = (trade.taker.id, trade.giver.material, period)
                    if key not in reached and self._has(trade, period, runs, reached):
                        reached.add(key)
            if len(reached) == before:
                return reached

    def _has(self, trade: Trade, period: str, runs: set[_Run], reached: set[_Traded]) -> bool:
        giver = trade.giver
        if giver.kind == "offer":
            return self._offered[giver.id] > 0
        if giver.kind == "pit":
            return not self._shut_pits[giver.site]
        if giver.kind == "plant":
            return any(
                (giver.site, process.recipe, period) in runs
                and self._fed_by(process, period, reached)
                for process in self.plants[giver.site].processes
                if giver.material in process.outputs
            )
        depot = self.depots[giver.place]
        if depot.start_t.get(giver.material, 0.0) > 0:
            return True
        taker = depot.into
        return any((taker, giver.material, one) in reached for one in self._until(period))

    def _fed(self, run: _Run, given: set[_Traded]) -> bool:
        return self._fed_by(self._process(run), run[2], given)

    def _fed_by(self, process: Process, period: str, given: set[_Traded]) -> bool:
        plant = self.plants[process.site].taker
        return all((plant, material, period) in given for material in process.inputs)

    # --- what leaves the plants ---------------------------------------------------------------

    def _spread_outlets(self, runs: set[_Run]) -> set[_Traded]:
        """Find what every plant and depot can get rid of, given which recipes may run."""
        reached: set[_Traded] = set()
        while True:
            before = len(reached)
            for trade in self.trades:
                for period in trade.periods:
                    key = (trade.giver.id, trade.giver.material, period)
                    if key not in reached and self._has_room(trade, period, runs, reached):
                        reached.add(key)
            if len(reached) == before:
                return reached

    def _has_room(self, trade: Trade, period: str, runs: set[_Run], reached: set[_Traded]) -> bool:
        taker, material = trade.taker, trade.giver.material
        if taker.kind == "need":
            return self._needed[taker.id] > 0
        if taker.kind == "receiver":
            return not self._shut_receivers[taker.site]
        if taker.kind == "plant":
            return any(
                (taker.site, process.recipe, period) in runs
                for process in self.plants[taker.site].processes
                if material in process.inputs
            )
        depot = self.depots[taker.place]
        if _closed(depot.per_period_t, depot.capacity_t):
            return False
        if depot.end_t is None or depot.end_t.get(material, 0.0) > 0:
            return True
        giver = depot.out(material)
        return any((giver, material, one) in reached for one in self._from(period))

    def _emptied(self, run: _Run, taken: set[_Traded]) -> bool:
        """Tell whether all that a recipe makes goes somewhere, if only to plants that run.

        Plants may send to each other in a ring, each time a little less.
        """
        plant = self.plants[run[0]]
        return all(
            (plant.giver(material), material, run[2]) in taken
            for material in self._process(run).outputs
        )

    # --- reasons ------------------------------------------------------------------------------

    def _lacks(
        self, plant: Plant, process: Process, given: set[_Traded], taken: set[_Traded]
    ) -> Iterable[Lack]:
        if _closed(plant.per_period_t, plant.total_t):
            return [Lack("capacity")]
        got = {material for id_, material, _ in given if id_ == plant.taker}
        lost = {material for id_, material, _ in taken if id_ == plant.giver(material)}
        lacks = [
            self._lack(plant.site, material, "input")
            for material in process.inputs
            if material not in got
        ]
        lacks += [
            self._lack(plant.site, material, "output")
            for material in process.outputs
            if material not in lost
        ]
        return lacks or [Lack("together")]

    def _lack(self, site: str, material: str, side: Literal["input", "output"]) -> Lack:
        """Say what keeps one material from coming to a plant, or from leaving it."""
        own = [
            (trade, trade.giver.site if side == "input" else trade.taker.site)
            for trade in self.trades
            if trade.giver.material == material
            and (trade.taker if side == "input" else trade.giver).place == site
            and (trade.taker if side == "input" else trade.giver).kind == "plant"
        ]
        if not own:
            return Lack("nobody", material, side)
        free = tuple(dict.fromkeys(other for trade, other in own if trade.hindrance is None))
        if free:
            return Lack("chain", material, side, free)
        why = min((trade.hindrance for trade, _ in own if trade.hindrance), key=_ORDER.index)
        others = tuple(dict.fromkeys(other for trade, other in own if trade.hindrance == why))
        return Lack(why, material, side, others)

    # --- what is known ------------------------------------------------------------------------

    def _process(self, run: _Run) -> Process:
        return self._processes[run[0], run[1]]

    @cached_property
    def _processes(self) -> dict[tuple[str, str], Process]:
        return {
            (plant.site, process.recipe): process
            for plant in self.plants.values()
            for process in plant.processes
        }

    @cached_property
    def _offered(self) -> dict[str, float]:
        return {offer.id: offer.tonnes for offer in self.scenario.offers}

    @cached_property
    def _needed(self) -> dict[str, float]:
        return {need.id: need.tonnes for need in self.scenario.needs}

    @cached_property
    def _shut_pits(self) -> dict[str, bool]:
        return {pit.site: _closed(pit.per_period_t, pit.total_t) for pit in self.scenario.pits}

    @cached_property
    def _shut_receivers(self) -> dict[str, bool]:
        return {one.site: _closed(one.per_period_t, one.total_t) for one in self.scenario.receivers}

    def _until(self, period: str) -> tuple[str, ...]:
        return self.periods[: self.periods.index(period) + 1]

    def _from(self, period: str) -> tuple[str, ...]:
        return self.periods[self.periods.index(period) :]


_ORDER: tuple[Hindrance, ...] = ("agreements", "trucks", "periods", "roads")
"""The hindrances, the one that is told first."""


def _closed(*limits: float | None) -> bool:
    return any(limit == 0 for limit in limits)
