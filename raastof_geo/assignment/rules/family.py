"""What a rule declares beside its function: what people call its rows, and what may give way."""

from dataclasses import asdict, dataclass
from typing import Literal

from raastof_geo.assignment.rules.about import About
from raastof_geo.language import Message, Readable

Bends = Literal["first", "next", "last", "never"]
"""When rows are broken where no plan keeps them all: needs, surplus and targets `first`, as what is
missing is then said in tonnes of a project; `next` what was promised; `last` other limits; and
`never` rows that only keep books, which mean nothing when they are broken."""
EitherOr = Literal["lots", "partners", "openings"]
"""Kinds of either-or decisions."""
Limits = Literal["places", "targets", "agreements", "capture"]
"""Kinds of limits that are lifted together, to learn what holds a share down."""


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
