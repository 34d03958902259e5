"""What one load more, waiting and somebody new would be worth: pages, tables, a quote to mail."""

from collections.abc import Iterator
from functools import partial
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from raastof_geo.assignment.adjusting import worth
from raastof_geo.assignment.adjusting.worth import Moved, Quote, Worth, Worths
from raastof_geo.assignment.telling import names
from raastof_geo.files import is_sealed, seal_page, write_whole
from raastof_geo.language import Message, format_number, plain, read_texts, say, say_text, speaking
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.document import write_numbers
from raastof_geo.outputs.documents.flow_map import draw_map_picture
from raastof_geo.result import Result, name_truck
from raastof_geo.scenario.scenario import Scenario

_VALUE = say("the value of one more")
_MOST_ROWS, _MOST_SITES = 25, 12
"""In each table, and on the map, of the page; the workbook has all."""
_LEAST_KG = 0.05
"""Less than this is not told as a saving. [kg CO2e]"""
_MOST_PARTNERS, _MOST_DRAWN, _MOST_OTHERS = 15, 5, 40
"""On the page, in its map, and of those with whom there is no deal."""


def write_worth(result: Result, folder: Path) -> Path:
    """Write `worth.html`. Returns its path."""
    found, scenario = result.worth or worth.measure_worth(result.plan), result.scenario
    vehicle, load = name_truck(scenario, found.vehicle, inside=False), found.load_t
    how = say_text("worth", "how", vehicle=vehicle, load=format_number(load, digits=1))
    title, blocks = f"{scenario.said.title}: {_VALUE}", tuple(_lay_out(result, found))
    page = document.Document(title, scenario.said.language, blocks, how)
    return document.write_page(page, folder / "worth.html")


def _lay_out(result: Result, found: Worths) -> Iterator[document.Block]:
    scenario, tell, notes = result.scenario, partial(say_text, "worth"), dict[str, str]()
    told = tell("nothing")
    for one in sorted(found.values, key=lambda one: _kg(one.more), reverse=True):
        if one.site and _kg(one.more) < -_LEAST_KG and isinstance(one.more, Moved):
            kg, dkk = document.write_numbers(*one.more[:2], digits=1)
            notes.pop(one.site, None)
            notes[one.site] = f"{kg} kg"
            told = tell("most", site=scenario.site_name(one.site), what=one.what, kg=kg, dkk=dkk)
    yield document.Paragraph(told, lead=True)
    if notes:
        drawn = draw_map_picture(result, (), [*reversed(notes)][:_MOST_SITES], notes=notes)
        yield document.Picture(drawn, tell("map"), tell("map"))
    yield from (one.show() for one in list_worth(scenario, found))


def _kg(moved: Moved | str) -> float:
    return moved.kg_co2e if isinstance(moved, Moved) else float("inf")


def list_worth(scenario: Scenario, found: Worths) -> Iterator[document.Listing]:
    """List values and what waiting is worth, the best first. Returns each explained. [kg, t]"""
    targets, source = scenario.said.targets.secondary_share, partial(say_text, "worth")
    figures = [say("CO2e [kg]"), say("Money [DKK]"), say("Goals lack [t]")]
    figures = figures if any(one.goal for one in targets) else figures[:2]
    sides = [say("One more: {what}"), say("One less: {what}")]

    def tell(moved: Moved | str) -> list[Any]:
        told = moved if isinstance(moved, Moved) else (moved, None, None)
        return [*told[: len(figures)]]

    def call(one: Worth) -> list[str]:
        return [scenario.site_name(one.site) if one.site else str(say("Target")), plain(one.what)]

    def wait(one: Worth, shift: int, moved: Moved | str) -> list[Any]:
        when = say_text("worth", "earlier" if shift < 0 else "later", count=abs(shift))
        met = map(scenario.site_name, moved.meets if isinstance(moved, Moved) else ())
        return [*call(one), str(when), *tell(moved), ", ".join(met)]

    each = sorted(found.values, key=lambda one: (min(_kg(one.more), 0.0), _kg(one.less)))
    values = [[*call(one), one.tonnes, one.times, *tell(one.more), *tell(one.less)] for one in each]
    late = ((_kg(it), wait(one, by, it)) for one in each for by, it in one.waits.items())
    waits = [*map(itemgetter(1), sorted(late, key=itemgetter(0)))]
    heads: list[Any] = [say("Site"), say("Amount")]
    how: dict[str, Any] = {"most": _MOST_ROWS, "freeze": 2}
    if values:
        more = [side.format(what=one) for side in sides for one in figures]
        title, more = say("One load more and less"), [say("Now [t]"), say("Times"), *more]
        yield document.Listing(title, [*heads, *more], values, 2, **how, source=source("values"))
    if waits:
        more = [say("Periods"), *figures, say("Meets more of")]
        title = say("Waiting")
        yield document.Listing(title, [*heads, *more], waits, 3, **how, source=source("waits"))


def write_quote(result: Result, quote: Quote, path: Path) -> Path:
    """Write the page of a quote; `result` has the newcomer's site in scenario and legs."""
    scenario, due = result.scenario, quote.newcomer
    with speaking(*scenario.speech):
        told = say("Quote: {tonnes} t for {what} are needed")
        if due in scenario.offers:
            told = say("Quote: {tonnes} t {what} are offered")
        tonnes = format_number(due.tonnes, digits=0 if due.tonnes >= 100 else 1)
        at = ", ".join(f"{one:.5f}" for one in scenario.sites[due.site].lon_lat)
        place, when = (say("Place (lon, lat)"), at), (say("Periods"), names.span(due.periods))
        facts = place, when, (say("Plan"), scenario.said.title)
        title = str(told.format(tonnes=tonnes, what=names.call_entry(scenario, due)))
        blocks, how = tuple(_lay_out_quote(result, quote)), say_text("quote", "how")
        page = document.Document(title, scenario.said.language, blocks, how, facts=facts)
        text = seal_page(document.render_page(page))
    return write_whole(path, text, known=is_sealed)


def tell_partners(scenario: Scenario, quote: Quote) -> Iterator[Message]:
    """Say of the partners, the best first, what a tonne and all of it change, or that none is."""
    tell, tonnes = partial(say_text, "quote"), quote.newcomer.tonnes
    if not quote.partners:
        yield tell("none")
    least = tell("least")
    for one in quote.partners:
        yield tell(
            "partner",
            site=scenario.site_name(one.site),
            what=_call(scenario, one),
            km=format_number(one.length_km),
            kg=format_number(one.kg_co2e, digits=1),
            dkk=format_number(one.dkk),
            all_kg=format_number(tonnes * one.kg_co2e),
            all=format_number(tonnes * one.dkk),
            least=f"{least} " if one.up_to_t < tonnes else "",
        )


def _call(scenario: Scenario, one: worth.Partner) -> Message:
    """Give the material, what the partner needs it for, if it is a need, and when."""
    uses = [names.call_use(scenario, it.use) for it in scenario.needs if it.id == one.reason.taker]
    told = say("{material} for {use} in {periods}") if uses else say("{material}, {periods}")
    named = names.tell_named(scenario, told, material=one.material, periods=one.period)
    return named.format(use=uses[0] if uses else "")


def _lay_out_quote(result: Result, quote: Quote) -> Iterator[document.Block]:
    scenario, site, tonnes = result.scenario, quote.newcomer.site, quote.newcomer.tonnes
    yield document.Paragraph(next(tell_partners(scenario, quote)), lead=True)
    if quote.partners:
        yield _tabulate_partners(scenario, quote)
        drawn, pits = quote.partners[:_MOST_DRAWN], {one.site for one in scenario.pits}
        hauls = []
        for one in drawn:
            ends = [site, one.site] if scenario.sites[site].offers else [one.site, site]
            how = {"tonnes": tonnes, "virgin": one.site in pits, **one._asdict()}
            hauls.append(SimpleNamespace(origin=ends[0], destination=ends[1], **how))
        picture = draw_map_picture(result, hauls, [site, *(one.site for one in drawn)])
        caption = say("The ways to the first partners")
        yield document.Picture(picture, caption, caption)
    others = ((scenario.site_name(other), why.message) for other, why in quote.others.items())
    if quote.others:
        caption, heads = say("Why not the others"), (say("Site"), say("Reason"))
        yield document.Table(caption, heads, tuple(others)[:_MOST_OTHERS], words=2)


def _tabulate_partners(scenario: Scenario, quote: Quote) -> document.Table:
    """Tell of each partner how far it is, what a tonne and all of them change, and most tonnes."""
    goals, tonnes = any(one.short_t for one in quote.partners), quote.newcomer.tonnes
    heads = (*read_texts("quote heads").values(),)[: None if goals else -1]
    rows: tuple[Any, ...] = tuple(
        (
            *(scenario.site_name(one.site), _call(scenario, one)),
            *write_numbers(one.length_km),
            *write_numbers(one.kg_co2e, one.haul_kg_co2e, digits=1),
            *write_numbers(one.dkk, one.haul_dkk, tonnes * one.kg_co2e, tonnes * one.dkk),
            *(*write_numbers(one.up_to_t), *write_numbers(one.short_t, digits=2)),
        )[: len(heads)]
        for one in quote.partners[:_MOST_PARTNERS]
    )
    return document.Table(say("Partners, the best for all first"), heads, rows, words=2)
