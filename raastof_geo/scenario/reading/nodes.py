"""Compose a YAML text into nodes with places, within bounds that are looked at on the way.

The only module that knows the YAML reader. The reader hands over one event at a time, so that a
file too long, too deep or too twisted is left as soon as that shows.

The core schema of YAML 1.2 says what an unquoted word is, whatever the reader or a directive says:
`NO` is a text, `1e3` a number, `12:30:00` a text. Two things stay text beside it: dates, and digits
behind a zero (`0123`), which are ids and no numbers.

What is not YAML is told by what it was meant to be: one sentence for each common slip.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, TypeAlias, TypeGuard
from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.scanner import Scanner, ScannerError
from raastof_geo.errors import Finding, Place, ScenarioError
from raastof_geo.language import Message, say_text

MOST_VALUES = 150_000
"""Four times those of a scenario of 1,600 sites with six needs or offers each, with what anchors
and `<<` repeat."""
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


@dataclass(slots=True, eq=False)
class Mapping:
    """Keys and values, in the order in which they stand."""

    place: Place
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    braces: bool = False
    tag: str | None = None


Node: TypeAlias = Scalar | Sequence | Mapping


def is_word(node: Node | None) -> TypeGuard[Scalar]:
    """Tell whether a node is a word without quotes."""
    return isinstance(node, Scalar) and node.plain


class _Scanner(Scanner):
    """Scans no tag without end: the time for that grows with the square of its length."""

    def scan_tag(self) -> Any:
        ahead = self.reader.prefix(_LONGEST_TAG)
        if len(ahead) == _LONGEST_TAG and not re.search(r"\s", ahead):
            mark = self.reader.get_mark()
            raise ScannerError("while scanning a tag", mark, "too long", mark)
        return super().scan_tag()


class Composer:
    """Composes a text, and keeps findings of what could be mended."""

    def __init__(self, text: str, file: str) -> None:
        self.lines = re.split("\r\n|\r|\n", text)
        self.file = file
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

    def compose_document(self) -> Node | None:
        """Compose the root node. Returns none: only comments; raises a `ScenarioError`."""
        root: Node | None = None
        while not isinstance(event := self._next(), events.StreamEndEvent):
            if isinstance(event, events.DocumentStartEvent):
                if root is not None:
                    raise refused("second", self._place(event))
                self._refuse_directives(event)
                root = self._node(self._next(), 0)
        for name, place in self.unused.items():
            self.findings.append(Finding(say_text("yaml", "unused", anchor=f"`&{name}`"), place))
        return None if is_word(root) and not root.text else root

    def _refuse_directives(self, event: Any) -> None:
        if event.tags or tuple(event.version or (1, 2)) != (1, 2):
            line = next(n for n, text in enumerate(self.lines) if text.startswith("%"))
            raise self._slipped(Halt(line, 0))

    def _next(self) -> Any:
        try:
            event = next(self.events)
            self.reached = event.end_mark.line, event.end_mark.column
            return event
        except Exception as error:  # beside its own: `chr` of too large a number, states unexpected
            halt = Halt(*self.reached)
            match error:
                case MarkedYAMLError(context_mark=begun, problem_mark=mark) if begun or mark:
                    mark, begun = mark or begun, begun or mark
                    told = str(error.problem or ""), str(error.context or "")
                    halt = Halt(mark.line, mark.column, *told, (begun.line, begun.column))
            raise self._slipped(halt) from error

    def _slipped(self, stop: Halt) -> ScenarioError:
        finds = (find(self.lines, stop) for find in _SLIPS)
        message, line, column = next(chain.from_iterable(finds), _slip("unclear", stop.at))
        return ScenarioError(Finding(message, Place(self.file, line + 1, column + 1)))

    def _node(self, event: Any, level: int) -> Node:
        self.count += 1
        if self.count > MOST_VALUES:
            raise refused("values", self._place(event), limit=MOST_VALUES)
        if level > MOST_LEVELS:
            raise refused("deep", self._place(event), limit=MOST_LEVELS)
        if isinstance(event, events.AliasEvent):
            name = str(event.anchor)
            self.unused.pop(name, None)
            if name not in self.anchors:
                given, anchor = f"`*{name}`", f"`&{name}`"
                raise refused("unknown anchor", self._place(event), given=given, anchor=anchor)
            if (there := self.anchors[name]) is None:
                raise refused("loop", self._place(event))
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
    """Understand an unquoted word. Returns a number, a truth value, nothing or the text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _BEGINS_NUMBER:
        for pattern, kind in _KINDS:
            if pattern.fullmatch(text):
                return kind(text)
    return text


Slip: TypeAlias = tuple[Message, int, int]
"""A sentence, with line and column counted from zero."""
_KEY = r"[^\W\d][\w-]*"
_TIGHT_COLON = re.compile(rf"(?:^\s*(?:-\s+)*|[{{,]\s*)({_KEY}):(?!//)([^\s:\"'].*)")
_TIGHT_DASH = re.compile(r"^\s*-(?![-\s])(\S.*)")
_SECOND_COLON = re.compile(rf"(?:^\s*(?:-\s+)*|[{{,]\s*)({_KEY}):\s+(?=[^\s\"'{{\[])")
_LIST_BESIDE_KEY = re.compile(rf"^\s*(?:-\s+)*({_KEY}):\s+-\s")
_NEXT_KEY = re.compile(rf"\s+(?={_KEY}:)")
_BEGIN = re.compile(r"(\s*)(?:-\s+)*")
_PART_ENDS = re.compile(r"[,}\]]")
_BEGIN_MARKS = ("while scanning an", "while parsing an", "while scanning a tag")
_MARK_ALONE = re.compile(r"mapping keys|.*start any token")
_LONGEST_LINE = 10_000
_LONGEST_QUOTE = 40
_CLOSING = {"{": "}", "[": "]"}


class Halt(NamedTuple):
    """Where the reader of YAML gave up, counted from zero, and what it said of it."""

    line: int
    column: int
    problem: str = ""
    context: str = ""
    began: tuple[int, int] = (0, 0)
    """Where that began which it was reading."""

    @property
    def at(self) -> tuple[int, int]:
        """Returns line and column, counted from zero."""
        return self.line, self.column


def _slip(key: str, at: tuple[int, int], /, **values: str) -> Slip:
    return say_text("slips", key, **values), *at


def loosen_colon(text: str) -> tuple[str, str] | None:
    """Part `key:value` that lacks its space. Returns both, or none where it is something else."""
    match = _TIGHT_COLON.fullmatch(text) if len(text) <= _LONGEST_LINE else None
    return (match[1], match[2].strip()) if match else None


def say_colon(key: str, value: str) -> Message:
    """Say that a space is missing behind a colon."""
    meant = f"`{key}: {_shortened(_NEXT_KEY.split(value)[0])}`"
    return say_text("slips", "space after colon", meant=meant)


def say_dash(text: str) -> Message:
    """Say that a space is missing behind the dash of a list."""
    return say_text("slips", "space after dash", meant=f"`- {_shortened(text.strip())}`")


def _find_signs(lines: list[str], stop: Halt) -> Iterator[Slip]:
    """Find directives, quotes that are open, and tabs."""
    near = _here_and_above(lines, stop)
    yield from (_slip("directive", (number, 0)) for number, text in near if text.startswith("%"))
    if "quoted scalar" in stop.context:
        if "escape" in stop.problem:
            yield _slip("escape", (stop.line, max(0, stop.column - 1)))
        yield _slip("open quote", stop.began, mark=_text_from(lines, stop.began)[:1])
    for number, text in near:
        if number == stop.line and text[stop.column : stop.column + 1] == "\t":
            yield _slip("tab", stop.at)
        if (column := text[: len(text) - len(text.lstrip())].find("\t")) >= 0:
            yield _slip("tab", (number, column))


def _find_marks(lines: list[str], stop: Halt) -> Iterator[Slip]:
    """Find marks that need quotes: `&`, `*`, `!` or `|` began what the reader gave up within."""
    marked = stop.context.startswith(_BEGIN_MARKS) or "undefined tag handle" in stop.problem
    if "block scalar" in stop.context:
        marked = "more indented" not in stop.problem
    if not (marked or _MARK_ALONE.match(stop.problem)):
        return
    line, column = stop.began if marked else stop.at
    if (text := _text_from(lines, (line, column))) and not text[0].isalnum():
        if re.search(r"[{\[]", _line(lines, line)[:column]):
            text = _PART_ENDS.split(text)[0] or text
        character = {"`": "'`'"}.get(text[0], f"`{text[0]}`")
        yield _slip("mark", (line, column), character=character, meant=_quoted(text))


def _find_gaps(lines: list[str], stop: Halt) -> Iterator[Slip]:
    """Find colons and dashes that lack a space, and dashes that stand where none may."""
    near = _here_and_above(lines, stop)
    with_above = stop.problem.startswith(("mapping values", "could not find expected ':'"))
    for number, said in near[: 1 + with_above]:
        match = _TIGHT_COLON.search(said)
        if match and (match[0][0] != "," or "{" in said[: match.start()]):
            value = _PART_ENDS.split(match[2])[0] if match[0][0] in "{," else match[2]
            yield say_colon(match[1], value), number, match.start(1)
    for number, said in near:
        if match := _TIGHT_DASH.match(said):
            yield say_dash(match[1]), number, match.start(1) - 1
    if stop.problem.startswith("sequence entries are not allowed"):
        if match := _LIST_BESIDE_KEY.match(near[0][1]):
            yield _slip("beside key", stop.at, key=f"`{match[1]}:`")
        yield _slip("list item", stop.at)


def _find_second_colons(lines: list[str], stop: Halt) -> Iterator[Slip]:
    """Find `name: Sorø: nedrivning`, and keys too far to the right."""
    text = _line(lines, stop.line)
    in_braces = "flow" in stop.context and text[stop.column : stop.column + 1] == ":"
    if not (in_braces or stop.problem.startswith("mapping values are not allowed")):
        return
    if keys := [match for match in _SECOND_COLON.finditer(text) if match.end() <= stop.column]:
        start = keys[-1].end()
        rest = text[start:].split(" #")[0]
        meant = f"`{keys[-1][1]}: {_quoted(rest)[1:]}"
        if in_braces:  # where a comma that is missing looks like a colon too many
            value = _PART_ENDS.split(rest)[0]
            words, meant = value.split(":")[0].split(), _quoted(value)
            if len(words) > 1 and re.fullmatch(r"[a-z_]+", words[-1]):
                place = stop.line, start + rest.index(words[-1])
                yield _slip("comma before", place, key=f"`{words[-1]}:`")
        yield _slip("two colons", (stop.line, start), meant=meant)
    elif not in_braces:
        yield _slip("deeper", (stop.line, len(text) - len(text.lstrip())))


def _find_brackets(lines: list[str], stop: Halt) -> Iterator[Slip]:
    """Find words without a colon, brackets that are open or too many, and what lacks within."""
    if "could not find expected ':'" in stop.problem:
        words_there = _shortened(_text_from(lines, stop.began).strip())
        yield _slip("no colon", stop.began, words=f"`{words_there}`")
    opened, found = _text_from(lines, stop.began)[:1], _text_from(lines, stop.at)[:1]
    ends = found in {",", "}", "]"}
    if "while parsing a flow" in stop.context:
        if stop.context.endswith("node") or opened not in _CLOSING:
            if ends:
                yield _slip("no value", stop.at, sign=f"`{found}`")
        elif found in _CLOSING.values() or stop.line != stop.began[0] or not found:
            closing = f"`{_CLOSING[opened]}`"
            yield _slip("open bracket", stop.began, bracket=f"`{opened}`", closing=closing)
        else:
            yield _slip("no comma", stop.at)
    if ends:
        yield _slip("closes nothing", stop.at, sign=f"`{found}`")


def _find_ends(lines: list[str], stop: Halt) -> Iterator[Slip]:
    """Find what stands behind a text or a bracket that has ended, and odd indents."""
    if "expected <block end>" not in stop.problem:
        return
    text = _line(lines, stop.line)
    if (before := text[: stop.column].strip()).endswith(("'", '"')):
        yield _slip("text goes on", stop.at)
    if before.endswith(("}", "]")):
        yield _slip("after bracket", stop.at)
    begins = _BEGIN.match(_line(lines, _line_before(lines, stop.line)))
    if begins is not None and not before:
        other = len(begins[text.lstrip().startswith("-")])
        if other != stop.column:
            yield _slip("indent", stop.at, column=str(stop.column + 1), other=str(other + 1))


_SLIPS = (_find_signs, _find_marks, _find_gaps, _find_second_colons, _find_brackets, _find_ends)
"""What may be meant where something is no YAML; the first that finds anything is believed."""


def _here_and_above(lines: list[str], stop: Halt) -> list[tuple[int, str]]:
    numbers = (stop.line, _line_before(lines, stop.line))
    return [(number, _line(lines, number)) for number in numbers]


def _line(lines: list[str], number: int) -> str:
    return lines[number][:_LONGEST_LINE] if 0 <= number < len(lines) else ""


def _text_from(lines: list[str], at: tuple[int, int]) -> str:
    return _line(lines, at[0])[at[1] :]


def _line_before(lines: list[str], number: int) -> int:
    above = range(min(number, len(lines)) - 1, max(-1, number - 50), -1)
    return next((one for one in above if not re.match(r"\s*(#|$)", lines[one])), -1)


def _quoted(text: str) -> str:
    short = _shortened(text.strip())
    mark = "'" if '"' in short or "\\" in short else '"'
    return f"`{mark}{short}{mark}`"


def _shortened(text: str) -> str:
    text = text.rstrip()
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
