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
from collections.abc import Callable, Iterable, Mapping
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
_BEGINNINGS = _KINDS | _BASES

OTHERS = frozenset(list_words(TAGS["others"]))
"""Those that a truck with soil or stone is none of."""
_REMARKS_ON = frozenset(list_words(TAGS["remarks"]))
"""What follows a key to say something about it, not about trucks."""
DIRECTIONS = {"forward": "backward", "backward": "forward"}
"""Each direction of a way, and the other one."""

ERRANDS = frozenset(list_words(TAGS["errands"]))
"""Values and conditions that let those in who begin or end their trip there."""
_CLOCK = "|".join(list_words(TAGS["clock"]))
_HANGS_ON_CLOCK = re.compile(rf"\d\d?:\d\d|\d\d?\s*(?:am|pm)\b|\b(?:{_CLOCK})\b")
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


_Tags: TypeAlias = Mapping[str, str]


class Truck(NamedTuple):
    """What decides for a truck what a road is to it."""

    size: Floats
    """What limits are held against. [`LIMITS`, t or m]"""
    kinds: frozenset[str]
    """Of `trailer` and `hgv_articulated` those that it is."""
    errand: bool = False
    """Whether its trip begins or ends here."""


AnyTruck: TypeAlias = Truck | None
"""One truck, or any."""


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

    @property
    def chains(self) -> tuple[str, ...]:
        """Where it counts: the closest of each chain decides, and the strictest of all chains."""
        own = ("own", "directed") if self.direction else ("own",)
        return (TRAILER,) if TRAILER in self.kinds else own

    def binds(self, truck: AnyTruck) -> bool | None:
        """Tell whether it is about a truck; where none is given, none if it is about some."""
        if some := self.kinds & SOME_TRUCKS:
            return None if truck is None else some <= truck.kinds
        return True


@lru_cache(4096)
def read_key(key: str) -> TagKey | None:
    """Take a key apart. Returns none where it says nothing about whether trucks may pass."""
    if (words := key.split(":"))[0] not in _BEGINNINGS:
        return None
    base, left = _find_base(words)
    # Two tell directions by their values.
    directions = () if base in ("oneway", "restriction") else DIRECTIONS
    rest = {*left} - _KINDS - {*directions, "both_ways", "conditional"}
    if rest & (OTHERS | _REMARKS_ON):
        return None
    direction = next((one for one in left if one in DIRECTIONS), "")
    doubt = "lanes" if rest == {"lanes"} else "unknown_key" if rest else ""
    return TagKey(base, _KINDS.intersection(left), direction, "conditional" in left, doubt)


def _find_base(words: list[str]) -> tuple[str, list[str]]:
    """Find what a key is about, and the words that are left; `hgv:` is about access, if nothing."""
    size = 2 if ":".join(words[:2]) in _BASES else 1 if words[0] in _BASES else 0
    base, left = ":".join(words[:size]), words[size:]
    if base and (base != "access" or _BASES.isdisjoint(left[:1])):
        return base, left
    base = next((one for one in left if one in _BASES), "access")
    return base, [one for one in left if one != base]


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

    def holds(self, truck: AnyTruck) -> bool | None:
        """Tell whether it holds for a truck; where none is given, none if it may for some."""
        if self.others or self.doubt:
            return False
        if truck is None:
            return None
        return (
            truck.errand >= self.errand
            and self.kinds <= EVERY_TRUCK | truck.kinds
            and all(_SIGNS[sign](truck.size[rank], value) for rank, sign, value in self.sizes)
        )


@lru_cache(4096)
def read_clauses(text: str) -> tuple[tuple[str, TagCondition], ...]:
    """Read `value @ (condition AND condition); value @ condition`. Returns them as written."""
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
    wanted = {part.strip() for part in _AND.split(text.lower().strip("() "))}
    sizes = {part: size for part in sorted(wanted) if (size := _read_size(part))}
    unread = wanted - _KINDS - ERRANDS - OTHERS - sizes.keys()
    doubts = ("conditional" if _HANGS_ON_CLOCK.search(part) else "unclear" for part in unread)
    errand, others = (not some.isdisjoint(wanted) for some in (ERRANDS, OTHERS))
    doubt = max(doubts, default="")
    return TagCondition(tuple(sizes.values()), _KINDS & wanted, errand, others, doubt)


def _read_size(text: str) -> tuple[int, str, float] | None:
    """Read `weight>7.5` as a `TagCondition` has it, none where no size is compared."""
    found = _SIZE.fullmatch(text)
    limit = found and _SIZE_OF.get(found[1].replace("_", ""))
    if not found or not limit:
        return None
    value = READ_UNIT[limit[1].unit](found[3])
    return (limit[0], _SAME_SIGN.get(found[2], found[2]), value) if math.isfinite(value) else None


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
_TURN_TIMES = frozenset(list_words(TAGS["times_of_turns"]))
_ROAD_TIMES = frozenset(list_words(TAGS["times_of_roads"]))
_DOUBTS_BESIDE = dict.fromkeys(_TURN_TIMES | _ROAD_TIMES, "conditional") | {
    "ambiguous": "ambiguous"
}
"""What is doubtful about tags that say nothing of trucks."""


class _Said(NamedTuple):
    """What one tag, or one of its conditions, says."""

    key: TagKey
    value: Any
    condition: TagCondition | None

    def holds(self, truck: AnyTruck) -> bool | None:
        """Tell whether it holds for a truck; where none is given, none if it may for some."""
        both = self.key.binds(truck), self.condition is None or self.condition.holds(truck)
        return None if None in both and False not in both else all(both)


TagWords = Mapping[str, list[_Said]]
"""What tags say, by what they are about, the closest to a truck first."""


class Passage(NamedTuple):
    """What a road is to a truck in one direction."""

    access: Access
    limits: tuple[float, ...]
    """One for each of `LIMITS`, NaN where there is none. [t, m]"""
    maxspeed_km_h: float
    """Signed limit, NaN where there is none. [km/h]"""

    @property
    def restricts(self) -> bool:
        """Whether it stands in the way of any truck."""
        return self.access is not Access.OPEN or not all(map(math.isnan, self.limits))


def read_access(value: str) -> Access | None:
    """Read access. Returns who may pass, none if that is unknown; of several the most open."""
    known = (_ACCESS_VALUES[part] for part in parts(value) if part in _ACCESS_VALUES)
    return _ACCESS_VALUES.get(value) if value in _ACCESS_VALUES else min(known, default=None)


def read_turn_value(value: str) -> str | None:
    """Read `no_left_turn` and its kin. Returns `no`, `only` or `free`; none for what is unknown."""
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


def read_words(tags: _Tags) -> TagWords:
    """Read what tags say about trucks."""
    found: dict[str, list[_Said]] = {}
    for name, value in tags.items():
        if (key := read_key(name)) is None or key.doubt:
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


def flip_tags(tags: _Tags, road_class: str = "") -> dict[str, str]:
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


def _implies_oneway(tags: _Tags, road_class: str) -> bool:
    round_and_round = tags.get("junction") in ("roundabout", "circular")
    return round_and_round or road_class in ("motorway", "motorway_link")


def _decide(
    said: list[_Said], truck: AnyTruck, strictest: Callable[..., Any], direction: str = ""
) -> list[Any]:
    """Give the one value that holds for a truck, or all that may for any; none: nothing is said."""
    here = [one for one in said if one.key.direction in ("", direction)]
    if len(here) == 1 and here[0].holds(None):
        return [here[0].value]
    chains = (_list_holding(here, name, truck) for name in ("own", "directed", TRAILER))
    found = (filter(lambda one: one is not None, values) for values in product(*chains))
    return [*dict.fromkeys(strictest(some) if (some := [*values]) else None for values in found)]


def _list_holding(said: list[_Said], chain: str, truck: AnyTruck) -> list[Any]:
    """List what may hold of a chain, the closest first, up to what does; none where none need."""
    found: dict[Any, None] = {}
    for one in said:
        holds = chain in one.key.chains and one.holds(truck)
        if holds is not False:
            found[one.value] = None
        if holds:
            return [*found]
    return [*found, None]


def decide_oneway(
    words: TagWords, tags: _Tags, road_class: str, truck: AnyTruck
) -> tuple[bool, bool]:
    """Tell whether a way may be driven along its nodes, and against them."""
    implied, said = _implies_oneway(tags, road_class), words.get("oneway", [])
    found = _decide(said, truck, lambda ways: tuple(map(all, zip(*ways))))  # noqa: B905
    along, against = zip(*(one or (True, not implied) for one in found), strict=True)
    return any(along), any(against)


def decide_access(words: TagWords, way: str, truck: AnyTruck) -> Access | None:
    """Decide who may use a road. Returns none if nothing is said; the most open without a truck."""
    found = _decide(words.get("access", []), truck, max, way)
    return None if found == [None] else min(one or Access.OPEN for one in found)


def decide_limits(words: TagWords, way: str, truck: AnyTruck) -> tuple[float, ...]:
    """Decide limits. Returns `LIMITS`, NaN where none is; the loosest without a truck. [t or m]"""
    if words.keys().isdisjoint(LIMIT_OF):
        return Road.limits
    found = []
    for limit in TRUCK_LIMITS:
        values = [
            max(math.inf if one is None else one for one in of_tag)
            for tag in limit.tags
            if tag in words and (of_tag := _decide(words[tag], truck, min, way))
        ]
        lowest = min(values, default=math.inf)
        found.append(lowest if math.isfinite(lowest) else math.nan)
    return tuple(found)


def read_turn(tags: _Tags, truck: AnyTruck) -> set[str]:
    """Read a restriction. Returns `no`, `only` or `free`; without a truck all that it may be."""
    freed, ours = {*parts(tags.get("except", ""))}, _list_turn_tags(tags)
    mine = _TURN_FREED if truck is None else _TURN_FREED | truck.kinds
    if freed & mine or not ours or _is_timed(tags):
        return {"free"}
    found = _decide(read_words(ours).get("restriction", []), truck, max)
    may_be = {"free"} if truck is None and freed & SOME_TRUCKS else set()
    return may_be | {one or "free" for one in found}


def read_turn_rules(tags: _Tags) -> tuple[str, bool]:
    """Write tags that decide which trucks a turn binds, if some; tell whether that is in doubt."""
    ours = _list_turn_tags(tags)
    timed = _is_timed(tags) or any(find_doubt(*tag) for tag in ours.items())
    doubtful = bool(ours) and timed and _TURN_FREED.isdisjoint(parts(tags.get("except", "")))
    some = doubtful or len(read_turn(tags, None)) > 1
    kept = {name: tags[name] for name in ("except", *_TURN_TIMES) if name in tags}
    return join_tags({**ours, **kept}) if some else "", doubtful


def _is_timed(tags: _Tags) -> bool:
    return any(find_doubt(name, tags[name]) for name in _TURN_TIMES & tags.keys())


def _list_turn_tags(tags: _Tags) -> dict[str, str]:
    if tags.get("type", "restriction") != "restriction":
        return {}
    said = {name: read_key(name) for name in tags}
    return {name: tags[name] for name, key in said.items() if key and key.base == "restriction"}


def find_doubt(name: str, value: str) -> str | None:
    """Look for doubt in a tag. Returns its kind (see `find_doubts`), none where there is none."""
    key = read_key(name)
    if name in _CAR_KEYS:
        return None if read_access(value) is Access.OPEN else "cars"
    if key is None:
        return None if value.strip() == "24/7" else _DOUBTS_BESIDE.get(name)
    doubt = _doubt_clauses if key.conditional else _doubt_value
    return key.doubt or doubt(key.base, value)


_WITHOUT_ERRAND = frozenset(("restriction", "oneway", "maxspeed"))
"""Where it is not asked whether a trip begins or ends there."""


def _doubt_clauses(base: str, value: str) -> str | None:
    clauses = [(text, one) for text, one in read_clauses(value) if not one.others]
    found = (one.doubt or _doubt_value(base, text) for text, one in clauses)
    errands = base in _WITHOUT_ERRAND and any(one.errand for _, one in clauses)
    return next(filter(None, found), "unclear" if errands else None)


_PLAUSIBLE = {tag: (one.least, one.most) for tag, (_, one) in LIMIT_OF.items()}


def _doubt_value(base: str, value: str) -> str | None:
    if base == "access":
        known = value.strip() and _ACCESS_VALUES.keys() >= {*parts(value)}
    elif base in ("restriction", "oneway"):
        known = READ_VALUE[base](value)
    else:
        return _doubt_number(base, [READ_VALUE[base](one) for one in parts(value, ";")])
    return None if known else "unreadable" if base == "oneway" else "unknown_access"


def _doubt_number(base: str, numbers: list[float]) -> str | None:
    if not numbers or any(map(math.isnan, numbers)):
        return "unreadable"
    (least, most), lowest = _PLAUSIBLE.get(base, (0.0, math.inf)), min(numbers)
    return None if lowest == math.inf or least <= lowest <= most else "implausible"


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

_IMPASSABLE = {"service": "emergency_access", "smoothness": "impassable"}
_RULED_BY = frozenset(("junction", "tracktype", "ford", "motorcar", *_IMPASSABLE, *_SPEED_TAGS))
_RULED_AT_BARRIERS = frozenset(("barrier", "locked", "ford", "opening_hours"))
"""Other tags that decide what a way, or a barrier, is to a truck."""

_EXPLAINING: dict[str, frozenset[str] | None] = {
    **{name: frozenset((value,)) for name, value in (*_IMPASSABLE.items(), ("locked", "yes"))},
    "service": _LOCAL_SERVICES | {"emergency_access"},
    "tracktype": _LOCAL_TRACKS,
    **dict.fromkeys(("ford", "barrier", *_ROAD_TIMES)),
}
"""Tags that tell why a road is as it is, and with which values; None for all but `no`."""
_TOLD = frozenset(("ford", *_IMPASSABLE, "opening_hours", *_ROAD_TIMES))
_TOLD_OF = {"track": _TOLD | {"tracktype"}}
_CAR_KEYS = frozenset(("motorcar", "motorcar:forward", "motorcar:backward"))
"""What is said of cars, the sisters of trucks: told where nothing is said of these."""
_CARS = re.compile("motorcar(?=:|$)")


def read_road(tags: _Tags) -> Road | None:
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
    if (road_class := read_class(tags)) is None:
        return None
    varied = varies(tags)
    signed, passages = judge_way(tags, road_class, varied=varied)
    pairs = zip(passages, signed, strict=True)
    access = [one.access if way else Access.CLOSED for one, way in pairs]
    left = [one is not Access.CLOSED for one in access]
    # A road that is closed in both directions keeps those of its signs.
    forward, backward = next(filter(any, (left, signed, (True, True))))
    ahead, back = passages
    limits, maxspeed_km_h = ahead.limits, ahead.maxspeed_km_h
    if limits is not back.limits:
        limits = tuple(np.maximum(limits, back.limits).tolist())
    if ahead is not back:
        maxspeed_km_h = float(np.fmin(maxspeed_km_h, back.maxspeed_km_h))
    return Road(
        road_class=road_class,
        forward=forward,
        backward=backward,
        access=min(access),
        limits=limits,
        maxspeed_km_h=maxspeed_km_h,
        rules=_join_rules(tags, _RULED_BY) if varied else "",
        **{field: read(tags, road_class) for field, read in READERS.items()},
    )


def judge_way(
    tags: _Tags, road_class: str, truck: AnyTruck = None, *, varied: bool = True
) -> tuple[tuple[bool, bool], tuple[Passage, Passage]]:
    """Say which directions are signed as open, and what a truck meets along each.

    `truck`: none for what any truck may meet at best; `varied`: whether directions may differ.
    """
    if road_class == "ferry":
        tags = {_CARS.sub("motor_vehicle", key): one for key, one in tags.items()} | {**tags}
    words, found, passing = read_words(tags), [], truck and truck._replace(errand=False)
    for direction in ("forward", "backward") if varied else ("forward",):
        speed = _decide(words.get("maxspeed", []), passing, min, direction)[-1]
        found.append(
            Passage(
                _soften(tags, road_class, decide_access(words, direction, truck)),
                decide_limits(words, direction, truck),
                _speed_by_zone(tags) if speed is None else speed if speed < math.inf else math.nan,
            )
        )
    return decide_oneway(words, tags, road_class, passing), (found[0], found[-1])


def read_class(tags: _Tags) -> str | None:
    """Read the class of a road. Returns None if it is no road, or a ferry without vehicles."""
    if tags.get("area") == "yes":
        return None
    if tags.get("route") == "ferry":
        return "ferry" if _takes_motor_vehicles(tags) else None
    value = tags.get("highway", "")
    value = _SAME_CLASS.get(value, value)
    return value if value in ROAD_CLASSES else None


def read_barrier(tags: _Tags) -> Road | None:
    """Read a barrier, a ford or a limit on a node. Returns None where it does nothing for sure."""
    if "barrier" not in tags:
        tags = {name: value for name, value in tags.items() if name == "ford" or _is_size(name)}
    if not tags:
        return None
    found, varied = judge_barrier(tags), varies(tags)
    text = _join_telling(tags, _RULED_AT_BARRIERS, cars=_read_kind(tags))
    if not (varied or found.restricts or find_doubts(text)):
        return None
    ruled = _join_rules(tags, _RULED_AT_BARRIERS) if varied else ""
    return Road("service", access=found.access, limits=found.limits, tags=text, rules=ruled)


def judge_barrier(tags: _Tags, truck: AnyTruck = None) -> Passage:
    """Judge a barrier, ford or limit. Returns the stricter of either direction, for both."""
    words, ways = read_words(tags), (*DIRECTIONS,) if varies(tags) else ("",)
    said = (decide_access(words, way, truck) for way in ways)
    access = max((one for one in said if one is not None), default=_judge_kind(tags))
    ahead, back = (decide_limits(words, way, truck) for way in (ways[0], ways[-1]))
    lowest = ahead if ahead is back else tuple(np.fmin(ahead, back).tolist())
    return Passage(Access.CLOSED if _has_ford(tags) else access, lowest, math.nan)


def _judge_kind(tags: _Tags) -> Access:
    """Say who may pass a barrier of which nothing but its kind is known; anybody where is none."""
    if (kind := _read_kind(tags)) == "gate" and tags.get("locked") == "yes":
        return Access.LOCAL
    return Access.OPEN if kind or "barrier" not in tags else Access.CLOSED


def _read_kind(tags: _Tags) -> str:
    """Tell how trucks pass a barrier: `gate`, `open`, or none; of several kinds the strictest."""
    return min((_BARRIERS.get(kind, "") for kind in parts(tags.get("barrier", ""))), default="")


def find_doubts(tags: str) -> tuple[tuple[str, str, str], ...]:
    """Find what deserves a look in OpenStreetMap. Returns kind, key and value, of `Road.tags`.

    Kinds are `conditional` (hangs on a clock) and `unclear` conditions, `lanes` (of single ones),
    `unknown_key`, `unreadable` values, `implausible` limits, `unknown_access`, `cars` (not trucks).
    """
    pairs = split_tags(tags).items()
    return tuple((kind, key, value) for key, value in pairs if (kind := find_doubt(key, value)))


def _join_rules(tags: _Tags, more: Iterable[str]) -> str:
    """Write the tags that decide for trucks as one text, and `more` of them."""
    return join_tags({name: tags[name] for name in tags if name in more or read_key(name)})


def _read_level(tags: _Tags) -> int:
    """Give the `layer` of a bridge, 1 at least, or of a tunnel, -1 at most; a street has 0."""
    layer = tags.get("layer", "").strip()
    said = int(layer) if re.fullmatch(r"[+-]?[0-9]", layer) else 0
    if tags.get("bridge", "no") != "no":
        return max(said, 1)
    # A passage through a house is a street.
    return min(said, -1) if tags.get("tunnel", "no") not in ("no", "building_passage") else 0


def _soften(tags: _Tags, road_class: str, access: Access | None) -> Access:
    """Say who may use a road of a class, by what its tags say of access."""
    if not _IMPASSABLE.items().isdisjoint(tags.items()) or _has_ford(tags):
        return Access.CLOSED
    soft = road_class == "track" and tags.get("tracktype") in _LOCAL_TRACKS
    # Nobody hauls gravel through driveways, car parks and soft tracks.
    if not access and road_class != "ferry" and (tags.get("service") in _LOCAL_SERVICES or soft):
        return Access.OPEN if read_access(tags.get("hgv", "")) is Access.OPEN else Access.LOCAL
    return access or Access.OPEN


def _takes_motor_vehicles(tags: _Tags) -> bool:
    values = [read_access(tags.get(name, "")) for name in ("motor_vehicle", "vehicle")]
    everyone = next((access for access in values if access is not None), None)
    kinds = [read_access(tags.get(name, "")) for name in ("hgv", "motorcar")]
    return any(access not in (None, Access.CLOSED) for access in (*kinds, everyone))


def _has_ford(tags: _Tags) -> bool:
    return tags.get("ford", "no") != "no"


def _speed_by_zone(tags: _Tags) -> float:
    """Give the limit that the kind of a limit or a zone implies, NaN where none does. [km/h]"""
    found = (READ_VALUE["maxspeed"](tags[tag]) for tag in _SPEED_TAGS if tag in tags)
    return next((speed for speed in found if speed < math.inf), math.nan)


def _read_built_up(tags: _Tags) -> bool | None:
    for tag in _ZONE_TAGS:
        value = tags.get(tag)
        if (found := _ZONE.fullmatch(value) if value and ":" in value else None) and found[1]:
            return found[1] == "urban"
        if found and int(found[2]) <= _FASTEST_ZONE_KM_PER_H:
            return True
    return None


def _read_surface(tags: _Tags, road_class: str) -> str:
    known = (_SURFACES.get(part, "") for part in parts(tags.get("surface", "")))
    surface = max(known, key=_ROUGHNESS.__getitem__, default="")
    if not surface and road_class == "track":
        surface = _TRACKS.get(tags.get("tracktype", ""), "")
    return surface


def _is_size(name: str) -> bool:
    return bool((key := read_key(name)) and key.base in LIMIT_OF)


def _join_telling(tags: _Tags, explaining: frozenset[str], cars: object = True) -> str:
    """Write what restricts, explains, is in doubt, or is on `cars` if nothing is on trucks."""
    if cars and all(one.condition for one in read_words(tags).get("access", [])):
        explaining |= _CAR_KEYS
    asked = {name: _explains if name in explaining else _tells for name in tags}
    return join_tags({name: value for name, value in tags.items() if asked[name](name, value)})


def _explains(name: str, value: str) -> bool:
    wanted = _EXPLAINING.get(name, frozenset((value,)) - PLAINLY_OPEN)
    return value != "no" if wanted is None else value in wanted


def _tells(name: str, value: str) -> bool:
    if (key := read_key(name)) is None or key.base == "restriction":
        return False
    if key.conditional or key.doubt or find_doubt(name, value):
        return True
    if key.base == "access":
        return value not in PLAINLY_OPEN
    if key.base in ("oneway", "maxspeed"):
        return value == "reversible" or key.varies
    return bool(READ_VALUE[key.base](value) != math.inf)


READERS: dict[str, Callable[[_Tags, str], Any]] = {
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
