"""Write a scenario as a workbook to fill in: drop-downs, units, and what each column is for."""

from pathlib import Path

from raastof_geo.files import drafting
from raastof_geo.language import read_texts, say, speaking
from raastof_geo.outputs.tables.book import Book, Sheet, open_book
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables.heading import ROLES, SCENARIO, SITES
from raastof_geo.scenario.tables.lay import KEY, SECTIONS, VALUE, Cells, lay_out, name_entry

COLUMNS = {
    SCENARIO: (KEY, VALUE),
    SITES: (
        "id",
        "name",
        "lon",
        "lat",
        "municipality",
        "project",
        "client",
        "land",
        "soil_mapping",
        "note",
    ),
    "offers": ("id", "material", "amount", "unit", "from", "to", "must_leave", "price_dkk_per_t"),
    "needs": ("id", "use", "amount", "unit", "from", "to", "accepts"),
    "pits": ("id", "supplies", "capacity_per_period", "unit"),
    "receivers": ("id", "kind", "accepts", "capacity_per_period", "unit"),
    "plants": ("id", "recipes", "capacity_per_period", "unit"),
    "depots": ("id", "materials", "capacity", "unit"),
}
"""The columns that a table has, whether anything stands in them or not; others where it does."""
_UNITS = ("t", "m3 in_situ", "m3 loose", "m3 compacted", "loads")
_MORE = {
    "offers.must_leave": "truths",
    **{f"{one}.unit": "units" for one in ROLES},
    **{f"{one}.id": "sites" for one in ROLES},
}
_ROWS = 2_000
"""As many rows have drop-downs."""
_SEVERAL = ("id", "accepts", "supplies", "recipes", "materials", "vehicles")


def write_form(scenario: Scenario, path: Path) -> Path:
    """Write a scenario as a workbook that reading takes for the same scenario.

    What is there already and not the same is moved to `set_aside`.
    """
    language = scenario.said.language
    with drafting(path) as draft, speaking(language), open_book(scenario, draft) as book:
        tables = lay_out(scenario, path.parent, named=language)
        guide = book.sheet(say("Guide"))
        guide.heads([say("How this workbook is filled in")])
        for one in read_texts("guide").values():
            guide.cells([str(one)])
        scopes = dict.fromkeys((*COLUMNS, *tables))
        sheets = {scope: _write_table(book, scope, tables.get(scope, [])) for scope in scopes}
        lists = _write_lists(book, scenario)
        lists["sites"] = f"='{sheets[SITES][0].name}'!$A$2:$A${_ROWS}"
        for scope, (sheet, keys) in sheets.items():
            for at, key in enumerate(keys):
                name = f"{scope}.{key}"
                _help(sheet, at, key, lists.get(SECTIONS.get(name) or _MORE.get(name, "")))
    return path


def _write_table(book: Book, scope: str, rows: list[Cells]) -> tuple[Sheet, list[str]]:
    """Write the rows of a table, and give its columns."""
    keys = [*dict.fromkeys((*COLUMNS.get(scope, ("id",)), *(key for row in rows for key in row)))]
    titles = read_texts("headings")
    sheet = book.sheet(read_texts("tables by name")[scope])
    sheet.heads([titles.get(key, key) for key in keys])
    for row in rows:
        sheet.cells([row.get(key) for key in keys], digits=6)
    return sheet, keys


def _write_lists(book: Book, scenario: Scenario) -> dict[str, str]:
    """Write what may be chosen on a sheet of its own, and give where each list stands."""
    language, catalogue = scenario.said.language, scenario.catalogue
    lists: dict[str, list[str]] = {
        "units": list(_UNITS),
        "truths": [str(say("yes")), str(say("no"))],
    }
    for section in dict.fromkeys(SECTIONS.values()):
        names = catalogue.names(section)
        lists[section] = [name_entry(names, one, language) for one in names]
    sheet = book.sheet(say("Lists"))
    sheet.heads([read_texts("lists")[one] for one in lists])
    for number in range(max(map(len, lists.values()))):
        sheet.cells([one[number] if number < len(one) else None for one in lists.values()])
    spans = {one: (chr(ord("A") + at), 1 + len(lists[one])) for at, one in enumerate(lists)}
    return {
        one: f"='{sheet.name}'!${letter}$2:${letter}${end}" for one, (letter, end) in spans.items()
    }


def _help(sheet: Sheet, at: int, key: str, choices: str | None) -> None:
    """Tell what a column is for above it, and offer what may be chosen below."""
    about = read_texts("about headings").get(key)
    if about is not None:
        sheet.worksheet.write_comment(sheet.heading[0], at, str(about), {"x_scale": 2})
    if choices is not None:
        strict = key not in _SEVERAL
        how = {"validate": "list", "source": choices, "error_type": "warning", "show_error": strict}
        sheet.worksheet.data_validation(1, at, _ROWS, at, how)
