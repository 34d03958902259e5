"""What is wrong with a part of a scenario, and where below that part it stands."""

from collections.abc import Iterable
from dataclasses import dataclass

from raastof_geo.errors import InputError
from raastof_geo.language import Message
from raastof_geo.scenario.reading.tree import Trail


@dataclass(frozen=True)
class Fault:
    """One mistake below the part that is being checked."""

    message: Message
    below: Trail = ()
    """The way from the part to the mistake."""
    of_key: bool = False
    """Whether the key is wrong, and not its value."""


class FaultError(InputError):
    """Mistakes in a part of a scenario, each with the way to it."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(*(fault.message for fault in faults))


def raise_faults(faults: Iterable[Fault]) -> None:
    """Raise all faults at once as a `FaultError`, if there are any."""
    found = tuple(faults)
    if found:
        raise FaultError(*found)
