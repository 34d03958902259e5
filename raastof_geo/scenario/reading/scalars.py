"""What an unquoted word of YAML is: a text, a number, a truth value or nothing.

The core schema of YAML 1.2 holds, whatever the reader or a directive says: `NO` is a text, `1e3`
a number, `12:30:00` a text. Two things stay text beside it: dates, and digits behind a zero
(`0123`), which are ids and no numbers.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BEGINS_NUMBER = frozenset("+-.0123456789")
_KINDS: tuple[tuple[re.Pattern[str], Callable[[str], Value]], ...] = (
    (re.compile(r"[-+]?0[0-9]+"), str),
    # Longer whole numbers count nothing that exists; as decimal ones they meet every bound.
    (re.compile(r"[-+]?[0-9]{1,17}|[0-9]{18}"), int),
    (re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}"), partial(int, base=0)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
    (
        re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"),
        lambda text: float(text.lower().replace(".", "")),
    ),
)

CORE_TAGS = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": bool,
    "tag:yaml.org,2002:null": type(None),
}


class _Written:
    written: str

    def __str__(self) -> str:
        return self.written


class WrittenInt(_Written, int):
    """A whole number that is read as it was written, where a text is wanted: `+5`, `0x10`."""


class WrittenFloat(_Written, float):
    """A decimal number that is read as it was written, where a text is wanted: `1e3`, `2.50`."""


def keep_written(value: Value, text: str) -> Value:
    """Let a number remember its text, where it would be written in another way."""
    if isinstance(value, str | bool) or value is None or str(value) == text:
        return value
    kept = WrittenInt(value) if isinstance(value, int) else WrittenFloat(value)
    kept.written = text
    return kept


def read_plain(text: str) -> Value:
    """Understand an unquoted word."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _BEGINS_NUMBER:
        for pattern, kind in _KINDS:
            if pattern.fullmatch(text):
                return kind(text)
    return text


def read_tagged(text: str, tag: str) -> Value:
    """Understand a word whose kind is said by a tag such as `!!int`; `ValueError`: it is not."""
    kind = CORE_TAGS.get(tag)
    if kind is str:
        return text
    value = read_plain(text)
    if kind is float and type(value) is int:
        return float(value)
    if kind is None or type(value) is not kind:
        raise ValueError(tag)
    return value
