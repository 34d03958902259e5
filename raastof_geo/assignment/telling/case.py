"""A case without a plan: what no plan can use, the least violation, and the most there can be."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any
import numpy as np
from raastof_geo.arrays import Columns, Floats, Mask, dot
from raastof_geo.assignment.rules import lay_columns, lay_rows
from raastof_geo.assignment.rules.limits import SHARE_REACHED
from raastof_geo.assignment.rules.masses import agreed_moves
from raastof_geo.assignment.solving.price_in import Clock
from raastof_geo.assignment.solving.solve import Solution, solve
from raastof_geo.assignment.statement import shares
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.row import Bends, Programme, Row, Rule, build_programme
from raastof_geo.assignment.telling import names
from raastof_geo.errors import RaastofError, SolverError
from raastof_geo.language import Message, read_texts, say
from raastof_geo.legs.legs import price_again
from raastof_geo.scenario.parties import Giver, Idle, Lack, Prospects, Taker, Trade, list_trades
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.target import SecondaryShare
from raastof_geo.scenario.scenario import Need, Offer, Plant, Process, Scenario

_BENT: tuple[tuple[Collection[Bends], Collection[Bends]], ...] = (
    ({"first"}, ()),
    ({"first", "next"}, {"next"}),
    ({"first", "next", "last"}, {"first", "next", "last"}),
)
"""When the families bend that may fall short, and that may also exceed their limits, try by try."""

_LEAST_T = 1e-3
_CHANGE = 1e-6
"""A limit binds where one unit more or less on it changes the answer by more than this."""


@dataclass(frozen=True, eq=False)
class Laid:
    """A problem, and the rows that rules laid over it."""

    problem: Problem
    rows: Sequence[Row]
    programme: Programme
    rules: Sequence[Rule]

    def solve(self, cost: Floats, **how: Any) -> Solution:
        """Make a cost least; `how` is as `solve` knows it."""
        return solve(self.problem, programme=self.programme, costs=[cost], **how)

    def restate(self, said: ScenarioFile) -> Laid | None:
        """Lay out another scenario, projects alone as before. Returns none: legs have no price."""
        scenario = replace(self.problem.scenario, said=said)
        try:
            legs = price_again(self.problem.legs, scenario) or self.problem.legs
        except RaastofError:
            return None
        other = lay_columns(scenario, legs, self.rules)
        if scenario.said.targets.fairness is not None:
            other = replace(other, alone=self.problem.alone)
        rows = lay_rows(other, self.rules)
        return Laid(other, rows, build_programme(rows, other.whole), self.rules)

    def without(self, rules: Collection[str]) -> Laid:
        """Lift all rows of some names; decisions that no other row speaks of are not whole."""
        kept = np.array([row.rule not in rules for row in self.rows], bool)
        rows, left = [*itertools.compress(self.rows, kept)], self.programme.keep_rows(kept)
        whole = left.whole & (np.diff(left.matrix.indptr) > 0)
        return replace(self, rows=rows, programme=replace(left, whole=whole))

    def leave_decisions(self) -> Case:
        """Leave the either-or decisions out of what has no plan."""
        linear = self.without({row.rule for row in self.rows if row.family.decides})
        return Case(self.problem, linear.rows, linear.programme, self.rules, self)

    def bend(
        self,
        short: Sequence[int] = (),
        over: Sequence[int] = (),
        limits: Floats | None = None,
        **how: Any,
    ) -> Violation | None:
        """Find the least violation of rows that may fall `short`, or be exceeded (`over`).

        Tonnes of what bends first or next cost 1 each; others by their share of the limit, a
        thousand for the whole of it. Under other `limits`, if any; `how` is as `solve` knows it.
        Returns none where there is no way; next to nothing is not told as a violation.
        """
        bent, count, own = [*short, *over], len(short), self.programme
        last = [self.rows[at].family.bends == "last" for at in bent]
        weight = np.where(last, 1e3 / np.maximum(1.0, np.abs(own.limit[bent])), 1.0)
        cost = np.concatenate([np.zeros(own.column_count), weight])
        other = own if limits is None else replace(own, limit=limits)
        laid = replace(self, programme=other.with_slack(short, over))
        if not (found := laid.solve(cost, **{"start": np.flatnonzero(cost), **how})).feasible:
            return None
        least, by = _LEAST_T / own.scale, found.values[own.column_count :].tolist()
        missing, above = (
            {row: units for row, units in zip(rows, told, strict=True) if units > least}
            for rows, told in ((short, by[:count]), (over, by[count:]))
        )
        return Violation(missing, above, found, partial(self.bend, short, over))


@dataclass(frozen=True, eq=False)
class Violation:
    """By how much rules have to be broken, and which rules leave no other way."""

    short: dict[int, float]
    """Units that are missing to what a row asks for, by row. [t]"""
    over: dict[int, float]
    """Units above what a row allows, by row."""
    found: Solution
    """Its value is all that is missing or above, weighed, and its prices what one unit more on each
    row's limit would change that by."""
    again: Callable[..., Violation | None]
    """Finds it under other limits, as `Laid.bend` does."""

    @property
    def total(self) -> float:
        """Returns all that is missing or above. [t]"""
        return sum(self.short.values()) + sum(self.over.values())

    def binds(self, row: int) -> bool:
        """Tell whether one unit more room on a row makes the violation less.

        More room is a higher limit where a row says at most, a lower one where it says at least,
        and the better of the two where it says exactly. It is solved again, as prices of a corner
        with many rows in it tell of rows that do not bind; what cannot be solved does not bind.
        """
        programme = self.found.programme
        price, value = float(self.found.shadow_prices[row]), self.found.value
        limits = programme.limit.copy()
        limits[row] += -float(programme.sense[row]) or (-1.0 if price > 0 else 1.0)
        other = self.again(limits, start=self.found.start)
        return other is not None and value - other.found.value > _CHANGE + 1e-9 * value


_ROUNDS = 12
_PATIENCE_S = 120.0


@dataclass(frozen=True, eq=False)
class Case(Laid):
    """A programme without a plan, and without its either-or decisions."""

    whole: Laid
    """With its either-or decisions."""
    clock: Clock = field(default_factory=lambda: Clock(_PATIENCE_S))
    """When to say no more than is known."""

    @cached_property
    def violation(self) -> Violation:
        """The least, where needs, surplus and targets bend first, then promises, then all."""
        rows = list(enumerate(self.rows))
        for falling, rising in _BENT:
            short = [at for at, row in rows if row.family.bends in falling and row.sense != "<="]
            over = [at for at, row in rows if row.family.bends in rising and row.sense != ">="]
            if (found := self.bend(short, over)) is not None:
                return found
        raise SolverError(say("the solver found no way to meet even part of the needs"))

    @cached_property
    def unusable(self) -> Unusable:
        """What no plan can use."""
        return find_unusable(self.problem)

    def partners(self, entries: Sequence[Need | Offer]) -> list[str]:
        """Find who may serve needs, or take surplus, in some plan. Returns ids of sites, sorted."""
        needs = isinstance(entries[0], Need)
        mine, theirs = ("taker", "origin") if needs else ("giver", "destination")
        moves = np.concatenate([self.problem.of(mine, entry.id) for entry in entries])
        return sorted(set(self.problem.labels(theirs, moves[~self.unusable.moves[moves]]).tolist()))

    def entry(self, at: int) -> Need | Offer | None:
        """Find the need or the surplus that a row is about. Returns none where it is neither's."""
        return names.find_entry(self.problem.scenario, self.rows[at].about)

    def most(self, wanted: Collection[int]) -> float | None:
        """Find the most that some rows can add up to, if all other wishes may be left open. [t]

        Needs may be met in part, surplus may stay, and the target and the wanted rows' own lower
        limits ask for nothing; all other rules are kept. Where that is no way out, promises are
        left open too. Returns none where even that is none, or where there is no more time.
        """
        if self.clock.over():
            return None
        worth = np.zeros(self.programme.column_count)
        for at in wanted:
            np.add.at(worth, self.rows[at].columns, self.rows[at].coefficients)
        for trial in _open(self, wanted):
            if (found := trial.solve(-worth)).solved:
                return max(0.0, -found.value)
        return None


def _open(laid: Laid, asked: Collection[int] = ()) -> Iterator[Laid]:
    """Let needs, surplus, target and some rows `asked` ask for nothing, and allow what they did.

    Then the same with promises left open too: they may have no way out among themselves.
    """
    free = laid.without({SHARE_REACHED.name})
    sense, limit = free.programme.sense, free.programme.limit
    for open_too in ({"first"}, {"first", "next"}):
        soft = np.array([row.family.bends in open_too for row in laid.rows], dtype=bool)
        soft[list(asked)] = True
        soft = soft[[row.rule != SHARE_REACHED.name for row in laid.rows]]
        softer = np.where(soft & (sense == 0), -1, sense).astype(np.int8)
        least = np.where(soft & (sense > 0), 0.0, limit)
        yield replace(free, programme=replace(free.programme, sense=softer, limit=least))


@dataclass(frozen=True)
class LargestShare:
    """The largest share of secondary materials that any plan can have."""

    target: SecondaryShare
    met: float = 0.0
    """Reference tonnes that secondary materials meet. [t]"""
    needed: float = 0.0
    """Reference tonnes that are needed, or used in the period. [t]"""

    @property
    def share(self) -> float:
        """Returns met of needed; 0 where nothing is needed."""
        return self.met / self.needed if self.needed else 0.0


def find_largest_share(laid: Laid) -> LargestShare | None:
    """Find the largest share, needs and surplus open if it must be. Returns none: not asked for."""
    every = shares.list_asked(laid.problem.scenario)
    asked = next((one for one in every if not one.target.goal), None)
    if asked is None or all(row.rule != SHARE_REACHED.name for row in laid.rows):
        return None
    for trial in itertools.chain([laid.without({SHARE_REACHED.name})], _open(laid)):
        met, needed, found, _ = find_ratio(laid.problem, asked, trial.solve)
        if found:
            return LargestShare(asked.target, met, needed)
    return None


def find_ratio(
    problem: Problem,
    asked: shares.Asked,
    solve: Callable[[Floats], Solution],
    begin: tuple[float, float] = (0.0, 0.0),
) -> tuple[float, float, bool, Solution]:
    r"""Find the largest share of some needs; within one period a ratio of what is chosen.

    With :math:`s_c` reference tonnes met by a tonne on column :math:`c`, and :math:`k_c` those of
    them that count, :math:`\max k x / s x` is found by solving :math:`\max (k - a s) x` for the
    best ratio :math:`a` so far, until that gains nothing: Dinkelbach's method (Management Science
    13, 1967, 492-498), which closes in faster than any straight line: a dozen rounds are plenty.

    `solve` makes a cost of columns least, and a ratio `begin`s where some plan has it. Returns
    what counts, of how much [reference t], whether it is the largest share, and the last solution.
    """
    target, due = asked.target, shares.find_due(problem, asked.target)
    used, counted = np.zeros(problem.column_count), np.zeros(problem.column_count)
    used[due] = problem.reference_share[due]
    counted[due] = shares.weigh_counted(problem, target.definition)[due]
    if target.period is None:
        if not (most := solve(-counted)).solved:
            return 0.0, 0.0, False, most
        return asked.counted_t - most.value, asked.needed_t + asked.crossed_t, True, most
    met, needed = begin
    for _ in range(_ROUNDS):
        share = met / needed if needed else 0.0
        if not (most := solve(share * used - counted)).solved:
            return met, needed, False, most
        values = most.values[: problem.column_count]
        more, of = asked.counted_t + dot(counted, values), asked.crossed_t + dot(used, values)
        if needed and more <= (share + 1e-9) * of:
            break
        met, needed = more, of
        if not more:
            break
    return met, needed, True, most


@dataclass(frozen=True, eq=False)
class Unusable:
    """What no plan can use, whatever it costs: all of it is certain.

    What is not found may still be impossible. `scenario.parties` asks the same before
    anything is priced, so that `check` can warn in the same words.
    """

    problem: Problem
    moves: Mask
    """Of all moves, those that no plan can use."""
    idle: dict[tuple[str, str], Idle]
    """What recipes lack that can run in no period, by plant and recipe."""

    def recipe(self, plant: Plant, process: Process) -> Message | None:
        """Say why a recipe can run in no period. Returns none where it may."""
        idle = self.idle.get((plant.site, process.recipe))
        return None if idle is None else say_idle(self.problem.scenario, idle)

    def plant(self, site: str, material: str) -> Message | None:
        """Say why a plant can never take or make a material. Returns none where it may."""
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
        neither = "taker" if taker.kind == Role.DEPOT else "neither"
        told = read_texts("no stock")["giver" if giver.kind == Role.DEPOT else neither]
        scenario, ends = self.problem.scenario, {"giver": giver.site, "taker": taker.site}
        return names.tell_named(scenario, told, None, material=giver.material, **ends)


def find_unusable(problem: Problem) -> Unusable:
    """Find what certainly cannot be used by the legs that there are and that agreements allow."""
    scenario, moves, periods = problem.scenario, problem.moves, list(problem.scenario.periods)
    # Whatever the truck: a move stands for all between the same two in the same period.
    ends = moves.giver.astype(np.int64) * len(problem.takers) + moves.taker
    ends = ends * len(periods) + moves.period
    _, first, which = np.unique(ends, return_index=True, return_inverse=True)
    barred = (agreed_moves(problem, one) for one in scenario.said.agreements if one.rules_out)
    alive, met = ~np.isin(first, np.concatenate([*barred, []])), _list_met(problem, first)
    trades = [_leave(one, met[one.giver.id, one.taker.id], alive) for one in list_trades(scenario)]
    search = Prospects(scenario, trades)
    alive &= ~shares.touches(problem, search.void)[first]
    for trade in trades:
        found = met[trade.giver.id, trade.taker.id]
        alive[[found[one] for one in trade.periods if not search.may(trade, one)]] = False
    return Unusable(problem, ~alive[which], {(one.site, one.recipe): one for one in search.idle})


def _list_met(problem: Problem, moves: Columns) -> Mapping[tuple[str, str], dict[str, int]]:
    """List who meets a place that converts, by ids and period, by the places of `moves`."""
    found = defaultdict[tuple[str, str], dict[str, int]](dict)
    periods, every = list(problem.scenario.periods), problem.moves
    for at, move in enumerate(moves.tolist()):
        giver, taker = problem.givers[every.giver[move]], problem.takers[every.taker[move]]
        if giver.kind.converts() or taker.kind.converts():
            found[giver.id, taker.id][periods[every.period[move]]] = at
    return found


def _leave(trade: Trade, met: Mapping[str, int], alive: Mask) -> Trade:
    """Leave a trade the periods with a leg that is `alive`; without any, what hinders it."""
    left = frozenset(period for period, at in met.items() if alive[at])
    why = None if left else "agreements" if met else trade.hindrance or "trucks"
    return replace(trade, periods=left, hindrance=why)


def say_idle(scenario: Scenario, idle: Idle) -> Message:
    """Say of a recipe that can never run what it lacks."""
    recipe = names.call(scenario.catalogue.recipes[idle.recipe].name)
    reasons = names.join_clauses([_say_lack(scenario, lack) for lack in idle.lacks])
    told = say("{site} can never run {recipe} (`{id}`): {reasons}", id=idle.recipe)
    return names.tell_named(scenario, told, site=idle.site, recipe=recipe, reasons=reasons)


def _say_lack(scenario: Scenario, lack: Lack) -> Message:
    if not lack.material:
        return read_texts("lacking recipe")[lack.why]
    told = read_texts(f"lacking {lack.side}")[lack.why].format(id=lack.material)
    return names.tell_named(scenario, told, material=lack.material, sites=lack.sites)
