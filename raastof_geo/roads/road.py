"""What a road is to a truck, as its tags tell."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from raastof_geo.emissions.limit import TRUCK_LIMITS

_CLASSES = """
    motorway motorway_link trunk trunk_link primary primary_link secondary secondary_link tertiary
    tertiary_link unclassified residential living_street service track ferry
"""
ROAD_CLASSES: tuple[str, ...] = tuple(_CLASSES.split())
"""Classes of road, from OpenStreetMap's `highway`; `ferry` is a crossing for vehicles."""

SURFACES: tuple[str, ...] = ("", "paved", "rough", "gravel", "ground")
"""What a truck drives on, the first where nothing is said: asphalt and concrete (`paved`), sett and
cobblestone (`rough`), gravel and compacted stone (`gravel`), earth and grass (`ground`)."""

LIMITS: tuple[str, ...] = tuple(limit.name for limit in TRUCK_LIMITS)
"""Limits on the size of a truck, by the names that roads, files and scenarios give them."""


def align_limits(named: Mapping[str, float]) -> tuple[float, ...]:
    """Put limits in order. Returns one for each of `LIMITS`, NaN where there is none. [t, m]"""
    return tuple(named.get(name, math.nan) for name in LIMITS)


_ESCAPES = str.maketrans({"%": "%25", ";": "%3B", "=": "%3D"})
_ESCAPED = re.compile("%(25|3B|3D)")


class Access(IntEnum):
    """Who may use a road."""

    OPEN = 0
    LOCAL = 1
    """Only for the first and the last stretch of a trip: `destination`, `private`, `permit` …"""
    CLOSED = 2
    """Not for trucks at all."""


@dataclass(frozen=True)
class Road:
    """What a way is to a truck."""

    road_class: str
    forward: bool = True
    """Open in the direction of its nodes, by `oneway` and its kin."""
    backward: bool = True
    access: Access = Access.OPEN
    maxspeed_km_h: float = math.nan
    """Signed limit, NaN where it is not known. [km/h]"""
    name: str = ""
    """Number and name, as in `E47 Sydmotorvejen`."""
    built_up: bool | None = None
    """Inside a built-up area (`zone:traffic`, `maxspeed:type` …); none where nothing is said."""
    surface: str = ""
    """One of `SURFACES`."""
    limits: tuple[float, ...] = (math.nan,) * len(LIMITS)
    """One for each of `LIMITS`, NaN where there is none. [t, m]"""
    duration_min: float = math.nan
    """How long the whole ferry takes, NaN where it is not said. [min]"""
    toll: bool = False
    """Tagged as a road that trucks pay for."""
    rules: str = ""
    """The tags that decide, where they do so by truck or direction: `maxweight:forward=10`. What
    stands above is then the most that any truck may."""
    level: int = 0
    """Above 0 on a bridge, below 0 in a tunnel, else 0."""
    tags: str = ""
    """The tags that restrict, as they stand: `hgv=no; maxweight=7.5`."""


def split_tags(text: str) -> dict[str, str]:
    """Take the text of `Road.tags` apart. Returns values by key."""
    pairs = (pair.split("=", 1) for pair in text.split("; ") if pair)
    return {_unescape(key): _unescape(value) for key, value in pairs}


def join_tags(tags: Mapping[str, str]) -> str:
    """Write tags as one text. Returns them sorted, `;`, `=`, `%` in a value percent-escaped."""
    pairs = ((key.translate(_ESCAPES), tags[key].translate(_ESCAPES)) for key in sorted(tags))
    return "; ".join(map("=".join, pairs))


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
