"""What a site does in a scenario: what it may give, what it may take, and from whom."""

from __future__ import annotations

from enum import StrEnum
from functools import cache, cached_property

from raastof_geo.language import Message, read_texts


class Role(StrEnum):
    """What a site does; in frames and files a role is the text of its name."""

    NEED = "need"
    OFFER = "offer"
    PIT = "pit"
    RECEIVER = "receiver"
    PLANT = "plant"
    DEPOT = "depot"
    STOCKPILE = "stockpile"
    """Takes from its own site only."""

    @property
    def caption(self) -> Message:
        """What people call a site of this role."""
        return read_texts("roles")[self]

    @cached_property
    def takes_from(self) -> frozenset[Role]:
        """The roles that it may take from: nobody digs in order to dump, or moves heap to heap."""
        every = frozenset(Role)
        return {
            Role.NEED: every - {Role.NEED, Role.RECEIVER},
            Role.RECEIVER: every - {Role.NEED, Role.RECEIVER, Role.PIT},
            Role.PLANT: every - {Role.NEED, Role.RECEIVER},
            Role.DEPOT: frozenset({Role.OFFER, Role.PIT, Role.PLANT}),
            Role.STOCKPILE: frozenset({Role.OFFER}),
        }.get(self, frozenset())

    def takes(self) -> bool:
        """Whether material may come to it."""
        return bool(self.takes_from)

    @cache
    def gives(self) -> bool:
        """Whether material may leave it."""
        return any(self in taker.takes_from for taker in Role)

    def converts(self) -> bool:
        """Whether it passes on what it takes, in another form or another period."""
        return self.gives() and self.takes()
