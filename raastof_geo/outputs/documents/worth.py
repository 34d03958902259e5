"""What one load more or less is worth, and what waiting would save, as a page and as tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from raastof_geo.assignment.adjusting.worth import Moved, Worth, Worths, measure_worth
from raastof_geo.language import Readable, format_number, plain, read_texts, say
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.flow_map import draw_map_picture
from raastof_geo.result import Result
from raastof_geo.scenario.scenario import Scenario

_VALUE = say("the value of one more")
_MOST_ROWS, _MOST_SITES = 25, 12
"""In each table, and on the map, of the page; the workbook has all."""
_LEAST_KG = 0.05
"""Less than this is not told as a saving. [kg CO2e]"""


class WorthTable(NamedTuple):
    """A table of numbers and words, the most that is saved first."""

    title: Readable
    about: Readable
    heads: list[Readable]
    rows: list[list[Any]]


def write_worth(result: Result, folder: Path) -> Path:
    """Write `worth.html`."""
    found, scenario = result.worth or measure_worth(result.plan), result.scenario
    vehicle = scenario.catalogue.vehicles[found.vehicle].called(scenario.said.language)
    load = {"load": format_number(found.load_t, digits=1), "vehicle": vehicle}
    page = document.Document(
        title=f"{scenario.said.title}: {_VALUE}",
        language=scenario.said.language,
        blocks=tuple(_lay_out(result, found)),
        subtitle=read_texts("worth")["how"].format(**load),
    )
    return document.write_page(page, folder / "worth.html")


def _lay_out(result: Result, found: Worths) -> Iterator[document.Block]:
    scenario, texts, notes = result.scenario, read_texts("worth"), dict[str, str]()
    told = texts["nothing"]
    for one in reversed(_rank(found)):
        if one.subject.site and isinstance(one.more, Moved) and one.more.kg_co2e < -_LEAST_KG:
            kg, dkk = map(_write, one.more[:2])
            site = scenario.site_name(one.subject.site)
            told = texts["most"].format(site=site, what=one.subject.what, kg=kg, dkk=dkk)
            notes = {one.subject.site: f"{kg} kg"} | notes | {one.subject.site: f"{kg} kg"}
    yield document.Paragraph(told, lead=True)
    if notes:
        drawn = draw_map_picture(result, (), [*notes][:_MOST_SITES], notes=notes)
        yield document.Picture(drawn, texts["map"], texts["map"])
    for table in tabulate_worth(scenario, found):
        rows = tuple(tuple(map(_write, row)) for row in table.rows[:_MOST_ROWS])
        words = sum(isinstance(one, str) for one in table.rows[0][:3])
        yield document.Table(table.title, tuple(table.heads), rows, words, source=table.about)


def _write(cell: Any) -> str:
    if cell is None:
        return "–"
    return format_number(cell, digits=1) if isinstance(cell, float) else str(cell)


def _kg(moved: Moved | str) -> float:
    return moved.kg_co2e if isinstance(moved, Moved) else float("inf")


def _rank(found: Worths) -> list[Worth]:
    """Rank by what a load more saves; where it saves nothing, by what a load less does."""
    return sorted(found.values, key=lambda one: (min(_kg(one.more), 0.0), _kg(one.less)))


def tabulate_worth(scenario: Scenario, found: Worths) -> Iterator[WorthTable]:
    """Tabulate values, and waiting, where there are any. [kg CO2e, DKK, t]"""
    texts, targets = read_texts("worth"), scenario.said.targets.secondary_share
    figures = [say("CO2e [kg]"), say("Money [DKK]")]
    figures += [say("Goals lack [t]")] if any(one.goal for one in targets) else []
    sides = [say("One more: {what}"), say("One less: {what}")]
    heads: list[Readable] = [say("Site"), say("Amount"), say("Now [t]"), say("Times")]
    heads += [side.format(what=one) for side in sides for one in figures]
    late: list[Readable] = [say("Site"), say("Amount"), say("Periods"), *figures]

    def call(one: Any) -> list[Any]:
        site = scenario.site_name(one.subject.site) if one.subject.site else str(say("Target"))
        return [site, plain(one.subject.what)]

    def tell(moved: Moved | str) -> list[Any]:
        told = moved if isinstance(moved, Moved) else (moved, None, None)
        return [*told[: len(figures)]]

    rows = [
        [*call(one), one.subject.tonnes, one.subject.times, *tell(one.more), *tell(one.less)]
        for one in _rank(found)
    ]
    waits = list[list[Any]]()
    for one in sorted(found.waits, key=lambda one: _kg(one.moved)):
        when = texts["earlier" if one.shift < 0 else "later"].format(count=abs(one.shift))
        met = one.moved.meets if isinstance(one.moved, Moved) else ()
        sites = ", ".join(map(scenario.site_name, met))
        waits.append([*call(one), str(when), *tell(one.moved), sites])
    if rows:
        yield WorthTable(say("One load more and less"), texts["values"], heads, rows)
    if waits:
        yield WorthTable(say("Waiting"), texts["waits"], [*late, say("Meets more of")], waits)
