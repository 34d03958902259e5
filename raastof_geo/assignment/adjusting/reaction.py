"""What amounts, windows and targets do to the limits of a programme, seen by asking its rules.

Nothing here knows a rule. A scenario is said otherwise, its rules are asked again, and what they
then say is held against what they said before: limits that move in proportion are numbers; rows
that change in any other way are for a plan of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from raastof_geo.arrays import Columns, Floats, Mask
from raastof_geo.assignment.adjusting.entry import Otherwise, move_window, put, said_of, window_of
from raastof_geo.assignment.adjusting.opened import Opened, find_columns
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules.limits import GOALS_HELD, goals_held
from raastof_geo.assignment.rules.row import Row, RowName, Rule
from raastof_geo.assignment.rules.throughput import BOUNDED
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import SENSES, Programme
from raastof_geo.assignment.statement.statement import lay_programme, lay_rows
from raastof_geo.scenario.scenario import Scenario

SHIFTS = (0, -1, 1)
"""Periods by which a window can be moved."""
MOST_TIMES = 10.0
"""An amount can become so many times as large: up to there rows were seen to keep in proportion."""
_ROOM = 3.0 * MOST_TIMES
"""What bounds that nobody states are multiplied with, so that they hold for larger amounts too."""
_SAME = 1e-9
"""Share of a limit by which two ways to it may differ."""
_STEP = 0.05
"""By which a target is moved to see what moves with it."""


@dataclass(frozen=True, eq=False)
class Reaction:
    """What an entry does to limits while its window is moved by some periods, or by none."""

    change: dict[int, float]
    """By row what moving the window changes, at the amount of the file."""
    slope: dict[int, float]
    """By row what one unit more of the amount changes."""


@dataclass(frozen=True, eq=False)
class AimedShare:
    """A target on a share, and what it does to its row."""

    number: int
    """Its place in the list of the scenario."""
    at_least: float
    row: int
    limit: float
    """What one more changes of the limit."""
    columns: Columns
    coefficients: Floats
    """What one more changes of the coefficient of each of these columns."""
    crossed: dict[tuple[int, int], tuple[float, float]]
    """By entry and shift, what one more changes of the change and the slope in this row."""


@dataclass(frozen=True, eq=False)
class Reactions:
    """A programme, and all that moves its rows."""

    programme: Programme
    """All columns, and the limits of the scenario as it is."""
    names: tuple[RowName, ...]
    entries: dict[tuple[int, int], Reaction]
    """By entry and shift; none where its rows do not keep in proportion."""
    aims: tuple[AimedShare, ...]


def react(opened: Opened, plan: Plan) -> Reactions | None:
    """See what moves the rows of a plan; none: over its own columns they are not those of the plan.

    What rests on a programme of its own, as what projects have alone does, keeps its numbers: see
    `why_fixed`.
    """
    asked = _Asked(opened, plan)
    if not asked.holds():
        return None
    found = {} if why_fixed(plan.scenario) else asked.find()
    aims = tuple(asked.aim(number, found) for number in range(len(asked.targets)))
    return Reactions(asked.programme, tuple(asked.names), found, tuple(filter(None, aims)))


def why_fixed(scenario: Scenario) -> str:
    """Say by which key amounts, windows, places and conditions are for a plan of their own."""
    return "targets.fairness" if scenario.said.targets.fairness is not None else ""


class _Asked:
    """The rules of a plan, asked again and again over the same columns."""

    def __init__(self, opened: Opened, plan: Plan) -> None:
        self.opened, self.plan, self.rules = opened, plan, plan.rules
        self.asking = [rule for rule in plan.rules if rule is not goals_held]
        self.scenario = opened.scenario
        self.periods = tuple(self.scenario.periods)
        base = self._state(self.scenario)
        rows = lay_rows(base, self.rules)
        known = set(map(_key, rows))
        # Rows of windows that are not there yet: nothing is asked of them.
        wide = lay_rows(self._state(opened.problem.scenario), self.rules)
        rows += [replace(row, limit=0.0) for row in wide if _key(row) not in known]
        rows, programme = lay_programme(base, rows)
        # How near to the goals plans can come is found, and then held, before all else.
        bounds = np.array([row.family in (BOUNDED, GOALS_HELD) for row in rows], bool)
        limit = np.where(bounds, _ROOM * programme.limit, programme.limit)
        self.programme = programme.with_limits(limit)
        self.names = [row.name for row in rows]
        self.number = {_key(row): at for at, row in enumerate(rows)}
        self.laid = rows

    @property
    def targets(self) -> tuple[object, ...]:
        return self.scenario.said.targets.secondary_share

    def _state(self, scenario: Scenario) -> Problem:
        state = self.opened.problem.with_scenario(scenario)
        return replace(state, alone=self.plan.problem.alone)

    def holds(self) -> bool:
        """Tell whether rows over the columns that are open are those of the plan."""
        own = self.plan.proof.programme
        places = find_columns(self.plan.problem, self.opened.problem)
        told = zip(self.plan.proof.rows, own.sense.tolist(), strict=True)
        at = [
            self.number.get((str(name.family), str(name.about), SENSES[sense + 1]), -1)
            for name, sense in told
        ]
        if places is None or -1 in at:
            return False
        free = np.array([name.family in (BOUNDED, GOALS_HELD) for name in self.plan.proof.rows])
        bound = np.array([name.family == BOUNDED for name in self.plan.proof.rows])
        mine = self.programme.matrix[at][:, places].tocsr()[~bound]
        others = np.setdiff1d(np.arange(len(self.names)), at)
        extra = self.programme.matrix[others][:, places]
        return (
            abs(mine - own.matrix.tocsr()[~bound]).max() < _SAME
            and np.array_equal(self.programme.sense[at], own.sense)
            and np.allclose(self.programme.limit[at][~free], own.limit[~free], rtol=_SAME)
            and (extra.nnz == 0 or bool(all(self.names[one].family == BOUNDED for one in others)))
        )

    def ask(self, scenario: Scenario, rules: Iterable[Rule]) -> tuple[Floats, Mask]:
        """Give the limit of every row, zero of rows that are not there, and which are bent."""
        limit, bent = self.programme.limit.copy(), np.zeros(len(self.names), bool)
        rules = tuple(rules)
        for rule in rules:
            limit[self.of_rule[rule]] = 0.0
        state = self._state(scenario)
        for rule in rules:
            for row in rule(state):
                at = self.number.get(_key(row))
                if at is None:
                    bent[self.of_rule[rule]] = True
                    continue
                limit[at] = row.limit
                bent[at] |= not _alike(row, self.laid[at])
        return limit, bent

    @cached_property
    def of_rule(self) -> dict[Rule, Columns]:
        """The rows of each rule."""
        found: dict[Rule, list[int]] = {}
        for scenario in (self.scenario, self.opened.problem.scenario):
            state = self._state(scenario)
            for rule in self.rules:
                found.setdefault(rule, []).extend(self.number[_key(row)] for row in rule(state))
        return {rule: np.unique(np.array(rows, np.int64)) for rule, rows in found.items()}

    # Amounts and windows.

    @cached_property
    def values(self) -> Floats:
        """The amount of every entry, in the unit of the file."""
        said = (said_of(self.scenario, one) for one in self.opened.entries)
        return np.array([one.quantity.value for one in said], np.float64)

    @cached_property
    def scales(self) -> Floats:
        return np.where(self.values > 0, self.values, 1.0)

    def movable(self, at: int, shift: int) -> bool:
        """Tell whether the window of an entry can be moved so."""
        if not shift:
            return True
        window = window_of(said_of(self.scenario, self.opened.entries[at]), self.periods)
        moved = move_window(window, shift, len(self.periods))
        return self.opened.widened and moved is not None

    def put(
        self, shifts: Mapping[int, int], values: Mapping[int, float], base: Scenario | None = None
    ) -> Scenario:
        """Say some entries otherwise."""
        states = {}
        for at in shifts.keys() | values.keys():
            shift = shifts.get(at, 0)
            states[self.opened.entries[at]] = Otherwise(
                shift if self.movable(at, shift) else 0, values.get(at, float(self.values[at]))
            )
        return put(base or self.scenario, states)

    def find(self) -> dict[tuple[int, int], Reaction]:
        """Find the reaction of every entry that has one, and see that all of them add up."""
        every = range(len(self.values))
        found = {
            (at, shift): Reaction({}, {})
            for at in every
            for shift in SHIFTS
            if self.movable(at, shift)
        }
        draw = np.random.default_rng(0)
        rules = self._touched(draw)
        several = self._find_single(found, rules, draw)
        self._find_several(found, rules, several)
        for factors in (0.0, MOST_TIMES, None, None):
            self._see(found, rules, draw, factors)
        return found

    def _touched(self, draw: np.random.Generator) -> tuple[Rule, ...]:
        """Find the rules that some entry moves rows of."""
        every = range(len(self.values))
        touched = set()
        for shift in SHIFTS:
            values = dict(enumerate((self.values + self.scales * draw.random(len(every))).tolist()))
            limit, bent = self.ask(self.put(dict.fromkeys(every, shift), values), self.asking)
            moved = bent | _differ(limit, self.programme.limit)
            touched |= {rule for rule, rows in self.of_rule.items() if moved[rows].any()}
        return tuple(rule for rule in self.asking if rule in touched)

    def _find_single(
        self,
        found: dict[tuple[int, int], Reaction],
        rules: tuple[Rule, ...],
        draw: np.random.Generator,
    ) -> Mask:
        """Find the one entry that moves each row, and how far; give the rows that several move.

        All amounts grow at once: by as much, by steps that number the entries, and by chance. A row
        that one entry moves tells by the second which one it is, and by the third that it is alone.
        """
        count = len(self.values)
        every = range(count)
        owner, several = np.full(len(self.names), -1), np.zeros(len(self.names), bool)
        chance = draw.random(count) + 0.5
        moved = []
        for shift in SHIFTS:
            shifts = dict.fromkeys(every, shift)
            rates = (np.zeros(count), np.ones(count), (1.0 + np.arange(count)) / count, chance)
            limits, bents = zip(
                *(
                    self.ask(
                        self.put(
                            shifts, dict(enumerate((self.values + rate * self.scales).tolist()))
                        ),
                        rules,
                    )
                    for rate in rates
                ),
                strict=True,
            )
            several |= np.logical_or.reduce(bents)
            steps = [limit - limits[0] for limit in limits[1:]]
            moves = np.logical_or.reduce([_differ(limit, limits[0]) for limit in limits[1:]])
            with np.errstate(divide="ignore", invalid="ignore"):
                which = steps[1] / steps[0] * count - 1.0
            near = np.nan_to_num(np.round(which), nan=-1.0, posinf=-1.0, neginf=-1.0).astype(
                np.int64
            )
            fits = (near >= 0) & (near < count)
            near = np.where(fits, near, 0)
            alone = (
                fits
                & (np.abs(which - near) < 1e-6 * count)
                & _close(steps[2], chance[near] * steps[0])
            )
            several |= moves & (~alone | ((owner >= 0) & (owner != near)))
            owner = np.where(moves & alone & (owner < 0), near, owner)
            moved.append((shift, limits[0], steps[0], moves))
        for _, limit, _, _ in moved:
            several |= _differ(limit, self.programme.limit) & (owner < 0)
        for shift, limit, step, moves in moved:
            for row in np.flatnonzero((owner >= 0) & ~several).tolist():
                at = int(owner[row])
                reaction = found.get((at, shift))
                if reaction is None:
                    continue
                if moves[row]:
                    reaction.slope[row] = _round(step[row] / self.scales[at])
                if _differ(limit, self.programme.limit)[row]:
                    reaction.change[row] = float(limit[row] - self.programme.limit[row])
        return several

    def _find_several(
        self, found: dict[tuple[int, int], Reaction], rules: tuple[Rule, ...], several: Mask
    ) -> None:
        """Ask the rules whose rows several entries move about each of them alone."""
        rules = tuple(rule for rule in rules if several[self.of_rule[rule]].any())
        if not rules:
            return
        for key in list(found):
            told = self._ask_alone(key, rules)
            if told is None:
                del found[key]
                continue
            change, slope = told
            for row in np.flatnonzero(several).tolist():
                if abs(change[row]) > _SAME * max(1.0, abs(self.programme.limit[row])):
                    found[key].change[row] = float(change[row])
                if abs(slope[row] * self.scales[key[0]]) > _SAME * max(
                    1.0, abs(self.programme.limit[row])
                ):
                    found[key].slope[row] = _round(slope[row])

    def _ask_alone(
        self, key: tuple[int, int], rules: tuple[Rule, ...], base: Scenario | None = None
    ) -> tuple[Floats, Floats] | None:
        """Give what one entry changes of every limit, and its slope; none: it bends a row."""
        at, shift = key
        value, scale = float(self.values[at]), float(self.scales[at])
        before, _ = self.ask(base, rules) if base is not None else (self.programme.limit, None)
        still, bent = self.ask(self.put({at: shift}, {}, base), rules)
        more, bent_too = self.ask(self.put({at: shift}, {at: value + scale}, base), rules)
        if base is None and (bent.any() or bent_too.any()):
            return None
        return still - before, (more - still) / scale

    def _see(
        self,
        found: dict[tuple[int, int], Reaction],
        rules: tuple[Rule, ...],
        draw: np.random.Generator,
        factor: float | None,
    ) -> None:
        """See that entries add up in windows drawn by chance, at some factor or at any.

        Limits that bend one way only, as the larger of two does, and are in proportion at both ends
        and between them, are so everywhere.
        """
        count = len(self.values)
        keys = set(found)
        shifts = {}
        for at in range(count):
            mine = [shift for shift in SHIFTS if (at, shift) in keys]
            if mine:
                shifts[at] = int(draw.choice(mine))
        factors = np.full(count, factor) if factor is not None else MOST_TIMES * draw.random(count)
        values = {at: float(self.values[at] * factors[at]) for at in shifts}
        limit, bent = self.ask(self.put(shifts, values), rules)
        told = self.programme.limit.copy()
        for at, shift in shifts.items():
            reaction = found[at, shift]
            for row, change in reaction.change.items():
                told[row] += change
            for row, slope in reaction.slope.items():
                told[row] += slope * (values[at] - self.values[at])
        wrong = bent | ~_close(limit, told)
        if not wrong.any():
            return
        rows = set(np.flatnonzero(wrong).tolist())
        for key in [
            key for key, one in found.items() if rows & (one.change.keys() | one.slope.keys())
        ]:
            del found[key]

    # Targets.

    def aim(self, number: int, found: Mapping[tuple[int, int], Reaction]) -> AimedShare | None:
        """See what a target moves: one row, in proportion; none: more than that."""
        said = self.scenario.said.targets
        asked = self.scenario.said.targets.secondary_share[number]

        def at(level: float) -> Scenario:
            shares = list(said.secondary_share)
            shares[number] = asked.model_copy(update={"at_least": level})
            return self.scenario.saying(
                targets=said.model_copy(update={"secondary_share": tuple(shares)})
            )

        levels = (asked.at_least, asked.at_least + _STEP, asked.at_least + 2 * _STEP)
        laid = [
            {_key(row): row for row in lay_rows(self._state(at(level)), self.rules)}
            for level in levels
        ]
        moved = [
            name
            for name, row in laid[0].items()
            if row.family != GOALS_HELD and not _equal(row, laid[1].get(name))
        ]
        if len(moved) != 1 or any(one.keys() != laid[0].keys() for one in laid):
            return None
        rows = [one[moved[0]] for one in laid]
        columns = np.unique(np.concatenate([row.columns for row in rows]))
        spread = [_spread(row, columns) for row in rows]
        if not np.allclose(spread[1] - spread[0], spread[2] - spread[1], atol=1e-12):
            return None
        if not np.isclose(rows[1].limit - rows[0].limit, rows[2].limit - rows[1].limit, rtol=1e-9):
            return None
        row = self.number[moved[0]]
        rule = tuple(rule for rule, mine in self.of_rule.items() if row in mine)
        crossed = {}
        for key, reaction in found.items():
            if row not in reaction.slope and row not in reaction.change:
                continue
            told = self._ask_alone(key, rule, at(levels[1]))
            if told is None:
                return None
            change = (told[0][row] - reaction.change.get(row, 0.0)) / _STEP
            slope = (told[1][row] - reaction.slope.get(row, 0.0)) / _STEP
            crossed[key] = (_round(change), _round(slope))
        step = (spread[1] - spread[0]) / _STEP
        used = np.abs(step) > 1e-12
        return AimedShare(
            number,
            asked.at_least,
            row,
            _round((rows[1].limit - rows[0].limit) / _STEP),
            columns[used],
            np.array([_round(one) for one in step[used]]),
            crossed,
        )


def _key(row: Row) -> tuple[str, str, str]:
    return row.rule, row.label, row.sense


def _alike(row: Row, other: Row) -> bool:
    """Tell whether two rows have the same coefficients."""
    return (
        row.sense == other.sense
        and np.array_equal(row.columns, other.columns)
        and np.array_equal(row.coefficients, other.coefficients)
    )


def _equal(row: Row, other: Row | None) -> bool:
    return other is not None and row.limit == other.limit and _alike(row, other)


def _spread(row: Row, columns: Columns) -> Floats:
    spread = np.zeros(len(columns))
    spread[np.searchsorted(columns, row.columns)] = row.coefficients
    return spread


def _differ(one: Floats, other: Floats) -> Mask:
    return ~_close(one, other)


def _close(one: Floats, other: Floats) -> Mask:
    return np.asarray(
        np.abs(one - other) <= _SAME * np.maximum(1.0, np.maximum(np.abs(one), np.abs(other)))
    )


def _round(value: float) -> float:
    """Drop the digits that a difference of large numbers has lost."""
    return float(f"{value:.11g}")
