"""Draw sites and flows on a map that is one file and needs no internet.

The only module that knows Folium. Folium builds the page; Leaflet comes out of
the wheel XStatic-Leaflet and is written into it, as are the municipalities,
the large roads and the names of towns that lie under the flows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, cast

import folium
import numpy as np
import shapely
from branca.element import Element
from xstatic.pkg import leaflet

from raastof_geo.language import Message, format_number, say
from raastof_geo.outputs.summary import summarise
from raastof_geo.result import Result
from raastof_geo.roads.places import load_municipalities, load_towns
from raastof_geo.roads.road import ROAD_CLASSES

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

BASE_ROADS = ("motorway", "trunk", "primary")
_ROAD_TOLERANCE_DEG = 0.0015
_ROUTE_TOLERANCE_DEG = 0.0002
_SHAPES_TOLERANCE_DEG = 0.001

CONTENT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def write_map(result: Result, folder: Path) -> Path:
    """Write `map.html`."""
    path = folder / "map.html"
    path.write_text(draw_page(result), encoding="utf-8", newline="\n")
    return path


def draw_page(result: Result) -> str:
    """Build the page: Folium's map, Leaflet's code, our data and controls."""
    drawn = folium.Map(
        location=(55.4, 11.8), zoom_start=9, tiles=None, prefer_canvas=True, zoom_snap=0.25
    )
    drawn._id = "raastof"
    drawn.default_js, drawn.default_css = [], []
    page: Any = drawn.get_root()
    page._id = "raastof_page"
    page.header.add_child(_verbatim(_head(result)), name="raastof_head")
    page.html.add_child(_verbatim(_body(result)), name="raastof_body")
    page.script.add_child(_verbatim(_script(result, drawn.get_name())), name="raastof_script")
    return _settle(page.render(), result.scenario.said.language)


def _verbatim(text: str) -> Element:
    """Make a part of the page that is not taken for a template, whatever braces it has."""
    element: Any = Element("{{ this.verbatim }}")
    element.verbatim = text
    return cast(Element, element)


def _settle(page: str, language: str) -> str:
    """Name the language, and drop the lines of Folium's page that ask other hosts."""
    page = re.sub(r"<html[^>]*>", f'<html lang="{language}">', page, count=1)
    page = re.sub(r'<link[^>]+href="https?://[^"]*"[^>]*/?>', "", page)
    return re.sub(r'<script[^>]+src="https?://[^"]*"[^>]*></script>', "", page)


def _head(result: Result) -> str:
    style = (Path(leaflet.BASE_DIR) / "leaflet.css").read_text(encoding="utf-8")
    code = (Path(leaflet.BASE_DIR) / "leaflet.js").read_text(encoding="utf-8")
    style = re.sub(r"url\([^)]*\)", "none", style)
    code = re.sub(r"//# sourceMappingURL=.*", "", code).replace("</script", "<\\/script")
    title = _escape(result.scenario.said.title)
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n<style>{_asset('map.css')}</style>\n"
        f"<script>{code}</script>"
    )


def _body(result: Result) -> str:
    """Write the summary strip and the panel; what is in them is filled in by the script."""
    figures = "".join(
        f"<div><dt>{_escape(what)}</dt><dd><b>{_escape(plan)}</b> {_before(before)}</dd></div>"
        for what, plan, before in _key_figures(result)
    )
    return (
        f'<header id="strip"><h1>{_escape(result.scenario.said.title)}</h1>'
        f"<dl>{figures}</dl></header>\n"
        f'<button id="toggle" aria-expanded="false" aria-controls="panel">'
        f"{_escape(str(_PANEL))}</button>\n"
        f'<aside id="panel" aria-label="{_escape(str(_PANEL))}"></aside>\n'
        f"<noscript>{_escape(str(_NO_SCRIPT))}</noscript>"
    )


def _before(figure: str) -> str:
    if not figure:
        return ""
    return f"<span>{_escape(str(_BEFORE))} {_escape(figure)}</span>"


_BEFORE = say("before")
_PANEL = say("Layers and legend")
_NO_SCRIPT = say("The map needs JavaScript; flows.csv has the same figures.")


def _key_figures(result: Result) -> list[tuple[str, str, str]]:
    rows = summarise(result)
    wanted = (0, 2, 4, 6)
    figures = [(str(rows[at][0]), rows[at][1], rows[at][2]) for at in wanted]
    if result.effect.saved_share is not None:
        saved = format_number(100 * result.effect.saved_share, digits=1) + " %"
        figures.insert(1, (str(say("Saved transport emissions")), saved, ""))
    return figures


def _script(result: Result, name: str) -> str:
    # Folium writes its own script, which makes the map, after ours.
    return (
        'document.addEventListener("DOMContentLoaded", () => {\n'
        f"const map = {name};\nconst D = {_embed(describe_map(result))};\n{_asset('map.js')}\n"
        "});"
    )


def describe_map(result: Result) -> dict[str, Any]:
    """Put what the map shows into plain values."""
    metadata = result.network.metadata
    return {
        "texts": {key: str(text) for key, text in _TEXTS.items()},
        "decimal": format_number(0.5, digits=1)[1],
        "group": format_number(1000)[1],
        "periods": list(result.scenario.periods),
        "materials": list(_materials(result)),
        "sites": list(_sites(result)),
        "routes": (routes := _routes(result))[0],
        "flows": list(_flows(result, routes[1])),
        "land": _land(),
        "roads": _base_roads(result),
        "towns": _towns(),
        "attribution": f"{metadata.attribution} ({metadata.osm_date}). "
        + str(say("Municipalities: Geodatastyrelsen and Danish municipalities, 2014.")),
    }


_TEXTS: dict[str, Message] = {
    "materials": say("Materials"),
    "periods": say("Periods"),
    "sites": say("Sites"),
    "need": say("Needs material"),
    "offer": say("Has surplus"),
    "pit": say("Pit"),
    "receiver": say("Receiver"),
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


def _routes(result: Result) -> tuple[list[list[list[float]]], dict[tuple[str, str, str], int]]:
    """Draw each route once, and tell which flow takes which."""
    flows = result.plan.flows
    number: dict[tuple[str, str, str], int] = {}
    lines: list[list[list[float]]] = []
    for origin, destination, vehicle in zip(
        flows["origin"], flows["destination"], flows["vehicle"], strict=True
    ):
        key = (origin, destination, vehicle)
        if key not in number:
            number[key] = len(lines)
            points = result.legs.draw(*key)
            lines.append(_lat_lon(points, _ROUTE_TOLERANCE_DEG))
    return lines, number


def _lat_lon(points: Any, tolerance: float) -> list[list[float]]:
    if len(points) < 2:
        return []
    line = shapely.simplify(shapely.LineString(points), tolerance)
    return [[round(lat, 4), round(lon, 4)] for lon, lat in shapely.get_coordinates(line).tolist()]


def _flows(result: Result, number: dict[tuple[str, str, str], int]) -> Iterator[dict[str, Any]]:
    scenario = result.scenario
    language = scenario.said.language
    uses = {need.id: scenario.catalogue.uses[need.use].called(language) for need in scenario.needs}
    for flow in result.plan.flows.to_dict(orient="records"):
        yield {
            "route": number[(flow["origin"], flow["destination"], flow["vehicle"])],
            "from": flow["origin"],
            "to": flow["destination"],
            "material": flow["material"],
            "period": flow["period"],
            "use": uses.get(flow["taker"], ""),
            "vehicle": scenario.catalogue.vehicles[flow["vehicle"]].called(language),
            "t": round(flow["tonnes"], 1),
            "km": round(flow["length_km"], 1),
            "loads": int(flow["loads"]),
            "kg": round(flow["kg_co2e_wtw"]),
        }


def _land() -> list[dict[str, Any]]:
    areas = load_municipalities()
    return [
        {"name": name, "rings": _rings(shape)}
        for name, shape in zip(
            areas["name"],
            shapely.simplify(areas.geometry.to_numpy(), _SHAPES_TOLERANCE_DEG),
            strict=True,
        )
    ]


def _rings(shape: Any) -> list[list[list[float]]]:
    return [
        [[round(lat, 4), round(lon, 4)] for lon, lat in part.exterior.coords]
        for part in shapely.get_parts(shape)
        if not part.is_empty
    ]


def _base_roads(result: Result) -> list[dict[str, Any]]:
    """Join the large roads into long lines, for the eye only."""
    network = result.network
    layers = []
    for weight, name in zip((2.2, 1.5, 1.0), BASE_ROADS, strict=True):
        edges = np.flatnonzero(network.road_class == ROAD_CLASSES.index(name))
        lines = [
            shapely.LineString(np.column_stack([network.lon[span], network.lat[span]]))
            for edge in edges.tolist()
            for span in [slice(network.point_start[edge], network.point_start[edge + 1])]
        ]
        parts: Any = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(lines)))
        layers.append(
            {
                "weight": weight,
                "lines": [_lat_lon(shapely.get_coordinates(p), _ROAD_TOLERANCE_DEG) for p in parts],
            }
        )
    return layers


def _towns() -> list[dict[str, Any]]:
    return [
        {"name": name, "rank": {"city": 0, "town": 1}.get(kind, 2), "at": [lat, lon]}
        for name, kind, lon, lat in load_towns()[["name", "town_class", "lon", "lat"]].itertuples(
            index=False
        )
    ]


def _embed(value: Any) -> str:
    """Write JSON that cannot end the script it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, code in (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        text = text.replace(character, code)
    return text


def _escape(text: str) -> str:
    """Write text so that HTML and Folium's template take it for text."""
    for character, code in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ('"', "&quot;"),
        ("'", "&#39;"),
    ):
        text = text.replace(character, code)
    return text


def _asset(name: str) -> str:
    return (resources.files("raastof_geo.outputs") / name).read_text(encoding="utf-8")
