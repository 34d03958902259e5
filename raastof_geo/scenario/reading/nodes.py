"""Compose a YAML text into nodes with places, within bounds that are looked at on the way.

The only module that knows the YAML reader. The reader hands over one event at a time, so that a
file too long, too deep or too twisted is left as soon as that shows.

The core schema of YAML 1.2 says what an unquoted word is, whatever the reader or a directive says:
`NO` is a text, `1e3` a number, `12:30:00` a text. Two things stay text beside it: dates, and digits
behind a zero (`0123`), which are ids and no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.scanner import Scanner, ScannerError

from raastof_geo.errors import Finding, Place, ScenarioError
from raastof_geo.language import say_text
from raastof_geo.scenario.reading.slips import Halt, find_slip

MOST_LEVELS = 50
"""A scenario needs about ten."""
_LONGEST_TAG = 200
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


@dataclass(slots=True)
class Scalar:
    """A word or a text."""

    place: Place
    text: str
    plain: bool
    """Whether it stood without quotes and not as a block."""
    tag: str | None = None
    lines: int = 1
    """How many lines it stood on."""


@dataclass(slots=True)
class Sequence:
    """A list."""

    place: Place
    items: list[Node] = field(default_factory=list)
    tag: str | None = None


@dataclass(slots=True)
class Mapping:
    """Keys and values, in the order in which they stand."""

    place: Place
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    braces: bool = False
    tag: str | None = None


Node: TypeAlias = Scalar | Sequence | Mapping


class _Scanner(Scanner):
    """Scans no tag without end: the time for that grows with the square of its length."""

    def scan_tag(self) -> Any:
        ahead = self.reader.prefix(_LONGEST_TAG)
        if len(ahead) == _LONGEST_TAG and not re.search(r"\s", ahead):
            mark = self.reader.get_mark()
            raise ScannerError("while scanning a tag", mark, "too long", mark)
        return super().scan_tag()


def compose(text: str, *, file: str, most: int) -> tuple[Node | None, list[Finding]]:
    """Give the root node (none: only comments) and findings, or raise a `ScenarioError`."""
    composer = _Composer(text, file, most)
    root = composer.document()
    return root, composer.findings


class _Composer:
    def __init__(self, text: str, file: str, most: int) -> None:
        self.lines = re.split("\r\n|\r|\n", text)
        self.file = file
        self.most = most
        self.count = 0
        self.findings: list[Finding] = []
        self.anchors: dict[str, Node | None] = {}
        """The nodes that can be referred to; none while one is not yet complete."""
        self.unused: dict[str, Place] = {}
        """Texts with an anchor that nothing refers to."""
        reader = YAML(typ="safe", pure=True)
        reader.Scanner = _Scanner
        self.events: Iterator[Any] = reader.parse(text)
        self.reached = 0, 0

    def document(self) -> Node | None:
        root: Node | None = None
        begun = False
        while not isinstance(event := self._next(), events.StreamEndEvent):
            if isinstance(event, events.DocumentStartEvent):
                if begun:
                    raise self._refused("second", event)
                begun = True
                if event.tags or tuple(event.version or (1, 2)) != (1, 2):
                    line = next(n for n, text in enumerate(self.lines) if text.startswith("%"))
                    raise self._slipped(Halt(line, 0))
                root = self._node(self._next(), 0)
        for name, place in self.unused.items():
            message = say_text("yaml", "unused", anchor=f"`&{name}`")
            self.findings.append(Finding(message, place))
        if isinstance(root, Scalar) and root.plain and not root.text:
            return None
        return root

    def _next(self) -> Any:
        try:
            event = next(self.events)
            self.reached = event.end_mark.line, event.end_mark.column
            return event
        except Exception as error:  # beside its own: `chr` of too large a number, states unexpected
            halt, mark = Halt(*self.reached), None
            if isinstance(error, MarkedYAMLError):
                mark = error.problem_mark or error.context_mark
            if isinstance(error, MarkedYAMLError) and mark is not None:
                begun = error.context_mark or mark
                told = str(error.problem or ""), str(error.context or "")
                halt = Halt(mark.line, mark.column, *told, (begun.line, begun.column))
            raise self._slipped(halt) from error

    def _slipped(self, stop: Halt) -> ScenarioError:
        message, line, column = find_slip(self.lines, stop)
        return ScenarioError(Finding(message, Place(self.file, line + 1, column + 1)))

    def _node(self, event: Any, level: int) -> Node:
        self.count += 1
        if self.count > self.most:
            raise self._refused("values", event, limit=self.most)
        if level > MOST_LEVELS:
            raise self._refused("deep", event, limit=MOST_LEVELS)
        if isinstance(event, events.AliasEvent):
            name = str(event.anchor)
            self.unused.pop(name, None)
            if name not in self.anchors:
                told = {"given": f"`*{name}`", "anchor": f"`&{name}`"}
                raise self._refused("unknown anchor", event, **told)
            if (there := self.anchors[name]) is None:
                raise self._refused("loop", event)
            return there
        if event.anchor:
            self.anchors[event.anchor] = None
        node = self._new(event, level)
        if event.anchor:
            self.anchors[event.anchor] = node
            if isinstance(node, Scalar):
                self.unused[event.anchor] = node.place
        return node

    def _new(self, event: Any, level: int) -> Node:
        place, tag = self._place(event), None if event.ctag is None else str(event.ctag)
        if isinstance(event, events.ScalarEvent):
            lines = event.end_mark.line - event.start_mark.line + 1
            return Scalar(place, event.value, event.style is None, tag, lines)
        if isinstance(event, events.SequenceStartEvent):
            listed = Sequence(place, tag=tag)
            while not isinstance(inner := self._next(), events.SequenceEndEvent):
                listed.items.append(self._node(inner, level + 1))
            return listed
        mapping = Mapping(place, braces=bool(event.flow_style), tag=tag)
        while not isinstance(inner := self._next(), events.MappingEndEvent):
            key = self._node(inner, level + 1)
            mapping.entries.append((key, self._node(self._next(), level + 1)))
        return mapping

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refused(self, key: str, event: Any, /, **values: Any) -> ScenarioError:
        return refused(key, self._place(event), **values)


def refused(key: str, place: Place, /, **values: object) -> ScenarioError:
    """Make the error that says what is wrong with the text of a scenario, and where."""
    return ScenarioError(Finding(say_text("yaml", key, **values), place))


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
