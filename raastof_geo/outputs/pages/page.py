"""Draw pages that are one file, hold a map, and need no internet.

The only module that knows Folium. Folium builds the page; Leaflet comes out of
the wheel XStatic-Leaflet and is written into it, as are the municipalities,
the large roads and the names of towns that lie under everything else.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from importlib import resources
from pathlib import Path
from typing import Any, cast

import folium
import numpy as np
import shapely
from branca.element import Element
from xstatic.pkg import leaflet

from raastof_geo.language import format_number
from raastof_geo.outputs.palette import attribute_maps
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.places import load_municipalities, load_towns
from raastof_geo.roads.road import ROAD_CLASSES

BASE_ROADS = ("motorway", "trunk", "primary")
_CONTENT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)

_ROAD_TOLERANCE_DEG = 0.0015
_SHAPES_TOLERANCE_DEG = 0.001


def draw_page(
    *, title: str, language: str, body: str, data: dict[str, Any], script: str, images: str = ""
) -> str:
    """Build a page: Folium's map, Leaflet's code, our data and controls.

    Parameters
    ----------
    body
        HTML that stands beside the map; every text in it escaped.
    data
        Plain values that the script finds as `D`.
    script
        Name of the script in this folder that follows `base.js`.
    images
        The one host that the page may ask for pictures, if the reader wants it to; none: nobody.
    """
    drawn = folium.Map(
        location=(55.4, 11.8), zoom_start=9, tiles=None, prefer_canvas=True, zoom_snap=0.25
    )
    drawn._id = "raastof"
    drawn.default_js, drawn.default_css = [], []
    page: Any = drawn.get_root()
    page._id = "raastof_page"
    code = _write_script(drawn.get_name(), data, script)
    page.header.add_child(_verbatim(_write_head(title, images)), name="raastof_head")
    page.html.add_child(_verbatim(body), name="raastof_body")
    page.script.add_child(_verbatim(code), name="raastof_script")
    return _settle(page.render(), language)


def describe_base(network: RoadNetwork) -> dict[str, Any]:
    """Put what lies under everything else into plain values.

    Returns
    -------
    data
        For `base.js`: municipalities (`land`), large roads by class (`roads`) and names (`towns`),
        in degrees, latitude first; how numbers are written; and whose maps they are.
    """
    return {
        "decimal": format_number(0.5, digits=1)[1],
        "group": format_number(1000)[1],
        "land": _land(),
        "roads": _base_roads(network),
        "towns": _towns(),
        "attribution": attribute_maps(network),
    }


def pack(kind: type[Any], rows: Iterable[Any]) -> dict[str, Any]:
    """Put rows of one dataclass into plain values that say what they are.

    Returns
    -------
    table
        `columns`, the names of the fields, and `rows`, lists of cells in their order, for
        `readTable` in `base.js`: a name stands in the page once, and no script counts cells.
    """
    columns = [field.name for field in fields(kind)]
    return {"columns": columns, "rows": [[getattr(row, name) for name in columns] for row in rows]}


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


def _write_head(title: str, images: str) -> str:
    style = (Path(leaflet.BASE_DIR) / "leaflet.css").read_text(encoding="utf-8")
    code = (Path(leaflet.BASE_DIR) / "leaflet.js").read_text(encoding="utf-8")
    style = re.sub(r"url\([^)]*\)", "none", style)
    code = re.sub(r"//# sourceMappingURL=.*", "", code).replace("</script", "<\\/script")
    policy = _CONTENT_POLICY.replace("img-src data:", f"img-src data: {images}".rstrip())
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n<style>{read_asset('map.css')}</style>\n"
        f"<script>{code}</script>"
    )


def _write_script(name: str, data: dict[str, Any], script: str) -> str:
    # Folium writes its own script, which makes the map, after ours.
    return (
        'document.addEventListener("DOMContentLoaded", () => {\n'
        f"const map = {name};\nconst D = {_embed(data)};\n"
        f"{read_asset('base.js')}\n{read_asset(script)}\n}});"
    )


def _land() -> list[dict[str, Any]]:
    areas = load_municipalities()
    shapes = shapely.simplify(areas.geometry.to_numpy(), _SHAPES_TOLERANCE_DEG)
    return [
        {
            "name": name,
            "rings": [_turn(part.exterior.coords) for part in parts if not part.is_empty],
        }
        for name, parts in zip(areas["name"], map(shapely.get_parts, shapes), strict=True)
    ]


def _turn(points: Iterable[Any]) -> list[list[float]]:
    """Put latitude first, as Leaflet wants it, and round to 1e-4 degrees."""
    return [[round(lat, 4), round(lon, 4)] for lon, lat in points]


def _base_roads(network: RoadNetwork) -> list[dict[str, Any]]:
    """Join the large roads into long lines, for the eye only."""
    layers = []
    for weight, name in zip((2.2, 1.5, 1.0), BASE_ROADS, strict=True):
        edges = np.flatnonzero(network.road_class == ROAD_CLASSES.index(name))
        drawn = [shapely.LineString(network.cut(edge, 0.0, 1.0)) for edge in edges.tolist()]
        parts: Any = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(drawn)))
        lines = [lat_lon(shapely.get_coordinates(part), _ROAD_TOLERANCE_DEG) for part in parts]
        layers.append({"weight": weight, "lines": lines})
    return layers


def _towns() -> list[dict[str, Any]]:
    towns: Iterator[Any] = load_towns().itertuples()
    return [
        {"name": one.name, "rank": _RANKS.get(one.town_class, 2), "at": [one.lat, one.lon]}
        for one in towns
    ]


_RANKS = {"city": 0, "town": 1}
"""Which names are drawn first; all others come after these."""


def lat_lon(points: Any, tolerance_deg: float) -> list[list[float]]:
    """Simplify a line and round it, latitude first as Leaflet wants it.

    Parameters
    ----------
    points
        Lon and lat. [degrees, points × 2]
    tolerance_deg
        How far the drawn line may lie from the points; a second of latitude is 31 m. [degrees]

    Returns
    -------
    points
        Latitude and longitude, to 1e-4 degrees or about 10 m; none where there is no line.
    """
    if len(points) < 2:
        return []
    line = shapely.simplify(shapely.LineString(points), tolerance_deg)
    return _turn(shapely.get_coordinates(line).tolist())


def encode_line(points: Any, tolerance_deg: float) -> str:
    """Simplify a line and write it as Google's encoded polyline, to 1e-4 degrees.

    Source: developers.google.com/maps/documentation/utilities/polylinealgorithm, which has 1e-5:
    a tenth of that is enough for the eye, and a page with thousands of routes stays small.

    Returns
    -------
    text
        Differences from point to point, zigzag so that signs are small numbers, five bits a
        letter, the lowest first; `decode` in `map.js` reads it.
    """
    steps = [[round(1e4 * lat), round(1e4 * lon)] for lat, lon in lat_lon(points, tolerance_deg)]
    text, before = [], (0, 0)
    for lat, lon in steps:
        for now, then in zip((lat, lon), before, strict=True):
            value = (now - then) << 1
            value = ~value if value < 0 else value
            while value >= 0x20:
                text.append(chr((0x20 | (value & 0x1F)) + 63))
                value >>= 5
            text.append(chr(value + 63))
        before = (lat, lon)
    return "".join(text)


def _embed(value: Any) -> str:
    """Write JSON that cannot end the script it stands in; dataclasses become objects."""
    text = json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=asdict
    )
    return text.translate(_IN_SCRIPT)


_IN_SCRIPT = str.maketrans({one: f"\\u{ord(one):04x}" for one in "<\u2028\u2029"})
_IN_PAGE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def escape(text: str) -> str:
    """Write text so that HTML and Folium's template take it for text, inside quotes as well."""
    return text.translate(_IN_PAGE)


def read_asset(name: str) -> str:
    """Read a script or style that lies in this folder."""
    return (resources.files("raastof_geo.outputs.pages") / name).read_text(encoding="utf-8")
