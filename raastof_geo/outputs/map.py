"""Draw sites and flows on a map that is one file and needs no internet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from raastof_geo.assignment import compare_sites
from raastof_geo.language import Message, format_number, say
from raastof_geo.outputs.page import describe_base, draw_page, escape, lat_lon
from raastof_geo.outputs.summary import summarise
from raastof_geo.result import Result

SECONDARY_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#7b3294",
    "#000000",
)
"""Okabe and Ito's colours, which colour-blind readers tell apart, and one more."""
VIRGIN_COLOURS = ("#6b6b6b", "#8c6d46", "#a3a3a3", "#b59a76", "#4d4d4d")

_ROUTE_TOLERANCE_DEG = 0.0002


def write_map(result: Result, folder: Path) -> Path:
    """Write `map.html`."""
    path = folder / "map.html"
    path.write_text(draw_map(result), encoding="utf-8", newline="\n")
    return path


def draw_map(result: Result) -> str:
    """Build the page."""
    return draw_page(
        title=result.scenario.said.title,
        language=result.scenario.said.language,
        body=_body(result),
        data=describe_map(result),
        script="map.js",
    )


def _body(result: Result) -> str:
    """Write the summary strip and the panel; what is in them is filled in by the script."""
    figures = "".join(
        f"<div><dt>{escape(what)}</dt><dd><b>{escape(plan)}</b> {_before(before)}</dd></div>"
        for what, plan, before in _key_figures(result)
    )
    return (
        f'<header id="strip"><h1>{escape(result.scenario.said.title)}</h1>'
        f"<dl>{figures}</dl></header>\n"
        f'<button id="toggle" aria-expanded="false" aria-controls="panel">'
        f"{escape(str(_PANEL))}</button>\n"
        f'<aside id="panel" aria-label="{escape(str(_PANEL))}"></aside>\n'
        f"<noscript>{escape(str(_NO_SCRIPT))}</noscript>"
    )


def _before(figure: str) -> str:
    if not figure:
        return ""
    return f"<span>{escape(str(_BEFORE))} {escape(figure)}</span>"


_BEFORE = say("before")
_PANEL = say("Layers and legend")
_NO_SCRIPT = say("The map needs JavaScript; flows.csv has the same figures.")


def _key_figures(result: Result) -> list[tuple[str, str, str]]:
    rows = summarise(result)
    wanted = (0, 3, 5, 7)
    figures = [(str(rows[at][0]), rows[at][1], rows[at][2]) for at in wanted]
    if result.effect.saved_share is not None:
        saved = format_number(100 * result.effect.saved_share, digits=1) + " %"
        figures.insert(1, (str(say("Saved transport emissions")), saved, ""))
    return figures


def describe_map(result: Result) -> dict[str, Any]:
    """Put what the map shows into plain values."""
    return {
        **describe_base(result.network),
        "texts": {key: str(text) for key, text in _TEXTS.items()},
        "periods": list(result.scenario.periods),
        "materials": list(_materials(result)),
        "sites": list(_sites(result)),
        "routes": (routes := _routes(result))[0],
        "flows": list(_flows(result, routes[1])),
        "why": _why(result),
    }


_MOST_PAIRS = 6000
"""A map with more pairs of sites than this says why only by `raastof why-not`."""


def _why(result: Result) -> dict[str, dict[str, str]]:
    """Say for each site that gives why it does not send to each other that takes."""
    problem = result.plan.problem
    givers = {giver.site for giver in problem.givers}
    takers = {taker.site for taker in problem.takers}
    if len(givers) * len(takers) > _MOST_PAIRS:
        return {}
    told: dict[str, dict[str, str]] = {}
    for (giver, taker), reason in sorted(compare_sites(result.plan).items()):
        told.setdefault(giver, {})[taker] = str(reason.message)
    return told


_TEXTS: dict[str, Message] = {
    "materials": say("Materials"),
    "periods": say("Periods"),
    "sites": say("Sites"),
    "need": say("Needs material"),
    "offer": say("Has surplus"),
    "pit": say("Pit"),
    "receiver": say("Receiver"),
    "plant": say("Plant"),
    "depot": say("Depot"),
    "why": say("Why not to …?"),
    "width": say("Width of a line: tonnes"),
    "virgin": say("virgin"),
    "tonnes": say("Tonnes"),
    "km": say("Kilometres, loaded"),
    "loads": say("Truck loads"),
    "kg": say("Transport, kg CO2e (WTW)"),
    "vehicle": say("Truck"),
    "purpose": say("Use"),
    "period": say("Period"),
    "reception": say("final reception"),
    "comes": say("Comes in"),
    "goes": say("Goes out"),
    "close": say("Close"),
    "none": say("Nothing in this plan"),
}


def _materials(result: Result) -> Iterator[dict[str, Any]]:
    catalogue = result.scenario.catalogue.materials
    used = sorted(result.plan.flows["material"].unique())
    secondary = [name for name in used if catalogue[name].origin == "secondary"]
    virgin = [name for name in used if catalogue[name].origin == "virgin"]
    for names, colours in ((secondary, SECONDARY_COLOURS), (virgin, VIRGIN_COLOURS)):
        for number, name in enumerate(names):
            yield {
                "id": name,
                "name": catalogue[name].called(result.scenario.said.language),
                "colour": colours[number % len(colours)],
                "virgin": catalogue[name].origin == "virgin",
            }


def _sites(result: Result) -> Iterator[dict[str, Any]]:
    for site_id, site in result.scenario.sites.items():
        lon, lat = site.lon_lat
        yield {
            "id": site_id,
            "name": result.scenario.site_name(site_id),
            "note": site.note,
            "municipality": site.municipality or "",
            "roles": list(site.roles),
            "at": [round(lat, 5), round(lon, 5)],
        }


def _routes(
    result: Result,
) -> tuple[list[list[list[float]]], dict[tuple[str, str, str, str], int]]:
    """Draw each route once, and tell which flow takes which."""
    flows = result.plan.flows
    number: dict[tuple[str, str, str, str], int] = {}
    lines: list[list[list[float]]] = []
    for origin, destination, vehicle, period in zip(
        flows["origin"], flows["destination"], flows["vehicle"], flows["period"], strict=True
    ):
        key = (origin, destination, vehicle, result.legs.spell(period))
        if key not in number:
            number[key] = len(lines)
            points = result.legs.draw(origin, destination, vehicle, period)
            lines.append(lat_lon(points, _ROUTE_TOLERANCE_DEG))
    return lines, number


def _flows(
    result: Result, number: dict[tuple[str, str, str, str], int]
) -> Iterator[dict[str, Any]]:
    scenario = result.scenario
    language = scenario.said.language
    uses = {need.id: scenario.catalogue.uses[need.use].called(language) for need in scenario.needs}
    kinds = {"plant": str(_TEXTS["plant"]), "depot": str(_TEXTS["depot"])}
    for flow in result.plan.flows.to_dict(orient="records"):
        yield {
            "route": number[
                flow["origin"],
                flow["destination"],
                flow["vehicle"],
                result.legs.spell(flow["period"]),
            ],
            "from": flow["origin"],
            "to": flow["destination"],
            "material": flow["material"],
            "period": flow["period"],
            "use": uses.get(flow["taker"], kinds.get(flow["taker_kind"], "")),
            "vehicle": scenario.catalogue.vehicles[flow["vehicle"]].called(language),
            "t": round(flow["tonnes"], 1),
            "km": round(flow["length_km"], 1),
            "loads": int(flow["loads"]),
            "kg": round(flow["kg_co2e_wtw"]),
        }
