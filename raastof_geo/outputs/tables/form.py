"""Write a scenario as a workbook to fill in: drop-downs, units, and what each column is for."""

from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any
from xlsxwriter.utility import xl_col_to_name
from raastof_geo.files import drafting
from raastof_geo.language import read_texts, say, speaking
from raastof_geo.outputs.tables.book import Book, Sheet, open_book
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables.grid import DUE, ROLES, SCENARIO, SITES, list_keys
from raastof_geo.scenario.tables.source import KEY, VALUE, lay_out, name_entry

_UNITS = ("t", "m3 in_situ", "m3 loose", "m3 compacted", "loads")
_ROWS = 2_000
"""As many rows have drop-downs."""


def write_form(scenario: Scenario, path: Path) -> Path:
    """Write a scenario as a workbook to fill in. Returns the path; what was there moves aside."""
    language = scenario.said.language
    with drafting(path) as draft, speaking(language), open_book(scenario, draft) as book:
        tables = lay_out(scenario, path.parent, named=language)
        guide = book.sheet(say("Guide"))
        guide.heads([say("How this workbook is filled in")])
        for one in read_texts("guide").values():
            guide.cells([str(one)])
        scopes = (SCENARIO, SITES, *ROLES)
        sheets = {scope: _write_scope(book, scope, tables.get(scope, [])) for scope in scopes}
        # What may be chosen stands on a sheet of its own.
        lists = _write_lists(book, scenario)
        lists["sites"] = f"='{sheets[SITES][0].name}'!$A$2:$A${_ROWS}"
        for scope, (sheet, columns) in sheets.items():
            for at, column in enumerate(columns):
                _help(sheet, at, scope, column, lists)
    return path


def _write_scope(
    book: Book, scope: str, rows: Sequence[Mapping[str, Any]]
) -> tuple[Sheet, list[str]]:
    """Write a sheet of what is said so far; give it, and its columns."""
    titles = read_texts("headings")
    columns = [*dict.fromkeys(chain(list_columns(scope), *rows))]
    sheet = book.sheet(read_texts("tables by name")[scope])
    sheet.heads([titles.get(key, key) for key in columns])
    sheet.worksheet.ignore_errors({"number_stored_as_text": f"A1:XFD{_ROWS}"})
    for row in rows:
        sheet.cells(map(row.get, columns), digits=6)
    return sheet, columns


def _write_lists(book: Book, scenario: Scenario) -> dict[str, str]:
    """Write what may be chosen, a column for each list; give where each stands, as Excel says."""
    told: dict[str, Any] = {"unit": _UNITS, "truth": (str(say("yes")), str(say("no")))}
    told["municipalities"] = scenario.region.names
    for section in (one for one in read_texts("lists") if one not in told):
        known = scenario.catalogue.names(section)
        told[section] = [name_entry(known, one, scenario.said.language) for one in known]
    sheet = book.sheet(say("Lists"))
    sheet.heads([read_texts("lists")[one] for one in told])
    for row in zip_longest(*told.values()):
        sheet.cells(row)
    letters = map(xl_col_to_name, range(len(told)))
    return {
        name: f"='{sheet.name}'!${letter}$2:${letter}${1 + max(1, len(one))}"
        for letter, (name, one) in zip(letters, told.items(), strict=True)
    }


def list_columns(scope: str) -> list[str]:
    """List the columns that a form has in any case: those that a text explains, in its order."""
    if scope == SCENARIO:
        return [KEY, VALUE]
    known = {one: key for one, key in list_keys(scope).items() if DUE not in key.trail}
    if scope == SITES:
        del known["unit"]
    return [
        one for one in read_texts("about headings") if one in known and known[one].kind != "free"
    ]


def _help(sheet: Sheet, at: int, scope: str, column: str, lists: dict[str, str]) -> None:
    """Tell what a column is for above it, and offer what may be chosen below."""
    if (about := read_texts("about headings").get(column)) is not None:
        sheet.worksheet.write_comment(sheet.heading[0], at, str(about), {"x_scale": 2})
    if scope == SCENARIO or column not in (keys := list_keys(scope)):
        return
    whose = "sites" if column == "id" and scope != SITES else column
    choices = lists.get(keys[column].section or whose) or lists.get(keys[column].kind)
    if choices is not None:
        strict = keys[column].kind != "list" and column != "id"
        how = {"validate": "list", "source": choices, "error_type": "warning", "show_error": strict}
        sheet.worksheet.data_validation(1, at, _ROWS, at, how)
