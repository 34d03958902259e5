"""Tell what the tags of OpenStreetMap mean to a heavy truck, one of more than 3.5 t."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from raastof_geo.emissions.limit import TRUCK_LIMITS
from raastof_geo.roads.mapped.amounts import is_readable, read_mass_t, read_metres, read_minutes
from raastof_geo.roads.road import LIMITS, NO_LIMITS, ROAD_CLASSES, SURFACES, Access, Road

_CLASSES = frozenset(ROAD_CLASSES)
_SAME_CLASS = {"road": "unclassified", "ferry": ""}
_Meaning = TypeVar("_Meaning")


def _by_word(words: Mapping[_Meaning, str]) -> dict[str, _Meaning]:
    """Give the meaning of each word, of a table that has the words of each meaning."""
    return {word: meaning for meaning, text in words.items() for word in text.split()}


_ROAD_ACCESS = ("hgv", "goods", "motor_vehicle", "vehicle", "access")
_FERRY_ACCESS = ("hgv", "goods", "motor_vehicle", "motorcar", "vehicle", "access")
_ACCESS_FORWARD = tuple(f"{tag}:forward" for tag in _ROAD_ACCESS)
_ACCESS_BACKWARD = tuple(f"{tag}:backward" for tag in _ROAD_ACCESS)
_CONDITIONAL = ":conditional"
_DIRECTED_TAGS = frozenset((*_ACCESS_FORWARD, *_ACCESS_BACKWARD))
_PLAINLY_OPEN = frozenset(("yes", "designated", "permissive", "official"))
_ACCESS_VALUES = {
    **dict.fromkeys((*_PLAINLY_OPEN, "discouraged", "unsigned"), Access.OPEN),
    **_by_word(
        {
            Access.LOCAL: "destination delivery private permit customers residents employees local",
            Access.CLOSED: "no restricted agricultural forestry military emergency bus psv taxi"
            " use_sidepath",
        }
    ),
}

_LOCAL_SERVICES = frozenset(("driveway", "parking_aisle", "drive-through"))
_LOCAL_TRACKS = frozenset(("grade4", "grade5"))

_ONEWAY = ("oneway:hgv", "oneway:motor_vehicle", "oneway")
_DIRECTIONS = _by_word(
    {
        (True, False): "yes true 1",
        (False, True): "-1 reverse",
        (True, True): "no false 0 alternating",
        (False, False): "reversible",
    }
)
_ONEWAY_JUNCTIONS = frozenset(("roundabout", "circular"))
_ONEWAY_CLASSES = frozenset(("motorway", "motorway_link"))

_SPEED_TAGS = ("maxspeed:hgv", "maxspeed", "maxspeed:type")
_SPEED = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)\s*(km/h|kmh|kph|mph|knots)?")
_KM_PER_H = {None: 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_NATIONAL_LIMITS = {
    **dict.fromkeys(("DK:rural", "DK:trunk", "DK:motorroad"), 80.0),
    "DK:urban": 50.0,
    "DK:motorway": 130.0,
}
"""General limits by § 42 of the Danish Road Traffic Act; trucks have lower ones of their own."""

_ZONE_TAGS = ("zone:traffic", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "maxspeed")
_ZONE = re.compile(r"[A-Z]{2}(?:-[A-Z]+)?:(?:(urban|rural)(?::.*)?|(?:zone:?)?(\d{1,2}))")
_FASTEST_ZONE_KM_PER_H = 50

_SURFACES = _by_word(
    {
        "paved": "paved asphalt tarmac chipseal concrete concrete:plates concrete:lanes cement"
        " paving_stones paving_stones:lanes bricks brick metal metal_grid wood",
        "rough": "sett cobblestone cobblestone:flattened unhewn_cobblestone stone grass_paver",
        "gravel": "unpaved gravel fine_gravel compacted pebblestone crushed_stone chippings stones",
        "ground": "ground dirt earth soil clay mud sand grass rock woodchips",
    }
)
_TRACKS = _by_word({"paved": "grade1", "gravel": "grade2", "ground": "grade3 grade4 grade5"})
_ROUGHNESS = {surface: rank for rank, surface in enumerate(SURFACES)}

_GATES = frozenset(("gate", "lift_gate", "sliding_gate", "swing_gate"))
_BARRIERS = dict.fromkeys(_GATES, Access.OPEN) | _by_word(
    {
        Access.OPEN: "no arch border_control cattle_grid entrance height_restrictor kerb"
        " sally_port spikes toll_booth"
    }
)
"""Barriers that trucks pass; all others they do not."""

TURN_TAGS = (*(f"restriction:{tag}" for tag in _ROAD_ACCESS[:-1]), "restriction")
"""Tags of turn restrictions that bind trucks, the closest to a truck first."""
_TURN_TIMES = frozenset(("day_on", "day_off", "hour_on", "hour_off"))
_TURN_FREED = frozenset(("hgv", "goods", "motor_vehicle"))


_READ: dict[str, Callable[[str], float]] = {"t": read_mass_t, "m": read_metres}
_BOGIE = replace(TRUCK_LIMITS[LIMITS.index("maxaxleload_t")], tags=("maxbogieweight",))
"""Kept among the tags and told where it is in doubt, but trucks are not held against it."""
_LIMIT_OF = {tag: limit for limit in (_BOGIE, *TRUCK_LIMITS) for tag in limit.tags}
_LIMIT_TAGS = frozenset(_LIMIT_OF)
_ACCESS_TAGS = _DIRECTED_TAGS | set(_FERRY_ACCESS)

_EXPLAINING: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(_ONEWAY, frozenset(("reversible",))),
    "service": _LOCAL_SERVICES | {"emergency_access"},
    "tracktype": _LOCAL_TRACKS,
    "ford": None,
    "barrier": None,
    "locked": frozenset(("yes",)),
}
"""Other tags that tell why a road is as it is, and with which values; None for all but `no`."""


def _and_conditions(tags: Iterable[str]) -> frozenset[str]:
    return frozenset(name for tag in tags for name in (tag, tag + _CONDITIONAL))


_TOLD = _and_conditions((*_ROAD_ACCESS, *_DIRECTED_TAGS, *_LIMIT_OF)) | {"ford"}
_TOLD_OF_ROADS = _TOLD | {*_ONEWAY, "service"}
_TOLD_OF = {
    "track": _TOLD_OF_ROADS | {"tracktype"},
    "ferry": _TOLD_OF_ROADS | _and_conditions(("motorcar",)),
}
_TOLD_OF_BARRIERS = _TOLD | {"barrier", "locked"}

_ESCAPES = str.maketrans({"%": "%25", ";": "%3B", "=": "%3D"})
_ESCAPED = re.compile("%(25|3B|3D)")


def read_road(tags: Mapping[str, str]) -> Road | None:
    """Say what a way is to a truck, or None where it is no road (a foot path, a building site).

    A road that trucks may not use is a road with `Access.CLOSED`. A ferry must say that it takes
    motor vehicles; a road is open unless it says otherwise.
    """
    road_class = read_class(tags)
    if road_class is None or (road_class == "ferry" and not _takes_motor_vehicles(tags)):
        return None
    directions = _read_oneway(tags, road_class)
    closed = not any(directions)
    directions = (True, True) if closed else directions
    left = _read_directions(tags, *directions)
    closed = closed or not any(left)
    forward, backward = left if any(left) else directions
    return Road(
        road_class=road_class,
        forward=forward,
        backward=backward,
        access=Access.CLOSED if closed else _read_access(tags, road_class),
        **{field: read(tags, road_class) for field, read in READERS.items()},
    )


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
    """Say what a barrier or a ford on a node does; None where it does nothing, beyond doubt."""
    kind, ford = tags.get("barrier"), _has_ford(tags)
    if kind is None and not ford:
        return None
    access = _decide(tags, _ROAD_ACCESS)
    if ford:
        access = Access.CLOSED
    elif access is None:
        locked = kind in _GATES and tags.get("locked") == "yes"
        access = Access.LOCAL if locked else _BARRIERS.get(kind or "", Access.CLOSED)
    limits = _read_limits(tags)
    text = _join_telling(tags, _TOLD_OF_BARRIERS)
    free = access is Access.OPEN and all(map(math.isnan, limits)) and not find_doubts(text)
    return None if free else Road("service", access=access, limits=limits, tags=text)


def read_turn(tags: Mapping[str, str]) -> str | None:
    """Say whether a turn is forbidden to trucks (`no`), every other one is (`only`), or neither."""
    if _frees_trucks(tags) or _has_times(tags):
        return None
    return next((rule for tag in TURN_TAGS if (rule := _turn_rule(tags.get(tag, "")))), None)


def turn_doubt(tags: Mapping[str, str]) -> bool:
    """Tell whether a turn restriction may bind heavy trucks at times, or cannot be read."""
    if _frees_trucks(tags):
        return False
    values = [tags[tag] for tag in TURN_TAGS if tag in tags]
    timed = bool(values) and _has_times(tags)
    conditional = any(tag + _CONDITIONAL in tags for tag in TURN_TAGS)
    return timed or conditional or any(_turn_rule(value) is None for value in values)


def find_doubts(tags: str) -> tuple[tuple[str, str, str], ...]:
    """Find what deserves a look in OpenStreetMap in the text of `Road.tags`: kind, key, value.

    Kinds are `conditional`, `unreadable` and `implausible` limits, and `unknown_access`.
    """
    pairs = split_tags(tags).items()
    return tuple((kind, key, value) for key, value in pairs if (kind := _find_doubt(key, value)))


def split_tags(text: str) -> dict[str, str]:
    """Take the text of `Road.tags` apart."""
    pairs = (pair.split("=", 1) for pair in text.split("; ") if pair)
    return {_unescape(key): _unescape(value) for key, value in pairs}


def join_tags(tags: Mapping[str, str]) -> str:
    """Write tags as one text, sorted, with `;`, `=` and `%` inside a value percent-escaped."""
    pairs = ((key.translate(_ESCAPES), tags[key].translate(_ESCAPES)) for key in sorted(tags))
    return "; ".join(map("=".join, pairs))


def _read_level(tags: Mapping[str, str]) -> int:
    """Give the `layer` of a bridge, 1 at least, or of a tunnel, -1 at most; a street has 0."""
    layer = tags.get("layer", "").strip()
    said = int(layer) if re.fullmatch(r"[+-]?[0-9]", layer) else 0
    if tags.get("bridge", "no") != "no":
        return max(said, 1)
    # A passage through a house is a street.
    return min(said, -1) if tags.get("tunnel", "no") not in ("no", "building_passage") else 0


def _read_access(tags: Mapping[str, str], road_class: str) -> Access:
    service = tags.get("service")
    if service == "emergency_access" or _has_ford(tags):
        return Access.CLOSED
    if road_class == "ferry":
        return _decide(tags, _FERRY_ACCESS) or Access.OPEN
    access = _decide(tags, _ROAD_ACCESS) or Access.OPEN
    soft = road_class == "track" and tags.get("tracktype") in _LOCAL_TRACKS
    # Nobody hauls gravel through driveways, car parks and soft tracks.
    if access is Access.OPEN and (service in _LOCAL_SERVICES or soft):
        return Access.OPEN if _decide(tags, ("hgv",)) is Access.OPEN else Access.LOCAL
    return access


def _decide(tags: Mapping[str, str], chain: Iterable[str]) -> Access | None:
    """Let the first tag with a known value decide; None where there is none."""
    values = (_read_access_value(tags[tag]) for tag in chain if tag in tags)
    return next((access for access in values if access is not None), None)


def _read_access_value(value: str) -> Access | None:
    """Read one access value; the most open counts where there are several."""
    if value in _ACCESS_VALUES:
        return _ACCESS_VALUES[value]
    known = (_ACCESS_VALUES[part] for part in _parts(value) if part in _ACCESS_VALUES)
    return min(known, default=None)


def _read_directions(tags: Mapping[str, str], forward: bool, backward: bool) -> tuple[bool, bool]:
    """Give what `hgv:backward=no` and its kin leave open of two directions."""
    return (
        forward and _decide(tags, _ACCESS_FORWARD) is not Access.CLOSED,
        backward and _decide(tags, _ACCESS_BACKWARD) is not Access.CLOSED,
    )


def _takes_motor_vehicles(tags: Mapping[str, str]) -> bool:
    kinds = [_decide(tags, (tag,)) for tag in ("hgv", "goods", "motorcar")]
    everyone = _decide(tags, ("motor_vehicle", "vehicle"))
    return any(access not in (None, Access.CLOSED) for access in (*kinds, everyone))


def _has_ford(tags: Mapping[str, str]) -> bool:
    return tags.get("ford", "no") != "no"


def _read_oneway(tags: Mapping[str, str], road_class: str) -> tuple[bool, bool]:
    """Tell whether a way may be driven along its nodes, and against them."""
    implied = tags.get("junction") in _ONEWAY_JUNCTIONS or road_class in _ONEWAY_CLASSES
    said = (_DIRECTIONS[tags[tag]] for tag in _ONEWAY if tags.get(tag) in _DIRECTIONS)
    return next(said, (True, not implied))


def _read_maxspeed(tags: Mapping[str, str]) -> float:
    """Give the signed limit, that for trucks before that for all, in km/h."""
    limits = (_lowest_speed(tags[tag]) for tag in _SPEED_TAGS if tag in tags)
    return next((limit for limit in limits if not math.isnan(limit)), math.nan)


@lru_cache(1024)
def _lowest_speed(text: str) -> float:
    limits = [limit for part in text.split(";") if (limit := _speed(part.strip())) > 0]
    return min(limits, default=math.nan)


def _speed(text: str) -> float:
    if text in _NATIONAL_LIMITS:
        return _NATIONAL_LIMITS[text]
    found = _SPEED.fullmatch(text)
    return round(float(found[1]) * _KM_PER_H[found[2]], 1) if found else math.nan


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
    value = tags.get("surface")
    surface = _roughest(value) if value else ""
    if not surface and road_class == "track":
        surface = _TRACKS.get(tags.get("tracktype", ""), "")
    return surface


@lru_cache(1024)
def _roughest(text: str) -> str:
    found = (_SURFACES.get(part, "") for part in _parts(text))
    return max(found, key=_ROUGHNESS.__getitem__, default="")


def _read_toll(tags: Mapping[str, str]) -> bool:
    for_trucks = tags.get("toll:hgv")
    return for_trucks == "yes" or (for_trucks != "no" and tags.get("toll") == "yes")


def _read_limits(tags: Mapping[str, str]) -> tuple[float, ...]:
    if tags.keys().isdisjoint(_LIMIT_TAGS):
        return NO_LIMITS
    found = []
    for limit in TRUCK_LIMITS:
        values = (_READ[limit.unit](tags[tag]) for tag in limit.tags if tag in tags)
        lowest = min((value for value in values if value > 0), default=math.inf)
        found.append(lowest if math.isfinite(lowest) else math.nan)
    return tuple(found)


def strictest_limit(tag: str, values: Iterable[str]) -> str:
    """Give the lowest of several values of a tag that limits trucks, as it stands among them."""
    limit = _LIMIT_OF.get(tag.removesuffix(_CONDITIONAL))
    read = _READ[limit.unit if limit else "m"]
    return min(values, key=lambda one: (math.isnan(read(one)), read(one)))


def _turn_rule(value: str) -> str | None:
    """Reduce `no_left_turn`, `only_straight_on` and the like to `no` and `only`."""
    rules = {part.partition("_")[0] if "_" in part else "" for part in _parts(value)}
    rule = rules.pop() if len(rules) == 1 else ""
    return rule if rule in ("no", "only") else None


def _frees_trucks(tags: Mapping[str, str]) -> bool:
    other = tags.get("type", "restriction") != "restriction"
    return other or not _TURN_FREED.isdisjoint(_parts(tags.get("except", "")))


def _has_times(tags: Mapping[str, str]) -> bool:
    return not tags.keys().isdisjoint(_TURN_TIMES)


def _join_telling(tags: Mapping[str, str], telling: frozenset[str]) -> str:
    return join_tags({key: tags[key] for key in tags if key in telling and _tells(key, tags[key])})


def _tells(key: str, value: str) -> bool:
    """Tell whether a tag restricts, or explains why a road is as it is."""
    if key in _EXPLAINING:
        wanted = _EXPLAINING[key]
        return value != "no" if wanted is None else value in wanted
    if key in _LIMIT_OF:
        return _READ[_LIMIT_OF[key].unit](value) != math.inf
    return key not in _ACCESS_TAGS or value not in _PLAINLY_OPEN


def _find_doubt(key: str, value: str) -> str | None:
    if key.endswith(_CONDITIONAL):
        return "conditional"
    if key in _ACCESS_TAGS:
        known = all(part in _ACCESS_VALUES for part in _parts(value)) and value.strip()
        return None if known else "unknown_access"
    limit = _LIMIT_OF.get(key)
    if limit is None:
        return None
    read = _READ[limit.unit]
    if not is_readable(value, read):
        return "unreadable"
    plausible = limit.least <= read(value) <= limit.most
    return None if plausible else "implausible"


def _parts(value: str) -> list[str]:
    """Take several values apart, as in `customers; delivery`."""
    return [part.strip() for part in value.lower().split(";") if part.strip()]


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


# What each field of a road is read from.

READERS: dict[str, Callable[[Mapping[str, str], str], Any]] = {
    "maxspeed_km_h": lambda tags, _: _read_maxspeed(tags),
    "name": lambda tags, _: _read_name(tags),
    "built_up": lambda tags, _: _read_built_up(tags),
    "surface": _read_surface,
    "limits": lambda tags, _: _read_limits(tags),
    "duration_min": lambda tags, of: read_minutes(
        tags.get("duration", "") if of == "ferry" else ""
    ),
    "toll": lambda tags, _: _read_toll(tags),
    "level": lambda tags, _: _read_level(tags),
    "tags": lambda tags, kind: _join_telling(tags, _TOLD_OF.get(kind, _TOLD_OF_ROADS)),
}
"""How a field of `Road` is read from the tags of a way and its class; access and directions,
which decide together, are read by `read_road` itself."""
