"""What can be moved in a scenario: each assumption, figure and choice, with its ends."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from raastof_geo.evidence import tell_unit
from raastof_geo.figures.figure import Figure, Sourced
from raastof_geo.language import Readable, format_number, say
from raastof_geo.scenario.catalogue import walk_figures
from raastof_geo.scenario.said.file import Assumption
from raastof_geo.scenario.said.part import Captured
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.telling.words import CatalogueWords
from raastof_geo.scenario.varied import Edits, edit_for, number_at, value_of_assumption

Numbered: TypeAlias = Sourced | Captured | float

PART = 0.1
"""How far a number without a stated range is moved, as a share of it."""
JUDGED = say("our judgement: ±10 %")
_KINDS: tuple[tuple[str, Readable], ...] = (
    (r"capture", say("capture")),
    (r"density", say("densities")),
    (r"ratio|outputs", say("ratios and yields")),
    (r"dkk|price|fee|tax|fare|hire|toll", say("prices")),
    (r"kg_co2e", say("emission factors")),
    (r"speed|limit|built_up|surfaces", say("speeds")),
)
"""What a figure is, by a word of its path."""


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
        return f"{self._number(level)} {tell_unit(self.unit)}".strip()

    @property
    def range(self) -> str:
        """The ends, or the other choices, as people read them."""
        if self.names:
            return ", ".join(self.names)
        return f"{' – '.join(map(self._number, self.levels))} {tell_unit(self.unit)}".strip()

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
    """List the ranges that a scenario states, in its order: assumptions, then other figures."""
    said = scenario.said
    listed = [make_lever(scenario, *item) for item in said.assumptions.items()]
    taken = {one.set for one in said.assumptions.values()}
    for path, figure in list_numbered(scenario).items():
        ours = not path.startswith("catalogue.") or _is_own(said.catalogue, path)
        if ours and path not in taken:
            moved = move_figure(scenario, path, figure)
            listed += [lever for lever in moved if not lever.subject.judged]
    return listed


def list_numbered(scenario: Scenario) -> dict[str, Numbered]:
    """List the figures of a scenario and of the catalogue that it is read with, by path."""
    figures = scenario.catalogue.figures().items()
    return {
        **{f"capture.{key}": one for key, one in scenario.said.capture.items()},
        **dict(walk_figures(scenario.said, "")),
        **{f"catalogue.{path}": one for path, one in figures},
    }


def _is_own(catalogue: Any, path: str) -> bool:
    """Tell whether a scenario itself says the figure of a path."""
    for part in path.split(".")[1:]:
        if not isinstance(catalogue, Mapping) or part not in catalogue:
            return False
        catalogue = catalogue[part]
    return True


def make_lever(scenario: Scenario, name: str, assumption: Assumption) -> Lever:
    """Make what is moved out of an assumption."""
    subject = Subject(
        name=name,
        title=assumption.name or name,
        group=str(say("assumptions")),
        source=assumption.source,
        unit=assumption.unit,
        value=value_of_assumption(scenario, assumption),
        levels=(assumption.low, assumption.high),
    )
    return Lever(subject, partial(edit_for, scenario, assumption))


def move_figure(scenario: Scenario, path: str, figure: Numbered) -> Iterator[Lever]:
    """Give the lever of a figure between the ends that it states, or of ±10 %; none of a 0."""
    value = number_at(figure)
    share = isinstance(figure, Captured) or path.endswith("share")
    unit = "%" if share else getattr(figure, "unit", "")
    stated = [one for end in ("low", "high") if (one := _end(figure, value, end)) is not None]
    ends = stated or [value * (1 - PART), value * (1 + PART)]
    ends = [min(one, 1.0) for one in ends] if unit == "%" else ends
    levels = tuple(one for one in ends if one != value)
    if not levels:
        return
    words = CatalogueWords(scenario.catalogue, scenario.said.language)
    source = getattr(figure, "range_source", "") or getattr(figure, "source", "")
    subject = Subject(
        name=path,
        title=words.name_figure(path.removeprefix("catalogue.")),
        group=str(next((kind for word, kind in _KINDS if re.search(word, path)), say("trucks"))),
        source=scenario.catalogue.cite(source) if stated else str(JUDGED),
        judged=not stated,
        unit=unit,
        value=value,
        levels=levels,
    )
    yield Lever(
        subject, partial(edit_for, scenario, Assumption(low=0, high=1, source="-", set=path))
    )


def _end(figure: Numbered, value: float, end: str) -> float | None:
    """Give an end of the range that a figure states, in its unit."""
    if not isinstance(figure, Sourced) or isinstance(figure, Figure):
        return getattr(figure, end, None)
    factor = getattr(figure, f"{end}_factor")
    return None if factor is None else value * factor
