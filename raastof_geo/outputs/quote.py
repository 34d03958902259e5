"""A quote to mail: whom somebody new would deal with, at which cost for all, and why not others."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from raastof_geo.assignment.adjusting.worth import Partner, Quote
from raastof_geo.assignment.telling import names
from raastof_geo.files import is_sealed, seal_page, write_whole
from raastof_geo.language import Message, Readable, format_number, read_texts, say, speaking
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.document import write_numbers
from raastof_geo.outputs.documents.flow_map import draw_map_picture
from raastof_geo.result import Result
from raastof_geo.scenario.scenario import Scenario

_MOST_PARTNERS, _MOST_DRAWN, _MOST_OTHERS = 15, 5, 40
"""On the page, in its map, and of those with whom there is no deal."""


def write_quote(result: Result, quote: Quote, path: Path) -> Path:
    """Write the page of a quote; `result` has the newcomer's site in scenario and legs."""
    scenario, due = result.scenario, quote.newcomer
    with speaking(*scenario.speech):
        told = say("Quote: {tonnes} t for {what} are needed")
        if due in scenario.offers:
            told = say("Quote: {tonnes} t {what} are offered")
        tonnes = format_number(due.tonnes, digits=0 if due.tonnes >= 100 else 1)
        at = ", ".join(f"{one:.5f}" for one in scenario.sites[due.site].lon_lat)
        page = document.Document(
            title=str(told.format(tonnes=tonnes, what=names.call_entry(scenario, due))),
            language=scenario.said.language,
            blocks=tuple(_lay_out(result, quote)),
            subtitle=read_texts("quote")["how"],
            facts=(
                (say("Place (lon, lat)"), at),
                (say("Periods"), names.span(due.periods)),
                (say("Plan"), scenario.said.title),
            ),
        )
        text = seal_page(document.render_page(page))
    return write_whole(path, text, known=is_sealed)


def tell_partners(scenario: Scenario, quote: Quote) -> Iterator[Message]:
    """Say of the partners, the best first, what a tonne and all of it change, or that none is."""
    texts, tonnes = read_texts("quote"), quote.newcomer.tonnes
    if not quote.partners:
        yield texts["none"]
    for one in quote.partners:
        yield texts["partner"].format(
            site=scenario.site_name(one.site),
            what=_call(scenario, one),
            km=format_number(one.length_km),
            kg=format_number(one.kg_co2e, digits=1),
            dkk=format_number(one.dkk),
            all_kg=format_number(tonnes * one.kg_co2e),
            all=format_number(tonnes * one.dkk),
            least="" if one.up_to_t >= tonnes else f"{texts['least']} ",
        )


def _call(scenario: Scenario, one: Partner) -> Message:
    """Give the material, what the partner needs it for, if it is a need, and when."""
    uses = [names.call_use(scenario, it.use) for it in scenario.needs if it.id == one.reason.taker]
    told = say("{material} for {use} in {periods}") if uses else say("{material}, {periods}")
    return names.tell_named(scenario, told, material=one.material, periods=one.period).format(
        use=uses[0] if uses else ""
    )


def _lay_out(result: Result, quote: Quote) -> Iterator[document.Block]:
    scenario, site, tonnes = result.scenario, quote.newcomer.site, quote.newcomer.tonnes
    yield document.Paragraph(next(tell_partners(scenario, quote)), lead=True)
    if quote.partners:
        goals = any(one.short_t for one in quote.partners)
        heads = (*read_texts("quote heads").values(),)[: None if goals else -1]
        rows: list[tuple[Readable, ...]] = []
        for one in quote.partners[:_MOST_PARTNERS]:
            row: list[Readable] = [scenario.site_name(one.site), _call(scenario, one)]
            row += write_numbers(one.length_km)
            row += write_numbers(one.kg_co2e, one.haul_kg_co2e, digits=1)
            in_all = tonnes * one.kg_co2e, tonnes * one.dkk
            row += write_numbers(one.dkk, one.haul_dkk, *in_all, one.up_to_t)
            rows.append((*row, *write_numbers(*([one.short_t] if goals else []), digits=2)))
        caption = say("Partners, the best for all first")
        yield document.Table(caption, heads, tuple(rows), words=2)
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
