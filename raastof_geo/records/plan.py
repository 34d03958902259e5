"""`plan.json`: how its values are written and read, and which of them differ from others."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from raastof_geo.errors import InputError
from raastof_geo.language import Message, plain, say

NAME = "plan.json"
FORMAT = "raastof_geo plan 3"
"""Format 2 had no names of sites and materials, and its proof kept tonnes only."""
MOST_BYTES = 64_000_000

_DEEPEST = 60
_LONGEST_NUMBER = 40
_SHOWN = 80
_NUMBERED = re.compile(r"raastof_geo (?P<kind>\w+) (?P<number>\d{1,6})")
_NOTHING: Any = object()


def render_values(values: Any) -> str:
    """Write values as text; equal values give equal text."""
    return json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def pack_values(values: Any) -> bytes:
    """Write values as they are kept in the proof: without white space."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def make_finite(values: Any) -> Any:
    """Put null where a number is not finite; JSON knows no others."""
    if isinstance(values, dict):
        return {name: make_finite(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [make_finite(value) for value in values]
    return None if isinstance(values, float) and not math.isfinite(values) else values


class _OddError(ValueError):
    """Something that JSON may say, and that a run never writes."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


def read_values(data: bytes, *, file: str) -> dict[str, Any]:
    """Read the values of a JSON file that `raastof run` wrote.

    Raises
    ------
    InputError
        It is no JSON, or says what a run never writes: a name twice in one place, a number that is
        none, nesting without end.
    """
    try:
        values = json.loads(
            data.decode("utf-8", "strict"),
            parse_constant=_refuse_constant,
            parse_int=_read_int,
            object_pairs_hook=_read_object,
        )
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(
            say("{file} is not what `raastof run` wrote: {reason}", file=file, reason=_why(error))
        ) from error
    if not isinstance(values, dict) or _is_deep(values):
        raise InputError(
            say(
                "{file} is not what `raastof run` wrote: {reason}",
                file=file,
                reason=say("its values are not laid out as a run lays them out"),
            )
        )
    return values


def _why(error: BaseException) -> Message:
    if isinstance(error, _OddError):
        return error.message
    if isinstance(error, json.JSONDecodeError):
        return say(
            "it is no JSON at line {line}, column {column}",
            line=str(error.lineno),
            column=str(error.colno),
        )
    if isinstance(error, UnicodeDecodeError):
        return say("it is not UTF-8 from byte {byte} on", byte=str(error.start + 1))
    return say("its values are not laid out as a run lays them out")


def _refuse_constant(text: str) -> Any:
    raise _OddError(say("it says {found}, which is no number", found=text))


def _read_int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _OddError(say("it holds a number of {count} digits", count=str(len(text))))
    return int(text)


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _OddError(say("{name} stands twice in one place", name=f"`{plain(twice)[:_SHOWN]}`"))
    return values


def _is_deep(values: Any) -> bool:
    level = [values]
    for _ in range(_DEEPEST):
        level = [
            below
            for one in level
            if isinstance(one, dict | list)
            for below in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


def check_format(found: Any, wanted: str, *, file: str) -> None:
    """Refuse a record of another format, and say what to do.

    Raises
    ------
    InputError
        It is older, newer, or none of ours.
    """
    if found == wanted and isinstance(found, str):
        return
    ours = _NUMBERED.fullmatch(wanted)
    match = _NUMBERED.fullmatch(found) if isinstance(found, str) else None
    if ours is None or match is None or match["kind"] != ours["kind"]:
        raise InputError(
            say(
                "{file}: format is {found}, `raastof run` writes {wanted}",
                file=file,
                found=show_value(found),
                wanted=show_value(wanted),
            )
        )
    if int(match["number"]) > int(ours["number"]):
        raise InputError(
            say(
                "{file}: format is {found}: it was written by a newer version of raastof_geo, "
                "this one reads {wanted}; bring raastof_geo up to date",
                file=file,
                found=show_value(found),
                wanted=show_value(wanted),
            )
        )
    raise InputError(
        say(
            "{file}: format is {found}: it was written by an older version of raastof_geo, before "
            "proofs kept every value and results a list of their files; run the scenario again, "
            "then every file can be checked",
            file=file,
            found=show_value(found),
        )
    )


# --- parts --------------------------------------------------------------------------------------


def values_at(plan: Any, *path: str) -> dict[str, Any]:
    """Give the values at a path of the copy that a proof keeps.

    Raises
    ------
    InputError
        Something else is there.
    """
    for name in path:
        plan = plan.get(name) if isinstance(plan, dict) else None
    if not isinstance(plan, dict):
        raise refuse_part(".".join(path))
    return plan


def entries_at(plan: Any, *path: str) -> list[dict[str, Any]]:
    """Give the list of values at a path of the copy that a proof keeps.

    Raises
    ------
    InputError
        Something else is there.
    """
    *above, last = path
    entries = values_at(plan, *above).get(last)
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise refuse_part(".".join(path))
    return entries


def number_in(value: Any) -> float:
    """Give a number as it is, and what is none as no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value)


def refuse_part(field: str) -> InputError:
    """Say that a part of the proof is not laid out as a run lays it out."""
    return InputError(
        say(
            "{file} is damaged, or not a proof: {reason}",
            file="proof.npz",
            reason=say("its part {name} is not as a run writes it", name=f"`{field}`"),
        )
    )


# --- differences --------------------------------------------------------------------------------


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


def show_value(value: Any) -> str:
    """Show a value as JSON writes it, a long one cut short."""
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    text = plain(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
