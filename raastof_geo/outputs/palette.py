"""How things look, said once: the map, the charts and the layers for QGIS take it from here.

A site's role has one shape and one colour, which each way of drawing spells in its own words; the
map's own shapes stand in `sites.js`, and what only it draws has its colours in the script as well.
A material has the hue of its family and a lightness of its own, so that no two are alike, on the
screen, on a grey print, or to readers who do not see red and green.
"""

from collections.abc import Iterable, Mapping
from math import cos, radians, sin
from typing import NamedTuple
from raastof_geo.arrays import group_by
from raastof_geo.language import Message, format_day, read_data, read_texts, spoken_language
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.scenario.catalogue import Catalogue, FamilyName
from raastof_geo.scenario.said.entry import Role

VIRGIN_COLOUR = "#8c6d46"
"""Virgin material where all of it has one colour."""
LAND, COAST = "#f4f1e8", "#b9b4a6"
ZONE = "#7b3294"
"""Areas in which soil needs a condition."""
ROUTE_COLOURS = {"legal": "#0072b2", "free": "#d55e00", "back": "#56b4e9"}
"""The route that a truck may take, the one were nothing closed to it, and the way back."""
_LOOKS = read_data("palette.toml")
ROADS_DRAWN = _LOOKS["roads drawn"]
"""Roads under everything else: those of any place, and those near what a map is about."""
_DARKEST, _LIGHTEST = 22.0, 76.0
"""Lightness of the materials: all are seen on land and on white paper. [L*]"""


class RoleMark(NamedTuple):
    """How a site of one role is drawn; `data/palette.toml` tells what each way is."""

    colour: str
    in_picture: str
    in_chart: str
    in_gis: str
    on_paper: str
    """The colour on white paper."""


class BurdenClass(NamedTuple):
    """Roads with about as many trucks each weekday."""

    least: float
    """[trucks/d]"""
    colour: str
    width_px: float


class MaterialFamily(NamedTuple):
    """Materials that are shown in shades of one colour."""

    name: Message
    hue_deg: float
    """On the circle of CIELAB. [degrees]"""
    chroma: float


ROLE_MARKS = {
    Role(one): RoleMark(**{"on_paper": look["colour"]} | look)
    for one, look in _LOOKS["roles"].items()
}
"""By role, in the order of legends."""
BURDEN_CLASSES = [BurdenClass(**one) for one in _LOOKS["burden"]]
FAMILIES: Mapping[FamilyName, MaterialFamily] = {
    one: MaterialFamily(read_texts("families")[one], **look)
    for one, look in _LOOKS["families"].items()
}
"""By what the catalogue calls them."""


def colour_materials(materials: Iterable[str], catalogue: Catalogue) -> dict[str, str]:
    """Colour materials, alike in all outputs that show the same ones. Returns `#rrggbb` by id.

    Family by family, each by its id: no two have the same lightness, and those of one family lie
    far from each other.
    """
    members = group_by(sorted(set(materials)), lambda name: catalogue.materials[name].kin)
    known = [family for family in FAMILIES if members[family]]
    # Each family is spread over the whole way from dark to light.
    dealt = sorted(
        ((rank + 0.5) / len(members[family]), family, name)
        for family in known
        for rank, name in enumerate(members[family])
    )
    step = (_LIGHTEST - _DARKEST) / max(1, len(dealt) - 1)
    colours = {
        name: _paint(_DARKEST + rank * step, FAMILIES[family])
        for rank, (_, family, name) in enumerate(dealt)
    }
    return {name: colours[name] for family in known for name in members[family]}


def _paint(lightness: float, family: MaterialFamily) -> str:
    """Spell a colour of CIELAB (white D65), paler where the screen cannot show it. `#rrggbb`"""
    for percent in range(100, -1, -5):
        chroma = family.chroma * percent / 100
        a, b = (chroma * turn(radians(family.hue_deg)) for turn in (cos, sin))
        roots = ((lightness + 16) / 116 + shift for shift in (a / 500, 0.0, -b / 200))
        cubes = (t**3 if t > 6 / 29 else 3 * (6 / 29) ** 2 * (t - 4 / 29) for t in roots)
        x, y, z = (white * t for white, t in zip((0.9505, 1.0, 1.089), cubes, strict=True))
        light = (
            3.2406 * x - 1.5372 * y - 0.4986 * z,
            -0.9689 * x + 1.8758 * y + 0.0415 * z,
            0.0557 * x - 0.2040 * y + 1.0570 * z,
        )
        if all(-0.002 <= part <= 1.002 for part in light):
            break
    parts = (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in light)
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, part))):02x}" for part in parts)


def attribute_maps(network: RoadNetwork) -> str:
    """Name the sources of the roads and of the municipalities under them, as licences ask."""
    date, credit = network.metadata.osm_date, network.region.credit
    roads = network.metadata.attribution + (f" ({format_day(date)})" if date else "")
    areas = credit.get(spoken_language()) or next(iter(credit.values()), "")
    return f"{roads}. {areas}".strip()
