"""What a record is called, its format, and its JSON: equal values are equal text."""

import json
import math
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias
from raastof_geo.errors import DamagedError, RaastofError, RecordError, tell_reason
from raastof_geo.language import Message, plain, read_texts, say, say_text

_DEEPEST = 60
_LONGEST_NUMBER = 40
_SHOWN = 80
Age: TypeAlias = Literal["same", "older", "newer", "foreign"]
_NUMBERED = re.compile(r"raastof_geo (?P<kind>\w+) (?P<number>0|[1-9]\d{0,5})")
_VERSION_SHOWN = 40


def render_values(values: Any) -> str:
    """Write values as JSON. Returns text, equal for equal values."""
    return json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def pack_values(values: Any) -> bytes:
    """Write values as the proof keeps them. Returns JSON without white space."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def make_finite(values: Any) -> Any:
    """Make values fit for JSON. Returns them with null where a number is not finite."""
    if isinstance(values, dict):
        return {name: make_finite(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [make_finite(value) for value in values]
    return None if isinstance(values, float) and not math.isfinite(values) else values


def read_values(data: bytes, *, file: str) -> dict[str, Any]:
    """Read JSON of `raastof run`. Returns its values; raises `DamagedError`: none, or odd."""
    try:
        values = json.loads(
            data.decode("utf-8", "strict"),
            parse_constant=_refuse_constant,
            parse_int=_read_int,
            object_pairs_hook=_read_object,
        )
        if not isinstance(values, dict) or _has_levels(values, _DEEPEST):
            raise ValueError("it has no names, or too many levels")
    except (ValueError, RecursionError, MemoryError) as error:
        raise DamagedError.saying_text("damaged", "other", file=file, reason=_why(error)) from error
    return values


def _has_levels(values: Any, count: int) -> bool:
    level = [values]
    for _ in range(count):
        inside = (one for one in level if isinstance(one, dict | list))
        each = (one.values() if isinstance(one, dict) else one for one in inside)
        level = [below for one in each for below in one]
    return bool(level)


def _why(error: BaseException) -> Message:
    said = error.args[0] if error.args else None
    if isinstance(said, Message):  # something that JSON may say, and that a run never writes
        return said
    told = read_texts("reading")
    if isinstance(error, json.JSONDecodeError):
        return told["no json"].format(line=str(error.lineno), column=str(error.colno))
    if isinstance(error, UnicodeDecodeError):
        return told["no utf8"].format(byte=str(error.start + 1))
    return told["odd"]


def _refuse_constant(text: str) -> Any:
    raise ValueError(say("it says {found}, which is no number", found=text))


def _read_int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(say("it holds a number of {count} digits", count=str(len(text))))
    return int(text)


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(values := dict(pairs)) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(say("{name} stands twice in one place", name=f"`{plain(twice)[:_SHOWN]}`"))
    return values


def read_within(path: Path, *, most_bytes: int) -> bytes:
    """Read a file. Returns so many bytes at most; raises `DamagedError`, `FileNotFoundError`."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DamagedError.saying("{file} is not a file", file=str(path))
        if status.st_size > most_bytes:
            most = most_bytes // 1_000_000
            raise DamagedError.saying_text("damaged", "too large", file=str(path), most=most)
        with path.open("rb") as file:
            return file.read(most_bytes)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(str(path)) from error
    except OSError as error:
        reason = tell_reason(error)
        raise DamagedError.saying_text("damaged", "unread", file=path, reason=reason) from error


def read_file(path: Path, *, most_bytes: int) -> dict[str, Any]:
    """Read a JSON file that `raastof run` wrote; errors as of `read_within` and `read_values`."""
    return read_values(read_within(path, most_bytes=most_bytes), file=str(path))


def show_value(value: Any) -> str:
    """Show a value. Returns what JSON writes, cut short where it is long."""
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    text = plain(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def values_at(plan: Any, *path: str) -> dict[str, Any]:
    """Find values at a path of a proof's copy. Raises `DamagedError` if something else is there."""
    for name in path:
        plan = plan.get(name) if isinstance(plan, dict) else None
    if not isinstance(plan, dict):
        raise refuse_part(".".join(path))
    return plan


def entries_at(plan: Any, *path: str) -> list[dict[str, Any]]:
    """Find the list at a path of a proof's copy. Raises `DamagedError` if it is none."""
    *above, last = path
    entries = values_at(plan, *above).get(last)
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise refuse_part(".".join(path))
    return entries


@contextmanager
def refusing_odd(file: Path) -> Iterator[None]:
    """Say that a file is damaged where what was read of it is not what it should be."""
    try:
        yield
    except RaastofError:
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise DamagedError.saying_text("damaged", "odd values", file=str(file)) from error


def number_in(value: Any) -> float:
    """Read a number. Returns it as it is, and nan for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value)


def refuse_part(field: str, *, file: str = "proof.npz") -> DamagedError:
    """Refuse a part of the proof. Returns the error that it is not laid out as a run does it."""
    return refuse_proof(say_text("damaged", "a part", name=f"`{field}`"), file=file)


def refuse_proof(reason: Message, *, file: str) -> DamagedError:
    """Refuse a proof. Returns the error that it cannot be read, and why."""
    return DamagedError.saying_text("damaged", "a proof", file=file, reason=reason)


def list_differences(found: Any, kept: Any, *, file: str, field: str = "") -> Iterator[Message]:
    """Say what differs between values that were read from a file and those that were kept.

    A number of another type (1 and 1.0), another order of entries or of names differ too. Fields
    are told as `effect.saved.kg_co2e_wtw` or `flows[3].vehicle`; the first entry is 0.
    """
    below: dict[Any, str] = {}
    if pack_values(found) == pack_values(kept):
        return
    if type(found) is type(kept) is dict:
        yield from _compare_names(found, kept, file=file, field=field)
        below = {name: _join(field, name) for name in kept if name in found}
    elif type(found) is type(kept) is list and len(found) == len(kept):
        below = {at: f"{field}[{at}]" for at in range(len(kept))}
    elif type(found) is type(kept) is list:
        yield _tell_difference(file, f"{field}.length", str(len(found)), str(len(kept)))
    else:
        yield _tell_difference(file, field, show_value(found), show_value(kept))
    for at, name in below.items():
        yield from list_differences(found[at], kept[at], file=file, field=name)


def _compare_names(
    found: dict[str, Any], kept: dict[str, Any], *, file: str, field: str
) -> Iterator[Message]:
    """Say which names one of two objects lacks, or that they stand in another order."""
    for name in dict.fromkeys((*kept, *found)):
        sides = [show_value(one[name]) if name in one else None for one in (found, kept)]
        if None in sides:
            yield _tell_difference(file, _join(field, name), *sides)
    if found.keys() == kept.keys() and list(found) != list(kept):
        order = (plain(", ".join(names))[:_SHOWN] for names in (found, kept))
        yield _tell_difference(file, _join(field, "order"), *order)


def _tell_difference(file: str, field: str, found: str | None, kept: str | None) -> Message:
    """Say that a value is not what it was; none: it is missing, or was not written."""
    key = "missing" if found is None else "added" if kept is None else "other"
    return read_texts("differences")[key].format(file=file, field=field, found=found, kept=kept)


def _join(field: str, name: str) -> str:
    name = plain(name)[:_SHOWN]
    return f"{field}.{name}" if field else name


@dataclass(frozen=True)
class Record:
    """A file that a run leaves, as its writer and its reader know it."""

    name: str
    """What the file is called in a results folder."""
    format: str
    """What is written now, such as `raastof_geo plan 3`; the number rises with the content."""
    most_bytes: int
    """More than it can honestly hold. [bytes]"""

    def read(self, path: Path, *, missing: Message) -> bytes:
        """Read its bytes, as `read_within`; `RecordError` with these words where it is missing."""
        try:
            return read_within(path, most_bytes=self.most_bytes)
        except FileNotFoundError as error:
            raise RecordError(missing) from error

    def judge(self, found: Any) -> Age:
        """Judge a format that was read. Returns how it stands to the one that is written now."""
        ours = _NUMBERED.fullmatch(self.format)
        match = _NUMBERED.fullmatch(found) if isinstance(found, str) else None
        if ours is None or match is None or match["kind"] != ours["kind"]:
            return "foreign"
        if found == self.format:
            return "same"
        return "newer" if int(match["number"]) > int(ours["number"]) else "older"

    def check_format(self, found: Any, *, file: str, version: Any = None) -> None:
        """Refuse, as `RecordError`, a record of another format, and say what to do."""
        if (age := self.judge(found)) != "same":
            of = f" ({plain(version)[:_VERSION_SHOWN]})" if isinstance(version, str) else ""
            told = {"found": show_value(found), "wanted": show_value(self.format), "version": of}
            raise RecordError.saying_text("formats", age, file=file, **told)
