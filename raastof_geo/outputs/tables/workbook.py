"""Write the workbook: sheets with real types, and formulas where a reader wants to check a sum."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from raastof_geo.assignment.telling.prices import list_priced_rows
from raastof_geo.effect.books import COMMON, find_municipalities
from raastof_geo.effect.money import net_cost
from raastof_geo.figures.vocabulary import (
    CO2E,
    COST,
    ENERGY,
    KWH,
    LITRES,
    LOADS_DRIVEN,
    REFERENCE_TONNES,
    SOLD,
    TONNE_KM,
    TONNES,
    TRANSPORT_TTW,
    TRANSPORT_WTW,
    VEHICLE_KM,
    Indicator,
    parts_of,
    shown_in_columns,
    shown_in_lines,
    sums_of_parts,
)
from raastof_geo.language import Readable, plain, say
from raastof_geo.outputs.documents.effects import (
    CAUSE_NAMES,
    DIVISIONS,
    list_payees,
    name_group,
    name_project,
)
from raastof_geo.outputs.tables.flows import tabulate_flows
from raastof_geo.result import Result
from raastof_geo.scenario.catalogue import Catalogue

_MOST_LETTERS = 32_767
_WIDEST = 44
_DIMENSIONS: tuple[tuple[str, Readable], ...] = (
    ("project", say("Projects")),
    ("municipality", say("Municipalities")),
    ("material", say("Materials")),
    ("period", say("Periods")),
)
_FLOW_HEADS: tuple[tuple[str, Readable], ...] = (
    ("origin_name", say("From")),
    ("destination_name", say("To")),
    ("origin", say("From, id")),
    ("destination", say("To, id")),
    ("material_name", say("Material")),
    ("material", say("Material, id")),
    ("vehicle", say("Truck, id")),
    ("period", say("Period")),
    ("tonnes", say("Amount [t]")),
    (REFERENCE_TONNES, say("Reference [t]")),
    (LOADS_DRIVEN, say("Loads")),
    ("loaded_km", say("Distance loaded [km]")),
    ("return_km", say("Distance empty [km]")),
    (VEHICLE_KM, say("Trucks [km]")),
    (TONNE_KM, say("Transport work [t km]")),
    (ENERGY, say("Energy")),
    ("energy_unit", say("Unit of energy")),
    (TRANSPORT_WTW.flow, say("Transport WTW [kg CO2e]")),
    (TRANSPORT_TTW.flow, say("Transport TTW [kg CO2e]")),
    ("dkk", say("Cost [DKK]")),
)


def write_workbook(result: Result, folder: Path) -> Path:
    """Write `plan.xlsx`; equal results give equal bytes."""
    path = folder / "plan.xlsx"
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    written = io.BytesIO()
    with Workbook(written, options) as workbook:
        moment = min(period.start for period in result.scenario.periods.values())
        workbook.set_properties(
            {
                "title": _text(result.scenario.said.title)[:250],
                "author": "raastof_geo",
                "created": datetime.datetime.combine(moment, datetime.time()),
            }
        )
        book = _Book(workbook)
        summary = book.sheet(say("Summary"))
        flows = _write_flows(book, say("Flows"), tabulate_flows(result))
        before = _write_flows(
            book, say("Flows before"), tabulate_flows(result, result.effect.baseline_flows)
        )
        _write_summary(summary, result, flows, before)
        for dimension, name in _DIMENSIONS:
            _write_groups(book, result, dimension, name)
        _write_causes(book, result)
        _write_money(book, result)
        _write_payees(book, result)
        _write_life_cycle(book, result, flows)
        _write_soil(book, result)
        _write_prices(book, result)
        _write_sources(book, result)
    path.write_bytes(written.getvalue())
    return path


class _Book:
    """A workbook and the looks of its cells."""

    def __init__(self, workbook: Any) -> None:
        self.workbook = workbook
        self.head = workbook.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#EEF3F6"}
        )
        self.bold = workbook.add_format({"bold": True})
        self.day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        self.numbers = {
            digits: workbook.add_format(
                {"num_format": "#,##0" + ("." + "0" * digits if digits else "")}
            )
            for digits in (0, 1, 2, 3, 6)
        }
        self.sums = {
            digits: workbook.add_format(
                {
                    "num_format": "#,##0" + ("." + "0" * digits if digits else ""),
                    "bold": True,
                    "top": 1,
                }
            )
            for digits in (0, 1, 2)
        }
        self.percent = workbook.add_format({"num_format": "0.0 %"})

    def sheet(self, name: Readable) -> _Sheet:
        """Add a sheet."""
        title = str(name)[:31]
        return _Sheet(self, self.workbook.add_worksheet(title), title)


class _Sheet:
    """A sheet that grows row by row, and widens its columns to what stands in them."""

    def __init__(self, book: _Book, worksheet: Any, name: str) -> None:
        self.book, self.worksheet, self.name = book, worksheet, name
        self.row = 0
        self.widths: dict[int, int] = {}

    def heads(self, heads: Iterable[Readable], *, freeze: int = 1) -> None:
        """Write the head, and keep it in sight."""
        for column, head in enumerate(heads):
            text = str(head)
            self.worksheet.write_string(self.row, column, text, self.book.head)
            self._widen(column, min(len(text), 18))
        self.row += 1
        self.worksheet.freeze_panes(self.row, freeze)

    def cells(self, cells: Iterable[Any], *, digits: int = 1, total: bool = False) -> None:
        """Write a row: words, numbers and days as what they are."""
        looks = self.book.sums if total else self.book.numbers
        for column, value in enumerate(cells):
            if isinstance(value, _Formula):
                look = self.book.percent if value.percent else looks[digits]
                self.worksheet.write_formula(self.row, column, value.text, look, value.value)
                self._widen(column, 14)
            elif isinstance(value, bool):
                self.worksheet.write_boolean(self.row, column, value)
            elif isinstance(value, int | float):
                self.worksheet.write_number(self.row, column, value, looks[digits])
                self._widen(column, 14)
            elif isinstance(value, datetime.date):
                self.worksheet.write_datetime(
                    self.row,
                    column,
                    datetime.datetime.combine(value, datetime.time()),
                    self.book.day,
                )
                self._widen(column, 11)
            elif value is not None:
                text = _text(value)
                self.worksheet.write_string(
                    self.row, column, text, self.book.bold if total else None
                )
                self._widen(column, len(text))
        self.row += 1

    def close(self, columns: int, *, first: int = 0) -> None:
        """Set widths, and filters over the rows written."""
        for column, width in self.widths.items():
            self.worksheet.set_column(column, column, min(_WIDEST, width + 2))
        if self.row > first + 1:
            self.worksheet.autofilter(first, 0, self.row - 1, columns - 1)

    def _widen(self, column: int, width: int) -> None:
        self.widths[column] = max(self.widths.get(column, 8), width)


class _Formula:
    """A formula with the value that it has."""

    def __init__(self, text: str, value: float, *, percent: bool = False) -> None:
        self.text, self.value, self.percent = text, value, percent


def _sum(column: str, last: int, value: float) -> _Formula | float:
    """Add up a column from row 2 to the last; where there are no rows, say 0."""
    return _Formula(f"=SUM({column}2:{column}{last})", value) if last > 1 else 0.0


def _text(value: Any) -> str:
    return plain(value)[:_MOST_LETTERS]


class _Flows:
    """Where the columns of a sheet of flows stand."""

    def __init__(self, sheet: str, rows: int, columns: Sequence[str]) -> None:
        self.sheet, self.rows, self.columns = sheet, rows, list(columns)

    def range(self, column: str) -> str:
        """Give the cells of a column."""
        name = xl_col_to_name(self.columns.index(column))
        quoted = self.sheet.replace("'", "''")
        return f"'{quoted}'!${name}$2:${name}${max(2, self.rows + 1)}"


def _write_flows(book: _Book, name: Readable, flows: pd.DataFrame) -> _Flows:
    sheet = book.sheet(name)
    sheet.heads([head for _, head in _FLOW_HEADS], freeze=2)
    columns = [column for column, _ in _FLOW_HEADS]
    for row in flows[columns].itertuples(index=False):
        sheet.cells(row, digits=3)
    sheet.close(len(columns))
    return _Flows(sheet.name, len(flows), columns)


def _write_summary(sheet: _Sheet, result: Result, flows: _Flows, before: _Flows) -> None:
    """Write the effect; what the sheets of flows add up to is a formula over them."""
    effect = result.effect
    sheet.heads(["", say("Before"), say("Plan"), say("Before − plan"), "%"])
    plan, then = effect.books.totals, effect.baseline_books.totals
    trips = result.plan.empty_trips
    for part, shown in shown_in_lines().items():
        line, factor = sheet.row + 1, shown.factor
        now: Any = float(plan[part]) * factor
        was: Any = float(then[part]) * factor
        column = _column_of(part, flows)
        if column is not None:
            more = float(trips[column].sum()) if column in trips and len(trips) else 0.0
            extra = f"+{more * factor!r}" if more else ""
            now = _Formula(f"=SUM({flows.range(column)})*{factor!r}{extra}", now)
            was = _Formula(f"=SUM({before.range(column)})*{factor!r}", was)
        saved = float(then[part] - plan[part]) * factor
        share = saved / (float(then[part]) * factor) if then[part] else 0.0
        sheet.cells(
            [
                part.heading,
                was,
                now,
                _Formula(f"=B{line}-C{line}", saved),
                _Formula(f"=IF(B{line}=0,0,D{line}/B{line})", share, percent=True),
            ],
            digits=shown.digits,
        )
    sheet.close(5)


def _column_of(part: Indicator, flows: _Flows) -> str | None:
    """Give the column of the sheet of flows that adds up to a figure, empty trips left out.

    None where there is no such column, and for sums: plants and depots are in them too.
    """
    return part.flow if part.flow in flows.columns and part not in sums_of_parts() else None


def _write_groups(book: _Book, result: Result, dimension: str, name: Readable) -> None:
    effect = result.effect
    plan, before = effect.books.by(dimension), effect.baseline_books.by(dimension)
    labels = list(dict.fromkeys([*plan.index, *before.index]))
    plan, before = (table.reindex(labels, fill_value=0.0) for table in (plan, before))
    sheet = book.sheet(name)
    heads: list[Readable] = [say("Name"), say("Id")]
    sides = (say("before"), say("plan"), say("before − plan"))
    grouped = shown_in_columns()
    for part in grouped:
        heading = say("Moved [t]") if part == TONNES else part.heading
        heads += [_side(str(heading), side) for side in sides]
    sheet.heads(heads, freeze=2)
    for label in labels:
        cells: list[Any] = [name_group(result.scenario, dimension, str(label)), str(label)]
        for number, (part, factor) in enumerate(grouped.items()):
            was = float(before.loc[label, part]) * factor
            now = float(plan.loc[label, part]) * factor
            first = xl_col_to_name(2 + 3 * number)
            second = xl_col_to_name(3 + 3 * number)
            line = sheet.row + 1
            cells += [was, now, _Formula(f"={first}{line}-{second}{line}", was - now)]
        sheet.cells(cells)
    last = sheet.row
    sheet.close(len(heads))
    totals: list[Any] = [say("Total"), ""]
    for number, (part, factor) in enumerate(grouped.items()):
        was, now = (float(table[part].sum()) * factor for table in (before, plan))
        for offset, value in enumerate((was, now, was - now)):
            column = xl_col_to_name(2 + 3 * number + offset)
            totals.append(_sum(column, last, value))
    sheet.cells(totals, total=True)


def _side(name: str, side: Readable) -> str:
    return f"{name} – {side}"


def _write_causes(book: _Book, result: Result) -> None:
    sheet = book.sheet(say("Causes"))
    emitted = parts_of(CO2E)
    parts = (*emitted, COST)
    last_emitted = xl_col_to_name(len(emitted))
    sheet.heads(
        [
            say("Cause"),
            *(f"{part.saved_as.title} [kg CO2e]" for part in emitted),
            say("Cost [DKK]"),
            say("All [kg CO2e]"),
        ]
    )
    for cause in result.effect.causes:
        line = sheet.row + 1
        sheet.cells(
            [
                " + ".join(str(CAUSE_NAMES[one]) for one in cause.names),
                *(cause.saved[part] for part in parts),
                _Formula(f"=SUM(B{line}:{last_emitted}{line})", cause.saved[CO2E]),
            ]
        )
    last = sheet.row
    sheet.close(len(parts) + 2)
    sums = [sum(cause.saved[part] for cause in result.effect.causes) for part in parts]
    sums.append(sum(cause.saved[CO2E] for cause in result.effect.causes))
    sheet.cells(
        [
            say("Total"),
            *(_sum(xl_col_to_name(at), last, value) for at, value in enumerate(sums, 1)),
        ],
        total=True,
    )


def _write_money(book: _Book, result: Result) -> None:
    """Write what each project pays by part, before and after, and the transfers."""
    scenario, effect = result.scenario, result.effect
    sheet, parts = book.sheet(say("Money")), parts_of(COST)
    rules = list(effect.transfers.rules)
    sides = (
        (say("before"), effect.baseline_books.by("project")),
        (say("plan"), effect.books.by("project")),
    )
    heads: list[Readable] = [say("Project"), say("Id")]
    for side, _ in sides:
        heads += [_side(str(part.heading), side) for part in parts]
        heads += [_side(str(SOLD.heading), side), _side(str(say("Net [DKK]")), side)]
    heads.append(say("Saved [DKK]"))
    heads += [say("Gets [DKK], {rule}", rule=DIVISIONS[rule]) for rule in rules]
    sheet.heads(heads, freeze=2)
    paid = {rule: effect.transfers.paid(rule) for rule in rules}
    width = len(parts) + 2
    for project, saved in effect.transfers.saved_dkk.items():
        cells: list[Any] = [name_project(scenario, project), project]
        line = sheet.row + 1
        nets = []
        for number, (_, table) in enumerate(sides):
            row = table[table.index == project].sum()
            cells += [float(row[part]) for part in parts]
            cells.append(-float(row[SOLD]))
            first = xl_col_to_name(2 + number * width)
            last = xl_col_to_name(number * width + width)
            nets.append(f"{xl_col_to_name(number * width + width + 1)}{line}")
            value = float(row[COST] - row[SOLD])
            cells.append(_Formula(f"=SUM({first}{line}:{last}{line})", value))
        cells.append(_Formula(f"={nets[0]}-{nets[1]}", saved))
        cells += [paid[rule][project] for rule in rules]
        sheet.cells(cells, digits=0)
    last_row = sheet.row
    sheet.close(len(heads))
    sums: list[float] = []
    for _, table in sides:
        mine = table[table.index != COMMON]
        sums += [float(mine[part].sum()) for part in parts]
        sums += [-float(mine[SOLD].sum()), float(net_cost(mine).sum())]
    sums.append(sum(effect.transfers.saved_dkk.values()))
    sums += [sum(paid[rule].values()) for rule in rules]
    letters = [xl_col_to_name(2 + number) for number in range(len(sums))]
    sheet.cells(
        [
            say("Total"),
            "",
            *(_sum(letter, last_row, value) for letter, value in zip(letters, sums, strict=True)),
        ],
        digits=0,
        total=True,
    )


def _write_payees(book: _Book, result: Result) -> None:
    """Write who gets the projects' money, before and in the plan."""
    sheet = book.sheet(say("Payees"))
    sheet.heads([say("Party"), say("Before [DKK]"), say("Plan [DKK]"), say("Plan − before [DKK]")])
    payees = list_payees(result.scenario, result.effect)
    for name, before, plan in payees:
        line = sheet.row + 1
        sheet.cells([name, before, plan, _Formula(f"=C{line}-B{line}", plan - before)], digits=0)
    last = sheet.row
    sheet.close(4)
    sums = [sum(one[1] for one in payees), sum(one[2] for one in payees)]
    sheet.cells(
        [
            say("Total"),
            *(
                _sum(letter, last, value)
                for letter, value in zip("BCD", (*sums, sums[1] - sums[0]), strict=True)
            ),
        ],
        digits=0,
        total=True,
    )


def _write_life_cycle(book: _Book, result: Result, flows: _Flows) -> None:
    """Write what a tool for life-cycle assessment asks for: tonnes, tkm by vehicle, fuel."""
    sheet = book.sheet(say("LCA"))
    heads = [
        say("Material"),
        say("Material, id"),
        say("Truck"),
        say("Truck, id"),
        say("Amount [t]"),
        say("Transport work [t km]"),
        say("Trucks [km]"),
        say("Fuel [l]"),
        say("Electricity [kWh]"),
        say("Virgin"),
    ]
    sheet.heads(heads, freeze=2)
    catalogue, language = result.scenario.catalogue, result.scenario.said.language
    lines = result.effect.books.lines
    moves = lines[lines["kind"] == "moves"]
    parts = [TONNES, TONNE_KM, VEHICLE_KM, LITRES, KWH]
    summed = moves.groupby(["material", "vehicle"])[parts].sum().reset_index()
    for row in summed.to_dict(orient="records"):
        material, vehicle = str(row["material"]), str(row["vehicle"])
        line = sheet.row + 1
        named = catalogue.materials[material]

        def over(column: str, value: float, line: int = line) -> _Formula:
            criteria = f"{flows.range('material')},B{line},{flows.range('vehicle')},D{line}"
            return _Formula(f"=SUMIFS({flows.range(column)},{criteria})", value)

        sheet.cells(
            [
                named.called(language),
                material,
                catalogue.vehicles[vehicle].called(language),
                vehicle,
                *(over(part, float(row[part])) for part in (TONNES, TONNE_KM, VEHICLE_KM)),
                float(row[LITRES]),
                float(row[KWH]),
                named.origin == "virgin",
            ]
        )
    sheet.close(len(heads))
    trips = lines[lines["kind"] == "trips"]
    driven = [VEHICLE_KM, LITRES, KWH]
    for one in trips.groupby("vehicle")[driven].sum().reset_index().to_dict(orient="records"):
        vehicle = str(one["vehicle"])
        name = catalogue.vehicles[vehicle].called(language)
        amounts = [float(one[part]) for part in driven]
        sheet.cells([say("Empty trips"), "", name, vehicle, 0.0, 0.0, *amounts])


def _write_soil(book: _Book, result: Result) -> None:
    """Write the fields of a soil notification for each match; blank what only the sender knows."""
    scenario = result.scenario
    catalogue, language = scenario.catalogue, scenario.said.language
    where = find_municipalities(scenario)
    sheet = book.sheet(say("Soil notifications"))
    heads = [
        say("From"),
        say("Municipality of origin"),
        say("To"),
        say("Municipality of reception"),
        say("Material"),
        say("Soil class"),
        say("Rules that apply"),
        say("Amount [t]"),
        say("First day"),
        say("Last day"),
        say("Land register number, origin"),
        say("Contact of the sender"),
        say("Analysis report"),
        say("Haulier"),
        say("Land register number, reception"),
    ]
    sheet.heads(heads)
    flows = result.plan.flows
    apart = flows[flows["origin"] != flows["destination"]]
    keys = ["origin", "destination", "material", "period"]
    for row in apart.groupby(keys, sort=False)["tonnes"].sum().reset_index().to_dict("records"):
        material = catalogue.materials[row["material"]]
        if material.soil_class is None:
            continue
        period = scenario.periods[row["period"]]
        sheet.cells(
            [
                scenario.site_name(row["origin"]),
                where[row["origin"]],
                scenario.site_name(row["destination"]),
                where[row["destination"]],
                material.called(language),
                _soil_class(catalogue, material.soil_class, language),
                _regime(catalogue, material.legal_regime, language),
                float(row["tonnes"]),
                period.start,
                period.end,
            ]
        )
    sheet.close(len(heads))


def _soil_class(catalogue: Catalogue, number: int, language: str) -> str:
    return _named(catalogue.soil_classes.get(number), language) or str(number)


def _regime(catalogue: Catalogue, regime: str | None, language: str) -> str:
    return _named(catalogue.legal_regimes.get(regime or ""), language) or (regime or "")


def _named(entry: Any, language: str) -> str:
    """Name an entry of the catalogue, whether it is names or has them."""
    if entry is None:
        return ""
    names: Mapping[str, str] = entry if isinstance(entry, Mapping) else entry.name
    return names.get(language) or next(iter(names.values()), "")


def _write_prices(book: _Book, result: Result) -> None:
    sheet = book.sheet(say("One more tonne"))
    objective = result.scenario.said.objectives[0].name
    heads = [
        say("Limit"),
        say("Rule, id"),
        say("About, id"),
        say("Now"),
        say("Used"),
        say("Change of {objective} for one more", objective=objective),
    ]
    sheet.heads(heads)
    for row in list_priced_rows(result.plan, least=1e-9):
        sheet.cells([*row], digits=3)
    sheet.close(len(heads))


def _write_sources(book: _Book, result: Result) -> None:
    sheet = book.sheet(say("Sources"))
    heads = [
        say("Figure"),
        say("Value"),
        say("Unit"),
        say("Source"),
        say("Valid from"),
        say("Verified"),
        say("Note"),
    ]
    sheet.heads(heads)
    catalogue = result.scenario.catalogue
    for name, figure in sorted(catalogue.figures().items()):
        rest = [
            figure.unit,
            catalogue.cite(figure.source),
            figure.valid_from,
            figure.verified,
            figure.note,
        ]
        for label, value in _values(name, figure):
            sheet.cells([label, value, *rest], digits=6 if value != round(value, 3) else 3)
    sheet.close(len(heads))


def _values(name: str, figure: Any) -> Iterator[tuple[str, float]]:
    """Give a figure, or each of its years, or each of its speeds."""
    if hasattr(figure, "value"):
        yield name, figure.value
    elif hasattr(figure, "by_year"):
        for year, value in figure.by_year.items():
            yield f"{name} ({year})", value
    else:
        for number, speed in enumerate(figure.speed_km_h):
            yield f"{name}, empty ({speed:g} km/h)", figure.empty[number]
            yield f"{name}, full ({speed:g} km/h)", figure.full[number]
