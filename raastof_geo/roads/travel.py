"""What travels between processes: what it was made of, never what it has worked out since."""

from dataclasses import fields
from typing import Any


class Travelling:
    """A dataclass that is pickled by its fields: what hangs on them is worked out where it lands.

    Cached properties stay behind: some cannot be pickled, and all would be larger by an order.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Give the class, and the values of its fields in their order."""
        given: Any = self  # every class that this is mixed into is a dataclass
        return type(self), tuple(getattr(self, one.name) for one in fields(given))
