"""What was driven, measured as a plan is, and why it is otherwise than planned."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, TypeAlias, get_args
import numpy as np
import pandas as pd
from raastof_geo.assignment.rules import limits, masses
from raastof_geo.assignment.solving.solve import solve
from raastof_geo.assignment.solving.stated import break_ties
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import build_programme, sum_of
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.effect.saving import Gain, read_gain
from raastof_geo.errors import Finding, InputError, SolverError
from raastof_geo.language import list_codes, say_text
from raastof_geo.legs.legs import LEG_KEYS
from raastof_geo.scenario.tables.delivery import Deliveries, Delivery

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
    table = table.sort_values(order, kind="stable").drop_duplicates("slip")
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
    return legs.sort_values("cost", kind="stable").drop_duplicates(_KEYS)


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
    used_sites = {*flows.origin, *flows.destination}
    values[small.block(ColumnKind.OPENINGS)] = opened.site.isin(used_sites)
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
