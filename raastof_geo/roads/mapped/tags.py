"""Tell what the tags of OpenStreetMap mean to a heavy truck, one of more than 3.5 t."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from raastof_geo.roads.mapped import keys, rules
from raastof_geo.roads.road import ROAD_CLASSES, SURFACES, Access, Road, join_tags, split_tags

_CLASSES = frozenset(ROAD_CLASSES)
_SAME_CLASS = {"road": "unclassified", "ferry": ""}

_LOCAL_SERVICES = frozenset(("driveway", "parking_aisle", "drive-through"))
_LOCAL_TRACKS = frozenset(("grade4", "grade5"))

_NAMING = ("name", "ref")

_SPEED_TAGS = ("maxspeed:type", "source:maxspeed", "zone:maxspeed")
"""What tells the speed where `maxspeed` does not."""

_ZONE_TAGS = ("zone:traffic", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "maxspeed")
_ZONE = re.compile(r"[A-Z]{2}(?:-[A-Z]+)?:(?:(urban|rural)(?::.*)?|(?:zone:?)?(\d{1,2}))")
_FASTEST_ZONE_KM_PER_H = 50

_SURFACES, _TRACKS = keys.by_word("surface"), keys.by_word("tracktype")
_ROUGHNESS = {surface: rank for rank, surface in enumerate(SURFACES)}

_BARRIERS = keys.by_word("barrier")
"""Barriers that trucks pass: `gate` unless they are locked, or `open`; all others they do not."""

_RULED_BY = frozenset(("junction", "service", "tracktype", "ford", *_SPEED_TAGS))
_RULED_AT_BARRIERS = frozenset(("barrier", "locked", "ford"))
"""Other tags that decide what a way, or a barrier, is to a truck."""

_EXPLAINING: dict[str, frozenset[str] | None] = {
    "service": _LOCAL_SERVICES | {"emergency_access"},
    "tracktype": _LOCAL_TRACKS,
    "ford": None,
    "barrier": None,
    "locked": frozenset(("yes",)),
}
"""Tags that tell why a road is as it is, and with which values; None for all but `no`."""
_TOLD_OF = {
    "track": frozenset(("ford", "service", "tracktype")),
    "ferry": frozenset(("ford", "service", "motorcar")),
}
_TOLD_OF_ROADS = frozenset(("ford", "service"))
_CARS = re.compile("motorcar(?=:|$)")


def read_road(tags: Mapping[str, str]) -> Road | None:
    """Say what a way is to a truck, or None where it is no road (a foot path, a building site).

    A road that trucks may not use is a road with `Access.CLOSED`. A ferry must say that it takes
    motor vehicles; a road is open unless it says otherwise. Where something hangs on the truck or
    on the direction, the road is as open as it is to any truck, and `rules` say the rest.
    """
    road = _read_nameless(tuple((key, tags[key]) for key in tags if key not in _NAMING))
    return road and replace(road, name=_read_name(tags))


@lru_cache(8192)
def _read_nameless(items: tuple[tuple[str, str], ...]) -> Road | None:
    """Read a road but for its name: most roads have one of their own, and few have other tags."""
    tags = dict(items)
    road_class = read_class(tags)
    if road_class is None or (road_class == "ferry" and not _takes_motor_vehicles(tags)):
        return None
    varied = rules.varies(tags)
    signed, passages = judge_way(tags, road_class, varied=varied)
    open_ways = signed if any(signed) else (True, True)
    left = [
        way and one.access is not Access.CLOSED for way, one in zip(signed, passages, strict=True)
    ]
    usable = [one for one, way in zip(passages, left, strict=True) if way]
    forward, backward = left if usable else open_ways
    limits, maxspeed_km_h = _join_ways(*passages)
    return Road(
        road_class=road_class,
        forward=forward,
        backward=backward,
        access=min(one.access for one in usable) if usable else Access.CLOSED,
        limits=limits,
        maxspeed_km_h=maxspeed_km_h,
        rules=_join_rules(tags, _RULED_BY) if varied else "",
        **{field: read(tags, road_class) for field, read in READERS.items()},
    )


def judge_way(
    tags: Mapping[str, str],
    road_class: str,
    truck: keys.Truck | None = None,
    *,
    errand: bool = False,
    varied: bool = True,
) -> tuple[tuple[bool, bool], tuple[rules.Passage, rules.Passage]]:
    """Say which directions are signed as open, and what a truck meets along each.

    `truck`: none for what any truck may meet at best; `errand`: whether its trip begins or ends
    here; `varied`: whether directions may differ at all.
    """
    if road_class == "ferry":
        tags = {_CARS.sub("motor_vehicle", name): value for name, value in tags.items()} | dict(
            tags
        )
    words = rules.read_words(tags)
    found = []
    for direction in ("forward", "backward") if varied else ("forward",):
        access = rules.decide_access(words, direction, truck, errand)
        speed = rules.decide_speed(words, direction, truck)
        found.append(
            rules.Passage(
                _soften(tags, road_class, access),
                rules.decide_limits(words, direction, truck, errand),
                _speed_by_zone(tags) if speed is None else speed if speed < math.inf else math.nan,
            )
        )
    return rules.decide_oneway(words, tags, road_class, truck), (found[0], found[-1])


def _join_ways(ahead: rules.Passage, back: rules.Passage) -> tuple[tuple[float, ...], float]:
    """Give the limits that bind in both directions, and the lower limit of speed. [t, m; km/h]"""
    if ahead is back:
        return ahead.limits, ahead.maxspeed_km_h
    same = ahead.limits is back.limits
    limits = ahead.limits if same else tuple(np.maximum(ahead.limits, back.limits).tolist())
    return limits, float(np.fmin(ahead.maxspeed_km_h, back.maxspeed_km_h))


def read_class(tags: Mapping[str, str]) -> str | None:
    """Give the class of road, or None where the way is no road."""
    if tags.get("area") == "yes":
        return None
    if tags.get("route") == "ferry":
        return "ferry"
    value = tags.get("highway", "")
    value = _SAME_CLASS.get(value, value)
    return value if value in _CLASSES else None


def read_barrier(tags: Mapping[str, str]) -> Road | None:
    """Say what a barrier, a ford or a limit on a node does; None if it is nothing, beyond doubt."""
    if "barrier" not in tags and not _has_ford(tags) and not any(map(_is_size, tags)):
        return None
    if "barrier" not in tags:
        tags = {name: value for name, value in tags.items() if _is_size(name) or name == "ford"}
    found = judge_barrier(tags)
    text = _join_telling(tags, _RULED_AT_BARRIERS)
    free = found.access is Access.OPEN and all(map(math.isnan, found.limits))
    if free and not rules.varies(tags) and not find_doubts(text):
        return None
    ruled = _join_rules(tags, _RULED_AT_BARRIERS) if rules.varies(tags) else ""
    return Road("service", access=found.access, limits=found.limits, tags=text, rules=ruled)


def judge_barrier(
    tags: Mapping[str, str], truck: keys.Truck | None = None, *, errand: bool = False
) -> rules.Passage:
    """Say what a truck meets at a barrier, a ford or a limit.

    A node has no direction: what is said of either holds in both, the stricter first.
    """
    words, kind = rules.read_words(tags), tags.get("barrier")
    ways = ("forward", "backward") if rules.varies(tags) else ("",)
    said = (
        [rules.decide_access(words, way, truck, errand) for way in ways] if kind else [Access.OPEN]
    )
    known = [one for one in said if one is not None]
    if _has_ford(tags):
        access = Access.CLOSED
    elif known:
        access = max(known)
    else:
        passed = _BARRIERS.get(kind or "")
        locked = passed == "gate" and tags.get("locked") == "yes"
        access = Access.LOCAL if locked else Access.OPEN if passed else Access.CLOSED
    ahead, back = (rules.decide_limits(words, way, truck, errand) for way in (ways[0], ways[-1]))
    limits = ahead if len(ways) == 1 else tuple(np.fmin(ahead, back).tolist())
    return rules.Passage(access, limits, math.nan)


def find_doubts(tags: str) -> tuple[tuple[str, str, str], ...]:
    """Find what deserves a look in OpenStreetMap in the text of `Road.tags`: kind, key, value.

    Kinds are `conditional` (hangs on a clock) and `unclear` conditions, `lanes` (of single ones),
    `unknown_key`, `unreadable` values, `implausible` limits and `unknown_access`.
    """
    pairs = split_tags(tags).items()
    return tuple(
        (kind, key, value) for key, value in pairs if (kind := rules.find_doubt(key, value))
    )


def _join_rules(tags: Mapping[str, str], more: Iterable[str]) -> str:
    """Write the tags that decide for trucks as one text, and `more` of them."""
    return join_tags({name: tags[name] for name in tags if name in more or keys.read_key(name)})


def _read_level(tags: Mapping[str, str]) -> int:
    """Give the `layer` of a bridge, 1 at least, or of a tunnel, -1 at most; a street has 0."""
    layer = tags.get("layer", "").strip()
    said = int(layer) if re.fullmatch(r"[+-]?[0-9]", layer) else 0
    if tags.get("bridge", "no") != "no":
        return max(said, 1)
    # A passage through a house is a street.
    return min(said, -1) if tags.get("tunnel", "no") not in ("no", "building_passage") else 0


def _soften(tags: Mapping[str, str], road_class: str, access: Access | None) -> Access:
    """Say who may use a road of a class, by what its tags say of access."""
    service = tags.get("service")
    if service == "emergency_access" or _has_ford(tags):
        return Access.CLOSED
    soft = road_class == "track" and tags.get("tracktype") in _LOCAL_TRACKS
    # Nobody hauls gravel through driveways, car parks and soft tracks.
    if not access and road_class != "ferry" and (service in _LOCAL_SERVICES or soft):
        return (
            Access.OPEN if rules.read_access(tags.get("hgv", "")) is Access.OPEN else Access.LOCAL
        )
    return access or Access.OPEN


def _takes_motor_vehicles(tags: Mapping[str, str]) -> bool:
    values = [rules.read_access(tags.get(name, "")) for name in ("motor_vehicle", "vehicle")]
    everyone = next((access for access in values if access is not None), None)
    kinds = [rules.read_access(tags.get(name, "")) for name in ("hgv", "motorcar")]
    return any(access not in (None, Access.CLOSED) for access in (*kinds, everyone))


def _has_ford(tags: Mapping[str, str]) -> bool:
    return tags.get("ford", "no") != "no"


def _speed_by_zone(tags: Mapping[str, str]) -> float:
    """Give the limit that the kind of a limit or a zone implies, NaN where none does. [km/h]"""
    found = (rules.READ_VALUE["maxspeed"](tags[tag]) for tag in _SPEED_TAGS if tag in tags)
    return next((speed for speed in found if speed < math.inf), math.nan)


def _read_name(tags: Mapping[str, str]) -> str:
    number = "/".join(part.replace(" ", "") for part in tags.get("ref", "").split(";") if part)
    return f"{number} {tags.get('name', '')}".strip()


def _read_built_up(tags: Mapping[str, str]) -> bool | None:
    for tag in _ZONE_TAGS:
        value = tags.get(tag)
        found = _ZONE.fullmatch(value) if value and ":" in value else None
        if found and found[1]:
            return found[1] == "urban"
        if found and int(found[2]) <= _FASTEST_ZONE_KM_PER_H:
            return True
    return None


def _read_surface(tags: Mapping[str, str], road_class: str) -> str:
    known = (_SURFACES.get(part, "") for part in keys.parts(tags.get("surface", "")))
    surface = max(known, key=_ROUGHNESS.__getitem__, default="")
    if not surface and road_class == "track":
        surface = _TRACKS.get(tags.get("tracktype", ""), "")
    return surface


def _read_toll(tags: Mapping[str, str]) -> bool:
    for_trucks = tags.get("toll:hgv")
    return for_trucks == "yes" or (for_trucks != "no" and tags.get("toll") == "yes")


def strictest_limit(tag: str, values: Iterable[str]) -> str:
    """Give the lowest of several values of a tag that limits trucks, as it stands among them."""
    key = keys.read_key(tag)
    read = keys.READ_SIZE[
        keys.LIMIT_OF[key.base][1].unit if key and key.base in keys.LIMIT_OF else "m"
    ]
    return min(values, key=lambda one: (math.isnan(read(one)), read(one)))


def _is_size(name: str) -> bool:
    return bool((key := keys.read_key(name)) and key.base in keys.LIMIT_OF)


def _join_telling(tags: Mapping[str, str], explaining: frozenset[str]) -> str:
    """Write the tags that restrict, are in doubt, or explain why a road is as it is."""
    return join_tags(
        {
            name: value
            for name, value in tags.items()
            if (_explains(name, value) if name in explaining else _tells(name, value))
        }
    )


def _explains(name: str, value: str) -> bool:
    wanted = _EXPLAINING.get(name, frozenset((value,)) - rules.PLAINLY_OPEN)
    return value != "no" if wanted is None else value in wanted


def _tells(name: str, value: str) -> bool:
    key = keys.read_key(name)
    if key is None or key.base == "restriction":
        return False
    if key.conditional or key.doubt or rules.find_doubt(name, value):
        return True
    if key.base == "access":
        return value not in rules.PLAINLY_OPEN
    if key.base in ("oneway", "maxspeed"):
        return value == "reversible" or key.varies
    return bool(rules.READ_VALUE[key.base](value) != math.inf)


# What each field of a road is read from.

READERS: dict[str, Callable[[Mapping[str, str], str], Any]] = {
    "built_up": lambda tags, _: _read_built_up(tags),
    "surface": _read_surface,
    "duration_min": lambda tags, of: keys.read_minutes(
        tags.get("duration", "") if of == "ferry" else ""
    ),
    "toll": lambda tags, _: _read_toll(tags),
    "level": lambda tags, _: _read_level(tags),
    "tags": lambda tags, kind: _join_telling(tags, _TOLD_OF.get(kind, _TOLD_OF_ROADS)),
}
"""How a field of `Road` is read from the tags of a way and its class; name, access, directions,
limits and speed, which may hang on the truck, are read by `read_road` itself."""
