"""Tell what the tags of OpenStreetMap mean to a heavy truck, one of more than 3.5 t.

A key such as `maxweight:hgv:forward:conditional` names what is said (`maxweight`), of which
vehicles (`hgv`), in which direction (`forward`), and whether its value has conditions, as in
`7.5 @ (weight>12); none @ destination`; what words mean, `data/tags.toml` tells. Of several tags
the one closest to the truck wins: `hgv:forward` before `hgv` before `access`, and a condition that
holds before none, the last of its list first. Where one tag is closer to the truck and another to
the direction, the stricter holds.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.emissions.limit import TRUCK_LIMITS
from raastof_geo.roads.mapped.value import READ_UNIT, TAGS, by_word, list_words, parts, read_minutes
from raastof_geo.roads.road import ROAD_CLASSES, SURFACES, Access, Road, join_tags, split_tags

LIMIT_OF = {tag: (rank, one) for rank, one in enumerate(TRUCK_LIMITS) for tag in one.tags}
"""Each limit and its place among `TRUCK_LIMITS`, by each of its tags."""
_SIZE_OF = {tag.removeprefix("max"): found for tag, found in LIMIT_OF.items()}

_BASES = {*LIMIT_OF, "access", "maxspeed", "oneway", "restriction"}
_CHAIN = list_words(TAGS["trucks"])
"""Kinds of vehicle that a truck belongs to, the closest to it last."""
TRAILER = "trailer"
"""A trailer has restrictions of its own, beside those of the truck that pulls it."""
SOME_TRUCKS = frozenset((TRAILER, "hgv_articulated"))
EVERY_TRUCK = frozenset(_CHAIN) - SOME_TRUCKS
_KINDS = frozenset((*_CHAIN[1:], TRAILER))

OTHERS = frozenset(list_words(TAGS["others"]))
"""Those that a truck with soil or stone is none of."""
_REMARKS_ON = frozenset(list_words(TAGS["remarks"]))
"""What follows a key to say something about it, not about trucks."""
DIRECTIONS = {"forward": "backward", "backward": "forward"}
"""Each direction of a way, and the other one."""

ERRANDS = frozenset(list_words(TAGS["errands"]))
"""Values and conditions that let those in who begin or end their trip there."""
_HANGS_ON_CLOCK = re.compile(
    rf"\d\d?:\d\d|\d\d?\s*(?:am|pm)\b|\b(?:{'|'.join(list_words(TAGS['clock']))})\b"
)
"""What only a clock, a calendar, a window or a sign that changes can tell."""
_SIZE = re.compile(r"(?:max)?_?([a-z_]+?)\s*(<=|>=|==|=|<|>|≤|≥)\s*(.+)")
_CLAUSE = re.compile(r";(?![^()]*\))")
"""What parts clauses stands in no brackets."""
_FIRST_WORD = re.compile(r"[^\s@]+")
_AND = re.compile(r"\)\s*and\s*\(|\s+and\s+")
SLACK = 1e-6
"""A truck of just the size that is named, or allowed, is so, whatever rounding says. [t, m]"""
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda size, limit: size > limit + SLACK,
    "<": lambda size, limit: size < limit - SLACK,
    ">=": lambda size, limit: size >= limit - SLACK,
    "<=": lambda size, limit: size <= limit + SLACK,
    "=": lambda size, limit: abs(size - limit) <= SLACK,
}
_SAME_SIGN = {"≤": "<=", "≥": ">=", "==": "="}


class Truck(NamedTuple):
    """What decides for a truck what a road is to it."""

    size: Floats
    """What limits are held against. [`LIMITS`, t or m]"""
    kinds: frozenset[str]
    """Of `trailer` and `hgv_articulated` those that it is."""


class TagKey(NamedTuple):
    """A key taken apart."""

    base: str
    kinds: frozenset[str]
    """The vehicles it is about, all where there are none."""
    direction: str
    """`forward`, `backward`, or none."""
    conditional: bool
    doubt: str
    """Why it is not taken, if so: `lanes` or `unknown_key`."""

    @property
    def rank(self) -> tuple[int, bool, bool]:
        """How close it is to a truck: the greatest wins."""
        closest = max((_CHAIN.index(kind) for kind in self.kinds if kind in _CHAIN), default=0)
        return closest, bool(self.direction), self.conditional

    @property
    def varies(self) -> bool:
        """Whether what it says hangs on the truck or on its direction."""
        return self.conditional or bool(self.direction or self.kinds & SOME_TRUCKS)


@lru_cache(4096)
def read_key(key: str) -> TagKey | None:
    """Take a key apart; none where it says nothing about whether and how trucks may pass."""
    parts = key.split(":")
    if parts[0] not in _BASES and parts[0] not in _KINDS:
        return None
    base = next((one for one in (":".join(parts[:2]), parts[0]) if one in _BASES), "")
    left = parts[base.count(":") + 1 :] if base else parts
    if not base or (base == "access" and left and left[0] in _BASES):
        base = next((one for one in left if one in _BASES), "access")
        left = [one for one in left if one != base]
    rest = {*left} - _KINDS - {*DIRECTIONS, "both_ways", "conditional"}
    if rest & (OTHERS | _REMARKS_ON):
        return None
    direction = next((one for one in left if one in DIRECTIONS), "")
    if direction and base in ("oneway", "restriction"):  # which tell directions by their values
        rest.add(direction)
    doubt = "lanes" if rest == {"lanes"} else "unknown_key" if rest else ""
    kinds = frozenset(left) & _KINDS
    return TagKey(base, kinds, direction, "conditional" in left, doubt)


class TagCondition(NamedTuple):
    """What must all hold: sizes, kinds, and perhaps that the trip begins or ends there."""

    sizes: tuple[tuple[int, str, float], ...] = ()
    """Place among `TRUCK_LIMITS`, sign, and value."""
    kinds: frozenset[str] = frozenset()
    errand: bool = False
    others: bool = False
    """Whether it is about vehicles that are no trucks."""
    doubt: str = ""
    """Why it cannot be decided, if so: `conditional` (for want of a clock) or `unclear`."""

    def holds(self, truck: Truck | None, errand: bool) -> bool | None:
        """Tell whether it holds for a truck; where none is given, none if it may for some."""
        if self.others or self.doubt:
            return False
        if truck is None:
            return None
        return (
            (errand or not self.errand)
            and self.kinds <= EVERY_TRUCK | truck.kinds
            and all(_SIGNS[sign](truck.size[rank], value) for rank, sign, value in self.sizes)
        )


@lru_cache(4096)
def read_clauses(text: str) -> tuple[tuple[str, TagCondition], ...]:
    """Read `value @ (condition AND condition); value @ condition`, in the order written."""
    found: list[list[str]] = []
    for part in _CLAUSE.split(text):
        value, at, condition = part.partition("@")
        if at:
            found.append([value.strip().lower(), condition])
        elif found and part.strip():
            found[-1][1] += f";{part}"  # opening hours without brackets go on
        elif part.strip():
            found.append([part.strip().lower(), ""])
    return tuple((value, _read_condition(condition)) for value, condition in found)


def _read_condition(text: str) -> TagCondition:
    sizes, kinds, doubts = [], set(), [""]
    wanted = [part.strip() for part in _AND.split(text.lower().strip("() "))]
    for part in wanted:
        found = _SIZE.fullmatch(part)
        size = _SIZE_OF.get(found[1].replace("_", "")) if found else None
        value = READ_UNIT[size[1].unit](found[3]) if found and size else math.nan
        if part in _KINDS:
            kinds.add(part)
        elif found and size and math.isfinite(value):
            sizes.append((size[0], _SAME_SIGN.get(found[2], found[2]), value))
        elif part not in ERRANDS | OTHERS:
            doubts.append("conditional" if _HANGS_ON_CLOCK.search(part) else "unclear")
    errand, others = (not some.isdisjoint(wanted) for some in (ERRANDS, OTHERS))
    return TagCondition(tuple(sizes), frozenset(kinds), errand, others, max(doubts))


PLAINLY_OPEN = frozenset(list_words(TAGS["plainly_open"]))
_ACCESS_VALUES = {
    **dict.fromkeys(PLAINLY_OPEN, Access.OPEN),
    **dict.fromkeys(ERRANDS, Access.LOCAL),
    **{word: Access[meaning.upper()] for word, meaning in by_word("access").items()},
}
_DIRECTIONS = {
    word: (ways in ("along", "both"), ways in ("against", "both"))
    for word, ways in by_word("oneway").items()
}

_TURN_VALUES = by_word("restriction")
_TURN_FREED = frozenset(("hgv", "motor_vehicle", "vehicle"))
_TURN_TIMES = frozenset(
    ("day_on", "day_off", "hour_on", "hour_off", "opening_hours", "except:conditional")
)
_DOUBTS_OF_TURNS = {**dict.fromkeys(_TURN_TIMES, "conditional"), "ambiguous": "ambiguous"}


class _Said(NamedTuple):
    """What one tag, or one of its conditions, says."""

    key: TagKey
    value: Any
    condition: TagCondition | None


TagWords = Mapping[str, list[_Said]]
"""What tags say, by what they are about, the closest to a truck first."""


class Passage(NamedTuple):
    """What a road is to a truck in one direction."""

    access: Access
    limits: tuple[float, ...]
    """One for each of `LIMITS`, NaN where there is none. [t, m]"""
    maxspeed_km_h: float
    """Signed limit, NaN where there is none. [km/h]"""


def read_access(value: str) -> Access | None:
    """Read one access value, none if it is unknown; the most open counts of several."""
    known = (_ACCESS_VALUES[part] for part in parts(value) if part in _ACCESS_VALUES)
    return _ACCESS_VALUES.get(value) if value in _ACCESS_VALUES else min(known, default=None)


def read_turn_value(value: str) -> str | None:
    """Reduce `no_left_turn` and the like to `no`, `only` or `free`; none for what is unknown."""
    rules = {_TURN_VALUES.get(part, "") for part in parts(value)}
    return (rules.pop() or None) if len(rules) == 1 else None


READ_VALUE: dict[str, Callable[[str], Any]] = {
    "access": read_access,
    "maxspeed": READ_UNIT["km/h"],
    "oneway": lambda value: _DIRECTIONS.get(value.strip().lower()),
    "restriction": read_turn_value,
    **{tag: READ_UNIT[one.unit] for tag, (_, one) in LIMIT_OF.items()},
}
"""How a value is read, by what it is about; none or NaN where it cannot be read."""


def read_words(tags: Mapping[str, str]) -> TagWords:
    """Read what tags say about trucks."""
    found: dict[str, list[_Said]] = {}
    for name, value in tags.items():
        key = read_key(name)
        if key is None or key.doubt:
            continue
        clauses = reversed(read_clauses(value)) if key.conditional else [(value, None)]
        for text, condition in clauses:  # the last that holds wins
            meaning = READ_VALUE[key.base](text)
            if meaning is not None and meaning == meaning:  # noqa: PLR0124 - not NaN
                found.setdefault(key.base, []).append(_Said(key, meaning, condition))
    for said in found.values():
        said.sort(key=lambda one: one.key.rank, reverse=True)
    return found


def varies(tags: Iterable[str]) -> bool:
    """Tell whether keys hang on the truck or on the direction."""
    return any(key.varies and not key.doubt for name in tags if (key := read_key(name)))


def flip_tags(tags: Mapping[str, str], road_class: str = "") -> dict[str, str]:
    """Say the same of a way that is drawn the other way round; of a class that may imply one."""
    found = {}
    for name, value in tags.items():
        key = read_key(name)
        flipped = ":".join(DIRECTIONS.get(part, part) for part in name.split(":"))
        oneway = key is not None and key.base == "oneway"
        found[flipped if key else name] = _flip_oneway(value) if oneway else value
    if _implies_oneway(tags, road_class) and READ_VALUE["oneway"](tags.get("oneway", "")) is None:
        found["oneway"] = "-1"
    return found


def _flip_oneway(text: str) -> str:
    """Turn the direction round that a value names, or that each value with a condition does."""

    def turn(found: re.Match[str]) -> str:
        ways = READ_VALUE["oneway"](found[0])
        return "-1" if ways == (True, False) else "yes" if ways == (False, True) else found[0]

    return ";".join(_FIRST_WORD.sub(turn, clause, count=1) for clause in _CLAUSE.split(text))


def _implies_oneway(tags: Mapping[str, str], road_class: str) -> bool:
    round_and_round = tags.get("junction") in ("roundabout", "circular")
    return round_and_round or road_class in ("motorway", "motorway_link")


_Strictest: TypeAlias = Callable[[Iterable[Any]], Any]


def _decide(
    said: list[_Said], truck: Truck | None, errand: bool, strictest: _Strictest, direction: str = ""
) -> list[Any]:
    """Give the one value that holds for a truck; for none, all those that may hold for some.

    None among them where nothing is said.
    """
    here = [one for one in said if one.key.direction in ("", direction)]
    if len(here) == 1 and here[0].condition is None and not here[0].key.kinds & SOME_TRUCKS:
        return [here[0].value]
    towed = [one for one in here if TRAILER in one.key.kinds]
    own = [one for one in here if TRAILER not in one.key.kinds]
    directed = [one for one in own if one.key.direction]
    told = (own, directed, towed)
    chains = (dict.fromkeys(_list_holding(one, truck, errand)) for one in told)
    found = ([one for one in values if one is not None] for values in product(*chains))
    return [*dict.fromkeys(strictest(values) if values else None for values in found)]


def _list_holding(said: list[_Said], truck: Truck | None, errand: bool) -> Iterator[Any]:
    for one in said:
        holds: bool | None = True
        if some := one.key.kinds & SOME_TRUCKS:
            holds = None if truck is None else some <= truck.kinds
        if holds is not False and one.condition is not None:
            holds = one.condition.holds(truck, errand) and holds
        if holds is not False:
            yield one.value
        if holds:
            return
    yield None


def decide_oneway(
    words: TagWords, tags: Mapping[str, str], road_class: str, truck: Truck | None
) -> tuple[bool, bool]:
    """Tell whether a way may be driven along its nodes, and against them."""
    implied, said = _implies_oneway(tags, road_class), words.get("oneway", [])
    found = _decide(said, truck, False, lambda ways: tuple(map(all, zip(*ways))))  # noqa: B905
    along, against = zip(*(one or (True, not implied) for one in found), strict=True)
    return any(along), any(against)


def decide_access(
    words: TagWords, direction: str, truck: Truck | None, errand: bool
) -> Access | None:
    """Say who may use a road, none where nothing is said; the most open where no truck is given."""
    found = _decide(words.get("access", []), truck, errand, max, direction)
    return None if found == [None] else min(one or Access.OPEN for one in found)


def decide_limits(
    words: TagWords, direction: str, truck: Truck | None, errand: bool
) -> tuple[float, ...]:
    """Give the limits of a road, NaN where there is none; the loosest where no truck is given."""
    if words.keys().isdisjoint(LIMIT_OF):
        return Road.limits
    found = []
    for limit in TRUCK_LIMITS:
        values = [
            max(math.inf if one is None else one for one in of_tag)
            for tag in limit.tags
            if tag in words and (of_tag := _decide(words[tag], truck, errand, min, direction))
        ]
        lowest = min(values, default=math.inf)
        found.append(lowest if math.isfinite(lowest) else math.nan)
    return tuple(found)


def read_turn(tags: Mapping[str, str], truck: Truck | None) -> set[str]:
    """Say of a restriction whether it is a `no` or `only` one, or `free`; all that it may be."""
    freed = {*parts(tags.get("except", ""))}
    ours = _list_turn_tags(tags)
    if freed & _TURN_FREED or not ours or _is_timed(tags):
        return {"free"}
    some = freed & SOME_TRUCKS
    if some and truck is not None and some & truck.kinds:
        return {"free"}
    found = _decide(read_words(ours).get("restriction", []), truck, False, max)
    return {one or "free" for one in (*found, *(["free"] if some and truck is None else []))}


def read_turn_rules(tags: Mapping[str, str]) -> tuple[str, bool]:
    """Write the tags that decide which trucks a restriction binds; none where it binds all or none.

    And tell whether it may bind trucks in a way that cannot be decided.
    """
    ours = _list_turn_tags(tags)
    timed = _is_timed(tags) or any(find_doubt(*tag) for tag in ours.items())
    doubtful = bool(ours) and timed and _TURN_FREED.isdisjoint(parts(tags.get("except", "")))
    some = doubtful or len(read_turn(tags, None)) > 1
    kept = {name: tags[name] for name in ("except", *_TURN_TIMES) if name in tags}
    return join_tags({**ours, **kept}) if some else "", doubtful


def _is_timed(tags: Mapping[str, str]) -> bool:
    return any(find_doubt(name, tags[name]) for name in _TURN_TIMES & tags.keys())


def _list_turn_tags(tags: Mapping[str, str]) -> dict[str, str]:
    if tags.get("type", "restriction") != "restriction":
        return {}
    said = {name: read_key(name) for name in tags}
    return {name: tags[name] for name, key in said.items() if key and key.base == "restriction"}


def find_doubt(name: str, value: str) -> str | None:
    """Say what is doubtful about a tag: of which kind (`find_doubts`), none where nothing is."""
    key = read_key(name)
    if name in _CAR_KEYS:
        return None if read_access(value) is Access.OPEN else "cars"
    if key is None:
        return None if value.strip() == "24/7" else _DOUBTS_OF_TURNS.get(name)
    if key.doubt:
        return key.doubt
    if not key.conditional:
        return _doubt_value(key.base, value)
    clauses = [(text, one) for text, one in read_clauses(value) if not one.others]
    found = (one.doubt or _doubt_value(key.base, text) for text, one in clauses)
    doubt = next(filter(None, found), None)
    errands = any(one.errand for _, one in clauses)
    return "unclear" if not doubt and errands and key.base in _WITHOUT_ERRAND else doubt


_WITHOUT_ERRAND = frozenset(("restriction", "oneway", "maxspeed"))
"""Where it is not asked whether a trip begins or ends there."""


def _doubt_value(base: str, value: str) -> str | None:
    if base == "access":
        known = value.strip() and all(part in _ACCESS_VALUES for part in parts(value))
        return None if known else "unknown_access"
    read = READ_VALUE[base]
    if base == "restriction":
        return None if read(value) else "unknown_access"
    if base == "oneway":
        return None if read(value) else "unreadable"
    values = parts(value, ";")
    if not values or any(math.isnan(read(one)) for one in values):
        return "unreadable"
    if base not in LIMIT_OF or read(value) == math.inf:
        return None
    limit = LIMIT_OF[base][1]
    return None if limit.least <= read(value) <= limit.most else "implausible"


_SAME_CLASS = {"road": "unclassified", "ferry": ""}

_LOCAL_SERVICES = frozenset(("driveway", "parking_aisle", "drive-through"))
_LOCAL_TRACKS = frozenset(("grade4", "grade5"))

_SPEED_TAGS = ("maxspeed:type", "source:maxspeed", "zone:maxspeed")
"""What tells the speed where `maxspeed` does not."""

_ZONE_TAGS = ("zone:traffic", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "maxspeed")
_ZONE = re.compile(r"[A-Z]{2}(?:-[A-Z]+)?:(?:(urban|rural)(?::.*)?|(?:zone:?)?(\d{1,2}))")
_FASTEST_ZONE_KM_PER_H = 50

_SURFACES, _TRACKS = by_word("surface"), by_word("tracktype")
_ROUGHNESS = {surface: rank for rank, surface in enumerate(SURFACES)}

_BARRIERS = by_word("barrier")
"""Barriers that trucks pass: `gate` unless they are locked, or `open`; all others they do not."""

_RULED_BY = frozenset(("junction", "service", "tracktype", "ford", "motorcar", *_SPEED_TAGS))
_RULED_AT_BARRIERS = frozenset(("barrier", "locked", "ford", "opening_hours"))
"""Other tags that decide what a way, or a barrier, is to a truck."""

_EXPLAINING: dict[str, frozenset[str] | None] = {
    "service": _LOCAL_SERVICES | {"emergency_access"},
    "tracktype": _LOCAL_TRACKS,
    "ford": None,
    "barrier": None,
    "locked": frozenset(("yes",)),
}
"""Tags that tell why a road is as it is, and with which values; None for all but `no`."""
_TOLD = frozenset(("ford", "service", "opening_hours"))
_TOLD_OF = {"track": _TOLD | {"tracktype"}}
_CAR_KEYS = frozenset(("motorcar", "motorcar:forward", "motorcar:backward"))
"""What is said of cars, the sisters of trucks: told where nothing is said of these."""
_CARS = re.compile("motorcar(?=:|$)")


def read_road(tags: Mapping[str, str]) -> Road | None:
    """Say what a way is to a truck, or None where it is no road (a foot path, a building site).

    A road that trucks may not use is a road with `Access.CLOSED`. A ferry must say that it takes
    motor vehicles; a road is open unless it says otherwise. Where something hangs on the truck or
    on the direction, the road is as open as it is to any truck, and `rules` say the rest.
    """
    road = _read_nameless(tuple((key, tags[key]) for key in tags if key not in ("name", "ref")))
    number = "/".join(part.replace(" ", "") for part in tags.get("ref", "").split(";") if part)
    return road and replace(road, name=f"{number} {tags.get('name', '')}".strip())


@lru_cache(8192)
def _read_nameless(items: tuple[tuple[str, str], ...]) -> Road | None:
    """Read a road but for its name: most roads have one of their own, and few have other tags."""
    tags = dict(items)
    road_class = read_class(tags)
    if road_class is None or (road_class == "ferry" and not _takes_motor_vehicles(tags)):
        return None
    varied = varies(tags)
    signed, passages = judge_way(tags, road_class, varied=varied)
    open_ways = signed if any(signed) else (True, True)
    pairs = zip(signed, passages, strict=True)
    left = [way and one.access is not Access.CLOSED for way, one in pairs]
    usable = [one for one, way in zip(passages, left, strict=True) if way]
    forward, backward = left if usable else open_ways
    ahead, back = passages
    limits, maxspeed_km_h = ahead.limits, ahead.maxspeed_km_h
    if ahead is not back:
        maxspeed_km_h = float(np.fmin(maxspeed_km_h, back.maxspeed_km_h))
    if limits is not back.limits:
        limits = tuple(np.maximum(limits, back.limits).tolist())
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
    truck: Truck | None = None,
    *,
    errand: bool = False,
    varied: bool = True,
) -> tuple[tuple[bool, bool], tuple[Passage, Passage]]:
    """Say which directions are signed as open, and what a truck meets along each.

    `truck`: none for what any truck may meet at best; `errand`: whether its trip begins or ends
    here; `varied`: whether directions may differ at all.
    """
    if road_class == "ferry":
        tags = {_CARS.sub("motor_vehicle", key): one for key, one in tags.items()} | {**tags}
    words = read_words(tags)
    found = []
    for direction in ("forward", "backward") if varied else ("forward",):
        access = decide_access(words, direction, truck, errand)
        speed = _decide(words.get("maxspeed", []), truck, False, min, direction)[-1]
        found.append(
            Passage(
                _soften(tags, road_class, access),
                decide_limits(words, direction, truck, errand),
                _speed_by_zone(tags) if speed is None else speed if speed < math.inf else math.nan,
            )
        )
    return decide_oneway(words, tags, road_class, truck), (found[0], found[-1])


def read_class(tags: Mapping[str, str]) -> str | None:
    """Give the class of road, or None where the way is no road."""
    if tags.get("area") == "yes":
        return None
    if tags.get("route") == "ferry":
        return "ferry"
    value = tags.get("highway", "")
    value = _SAME_CLASS.get(value, value)
    return value if value in ROAD_CLASSES else None


def read_barrier(tags: Mapping[str, str]) -> Road | None:
    """Say what a barrier, a ford or a limit on a node does; None if it is nothing, beyond doubt."""
    if "barrier" not in tags and not _has_ford(tags) and not any(map(_is_size, tags)):
        return None
    if "barrier" not in tags:
        tags = {name: value for name, value in tags.items() if _is_size(name) or name == "ford"}
    found = judge_barrier(tags)
    text = _join_telling(tags, _RULED_AT_BARRIERS, cars=_read_kind(tags))
    free = found.access is Access.OPEN and all(map(math.isnan, found.limits))
    if free and not varies(tags) and not find_doubts(text):
        return None
    ruled = _join_rules(tags, _RULED_AT_BARRIERS) if varies(tags) else ""
    return Road("service", access=found.access, limits=found.limits, tags=text, rules=ruled)


def judge_barrier(
    tags: Mapping[str, str], truck: Truck | None = None, *, errand: bool = False
) -> Passage:
    """Say what a truck meets at a barrier, a ford or a limit.

    A node has no direction: what is said of either holds in both, the stricter first.
    """
    words, passed = read_words(tags), _read_kind(tags)
    ways = ("forward", "backward") if varies(tags) else ("",)
    said = [decide_access(words, way, truck, errand) for way in ways]
    known = [one for one in said if one is not None] if "barrier" in tags else [Access.OPEN]
    locked = passed == "gate" and tags.get("locked") == "yes"
    by_kind = Access.LOCAL if locked else Access.OPEN if passed else Access.CLOSED
    access = Access.CLOSED if _has_ford(tags) else max(known, default=by_kind)
    ahead, back = (decide_limits(words, way, truck, errand) for way in (ways[0], ways[-1]))
    limits = ahead if len(ways) == 1 else tuple(np.fmin(ahead, back).tolist())
    return Passage(access, limits, math.nan)


def _read_kind(tags: Mapping[str, str]) -> str:
    """Tell how trucks pass a barrier: `gate`, `open`, or none; of several kinds the strictest."""
    return min((_BARRIERS.get(kind, "") for kind in parts(tags.get("barrier", ""))), default="")


def find_doubts(tags: str) -> tuple[tuple[str, str, str], ...]:
    """Find what deserves a look in OpenStreetMap in the text of `Road.tags`: kind, key, value.

    Kinds are `conditional` (hangs on a clock) and `unclear` conditions, `lanes` (of single ones),
    `unknown_key`, `unreadable` values, `implausible` limits, `unknown_access`, and `cars`
    (nothing is said of trucks).
    """
    pairs = split_tags(tags).items()
    return tuple((kind, key, value) for key, value in pairs if (kind := find_doubt(key, value)))


def _join_rules(tags: Mapping[str, str], more: Iterable[str]) -> str:
    """Write the tags that decide for trucks as one text, and `more` of them."""
    return join_tags({name: tags[name] for name in tags if name in more or read_key(name)})


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
        return Access.OPEN if read_access(tags.get("hgv", "")) is Access.OPEN else Access.LOCAL
    return access or Access.OPEN


def _takes_motor_vehicles(tags: Mapping[str, str]) -> bool:
    values = [read_access(tags.get(name, "")) for name in ("motor_vehicle", "vehicle")]
    everyone = next((access for access in values if access is not None), None)
    kinds = [read_access(tags.get(name, "")) for name in ("hgv", "motorcar")]
    return any(access not in (None, Access.CLOSED) for access in (*kinds, everyone))


def _has_ford(tags: Mapping[str, str]) -> bool:
    return tags.get("ford", "no") != "no"


def _speed_by_zone(tags: Mapping[str, str]) -> float:
    """Give the limit that the kind of a limit or a zone implies, NaN where none does. [km/h]"""
    found = (READ_VALUE["maxspeed"](tags[tag]) for tag in _SPEED_TAGS if tag in tags)
    return next((speed for speed in found if speed < math.inf), math.nan)


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
    known = (_SURFACES.get(part, "") for part in parts(tags.get("surface", "")))
    surface = max(known, key=_ROUGHNESS.__getitem__, default="")
    if not surface and road_class == "track":
        surface = _TRACKS.get(tags.get("tracktype", ""), "")
    return surface


def _is_size(name: str) -> bool:
    return bool((key := read_key(name)) and key.base in LIMIT_OF)


def _join_telling(tags: Mapping[str, str], explaining: frozenset[str], cars: object = True) -> str:
    """Write the tags that restrict, are in doubt, or explain why a road is as it is.

    Those on `cars` where no tag but a condition says what trucks may.
    """
    if cars and all(one.condition for one in read_words(tags).get("access", [])):
        explaining |= _CAR_KEYS
    asked = {name: _explains if name in explaining else _tells for name in tags}
    return join_tags({name: value for name, value in tags.items() if asked[name](name, value)})


def _explains(name: str, value: str) -> bool:
    wanted = _EXPLAINING.get(name, frozenset((value,)) - PLAINLY_OPEN)
    return value != "no" if wanted is None else value in wanted


def _tells(name: str, value: str) -> bool:
    key = read_key(name)
    if key is None or key.base == "restriction":
        return False
    if key.conditional or key.doubt or find_doubt(name, value):
        return True
    if key.base == "access":
        return value not in PLAINLY_OPEN
    if key.base in ("oneway", "maxspeed"):
        return value == "reversible" or key.varies
    return bool(READ_VALUE[key.base](value) != math.inf)


READERS: dict[str, Callable[[Mapping[str, str], str], Any]] = {
    "built_up": lambda tags, _: _read_built_up(tags),
    "surface": _read_surface,
    "duration_min": lambda tags, of: read_minutes(
        tags.get("duration", "") if of == "ferry" else ""
    ),
    "toll": lambda tags, _: {"yes": True, "no": False}.get(
        tags.get("toll:hgv", ""), tags.get("toll") == "yes"
    ),
    "level": lambda tags, _: _read_level(tags),
    "tags": lambda tags, kind: _join_telling(tags, _TOLD_OF.get(kind, _TOLD)),
}
"""How a field of `Road` is read from the tags of a way and its class; name, access, directions,
limits and speed, which may hang on the truck, are read by `read_road` itself."""
