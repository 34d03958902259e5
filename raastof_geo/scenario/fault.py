"""What is wrong with a part of a scenario, and where below that part it stands.

And the commonest fault: lists are sets, nothing stands in them twice.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ValidatorFunctionWrapHandler, WrapValidator

from raastof_geo.errors import InputError, raise_all
from raastof_geo.language import Message, say_text
from raastof_geo.scenario.reading.tree import Trail

Item = TypeVar("Item", bound=Hashable)
Listed = TypeVar("Listed", bound=Sequence[Any])
Key = TypeVar("Key", bound=Hashable)
Mapped = TypeVar("Mapped")


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


def refuse_twice(entries: Listed, by: Callable[[Any], Hashable] = lambda one: one) -> Listed:
    """Check that no entry, or nothing that is read `by` them, stands in a list twice.

    Raises a fault for each that does.
    """
    first: dict[Hashable, int] = {}
    faults = []
    for number, entry in enumerate(map(by, entries)):
        if first.setdefault(entry, number) != number:
            key = "entry twice" if isinstance(entry, BaseModel) else "twice"
            told = say_text("said", key, entry=f"`{entry}`", number=first[entry] + 1)
            faults.append(Fault(told, (number,)))
    raise_all(FaultError, faults)
    return entries


def refuse_keys_twice(given: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Check that no two keys of a mapping mean the same, as an id and its name do."""
    result = read(given)
    if not isinstance(given, Mapping) or len(result) == len(given):
        return result
    first: dict[Hashable, Any] = {}
    faults = []
    for key, value in given.items():
        [meant] = read({key: value})
        if first.setdefault(meant, key) != key:
            message = say_text("said", "same keys", key=f"`{key}`", first=f"`{first[meant]}`")
            faults.append(Fault(message, (str(key),), of_key=True))
    raise FaultError(*faults)


SetOf: TypeAlias = Annotated[tuple[Item, ...], AfterValidator(refuse_twice)]
"""A list in which nothing stands twice, in the order of the file."""
MapOf: TypeAlias = Annotated[dict[Key, Mapped], WrapValidator(refuse_keys_twice)]
"""A mapping by ids or names, in which no two keys mean the same."""
