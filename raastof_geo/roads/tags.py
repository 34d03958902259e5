"""Tell what the tags of OpenStreetMap mean to a truck."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from raastof_geo.roads.network import ROAD_CLASSES

TAGS_READ: tuple[str, ...] = (
    "highway",
    "name",
    "service",
    "oneway",
    "maxspeed",
    "ref",
    "route",
    "motor_vehicle",
    "access",
    "junction",
    "hgv",
    "maxspeed:hgv",
    "maxspeed:type",
    "vehicle",
    "goods",
    "motorcar",
    "area",
)
"""Every tag that matters here, the commonest first."""

_SAME_CLASS = {"road": "unclassified", "ferry": ""}
_ROAD_ACCESS = ("hgv", "goods", "motor_vehicle", "vehicle", "access")
_FERRY_ACCESS = ("hgv", "goods", "motor_vehicle", "motorcar", "vehicle", "access")
_OPEN = frozenset(
    (
        "yes",
        "designated",
        "permissive",
        "destination",
        "delivery",
        "official",
        "local",
        "discouraged",
        "unsigned",
    )
)
_CLOSED = frozenset(
    (
        "no",
        "private",
        "restricted",
        "permit",
        "residents",
        "employees",
        "customers",
        "agricultural",
        "forestry",
        "agricultural;forestry",
        "emergency",
        "military",
        "bus",
        "psv",
        "taxi",
        "use_sidepath",
    )
)
_ONEWAY_ALONG = frozenset(("yes", "true", "1"))
_ONEWAY_AGAINST = frozenset(("-1", "reverse"))
_ONEWAY_NOT = frozenset(("no", "false", "0", "alternating"))
_ONEWAY_JUNCTIONS = frozenset(("roundabout", "circular"))
_ONEWAY_CLASSES = frozenset(("motorway", "motorway_link"))
_SPEED_TAGS = ("maxspeed:hgv", "maxspeed", "maxspeed:type")
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?")
_KM_PER_H = {None: 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_NATIONAL_LIMITS = {
    "DK:urban": 50.0,
    "DK:rural": 80.0,
    "DK:trunk": 80.0,
    "DK:motorroad": 80.0,
    "DK:motorway": 130.0,
}
"""General limits by § 42 of the Danish Road Traffic Act; trucks have lower ones of their own."""


@dataclass(frozen=True)
class Road:
    """What a way is to a truck."""

    road_class: str
    forward: bool
    backward: bool
    maxspeed_km_h: float
    """Signed limit, NaN where it is not known. [km/h]"""
    name: str


def read_road(tags: Mapping[str, str]) -> Road | None:
    """Say what a way is to a truck, or None where trucks may not drive on it at all."""
    road_class = read_class(tags)
    if road_class is None or not is_open(tags, road_class):
        return None
    forward, backward = read_directions(tags, road_class)
    if not (forward or backward):
        return None
    return Road(road_class, forward, backward, read_maxspeed(tags), read_name(tags))


def read_class(tags: Mapping[str, str]) -> str | None:
    """Give the class of road, or None where the way is no road."""
    if tags.get("area") == "yes":
        return None
    if tags.get("route") == "ferry":
        return "ferry"
    value = tags.get("highway", "")
    value = _SAME_CLASS.get(value, value)
    return value if value in ROAD_CLASSES else None


def is_open(tags: Mapping[str, str], road_class: str) -> bool:
    """Tell whether trucks may drive here; the tag closest to trucks decides.

    A ferry must say that it takes vehicles; a road is open unless it says otherwise.
    """
    if tags.get("service") == "emergency_access":
        return False
    ferry = road_class == "ferry"
    for tag in _FERRY_ACCESS if ferry else _ROAD_ACCESS:
        value = tags.get(tag)
        if value in _CLOSED:
            return False
        if value in _OPEN:
            return not ferry or tag != "access"
    return not ferry


def read_directions(tags: Mapping[str, str], road_class: str) -> tuple[bool, bool]:
    """Tell whether a way may be driven along its nodes, and against them."""
    oneway = tags.get("oneway")
    if oneway in _ONEWAY_NOT:
        return True, True
    if oneway in _ONEWAY_ALONG:
        return True, False
    if oneway in _ONEWAY_AGAINST:
        return False, True
    if oneway == "reversible":
        return False, False
    implied = tags.get("junction") in _ONEWAY_JUNCTIONS or road_class in _ONEWAY_CLASSES
    return True, not implied


def read_maxspeed(tags: Mapping[str, str]) -> float:
    """Give the signed limit, that for trucks before that for all, in km/h."""
    for tag in _SPEED_TAGS:
        value = tags.get(tag)
        if value is not None:
            limit = _lowest_speed(value)
            if not math.isnan(limit):
                return limit
    return math.nan


def read_name(tags: Mapping[str, str]) -> str:
    """Give the number and the name of a road, as in `E47 Sydmotorvejen`."""
    number = "/".join(part.replace(" ", "") for part in tags.get("ref", "").split(";") if part)
    return f"{number} {tags.get('name', '')}".strip()


def _lowest_speed(text: str) -> float:
    limits = [limit for part in text.split(";") if (limit := _speed(part.strip())) > 0]
    return min(limits, default=math.nan)


def _speed(text: str) -> float:
    if text in _NATIONAL_LIMITS:
        return _NATIONAL_LIMITS[text]
    found = _SPEED.fullmatch(text)
    return round(float(found[1]) * _KM_PER_H[found[2]], 1) if found else math.nan
