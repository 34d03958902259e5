"""Decide by its tags what a road, a barrier or a turn is to a truck, in either direction.

Of several tags the one closest to the truck wins: `hgv:forward` before `hgv` before `access`, and a
condition that holds before none, the last of its list first. Where one tag is closer to the truck
and another to the direction, the stricter holds.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from raastof_geo.emissions.limit import TRUCK_LIMITS
from raastof_geo.roads.mapped import keys
from raastof_geo.roads.road import NO_LIMITS, Access, join_tags

PLAINLY_OPEN = frozenset(keys.list_words(keys.TAGS["plainly_open"]))
_ACCESS_VALUES = {
    **dict.fromkeys(PLAINLY_OPEN, Access.OPEN),
    **dict.fromkeys(keys.ERRANDS, Access.LOCAL),
    **{word: Access[meaning.upper()] for word, meaning in keys.by_word("access").items()},
}
_DIRECTIONS = {
    word: (ways in ("along", "both"), ways in ("against", "both"))
    for word, ways in keys.by_word("oneway").items()
}
_ONEWAY_JUNCTIONS = frozenset(("roundabout", "circular"))
_ONEWAY_CLASSES = frozenset(("motorway", "motorway_link"))

_TURN_VALUES = keys.by_word("restriction")
_TURN_FREED = frozenset(("hgv", "motor_vehicle", "vehicle"))
_TURN_TIMES = frozenset(("day_on", "day_off", "hour_on", "hour_off"))
_DOUBTS_OF_TURNS = {**dict.fromkeys(_TURN_TIMES, "conditional"), "ambiguous": "ambiguous"}


class _Said(NamedTuple):
    """What one tag, or one of its conditions, says."""

    key: keys.TagKey
    value: Any
    condition: keys.TagCondition | None


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
    known = (_ACCESS_VALUES[part] for part in keys.parts(value) if part in _ACCESS_VALUES)
    return _ACCESS_VALUES.get(value) if value in _ACCESS_VALUES else min(known, default=None)


def read_turn_value(value: str) -> str | None:
    """Reduce `no_left_turn` and the like to `no`, `only` or `free`; none for what is unknown."""
    rules = {_TURN_VALUES.get(part, "") for part in keys.parts(value)}
    return (rules.pop() or None) if len(rules) == 1 else None


READ_VALUE: dict[str, Callable[[str], Any]] = {
    "access": read_access,
    "maxspeed": keys.read_speed,
    "oneway": _DIRECTIONS.get,
    "restriction": read_turn_value,
    **{tag: keys.READ_SIZE[one.unit] for tag, (_, one) in keys.LIMIT_OF.items()},
}
"""How a value is read, by what it is about; none or NaN where it cannot be read."""


def read_words(tags: Mapping[str, str]) -> TagWords:
    """Read what tags say about trucks."""
    found: dict[str, list[_Said]] = {}
    for name, value in tags.items():
        key = keys.read_key(name)
        if key is not None and not key.doubt:
            found.setdefault(key.base, []).extend(_read_said(key, value))
    for said in found.values():
        said.sort(key=lambda one: one.key.rank, reverse=True)
    return found


def _read_said(key: keys.TagKey, value: str) -> Iterator[_Said]:
    clauses = reversed(keys.read_clauses(value)) if key.conditional else [(value, None)]
    for text, condition in clauses:  # the last that holds wins
        meaning = READ_VALUE[key.base](text)
        if meaning is not None and meaning == meaning:  # noqa: PLR0124 - not NaN
            yield _Said(key, meaning, condition)


def varies(tags: Iterable[str]) -> bool:
    """Tell whether keys hang on the truck or on the direction."""
    return any(key.varies and not key.doubt for name in tags if (key := keys.read_key(name)))


def flip_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Say the same of a way that is drawn the other way round."""
    turned = {"yes": "-1", "true": "-1", "1": "-1", "-1": "yes", "reverse": "yes"}
    found = {}
    for name, value in tags.items():
        key = keys.read_key(name)
        flipped = ":".join(keys.DIRECTIONS.get(part, part) for part in name.split(":"))
        oneway = key is not None and key.base == "oneway" and not key.conditional
        found[flipped if key else name] = turned.get(value, value) if oneway else value
    return found


def _decide(
    said: list[_Said],
    truck: keys.Truck | None,
    errand: bool,
    strictest: Callable[[Iterable[Any]], Any],
    direction: str = "",
) -> list[Any]:
    """Give the one value that holds for a truck; for none, all those that may hold for some.

    None among them where nothing is said.
    """
    here = [one for one in said if one.key.direction in ("", direction)]
    if len(here) == 1 and here[0].condition is None and not here[0].key.kinds & keys.SOME_TRUCKS:
        return [here[0].value]
    towed = [one for one in here if keys.TRAILER in one.key.kinds]
    own = [one for one in here if keys.TRAILER not in one.key.kinds]
    directed = [one for one in own if one.key.direction]
    chains = (
        dict.fromkeys(_list_holding(chain, truck, errand)) for chain in (own, directed, towed)
    )
    found = ([one for one in values if one is not None] for values in product(*chains))
    return [*dict.fromkeys(strictest(values) if values else None for values in found)]


def _list_holding(said: list[_Said], truck: keys.Truck | None, errand: bool) -> Iterator[Any]:
    for one in said:
        holds: bool | None = True
        if some := one.key.kinds & keys.SOME_TRUCKS:
            holds = None if truck is None else some <= truck.kinds
        if holds is not False and one.condition is not None:
            holds = one.condition.holds(truck, errand) and holds
        if holds is not False:
            yield one.value
        if holds:
            return
    yield None


def decide_oneway(
    words: TagWords, tags: Mapping[str, str], road_class: str, truck: keys.Truck | None
) -> tuple[bool, bool]:
    """Tell whether a way may be driven along its nodes, and against them."""
    implied = tags.get("junction") in _ONEWAY_JUNCTIONS or road_class in _ONEWAY_CLASSES
    by_default = (True, not implied)
    if "oneway" not in words:
        return by_default
    found = _decide(words["oneway"], truck, False, lambda ways: tuple(map(all, zip(*ways))))  # noqa: B905
    ways = [by_default if one is None else one for one in found]
    return any(one[0] for one in ways), any(one[1] for one in ways)


def decide_access(
    words: TagWords, direction: str, truck: keys.Truck | None, errand: bool
) -> Access | None:
    """Say who may use a road, none where nothing is said; the most open where no truck is given."""
    if "access" not in words:
        return None
    found = _decide(words["access"], truck, errand, max, direction)
    return None if None in found and len(found) == 1 else min(one or Access.OPEN for one in found)


def decide_limits(
    words: TagWords, direction: str, truck: keys.Truck | None, errand: bool
) -> tuple[float, ...]:
    """Give the limits of a road, NaN where there is none; the loosest where no truck is given."""
    if words.keys().isdisjoint(keys.LIMIT_OF):
        return NO_LIMITS
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


def decide_speed(words: TagWords, direction: str, truck: keys.Truck | None) -> float | None:
    """Give the signed limit, inf where it is lifted, none where nothing is said. [km/h]"""
    if "maxspeed" not in words:
        return None
    speed: float | None = _decide(words["maxspeed"], truck, False, min, direction)[-1]
    return speed


def read_turn(tags: Mapping[str, str], truck: keys.Truck | None) -> set[str]:
    """Say of a restriction whether it is a `no` or `only` one, or `free`; all that it may be."""
    freed = {*keys.parts(tags.get("except", ""))}
    ours = _list_turn_tags(tags)
    if freed & _TURN_FREED or not ours or not _TURN_TIMES.isdisjoint(tags):
        return {"free"}
    some = freed & keys.SOME_TRUCKS
    if some and truck is not None and some & truck.kinds:
        return {"free"}
    found = _decide(read_words(ours).get("restriction", []), truck, False, max)
    return {one or "free" for one in (*found, *(["free"] if some and truck is None else []))}


def read_turn_rules(tags: Mapping[str, str]) -> tuple[str, bool]:
    """Write the tags that decide which trucks a restriction binds; none where it binds all or none.

    And tell whether it may bind trucks in a way that cannot be decided.
    """
    ours = _list_turn_tags(tags)
    timed = not _TURN_TIMES.isdisjoint(tags) or any(find_doubt(*tag) for tag in ours.items())
    doubtful = bool(ours) and timed and _TURN_FREED.isdisjoint(keys.parts(tags.get("except", "")))
    some = doubtful or len(read_turn(tags, None)) > 1
    kept = {name: tags[name] for name in ("except", *_TURN_TIMES) if name in tags}
    return join_tags({**ours, **kept}) if some else "", doubtful


def _list_turn_tags(tags: Mapping[str, str]) -> dict[str, str]:
    if tags.get("type", "restriction") != "restriction":
        return {}
    said = {name: keys.read_key(name) for name in tags}
    return {name: tags[name] for name, key in said.items() if key and key.base == "restriction"}


def find_doubt(name: str, value: str) -> str | None:
    """Say what is doubtful about a tag: of which kind (`find_doubts`), none where nothing is."""
    key = keys.read_key(name)
    if key is None:
        return _DOUBTS_OF_TURNS.get(name)
    if key.doubt:
        return key.doubt
    if not key.conditional:
        return _doubt_value(key.base, value)
    clauses = [(text, one) for text, one in keys.read_clauses(value) if not one.others]
    found = (one.doubt or _doubt_value(key.base, text) for text, one in clauses)
    doubt = next(filter(None, found), None)
    errands = any(one.errand for _, one in clauses)
    return "unclear" if not doubt and errands and key.base in _WITHOUT_ERRAND else doubt


_WITHOUT_ERRAND = frozenset(("restriction", "oneway", "maxspeed"))
"""Where it is not asked whether a trip begins or ends there."""


def _doubt_value(base: str, value: str) -> str | None:
    if base == "access":
        known = value.strip() and all(part in _ACCESS_VALUES for part in keys.parts(value))
        return None if known else "unknown_access"
    read = READ_VALUE[base]
    if base == "restriction":
        return None if read(value) else "unknown_access"
    if base == "oneway":
        return None if read(value) else "unreadable"
    if not keys.parts(value) or any(math.isnan(read(part)) for part in keys.parts(value)):
        return "unreadable"
    if base not in keys.LIMIT_OF or read(value) == math.inf:
        return None
    limit = keys.LIMIT_OF[base][1]
    return None if limit.least <= read(value) <= limit.most else "implausible"
