"""Read the tables that a scenario names, or that it is: rows are joined into sites of its tree.

And lay a scenario out as tables that give it again, and give tables back with comments in them.
"""

import hashlib
import io
import json
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from pydantic import ValidationError
from raastof_geo.errors import Finding, InputError, Place, ScenarioError, refusing
from raastof_geo.files import name_free, write_whole
from raastof_geo.language import Language, Message, list_codes, say_text
from raastof_geo.region.layer import AnyFrame
from raastof_geo.region.projection import DEGREES
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.identity import explain_errors, find_id, find_type, fold_id, names_in
from raastof_geo.scenario.period import read_calendar
from raastof_geo.scenario.reading.tree import Trail, Tree, find_beside, merge_values, read_tree
from raastof_geo.scenario.said.file import FILES, ScenarioFile
from raastof_geo.scenario.said.site import AXES, SiteTable, read_system
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables import grid
from raastof_geo.units import read_quantity

WHOLE = (*grid.WORKBOOKS, ".gpkg")
"""Endings of files of tables that may be a scenario by themselves."""
_FILE: Trail = ("sites", "file")
SUMS = {"sum", "i alt", "ialt", "total", "totalt", "subtotal", "hovedtotal", "sum i alt"}
"""Words of a row that adds up those above it."""
_ASCII = str.maketrans(
    {"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
)
_LONGEST_ID = 60
_KINDS = {"offers": "material", "needs": "use"}
"""What of an entry says which of the two it is."""
_MOST_DEGREES = 180
_ID, _NAME, _UNIT, _CRS = ("id",), ("name",), ("unit",), ("crs",)
_Said: TypeAlias = dict[grid.Way, tuple[Any, Place]]
"""The values of a row, and their places."""
_Table: TypeAlias = tuple[grid.Grid, SiteTable]


def read_source(path: Path, *, anywhere: bool = False, frames: Sequence[AnyFrame] = ()) -> Tree:
    """Read a scenario in YAML and its tables, or one that is a workbook or a GeoPackage.

    `frames`: more tables. Raises a `ScenarioError`; wrong cells are findings of the tree.
    """
    tree = _read_file(path, path.as_posix(), [path.resolve()], anywhere=anywhere)
    join_tables(tree, path.parent, frames, anywhere=anywhere)
    return tree


def _read_file(path: Path, shown: str, above: Sequence[Path], *, anywhere: bool) -> Tree:
    """Read YAML with what it `extends`, or a workbook or GeoPackage with all of its tables."""
    if path.suffix.lower() not in WHOLE:
        tree = read_tree(path, shown_as=shown)
        _extend(tree, above, anywhere=anywhere)
        return tree
    tree = Tree(shown, places={(): Place(shown, 1, 1)})
    tree.put(_FILE, path.name, tree.place(()))
    join_tables(tree, path.parent, (), anywhere=anywhere)
    if tree.findings and tree.values == {"sites": {}}:
        raise ScenarioError(*tree.findings)  # nothing of it was read, so nothing of it is missing
    return tree


def _extend(tree: Tree, above: Sequence[Path], *, anywhere: bool) -> None:
    """Lay a tree over the file that it `extends`, key by key; lists replace as a whole.

    `above`: the files that lead to it, this one last. Each value keeps the place where it stands.
    `ScenarioError`: that file cannot be used.
    """
    base, place = tree.values.pop("extends", None), tree.place(("extends",))
    if base is None:
        return
    with tree.telling(place):
        path = find_beside(above[-1].parent, Path(str(base)), anywhere=anywhere)
        if path.resolve() in above:
            raise InputError.saying_text("files beside", "circle", file=f"`{base}`")
        shown = (Path(tree.file).parent / str(base)).as_posix()
        below = _read_file(path, shown, [*above, path.resolve()], anywhere=anywhere)
        tree.values = merge_values(below.values, tree.values)
        for trail in tree.places:
            below.written.pop(trail, None)  # how something else is written there
        tree.keys = below.keys | tree.keys
        tree.places, tree.written = below.places | tree.places, below.written | tree.written
        tree.findings[:0], tree.doubts[:0] = below.findings, below.doubts
        tree.digest = hashlib.sha256(f"{tree.digest} {below.digest}".encode()).hexdigest()
        return
    raise ScenarioError(*tree.findings)  # what it lacks may stand below


def join_tables(tree: Tree, home: Path, frames: Sequence[AnyFrame], *, anywhere: bool) -> None:
    """Put what tables say into a tree: those that it names below `sites`, and frames."""
    grids = [*_open_tables(tree, home, anywhere=anywhere)]
    for number, frame in enumerate(frames, 1):
        grids.append((grid.lay_out_frame(frame, f"frame {number}", ""), SiteTable(file=Path())))
    sheets = []
    for cells, table in grids:
        if grid.find_scope(cells.sheet) == grid.SCENARIO:
            _take_scenario(tree, cells)
        elif (headed := grid.read_heads(cells, table)) is not None:
            sheets.append(headed)
        elif cells.filled():
            tree.tell(cells.place(0, 0), say_text("tables", "no headings"))
    gatherer = _Gatherer(tree)
    for sheet in sorted(sheets, key=lambda one: one.scope != grid.SITES):
        gatherer.take(sheet)


def _open_tables(tree: Tree, home: Path, *, anywhere: bool) -> Iterator[_Table]:
    sites = tree.values.get("sites")
    if isinstance(sites, dict) and isinstance(sites.get("file"), str | list):
        said = {key: sites.pop(key) for key in SiteTable.model_fields if key in sites}
        listed = said.pop("file")
        for number, one in enumerate(listed if isinstance(listed, list) else [listed]):
            yield from _open_table(tree, said, number, one, home, anywhere=anywhere)


def _open_table(
    tree: Tree, said: Mapping[str, Any], number: int, one: Any, home: Path, *, anywhere: bool
) -> list[_Table]:
    own = one if isinstance(one, Mapping) else {"file": one}
    try:
        table = SiteTable.model_validate({**said, "file": None, **own})
    except ValidationError as error:
        below: Trail = (*_FILE, number) if isinstance(one, Mapping) else ("sites",)
        tree.findings += explain_errors(error, tree, SiteTable, below=below)
        return []
    place = tree.place((*_FILE, number, "file"))
    with tree.telling(place):
        path = find_beside(home.resolve(), table.file, anywhere=anywhere)
        grids = _pick(grid.read_grids(path, (home / table.file).as_posix(), table.crs), table)
        digest = tree.digest + hashlib.sha256(path.read_bytes()).hexdigest()
        tree.digest = hashlib.sha256(digest.encode()).hexdigest()
        wrong = [*grid.check_named(table.columns, grids)]
        tree.tell(place, *wrong)
        return [] if wrong else [(cells, table) for cells in grids]
    return []


def _take_scenario(tree: Tree, cells: grid.Grid) -> None:
    """Read rows of a key and its value; the first row is the heading."""
    for row in cells.filled():
        key, value = grid.text_of_cell(cells.rows[row][0]), (*cells.rows[row], None)[1]
        trail, place = tuple(key.split(".")), cells.place(row, 1)
        if row == 0 or not key or not grid.text_of_cell(value):
            continue
        if isinstance(value, Message):
            tree.tell(place, value)
        else:
            kind = grid.find_kind(find_type(ScenarioFile, trail), trail[-1])
            with tree.telling(place):
                if tree.put(trail, grid.read_cell(value, kind), place) is not None:
                    tree.tell(place, say_text("tables", "key twice", key=f"`{key}`"))


def _pick(grids: list[grid.Grid], table: SiteTable) -> list[grid.Grid]:
    """Take the sheet that is named, else those that are called as tables are, else the first."""
    if table.sheet is None:
        return [one for one in grids if grid.find_scope(one.sheet)] or grids[:1]
    if not (found := [one for one in grids if one.sheet.casefold() == table.sheet.casefold()]):
        told = {"file": f"`{table.file.name}`", "sheet": f"`{table.sheet}`"}
        there = list_codes(one.sheet for one in grids)
        raise InputError.saying_text("tables", "no sheet", there=there, **told)
    return found


class _Cell(NamedTuple):
    value: Any
    place: Place
    column: grid.Column

    @property
    def text(self) -> str:
        return grid.text_of_cell(self.value)


class _Row:
    """A row of a sheet: its cells, those that say anything, and who it is about."""

    def __init__(self, sheet: grid.Headed, number: int) -> None:
        self.sheet, self.number = sheet, number
        self.cells: dict[grid.Way, _Cell] = {}
        for one in sheet.columns:
            place = sheet.grid.place(number, one.at, one.heading)
            self.cells[one.key.trail] = _Cell(sheet.grid.rows[number][one.at], place, one)
        self.filled = {trail: one for trail, one in self.cells.items() if one.text}
        whose = [self.cells[one] for one in (_ID, _NAME) if one in self.cells]
        whose = whose if sheet.scope == grid.SITES else whose[:1]
        self.who = next((one for one in whose if one.text), None)
        self.place = whose[0].place if whose else sheet.grid.place(number, 0)

    def adds_up(self) -> bool:
        """Tell whether it adds up those above: it says so, or has nothing but amounts."""
        cells = self.sheet.grid.rows[self.number]
        told = [self.who.text] if self.who else map(grid.text_of_cell, cells)
        kinds = {one.column.key.kind for one in self.filled.values()}
        says_so = any(fold_id(one).strip(" :.") in SUMS for one in told)
        return says_so or (not self.who and kinds <= {"amount"})


def make_id(text: str, taken: Collection[str] = ()) -> str:
    """Make an id of a name. Returns one that is not taken: `vejprojekt_oe` of `Vejprojekt Ø`."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_ASCII))
    words = re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", plain.encode("ascii", "ignore").decode())
    made = "_".join(words)[:_LONGEST_ID].strip("_-") or "site"
    number, free = 2, made
    while free in taken:
        number, free = number + 1, f"{made}_{number}"
    return free


class _Gatherer:
    """Puts rows into the sites of a tree, in the order in which they are met."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.calendar = tree, read_calendar(tree.values.get("periods"))
        self.called: dict[str, dict[str, str]] = {}
        self.meant: dict[str, set[str]] = defaultdict(set)
        """Ids that a word stands for, as an id or as a name."""
        for id_, names in names_in(tree.values.get("sites")).items():
            self._know(id_, *names.values())

    def take(self, sheet: grid.Headed) -> None:
        """Join the rows of a sheet to the sites; sheets that list sites come first."""
        self.tree.findings += sheet.mistakes
        if sheet.unread:
            self._doubt(sheet, sheet.row, "unread", headings=list_codes(sheet.unread))
        for number in (one for one in sheet.grid.filled() if one > sheet.row):
            if (row := _Row(sheet, number)).filled:
                self._take_row(row)

    def _take_row(self, row: _Row) -> None:
        if row.adds_up():
            self._doubt(row.sheet, row.number, "sum")
            return
        for trail, one in [*row.filled.items()]:
            if isinstance(one.value, Message):
                self.tree.tell(one.place, one.value)
                del row.filled[trail]
        if row.who is None:
            self.tree.tell(row.place, say_text("tables", "nobody"))
        elif not isinstance(row.who.value, Message) and (id_ := self._find_site(row, row.who)):
            self._put_row(("sites", id_), row.who.place, row)

    def _find_site(self, row: _Row, who: _Cell) -> str | None:
        """Find the site that a row is about; one that is new is made where sites are listed."""
        text, is_id = who.text, who.column.key.trail == _ID
        meant = self.meant[fold_id(text)]
        found = {one for one in meant if is_id and one in (text, make_id(text))} or meant
        if len(found) == 1:
            return next(iter(found))
        if row.sheet.scope == grid.SITES and not meant:
            return self._make_site(row, who)
        with self.tree.telling(who.place):
            find_id("sites", text, self.called)
        return None

    def _make_site(self, row: _Row, who: _Cell) -> str:
        text, named = who.text, row.filled.get(_NAME)
        id_, name = make_id(text, self.called), named.text if named else ""
        self.tree.put(("sites", id_), {}, who.place)
        if not name and id_ != text:
            self.tree.put(("sites", id_, *_NAME), text, who.place)
        self._know(id_, name or text, text)
        return id_

    def _know(self, id_: str, *words: str) -> None:
        self.called[id_] = {"name": words[0]} if words else {}
        for word in (id_, *words):
            self.meant[fold_id(word)].add(id_)

    def _put_row(self, site: Trail, place: Place, row: _Row) -> None:
        """Put what a row says into its site, and into an entry for what it offers or needs."""
        ways, made = self._make_entries(site, place, row), _Said()
        unit = row.filled.pop(_UNIT).text if _UNIT in row.filled else ""
        row.filled.pop(_ID, None)
        for trail, (value, at, (_, key, _, own_unit, mark)) in row.filled.items():
            how = {"mark": mark, "unit": unit or own_unit}
            with self.tree.telling(at):
                made[trail] = grid.read_cell(value, key.kind, calendar=self.calendar, **how), at
        for trail, (value, at) in _name_axes(made, row.sheet.crs).items():
            if above := ways.get(trail[0], (*site, trail[0])):
                self._put((*above, *trail[1:]), value, at)
        for trail, one in row.cells.items():  # empty cells are places of what is lacking
            if above := ways.get(trail[0], (*site, trail[0])):
                self.tree.places.setdefault((*above, *trail[1:]), one.place)

    def _make_entries(self, site: Trail, place: Place, row: _Row) -> dict[str, Trail | None]:
        """Make the entries that a row is, and give the ways to them; none where there is none."""
        heads = {trail[0] for trail in row.filled}
        due = self._tell_apart(row) if grid.DUE in heads else None
        ways: dict[str, Trail | None] = dict.fromkeys((grid.DUE, *grid.ENTRIES))
        for kind in grid.ENTRIES:
            if kind == due or kind in heads:
                listed = self.tree.put((*site, kind), [], place)
                if listed is None or isinstance(listed, list):  # else that is told
                    way = (*site, kind, len(listed or ()))
                    self.tree.put(way, {}, place)
                    ways[kind] = way
        ways[grid.DUE] = ways[due] if due else None
        return ways

    def _tell_apart(self, row: _Row) -> str | None:
        """Tell whether a row offers or needs, by what it names, or else could name."""
        named, could = (
            [kind for kind, key in _KINDS.items() if (grid.DUE, key) in cells]
            for cells in (row.filled, row.cells)
        )
        if len(found := named or could) == 1:
            return found[0]
        due = next(one for trail, one in row.filled.items() if trail[0] == grid.DUE)
        at = row.filled.get((grid.DUE, "use"), due).place
        self.tree.tell(at, say_text("tables", "both" if named else "neither"))
        return None

    def _put(self, trail: Trail, value: Any, place: Place) -> None:
        there = self.tree.put(trail, value, place)
        if there is not None and (given := _show(there)) != _show(value):
            key, shown, where = f"`{trail[-1]}`", f"`{given[:60]}`", self.tree.place(trail)
            self.tree.tell(place, say_text("tables", "differs", key=key, given=shown, where=where))

    def _doubt(self, sheet: grid.Headed, row: int, key: str, **values: Any) -> None:
        doubt = Finding(say_text("tables", key, **values), sheet.grid.place(row, 0))
        self.tree.doubts.append(doubt)


def _show(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _name_axes(made: _Said, crs: str | None) -> _Said:
    """Put coordinates below the keys of their system; `crs` is that of rows which say none."""
    there = {one: made[(one,)] for one in chain(*AXES) if (one,) in made}
    if len(found := [axes for axes in AXES if not there.keys().isdisjoint(axes)]) != 1:
        return made
    [axes], named = found, found[0]
    values, places = zip(*there.values(), strict=True)
    system, place = made.pop(_CRS, (crs, places[0]))
    if system:
        with suppress(InputError):
            system = read_system(str(system))
        named = AXES[system != DEGREES]
        made |= {_CRS: (system, place)} if system != DEGREES else {}
    elif all(map(_are_degrees, values)):  # metres are large
        named = AXES[0]
    key = dict(zip(axes, named, strict=True))
    return made | {(key[old],): made.pop((old,)) for old in there}


def _are_degrees(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) <= _MOST_DEGREES


KEY, VALUE = "key", "value"
_MOST_LEVELS = 3
"""So deep mappings of a scenario are taken apart into rows; what is deeper is a cell of YAML."""
_PARTING = re.compile(r"[;\n]")
Cells = dict[str, Any]
Tables = dict[str, list[Cells]]
_AUTHOR = "raastof_geo"
_WIDE, _HIGH_LINE, _LETTERS = 380, 18, 52
"""Width of a comment and height of its lines [px], and letters on a line."""


def lay_out(scenario: Scenario, into: Path, *, named: Language | None = None) -> Tables:
    """Lay a scenario out for files in a folder, ids `named` if asked. Returns rows by table."""
    values: dict[str, Any] = json.loads(json.dumps(scenario.values))
    _lead_files(values, scenario.home, into)
    sites = values.pop("sites")
    tables: Tables = defaultdict(list)
    tables[grid.SCENARIO] = [{KEY: key, VALUE: value} for key, value in _flatten_all(values)]
    for id_, site in sites.items():
        for scope, said in _list_below(site):
            keys = grid.list_keys(scope)
            row = {"id": id_, **dict(_flatten(said, keys))}
            row = _with_unit(row, [key for key in row if keys[key].kind == "amount"])
            if named is not None:
                row = {key: _name(scenario, keys[key], one, named) for key, one in row.items()}
            tables[scope].append(row)
    order = (grid.SCENARIO, grid.SITES, *grid.ROLES)
    return {scope: tables[scope] for scope in order if scope in tables}


def _lead_files(values: Mapping[str, Any], home: Path, into: Path) -> None:
    files = ((values.get(part), key) for part, key in FILES)
    for part, key in (*files, *((zone, "file") for zone in values.get("zones", ()))):
        if isinstance(part, dict) and part.get(key):
            part[key] = Path(os.path.relpath(home / part[key], into.resolve())).as_posix()


def _list_below(site: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield grid.SITES, {key: one for key, one in site.items() if key not in grid.ROLES.values()}
    for scope, role in grid.ROLES.items():
        there = site.get(role) or []
        for one in there if isinstance(there, list) else [there]:
            yield scope, one


def _with_unit(row: Cells, amounts: Sequence[str]) -> Cells:
    """Write amounts as numbers beside their unit, where all of a row have the same."""
    due = {key: read_quantity(row[key]) for key in amounts}
    if len(units := {str(one).partition(" ")[2] for one in due.values()}) != 1:
        return row
    return row | {key: one.value for key, one in due.items()} | {"unit": units.pop()}


def _flatten(
    said: Mapping[str, Any], keys: Mapping[str, grid.ColumnKey], above: str = ""
) -> Iterator[tuple[str, Any]]:
    for key, value in said.items():
        if (dotted := f"{above}{key}") in keys and value is not None:
            yield dotted, _write(value, keys[dotted].kind)
        elif isinstance(value, dict):
            yield from _flatten(value, keys, f"{dotted}.")


def _flatten_all(said: Mapping[str, Any], *above: str) -> Iterator[tuple[str, Any]]:
    for key, value in said.items():
        trail = *above, key
        dotted = value and isinstance(value, dict) and not any("." in str(one) for one in value)
        if dotted and len(trail) < _MOST_LEVELS:
            yield from _flatten_all(value, *trail)
        else:
            kind = grid.find_kind(find_type(ScenarioFile, trail), key)
            yield ".".join(trail), _write(value, kind)


def _write(value: Any, kind: str) -> Any:
    """Write a value into a cell: lists parted by `;`, years as words, what holds more as YAML."""
    if kind == "list" and isinstance(value, list) and value and all(map(_may_be_listed, value)):
        return "; ".join(map(str, value))
    free = isinstance(value, bool) and kind == "free"  # where yes and no would be texts
    if isinstance(value, dict | list) or value is None or free:
        return json.dumps(value, ensure_ascii=False)
    return str(value) if kind == "period" else value  # a spreadsheet would show 2.028


def _may_be_listed(value: Any) -> bool:
    return type(value) in (str, int) and not _PARTING.search(str(value))


def _name(scenario: Scenario, key: grid.ColumnKey, said: Any, language: Language) -> Any:
    """Write the names of ids, where a name alone is known for the id."""
    if key.section not in Catalogue.model_fields or said[:1] in ("[", "{"):
        return said
    names = scenario.catalogue.names(key.section)
    return "; ".join(name_entry(names, one, language) for one in said.split("; "))


def name_entry(names: Mapping[str, Mapping[str, str]], one: str, language: Language) -> str:
    """Name an entry as a table may hold it. Returns its id, where the name is not its own."""
    name = names.get(one, {}).get(language, "")
    alone = sum(name in called.values() for called in names.values()) == 1 and name not in names
    return name if alone and not _PARTING.search(name) else one


def mark_tables(findings: Iterable[Finding]) -> list[Path]:
    """Write a workbook beside each table with mistakes: a copy, with comments where they are.

    What has no cell is told in the first one of a workbook. Comments of an earlier check are gone,
    those of others stay. Tables that are no workbooks become one; what cannot be read has no copy.
    """
    by_file: dict[Path, list[tuple[Place, Message]]] = defaultdict(list)
    for place, message in ((one.place, one.message) for one in findings):
        if place and (place.sheet is not None or place.file.lower().endswith(WHOLE)):
            by_file[Path(place.file)].append((place, message))
    books: dict[Path, Any] = {}
    for file in filter(Path.is_file, by_file):
        with suppress(InputError), refusing("tables", "no workbook", file=file.name):
            books[file] = _open(file)
    return [_mark(file, book, by_file[file]) for file, book in books.items()]


def _mark(path: Path, book: Any, findings: list[tuple[Place, Message]]) -> Path:
    from openpyxl.comments import Comment

    said: dict[Any, list[str]] = defaultdict(list)
    for place, message in findings:
        title = place.sheet if place.sheet in book.sheetnames else book.sheetnames[0]
        row, column = place.line, place.column
        for block in book[title].merged_cells.ranges:  # the first cell holds what all show
            if block.min_row <= row <= block.max_row and block.min_col <= column <= block.max_col:
                row, column = block.min_row, block.min_col
        said[title, row, column].append(str(message))
    for (title, row, column), messages in said.items():
        cell = book[title].cell(row, column)
        there = [cell.comment.text] if cell.comment is not None else []
        text = "\n".join((*there, *dict.fromkeys(messages)))
        lines = text.count("\n") + len(text) // _LETTERS + 3
        cell.comment = Comment(text, _AUTHOR, height=lines * _HIGH_LINE, width=_WIDE)
    ending = path.suffix if path.suffix.lower() in grid.WORKBOOKS else ".xlsx"
    written = io.BytesIO()
    book.save(written)
    stem = path.stem.removesuffix("_marked")
    return write_whole(name_free(path.with_name(f"{stem}_marked{ending}")), written.getvalue())


def _open(path: Path) -> Any:
    """Open a workbook without our earlier comments, or make one of another table."""
    import openpyxl

    if path.suffix.lower() in grid.WORKBOOKS:
        book = openpyxl.load_workbook(path, keep_vba=path.suffix.lower() == ".xlsm")
        rows = chain.from_iterable(sheet.rows for sheet in book.worksheets)
        for cell in chain.from_iterable(rows):
            if getattr(cell.comment, "author", None) == _AUTHOR:
                cell.comment = None
        return book
    book = openpyxl.Workbook()
    book.remove(book.active)
    for cells in grid.read_grids(path, path.name, DEGREES):
        sheet = book.create_sheet(cells.sheet or path.stem)
        for row in cells.rows:
            sheet.append([one if isinstance(one, float) else grid.text_of_cell(one) for one in row])
    return book
