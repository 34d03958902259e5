"""`flows.csv`: its columns, how a cell is written, and how the table is read again."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from raastof_geo.language import Message, plain, say

FLOWS = "flows.csv"
_NAMES = """
    origin origin_name destination destination_name giver taker taker_kind material material_name
    vehicle period tonnes reference_tonnes loads load_t length_km return_km ferry_km drive_h
    vehicle_km tonne_km energy energy_unit kg_co2e_wtw kg_co2e_ttw dkk
"""
FLOW_COLUMNS = {name: name for name in _NAMES.split()} | {"length_km": "loaded_km"}
"""Names in `flows` of plan.json and names in the table."""
NAMED = {
    "origin_name": ("origin", "sites"),
    "destination_name": ("destination", "sites"),
    "material_name": ("material", "materials"),
}
"""Columns that hold the name of another: of which, and among which `names` of plan.json."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_SHOWN = 80
_QUOTED = frozenset(';"\r\n')


def harmless(text: object) -> object:
    """Keep a spreadsheet from taking a text for a formula."""
    if isinstance(text, str) and text.startswith(_FORMULA_STARTS):
        return "'" + text
    return text


def write_cell(value: Any) -> str:
    """Write a value of plan.json as a cell: numbers with at most six decimals."""
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(round(round(float(value), 9), 6))
    return str(harmless(value)) if isinstance(value, str) else str(value)


def write_flows(flows: Iterable[Mapping[str, Any]], names: Mapping[str, Any], folder: Path) -> Path:
    """Write `flows.csv` of `flows` and `names` as plan.json has them, with decimal point."""
    path = folder / FLOWS
    path.write_bytes(render_table(list_rows(flows, names)))
    return path


def render_table(rows: Iterable[Sequence[str]]) -> bytes:
    """Lay rows out as text: UTF-8 with a mark that Excel knows, `;` between."""
    lines = (";".join(_quote(cell) for cell in row) + "\n" for row in rows)
    return ("\ufeff" + "".join(lines)).encode("utf-8", "replace")


def _quote(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _QUOTED & set(cell) else cell


def list_rows(flows: Iterable[Mapping[str, Any]], names: Mapping[str, Any]) -> list[list[str]]:
    """Give the rows that belong to `flows` and `names` of plan.json, the header first."""

    def cells(flow: Mapping[str, Any]) -> Iterator[str]:
        for name in FLOW_COLUMNS:
            if name in NAMED:
                of, among = NAMED[name]
                known, label = names.get(among), flow.get(of)
                found = isinstance(known, dict) and isinstance(label, str)
                yield write_cell(known.get(label) if found and known else None)
            else:
                yield write_cell(flow.get(name))

    return [list(FLOW_COLUMNS.values()), *(list(cells(flow)) for flow in flows)]


def compare_table(data: bytes, expected: Sequence[Sequence[str]]) -> Iterator[Message]:
    """Name the cells of a table that are not what plan.json has; the header is row 1."""
    rows = _read_rows(data)
    if isinstance(rows, Message):
        yield rows
        return
    if not rows:
        yield say("flows.csv is empty, plan.json has {flows} flows", flows=len(expected) - 1)
        return
    if len(rows) != len(expected):
        yield say("flows.csv: {rows} rows below the header, plan.json has {flows} flows").format(
            rows=len(rows) - 1, flows=len(expected) - 1
        )
        return
    header = expected[0]
    for number, (row, wanted) in enumerate(zip(rows, expected, strict=True), 1):
        if len(row) != len(wanted):
            yield say("flows.csv: row {row} has {found} cells, not {wanted}").format(
                row=str(number), found=len(row), wanted=len(wanted)
            )
            continue
        for name, cell, right in zip(header, row, wanted, strict=True):
            if cell != right:
                yield say("flows.csv: row {row}, {column}: {found}, plan.json has {wanted}").format(
                    row=str(number), column=name, found=_show(cell), wanted=_show(right)
                )


def _read_rows(data: bytes) -> list[list[str]] | Message:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        return say("flows.csv: row {row} is not UTF-8", row=str(row))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error:
        return say("flows.csv: row {row} cannot be read as a table", row=str(len(rows) + 1))
    return rows


def _show(cell: str) -> str:
    text = plain(cell)
    return (text if len(text) <= _SHOWN else text[:_SHOWN] + "…") or '""'
