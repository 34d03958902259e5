"""What was driven, measured as a plan is; why it is otherwise than planned; and what is left to do.

The rest is the scenario without what was driven, planned as any other is. What was driven in
periods that are over is taken out of surplus, needs, totals and agreements, and lies in depots and
at plants where it has not gone on. What was driven in the period that is running becomes an
agreement of it, so that its capacities hold for all of it.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, TypeAlias, get_args
import numpy as np
import pandas as pd
from raastof_geo.arrays import sort_up
from raastof_geo.assignment import Plan, assign
from raastof_geo.assignment.rules import limits, masses
from raastof_geo.assignment.solving.solve import solve
from raastof_geo.assignment.solving.stated import break_ties
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import build_programme, sum_of
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.effect.measure import solve_baseline
from raastof_geo.effect.saving import Gain, read_gain
from raastof_geo.errors import Finding, InputError, RaastofError, SolverError
from raastof_geo.figures.vocabulary import REFERENCE_TONNES, TONNES
from raastof_geo.language import list_codes, say_text
from raastof_geo.legs.legs import LEG_KEYS, Legs, price_again
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.said.file import Agreement
from raastof_geo.scenario.scenario import Depot, Facility, Need, Offer, Plant, Scenario
from raastof_geo.scenario.tables.delivery import Deliveries, Delivery
from raastof_geo.scenario.varied import Edits, write_agreements, write_plain
from raastof_geo.units import LEAST_AMOUNT, Quantity

DeviationName: TypeAlias = Literal["amount", "time", "partner", "vehicle", "distance", "load"]
DEVIATIONS: tuple[DeviationName, ...] = get_args(DeviationName)
"""In the order in which what was planned becomes what was driven: as many tonnes of each material;
in these periods; between these sites; by these trucks; so far; with so much on each."""

_KEYS = [*LEG_KEYS]
_LANE = _KEYS[:3]
_BY = (["material"], ["material", "period"], [*_LANE, "period"])
"""By which labels the first three of them have the tonnes that were driven."""
_FAR = 3.0
"""A slip with so many times the kilometres of its leg, or less by as much, has another unit."""
_NEAR_KM = 1.0
"""Shorter ways are as long as this, when they are compared. [km]"""
_ACCOUNTED = (masses.offers_kept, masses.needs_met, masses.plants_run, masses.depots_kept)
_FOR_EACH_LOAD = {"link_dkk", "ferry_km"}
"""Of a leg what is the same however far it is on the road."""
_WORSE = {"plants_fed": 1e3, "plants_emptied": 10.0, "depots_balanced": 10.0}
"""How much worse a tonne that cannot be accounted for is than one that is due: what comes to plants
is worked up, and what is made of it may lie there."""


@dataclass(frozen=True, eq=False)
class Driven:
    """Slips on the legs of a scenario."""

    problem: Problem
    """With the columns of every truck."""
    slips: pd.DataFrame
    """A row for each that counts: `LEG_KEYS`, `day`, `tonnes`, `loads`, and `length_km` by the slip
    or else of the leg."""
    until: datetime.date
    """The day up to which they tell of everything."""

    @property
    def share(self) -> dict[str, float]:
        """Returns how much of each period is over, from 0 to 1, by id."""
        periods = self.problem.scenario.periods.values()
        gone = {one: (self.until - one.start).days + 1 for one in periods}
        return {one.id: min(1.0, max(0, days) / one.days) for one, days in gone.items()}

    @property
    def ahead(self) -> list[str]:
        """Returns the ids of periods that are not over; the first is running, or begins."""
        return [one for one, share in self.share.items() if share < 1]

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Returns `tonnes` by `LEG_KEYS`, their mean `length_km`, and `load_t` on a load."""
        weighed = self.slips.assign(work=self.slips.tonnes * self.slips.length_km)
        summed = weighed.groupby(_KEYS, as_index=False)[["tonnes", "loads", "work"]].sum()
        load_t = summed.tonnes / summed.loads
        return summed.assign(length_km=summed.work / summed.tonnes, load_t=load_t)

    @cached_property
    def books(self) -> Books:
        """What was driven, line by line."""
        return measure_driven(self, self.flows, "length_km", "load_t")

    @cached_property
    def priced(self) -> Books:
        """The same tonnes with the kilometres and loads that plans count with."""
        return measure_driven(self, self.flows)


def match_slips(
    problem: Problem, planned: pd.DataFrame, slips: Deliveries, until: datetime.date | None = None
) -> Driven:
    """Lay slips on legs: by the truck that is said, else by a planned one of nearly such a load.

    `planned`: flows of the plan; `until`: none: the day of the last slip. Slips that the scenario
    rules out are left out and named among the mistakes; so are those whose kilometres are not
    those of the leg. `InputError`: none is left.
    """
    said = pd.DataFrame(slips.found, columns=Delivery._fields).rename_axis("slip").reset_index()
    legs = _list_legs(problem, planned)
    table = said.merge(legs, "left", [*_LANE, "period"], suffixes=("_said", ""))
    table["other"] = table.vehicle != table.vehicle_said
    table["off_t"] = (table.load_t - table.tonnes / table.loads).abs()
    order = ["slip", "other", "unplanned", "off_t", "cost"]
    table = table.sort_values(order).drop_duplicates("slip")
    leg_km = table["leg_km"]
    table["length_km"] = table.length_km.fillna(leg_km)
    far = ~table.length_km.between(leg_km / _FAR, leg_km.clip(lower=_NEAR_KM) * _FAR)
    left_out: Iterator[Any] = table[far].itertuples()
    for one in left_out:  # without a leg there are no kilometres
        told = say_text("deliveries", "no length", km=round(one.leg_km, 1))
        refused = Finding(told, one.place) if one.leg_km >= 0 else _refuse(problem, one)
        slips.leave_out(one.tonnes, refused)
    if far.all():
        raise InputError(*slips.mistakes, say_text("deliveries", "none"))
    kept = table.loc[~far, [*_KEYS, "day", "tonnes", "loads", "length_km"]]
    return Driven(problem, kept.reset_index(drop=True), until or max(kept.day))


def _list_legs(problem: Problem, planned: pd.DataFrame) -> pd.DataFrame:
    """List what may be driven: load [t], way [km], cost, and if it is planned, then or ever."""
    legs = pd.DataFrame({key: problem.labels(key) for key in _KEYS})
    legs["load_t"], legs["leg_km"] = problem.leg("load_t"), problem.leg("length_km")
    legs["cost"] = problem.objectives()[0][: len(legs)]
    legs["unplanned"] = 2
    for keys in (_KEYS, _KEYS[:4]):
        flows = pd.MultiIndex.from_frame(planned[keys].astype(str))
        legs["unplanned"] -= pd.MultiIndex.from_frame(legs[keys]).isin(flows)
    return legs.iloc[sort_up(legs.cost)].drop_duplicates(_KEYS)


def _refuse(problem: Problem, slip: Any) -> Finding:
    """Say why nothing may go so: not this material, or not then."""
    columns = problem.find(origin=slip.origin, destination=slip.destination)
    mine = columns[problem.has("material", slip.material, columns)]
    key, label, of = ("no time", "period", mine) if len(mine) else ("no deal", "material", columns)
    there = list_codes(dict.fromkeys(problem.labels(label, of))) or "–"
    return Finding(say_text("deliveries", key, **{f"{label}s": there}), slip.place)


def measure_driven(driven: Driven, flows: pd.DataFrame, *measured: str) -> Books:
    """Keep the books of tonnes on legs, by the house's own programme with these tonnes fixed.

    What plants, depots and coordinated trucks did follows from the tonnes: of all that could be,
    what leaves fewest of them unaccounted for, and then what the objectives choose. Kilometres and
    loads are those of the legs, but for what is `measured`: of `length_km` and `load_t` those of
    `flows`. Nothing lies in a depot after the periods that have begun.
    """
    keys, problem = _list_keys(flows), driven.problem
    others = np.arange(len(problem.moves), problem.column_count)
    moves = [problem.find(**key) for key in keys]
    small = problem.only(np.union1d(np.concatenate([others[:0], *moves]), others))
    small = _measure_legs(small, flows, measured) if measured else small
    fixed = [
        sum_of("slips_kept", str(at), small.find(**key), "=", tonnes)
        for at, (key, tonnes) in enumerate(zip(keys, flows.tonnes.tolist(), strict=True))
    ]
    fixed += limits.trips_balanced(small)
    loose = [row for rule in _ACCOUNTED for row in rule(small) if len(row.columns)]
    programme = build_programme([*fixed, *loose], small.whole)
    bends, count = range(len(fixed), programme.row_count), small.column_count
    weights = np.tile([_WORSE.get(row.rule, 1.0) for row in loose], 2)
    costs = [np.append(one, 0 * weights) for one in (*small.objectives(), break_ties(small))]
    found = solve(
        small,
        programme=programme.with_slack(bends, bends),
        costs=[np.append(np.zeros(count), weights), *costs],
        start=np.arange(count, count + len(weights)),
    )
    if not found.solved:
        raise SolverError.saying_text("the solver", "time up")
    values = programme.clean(found.values[:count])
    stores, opened = small.others[ColumnKind.STORES], small.others[ColumnKind.OPENINGS]
    values[small.block(ColumnKind.STORES)] *= stores.period.map(driven.share) > 0
    values[small.block(ColumnKind.OPENINGS)] = opened.site.isin({*flows.origin, *flows.destination})
    return keep_books(small, values)


def _measure_legs(problem: Problem, flows: pd.DataFrame, measured: Sequence[str]) -> Problem:
    """Give the legs of flows the kilometres and loads that were measured.

    A trip that is so much longer takes so much more of everything, and each trip what a full one
    does, however little it carries.
    """
    frame = problem.legs.frame.copy()
    told = frame[_KEYS].astype(str).merge(flows, "left", _KEYS).where(frame.length_km > 0)
    far, load = (
        (told[one] / frame[one]).fillna(1.0) if one in measured else 1.0
        for one in ("length_km", "load_t")
    )
    for name in frame.select_dtypes("number").columns.difference([*_FOR_EACH_LOAD], sort=False):
        by_load = far / load if name.endswith("_per_t") else far
        frame[name] = frame[name] * (load if name == "load_t" else by_load)
    return replace(problem, legs=replace(problem.legs, frame=frame), _measured={})


def explain_deviations(
    driven: Driven, planned: pd.DataFrame
) -> tuple[Books, dict[DeviationName, Gain]]:
    """Let what was `planned` up to now become what was driven, one cause after the other.

    `planned`: flows of the plan; of the period that is running they count as far as it is over.
    Returns books of what was planned, and what each cause saves; all of them together are what
    was planned less what was driven, to the last digit but rounding.
    """
    share = planned.period.map(driven.share).to_numpy(np.float64)
    due = planned.assign(tonnes=planned.tonnes * share)
    flows = due.groupby(_KEYS, as_index=False, observed=True).tonnes.sum().query("tonnes > 0")
    steps = [measure_driven(driven, flows)]
    for by in _BY:
        flows = _lay(driven.problem, flows, driven.flows, by)
        steps.append(measure_driven(driven, flows))
    steps += [driven.priced, measure_driven(driven, driven.flows, "length_km"), driven.books]
    saved = (read_gain(one.totals - two.totals) for one, two in pairwise(steps))
    return steps[0], dict(zip(DEVIATIONS, saved, strict=True))


def _lay(problem: Problem, flows: pd.DataFrame, went: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Give flows the tonnes that were driven by some labels, in other respects as they are.

    What was driven where there are none is shared as the others of its material are, as far as the
    scenario allows it; else it stands for itself.
    """
    known = pd.MultiIndex.from_frame(flows[by])
    lacking = went.loc[~pd.MultiIndex.from_frame(went[by]).isin(known), by].drop_duplicates()
    alike = [key for key in ("material", "period") if key in by and (key, len(by)) != ("period", 2)]
    like = flows.groupby([*alike, *(key for key in _KEYS if key not in by)])["tonnes"].sum()
    new = lacking.merge(like.reset_index(), on=alike)
    there = [len(problem.find(**key)) > 0 for key in _list_keys(new)]
    flows = pd.concat([flows, new[there]], ignore_index=True)
    have, want = (one.groupby(by).tonnes.sum() for one in (flows, went))
    factor = flows[by].merge((want / have).rename("factor").reset_index(), how="left", on=by)
    kept = flows.assign(tonnes=flows.tonnes * factor.factor.fillna(0.0).to_numpy())
    left = ~pd.MultiIndex.from_frame(went[by]).isin(pd.MultiIndex.from_frame(flows[by]))
    joined = pd.concat([kept, went[left]], ignore_index=True)[[*_KEYS, "tonnes"]]
    return joined[joined.tonnes > 0].reset_index(drop=True)


def _list_keys(flows: pd.DataFrame) -> list[dict[str, str]]:
    return [dict(zip(_KEYS, one, strict=True)) for one in flows[_KEYS].to_numpy().tolist()]


_LEAST_T = 0.5
"""Less than this is not left at a plant. [t]"""


@dataclass(frozen=True, eq=False)
class Reality:
    """A plan, and what has become of it up to a day."""

    slips: Deliveries
    driven: Driven
    planned: Books
    """Up to that day."""
    deviations: Mapping[DeviationName, Gain]
    baseline: Books | None
    """Without coordination, of the tonnes that left and came; none: there is no plan of it."""
    books: Books | None
    """What was driven and what is planned now, together; none: the rest has no plan."""
    refused: Sequence[Finding]
    """Why there is none."""

    @property
    def rest(self) -> Books | None:
        """Returns what is planned now beyond what was driven; none: nothing is."""
        if self.books is None or not self.driven.ahead:
            return None
        lines = [self.books.lines, self.driven.books.times(-1.0).lines]
        return Books(self.books.scenario, pd.concat(lines, ignore_index=True))


def follow_plan(
    scenario: Scenario,
    plan: Plan,
    legs: Legs,
    slips: Deliveries,
    *,
    until: datetime.date | None = None,
    price: Callable[[Legs, Scenario], Legs | None] = price_again,
) -> Reality:
    """Hold a plan against load slips up to a day, and plan the rest anew.

    `scenario` as it was read, with what its file says; `legs` of the plan, and how to `price` them
    again. Slips that cannot be laid on legs are named among their mistakes, see `match_slips`. What
    was driven is held against a baseline of the same: every amount is what was driven of it.
    """
    problem = build_problem(scenario, legs, every_vehicle=True)
    driven = match_slips(problem, plan.flows, slips, until)
    planned, deviations = explain_deviations(driven, plan.flows)
    went = _add_up_due(_pick(driven.books, "moves", scenario.periods))
    served = _edit_due(scenario, lambda due: (went[due.id], due.periods))
    served |= {("agreements",): [], ("choices",): {}}  # which no baseline has

    def vary(edits: Edits) -> tuple[Scenario, Legs]:
        varied = read_varied(scenario, edits)
        return varied, price(legs, varied) or legs

    tasks: dict[str, Callable[[], Books]]
    tasks = {"baseline": lambda: solve_baseline(*vary(served)).books, "plan": lambda: driven.books}
    if driven.ahead:
        left = _Remainder(driven)
        tasks["plan"] = lambda: left.add(assign(*vary(left.edit()), rules=plan.rules, stated=False))
    found, refused = dict[str, Books](), list[Finding]()
    for name, task in tasks.items():
        try:
            found[name] = task()
        except RaastofError as error:
            refused += error.findings
    plans = found.get("baseline"), found.get("plan")
    return Reality(slips, driven, planned, deviations, *plans, refused)


class _Remainder:
    """The scenario without what was driven, from the first period on that is not over."""

    def __init__(self, driven: Driven) -> None:
        self.scenario, self.driven, self.ahead = driven.problem.scenario, driven, driven.ahead
        self.over = [one for one in self.scenario.periods if one not in self.ahead]
        self.now = self.ahead[0]
        self.moved = _pick(driven.books, "moves", self.over)
        self.running = _pick(driven.books, "moves", [self.now])

    def add(self, rest: Plan) -> Books:
        """Add the rest to what was driven, but for what both have: the period that is running."""
        planned = keep_books(rest.problem, rest.proof.values).lines
        twice = self.driven.priced.times(-1.0).lines
        parts = [self.driven.books.lines, planned[~planned.period.isin(self.over)]]
        parts.append(twice[twice.period == self.now])
        return Books(self.scenario, pd.concat(parts, ignore_index=True))

    def edit(self) -> Edits:
        """Give what to write where in the scenario for it to be about the rest."""
        done, runs = _add_up_due(self.moved), _add_up_due(self.running)

        def leave(due: Offer | Need) -> tuple[float, Sequence[str]]:
            """Take off what went. Returns what is left [t], and when; what is late is due now."""
            left = max(due.tonnes - done[due.id], runs[due.id])
            return left, [one for one in due.periods if one in self.ahead] or [self.now]

        edits = _edit_due(self.scenario, leave)
        for site, made in self._list_made():
            edits.setdefault(("sites", site, "offers"), []).append(made)
        for place in self.scenario.facilities:
            edits["sites", place.site, str(place.role)] = self._leave_place(place)
        return {**edits, ("agreements",): [*self._list_agreements()]}

    def _list_made(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """List what plants have made of what came, and have not sent on: surplus of their sites."""
        runs, sent = _pick(self.driven.books, "processes", self.over), _add_up_due(self.moved)
        ran = runs.groupby(["origin", "what"]).amount.sum()
        for plant in self.scenario.plants:
            made = defaultdict[tuple[str, str], float](float)
            for process in plant.processes:
                tonnes = ran.get((plant.site, process.recipe), 0.0)
                for material, share in process.outputs.items():
                    made[plant.giver(material, process), material] += share * tonnes
            for (giver, material), tonnes in made.items():
                if (left := tonnes - sent[giver]) > _LEAST_T:
                    entry = {"material": material, "amount": _tonnes(left), "from": self.now}
                    yield plant.site, entry

    def _leave_place(self, place: Facility) -> dict[str, Any]:
        """Say what a place can still do, from now on, and what lies there."""
        entry = getattr(self.scenario.sites[place.site], place.role)
        said, start = dict(write_plain(entry)), self.scenario.periods[self.now].start
        if place.role != Role.STOCKPILE and not (entry.closes_on and entry.closes_on < start):
            said["opens_on"] = max(start, entry.opens_on or start)
        if place.total_t is not None:
            said["capacity_total"] = _tonnes(place.total_t - self._pick_through(place).amount.sum())
        if isinstance(place, Depot) and self.over:
            lying = _pick(self.driven.books, "stores", self.over[-1:])
            stock = lying[lying.what == place.id].groupby("material").amount.sum()
            said["start"] = {str(one): _tonnes(tonnes) for one, tonnes in stock.items()}
        if place.site in {*self.driven.books.lines.query("kind == 'openings'").origin}:
            said["opens"] = {}  # it is paid, and still no part of today
        return said

    def _pick_through(self, place: Facility) -> pd.DataFrame:
        """Give the lines of what went through a place in the periods that are over."""
        if isinstance(place, Plant):
            runs = _pick(self.driven.books, "processes", self.over)
            return runs[runs.origin == place.site]
        moved = self.moved
        if place.role == Role.PIT:
            return moved[(moved.giver_kind == Role.PIT) & (moved.origin == place.site)]
        return moved[(moved.taker_kind == place.role) & (moved.destination == place.site)]

    def _list_agreements(self) -> Iterator[Mapping[str, Any]]:
        """List what is left of agreements, and after them what was driven in this period."""
        for one in self.scenario.said.agreements:
            periods = one.periods(tuple(self.scenario.periods))
            went = _add_up_agreed(self.moved, one, periods)
            goes = _add_up_agreed(self.running, one, periods)
            left = [period for period in periods if period in self.ahead]
            kept = _within(one, left or [self.now])
            for key, amount in one.amounts.items():
                tonnes = self.scenario.weigh(amount, one.material) - went
                kept[key] = _tonnes(max(tonnes, 0.0 if key == "at_least" else goes))
            if left and not (one.forbidden and goes):
                yield kept
        between = self.running.query("origin != destination")  # nobody agrees with itself
        lanes = ["origin", "destination", "material", "period"]
        yield from write_agreements(between.groupby(lanes)[TONNES].sum(), _tonnes)


def _pick(books: Books, kind: str, periods: Any) -> pd.DataFrame:
    """Give the lines of a kind in some periods."""
    lines = books.lines
    return lines[(lines.kind == kind) & lines.period.isin([*periods])]


def _add_up_agreed(lines: pd.DataFrame, one: Agreement, periods: Sequence[str]) -> float:
    """Add up what an agreement is about. [t]"""
    wanted = {"origin": [one.giver], "destination": [one.taker], "period": periods}
    wanted |= {"material": [one.material]} if one.material else {}
    return float(lines[lines[[*wanted]].isin(wanted).all(axis=1)][TONNES].sum())


def _add_up_due(moved: pd.DataFrame) -> defaultdict[str, float]:
    """Add up what everybody gave, and needs got in reference tonnes, by their ids. [t]"""
    sums = (moved.groupby("giver")[TONNES].sum(), moved.groupby("taker")[REFERENCE_TONNES].sum())
    return defaultdict(float, {str(id_): float(t) for one in sums for id_, t in one.items()})


def _edit_due(
    scenario: Scenario, leave: Callable[[Offer | Need], tuple[float, Sequence[str]]]
) -> dict[Any, Any]:
    """Write surplus and needs with other tonnes, in other periods; each window by itself."""
    edits: dict[Any, Any] = {}
    every: tuple[Offer | Need, ...] = (*scenario.offers, *scenario.needs)
    for due in every:
        said = getattr(scenario.sites[due.site], f"{due.role}s")[due.number - 1]
        tonnes, periods = leave(due)
        trail = ("sites", due.site, f"{due.role}s")
        edits.setdefault(trail, []).append(_within(said, periods) | {"amount": _tonnes(tonnes)})
    return edits


def _within(said: Any, periods: Sequence[str]) -> dict[str, Any]:
    """Write an entry without its amounts, from the first of some periods to the last."""
    apart = {"amount", "amount_per_period", "tonnes", "at_least", "at_most"}
    kept = {key: one for key, one in write_plain(said).items() if key not in apart}
    return kept | {"from": periods[0], "to": periods[-1]}


def _tonnes(tonnes: float) -> Quantity:
    return Quantity(float(tonnes) if tonnes >= LEAST_AMOUNT else 0.0, "t")
