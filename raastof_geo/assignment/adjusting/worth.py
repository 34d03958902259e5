"""What one more is worth: a load of all that a scenario has amounts of, and somebody new.

Each amount is solved again; but where the corner at which the plan stands is seen to stay the best
one, its prices are what that would give. Farther they hold to one side only, or not at all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import splu
from raastof_geo.arrays import Columns, Floats, Integers, Mask, sort_up
from raastof_geo.assignment.adjusting.reaction import Entry, lay_open, react
from raastof_geo.assignment.plan import Plan, assign
from raastof_geo.assignment.rules import lay_columns, lay_rows
from raastof_geo.assignment.rules.limits import GOALS_HELD, TRIPS_BALANCED
from raastof_geo.assignment.solving.price_in import FREE, Clock, How, Start, solve_in_order
from raastof_geo.assignment.solving.stated import BASIC, break_ties
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import Programme, build_programme
from raastof_geo.assignment.statement.shares import find_due
from raastof_geo.assignment.telling import names
from raastof_geo.assignment.telling.case import Laid
from raastof_geo.assignment.telling.why_not import Reason, ReasonKind, compare_sites
from raastof_geo.errors import NoPlanError, RaastofError
from raastof_geo.figures.vocabulary import CO2E, COST, SHORT_OF_GOAL
from raastof_geo.language import Message, read_texts, say, speaking
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Need, Offer, Scenario
from raastof_geo.scenario.varied import Edits, list_every_amount
from raastof_geo.spread import spread
from raastof_geo.units import Quantity

_STILL = 1e-9
"""What moves by less than this for a unit of a change stays where it is."""


@dataclass(frozen=True, eq=False)
class Corner:
    """A basis that is best by several objectives, one after the other."""

    programme: Programme
    start: Start
    """To begin a like search from."""
    used: Floats
    """The value of every column."""
    columns: Columns
    """Those of the basis; the slacks of `rows` are its rest."""
    rows: Columns
    sign: Floats
    """-1 where what stands in the basis is below zero, else 1. [basis]"""
    stiff: Mask
    """What of the basis has to stay as it is. [basis]"""
    factor: Any
    """The basis, taken apart by SciPy."""
    best: bool = False
    """Whether it is seen to be best over all columns; else its prices are some of several."""

    def price(self, cost: Floats) -> Floats:
        """Give what one unit more on each row adds to a measure, while the basis stays. [rows]"""
        at_stake = np.concatenate([cost[self.columns], np.zeros(len(self.rows))])
        return np.asarray(self.factor.solve(at_stake, "T"))

    def reach(self, change: Floats) -> float:
        """Give how many times limits may change so [rows] before another corner is better."""
        if not self.best:
            return 0.0
        room = np.maximum(self.factor.solve(self.programme.limit) * self.sign, 0.0)
        moved = self.factor.solve(change) * self.sign
        if (self.stiff & (np.abs(moved) > _STILL)).any():
            return 0.0
        falls = moved < -_STILL
        return float((room[falls] / -moved[falls]).min(initial=np.inf))


def list_deciding(problem: Problem) -> list[Floats]:
    """List the costs that decide what a plan emits and costs, one after the other. [columns]

    What goals lack, the objectives up to the last that decides either or that may be worsened, and
    if these leave either open, what decides among equally good plans.
    """
    costs, open_ = list[Floats](), {CO2E.name, COST.name}
    if problem.sizes[ColumnKind.SHORTFALLS]:
        costs.append(problem.measure(SHORT_OF_GOAL))
    for step, cost in zip(problem.scenario.said.objectives, problem.objectives(), strict=True):
        costs.append(cost)
        open_ -= set(step.minimise) if len(step.minimise) == 1 else set()
        if not open_ or step.tolerance:
            return costs
    return [*costs, break_ties(problem)]


def find_corner(programme: Programme, costs: Sequence[Floats], how: How) -> Corner:
    """Find the corner at which costs are least, one after the other, or a `NoPlanError`."""
    steps = solve_in_order(programme, costs, how)
    found = steps[-1].optimum
    if len(steps) < len(costs) or not found.solved or found.basis is None:
        raise NoPlanError(say("no plan meets the rules"))
    columns = found.columns[found.basis.columns == BASIC]
    rows = np.flatnonzero(found.basis.rows == BASIC)
    entries = np.ones(len(rows)), (rows, np.arange(len(rows)))
    slack = sparse.csc_array(entries, shape=(programme.row_count, len(rows)))
    basis = sparse.hstack([programme.matrix[:, columns], slack], format="csc")
    closed = np.zeros(programme.column_count, bool) if how.closed is None else how.closed
    sense, start = programme.sense[rows], Start(found.columns, found.basis)
    sign = np.concatenate([np.ones(len(columns)), np.where(sense > 0, -1.0, 1.0)])
    stiff, used = np.concatenate([closed[columns], sense == 0]), found.spread(len(closed))
    corner = Corner(programme, start, used, columns, rows, sign, stiff, splu(basis))
    return replace(corner, best=_is_best(corner, costs, ~closed))


def _is_best(corner: Corner, costs: Sequence[Floats], alike: Mask) -> bool:
    """Tell whether the first cost that a column, or room on a row, would change rises by it."""
    programme, slack = corner.programme, corner.programme.sense != 0
    for cost in costs:
        price, least = corner.price(cost), FREE * max(1e-3, float(np.abs(cost).max(initial=0.0)))
        reduced, worth = programme.reduced_costs(cost, price), price * programme.sense
        if (reduced[alike] < -least).any() or (worth[slack] < -least).any():
            return False
        alike, slack = alike & (reduced <= least), slack & (worth <= least)
    return True


_SHIFTS = (-2, -1, 1, 2)
"""Periods by which a window is moved."""
_MEASURES = (CO2E.name, COST.name, SHORT_OF_GOAL)
_TONNES = {"capacity_per_period": "per_period_t", "capacity_total": "total_t"}
_MET_T = 0.5
"""Whoever gets or gives so much more than before is met by waiting. [t]"""


class Moved(NamedTuple):
    """What the best plan comes to beyond that of the scenario as it is."""

    kg_co2e: float
    dkk: float
    short_t: float
    """Reference tonnes that goals lack more. [t]"""
    meets: tuple[str, ...] = ()
    """Of a moved window, the sites that are met for more than before, the most first."""


class Worth(NamedTuple):
    """An amount of a scenario, or a target, and what comes of moving it, or why no plan does."""

    trail: Trail
    """Where it stands in the file."""
    site: str
    """Empty: of a target."""
    entry: Entry | None
    """None: of a place or a target."""
    what: Message
    said: Quantity | float
    step: float
    """What a load is, in the unit of the file."""
    tonnes: float
    """As it is, each time that it falls due; of a target what has to count. [t]"""
    times: int
    """How often it falls due."""
    more: Moved | str = ""
    """Of one load more, each time; and of one load less."""
    less: Moved | str = ""
    waits: Mapping[int, Moved | str] = {}
    """By how many periods its window is moved: above zero later."""

    def moved(self, loads: int) -> Quantity | float:
        """Give what the file would say with some loads more, or below zero less."""
        if isinstance(self.said, Quantity):
            return replace(self.said, value=max(0.0, self.said.value + loads * self.step))
        return max(0.0, self.said + loads * self.step)


@dataclass(frozen=True)
class Worths:
    """All of them, in the order of the file, and what a load is: the payload of a truck. [t]"""

    vehicle: str
    load_t: float
    values: tuple[Worth, ...]


def measure_worth(plan: Plan, *, executor: Executor | None = None) -> Worths:
    """Find what a load more and less change of every amount, and the windows that are set moved.

    Amounts are those of offers, needs and places, and of targets, where a load more has to count.
    A load is what the first truck of the scenario carries. An `executor` solves side by side.
    """
    scenario, periods = plan.scenario, tuple(plan.scenario.periods)
    vehicle = scenario.said.vehicles[0]
    load_t = scenario.catalogue.vehicles[vehicle].payload_t.value
    values = [*_list_amounts(plan, load_t), *_list_targets(plan, load_t)]
    corner, changes = _find_rows(plan, values, load_t)
    prices = [corner.price(plan.problem.measure(name)) for name in _MEASURES] if corner else []
    with speaking(*scenario.speech):
        too_little = str(say("there is less than a load"))
    found, jobs = dict[tuple[int, int, int], Moved | str](), dict[tuple[int, int, int], _Job]()
    for at, one in enumerate(values):
        change = changes.get(at)
        for by in (1, -1):
            if by < 0 and one.tonnes < load_t * (1 - 1e-9):
                found[at, by, 0] = too_little
            elif corner is None or change is None:
                jobs[at, by, 0] = {one.trail: one.moved(by)}, None
            elif corner.reach(by * change) >= 1.0:
                found[at, by, 0] = _tell(float(by * (price @ change)) for price in prices)
            else:
                jobs[at, by, 0] = by * change, None
        said = one.entry and one.entry.said(scenario)
        for shift in _SHIFTS if said and (said.first or said.last) else ():
            if one.entry and (ends := one.entry.window(scenario, shift)) is not None:
                moved = zip(("from", "to"), ends, strict=True)
                edits = {(*one.trail[:-1], key): periods[end] for key, end in moved}
                jobs[at, 0, shift] = edits, one.entry
    bare = replace(plan, problem=replace(plan.problem, legs=replace(plan.problem.legs, roads=None)))
    ground = bare, corner and replace(corner, factor=None)  # that cannot be pickled
    found |= zip(jobs, spread(executor, _solve_again, ground, [*jobs.values()]), strict=True)
    for at, one in enumerate(values):
        waits = {shift: found[at, 0, shift] for shift in _SHIFTS if (at, 0, shift) in found}
        values[at] = one._replace(more=found[at, 1, 0], less=found[at, -1, 0], waits=waits)
    return Worths(vehicle, load_t, tuple(values))


_Job = tuple[Edits | Floats, Entry | None]
"""Another file, or other limits; and whose window it moves."""


def _list_amounts(plan: Plan, load_t: float) -> Iterator[Worth]:
    """List all amounts that a load can be more or less."""
    scenario, words = plan.scenario, read_texts("headings")
    dues = {(one.site, one.role, one.number - 1): one for one in scenario.entries.values()}
    places = {(one.site, one.role): one for one in scenario.facilities}
    for said in list_every_amount(scenario):
        role, quantity, entry, unit = Role(said.whose[:-1]), said.quantity, None, 1.0
        if said.whose in ("offers", "needs"):
            entry = Entry(said.site, role, int(said.trail[3]))
            due, when = dues[entry], names.span(entry.said(scenario).periods((*scenario.periods,)))
            of = said.material or scenario.catalogue.uses[str(said.use)].reference_material
            tonnes, unit = due.tonnes, scenario.weigh(replace(quantity, value=1.0), of)
            what = say("{what}, {when}", what=names.call_entry(scenario, due), when=when)
        else:
            key = str(said.trail[-1])
            tonnes = getattr(places[said.site, role], _TONNES.get(key, "capacity_t"))
            what = words[key]
            if quantity.unit != "t":
                unit = tonnes / quantity.value if tonnes else 0.0
        if unit:
            step = load_t / unit
            yield Worth(said.trail, said.site, entry, what, quantity, step, tonnes, said.times)


def _list_targets(plan: Plan, load_t: float) -> Iterator[Worth]:
    """List the targets for which a load more can have to count."""
    scenario = plan.scenario
    several = isinstance((scenario.values.get("targets") or {}).get("secondary_share"), list)
    for number, target in enumerate(scenario.said.targets.secondary_share):
        at = find_due(plan.problem, target)
        needed_t = float(plan.problem.reference_share[at] @ plan.proof.values[at])
        what = names.DEFINITION_NAMES[target.definition]
        if target.period:
            what = say("{what}, {when}", what=what, when=target.period)
        head: Trail = ("targets", "secondary_share", *((number,) if several else ()))
        if needed_t > 0:
            level, step = target.at_least, load_t / needed_t
            yield Worth((*head, "at_least"), "", None, what, level, step, level * needed_t, 1)


def _matters_beyond_limits(plan: Plan) -> bool:
    """Tell if decisions, objectives that may be worsened, or what projects have alone matter."""
    said = plan.scenario.said
    loose = said.targets.fairness is not None or any(step.tolerance for step in said.objectives)
    return loose or bool(plan.proof.programme.whole.any())


def _find_rows(
    plan: Plan, values: list[Worth], load_t: float
) -> tuple[Corner | None, dict[int, Floats]]:
    """Find the corner of a plan, and what a load of amounts, by number, changes of its limits.

    None where more than limits hangs on them, so that prices would not tell all.
    """
    opened, changes = lay_open(plan, lambda _legs, _scenario: None), dict[int, Floats]()
    if _matters_beyond_limits(plan) or (moves := react(opened, plan)) is None:
        return None, {}
    keys = {key: at for at, key in enumerate(moves.found.keys)}
    numbers = np.array([family.number(about) for family, about in moves.names], object)
    for at, one in enumerate(values):
        if one.entry is not None:
            if (key := keys.get((opened.entries.index(one.entry), 0))) is not None:
                changes[at] = one.step * moves.found.slope[key]
        elif one.site and (mine := numbers == ".".join(map(str, one.trail))).any():
            changes[at] = load_t * mine
    return find_corner(moves.programme, list_deciding(plan.problem), How(Clock())), changes


def _solve_again(ground: tuple[Plan, Corner | None], job: _Job) -> Moved | str:
    """Solve with other limits, or another file; give what moves, or why there is no plan."""
    (plan, corner), (change, entry) = ground, job
    problem, scenario = plan.problem, plan.scenario
    try:
        if corner is not None and isinstance(change, np.ndarray):
            other = replace(corner.programme, limit=corner.programme.limit + change)
            how = How(Clock(), start=corner.start)
            more = find_corner(other, list_deciding(problem), how).used - corner.used
            return _tell(float(problem.measure(name) @ more) for name in _MEASURES)
        varied = read_varied(scenario, cast("Edits", change))
        again = assign(varied, problem.legs, rules=plan.rules, explain=False, stated=False)
    except RaastofError as error:
        with speaking(*scenario.speech):
            return str(error).splitlines()[0]
    told = [{SHORT_OF_GOAL: 0.0, **one.amounts, **one.objectives} for one in (plan, again)]
    moved = _tell(told[1][name] - told[0][name] for name in _MEASURES)
    return moved if entry is None else moved._replace(meets=_find_met(entry, plan, again))


def _tell(figures: Iterable[float]) -> Moved:
    """Leave out what the last digits of large sums say."""
    kg_co2e, dkk, short_t = (round(one, 3) + 0.0 for one in figures)
    return Moved(kg_co2e, dkk, short_t)


def _find_met(entry: Entry, before: Plan, now: Plan) -> tuple[str, ...]:
    """Find the sites that an offer or a need meets for more than before, the most first."""
    offers, head = entry.role is Role.OFFER, f"{entry.site}/{entry.number + 1}-"
    party, other = ("giver", "destination") if offers else ("taker", "origin")
    sums = list[pd.Series]()
    for flows in (now.flows, before.flows):
        mine = flows[flows[party].str.startswith(head) & (flows["origin"] != flows["destination"])]
        sums.append(mine.groupby(other, observed=True)["tonnes"].sum())
    more = sums[0].sub(sums[1], fill_value=0.0)
    more = more.iloc[sort_up(-more)]
    return tuple(str(site) for site in more.index[more > _MET_T])


_NO_LIMIT, _SAME = 1e9, 1e-9
"""More than can be lacking; by which share of a limit two ways to it may differ."""
_MAY: tuple[ReasonKind, ...] = ("costs_more", "perhaps")


class Partner(NamedTuple):
    """With whom it would deal, and what a tonne changes in all: below zero it saves."""

    site: str
    period: str
    vehicle: str
    material: str
    short_t: float
    """Reference tonnes that goals lack more. [t/t]"""
    kg_co2e: float
    """[kg CO2e/t]"""
    dkk: float
    """[DKK/t]"""
    haul_kg_co2e: float
    """Of which on the way between the two. [kg CO2e/t]"""
    haul_dkk: float
    length_km: float
    up_to_t: float
    """So many tonnes change as much each; more of them change more, never less. [t]"""
    reason: Reason


class Quote(NamedTuple):
    """Partners, the best first; and the others, with what is against them."""

    newcomer: Offer | Need
    partners: tuple[Partner, ...]
    others: dict[str, Reason]


def quote_newcomer(plan: Plan, scenario: Scenario, site: str, legs: Legs) -> Quote:
    """Price a site that is in a scenario with its legs, and not in the plan that was made before.

    A tonne that it moves changes limits of the plan, as the rules say of its columns; what that is
    worth follows from the corner at which the plan stands. Either-or decisions stay as they are.
    """
    due = next(one for one in scenario.entries.values() if one.site == site)
    (laid, place), corner = _lay(plan, scenario, legs), _find_corner(plan)
    # The plan with the newcomer in it, who moves nothing, for reasons to be told.
    prices = np.where(place >= 0, corner.price(plan.problem.objectives()[0])[place], 0.0)
    own: dict[str, Any] = {"shadow_prices": prices, "prices_given_decisions": prices}
    own |= {"cost": laid.problem.objectives()[0], "values": np.zeros(laid.problem.column_count)}
    named = tuple(one.name for one in laid.rows)
    proof = replace(plan.proof, programme=laid.programme, rows=named, **own)
    reasons = compare_sites(replace(plan, problem=laid.problem, proof=proof), site)
    moves, figures, change, room = _price(plan, laid, place, corner, due)
    partners = dict[str, Partner]()
    ranks = np.round([*figures.values()], 9)
    for at in np.lexsort(ranks[::-1]).tolist():
        move = moves.iloc[at]
        reason = reasons[move["origin"], move["destination"]]
        other = move["destination" if move["origin"] == site else "origin"]
        meant = (reason.giver, reason.taker) == (move["giver"], move["taker"])
        if reason.kind not in _MAY or other in partners or not meant or np.isinf(ranks[0, at]):
            continue
        partners[other] = Partner(
            other,
            move["period"],
            move["vehicle"],
            move["material"],
            short_t=float(figures[SHORT_OF_GOAL][at]),
            kg_co2e=float(figures[CO2E.name][at]),
            dkk=float(figures[COST.name][at]),
            haul_kg_co2e=float(move["kg_co2e_wtw_per_t"] / move["share"]),
            haul_dkk=float(move["haul_dkk_per_t"] / move["share"]),
            length_km=float(move["length_km"]),
            up_to_t=float(min(room[at], corner.reach(change[:, at]))),
            reason=reason,
        )
    ends = ((pair[pair[0] == site], reason) for pair, reason in reasons.items())
    others = {other: reason for other, reason in ends if other not in partners}
    return Quote(due, tuple(partners.values()), others)


def _lay(plan: Plan, scenario: Scenario, legs: Legs) -> tuple[Laid, Integers]:
    """Lay a plan out with the newcomer, and tell which of its rows those are; -1: none of them."""
    problem = lay_columns(scenario, legs, plan.rules)
    problem = replace(problem, alone=plan.problem.alone, nearest_t=plan.problem.nearest_t)
    rows = lay_rows(problem, plan.rules)
    number = {key: at for at, key in enumerate(plan.proof.keys)}
    laid = Laid(problem, rows, build_programme(rows, problem.whole), plan.rules)
    return laid, np.array([number.get(one.key, -1) for one in rows], np.int64)


def _find_corner(plan: Plan) -> Corner:
    """Find where a plan stands; what goals lack may grow, as that is the first thing priced."""
    held, own = [name.family == GOALS_HELD for name in plan.proof.rows], plan.proof.programme
    known = replace(own, limit=np.where(held, _NO_LIMIT, own.limit))
    decided = np.where(known.whole, np.round(plan.proof.values), 0.0)
    how = How(Clock(), closed=known.whole)
    return find_corner(known.fix(decided), list_deciding(plan.problem), how)


def _price(
    plan: Plan, laid: Laid, place: Integers, corner: Corner, due: Offer | Need
) -> tuple[pd.DataFrame, dict[str, Floats], Floats, Floats]:
    """Give the newcomer's moves, with the `share` of the need that a tonne is, and what it changes.

    Per tonne that is due, the figures that a plan is made by, the first first [moves], and what it
    changes of the plan's limits [rows x moves]; and what its own rows leave room for. [t, moves]
    """
    problem, programme, base, site = laid.problem, laid.programme, plan.problem, due.site
    mine = np.union1d(problem.of("origin", site), problem.of("destination", site))
    trips = [problem.find(ColumnKind.TRIPS, **{end: site}) for end in ("origin", "destination")]
    columns = np.concatenate([mine, *(one for one in trips if problem.pooled_share)])
    share = np.ones(len(columns))
    if due.role is Role.NEED:
        share[: len(mine)] = problem.reference_share[mine]
    entries = programme.matrix[:, columns].toarray() / share
    # What a tonne changes of limits: what it asks of them, and what the rules count of it.
    old = np.flatnonzero((place >= 0) & [one.family != GOALS_HELD for one in laid.rows])
    grown = programme.limit[old] - plan.proof.programme.limit[place[old]]
    grown[np.abs(grown) <= _SAME * np.abs(programme.limit[old])] = 0.0
    change = np.zeros((corner.programme.row_count, len(columns)))
    change[place[old]] = -entries[old]
    change[place[old], : len(mine)] += grown[:, None] / due.tonnes
    steps = [name for step in base.scenario.said.objectives for name in step.minimise]
    names = [*dict.fromkeys([SHORT_OF_GOAL, *steps, CO2E.name, COST.name])]
    figures = np.array([problem.measure(name)[columns] / share for name in names])
    figures += np.array([corner.price(base.measure(name)) for name in names]) @ change
    balance = (place < 0) & [one.family == TRIPS_BALANCED for one in laid.rows]
    _lead_on(len(mine), entries[balance], figures, change)
    own = (place < 0) & ~balance & (programme.sense <= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = programme.limit[own, None] / entries[own][:, : len(mine)]
    room = np.where(entries[own][:, : len(mine)] > 0, room, np.inf).min(axis=0, initial=due.tonnes)
    told = {name: row[: len(mine)] for name, row in zip(names, figures, strict=True)}
    return problem.tabulate_moves(mine).assign(share=share[: len(mine)]), told, change, room


def _lead_on(count: int, balance: Floats, figures: Floats, change: Floats) -> None:
    """Add to each of the first `count` columns the best empty trip that its truck then needs.

    Rows of `balance` are those of coordinated trucks that the plan has not, and so no price; the
    other columns are these trips. One that no trip leads on from comes to infinity.
    """
    trips = count + np.lexsort(np.round(figures[:, count:], 9)[::-1])
    for at in np.flatnonzero(np.abs(balance[:, :count]).any(axis=0)).tolist():
        row = int(np.argmax(np.abs(balance[:, at])))
        for trip in trips.tolist():
            times = -balance[row, at] / balance[row, trip] if balance[row, trip] else 0.0
            if times > 0 and np.allclose(balance[:, at] + times * balance[:, trip], 0.0):
                figures[:, at] += times * figures[:, trip]
                change[:, at] += times * change[:, trip]
                break
        else:
            figures[:, at] = np.inf
