"""What differs between values that were read and those that were kept, and where."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from raastof_geo.language import Message, plain, say
from raastof_geo.records.values import pack_values, show_value

_SHOWN = 80


@dataclass(frozen=True)
class Difference:
    """A value that is not what it was, and where."""

    field: str
    """Such as `effect.saved.kg_co2e_wtw` or `flows[3].vehicle`; the first entry is 0."""
    found: str | None
    """None: it is missing."""
    kept: str | None
    """None: it was not written."""

    def tell(self, *, file: str) -> Message:
        """Say what differs, in the file that was read."""
        told = {"file": file, "field": self.field}
        if self.found is None:
            return say("{file}: {field} is missing, the proof has {kept}", **told, kept=self.kept)
        if self.kept is None:
            return say("{file}: {field} is {found}, the proof has none", **told, found=self.found)
        return say(
            "{file}: {field} is {found}, the proof has {kept}",
            **told,
            found=self.found,
            kept=self.kept,
        )


def list_differences(found: Any, kept: Any) -> Iterator[Difference]:
    """List what differs between values that were read and those that were kept.

    A number of another type (1 and 1.0), another order of entries or of names differ too.
    """
    waiting = [("", found, kept)]
    while waiting:
        field, one, other = waiting.pop()
        if pack_values(one) == pack_values(other):
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            yield from _differing_names(field, one, other)
            both = [(_join(field, name), one[name], other[name]) for name in other if name in one]
            waiting.extend(reversed(both))
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            pairs = enumerate(zip(one, other, strict=True))
            both = [(f"{field}[{at}]", left, right) for at, (left, right) in pairs]
            waiting.extend(reversed(both))
        elif isinstance(one, list) and isinstance(other, list):
            yield Difference(f"{field}.length", str(len(one)), str(len(other)))
        else:
            yield Difference(field, show_value(one), show_value(other))


def _differing_names(
    field: str, found: dict[str, Any], kept: dict[str, Any]
) -> Iterator[Difference]:
    for name, value in kept.items():
        if name not in found:
            yield Difference(_join(field, name), None, show_value(value))
    for name, value in found.items():
        if name not in kept:
            yield Difference(_join(field, name), show_value(value), None)
    if found.keys() == kept.keys() and list(found) != list(kept):
        order = [", ".join(names) for names in (found, kept)]
        yield Difference(_join(field, "order"), *(plain(one)[:_SHOWN] for one in order))


def _join(field: str, name: str) -> str:
    name = plain(name)[:_SHOWN]
    return f"{field}.{name}" if field else name
