"""What one load more or less is worth, and what waiting would save, as a page and as tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from raastof_geo.assignment.adjusting.worth import Moved, Worths, measure_worth
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
    for one in sorted(found.values, key=lambda one: _kg(one.more), reverse=True):
        if one.site and _kg(one.more) < -_LEAST_KG and isinstance(one.more, Moved):
            kg, dkk = document.write_numbers(*one.more[:2], digits=1)
            notes.pop(one.site, None)
            notes[one.site] = f"{kg} kg"
            site = scenario.site_name(one.site)
            told = texts["most"].format(site=site, what=one.what, kg=kg, dkk=dkk)
    yield document.Paragraph(told, lead=True)
    if notes:
        drawn = draw_map_picture(result, (), [*reversed(notes)][:_MOST_SITES], notes=notes)
        yield document.Picture(drawn, texts["map"], texts["map"])
    yield from (one.show() for one in list_worth(scenario, found))


def _kg(moved: Moved | str) -> float:
    return moved.kg_co2e if isinstance(moved, Moved) else float("inf")


def list_worth(scenario: Scenario, found: Worths) -> Iterator[document.Listing]:
    """List values, and what waiting is worth, where there are any, each with its explanation.

    What saves most stands first: as a load more, then as a load less. [kg CO2e, DKK, t]
    """
    texts, targets = read_texts("worth"), scenario.said.targets.secondary_share
    figures = [say("CO2e [kg]"), say("Money [DKK]"), say("Goals lack [t]")]
    figures = figures if any(one.goal for one in targets) else figures[:2]
    sides = [say("One more: {what}"), say("One less: {what}")]

    def tell(moved: Moved | str) -> list[Any]:
        told = moved if isinstance(moved, Moved) else (moved, None, None)
        return [*told[: len(figures)]]

    values, waits = list[list[Any]](), list[tuple[float, list[Any]]]()
    for one in sorted(found.values, key=lambda one: (min(_kg(one.more), 0.0), _kg(one.less))):
        called = [scenario.site_name(one.site) if one.site else str(say("Target")), plain(one.what)]
        values.append([*called, one.tonnes, one.times, *tell(one.more), *tell(one.less)])
        for shift, moved in one.waits.items():
            when = texts["earlier" if shift < 0 else "later"].format(count=abs(shift))
            met = map(scenario.site_name, moved.meets if isinstance(moved, Moved) else ())
            waits.append((_kg(moved), [*called, str(when), *tell(moved), ", ".join(met)]))
    heads: list[Readable] = [say("Site"), say("Amount"), say("Now [t]"), say("Times")]
    late: list[Readable] = [say("Site"), say("Amount"), say("Periods"), *figures]
    if values:
        heads += [side.format(what=one) for side in sides for one in figures]
        how: dict[str, Any] = {"most": _MOST_ROWS, "freeze": 2, "source": texts["values"]}
        yield document.Listing(say("One load more and less"), heads, values, words=2, **how)
    if waits:
        rows = [row for _, row in sorted(waits, key=lambda one: one[0])]
        how = {"most": _MOST_ROWS, "freeze": 2, "source": texts["waits"]}
        yield document.Listing(say("Waiting"), [*late, say("Meets more of")], rows, words=3, **how)
