"""One named constraint, and the functions that yield them with what they declare."""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from raastof_geo.arrays import Columns, Floats
from raastof_geo.assignment.rules.about import About
from raastof_geo.assignment.rules.family import Family
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.scenario.said.file import ScenarioFile

Sense = Literal["<=", "=", ">="]


class RowName(NamedTuple):
    """What a row is: of which family, and about what."""

    family: Family
    about: About


@dataclass(frozen=True, eq=False)
class Row:
    """One named constraint: coefficients × units, compared with a limit."""

    kind: Family | str
    """Its family; a name only, where a rule of somebody's own declares none."""
    subject: About | str
    """What it is about: an offer, a need, a pit and a period …"""
    columns: Columns
    """Numbers of columns, each once."""
    coefficients: Floats
    """One for each of them: missing ones are priced with these."""
    sense: Sense
    limit: float

    @cached_property
    def name(self) -> RowName:
        """Its family and what it is about."""
        family = Family(self.kind) if isinstance(self.kind, str) else self.kind
        about = About(self.subject) if isinstance(self.subject, str) else self.subject
        return RowName(family, about)

    @property
    def family(self) -> Family:
        """What is declared of rows like it."""
        return self.name.family

    @property
    def about(self) -> About:
        """What it is about, as data."""
        return self.name.about

    @property
    def rule(self) -> str:
        """The name of its family, as plans and proofs write it."""
        return str(self.kind)

    @cached_property
    def label(self) -> str:
        """What it is about, as plans and proofs write it."""
        return str(self.subject)


Rule: TypeAlias = Callable[[Problem], Iterable[Row]]
"""Any function that yields rows; one of ours is a `DeclaredRule`."""
Blindness: TypeAlias = Callable[[ScenarioFile], bool]


def always(_said: ScenarioFile) -> bool:
    """Tell that no number of a scenario makes a rule see trucks."""
    return True


class DeclaredRule:
    """A rule, the families of its rows, and when it is blind to trucks.

    It is called and named as its function, and travels by that name, as functions do.
    """

    families: tuple[Family, ...]
    blind_to_trucks: Blindness
    __name__: str
    __qualname__: str

    def __init__(self, lay: Rule, families: tuple[Family, ...], blind_to_trucks: Blindness) -> None:
        functools.update_wrapper(self, lay)
        self.families = families
        self.blind_to_trucks = blind_to_trucks
        self._lay = lay

    def __call__(self, problem: Problem) -> Iterable[Row]:
        """Lay the rows over the columns of a problem."""
        return self._lay(problem)

    def __reduce__(self) -> str:
        return self.__qualname__

    def __repr__(self) -> str:
        return f"<rule {self.__name__}>"


def declare(
    *families: Family, blind_to_trucks: Blindness = lambda _said: False
) -> Callable[[Rule], DeclaredRule]:
    """Say beside a rule all that others have to know of it: the families of all its rows.

    `blind_to_trucks` tells of a scenario whether the rule gives moves that differ in nothing but
    the truck the same coefficients. The columns of all but the best truck are dropped where all
    rules are blind, so that a rule which wrongly says so makes a proof false; nothing said is safe.
    """

    def declared(lay: Rule) -> DeclaredRule:
        return DeclaredRule(lay, families, blind_to_trucks)

    return declared


def sum_of(
    kind: Family | str, subject: About | str, columns: Columns, sense: Sense, limit: float
) -> Row:
    """Compare the sum of some columns with a limit."""
    return Row(kind, subject, columns, np.ones(len(columns)), sense, limit)


def combine(
    kind: Family | str,
    subject: About | str,
    parts: Sequence[tuple[Columns, float]],
    sense: Sense,
    limit: float,
) -> Row:
    """Compare a sum of parts, each times its factor, with a limit; they may not overlap."""
    columns = np.concatenate([which for which, _ in parts])
    coefficients = np.concatenate([np.full(len(which), factor) for which, factor in parts])
    return Row(kind, subject, columns, coefficients, sense, limit)
