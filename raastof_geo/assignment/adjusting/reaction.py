"""What amounts, windows and targets do to the limits of a programme, seen by asking its rules.

Nothing here knows a rule. A scenario is said otherwise, its rules are asked again, and what they
then say is held against what they said before: limits that move in proportion are numbers; rows
that change in any other way are for a plan of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias
import numpy as np
import pandas as pd
from raastof_geo.arrays import Columns, Floats, Integers, Mask
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules import lay_programme, trucks_matter
from raastof_geo.assignment.rules.choices import BOUNDED
from raastof_geo.assignment.rules.limits import GOALS_HELD, goals_held
from raastof_geo.assignment.statement.layout import build_problem, serve_best
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import Programme, Row, RowName, Rule
from raastof_geo.legs.legs import LEG_KEYS, Legs, price_more
from raastof_geo.scenario.said.entry import Consent, NeedEntry, OfferEntry, Role
from raastof_geo.scenario.scenario import Demand, Scenario

Pricing = Callable[[Legs, Scenario], Legs | None]
"""Prices the legs of a scenario in which more is open, on the roads of others."""


class Entry(NamedTuple):
    """Where an offer or a need stands in the file: its place in a list of its site, from 0 on."""

    site: str
    role: Role
    number: int

    def said(self, scenario: Scenario) -> OfferEntry | NeedEntry:
        """Give what the file says of it."""
        site = scenario.sites[self.site]
        return (site.offers if self.role is Role.OFFER else site.needs)[self.number]

    def demand(self, scenario: Scenario) -> Demand:
        """Give what decides which materials may serve a need."""
        return scenario.demand(self.site, scenario.sites[self.site].needs[self.number])

    def window(self, scenario: Scenario, shift: int = 0) -> tuple[int, int] | None:
        """Give the numbers of the first and the last period of its window, moved by some.

        What passes the end of the periods is cut; none: nothing is left, or it cannot be moved.
        """
        periods = tuple(scenario.periods)
        inside = self.said(scenario).periods(periods)
        first, last = periods.index(inside[0]), periods.index(inside[-1])
        moved = max(0, first + shift), min(len(periods) - 1, last + shift)
        return moved if moved[0] <= moved[1] and (moved != (first, last) or not shift) else None


def list_entries(scenario: Scenario) -> Iterator[Entry]:
    """List the offers and needs of a scenario, in the order of the file."""
    for site, said in scenario.sites.items():
        yield from (Entry(site, Role.OFFER, at) for at in range(len(said.offers)))
        yield from (Entry(site, Role.NEED, at) for at in range(len(said.needs)))


def put(scenario: Scenario, changes: Mapping[Entry, Mapping[str, Any]]) -> Scenario:
    """Give the scenario with other fields in some of its entries, unchecked."""
    sites = dict(scenario.sites)
    for entry, update in changes.items():
        key = f"{entry.role}s"
        listed = list(getattr(sites[entry.site], key))
        listed[entry.number] = listed[entry.number].model_copy(update=update)
        sites[entry.site] = sites[entry.site].model_copy(update={key: tuple(listed)})
    return scenario.saying(sites=sites)


@dataclass(frozen=True, eq=False)
class Opened:
    """Columns of which an edit may open some, and close others, of a scenario as it is.

    The problem has every window a period wider at both ends and every condition met, if it is
    `widened`. The entry of each giver and taker, -1 where that is none [givers, takers]; the number
    of the set of conditions that each move needs beyond what is accepted [moves]; by the objective
    that comes first, the columns whose truck serves best then [columns].
    """

    problem: Problem
    scenario: Scenario
    entries: tuple[Entry, ...]
    gives: Integers
    takes: Integers
    needed: Integers
    condition_sets: tuple[tuple[str, ...], ...]
    orders: Mapping[str, Mask]
    widened: bool

    @property
    def open(self) -> Mask:
        """Tell which columns the scenario as it is has. [columns]"""
        moves, inside = self.problem.moves, next(iter(self.orders.values())).copy()
        may = np.array([not one for one in self.condition_sets], bool)[self.needed]
        windows = [one.window(self.scenario) or () for one in self.entries]
        ends = np.array([*windows, (0, len(self.scenario.periods) - 1)])  # the last: of no entry
        for entry in (self.gives[moves.giver], self.takes[moves.taker]):
            may &= (ends[entry, 0] <= moves.period) & (moves.period <= ends[entry, 1])
        inside[: len(moves)] &= may
        return inside

    def find(self, problem: Problem) -> Columns | None:
        """Find the columns of another problem among these; none: some are not there."""
        own, other = _name_columns(self.problem), _name_columns(problem)
        places = own.get_indexer(other)
        # What moves nothing is in all of them: an edit opens and closes moves only.
        same = len(own) - len(self.problem.moves) == len(other) - len(problem.moves)
        return places if same and (places >= 0).all() else None

    def only(self, columns: Columns) -> Opened:
        """Give it with only some of its columns, ascending."""
        moves = columns[columns < len(self.problem.moves)]
        orders = {name: mask[columns] for name, mask in self.orders.items()}
        problem = self.problem.only(columns)
        return replace(self, problem=problem, needed=self.needed[moves], orders=orders)


def lay_open(plan: Plan, price: Pricing = price_more) -> Opened:
    """Lay out the columns of a plan with those that moved windows and accepted conditions open.

    Nothing is opened where the columns of the plan are not among these just as they are.
    """
    wide = _widen(plan.scenario)
    if (legs := price(plan.problem.legs, wide)) is not None:
        legs = _keep_figures(legs, plan.problem.legs)
        opened = _hang(plan.scenario, *_lay_for_each_order(plan, wide, legs), widened=True)
        places = opened.find(plan.problem)
        if places is not None and np.array_equal(np.sort(places), np.flatnonzero(opened.open)):
            costs = zip(plan.problem.objectives(), opened.problem.objectives(), strict=True)
            if all(np.allclose(own, other[places], rtol=1e-12) for own, other in costs):
                return opened
    every = {plan.scenario.said.objectives[0].name: np.ones(plan.column_count, bool)}
    return _hang(plan.scenario, plan.problem, every, widened=False)


def _keep_figures(legs: Legs, known: Legs) -> Legs:
    """Give legs with known figures, for of trucks that go equally far the last digit decides."""
    index, other = (pd.MultiIndex.from_frame(one.frame[list(LEG_KEYS)]) for one in (legs, known))
    places, frame = other.get_indexer(index), legs.frame.copy()
    numbers = frame.select_dtypes("number").columns
    frame.loc[places >= 0, numbers] = known.frame[numbers].to_numpy()[places[places >= 0]]
    return replace(legs, frame=frame)


def _widen(scenario: Scenario) -> Scenario:
    """Give the scenario with every window a period wider at both ends, and every condition met."""
    periods = tuple(scenario.periods)
    changes: dict[Entry, dict[str, Any]] = {}
    for entry in list_entries(scenario):
        first, last = entry.window(scenario) or (0, 0)
        ends = max(0, first - 1), min(len(periods) - 1, last + 1)
        update = changes[entry] = {"first": periods[ends[0]], "last": periods[ends[1]]}
        if isinstance(said := entry.said(scenario), NeedEntry):
            more = (Consent(condition=one) for one in scenario.catalogue.conditions)
            update["accepts"] = (*said.accepts, *more)
    return put(scenario, changes)


def _lay_for_each_order(plan: Plan, wide: Scenario, legs: Legs) -> tuple[Problem, dict[str, Mask]]:
    """Lay out the columns that are there whichever objective comes first, and tell which then."""
    steps = wide.said.objectives
    every = build_problem(wide, legs, every_vehicle=True)
    orders = {first.name: np.ones(every.column_count, bool) for first in steps}
    for first in () if trucks_matter(plan.rules, wide.said) else steps:
        turned = wide.saying(objectives=tuple(sorted(steps, key=lambda one: one is not first)))
        orders[first.name] = serve_best(every.with_scenario(turned))
    kept = np.flatnonzero(np.logical_or.reduce(list(orders.values())))
    return every.only(kept), {name: mask[kept] for name, mask in orders.items()}


def _name_columns(problem: Problem) -> pd.Index:
    """Name columns by what tells them apart, whatever other columns there are."""
    moves = [problem.labels(key) for key in ("giver", "taker", "vehicle", "period")]
    named = ["\n".join(one) for one in zip(*moves, strict=True)]
    for kind in ColumnKind:
        if len(table := problem.others.get(kind, pd.DataFrame())):
            told = table[list(kind.keys)].astype(str).itertuples(index=False)
            named += ["\n".join((kind, *one)) for one in told]
    return pd.Index(named, dtype=object)


def _hang(
    scenario: Scenario, problem: Problem, orders: Mapping[str, Mask], *, widened: bool
) -> Opened:
    """See what every column hangs on: whose window it lies in, and which conditions it needs."""
    entries = tuple(list_entries(scenario))
    number = {one: at for at, one in enumerate(entries)}
    dues = (*problem.scenario.offers, *problem.scenario.needs)
    known = {one.id: number[Entry(one.site, one.role, one.number - 1)] for one in dues}
    gives = np.array([known.get(one.id, -1) for one in problem.givers], np.int64)
    takes = np.array([known.get(one.id, -1) for one in problem.takers], np.int64)
    sets: dict[tuple[str, ...], int] = {(): 0}
    materials = {name: at for at, name in enumerate(sorted({g.material for g in problem.givers}))}
    table = np.zeros((len(problem.takers), max(1, len(materials))), np.int64)
    for at, taker in enumerate(problem.takers):
        if takes[at] >= 0:
            demand = entries[takes[at]].demand(scenario)
            for material in sorted(materials.keys() & taker.accepts.keys()):
                asked = {one.condition for one in scenario.rulings(material, demand)} - {None, ""}
                lacking = tuple(sorted(str(one) for one in asked - demand.accepted))
                table[at, materials[material]] = sets.setdefault(lacking, len(sets))
    moves = problem.moves
    of = np.array([materials[one.material] for one in problem.givers], np.intp)[moves.giver]
    needed = table[moves.taker, of]
    return Opened(problem, scenario, entries, gives, takes, needed, tuple(sets), orders, widened)


SHIFTS = (0, -1, 1)
"""Periods by which a window can be moved."""
MOST_TIMES = 10.0
"""An amount can become so many times as large: up to there rows were seen to keep in proportion."""
_ROOM, _SAME, _STEP = 3.0 * MOST_TIMES, 1e-9, 0.05
"""What bounds that nobody states are multiplied with, so that they hold for larger amounts too; by
which share of a limit two ways to it may differ; by how much a target is moved to see its rows."""


class Reaction(NamedTuple):
    """What entries, by number and the periods that their window is moved by, do to limits.

    What the move changes at the amount of the file, and what one unit more of it. [keys x rows]
    """

    keys: list[tuple[int, int]]
    change: Floats
    slope: Floats


class AimedShare(NamedTuple):
    """A target by its place in the scenario, and what one more of it changes in its row.

    Of the limit, of coefficients [columns], and of change and slope of a reaction. [keys x 2]
    """

    number: int
    at_least: float
    row: int
    limit: float
    coefficients: Floats
    crossed: Floats


@dataclass(frozen=True, eq=False)
class Reactions:
    """A programme with the limits of the scenario as it is, and all that moves its rows."""

    programme: Programme
    names: tuple[RowName, ...]
    found: Reaction
    aims: tuple[AimedShare, ...]

    def only(self, columns: Columns) -> Reactions:
        """Give it with only some of the columns, ascending."""
        own = self.programme
        less = replace(own, matrix=own.matrix[:, columns], whole=own.whole[columns])
        aims = [aim._replace(coefficients=aim.coefficients[columns]) for aim in self.aims]
        return replace(self, programme=less, aims=tuple(aims))


def react(opened: Opened, plan: Plan) -> Reactions | None:
    """See what moves the rows of a plan; none: over its own columns they are not those of the plan.

    What rests on a programme of its own, as what projects have alone does, keeps its numbers.
    """
    if not (asked := _Asked(opened, plan)).holds():
        return None
    fair = plan.scenario.said.targets.fairness
    found = asked.find(asked.scenario, asked.moving if fair is None else ())
    aims = (asked.aim(at, found) for at in range(len(asked.shares)))
    names = tuple(row.name for row in asked.rows)
    return Reactions(asked.programme, names, found, tuple(filter(None, aims)))


class _Asked:
    """The rules of a plan, asked again and again over the same columns."""

    def __init__(self, opened: Opened, plan: Plan) -> None:
        self.opened, self.plan, self.scenario = opened, plan, opened.scenario
        self.shares = self.scenario.said.targets.secondary_share
        self.of_rule: dict[Rule, slice] = {}
        laid: dict[_Key, Row] = {}
        both = (self.lay(one, *plan.rules) for one in (opened.problem.scenario, self.scenario))
        for (rule, wide), (_, own) in zip(*both, strict=True):
            # Rows of windows that are not there yet: nothing is asked of them.
            mine = {key: replace(row, limit=0.0) for key, row in wide.items()} | own
            self.of_rule[rule] = slice(len(laid), len(laid) + len(mine))
            laid |= mine
        self.rows, self.programme = lay_programme(opened.problem, list(laid.values()))
        self.number = {row.key: at for at, row in enumerate(self.rows)}
        # How near to the goals plans can come is found, and then held, before all else.
        free = np.array([row.family in (BOUNDED, GOALS_HELD) for row in self.rows], bool)
        limit = np.where(free, _ROOM, 1.0) * self.programme.limit
        self.programme = replace(self.programme, limit=limit)
        self.moving = [rule for rule in plan.rules if rule is not goals_held]
        said = [entry.said(self.scenario).quantity.value for entry in opened.entries]
        self.values: Floats = np.array(said, np.float64)
        self.scales: Floats = np.where(self.values > 0, self.values, 1.0)

    def lay(self, scenario: Scenario, *rules: Rule) -> Iterator[tuple[Rule, dict[_Key, Row]]]:
        state = self.opened.problem.with_scenario(scenario)
        state = replace(state, alone=self.plan.problem.alone)
        yield from ((rule, {row.key: row for row in rule(state)}) for rule in rules)

    def holds(self) -> bool:
        """Tell whether rows over the columns that are open are those of the plan."""
        own, names = self.plan.proof.programme, self.plan.proof.rows
        places = self.opened.find(self.plan.problem)
        at = [self.number.get(key, -1) for key in self.plan.proof.keys]
        if places is None or -1 in at:
            return False
        loose = np.array([row.family == BOUNDED for row in self.rows], bool)
        fixed = np.array([name.family not in (BOUNDED, GOALS_HELD) for name in names], bool)
        matrix = self.programme.matrix[:, places].tocsr()
        others = np.setdiff1d(np.flatnonzero(~loose), at)
        off = abs(matrix[at] - own.matrix.tocsr())[~loose[at]]
        same = np.allclose(self.programme.limit[at][fixed], own.limit[fixed], rtol=_SAME)
        return bool(same and off.data.max(initial=0.0) < _SAME and matrix[others].nnz == 0)

    def ask(
        self, base: _Base, shifts: Mapping[int, int], values: Floats, rules: Collection[Rule] = ()
    ) -> tuple[Floats, Mask]:
        """Give every limit, and which rows are others, where windows and amounts are otherwise."""
        periods = tuple(self.scenario.periods)
        changes: dict[Entry, dict[str, object]] = {}
        for at, shift in shifts.items():
            entry = self.opened.entries[at]
            due, window = entry.said(self.scenario), entry.window(self.scenario, shift)
            changes[entry] = {due.amount_key: replace(due.quantity, value=float(values[at]))}
            if shift and window is not None:
                changes[entry] |= {"first": periods[window[0]], "last": periods[window[1]]}
        said, limit = put(base.scenario, changes), base.limit.copy()
        bent = np.zeros(len(limit), bool)
        for rule, rows in self.lay(said, *(rules or base.rules)):
            limit[self.of_rule[rule]] = 0.0
            for key, row in rows.items():
                if (at := self.number.get(key, -1)) < 0:
                    bent[self.of_rule[rule]] = True
                    continue
                limit[at] = row.limit
                bent[at] |= not _alike(row, base.rows.get(key, self.rows[at]))
        return limit, bent

    def find(self, scenario: Scenario, rules: Collection[Rule]) -> Reaction:
        """Find what every entry does to the rows of some rules; nobody's where there are none.

        All amounts grow at once: by as much, and by steps that number the entries. A row that one
        entry moves tells by the two which one it is; of the others each is asked for alone. What
        does not add up in the end, at amounts and in windows drawn by chance, is left out.
        """
        rows = {key: row for _, some in self.lay(scenario, *rules) for key, row in some.items()}
        base = _Base(scenario, rules, rows, self.programme.limit)
        base = base._replace(limit=self.ask(base, {}, self.values)[0])
        count, shifts = len(self.values), SHIFTS if self.opened.widened else SHIFTS[:1]
        entries = enumerate(self.opened.entries)
        every = [(at, by) for at, one in entries for by in shifts if one.window(scenario, by)]
        place = np.full((count, 3), -1)
        for key, (at, shift) in enumerate(every if rules else ()):
            place[at, shift] = key
        change, slope = np.zeros((2, len(every), len(base.limit)))
        owner, several = np.full(len(base.limit), -1), np.zeros(len(base.limit), bool)
        asked = {}
        for shift in shifts:
            rates = (0.0, 1.0, (1.0 + np.arange(count)) / max(1, count))
            moved = dict.fromkeys(range(count), shift)
            told = [self.ask(base, moved, self.values + rate * self.scales) for rate in rates]
            still, more, numbered = (limit for limit, _ in told)
            asked[shift] = np.array([still - base.limit, more - still])
            moves = ~_close(more, still)
            with np.errstate(divide="ignore", invalid="ignore"):
                which = (numbered - still) / (more - still) * count - 1.0
            near = np.clip(np.round(np.where(moves, which, -1.0)), -1, count - 1).astype(np.int64)
            alone = moves & (near >= 0) & (np.abs(which - near) < 1e-6 * count)
            several |= np.logical_or.reduce([bent for _, bent in told]) | (moves & ~alone)
            several |= alone & (owner >= 0) & (owner != near)
            owner = np.where(alone & (owner < 0), near, owner)
        for moved_by, _ in asked.values():
            several |= ~_close(moved_by + base.limit, base.limit) & (owner < 0)
        mine = np.flatnonzero((owner >= 0) & ~several)
        for shift, (moved_by, step) in asked.items():
            here = mine[place[owner[mine], shift] >= 0]
            keys = place[owner[here], shift]
            change[keys, here] = moved_by[here]
            slope[keys, here] = step[here] / self.scales[owner[here]]
        # Where moving windows does nothing to a row, the slopes are those of windows that stay.
        rigid = all(_close(one, asked[0])[:, several].all() for one in asked.values())
        kept = place[place >= 0].tolist()
        alone_rules = [rule for rule in rules if several[self.of_rule[rule]].any()]
        for key in list(kept) if alone_rules else ():
            at, shift = every[key]
            if shift and rigid:
                slope[key, several] = slope[place[at, 0], several]
                continue
            grown = self.values + np.where(np.arange(count) == at, self.scales, 0.0)
            own, bent = self.ask(base, {at: shift}, self.values, alone_rules)
            more, bent_too = self.ask(base, {at: shift}, grown, alone_rules)
            change[key, several] = (own - base.limit)[several]
            slope[key, several] = (more - own)[several] / self.scales[at]
            if bent.any() or bent_too.any():
                kept.remove(key)
        least, of = _SAME * np.maximum(1.0, np.abs(base.limit)), [at for at, _ in every]
        change[np.abs(change) <= least] = 0.0
        slope[least >= np.abs(slope.T * self.scales[of]).T] = 0.0
        found, draw = Reaction(every, change, slope), np.random.default_rng(0)
        for factor in (0.0, MOST_TIMES, *(MOST_TIMES * draw.random((2, count)))):
            kept = sorted(self._see(base, found, kept, self.scales * factor))
        return Reaction([every[key] for key in kept], change[kept], slope[kept])

    def _see(self, base: _Base, found: Reaction, kept: list[int], values: Floats) -> list[int]:
        """See that entries add up at such amounts, and drop those that do not.

        Limits that bend one way only, in proportion at both ends and between, are so everywhere.
        """
        draw = np.random.default_rng(len(kept))
        for _ in range(3):
            drawn = {found.keys[key][0]: key for key in draw.permutation(kept).tolist()}
            at, keys = np.array([*drawn], np.int64), np.array([*drawn.values()], np.int64)
            shifts = {one: found.keys[key][1] for one, key in drawn.items()}
            limit, bent = self.ask(base, shifts, values)
            grown = (values - self.values)[at][:, None] * found.slope[keys]
            told = base.limit + (found.change[keys] + grown).sum(axis=0)
            if not (wrong := bent | ~_close(limit, told)).any():
                return kept
            touches = ((found.change != 0) | (found.slope != 0))[:, wrong].any(axis=1)
            guilty = {found.keys[key][0] for key in kept if touches[key]}
            # Or entries that move rows from some amount on only.
            rules = [rule for rule in base.rules if wrong[self.of_rule[rule]].any()]
            for one in shifts if not guilty else ():
                limit, bent = self.ask(base, {one: 0}, values, rules)
                if (wrong & (bent | ~_close(limit, base.limit))).any():
                    guilty.add(one)
            kept = [key for key in kept if found.keys[key][0] not in guilty]
        return []

    def aim(self, number: int, found: Reaction) -> AimedShare | None:
        """See what a target moves: one row, in proportion; none: more than that."""
        said, asked = self.scenario.said.targets, self.shares[number]
        states, laid = [], []
        for level in asked.at_least + _STEP * np.arange(3):
            shares = list(self.shares)
            shares[number] = asked.model_copy(update={"at_least": float(level)})
            targets = said.model_copy(update={"secondary_share": tuple(shares)})
            states.append(self.scenario.saying(targets=targets))
            rows = (some for _, some in self.lay(states[-1], *self.moving))
            laid.append({key: row for one in rows for key, row in one.items()})
        first, then, _ = laid
        if any(one.keys() != first.keys() for one in laid):
            return None
        pairs = ((key, row, then[key]) for key, row in first.items())
        moved = [key for key, *two in pairs if two[0].limit != two[1].limit or not _alike(*two)]
        if len(moved) != 1:
            return None
        told = np.zeros((3, 1 + self.programme.column_count))  # the last of each is the limit
        for one, row in zip(told, [every[moved[0]] for every in laid], strict=True):
            one[row.columns], one[-1] = row.coefficients, row.limit
        steps = np.diff(told, axis=0) / _STEP
        if not np.allclose(steps[0], steps[1], rtol=1e-9, atol=1e-10):
            return None
        at = self.number[moved[0]]
        mine = [rule for rule in self.moving if self.of_rule[rule].start <= at][-1:]
        other = self.find(states[1], mine if found.keys else ())
        if other.keys != found.keys:
            return None
        more = other.change - found.change, other.slope - found.slope
        crossed = np.stack(more, axis=1)[:, :, at] / _STEP
        step = np.where(np.abs(steps[0]) > 1e-11, steps[0], 0.0)
        return AimedShare(number, asked.at_least, at, step[-1], step[:-1], crossed)


_Key: TypeAlias = tuple[str, str, str]


class _Base(NamedTuple):
    """What edits are held against; the limit of every row, of other rules as it is in the plan."""

    scenario: Scenario
    rules: Collection[Rule]
    rows: Mapping[_Key, Row]
    limit: Floats


def _alike(row: Row, other: Row) -> bool:
    """Tell whether two rows have the same coefficients; often their columns are one array."""
    same = row.columns is other.columns or np.array_equal(row.columns, other.columns)
    return same and np.array_equal(row.coefficients, other.coefficients)


def _close(one: Floats, other: Floats) -> Mask:
    size = np.maximum(1.0, np.maximum(np.abs(one), np.abs(other)))
    return np.asarray(np.abs(one - other) <= _SAME * size)
