"""What a text that is not YAML was meant to be: one sentence for each common slip."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeAlias

from raastof_geo.language import Message, say_text

Slip: TypeAlias = tuple[Message, int, int]
"""A sentence, with line and column counted from zero."""
_KEY = r"[^\W\d][\w-]*"
_TIGHT_COLON = re.compile(rf"(?:^\s*(?:-\s+)*|[{{,]\s*)({_KEY}):(?!//)([^\s:\"'].*)")
_TIGHT_DASH = re.compile(r"^\s*-(?![-\s])(\S.*)")
_SECOND_COLON = re.compile(rf"(?:^\s*(?:-\s+)*|[{{,]\s*)({_KEY}):\s+(?=[^\s\"'{{\[])")
_LIST_BESIDE_KEY = re.compile(rf"^\s*(?:-\s+)*({_KEY}):\s+-\s")
_NEXT_KEY = re.compile(rf"\s+(?={_KEY}:)")
_BEGIN = re.compile(r"(?P<indent>\s*)(?P<dashes>(?:-\s+)*)")
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
        """Line and column."""
        return self.line, self.column


def find_slip(lines: Sequence[str], stop: Halt) -> Slip:
    """Say what is wrong where the reader gave up or above it, and what to write instead."""
    found = chain(_find_marks(lines, stop), _find_gaps(lines, stop), _find_ends(lines, stop))
    return next(found, _slip("unclear", stop.at))


def _slip(key: str, at: tuple[int, int], /, **values: str) -> Slip:
    return say_text("slips", key, **values), *at


def loosen_colon(text: str) -> tuple[str, str] | None:
    """Part `key:value` that lacks its space, blanks left out; none where it is something else."""
    match = _TIGHT_COLON.fullmatch(text) if len(text) <= _LONGEST_LINE else None
    return (match[1], match[2].strip()) if match else None


def say_colon(key: str, value: str) -> Message:
    """Say that a space is missing behind a colon."""
    meant = f"`{key}: {_shortened(_NEXT_KEY.split(value)[0])}`"
    return say_text("slips", "space after colon", meant=meant)


def say_dash(text: str) -> Message:
    """Say that a space is missing behind the dash of a list."""
    return say_text("slips", "space after dash", meant=f"`- {_shortened(text.strip())}`")


def _find_marks(lines: Sequence[str], stop: Halt) -> Iterator[Slip]:
    """Find directives, quotes that are open, tabs, and marks that need quotes."""
    near = _here_and_above(lines, stop)
    yield from (_slip("directive", (number, 0)) for number, text in near if text.startswith("%"))
    if "quoted scalar" in stop.context:
        if "escape" in stop.problem:
            yield _slip("escape", (stop.line, max(0, stop.column - 1)))
        yield _slip("open quote", stop.began, mark=_text_from(lines, stop.began)[:1])
    for number, text in near:
        if number == stop.line and text[stop.column : stop.column + 1] == "\t":
            yield _slip("tab", stop.at)
        column = text[: len(text) - len(text.lstrip())].find("\t")
        if column >= 0:
            yield _slip("tab", (number, column))
    # A mark such as `&`, `*`, `!` or `|` began what the reader gave up within.
    marks = ("while scanning an", "while parsing an", "while scanning a tag")
    marked = stop.context.startswith(marks) or "undefined tag handle" in stop.problem
    if "block scalar" in stop.context:
        marked = "more indented" not in stop.problem
    alone = stop.problem.startswith("mapping keys") or "start any token" in stop.problem
    line, column = stop.began if marked else stop.at
    text = _text_from(lines, (line, column)) if marked or alone else ""
    if text and not text[0].isalnum():
        if any(bracket in _line(lines, line)[:column] for bracket in "{["):
            text = re.split(r"[,}\]]", text)[0] or text
        character = f"`{text[0]}`" if text[0] != "`" else "'`'"
        yield _slip("mark", (line, column), character=character, meant=_quoted(text))


def _find_gaps(lines: Sequence[str], stop: Halt) -> Iterator[Slip]:
    """Find colons and dashes that lack a space or stand where none may, and colons that lack."""
    near, text = _here_and_above(lines, stop), _line(lines, stop.line)
    with_above = stop.problem.startswith(("mapping values", "could not find expected ':'"))
    for number, said in near[: 1 + with_above]:
        match = _TIGHT_COLON.search(said)
        if match and (match[0][0] != "," or "{" in said[: match.start()]):
            value = re.split(r"[,}\]]", match[2])[0] if match[0][0] in "{," else match[2]
            yield say_colon(match[1], value), number, match.start(1)
    for number, said in near:
        if match := _TIGHT_DASH.match(said):
            yield say_dash(match[1]), number, match.start(1) - 1
    if stop.problem.startswith("sequence entries are not allowed"):
        if match := _LIST_BESIDE_KEY.match(text):
            yield _slip("beside key", stop.at, key=f"`{match[1]}:`")
        yield _slip("list item", stop.at)
    in_braces = "flow" in stop.context and text[stop.column : stop.column + 1] == ":"
    if in_braces or stop.problem.startswith("mapping values are not allowed"):
        # `name: Sorø: nedrivning`, or a key too far to the right.
        keys = [match for match in _SECOND_COLON.finditer(text) if match.end() <= stop.column]
        if keys:
            start = keys[-1].end()
            rest = text[start:].split(" #")[0]
            meant = f"`{keys[-1][1]}: {_quoted(rest)[1:]}"
            if in_braces:  # where a comma that is missing looks like a colon too many
                value = re.split(r"[,}\]]", rest)[0]
                words, meant = value.split(":")[0].split(), _quoted(value)
                if len(words) > 1 and re.fullmatch(r"[a-z_]+", words[-1]):
                    place = stop.line, start + rest.index(words[-1])
                    yield _slip("comma before", place, key=f"`{words[-1]}:`")
            yield _slip("two colons", (stop.line, start), meant=meant)
        elif not in_braces:
            yield _slip("deeper", (stop.line, len(text) - len(text.lstrip())))
    if "could not find expected ':'" in stop.problem:
        words_there = _shortened(_text_from(lines, stop.began).strip())
        yield _slip("no colon", stop.began, words=f"`{words_there}`")


def _find_ends(lines: Sequence[str], stop: Halt) -> Iterator[Slip]:
    """Find brackets that are open or too many, quotes that close too early, and odd indents."""
    opened, text = _text_from(lines, stop.began)[:1], _line(lines, stop.line)
    found, before = text[stop.column : stop.column + 1], text[: stop.column].strip()
    if "while parsing a flow" in stop.context:
        if stop.context.endswith("node") or opened not in _CLOSING:
            if found in {",", "}", "]"}:
                yield _slip("no value", stop.at, sign=f"`{found}`")
        elif found in _CLOSING.values() or stop.line != stop.began[0] or not found:
            closing = f"`{_CLOSING[opened]}`"
            yield _slip("open bracket", stop.began, bracket=f"`{opened}`", closing=closing)
        else:
            yield _slip("no comma", stop.at)
    if found and found in "}],":
        yield _slip("closes nothing", stop.at, sign=f"`{found}`")
    if "expected <block end>" in stop.problem:
        if before.endswith(("'", '"')):
            yield _slip("text goes on", stop.at)
        if before.endswith(("}", "]")):
            yield _slip("after bracket", stop.at)
        begins = _BEGIN.match(_line(lines, _line_before(lines, stop.line)))
        if begins is not None and not before:
            other = len(begins["indent"] if text.lstrip().startswith("-") else begins[0])
            if other != stop.column:
                indent = {"column": str(stop.column + 1), "other": str(other + 1)}
                yield _slip("indent", stop.at, **indent)


def _here_and_above(lines: Sequence[str], stop: Halt) -> list[tuple[int, str]]:
    numbers = (stop.line, _line_before(lines, stop.line))
    return [(number, _line(lines, number)) for number in numbers]


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number][:_LONGEST_LINE] if 0 <= number < len(lines) else ""


def _text_from(lines: Sequence[str], at: tuple[int, int]) -> str:
    return _line(lines, at[0])[at[1] :]


def _line_before(lines: Sequence[str], number: int) -> int:
    above = range(min(number, len(lines)) - 1, max(-1, number - 50), -1)
    return next((one for one in above if not re.match(r"\s*(#|$)", lines[one])), -1)


def _quoted(text: str) -> str:
    short = _shortened(text.strip())
    mark = "'" if '"' in short or "\\" in short else '"'
    return f"`{mark}{short}{mark}`"


def _shortened(text: str) -> str:
    text = text.rstrip()
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
