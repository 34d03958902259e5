"""Rows: named constraints, what is declared of them, and all of them as one sparse matrix."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple, Protocol, TypeAlias, cast, runtime_checkable
import numpy as np
from scipy import sparse
from raastof_geo.arrays import Columns, Floats, Mask, Signs
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.language import DATA_FOLDER, Message, Readable, read_texts
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


def _read_families() -> Iterator[tuple[str, Family]]:
    titles, units = read_texts("rows"), read_texts("units of rows")
    for key, said in tomllib.loads((DATA_FOLDER / "rows.toml").read_text("utf-8")).items():
        name, unit = said.pop("name", key), said.pop("unit", "")
        yield key, Family(name, titles[name], unit=units.get(unit, unit), **said)


ROW_FAMILIES: dict[str, Family] = dict(_read_families())
"""Those of our own rules, by what these call them."""


def find_families(*names: str) -> Iterator[Family]:
    """Give entries of `ROW_FAMILIES`; raise KeyError where there is none."""
    return map(ROW_FAMILIES.__getitem__, names)


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
    """Its family, or what `ROW_FAMILIES` calls it; where a rule declares none, a name only."""
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
        kind = self.kind
        family = ROW_FAMILIES.get(kind, Family(kind)) if isinstance(kind, str) else kind
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
        return self.family.name

    @cached_property
    def label(self) -> str:
        """What it is about, as plans and proofs write it."""
        return str(self.subject)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from the other rows of a programme."""
        return self.rule, self.label, self.sense


Rule: TypeAlias = Callable[[Problem], Iterable[Row]]
"""Any function that yields rows; one of ours is a `DeclaredRule`."""
Blindness: TypeAlias = Callable[[ScenarioFile], bool]


@runtime_checkable
class DeclaredRule(Protocol):
    """A rule that carries its families, and when it is blind to trucks."""

    families: tuple[Family, ...]
    blind_to_trucks: Blindness | bool
    __name__: str

    def __call__(self, problem: Problem) -> Iterable[Row]:
        """Lay the rows over the columns of a problem."""


def declare(
    *families: Family | str, blind_to_trucks: Blindness | bool = False
) -> Callable[[Rule], DeclaredRule]:
    """Say beside a rule all that others have to know of it: the families of all its rows.

    Those of our own rules stand in `data/rows.toml`, and are named here as there.
    `blind_to_trucks` tells, of every scenario or of one, whether the rule gives moves that differ
    in nothing but the truck the same coefficients. The columns of all but the best truck are
    dropped where all rules are blind: a rule that wrongly says so makes a proof false, silence not.
    """

    def declared(lay: Rule) -> DeclaredRule:
        known = (ROW_FAMILIES[one] if isinstance(one, str) else one for one in families)
        vars(lay).update(families=tuple(known), blind_to_trucks=blind_to_trucks)
        return cast(DeclaredRule, lay)

    return declared


def sum_of(
    kind: Family | str, subject: About | str, columns: Columns, sense: Sense, limit: float
) -> Row:
    """Compare the sum of some columns with a limit."""
    return Row(kind, subject, columns, np.ones(len(columns)), sense, limit)


Parts: TypeAlias = Sequence[tuple[Columns, float]]
"""Columns, and what a unit of each of them counts."""


def combine(
    kind: Family | str, subject: About | str, parts: Parts, sense: Sense, limit: float
) -> Row:
    """Compare a sum of parts, each times its factor, with a limit; they may not overlap."""
    columns = np.concatenate([which for which, _ in parts])
    coefficients = np.concatenate([np.full(len(which), factor) for which, factor in parts])
    return Row(kind, subject, columns, coefficients, sense, limit)


SENSES = ("<=", "=", ">=")

_LEAST = 1e-6
"""Units of a solver below which nothing moves: a gram in a world of tonnes."""


@dataclass(frozen=True, eq=False)
class Programme:
    """Rows × columns, what the rows are compared with, and which columns are 0 or 1."""

    matrix: sparse.csc_array
    """[rows × columns]"""
    sense: Signs
    """-1 for at most, 0 for equal, 1 for at least."""
    limit: Floats
    whole: Mask

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return int(self.matrix.shape[0])

    @property
    def column_count(self) -> int:
        """How many columns there are, written out or not."""
        return int(self.matrix.shape[1])

    def reduced_costs(self, cost: Floats, shadow_prices: Floats) -> Floats:
        """Give what one unit more would cost beyond its worth: below zero it helps. [columns]"""
        return np.asarray(cost - self.matrix.T @ shadow_prices)

    def used(self, columns: Columns, values: Floats) -> Floats:
        """Add up every row for the columns that are not zero."""
        return np.asarray(self.matrix[:, columns] @ values)

    @cached_property
    def scale(self) -> float:
        r"""Units that a solver counts in, for each of ours.

        Where not even a thousand are asked for anywhere, as many as make it a thousand, as it keeps
        rows to about :math:`10^{-7}` units, whatever they are. :math:`A x \le b` and
        :math:`A (k x) \le k b` have the same plans, if decisions count :math:`k` times as much.
        """
        most = float(self.limit[(self.sense >= 0) & (self.limit > 0)].max(initial=0.0))
        return 1.0 if most >= 1e3 or most <= 0.0 else 10.0 ** math.ceil(math.log10(1e3 / most))

    def scaled(self) -> Programme:
        """Give the programme in a solver's units: limits and columns of decisions times `scale`."""
        if self.scale == 1.0:
            return self
        matrix = sparse.csc_array(self.matrix @ sparse.diags_array(self.weight))
        return replace(self, matrix=matrix, limit=self.limit * self.scale)

    @property
    def weight(self) -> Floats:
        """What the entries and costs of each column are multiplied with for a solver."""
        return np.where(self.whole, self.scale, 1.0)

    @property
    def units(self) -> Floats:
        """Units that a solver counts each column in, for each of ours."""
        return np.where(self.whole, 1.0, self.scale)

    def clean(self, values: Floats) -> Floats:
        """Round what a solver found to a millionth of its units, and drop what is less."""
        counted = values * self.units
        return np.asarray(np.where(counted > _LEAST, np.round(counted, 6), 0.0) / self.units)

    def fix(self, decided: Floats) -> Programme:
        """Take what decisions use of every row out of its limit."""
        used = np.flatnonzero(decided)
        return replace(self, limit=self.limit - self.used(used, decided[used]))

    def keep_rows(self, kept: Mask) -> Programme:
        """Give the programme with some of its rows only."""
        if kept.all():
            return self
        matrix = sparse.csc_array(self.matrix[np.flatnonzero(kept)])
        return Programme(matrix, self.sense[kept], self.limit[kept], self.whole)

    def with_rows(self, *rows: Row) -> Programme:
        """Give the programme with more rows."""
        more = build_programme(rows, self.whole)
        matrix = sparse.vstack([self.matrix, more.matrix], format="csc")
        sense, limit = np.append(self.sense, more.sense), np.append(self.limit, more.limit)
        return Programme(matrix, sense, limit, self.whole)

    def with_slack(self, short: Sequence[int], over: Sequence[int]) -> Programme:
        """Give the programme with a column more for each row that may fall `short` or be `over`."""
        rows = np.array([*short, *over], dtype=np.int64)
        sign = np.array([1.0] * len(short) + [-1.0] * len(over))
        shape = (self.row_count, len(rows))
        slack = sparse.csc_array((sign, (rows, np.arange(len(rows)))), shape=shape)
        matrix = sparse.hstack([self.matrix, slack], format="csc")
        return replace(self, matrix=matrix, whole=np.append(self.whole, np.zeros(len(rows), bool)))

    @cached_property
    def bounded(self) -> Mask:
        """Which columns have a row that bounds them."""
        return np.isfinite(self.most(np.arange(self.column_count)))

    @cached_property
    def _bounding_rows(self) -> Mask:
        """Rows that hold a sum without negative parts under a limit."""
        negative = np.bincount(self.matrix.indices[self.matrix.data < 0], minlength=self.row_count)
        return np.asarray((self.sense <= 0) & (negative == 0))

    def most(self, columns: Columns) -> Floats:
        """Give what the rows never let columns exceed; infinite where none says so. [units]

        For each the least limit over coefficient of the rows that bound it; a decision at most one.
        """
        part = self.matrix[:, columns].tocoo()
        helps = self._bounding_rows[part.row] & (part.data > 0)
        bound = np.maximum(0.0, self.limit[part.row[helps]]) / part.data[helps]
        most = np.where(self.whole[columns], 1.0, np.inf)
        np.minimum.at(most, part.col[helps], bound)
        return np.asarray(most)


def break_rows(senses: Signs, over: Floats) -> Floats:
    """Give by how much each row is broken, below zero where it is not, from what is above it."""
    return np.where(senses < 0, over, np.where(senses > 0, -over, np.abs(over)))


def build_programme(rows: Sequence[Row], whole: Mask) -> Programme:
    """Lay rows into one matrix, in their order [rows × columns]; bad numbers are a `ValueError`."""
    count = len(whole)
    for row in rows:
        at = row.columns
        fits = len(at) == len(row.coefficients) and ((at >= 0) & (at < count)).all()
        if not fits or not np.isfinite(row.coefficients).all() or not np.isfinite(row.limit):
            raise ValueError(
                f"rule {row.rule}, row {row.label}: columns must be numbers from 0 to {count - 1}, "
                "each with a finite coefficient, and the limit must be finite"
            )
    each = [row.columns for row in rows]
    columns = np.concatenate([np.empty(0, np.int32), *each]).astype(np.int32, copy=False)
    values = np.concatenate([np.empty(0), *(row.coefficients for row in rows)])
    # Rows lie one after the other, so that this is compressed by row already.
    entries = values, columns, np.cumsum([0, *map(len, each)])
    matrix = sparse.csr_array(entries, shape=(len(rows), count)).tocsc()
    matrix.sum_duplicates()
    sense = np.array([SENSES.index(row.sense) - 1 for row in rows], dtype=np.int8)
    return Programme(matrix, sense, np.array([row.limit for row in rows], np.float64), whole)
