"""Trace what two measures cost each other: corner by corner, each as a variant of the scenario."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from raastof_geo.arrays import Floats
from raastof_geo.assignment.plan import Plan, assign
from raastof_geo.assignment.rules import RULES
from raastof_geo.assignment.solving.price_in import FREE, Start
from raastof_geo.assignment.solving.solve import Search, solve
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.row import Row, Rule
from raastof_geo.errors import InputError
from raastof_geo.figures.vocabulary import Indicator, choices
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.identity import suggest
from raastof_geo.scenario.said.file import Variant
from raastof_geo.scenario.said.target import Objective, find_measure
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import write_plain

MOST_CORNERS = 200
"""As many are looked for; where there are more, the front says so."""
_STEPS = 10
"""Into so many the second measure is parted where there are either-or decisions."""
_ALIKE = 1e-6
"""Share of what the measures span within which plans count as alike."""
_CAP_DIGITS = 6
"""Caps are rounded up to so many digits, so that the plan itself keeps them."""

Measures = tuple[Indicator, Indicator]


class Corner(NamedTuple):
    """What the two measures of a plan come to that betters neither without worsening the other."""

    first: float
    second: float


@dataclass(frozen=True)
class Front:
    """The plans between the least of one measure and the least of another."""

    measures: Measures
    corners: tuple[Corner, ...]
    """From the least of the first measure to the least of the second."""
    variants: dict[str, Variant]
    """For each corner the variant of which it is the optimum."""
    stepped: bool
    """Whether there are either-or decisions, so that these are steps and others lie between."""
    complete: bool
    """Whether all corners, or steps, were found, and each to the end."""

    @property
    def prices(self) -> list[float]:
        """What a unit of the first measure less costs of the second, from each corner to the next.

        In the units of both measures; between corners any mixture of plans has that price.
        """
        pairs = zip(self.corners, self.corners[1:], strict=False)
        return [(one.second - other.second) / (other.first - one.first) for one, other in pairs]


def read_measures(given: str) -> Measures:
    """Read two different measures, parted by a comma; anything else is an `InputError`."""
    names = [one.strip() for one in given.split(",")]
    known = [str(one) for one in choices()]
    for name in names:
        if name not in known:
            hint = suggest(name, known)
            raise InputError.saying_text("fronts", "no measure", given=f"`{name}`", hint=hint)
    if len(names) != 2 or names[0] == names[1]:
        raise InputError.saying_text("fronts", "two measures", given=f"`{given}`")
    first, second = map(find_measure, names)
    return first, second


def trace_front(
    scenario: Scenario, legs: Legs, measures: Measures, *, rules: Sequence[Rule] = RULES
) -> Front:
    """Find every plan that is a corner of the front of two measures.

    Without either-or decisions these are all efficient corners of the linear programme, found by
    weighing the measures as the chord of two neighbours does (Aneja and Nair 1979, dichotomic
    search, also NISE), the ends one measure after the other. With decisions the front has gaps
    that no weights find: the second measure is capped step by step instead, which gives efficient
    plans, and not all of them.

    Parameters
    ----------
    measures
        What is held against each other; the scenario's other objectives decide among equals.

    Returns
    -------
    front
        Corners in the units of the measures. [kg CO2e, DKK, t km …]

    Raises
    ------
    NoPlanError, SolverError
        As `assign`.
    """
    ordered = scenario.saying(objectives=_order(scenario, measures))
    # A cap sees which truck drives, so that all of them have columns here, too.
    plan = assign(ordered, legs, rules=[*rules, _see_trucks], stated=False)
    tracing = _Tracing(plan, *(plan.problem.measure(one) for one in measures))
    low = Corner(*(plan.amounts[one] for one in measures))
    corners, complete = tracing.find(low)
    told = dict[str, Variant]()
    for number, corner in enumerate(corners, 1):
        last = 1 < number == len(corners)
        told[f"front-{number}"] = _cap(scenario, measures, corner, capped=number > 1 and not last,
                                       turned=last)  # fmt: skip
    stepped = bool(plan.problem.whole.any())
    return Front(measures, tuple(corners), told, stepped, complete and plan.finished)


def _see_trucks(problem: Problem) -> Iterator[Row]:
    """Lay no row; what is not declared blind to trucks keeps the columns of all of them."""
    return iter(())


def _order(scenario: Scenario, measures: Sequence[Indicator]) -> tuple[Objective, ...]:
    """Put measures before the other objectives of a scenario, which decide among equals."""
    rest = (one for one in scenario.said.objectives if one.name not in measures)
    return (*(Objective(minimise=(one,)) for one in measures), *rest)


def _cap(
    scenario: Scenario, measures: Measures, corner: Corner, *, capped: bool, turned: bool
) -> Variant:
    """Say a corner as a variant: the least of a measure, the other one being no more than here."""
    amounts = dict(zip(measures, corner, strict=True))
    turned = turned or (capped and corner.second < 0 <= corner.first)  # no cap is below 0
    aim, other = reversed(measures) if turned else measures
    said: dict[str, Any] = {"objectives": write_objectives(_order(scenario, (aim, other)))}
    if capped:
        most = math.ceil(amounts[other] * 10**_CAP_DIGITS) / 10**_CAP_DIGITS
        if most < 0:
            raise InputError.saying_text("fronts", "below zero")
        caps = write_plain(scenario.said.targets.at_most)
        said["targets.at_most"] = [*caps, {"measure": str(other), "at_most": most}]
    return Variant(set=said)


def write_objectives(objectives: Sequence[Objective]) -> list[Any]:
    """Write objectives as a scenario file says them, in short where that is possible."""
    bare = (len(one.minimise) == 1 and not one.tolerance for one in objectives)
    return [
        str(one.minimise[0])
        if short
        else {**write_plain(one), "minimise": [*map(str, one.minimise)]}
        for one, short in zip(objectives, bare, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Tracing:
    """A plan at the one end of a front, and what a unit of each column adds to both measures."""

    plan: Plan
    first: Floats
    second: Floats

    def find(self, low: Corner) -> tuple[list[Corner], bool]:
        """Give the corners from one end to the other, and whether these are all of them."""
        high = self._reach(self.second, self.first)
        if high is None:
            return [low], False
        width, height = high.first - low.first, low.second - high.second
        if width <= _ALIKE * abs(low.first) or height <= _ALIKE * abs(low.second):
            return [low], True
        if self.plan.problem.whole.any():
            return self._step(low, high)
        return self._halve(low, high, partial(_weigh, width=width, height=height))

    def _reach(self, *costs: Floats, most: float | None = None) -> Corner | None:
        """Make sums least, one after the other, the second measure at `most`; none: time is up."""
        plan, said = self.plan, self.plan.scenario.said.solving
        found = solve(
            plan.problem,
            programme=plan.proof.programme,
            costs=costs,
            held=None if most is None else (-self.second, -most),
            decided=Search(said.gap),
            clock=said.time_limit_s,
            start=Start(plan.proof.start.columns),
            free=1e-2 * FREE,
        )
        if not found.solved:
            return None
        values = found.programme.clean(found.values)[: len(self.first)]
        return Corner(float(self.first @ values), float(self.second @ values))

    def _halve(self, low: Corner, high: Corner, weigh: Any) -> tuple[list[Corner], bool]:
        """Look between neighbours for a plan below their chord until there is none."""
        found, between, complete = [low, high], [(low, high)], True
        while between and len(found) < MOST_CORNERS:
            one, other = between.pop(0)
            if one.second <= other.second:
                continue  # alike but for the last digits
            price = (other.first - one.first) / (one.second - other.second)
            corner = self._reach(self.first + price * self.second, self.first)
            if corner is None:
                complete = False
            elif weigh(one, corner, price) > _ALIKE:
                found.append(corner)
                between += [(one, corner), (corner, other)]
        return sorted(found), complete and not between

    def _step(self, low: Corner, high: Corner) -> tuple[list[Corner], bool]:
        """Cap the second measure step by step; what another plan betters is left out."""
        found, complete = [low, high], True
        step = (low.second - high.second) / _STEPS
        most = low.second - step
        while most > high.second + 0.5 * step:
            corner = self._reach(self.first, self.second, most=most)
            complete &= corner is not None
            found += [] if corner is None else [corner]
            most = min(most, most if corner is None else corner.second) - step
        kept: list[Corner] = []
        for corner in sorted(found):
            if not kept or corner.second < kept[-1].second - _ALIKE * step:
                kept.append(corner)
        return kept, complete


def _weigh(one: Corner, corner: Corner, price: float, *, width: float, height: float) -> float:
    """Give how far a corner lies below the chord of a price through another, in spans."""
    gain = one.first - corner.first + price * (one.second - corner.second)
    return gain / math.hypot(width, price * height)
