"""Other plans as variants: what two measures cost each other; plans nearly as good, and unlike."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
import numpy as np
import pandas as pd
from raastof_geo.arrays import Floats
from raastof_geo.assignment.plan import Plan, assign
from raastof_geo.assignment.rules import RULES
from raastof_geo.assignment.solving.price_in import FREE
from raastof_geo.assignment.solving.stated import break_ties
from raastof_geo.assignment.statement.row import Rule, sum_of
from raastof_geo.errors import InputError
from raastof_geo.figures.vocabulary import Indicator, choices
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.identity import suggest
from raastof_geo.scenario.said.file import Variant
from raastof_geo.scenario.said.target import Objective, find_measure
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import write_agreements, write_plain

_MOST_CORNERS = 200
"""As many are looked for; where there are more, the front says so."""
_STEPS = 10
"""Into so many the second measure is parted where there are either-or decisions."""
_ALIKE = 1e-6
"""Share of what the measures span within which plans count as alike."""
_CAP_DIGITS = 6
"""Caps are rounded up to so many digits, so that the plan itself keeps them."""

Measures = tuple[Indicator, Indicator]


class FrontCorner(NamedTuple):
    """What the two measures of a plan come to that betters neither without worsening the other."""

    first: float
    second: float


@dataclass(frozen=True)
class Front:
    """The plans from the least of one measure to the least of another, in the units of both."""

    measures: Measures
    corners: tuple[FrontCorner, ...]
    variants: dict[str, Variant]
    """For each corner the variant of which it is the optimum."""
    stepped: bool
    """Whether there are either-or decisions, so that these are steps and others lie between."""
    complete: bool
    """Whether all corners, or steps, were found, and each to the end."""

    @property
    def prices(self) -> list[float]:
        """Returns what a unit less of the first measure costs of the second, one to the next."""
        pairs = zip(self.corners, self.corners[1:], strict=False)
        return [(one.second - other.second) / (other.first - one.first) for one, other in pairs]


def read_measures(given: str) -> Measures:
    """Read two different measures, parted by a comma; anything else is an `InputError`."""
    names, known = [one.strip() for one in given.split(",")], [str(one) for one in choices()]
    for name in names:
        if name not in known:
            hint = suggest(name, known)
            raise InputError.saying_text("fronts", "no measure", given=f"`{name}`", hint=hint)
    if len(names) != 2 or names[0] == names[1]:
        raise InputError.saying_text("fronts", "two measures", given=f"`{given}`")
    return find_measure(names[0]), find_measure(names[1])


def trace_front(
    scenario: Scenario, legs: Legs, measures: Measures, *, rules: Sequence[Rule] = RULES
) -> Front:
    """Find every plan that is a corner of the front of two measures.

    Without either-or decisions these are all efficient corners of the linear programme, found by
    weighing the measures as the chord of two neighbours does (dichotomic search: Aneja and Nair
    1979; NISE), the ends one measure after the other. With decisions no weights find what lies in
    the gaps of a front: the second measure is capped step by step instead, which gives efficient
    plans, and not all of them. Other objectives of the scenario decide among equals. Errors are
    those of `assign`, and an `InputError` where both measures would have to be capped below 0.
    """
    ordered = scenario.saying(objectives=_order(scenario, measures))
    # A cap sees which truck drives, so that a rule which says nothing gives all of them columns.
    plan = assign(ordered, legs, rules=[*rules, lambda _: ()], stated=False)
    first, second = (plan.problem.measure(one) for one in measures)
    search = _FrontSearch(plan, first, second)
    corners = search.find(FrontCorner(*(plan.amounts[one] for one in measures)))
    numbered, last = enumerate(corners, 1), len(corners)
    said = ((at, _say(scenario, measures, one, at == 1, at == last)) for at, one in numbered)
    variants, complete = {f"front-{at}": one for at, one in said}, search.complete and plan.finished
    return Front(measures, tuple(corners), variants, bool(plan.problem.whole.any()), complete)


def _order(scenario: Scenario, measures: Sequence[Indicator]) -> tuple[Objective, ...]:
    """Put measures before the other objectives of a scenario, which decide among equals."""
    rest = (one for one in scenario.said.objectives if one.name not in measures)
    return (*(Objective(minimise=(one,)) for one in measures), *rest)


def _say(
    scenario: Scenario, measures: Measures, corner: FrontCorner, first: bool, last: bool
) -> Variant:
    """Say a corner as a variant: the least of a measure, the other one being no more than here."""
    capped = not (first or last)
    turned = not first and (last or corner.second < 0)  # no cap is below 0
    aim, other, amount = measures[turned], measures[not turned], corner[not turned]
    said: dict[str, Any] = {"objectives": write_plain(_order(scenario, (aim, other)))}
    if capped and amount < 0:
        raise InputError.saying_text("fronts", "below zero")
    if capped:
        most = math.ceil(amount * 10**_CAP_DIGITS) / 10**_CAP_DIGITS
        caps = write_plain(scenario.said.targets.at_most)
        said["targets.at_most"] = [*caps, {"measure": str(other), "at_most": most}]
    return Variant(set=said)


@dataclass(eq=False)
class _FrontSearch:
    """A plan at the one end of a front, and what a unit of each column adds to both measures."""

    plan: Plan
    first: Floats
    second: Floats
    complete: bool = True
    """Whether nothing was left out, by time or by number."""

    def find(self, low: FrontCorner) -> list[FrontCorner]:
        """Give the corners from one end to the other."""
        if (high := self._reach(self.second, self.first)) is None:
            return [low]
        gains = high.first - low.first, low.second - high.second
        if any(gain <= _ALIKE * abs(one) for gain, one in zip(gains, low, strict=True)):
            return [low]  # one plan is the least of both
        return (self._step if self.plan.problem.whole.any() else self._halve)(low, high)

    def _reach(self, *costs: Floats, most: float | None = None) -> FrontCorner | None:
        """Make sums least, one after the other, the second measure at `most`; none: time is up."""
        held = None if most is None else (-self.second, -most)
        found = self.plan.search(*costs, held=held, free=1e-2 * FREE)
        self.complete &= found.solved
        values = found.programme.clean(found.values)
        there = FrontCorner(float(self.first @ values), float(self.second @ values))
        return there if found.solved else None

    def _halve(self, low: FrontCorner, high: FrontCorner) -> list[FrontCorner]:
        """Look between neighbours for a plan below their chord until there is none."""
        width, height = high.first - low.first, low.second - high.second
        found, between = [low, high], [(low, high)]
        while between and len(found) < _MOST_CORNERS:
            one, other = between.pop(0)
            price = (other.first - one.first) / (one.second - other.second)
            if (corner := self._reach(self.first + price * self.second, self.first)) is not None:
                gain = one.first - corner.first + price * (one.second - corner.second)
                if gain > _ALIKE * math.hypot(width, price * height):
                    found.append(corner)
                    pairs = [(one, corner), (corner, other)]
                    between += [pair for pair in pairs if pair[0].second > pair[1].second]
        self.complete &= not between
        return sorted(found)

    def _step(self, low: FrontCorner, high: FrontCorner) -> list[FrontCorner]:
        """Cap the second measure step by step; what another plan betters is left out."""
        found, step = [low, high], (low.second - high.second) / _STEPS
        most = low.second - step
        while most > high.second + 0.5 * step:
            corner = self._reach(self.first, self.second, most=most)
            found += [] if corner is None else [corner]
            most = (most if corner is None else min(most, corner.second)) - step
        kept: list[FrontCorner] = []
        for corner in sorted(found):
            if not kept or corner.second < kept[-1].second - _ALIKE * step:
                kept.append(corner)
        return kept


MATCH = ["origin", "destination", "material"]
"""What tells matches between sites apart."""
_NEAR = 1e-3
"""Plans that are no farther apart than this are the same one."""
_LONGER = 3
"""So many times as often as plans are wanted it is looked for one that differs."""
_LEAST_T = 0.01
"""Less than this is not agreed. [t]"""


def measure_distance(first: pd.Series, second: pd.Series) -> float:
    r"""Measure how unlike two plans are. Returns 0 (the same) to 1 (no match in common).

    Tonnes by match of each: :math:`1 - \sum_m \min(x_m, y_m) / \sum_m \max(x_m, y_m)`, Jaccard's
    distance by tonnes.
    """
    one, other = first.align(second, fill_value=0.0)
    most = float(np.maximum(one, other).sum())
    return 1.0 - float(np.minimum(one, other).sum()) / most if most else 0.0


def seek_alternatives(plan: Plan, count: int, within: float) -> dict[str, Variant]:
    """Look for plans whose first objective is within a share of the least there can be.

    Each makes least the tonnes on the matches of the plans before it, a match weighing what it had
    on average of the most it had (SPORES, Lombardi et al. 2020, by an evolving average), under a
    row that caps the first objective. What is used for less than one load weighs nothing.

    Returns at most so many variants, fewer where no other plan differs: agreements on what each
    moves between sites, by the load. What is left of it is planned as well as can be, so that it
    stays below the cap, and is proven.
    """
    problem, objectives = plan.problem, plan.scenario.said.objectives
    columns = np.flatnonzero(~problem.inside)
    keys = {key: problem.labels(key, columns) for key in (*MATCH, "period")}
    moved, load_t = pd.DataFrame(keys), problem.leg("load_t")[columns]
    match = moved.groupby(MATCH).ngroup().to_numpy(np.intp)
    at_lane = moved.groupby([*MATCH, "period"]).indices

    def add_up(values: Floats) -> Floats:
        """Add up by match. Returns tonnes on each, 0 where it is less than one load. [t]"""
        tonnes, loads = (np.bincount(match, values[columns] / one) for one in (1.0, load_t))
        return np.where(loads >= 1.0, tonnes, 0.0)

    def settle(lanes: pd.Series) -> Floats:
        """Plan what agreements leave open, as a variant will. Returns [columns]."""
        agreed = ((columns[at_lane[lane]], _round_down(tonnes)) for lane, tonnes in lanes.items())
        rows = [sum_of("agreed", "", at, ">=", tonnes) for at, tonnes in agreed]
        programme = plan.proof.programme.with_rows(*rows)
        costs = [*problem.objectives(), break_ties(problem)]
        spent = [0.0, *(one.tolerance for one in objectives[1:]), 0.0]
        return programme.clean(plan.search(*costs, programme=programme, tolerances=spent).values)

    cost, least = plan.proof.cost, plan.certificate.lower_bound
    cap = max(float(cost @ plan.proof.values), least + within * abs(least))
    found, told = [add_up(plan.proof.values)], dict[str, Variant]()
    different = found[:]
    for _ in range(_LONGER * count):
        if len(told) == count:
            break
        most, weight = np.max(found, axis=0), np.zeros(len(problem.moves))
        score = np.divide(np.mean(found, axis=0), most, out=np.zeros(len(most)), where=most > 0)
        weight[columns] = score[match]
        other = plan.search(problem.join(moves=weight), cost, held=(-cost, -cap))
        if not other.feasible:
            break
        values = other.programme.clean(other.values)
        tonnes = add_up(values)
        moved["tonnes"] = values[columns]
        kept = moved[(tonnes > 0)[match] & (moved.tonnes >= _LEAST_T)]
        lanes = kept.groupby([*MATCH, "period"]).tonnes.sum()
        settled = add_up(settle(lanes))
        if all(measure_distance(*map(pd.Series, (one, settled))) > _NEAR for one in different):
            different.append(settled)
            own = plan.scenario.values.get("agreements") or ()
            agreed = write_agreements(lanes, lambda tonnes: f"{_round_down(tonnes):.2f} t")
            said: dict[str, Any] = {"agreements": [*own, *agreed]}
            if objectives[0].tolerance:  # which would let later objectives break the cap
                first = objectives[0].model_copy(update={"tolerance": 0.0})
                said["objectives"] = write_plain((first, *objectives[1:]))
            told[f"alternative-{len(told) + 1}"] = Variant(set=said)
        found.append(tonnes)
    return told


def _round_down(tonnes: float) -> float:
    """Give an amount that the plan itself keeps. [t]"""
    return math.floor(100 * tonnes) / 100
