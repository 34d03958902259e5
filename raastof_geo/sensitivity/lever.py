"""What can be moved in a scenario: each assumption, figure and choice, with its ends."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from raastof_geo.language import format_number
from raastof_geo.scenario.said.assumption import Assumption
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import Edits, edit_for, value_of_assumption


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One thing that may be otherwise, as people know it."""

    name: str
    title: str
    """What people call it."""
    group: str
    """What kind of thing it is, such as `amounts` or `prices`."""
    source: str
    unit: str = ""
    judged: bool = False
    """Whether the range is nobody's but ours."""
    value: float | None = None
    """Where it stands; none where it is a choice and no number."""
    levels: tuple[float, ...]
    """Its ends, or the numbers of the other choices."""
    names: tuple[str, ...] = ()
    """What people call the other choices, where it is one."""

    def matches(self, word: str) -> bool:
        """Tell whether its id, name or kind holds a word, in whatever case."""
        return any(word.casefold() in one.casefold() for one in (self.name, self.title, self.group))

    def write(self, level: float | None) -> str:
        """Write a level as people read it: shares in per cent, choices by name."""
        if level is None or self.names:
            return "" if level is None else self.names[int(level)]
        return f"{self._number(level)} {self.unit}".strip()

    @property
    def range(self) -> str:
        """The ends, or the other choices, as people read them."""
        if self.names:
            return ", ".join(self.names)
        return f"{' – '.join(map(self._number, self.levels))} {self.unit}".strip()

    def _number(self, level: float) -> str:
        shown = 100 * level if self.unit == "%" else level
        close = (one for one in range(7) if abs(round(shown, one) - shown) <= 0.004 * abs(shown))
        return format_number(shown, digits=next(close, 6))


@dataclass(frozen=True)
class Lever:
    """What is moved, and what the file says at a level of it."""

    subject: Subject
    edit: Callable[[float], Edits]


def list_declared(scenario: Scenario) -> list[Lever]:
    """List the assumptions that a scenario itself states with a range, in the order of its file."""
    said = scenario.said.assumptions
    return [make_lever(scenario, name, one) for name, one in said.items()]


def make_lever(
    scenario: Scenario, name: str, assumption: Assumption, *, group: str = "assumptions"
) -> Lever:
    """Make what is moved out of an assumption."""
    subject = Subject(
        name=name,
        title=assumption.name or name,
        group=group,
        source=assumption.source,
        unit=assumption.unit,
        value=value_of_assumption(scenario, assumption),
        levels=(assumption.low, assumption.high),
    )
    return Lever(subject, partial(edit_for, scenario, assumption))
