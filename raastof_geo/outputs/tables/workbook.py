"""Write the workbook: sheets with real types, and formulas where a reader wants to check a sum."""

from __future__ import annotations

import datetime
import io
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, starmap
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from raastof_geo.assignment.statement.shares import find_municipalities
from raastof_geo.assignment.telling.names import call
from raastof_geo.assignment.telling.prices import list_priced_rows
from raastof_geo.effect.cause import COORDINATION
from raastof_geo.effect.money import net_cost
from raastof_geo.evidence import STATES
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
    parts_of,
    shown_in_columns,
    shown_in_lines,
    sums_of_parts,
)
from raastof_geo.language import Readable, plain, say
from raastof_geo.outputs.credit import name_cause, say_price
from raastof_geo.outputs.documents.assumptions import HANGS_ON
from raastof_geo.outputs.documents.effects import (
    ACCOUNT_SORTS,
    DIVISIONS,
    Account,
    align_books,
    list_accounts,
    name_group,
    name_project,
)
from raastof_geo.outputs.opening import say_in_all
from raastof_geo.outputs.tables.basis import HEADS, list_baselines
from raastof_geo.outputs.tables.flows import BY_DUMPER, DUMPER, list_flows, tabulate_flows
from raastof_geo.outputs.tables.summary import call_condition, find_reliances, list_shares
from raastof_geo.result import Result
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.telling.words import BESIDE, CatalogueWords
from raastof_geo.sensitivity.assessment import Assessment
from raastof_geo.sensitivity.headline import HEADLINES, SHOWN, Headlines

_MOST_LETTERS = 32_767
_WIDEST = 44
_DIMENSIONS: tuple[tuple[str, Readable], ...] = (
    ("project", say("Projects")),
    ("municipality", say("Municipalities")),
    ("material", say("Materials")),
    ("period", say("Periods")),
)
_NET = say("Net [DKK]")
_FLOW_HEADS: dict[str, Readable] = {
    "origin_name": say("From"),
    "destination_name": say("To"),
    "origin": say("From, id"),
    "destination": say("To, id"),
    "material_name": say("Material"),
    "material": say("Material, id"),
    "vehicle": say("Truck, id"),
    "period": say("Period"),
    "tonnes": say("Amount [t]"),
    REFERENCE_TONNES: say("Reference [t]"),
    LOADS_DRIVEN: say("Loads"),
    "loaded_km": say("Distance loaded [km]"),
    "return_km": say("Distance empty [km]"),
    VEHICLE_KM: say("Trucks [km]"),
    TONNE_KM: say("Transport work [t km]"),
    ENERGY: say("Energy"),
    "energy_unit": say("Unit of energy"),
    TRANSPORT_WTW.flow: say("Transport WTW [kg CO2e]"),
    TRANSPORT_TTW.flow: say("Transport TTW [kg CO2e]"),
    "dkk": say("Cost [DKK]"),
}
"""What a sheet of flows has: its columns and their heads."""


def write_workbook(result: Result, folder: Path) -> Path:
    """Write `plan.xlsx`; equal results give equal bytes."""
    path = folder / "plan.xlsx"
    with open_book(result.scenario, path) as book:
        _write_sheets(book, result)
    return path


@contextmanager
def open_book(scenario: Scenario, path: Path) -> Iterator[Book]:
    """Give a workbook about a scenario to write sheets into; it is written at the end."""
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    written = io.BytesIO()
    with Workbook(written, options) as workbook:
        moment = min(period.start for period in scenario.periods.values())
        workbook.set_properties(
            {
                "title": _text(scenario.said.title)[:250],
                "author": "raastof_geo",
                "created": _midnight(moment),
            }
        )
        yield Book(workbook)
    path.write_bytes(written.getvalue())


def _write_sheets(book: Book, result: Result) -> None:
    summary = book.sheet(say("Summary"))
    flows = _write_flows(book, say("Flows"), result, result.plan.flows)
    before = _write_flows(book, say("Flows before"), result, result.effect.baseline_flows)
    _write_summary(summary, result, flows, before)
    beside = (["" if one is None else one for one in row] for row in list_baselines(result))
    book.table(say("Side by side"), HEADS, beside, digits=1)
    for dimension, name in _DIMENSIONS:
        _write_groups(book, result, dimension, name)
    book.table(say("Shares"), *list_shares(result.effect))
    if result.assumptions is not None:
        write_assumptions(book, result.assumptions)
    _write_causes(book, result)
    _write_money(book, result)
    _write_accounts(book, result)
    _write_life_cycle(book, result, flows)
    book.table(say("Soil notifications"), _SOIL_HEADS, _list_soil(result))
    objective = result.scenario.said.objectives[0].name
    change = say("Change of {objective} for one more", objective=objective)
    prices = (row[:-1] for row in list_priced_rows(result.plan, least=1e-9))
    book.table(say("One more tonne"), (*_PRICE_HEADS, change), prices, digits=3)
    _write_sources(book, result)


class Book:
    """A workbook and the looks of its cells."""

    def __init__(self, workbook: Any) -> None:
        self.workbook = workbook
        self.head = workbook.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#EEF3F6"}
        )
        self.bold = workbook.add_format({"bold": True})
        self.day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        formats = {digits: f"#,##0.{'0' * digits}".rstrip(".") for digits in (0, 1, 2, 3, 6)}
        self.numbers = {
            digits: workbook.add_format({"num_format": shown}) for digits, shown in formats.items()
        }
        self.sums = {
            digits: workbook.add_format({"num_format": formats[digits], "bold": True, "top": 1})
            for digits in (0, 1, 2)
        }
        self.percent = workbook.add_format({"num_format": "0.0 %"})

    def sheet(self, name: Readable) -> _Sheet:
        """Add a sheet."""
        title = str(name)[:31]
        return _Sheet(self, self.workbook.add_worksheet(title), title)

    def table(
        self,
        name: Readable,
        heads: Sequence[Readable],
        rows: Iterable[Iterable[Any]],
        *,
        freeze: int = 1,
        digits: int = 1,
        sums: Sequence[float] = (),
    ) -> _Sheet:
        """Add a sheet with rows, and the sums of their columns after those that stay in sight."""
        sheet = self.sheet(name)
        sheet.heads(heads, freeze=freeze)
        for row in rows:
            sheet.cells(row, digits=digits)
        sheet.close(len(heads))
        if sums:
            last = sheet.row
            added = [_sum(xl_col_to_name(at), last, value) for at, value in enumerate(sums, freeze)]
            words = [say("Total"), *[""] * (freeze - 1)]
            sheet.cells([*words, *added], digits=digits, total=True)
        return sheet


class _Sheet:
    """A sheet that grows row by row, and widens its columns to what stands in them."""

    def __init__(self, book: Book, worksheet: Any, name: str) -> None:
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
        look = (self.book.sums if total else self.book.numbers)[digits]
        for column, value in enumerate(cells):
            at = self.row, column
            if isinstance(value, _Formula):
                shown = self.book.percent if value.percent else look
                self.worksheet.write_formula(*at, value.text, shown, value.value)
                self._widen(column, 14)
            elif isinstance(value, bool):
                self.worksheet.write_boolean(*at, value)
            elif isinstance(value, int | float):
                self.worksheet.write_number(*at, value, look)
                self._widen(column, 14)
            elif isinstance(value, datetime.date):
                self.worksheet.write_datetime(*at, _midnight(value), self.book.day)
                self._widen(column, 11)
            elif value is not None:
                text = _text(value)
                self.worksheet.write_string(*at, text, self.book.bold if total else None)
                self._widen(column, len(text))
        self.row += 1

    def close(self, columns: int) -> None:
        """Set widths, and filters over the rows written."""
        for column, width in self.widths.items():
            self.worksheet.set_column(column, column, min(_WIDEST, width + 2))
        if self.row > 1:
            self.worksheet.autofilter(0, 0, self.row - 1, columns - 1)

    def _widen(self, column: int, width: int) -> None:
        self.widths[column] = max(self.widths.get(column, 8), width)


class _Formula(NamedTuple):
    """A formula with the value that it has."""

    text: str
    value: float
    percent: bool = False


def _sum(column: str, last: int, value: float) -> _Formula | float:
    """Add up a column from row 2 to the last; where there are no rows, say 0."""
    return _Formula(f"=SUM({column}2:{column}{last})", value) if last > 1 else 0.0


def _text(value: Any) -> str:
    return plain(value)[:_MOST_LETTERS]


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time())


class _Flows(NamedTuple):
    """Where the columns of a sheet of flows stand."""

    sheet: str
    rows: int

    def range(self, column: str) -> str:
        """Give the cells of a column."""
        name = xl_col_to_name(list(_FLOW_HEADS).index(column))
        quoted = self.sheet.replace("'", "''")
        return f"'{quoted}'!${name}$2:${name}${max(2, self.rows + 1)}"


def _write_flows(book: Book, name: Readable, result: Result, flows: pd.DataFrame) -> _Flows:
    table = tabulate_flows(result, flows)[list(_FLOW_HEADS)]
    table["vehicle"] = table["vehicle"].where(table["origin"] != table["destination"], DUMPER)
    rows = table.itertuples(index=False)
    sheet = book.table(name, [*_FLOW_HEADS.values()], rows, freeze=2, digits=3)
    return _Flows(sheet.name, len(flows))


def _write_summary(sheet: _Sheet, result: Result, flows: _Flows, before: _Flows) -> None:
    """Write the effect; what the sheets of flows add up to is a formula over them."""
    effect = result.effect
    numbers = (say("Before"), say("Plan"), say("Before − plan"), "%")
    sheet.heads([say_in_all(result.scenario), *numbers])
    plan, then = effect.books.totals, effect.baseline_books.totals
    empty = (result.plan.empty_trips, effect.baselines[0].empty_trips)
    for part, shown in shown_in_lines().items():
        line, factor = sheet.row + 1, shown.factor
        now: Any = float(plan[part]) * factor
        was: Any = float(then[part]) * factor
        # Of sums, flows have a part only: plants and depots are in them too.
        if part.flow in _FLOW_HEADS and part not in sums_of_parts():
            more = [float(trips[part.flow].sum()) if part.flow in trips else 0.0 for trips in empty]
            extra, extra_was = (f"+{one * factor!r}" if one else "" for one in more)
            now = _Formula(f"=SUM({flows.range(part.flow)})*{factor!r}{extra}", now)
            was = _Formula(f"=SUM({before.range(part.flow)})*{factor!r}{extra_was}", was)
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


def _write_groups(book: Book, result: Result, dimension: str, name: Readable) -> None:
    before, plan = align_books(result.effect, dimension)
    heads: list[Readable] = [say("Name"), say("Id")]
    sides = (say("before"), say("plan"), say("before − plan"))
    grouped, sums = shown_in_columns(), list[float]()
    for part, factor in grouped.items():
        heading = say("Moved [t]") if part == TONNES else part.heading
        heads += [f"{heading} – {side}" for side in sides]
        was, now = (float(table[part].sum()) * factor for table in (before, plan))
        sums += [was, now, was - now]

    def cells(line: int, label: str) -> Iterator[Any]:
        yield from (name_group(result.scenario, dimension, label), label)
        for column, (part, factor) in zip(count(2, 3), grouped.items(), strict=False):
            was, now = (float(table[part][label]) * factor for table in (before, plan))
            first, second = xl_col_to_name(column), xl_col_to_name(column + 1)
            yield from (was, now, _Formula(f"={first}{line}-{second}{line}", was - now))

    book.table(name, heads, starmap(cells, enumerate(plan.index, 2)), freeze=2, sums=sums)


def write_assumptions(book: Book, assessment: Assessment) -> None:
    """Write a sheet of assumptions: both ends, every headline at them, and where it turns over."""
    heads: list[Readable] = [say("Assumption"), say("Id"), say("Kind"), say("Value")]
    heads += [say("Level"), say("Unit"), *(SHOWN[name].head for name in HEADLINES)]
    heads += [say("Turns over"), say("Source"), say("Range is our judgement")]
    book.table(HANGS_ON, heads, _assumption_rows(assessment), freeze=1, digits=3)


def _assumption_rows(assessment: Assessment) -> Iterator[list[Any]]:
    def told(headlines: Headlines | None) -> list[Any]:
        if headlines is None:
            return [None] * len(HEADLINES)
        return [headlines.of(name) * SHOWN[name].factor for name in HEADLINES]

    yield [say("As it stands"), *[""] * 5, *told(assessment.at_value)]
    for swing in assessment.swings:
        subject = swing.subject
        for number, end in enumerate(swing.ends):
            flips = [one for one in swing.flips if one.end == number]
            turns = "; ".join(f"{SHOWN[one.headline].title}: {one.level:g}" for one in flips)
            level: Any = subject.names[number] if subject.names else end.level
            yield [
                *(subject.title, subject.name, subject.group, subject.value, level, subject.unit),
                *told(end.headlines),
                *(turns or end.refused, subject.source, subject.judged),
            ]


def _write_causes(book: Book, result: Result) -> None:
    emitted, causes = parts_of(CO2E), result.effect.causes
    heads: list[Readable] = [
        say("Cause"),
        *(f"{part.saved_as.title} [kg CO2e]" for part in emitted),
        say("Cost [DKK]"),
        say("All [kg CO2e]"),
        say("Price of CO2e"),
        say("Coordination"),
    ]
    last = xl_col_to_name(len(emitted))
    rows = [
        [
            name_cause(cause),
            *(cause.saved[part] for part in emitted),
            cause.gain.dkk,
            _Formula(f"=SUM(B{line}:{last}{line})", cause.saved[CO2E]),
            str(say_price(cause.gain)),
            str(say("yes") if COORDINATION.issuperset(cause.names) else say("no")),
        ]
        for line, cause in enumerate(causes, 2)
    ]
    sums = [sum(one.saved[part] for one in causes) for part in emitted]
    sums += [sum(one.gain.dkk for one in causes), sum(one.saved[CO2E] for one in causes)]
    book.table(say("Causes"), heads, rows, sums=sums)


def _write_money(book: Book, result: Result) -> None:
    """Write what each project pays by part, before and after, and the transfers."""
    transfers, paying = result.effect.transfers, (*parts_of(COST), SOLD)
    tables = align_books(result.effect, "project", list(transfers.saved_dkk))
    paid = {rule: transfers.paid(rule) for rule in transfers.rules}
    starts = (2, 3 + len(paying))
    heads: list[Readable] = [say("Project"), say("Id")]
    sums: list[float] = []
    for side, table in zip((say("before"), say("plan")), tables, strict=True):
        heads += [f"{part.heading} – {side}" for part in paying]
        heads.append(f"{_NET} – {side}")
        sums += [float(table[part].sum()) for part in paying[:-1]]
        sums += [-float(table[SOLD].sum()), float(net_cost(table).sum())]
    heads.append(say("Saved [DKK]"))
    heads += [say("Gets (+) or pays (−) [DKK], {rule}", rule=DIVISIONS[rule]) for rule in paid]
    sums += [sum(transfers.saved_dkk.values()), *(sum(one.values()) for one in paid.values())]

    def cells(line: int, project: str) -> Iterator[Any]:
        yield from (name_project(result.scenario, project), project)
        nets = []
        for start, table in zip(starts, tables, strict=True):
            row: Any = table.loc[project]
            yield from (float(row[part]) for part in paying[:-1])
            yield -float(row[SOLD])
            first, last, in_all = (
                xl_col_to_name(start + at) for at in (0, len(paying) - 1, len(paying))
            )
            yield _Formula(f"=SUM({first}{line}:{last}{line})", float(row[COST] - row[SOLD]))
            nets.append(f"{in_all}{line}")
        yield _Formula(f"={nets[0]}-{nets[1]}", transfers.saved_dkk[project])
        yield from (one[project] for one in paid.values())

    rows = starmap(cells, enumerate(transfers.saved_dkk, 2))
    book.table(say("Money"), heads, rows, freeze=2, digits=0, sums=sums)


def _write_accounts(book: Book, result: Result) -> None:
    """Write every party's account by part, before and in the plan; each column adds up to 0."""
    heads: list[Readable] = [say("Party"), say("Id"), say("Account")]
    for side in (say("before"), say("plan")):
        heads += [f"{part.heading} – {side}" for part in parts_of(COST)] + [f"{_NET} – {side}"]
    width = len(parts_of(COST))

    def cells(line: int, one: Account) -> Iterator[Any]:
        yield from (one.name, one.party, ACCOUNT_SORTS.get(one.sort, say("trade or state")))
        for start, side in ((3, one.before), (4 + width, one.plan)):
            first, last = xl_col_to_name(start), xl_col_to_name(start + width - 1)
            yield from side.tolist()
            yield _Formula(f"=SUM({first}{line}:{last}{line})", float(side.sum()))

    rows = starmap(cells, enumerate(list_accounts(result.scenario, result.effect), 2))
    sums = [0.0] * (2 * width + 2)
    book.table(say("Accounts"), heads, rows, freeze=3, digits=0, sums=sums)


_LIFE_CYCLE_HEADS = (
    *(say("Material"), say("Material, id"), say("Truck"), say("Truck, id"), say("Amount [t]")),
    *(say("Transport work [t km]"), say("Trucks [km]"), say("Fuel [l]"), say("Electricity [kWh]")),
    say("Virgin"),
)


def _write_life_cycle(book: Book, result: Result, flows: _Flows) -> None:
    """Write what a tool for life-cycle assessment asks for: tonnes, tkm by vehicle, fuel."""
    catalogue, language = result.scenario.catalogue, result.scenario.said.language
    lines = result.effect.books.lines
    in_flows, parts = (TONNES, TONNE_KM, VEHICLE_KM), [TONNES, TONNE_KM, VEHICLE_KM, LITRES, KWH]

    def cells(line: int, row: Any) -> Iterator[Any]:
        material, truck = catalogue.materials[row.material], catalogue.vehicles.get(row.vehicle)
        vehicle = truck.called(language) if truck is not None else BY_DUMPER
        yield from (material.called(language), row.material, vehicle, row.vehicle or DUMPER)
        criteria = f"{flows.range('material')},B{line},{flows.range('vehicle')},D{line}"
        for part in in_flows:
            yield _Formula(f"=SUMIFS({flows.range(part)},{criteria})", getattr(row, part))
        yield from (row.litres, row.kwh, material.origin == "virgin")

    moves = lines.query("kind == 'moves'").groupby(["material", "vehicle"])[parts].sum()
    rows = starmap(cells, enumerate(moves.reset_index().itertuples(), 2))
    sheet = book.table(say("LCA"), _LIFE_CYCLE_HEADS, rows, freeze=2)
    trips: Any = lines.query("kind == 'trips'").groupby("vehicle")[parts].sum().itertuples()
    for row in trips:
        name = catalogue.vehicles[row.Index].called(language)
        amounts = (0.0, 0.0, row.vehicle_km, row.litres, row.kwh)
        sheet.cells([say("Empty trips"), "", name, row.Index, *amounts])
    for beside in (BESIDE, *CatalogueWords(catalogue, language).beside()):
        sheet.cells([beside])


_SOIL_HEADS = (
    *(say("From"), say("Municipality of origin"), say("To"), say("Municipality of reception")),
    *(say("Material"), say("Soil class"), say("Category of moved soil")),
    *(say("Mapping of the ground"), say("Rules that apply"), say("Conditions and permits")),
    *(say("Amount [t]"), say("Samples, at least"), say("Weeks for samples and answer")),
    *(say("First day"), say("Last day"), say("Land register number, origin")),
    *(say("Contact of the sender"), say("Analysis report"), say("Haulier")),
    say("Land register number, reception"),
)


def _list_soil(result: Result) -> Iterator[list[Any]]:
    """Give the fields of a soil notification for each match; blank what only the sender knows."""
    scenario = result.scenario
    catalogue, language = scenario.catalogue, scenario.said.language
    where, flows = find_municipalities(scenario), result.plan.flows
    permits: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for one in find_reliances(scenario, list_flows(flows)):
        permits[one.need.site, one.material][str(call_condition(scenario, one))] = None
    apart = flows.query("origin != destination")
    keys = ["origin", "destination", "material", "period"]
    rows: Any = apart.groupby(keys, sort=False)["tonnes"].sum().reset_index().itertuples()
    for row in rows:
        material, period = catalogue.materials[row.material], scenario.periods[row.period]
        if material.soil_class is None:
            continue
        named = catalogue.soil_classes.get(material.soil_class)
        category = catalogue.soil_categories.get(material.soil_class)
        mapping = scenario.sites[row.origin].soil_mapping
        regime = catalogue.legal_regimes.get(material.legal_regime or "")
        yield [
            scenario.site_name(row.origin),
            where[row.origin],
            scenario.site_name(row.destination),
            where[row.destination],
            material.called(language),
            call(named) if named else str(material.soil_class),
            say("category {number}", number=category) if category else say("outside categories"),
            catalogue.soil_mappings[mapping].called(language) if mapping else say("not said"),
            regime.called(language) if regime else material.legal_regime or "",
            "; ".join(permits[row.destination, row.material]),
            row.tonnes,
            *_count_samples(catalogue, catalogue.t_per_sample(row.material, mapping), row.tonnes),
            period.start,
            period.end,
        ]


def _count_samples(
    catalogue: Catalogue, per_sample: float | None, tonnes: float
) -> tuple[int | None, str]:
    """Give how many samples are asked for, and the weeks that they take."""
    if per_sample is None or catalogue.soil_samples is None:
        return None, ""
    weeks = catalogue.soil_samples.weeks
    span = dict.fromkeys(weeks.value if one is None else one for one in (weeks.low, weeks.high))
    return math.ceil(tonnes / per_sample - 1e-9), "–".join(f"{one:g}" for one in span)


_PRICE_HEADS = (say("Limit"), say("Rule, id"), say("About, id"), say("Now"), say("Used"))
_SOURCE_HEADS = (
    *(say("Figure"), say("Value"), say("Low"), say("High"), say("Unit"), say("Price year")),
    *(say("Source"), say("Valid from"), say("Valid to"), say("Evidence"), say("Note")),
)


def _write_sources(book: Book, result: Result) -> None:
    sheet = book.sheet(say("Sources"))
    sheet.heads(_SOURCE_HEADS)
    catalogue, states = result.scenario.catalogue, result.scenario.states()
    for name, figure in sorted(catalogue.figures().items()):
        days, state = (figure.valid_from, figure.valid_to), STATES[states[name]]
        told = (catalogue.cite(figure.source), *days, state, figure.note)
        year = str(figure.price_year) if figure.price_year else None
        ends = figure.at("low"), figure.at("high")
        low, high = ([one for _, one in _values(name, end)] for end in ends)
        for at, (label, value) in enumerate(_values(name, figure)):
            range_ = (one[at] if one else None for one in (low, high))
            cells = [label, value, *range_, figure.unit, year, *told]
            sheet.cells(cells, digits=6 if value != round(value, 3) else 3)
    sheet.close(len(_SOURCE_HEADS))


def _values(name: str, figure: Any) -> Iterator[tuple[str, float]]:
    """Give a figure, or each of its years, or each of its speeds; nothing of none."""
    if figure is None:
        return
    if hasattr(figure, "value"):
        yield name, figure.value
    elif hasattr(figure, "by_year"):
        for year, value in figure.by_year.items():
            yield f"{name} ({year})", value
    elif hasattr(figure, "dkk_per_km"):
        for weight, rates in figure.dkk_per_km.items():
            for co2, value in rates.items():
                yield f"{name}, {weight}, {co2}", value
    else:
        for number, speed in enumerate(figure.speed_km_h):
            yield f"{name}, empty ({speed:g} km/h)", figure.empty[number]
            yield f"{name}, full ({speed:g} km/h)", figure.full[number]
