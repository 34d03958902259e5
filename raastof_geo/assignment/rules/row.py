"""One named constraint, what it is about, and the rules that yield and declare them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Protocol, TypeAlias, cast, runtime_checkable

import numpy as np

from raastof_geo.arrays import Columns, Floats
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.language import Message, Readable
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.scenario import Facility, Need, Offer

Sense = Literal["<=", "=", ">="]
Bends = Literal["first", "next", "last", "never"]
"""When rows are broken where no plan keeps them all: needs, surplus and targets `first`, as what is
missing is then said in tonnes of a project; `next` what was promised; `last` other limits; and
`never` rows that only keep books, which mean nothing when they are broken."""
EitherOr = Literal["lots", "partners", "openings"]
Limits = Literal["places", "targets", "agreements", "capture"]
"""Kinds of limits that are lifted together, to learn what holds a share down."""


@dataclass(frozen=True)
class About:
    """What a row is about; as text it is the label that plans and proofs carry."""

    head: str
    """The label, without the period."""
    period: str = ""
    """The period, or the first one of a window that comes again; empty: all of them."""
    site: str = ""
    """A site, or a project."""
    role: Role | Literal[""] = ""
    """As what the site is meant."""
    material: str = ""
    vehicle: str = ""
    measure: str = ""
    """What the limit is measured by; empty: as the family says."""
    entry: int = -1
    """Its place in the list of the scenario, or in the table of columns, that it is made of."""

    def __str__(self) -> str:
        return f"{self.head}@{self.period}" if self.period else self.head


@dataclass(frozen=True)
class Family:
    """Rows of one kind, and all that the rest of the house has to know of them.

    A rule that declares none gives its rows a name only: it is their title too, they are bent last,
    no number is known to relax them, and their unit is not told.
    """

    name: str
    """As plans and proofs write it."""
    title: Message | None = None
    """What people call it; none: its name."""
    bends: Bends = "last"
    unit: Readable = ""
    """Of the limit, where a row does not say by which measure it is; empty: not known."""
    raised_by: str = ""
    """The number of the scenario that would allow more, as a place in it with the names of
    `About`, such as `sites.{site}.pit.capacity_total`; empty: no single number would."""
    decides: EitherOr | None = None
    """The either-or decision that it belongs to."""
    limits: Limits | None = None

    @property
    def keeps_books(self) -> bool:
        """Whether rows only say that sums agree, so that no unit more on them means anything."""
        return self.bends == "never"

    def __str__(self) -> str:
        return self.name

    def number(self, about: About) -> str:
        """Give the place of the number that would allow more on a row; empty where there is none.

        >>> PITS = Family("pits_permitted", raised_by="sites.{site}.pit.capacity_total")
        >>> PITS.number(About("north", site="north"))
        'sites.north.pit.capacity_total'
        """
        return self.raised_by.format(**asdict(about))


def about_entry(entry: Offer | Need) -> About:
    """Speak of a window of an offer or a need; `entry` is its place in the list of its site."""
    period = entry.periods[0] if entry.repeated else ""
    material = entry.material if isinstance(entry, Offer) else ""
    return About(entry.name, period, entry.site, entry.role, material, entry=entry.number - 1)


def about_facility(facility: Facility, *, material: str = "", period: str = "") -> About:
    """Speak of a pit, a receiver, a plant, a depot or a stockpile."""
    head = f"{facility.id}/{material}" if material else facility.id
    return About(head, period, facility.site, facility.role, material)


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


@runtime_checkable
class DeclaredRule(Protocol):
    """A rule that carries its families, and when it is blind to trucks."""

    families: tuple[Family, ...]
    blind_to_trucks: Blindness
    __name__: str

    def __call__(self, problem: Problem) -> Iterable[Row]:
        """Lay the rows over the columns of a problem."""


def declare(
    *families: Family, blind_to_trucks: Blindness = lambda _said: False
) -> Callable[[Rule], DeclaredRule]:
    """Say beside a rule all that others have to know of it: the families of all its rows.

    `blind_to_trucks` tells of a scenario whether the rule gives moves that differ in nothing but
    the truck the same coefficients. The columns of all but the best truck are dropped where all
    rules are blind, so that a rule which wrongly says so makes a proof false; nothing said is safe.
    """

    def declared(lay: Rule) -> DeclaredRule:
        vars(lay).update(families=families, blind_to_trucks=blind_to_trucks)
        return cast(DeclaredRule, lay)

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
