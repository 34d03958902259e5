"""`flows.csv`: its columns, how a cell is written, and how the table is read again."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from raastof_geo.language import Language, Message, encode, plain, read_texts, say_text

FLOWS = "flows.csv"
FLOW_HEADS = read_texts("columns of flows")
"""Columns of the table, and what people read over them."""
FLOW_COLUMNS = {"length_km" if name == "loaded_km" else name: name for name in FLOW_HEADS}
"""Names in `flows` of plan.json and names in the table."""
NAMED = {
    "origin_name": ("origin", "sites"),
    "destination_name": ("destination", "sites"),
    "material_name": ("material", "materials"),
}
"""Columns that hold the name of another: of which, and among which `names` of plan.json."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_SHOWN = 80


class Form(NamedTuple):
    """How a table is written, so that a spreadsheet of its readers takes it for one."""

    separator: str
    decimal: str
    heads: tuple[str, ...]
    end: str = "\n"

    def write(self, value: Any) -> str:
        """Write a value of plan.json. Returns a cell, a number with at most six decimals."""
        if value is None:
            return ""
        if isinstance(value, float):
            return repr(round(round(float(value), 9), 6)).replace(".", self.decimal)
        return str(harmless(value)) if isinstance(value, str) else str(value)

    def render(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Render rows below the heads. Returns UTF-8 with a mark that Excel knows."""
        rows = (self.heads, *rows)
        lines = (self.separator.join(map(self._quote, row)) + self.end for row in rows)
        return encode("\ufeff" + "".join(lines))

    def _quote(self, cell: str) -> str:
        if {self.separator, '"', "\r", "\n"} & set(cell):
            return '"' + cell.replace('"', '""') + '"'
        return cell


def shape_table(language: Language, heads: Iterable[Message]) -> Form:
    """Shape a table. Returns the form that spreadsheets expect where a language is spoken."""
    separator, decimal = (";", ",") if language == "da" else (",", ".")
    return Form(separator, decimal, tuple(head.render(language) for head in heads))


_EARLIER = Form(";", ".", tuple(FLOW_HEADS))
"""As folders have it that were written before the table spoke the language of its readers."""


def shape_flows(language: object, data: bytes = b"") -> Form:
    """Shape `flows.csv`. Returns the form in a language, or that of `data`, if it is known."""
    spoken = shape_table("en" if language == "en" else "da", FLOW_HEADS.values())

    def alike(form: Form) -> int:
        head = data.partition(b"\n")[0].decode("utf-8-sig", "replace").split(form.separator)
        return sum(map(str.__eq__, head, form.heads))

    return max(spoken, _EARLIER, key=alike)


def harmless(text: object) -> object:
    """Keep a spreadsheet from taking a text for a formula."""
    if isinstance(text, str) and text.startswith(_FORMULA_STARTS):
        return "'" + text
    return text


def write_flows(
    flows: Iterable[Mapping[str, Any]], names: Mapping[str, Any], folder: Path, language: Language
) -> Path:
    """Write `flows.csv` of `flows` and `names` as plan.json has them."""
    path, form = folder / FLOWS, shape_flows(language)
    path.write_bytes(form.render(list_rows(flows, names, form)))
    return path


def list_rows(
    flows: Iterable[Mapping[str, Any]], names: Mapping[str, Any], form: Form
) -> list[list[str]]:
    """List what belongs to `flows` and `names` of plan.json. Returns the rows below the heads."""

    def look_up(flow: Mapping[str, Any], name: str) -> Any:
        if name not in NAMED:
            return flow.get(name)
        of, among = NAMED[name]
        known, label = names.get(among), flow.get(of)
        return known.get(label) if isinstance(known, dict) and isinstance(label, str) else None

    return [[form.write(look_up(flow, name)) for name in FLOW_COLUMNS] for flow in flows]


def compare_table(
    data: bytes, form: Form, below: Sequence[Sequence[str]], *, heads: bool
) -> Iterator[Message]:
    """Name the cells of a table that are not what plan.json has; the header is row 1.

    `heads` says whether the words of the header have to be ours: where the file is known to be as
    a run wrote it, another version may have called a column otherwise.
    """
    rows, tell = _read_rows(data, form.separator), partial(say_text, "table of flows")
    if isinstance(rows, Message):
        yield rows
        return
    if len(rows) != len(expected := [form.heads if heads or not rows else rows[0], *below]):
        yield tell("rows" if rows else "empty", rows=len(rows) - 1, flows=len(below))
        return
    for number, (row, wanted) in enumerate(zip(rows, expected, strict=True), 1):
        at = {"row": str(number)}
        if len(row) != len(wanted):
            yield tell("cells", found=len(row), wanted=len(wanted), **at)
            continue
        for name, cell, right in zip(form.heads, row, wanted, strict=True):
            if cell != right:
                yield tell("other", column=name, found=_show(cell), wanted=_show(right), **at)


def _read_rows(data: bytes, separator: str) -> list[list[str]] | Message:
    rows: list[list[str]] = []
    try:
        text = io.StringIO(data.decode("utf-8-sig"), newline="")
        rows.extend(csv.reader(text, delimiter=separator))
    except UnicodeDecodeError as error:
        return say_text("table of flows", "no utf8", row=str(data.count(b"\n", 0, error.start) + 1))
    except csv.Error:
        return say_text("table of flows", "no table", row=str(len(rows) + 1))
    return rows


def _show(cell: str) -> str:
    text = plain(cell)
    return (text if len(text) <= _SHOWN else text[:_SHOWN] + "…") or '""'
