"""The few figures that a conclusion stands on: what moves them, and where each would turn over."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache
from itertools import product, starmap
from typing import Any, Literal, TypeAlias, get_args

from raastof_geo.assignment import Plan, assign
from raastof_geo.assignment.alone import solve_alone
from raastof_geo.assignment.statement.problem import LaidColumns
from raastof_geo.effect import saving
from raastof_geo.effect.books import GOAL_SHARE, measure_gains
from raastof_geo.effect.measure import Effect, TargetAnswer, answer_target
from raastof_geo.errors import InputError, RaastofError
from raastof_geo.language import Message, Readable, format_number, say, speaking
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.lever import Lever, Subject
from raastof_geo.spread import spread

HeadlineName: TypeAlias = Literal[
    "largest_share", "share_in_plan", "saved_transport_kg_co2e", "saved_kg_co2e", "saved_dkk"
]
HEADLINES: tuple[HeadlineName, ...] = get_args(HeadlineName)


@dataclass(frozen=True)
class Headlines:
    """What a plan and its baseline come to."""

    largest_share: float
    """The largest secondary share that can be had, by the definition in force."""
    share_in_plan: float
    saved_transport_kg_co2e: float
    """By coordination, transport WTW. [kg CO2e]"""
    saved_kg_co2e: float
    """By coordination, all parts. [kg CO2e]"""
    saved_dkk: float
    """By the plan in all, less what is sold: what `Effect.whole` says. [DKK]"""
    whole: bool = False
    """Whether emissions saved are not coordination's alone, where causes were not told apart."""

    def of(self, name: HeadlineName) -> float:
        """Give one of them."""
        return float(getattr(self, name))


@dataclass(frozen=True)
class Told:
    """How people read a headline, or another figure."""

    title: Readable
    unit: Readable
    factor: float
    digits: int

    @property
    def head(self) -> str:
        """The title and its unit, over a column."""
        title = str(self.title)
        return f"{title[:1].upper()}{title[1:]} [{self.unit}]"

    def write(self, value: float) -> str:
        """Write a value in the unit that people read."""
        return f"{self.number(value)} {self.unit}"

    def number(self, value: float) -> str:
        """Write it without the unit."""
        return format_number(value * self.factor, digits=self.digits)


SHOWN: dict[HeadlineName, Told] = {
    "largest_share": Told(say("largest secondary share"), "%", 100, 1),
    "share_in_plan": Told(say("secondary share in the plan"), "%", 100, 1),
    "saved_transport_kg_co2e": Told(say("saved in transport"), "t CO2e", 1e-3, 0),
    "saved_kg_co2e": Told(say("saved in all"), "t CO2e", 1e-3, 0),
    "saved_dkk": Told(say("money saved"), say("million DKK"), 1e-6, 1),
}


def find_threshold(scenario: Scenario, name: HeadlineName) -> float:
    """Give where a headline changes the conclusion: the share asked for or the region's, else 0."""
    if name not in ("largest_share", "share_in_plan"):
        return 0.0
    target = scenario.said.targets.first_share
    return target.at_least if target is not None else GOAL_SHARE


def read_headlines(effect: Effect) -> Headlines:
    """Read the headlines of a result.

    The emissions saved are what coordination is credited with; where causes were not told apart,
    and so for all variations of such a scenario, all that the plan saves, as money always is.
    """
    return _tell(effect.whole, effect.coordination, effect.target)


def _tell(whole: saving.Gain, coordination: saving.Gain | None, target: TargetAnswer) -> Headlines:
    gain, reach = coordination or whole, target.reach
    return Headlines(
        largest_share=reach.largest,
        share_in_plan=reach.in_plan,
        saved_transport_kg_co2e=gain.transport_kg_co2e,
        saved_kg_co2e=gain.kg_co2e,
        saved_dkk=whole.dkk,
        whole=coordination is None,
    )


def solve_headlines(scenario: Scenario, legs: Legs | None, *, whole: bool = False) -> Headlines:
    """Solve plan and baseline of a scenario, and give what they come to.

    `whole`: all that is saved is meant, whatever saves it. Without a plan, a solver or a way to
    tell what coordination saves from the rest it is a `RaastofError`.
    """
    found = find_headlines(scenario, legs, causes=not whole, explain=False)[1]
    if found.whole != whole:
        raise InputError(say("what coordination saves cannot be told from other causes here"))
    return found


def find_headlines(
    scenario: Scenario, legs: Legs | None, *, known: LaidColumns | None = None, **how: Any
) -> tuple[Plan, Headlines]:
    """Solve as `solve_briefly` does, and give the plan and its headlines, without any books.

    Columns of worlds besides the plan's may be `known` from scenarios with other amounts.
    """
    plan = solve_briefly(scenario, legs, **how)
    scenario, legs = plan.scenario, plan.problem.legs
    after = measure_gains(plan.problem, plan.proof.values)
    alone = solve_alone(scenario, legs, known=known)
    world, causes = alone.world, tuple[saving.Cause, ...]()
    before, said = measure_gains(world.problem, alone.values), world.problem.scenario.said
    if scenario.said.effect.causes:
        missing, known = bool(alone.missing), LaidColumns() if known is None else known
        ends = saving.Before(world.kind, world.together, missing, said.capture, before, after)
        causes = saving.split_by_cause(plan, ends, measure_gains, briefly=True, known=known)
    target = answer_target(plan, briefly=True)
    coordination = saving.credit(causes, saving.COORDINATION)
    return plan, _tell(saving.read_gain(before - after), coordination, target)


def solve_briefly(scenario: Scenario, legs: Legs | None, *, causes: bool, **how: Any) -> Plan:
    """Solve a plan that nobody is given, whose effect is against one baseline, as if compared.

    `how` it begins, and whether errors `explain`, as `assign` takes them.
    """
    if legs is None:
        raise InputError(say("legs that were made up cannot be priced again"))
    said = scenario.said
    chosen = said.effect.model_copy(update={"causes": causes, "shapley": False})
    baseline = said.baseline.model_copy(update={"compare_with": ()})
    quick = scenario.saying(effect=chosen, baseline=baseline)
    return assign(quick, legs, stated=False, **how)


Price: TypeAlias = Callable[[Scenario], Legs | None]
"""Prices the legs of a variation; none where its roads are not known."""

MOST_DECLARED = 10
"""As many assumptions of a scenario are solved again in a run."""
_MOST_STEPS = 7
"""Halvings of half a range: to less than 1 % of it."""


@dataclass(frozen=True)
class Outcome:
    """What a lever at one of its ends comes to."""

    level: float
    """A number in the unit of what is moved, or the number of a choice."""
    headlines: Headlines | None
    """None where there is no plan, or the scenario is refused."""
    refused: str = ""
    """Why there is none."""


@dataclass(frozen=True)
class Flip:
    """Where a headline crosses its threshold."""

    headline: HeadlineName
    threshold: float
    end: int
    """Which end it lies towards."""
    level: float
    """The last level found, from the value outwards, at which the conclusion still holds."""
    holds: bool
    """Whether the threshold is kept at the value (and missed at the end), or the reverse."""


@dataclass(frozen=True)
class Swing:
    """What is moved, the headlines at its ends, and what turns over on the way."""

    subject: Subject
    ends: tuple[Outcome, ...]
    """One for each level of the subject."""
    flips: tuple[Flip, ...]


@dataclass(frozen=True)
class Assessment:
    """What the answer hangs on."""

    at_value: Headlines
    """What the scenario as it stands comes to."""
    swings: tuple[Swing, ...]
    left_out: tuple[str, ...] = ()
    """Declared assumptions beyond the most that a run solves again."""

    def ranked(self, *names: HeadlineName) -> list[Swing]:
        """List what is moved by the share of a headline that it moves at an end, most first."""

        def reach(swing: Swing) -> float:
            found = [end.headlines for end in swing.ends if end.headlines is not None]
            base = {name: self.at_value.of(name) for name in names if self.at_value.of(name)}
            moved = (abs(one.of(name) / base[name] - 1) for one in found for name in base)
            return max(moved, default=0.0)

        return sorted(self.swings, key=reach, reverse=True)


def assess(
    scenario: Scenario,
    at_value: Headlines,
    levers: Sequence[Lever],
    price: Price,
    *,
    most: int | None = None,
    executor: Executor | None = None,
    tell: Callable[[Message], None] = lambda _: None,
) -> Assessment:
    """Solve plan and baseline again with each lever, or the first `most`, at each of its ends.

    An `executor` solves levers side by side.

    Where a headline is on the other side of its threshold at an end, the level at which it crosses
    is bracketed to 1 % of the range (Oliveira, Takahashi, ACM TOMS 47, 2020, doi 10.1145/3423597).
    """
    taken = levers[:most]
    found = spread(executor, _move, (scenario, at_value, price, taken), range(len(taken)))
    swings = []
    for number, lever in enumerate(taken, 1):
        told = {"number": number, "count": len(taken), "name": lever.subject.title}
        tell(say("Assumption {number} of {count}: {name}", **told))
        swings.append(next(found))
    left_out = tuple(one.subject.title for one in levers[len(taken) :])
    return Assessment(at_value, tuple(swings), left_out)


def _move(shared: tuple[Scenario, Headlines, Price, Sequence[Lever]], number: int) -> Swing:
    """Solve with a lever at each of its ends, and find what turns over on the way there."""
    scenario, at_value, price, levers = shared
    lever, subject = levers[number], levers[number].subject

    @cache  # as several headlines may ask for the same level
    def solve(level: float) -> Outcome:
        try:
            varied = read_varied(scenario, lever.edit(level))
            return Outcome(level, solve_headlines(varied, price(varied), whole=at_value.whole))
        except RaastofError as error:
            with speaking(*scenario.speech):
                return Outcome(level, None, str(error).splitlines()[0])

    def find_flip(name: HeadlineName, end: int) -> Flip | None:
        """Find where a headline crosses its threshold on the way to an end; none: it does not.

        A level without a plan counts as the far side: there the conclusion cannot be kept.
        """
        threshold = find_threshold(scenario, name)
        kept = -1e-9 * max(1.0, abs(threshold))

        def above(level: float) -> float | None:
            found = solve(level).headlines
            return None if found is None else found.of(name) - threshold

        near, far = subject.value, subject.levels[end]
        height, depth = at_value.of(name) - threshold, above(far)
        holds = height >= kept
        if depth is None or (depth >= kept) == holds:
            return None
        if near is None:
            return Flip(name, threshold, end, far, holds)
        levels = (near, *subject.levels)
        least = 0.01 * (max(levels) - min(levels))
        for left in reversed(range(_MOST_STEPS)):
            if abs(far - near) <= least:
                break
            # From here halves still lead to the end in the steps that are left.
            room = least * 2.0**left - abs(far - near) / 2
            middle = _aim(near, far, height, depth, least, room)
            if (there := above(middle)) is not None and (there >= kept) == holds:
                near, height = middle, there
            else:
                far, depth = middle, there
        return Flip(name, threshold, end, near, holds)

    ends = tuple(map(solve, subject.levels))
    asked = product(HEADLINES, range(len(ends)))
    return Swing(subject, ends, tuple(filter(None, starmap(find_flip, asked))))


def _aim(
    near: float, far: float, height: float, depth: float | None, least: float, room: float
) -> float:
    """Choose the next level in a bracket: where a line through both ends is zero, or the middle.

    A little towards the middle, so that the crossing is soon bracketed from both sides, and no
    farther from it than there is `room`. `height`, `depth`: over the threshold, this one where
    there is a plan. `least`: how wide a bracket may stay.
    """
    middle = (near + far) / 2
    if depth is None or height == depth:
        return middle
    aim = near + (far - near) * height / (height - depth)
    off = min(abs(aim - middle), abs(far - near) / 2) - 0.45 * least
    off = max(0.0, min(off, room))
    # Rounded, so that two headlines that cross at one level ask for the same solves.
    return float(f"{middle + off if aim > middle else middle - off:.9g}")
