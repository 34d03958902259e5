"""The kinds of columns of a programme, and what each kind is known by."""

from enum import StrEnum


class ColumnKind(StrEnum):
    """A kind of columns, in their order; in frames and files it is the text of its name."""

    MOVES = "moves"
    """Tonnes moved."""
    PROCESSES = "processes"
    """Tonnes into a recipe."""
    STORES = "stores"
    """Tonnes stored at the end of a period."""
    TRIPS = "trips"
    """Empty trips."""
    OPENINGS = "openings"
    """A site opened, or not."""
    LINKS = "links"
    """A pair of sites linked, or not."""
    LOTS = "lots"
    """A lot sent, or not."""
    SHORTFALLS = "shortfalls"
    """Reference tonnes by which a goal is missed."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The labels that tell its columns apart, as its table has them."""
        return _KEYS[self]

    @property
    def word(self) -> str:
        """What one of its columns is called; moves are called by their labels alone."""
        return {"openings": "open", "processes": "process", "moves": ""}.get(self, self[:-1])

    @property
    def is_decision(self) -> bool:
        """Whether its columns are 0 or 1."""
        return self in (ColumnKind.OPENINGS, ColumnKind.LINKS, ColumnKind.LOTS)

    @property
    def has_price(self) -> bool:
        """Whether its table says what a unit of a column costs and emits."""
        return self in (ColumnKind.PROCESSES, ColumnKind.STORES, ColumnKind.OPENINGS)


_KEYS = {
    ColumnKind.MOVES: ("giver", "taker", "origin", "destination", "material", "vehicle", "period"),
    ColumnKind.PROCESSES: ("site", "recipe", "period"),
    ColumnKind.STORES: ("depot", "site", "material", "period"),
    ColumnKind.TRIPS: ("origin", "destination", "vehicle", "period"),
    ColumnKind.OPENINGS: ("role", "site"),
    ColumnKind.LINKS: ("origin", "destination"),
    ColumnKind.LOTS: ("origin", "destination", "material", "period"),
    ColumnKind.SHORTFALLS: ("goal",),
}
