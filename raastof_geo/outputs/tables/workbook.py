"""Write the workbook: sheets with real types, and formulas where a reader wants to check a sum."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
import pandas as pd
from xlsxwriter.utility import xl_col_to_name
from raastof_geo.assignment.telling.why_not import list_priced_rows
from raastof_geo.effect.books import COMMON
from raastof_geo.effect.measure import Effect
from raastof_geo.effect.saving import COORDINATION, net_cost
from raastof_geo.evidence import STATES, tell_unit
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import CO2E, ENERGY, LOADS_DRIVEN, TONNES, VEHICLE_KM
from raastof_geo.language import Message, Readable, read_texts, say, translate
from raastof_geo.outputs import opening
from raastof_geo.outputs.documents import effects
from raastof_geo.outputs.documents.assumptions import write_assumptions
from raastof_geo.outputs.tables import handover
from raastof_geo.outputs.tables.book import Book, Formula, Sheet, across, open_book
from raastof_geo.outputs.tables.summary import list_shares, name_objective, name_plainly
from raastof_geo.outputs.worth import list_worth
from raastof_geo.records.flows import FLOW_HEADS
from raastof_geo.result import Result, list_cells, name_truck, tabulate_flows
from raastof_geo.scenario.period import name_period
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.telling.words import CatalogueWords, list_titles

_SIDES = (say("Baseline"), say("Plan"), say("Baseline − plan"))
_NET = say("Net [DKK]")
_EMITTED = vocabulary.TRANSPORT_WTW.flow, vocabulary.TRANSPORT_TTW.flow
_FLOW_COLUMNS: dict[str, Readable] = {
    name: FLOW_HEADS.get(name, say("Step") if name == "step" else say("Truck"))
    for name in (
        *("origin_name", "destination_name", "step", "material_name", "vehicle_name", "period"),
        *(TONNES, vocabulary.REFERENCE_TONNES, LOADS_DRIVEN, "loaded_km", "return_km"),
        *(VEHICLE_KM, vocabulary.TONNE_KM, ENERGY, "energy_unit", *_EMITTED, "dkk"),
    )
}
"""What a sheet of flows has: its columns and their heads."""


def write_workbook(result: Result, folder: Path) -> Path:
    """Write `plan.xlsx`; equal results give equal bytes. Returns its path."""
    path = folder / "plan.xlsx"
    with open_book(result.scenario, path) as book:
        _write_sheets(book, result)
    return path


def _write_sheets(book: Book, result: Result) -> None:
    """Write the sheets for deciders, then those for a task, then those for checkers."""
    names, abouts, readers = map(read_texts, ("sheets", "about sheets", "readers of sheets"))

    def add(key: str) -> Sheet:
        return book.sheet(names[key], abouts[key], readers[key])

    plan, effect = result.plan, result.effect
    flows = _Flows(names["flows"], plan.flows, _sum_trips(plan.empty_trips))
    trips = _sum_trips(effect.baselines[0].empty_trips)
    flows_before = _Flows(names["before"], effect.baseline_flows, trips)
    contents = book.sheet(say("Read first"))
    contents.high = 1
    _write_summary(add("summary"), result, flows, flows_before)
    add("side by side").table(opening.HEADS, opening.list_baselines(result))
    add("shares").table(*list_shares(effect))
    _write_causes(add("causes"), effect)
    _write_money(add("money"), result)
    for dimension, name in read_texts("sheets of groups").items():
        about = say("The effect on each: {what}", what=str(name).lower())
        _write_groups(book.sheet(name, about, readers["groups"]), result, dimension)
    _write_accounts(add("accounts"), result)
    handover.write_life_cycle(result, add("modules"), add("life cycle"), flows_before, flows)
    heads, to_fill = handover.SOIL_HEADS, handover.SOIL_TO_FILL
    add("soil").table(heads, handover.list_soil(result), freeze=2, to_fill=to_fill)
    flows.write(add("flows"), result)
    flows_before.write(add("before"), result)
    if result.assumptions is not None:
        write_assumptions(book, result.assumptions)
    if result.worth is not None:
        for one in list_worth(result.scenario, result.worth):
            sheet = book.sheet(one.title, one.source, readers["side by side"])
            sheet.table(one.heads, one.rows, freeze=one.freeze)
    objective = name_objective(result.scenario.said.objectives[0].minimise)
    change = say("Change of {objective} for one more", objective=objective)
    prices = (
        [name_plainly(result.scenario, row.name), row.limit, row.used, row.shadow_price]
        for row in list_priced_rows(plan, least=1e-9)
    )
    add("prices").table((say("Limit"), say("Now"), say("Used"), change), prices, digits=3)
    _write_sources(add("sources"), result)
    _write_contents(contents, book, result)


def _write_contents(sheet: Sheet, book: Book, result: Result) -> None:
    """Say what the workbook is, how to read it, and what each sheet holds, with a way to it."""
    periods = list(result.scenario.periods.values())
    span = " – ".join(dict.fromkeys(map(name_period, (periods[0], periods[-1]))))
    sheet.note(book.title, book.look(bold=True, font_size=16))
    basis = opening.describe_basis(result)
    for text in read_texts("workbook").values():
        sheet.note(text.format(span=span, basis=basis))
    sheet.row += 1
    sheet.heads([say("Sheet"), say("What it holds"), say("For whom"), say("Rows")], freeze=0)
    link = book.look(font_color="#0B4F8A", underline=1, align="left", indent=1)
    for one in book.sheets[1:]:
        row = sheet.row
        sheet.cells([one.name, one.about, one.reader, max(0, one.row - 1)], digits=0)
        sheet.worksheet.write_url(row, 0, f"internal:'{one.name}'!A1", link, string=one.name)


class _Flows(NamedTuple):
    """A sheet of flows, and where its columns stand."""

    name: Message
    flows: pd.DataFrame
    trips: pd.DataFrame
    """Empty trips, which single flows have no part of, by truck and period."""

    def range(self, column: str) -> str:
        name = xl_col_to_name(list(_FLOW_COLUMNS).index(column))
        quoted = str(self.name)[:31].replace("'", "''")
        return f"'{quoted}'!${name}$2:${name}${max(2, len(self.flows) + len(self.trips) + 1)}"

    def add_up(self, part: str, value: float) -> Formula:
        """Sum a column by A, B, C of a row. Returns a formula; `SUMIFS` would take patterns."""
        keys = zip(("step", "material_name", "vehicle_name"), "ABC", strict=True)
        same = "*".join(f"({self.range(key)}={letter}#)" for key, letter in keys)
        return Formula(f"=SUMPRODUCT({same}*{self.range(part)})", value)

    def write(self, sheet: Sheet, result: Result) -> None:
        """Fill the sheet."""
        scenario, table = result.scenario, tabulate_flows(result, self.flows)
        ends = [*list_cells(table, ("taker_kind", "vehicle", "origin", "destination"))]
        table["step"] = [str(handover.name_step(kind, inside=a == b)) for kind, _, a, b in ends]
        table["vehicle_name"] = [name_truck(scenario, it, inside=a == b) for _, it, a, b in ends]
        spans = {one: name_period(period) for one, period in scenario.periods.items()}
        table["period"] = table["period"].map(spans)
        rows = list_cells(table, _FLOW_COLUMNS)
        sheet.table([*_FLOW_COLUMNS.values()], (*rows, *self._list_trips(scenario)), freeze=2)

    def _list_trips(self, scenario: Scenario) -> Iterator[list[Any]]:
        """Give the rows of empty trips, so that columns add up to what trucks come to."""
        for one in self.trips.to_dict("records"):
            fuel = scenario.catalogue.fuels[scenario.catalogue.vehicles[one["vehicle"]].fuel]
            known = one | {"origin_name": say("Empty trips from job to job")}
            known |= {"step": handover.EMPTY, "energy_unit": fuel.unit}
            known |= {str(TONNES): 0.0, str(LOADS_DRIVEN): 0.0}
            known["vehicle_name"] = name_truck(scenario, one["vehicle"], inside=False)
            known["period"] = name_period(scenario.periods[one["period"]])
            yield [known.get(column) for column in _FLOW_COLUMNS]


def _sum_trips(trips: pd.DataFrame) -> pd.DataFrame:
    """Add up empty trips by truck and period; no rows where no trucks are coordinated."""
    if trips.empty:
        return pd.DataFrame()
    parts = [VEHICLE_KM, ENERGY, *_EMITTED, "dkk"]
    return trips.groupby(["vehicle", "period"], sort=False, as_index=False)[parts].sum()


def _write_summary(sheet: Sheet, result: Result, flows: _Flows, before: _Flows) -> None:
    """Write the effect; what the sheets of flows add up to is a formula over them."""
    effect = result.effect
    sheet.heads([opening.say_in_all(result.scenario), *_SIDES, "%"])
    plan, then = effect.books.totals, effect.baseline_books.totals
    for part, shown in vocabulary.shown_in_lines().items():
        factor = shown.factor
        now, was = float(plan[part]) * factor, float(then[part]) * factor
        told: list[Any] = [was, now]
        # Of sums, flows have a part only: plants and depots are in them too.
        if part.flow in _FLOW_COLUMNS and part not in vocabulary.sums_of_parts():
            cells = (f"=SUM({one.range(part.flow)})*{factor!r}" for one in (before, flows))
            told = [*map(Formula, cells, told)]
        compared = _compare("BCD", float(then[part] - plan[part]) * factor, was)
        sheet.cells([part.heading, *told, *compared], digits=shown.digits)
    sheet.filter()


def _compare(columns: str, saved: float, was: float) -> Iterator[Formula]:
    """Give in the third of some columns the difference of the others, and beside it its share."""
    first, second, third = tuple(columns)
    yield Formula(f"={first}#-{second}#", saved)
    yield Formula(f'=IF({first}#=0,"",{third}#/{first}#)', saved / was if was else "", percent=True)


def _write_groups(sheet: Sheet, result: Result, dimension: str) -> None:
    """Write what falls to each of a kind, a line for each figure that is not nothing."""
    sides = result.effect.align(dimension)
    tables, grouped = [one.to_dict("index") for one in sides], vocabulary.shown_in_columns()
    sheet.heads([read_texts("dimensions")[dimension], say("Key figure"), *_SIDES, "%"], freeze=2)

    def write(label: Readable, part: Any, worth: Sequence[float], *sums: Formula) -> None:
        told = say("Moved [t]") if part == TONNES else part.heading
        cells = [label, told, *(sums or worth), *_compare("CDE", worth[0] - worth[1], worth[0])]
        sheet.cells(cells, digits=part.shown.digits if part.shown else 0, total=bool(sums))

    for label in sorted(sides[1].index, key=lambda one: one == COMMON):
        told = effects.name_group(result.scenario, dimension, label)
        for part, factor in grouped.items():
            worth = [float(table[label][part]) * factor for table in tables]
            if any(worth):
                write(told, part, worth)
    sheet.filter()
    last = sheet.row
    for part, factor in grouped.items():
        sums = [float(table[part].sum()) * factor for table in sides]
        if any(sums) and last > 1:
            formula = f"=SUMIFS(@$2:@${last},$B$2:$B${last},$B#)"
            write(say("Total"), part, sums, *across("CD", formula, sums))


def _write_causes(sheet: Sheet, effect: Effect) -> None:
    emitted, causes = vocabulary.parts_of(CO2E), effect.causes
    heads: list[Readable] = [say("Cause"), *(f"{part.saved_as} [kg CO2e]" for part in emitted)]
    heads += [say("Cost [DKK]"), say("All [kg CO2e]"), say("Price of CO2e"), say("Coordination")]
    added = f"=SUM(B#:{xl_col_to_name(len(emitted))}#)"
    rows, sums = list[list[Any]](), [0.0] * (len(emitted) + 2)
    for cause in causes:
        amounts = [*(cause.saved[part] for part in emitted), cause.gain.dkk, cause.saved[CO2E]]
        sums = [*map(sum, zip(sums, amounts, strict=True))]
        known = opening.say_price(cause.gain), COORDINATION.issuperset(cause.names)
        rows.append([opening.name_cause(cause), *amounts[:-1], Formula(added, amounts[-1]), *known])
    sheet.table(heads, rows, digits=0, sums=sums)


def _write_money(sheet: Sheet, result: Result) -> None:
    """Write what each project pays less what it sells, before and after, and the transfers."""
    transfers = result.effect.transfers
    saved, paid = transfers.saved_dkk, {rule: transfers.paid(rule) for rule in transfers.rules}
    costs = [*map(net_cost, result.effect.align("project", list(saved)))]
    told = say("Gets (+) or pays (−) [DKK], {rule}")
    gets = (told.format(rule=read_texts("divisions")[rule]) for rule in paid)
    rows = (
        [
            result.scenario.project_name(project),
            *(float(cost[project]) for cost in costs),
            Formula("=B#-C#", dkk),
            *(one[project] for one in paid.values()),
        ]
        for project, dkk in saved.items()
    )
    sums = [*(float(cost.sum()) for cost in costs), sum(saved.values())]
    sums += [sum(one.values()) for one in paid.values()]
    heads: tuple[Readable, ...] = (say("Project"), *(f"{_NET} – {side}" for side in _SIDES), *gets)
    sheet.table(heads, rows, digits=0, sums=sums)


def _write_accounts(sheet: Sheet, result: Result) -> None:
    """Write every party's account by part, above 0 what it gets; each part adds up to 0."""
    parts = [*vocabulary.parts_of(vocabulary.COST)]
    heads = (say("Party"), say("Account"), say("Part"), *_SIDES[:2], say("Plan − baseline"))
    sheet.heads(heads, freeze=2)

    def write(who: Sequence[Readable], part: Readable, *ends: Any, change: float) -> None:
        cells = [*(who or (say("Total"), "")), part, *ends, Formula("=E#-D#", change)]
        sheet.cells(cells, digits=0, total=not who)

    for one in effects.list_accounts(result.scenario, result.effect):
        who = (one.name, read_texts("accounts").get(one.sort, say("trade or state")))
        start = sheet.row + 1
        for part in parts:
            was, now = float(one.before[part]), float(one.plan[part])
            if was or now:
                write(who, part.heading, was, now, change=now - was)
        ends = [float(side.sum()) for side in (one.before, one.plan)]
        if sheet.row >= start:
            nets = across("DE", f"=SUM(@{start}:@{sheet.row})", ends)
            write(who, _NET, *nets, change=ends[1] - ends[0])
    sheet.filter()
    last = sheet.row
    for told in (*(part.heading for part in parts), _NET) if last > 1 else ():
        sums = across("DE", f"=SUMIFS(@$2:@${last},$C$2:$C${last},$C#)", (0.0, 0.0))
        write((), told, *sums, change=0.0)


def _write_sources(sheet: Sheet, result: Result) -> None:
    sheet.heads([*read_texts("sources").values()])
    catalogue, states = result.scenario.catalogue, result.scenario.states()
    words = CatalogueWords(catalogue, result.scenario.said.language)
    figures = catalogue.figures()
    for name, path in sorted((words.name_figure(path), path) for path in figures):
        figure = figures[path]
        days, state = (figure.valid_from, figure.valid_to), STATES[states[path]]
        told = (catalogue.cite(figure.source), *days, state, translate(figure.note))
        year = str(figure.price_year) if figure.price_year else None
        ends = figure.at("low"), figure.at("high")
        low, high = ([one for _, one in _values(name, end)] for end in ends)
        for at, (label, value) in enumerate(_values(name, figure)):
            range_ = (one[at] if one else None for one in (low, high))
            cells = [label, value, *range_, tell_unit(figure.unit), year, *told]
            sheet.cells(cells, digits=6 if value != round(value, 3) else 3)
    sheet.filter()


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
                yield f"{name}, {list_titles()[f'tolls.{weight}']} {co2}", value
    else:
        empty, full = say("{name}, empty ({speed} km/h)"), say("{name}, full ({speed} km/h)")
        for number, speed in enumerate(figure.speed_km_h):
            yield str(empty.format(name=name, speed=speed)), figure.empty[number]
            yield str(full.format(name=name, speed=speed)), figure.full[number]
