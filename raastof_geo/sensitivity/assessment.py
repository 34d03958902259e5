"""Move each lever to its ends, solve again, and find where a conclusion turns over."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeAlias

from raastof_geo.errors import RaastofError
from raastof_geo.language import Message, say, speaking
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity import headline
from raastof_geo.sensitivity.headline import HeadlineName, Headlines
from raastof_geo.sensitivity.lever import Lever, Subject
from raastof_geo.spread import spread

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
    is bracketed to 1 % of the range, at the crossing of the straight line between both ends of the
    bracket and never in more steps than by halves (Oliveira, Takahashi, ACM TOMS 47, 2020, doi
    10.1145/3423597): saved kilograms may jump where a baseline decides by cost.
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
    scenario, at_value, price, levers = shared
    return _Mover(scenario, at_value, levers[number], price).swing()


class _Mover:
    """One lever; what was solved is kept, for several headlines may ask for the same level."""

    def __init__(self, scenario: Scenario, at_value: Headlines, lever: Lever, price: Price) -> None:
        self.scenario, self.at_value, self.lever, self.price = scenario, at_value, lever, price
        self.solved: dict[float, Outcome] = {}

    def swing(self) -> Swing:
        ends = tuple(map(self.solve, self.lever.subject.levels))
        pairs = [(name, number) for name in headline.HEADLINES for number in range(len(ends))]
        found = (self.flip(name, number, ends[number]) for name, number in pairs)
        return Swing(self.lever.subject, ends, tuple(flip for flip in found if flip is not None))

    def solve(self, level: float) -> Outcome:
        if level not in self.solved:
            try:
                varied = read_varied(self.scenario, self.lever.edit(level))
                told = {"whole": self.at_value.whole}
                found = headline.solve_headlines(varied, self.price(varied), **told)
                self.solved[level] = Outcome(level, found)
            except RaastofError as error:
                with speaking(*self.scenario.speech):
                    self.solved[level] = Outcome(level, None, str(error).splitlines()[0])
        return self.solved[level]

    def flip(self, name: HeadlineName, number: int, end: Outcome) -> Flip | None:
        """Find where a headline crosses its threshold on the way to an end; none: it does not.

        A level without a plan counts as the far side: there the conclusion cannot be kept.
        """
        threshold = headline.find_threshold(self.scenario, name)

        def keeps(headlines: Headlines) -> bool:
            return headlines.of(name) >= threshold - 1e-9 * max(1.0, abs(threshold))

        def above(headlines: Headlines | None) -> float | None:
            return None if headlines is None else headlines.of(name) - threshold

        holds = keeps(self.at_value)
        if end.headlines is None or keeps(end.headlines) == holds:
            return None
        near, far = self.lever.subject.value, end.level
        if near is None:
            return Flip(name, threshold, number, far, holds)
        levels = (near, *self.lever.subject.levels)
        least = 0.01 * (max(levels) - min(levels))
        height, depth = above(self.at_value), above(end.headlines)
        for left in reversed(range(_MOST_STEPS)):
            if abs(far - near) <= least:
                break
            # From here halves still lead to the end in the steps that are left.
            room = least * 2.0**left - abs(far - near) / 2
            middle = _aim(near, far, height, depth, least, room)
            there = self.solve(middle).headlines
            if there is not None and keeps(there) == holds:
                near, height = middle, above(there)
            else:
                far, depth = middle, above(there)
        return Flip(name, threshold, number, near, holds)


def _aim(
    near: float, far: float, height: float | None, depth: float | None, least: float, room: float
) -> float:
    """Choose the next level in a bracket: where a line through both ends is zero, or the middle.

    A little towards the middle, so that the crossing is soon bracketed from both sides, and no
    farther from it than there is `room`. `height`, `depth`: over the threshold, where there is a
    plan. `least`: how wide a bracket may stay.
    """
    middle = (near + far) / 2
    if height is None or depth is None or height == depth:
        return middle
    aim = near + (far - near) * height / (height - depth)
    off = min(abs(aim - middle), abs(far - near) / 2) - 0.45 * least
    off = max(0.0, min(off, room))
    # Rounded, so that two headlines that cross at one level ask for the same solves.
    return float(f"{middle + off if aim > middle else middle - off:.9g}")
