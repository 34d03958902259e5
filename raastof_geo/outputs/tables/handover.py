"""What is handed over: books by the modules of life-cycle tools, and notifications of soil."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xlsxwriter.utility import xl_col_to_name
from raastof_geo.assignment.telling.names import call
from raastof_geo.effect.books import Books
from raastof_geo.figures import vocabulary
from raastof_geo.language import Message, plain, read_texts, say
from raastof_geo.outputs.documents.document import plain_number
from raastof_geo.outputs.tables.book import Formula, Sheet, across
from raastof_geo.outputs.tables.summary import call_condition, find_reliances
from raastof_geo.records.flows import shape_table
from raastof_geo.region.projection import project
from raastof_geo.result import Result, list_cells, list_flows, name_truck
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Need, Scenario
from raastof_geo.scenario.telling.words import BESIDE, CatalogueWords

_WITHIN, _TO_USE = say("Within the site"), say("To use")
_TO_WORK, _TO_RECEPTION = say("To plant or depot"), say("To final reception")
_AT_PLANT, _IN_DEPOT = say("At the plant"), say("In the depot")
EMPTY, _OPENED = say("Empty trips"), say("Sites that open")
_DUG, _BROUGHT, _BUILT, _HAULED, _TREATED = "A1–A3", "A4", "A5", "C2", "C3–C4"
_NONE = "none"
_NAMES: dict[str, Message] = {_NONE: say("No module")}
_MODULES = read_texts("modules")
"""What falls in each module here; each tonne of CO2e is in one of them."""
_HEADS = read_texts("life cycle").values()
_UNDIVIDED = [(one, one) for one in (vocabulary.TONNE_KM, vocabulary.LITRES, vocabulary.KWH)]
_COUNTED = [module for module in _MODULES if module != "D"]
_HAULS = (_TO_USE, _TO_WORK, _TO_RECEPTION, _WITHIN)
SOIL = "soil_notifications.csv"
_TEXTS = read_texts("soil notification")
SOIL_HEADS = tuple(_TEXTS.values())
_SENDERS = ("address", "register", "address of reception", "register of reception")
SOIL_TO_FILL = tuple(_TEXTS[key] for key in (*_SENDERS, "contact", "report", "haulier"))
"""What only the sender knows, as far as the scenario does not say it."""


def name_step(taker_kind: str, *, inside: bool) -> Message:
    """Name the step of its life that a flow of material is."""
    if inside:
        return _WITHIN
    return {Role.NEED: _TO_USE, Role.RECEIVER: _TO_RECEPTION}.get(Role(taker_kind), _TO_WORK)


def _add_up(scenario: Scenario, books: Books) -> dict[tuple[str, str, str], dict[str, float]]:
    """Add the lines of books up by step, material and truck, as people call them."""
    catalogue, language = scenario.catalogue, scenario.said.language
    others = {"processes": _AT_PLANT, "stores": _IN_DEPOT, "trips": EMPTY, "openings": _OPENED}
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    for line in books.lines.astype(object).itertuples(index=False):  # quicker than of texts
        row: Any = line
        inside = row.kind == "moves" and row.origin == row.destination
        step = others.get(row.kind) or name_step(row.taker_kind, inside=inside)
        material: Any = catalogue.materials.get(row.material)
        what, amount = material, getattr(row, vocabulary.TONNES)
        if row.kind == "processes":
            what, amount = catalogue.recipes[row.what], row.amount
        name = what.called(language) if what else ""
        key = (str(step), name, name_truck(scenario, row.vehicle, inside=inside))
        sums = found.setdefault(key, defaultdict(float))
        sums[vocabulary.TONNES] += amount
        virgin = material is not None and material.origin == "virgin"
        for into, part in (*_UNDIVIDED, *_find_modules(step, virgin=virgin)):
            sums[into] += getattr(row, part)
    return {key: sums for key, sums in found.items() if any(sums.values())}


def _find_modules(step: Message, *, virgin: bool) -> tuple[tuple[str, str], ...]:
    """Give the module in which each part of the emissions of a step falls."""
    if step in (EMPTY, _OPENED):
        return ((_NONE, vocabulary.CO2E),)
    used = step in (_TO_USE, _WITHIN)
    hauled = _BUILT if step == _WITHIN else _BROUGHT if used or virgin else _HAULED
    return (
        *((_DUG, vocabulary.UPSTREAM), (_BROUGHT, vocabulary.SEA), (hauled, vocabulary.ROAD_WTW)),
        *((_BUILT if used else _TREATED, vocabulary.PROCESSING), (_TREATED, vocabulary.DISPOSAL)),
    )


def write_life_cycle(result: Result, modules: Sheet, lines: Sheet, *sheets: Any) -> None:
    """Write what a tool for life-cycle assessment asks for, and the sums of its modules.

    `sheets` are those of flows without coordination and in the plan: tonnes and transport work
    are formulas over them.
    """
    effect, scenario = result.effect, result.scenario
    words, hauls = (say("Baseline"), say("Plan")), {*map(str, _HAULS)}
    books = (effect.baseline_books, effect.books)
    sides = [_add_up(scenario, one) for one in books]
    order = [*map(str, (*_HAULS, _AT_PLANT, _IN_DEPOT, EMPTY, _OPENED))]
    keys = sorted({*sides[0], *sides[1]}, key=lambda key: (order.index(key[0]), *key[1:]))
    columns = [xl_col_to_name(len(_HEADS) + at) for at in range(len(_COUNTED))]

    def row(key: tuple[str, str, str], side: int) -> Iterator[Any]:
        found = sides[side].get(key, {})
        tonnes, work = (found.get(part, 0.0) for part in (vocabulary.TONNES, vocabulary.TONNE_KM))
        flown, add_up = key[0] in hauls, sheets[side].add_up
        yield from (*key, words[side])
        yield add_up(vocabulary.TONNES, tonnes) if flown else tonnes
        yield Formula("=IF(E#=0,0,G#/E#)", work / tonnes if tonnes else 0.0)
        yield add_up(vocabulary.TONNE_KM, work) if flown else work
        yield from (found.get(part, 0.0) for part in (vocabulary.LITRES, vocabulary.KWH, *_COUNTED))
        total = sum(found.get(module, 0.0) for module in _COUNTED)
        yield Formula(f"=SUM({columns[0]}#:{columns[-1]}#)", total)

    counted = (f"{_NAMES.get(module, module)} [kg CO2e]" for module in _COUNTED)
    rows = (row(key, side) for key in keys for side in range(len(sides)))
    lines.table([*_HEADS, *counted, say("All [kg CO2e]")], rows, freeze=3, digits=1)
    modules.heads([say("Module"), *words, say("Baseline − plan"), say("What falls in it")])
    place = f"'{lines.name}'!${{0}}$2:${{0}}${max(2, lines.row)}".format
    columns_of = dict(zip(_COUNTED, map(place, columns), strict=True))
    for module, falls in _MODULES.items():
        sums = [sum(one.get(module, 0.0) for one in side.values()) / 1000 for side in sides]
        cells: list[Any] = [0.0, 0.0]
        if added := columns_of.get(module):
            cells = [*across("BC", f"=SUMIFS({added},{place('D')},@$1)/1000", sums)]
        saved = Formula("=B#-C#", sums[0] - sums[1])
        modules.cells([_NAMES.get(module, module), *cells, saved, falls])
    modules.filter()
    _close_modules(modules, scenario, *(one.total(vocabulary.CO2E) / 1000 for one in books))


def _close_modules(sheet: Sheet, scenario: Scenario, then: float, now: float) -> None:
    """Write the sum of all modules [t CO2e], and what is told beside them."""
    totals = across("BCD", f"=SUM(@2:@{sheet.row})", (then, now, then - now))
    sheet.cells([say("Total"), *totals, say("In t CO2e: all parts, as in the summary")], total=True)
    sheet.row += 1
    for beside in (BESIDE, *CatalogueWords(scenario.catalogue, scenario.said.language).beside()):
        sheet.note(plain_number(beside))


def list_soil(result: Result) -> Iterator[list[Any]]:
    """List soil notifications. Returns fields by match, blank what only the sender knows."""
    scenario, catalogue = result.scenario, result.scenario.catalogue
    language, flows = scenario.said.language, result.plan.flows
    permits: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for one in find_reliances(scenario, list_flows(flows)):
        permits[one.need.site, one.material][str(call_condition(scenario, one))] = None
    apart = flows.query("origin != destination")
    needs = ((key, one) for key, one in scenario.entries.items() if isinstance(one, Need))
    uses = {key: str(call(catalogue.uses[need.use].name)) for key, need in needs}
    ends = list_cells(apart, ("taker_kind", "taker"))
    purposes = [uses.get((Role(it), one)) or str(name_step(it, inside=False)) for it, one in ends]
    keys = ["origin", "destination", "material", "period", "purpose"]
    grouped = apart.assign(purpose=purposes).groupby(keys, sort=False)["tonnes"].sum()
    places, weeks = _describe_places(result), _say_weeks(catalogue)
    rows: Any = grouped.reset_index().astype(object).itertuples()
    for row in rows:
        material, period = catalogue.materials[row.material], scenario.periods[row.period]
        if material.soil_class is None:
            continue
        named = catalogue.soil_classes.get(material.soil_class)
        category = catalogue.soil_categories.get(material.soil_class)
        mapping = scenario.sites[row.origin].soil_mapping
        density = material.density_in_situ
        count = catalogue.count_samples(row.material, mapping, row.tonnes)
        yield [
            *places[row.origin],
            *places[row.destination],
            material.called(language),
            call(named) if named else str(material.soil_class),
            say("category {number}", number=category) if category else say("outside categories"),
            catalogue.soil_mappings[mapping].called(language) if mapping else say("not said"),
            row.purpose,
            "; ".join(permits[row.destination, row.material]),
            *(row.tonnes, row.tonnes / density.value if density else None, count),
            *(weeks if count is not None else "", period.start, period.end),
            *[None] * 3,
        ]


def _describe_places(result: Result) -> dict[str, tuple[Any, ...]]:
    """Give by site its name, address, municipality, number in the land register, and place."""
    scenario, where, places = result.scenario, result.effect.books.municipalities, {}
    for id_, said in scenario.sites.items():
        easting, northing = project(*said.lon_lat).ravel()  # as the heads say
        about = (scenario.site_name(id_), said.address, where[id_], said.land_register)
        places[id_] = (*about, f"{easting:.0f}; {northing:.0f}")
    return places


def _say_weeks(catalogue: Catalogue) -> str:
    """Say how many weeks samples and the answer take; nothing where it is not known."""
    if not catalogue.soil_samples:
        return ""
    span = catalogue.soil_samples.weeks
    ends = (span.value if one is None else one for one in (span.low, span.high))
    return "–".join(dict.fromkeys(f"{one:g}" for one in ends))


def write_soil(result: Result, folder: Path) -> Path:
    """Write the notifications as a table that spreadsheets and forms can take in."""
    path, form = folder / SOIL, shape_table(result.scenario.said.language, SOIL_HEADS)
    rows = (
        [form.write(plain(one) if isinstance(one, Message) else one) for one in row]
        for row in list_soil(result)
    )
    path.write_bytes(form.render(rows))
    return path
