"""How things look, said once: the map, the charts and the layers for QGIS take it from here.

A site's role has one shape and one colour, which each way of drawing spells in its own words.
Materials, roads and routes have colours that colour-blind readers tell apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from raastof_geo.language import Message, say
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.role import Role

SECONDARY_COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7b3294", "#000000"),
)
"""Okabe and Ito's colours, which colour-blind readers tell apart, and one more."""
VIRGIN_COLOURS = ("#6b6b6b", "#8c6d46", "#a3a3a3", "#b59a76", "#4d4d4d")
VIRGIN_COLOUR = "#8c6d46"
"""Virgin material where all of it has one colour."""
LAND, COAST = "#f4f1e8", "#b9b4a6"
ZONE = "#7b3294"
"""Areas in which soil needs a condition."""
MORE, LESS = "#0072b2", "#d55e00"
"""What the plan has more of than the baseline, and less."""
ROUTE_COLOURS = {"legal": "#0072b2", "free": "#d55e00", "back": "#56b4e9"}
"""The route that a truck may take, the one were nothing closed to it, and the way back."""


@dataclass(frozen=True)
class RoleMark:
    """What a site of one role is called, and how it is drawn."""

    name: Message
    colour: str
    on_page: str
    """SVG for the map, around 0,0 and about 18 wide."""
    in_picture: str
    """Path of SVG for the picture in reports, around 0,0 and about 14 wide."""
    in_chart: str
    """Marker of Matplotlib."""
    in_gis: str
    """Simple marker of QGIS."""
    on_paper: str = ""
    """A darker colour for white paper, where the other would be too light."""

    @property
    def printed(self) -> str:
        """The colour on white paper."""
        return self.on_paper or self.colour


ROLE_MARKS: Mapping[Role, RoleMark] = {
    Role.NEED: RoleMark(
        say("Needs material"),
        "#0b3d5c",
        '<circle r="7" fill="#fff" stroke="#0b3d5c" stroke-width="4"/>',
        "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0Z",
        "o",
        "circle",
    ),
    Role.OFFER: RoleMark(
        say("Has surplus"),
        "#f2a900",
        '<path d="M0,-9L9,7L-9,7Z" fill="#f2a900" stroke="#3d2b00" stroke-width="1.5"/>',
        "M0 -7L7 6L-7 6Z",
        "^",
        "triangle",
        on_paper="#b36b00",
    ),
    Role.PIT: RoleMark(
        say("Pit"),
        "#8c6d46",
        '<rect x="-7" y="-7" width="14" height="14" fill="#8c6d46" stroke="#fff" '
        'stroke-width="1.5"/>',
        "M-6 -6H6V6H-6Z",
        "s",
        "square",
    ),
    Role.RECEIVER: RoleMark(
        say("Receiver"),
        "#5c3c7a",
        '<path d="M0,-9L9,0L0,9L-9,0Z" fill="#5c3c7a" stroke="#fff" stroke-width="1.5"/>',
        "M0 -8L8 0L0 8L-8 0Z",
        "D",
        "diamond",
    ),
    Role.PLANT: RoleMark(
        say("Plant"),
        "#00695c",
        '<path d="M-9,8L-9,-4L-3,0L-3,-4L3,0L3,-4L9,0L9,8Z" fill="#00695c" stroke="#fff" '
        'stroke-width="1.5"/>',
        "M-2 -7H2V-2H7V2H2V7H-2V2H-7V-2H-2Z",
        "P",
        "pentagon",
    ),
    Role.DEPOT: RoleMark(
        say("Depot"),
        "#455a64",
        '<path d="M-10,7L-4,-5L0,1L4,-5L10,7Z" fill="#455a64" stroke="#fff" stroke-width="1.5"/>',
        "M0 -7L7 -2L4 6H-4L-7 -2Z",
        "p",
        "hexagon",
    ),
}
"""By role, in the order of legends."""


@dataclass(frozen=True)
class BurdenClass:
    """Roads with about as many trucks each weekday."""

    least: float
    """[trucks/d]"""
    colour: str
    width_px: float
    gis_colour: str


BURDEN_CLASSES = (
    BurdenClass(0, "#fdd49e", 1.5, "#fee090"),
    BurdenClass(5, "#fdae61", 2.5, "#fdae61"),
    BurdenClass(20, "#f16913", 4, "#f46d43"),
    BurdenClass(50, "#a63603", 6, "#d73027"),
    BurdenClass(150, "#67000d", 8, "#7f0000"),
)
"""From few trucks to many."""


def colour_materials(materials: Iterable[str], catalogue: Catalogue) -> dict[str, str]:
    """Give each material a colour, the same in every output that shows the same ones.

    Returns
    -------
    colours
        `#rrggbb` by material: the secondary ones first, then the virgin ones, each by its id.
    """
    named = sorted(set(materials))
    colours: dict[str, str] = {}
    for origin, shades in (("secondary", SECONDARY_COLOURS), ("virgin", VIRGIN_COLOURS)):
        mine = [name for name in named if catalogue.materials[name].origin == origin]
        colours |= {name: shades[rank % len(shades)] for rank, name in enumerate(mine)}
    return colours


def as_rgba(colour: str, *, opacity: int = 255) -> str:
    """Write `#rrggbb` as QGIS does.

    Returns
    -------
    rgba
        `r,g,b,a`, each from 0 to 255.
    """
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return ",".join(map(str, [*parts, opacity]))


def attribute_maps(network: RoadNetwork) -> str:
    """Name the sources of the roads and of the municipalities under them, as licences ask."""
    roads = f"{network.metadata.attribution} ({network.metadata.osm_date})"
    areas = say("Municipalities: Geodatastyrelsen and Danish municipalities, 2014.")
    return f"{roads}. {areas}"
