"""Move each lever to its ends, solve again, and find where a conclusion turns over."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache
from itertools import product, starmap
from typing import TypeAlias

from raastof_geo.errors import InputError, RaastofError
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
            if (legs := price(varied)) is None:
                raise InputError(say("legs that were made up cannot be priced again"))
            found = headline.solve_headlines(varied, legs, whole=at_value.whole)
            return Outcome(level, found)
        except RaastofError as error:
            with speaking(*scenario.speech):
                return Outcome(level, None, str(error).splitlines()[0])

    def find_flip(name: HeadlineName, end: int) -> Flip | None:
        """Find where a headline crosses its threshold on the way to an end; none: it does not.

        A level without a plan counts as the far side: there the conclusion cannot be kept.
        """
        threshold = headline.find_threshold(scenario, name)
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
    asked = product(headline.HEADLINES, range(len(ends)))
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
