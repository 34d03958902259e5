"""Write lines as short text that `core.js` reads, and routes as stretches of road that they share.

Each stretch is drawn once.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import shapely

from raastof_geo.arrays import Floats, Indices, Integers, Mask
from raastof_geo.legs.legs import Legs
from raastof_geo.legs.roads import RoadPrices
from raastof_geo.roads.network import RoadNetwork

_TOLERANCE_DEG = 0.00012
"""Roads and the routes on them are drawn as exactly as each other. [degrees]"""
DECIMALS = 5


def encode_numbers(values: Iterable[int]) -> str:
    """Write whole numbers, each as its step from the one before, for `readNumbers` in `core.js`.

    Zigzag so that signs are small numbers, five bits a letter, the lowest first; letters from `?`
    on, none of which ends a script.
    Source: developers.google.com/maps/documentation/utilities/polylinealgorithm.
    """
    text, before = [], 0
    for now in values:
        value = (now - before) << 1
        before = now
        value = ~value if value < 0 else value
        while value >= 0x20:
            text.append(chr((0x20 | (value & 0x1F)) + 63))
            value >>= 5
        text.append(chr(value + 63))
    return "".join(text)


def encode_line(points: Any, tolerance_deg: float, *, decimals: int = 4) -> str:
    """Simplify a line of lon and lat [degrees, points × 2]; write it for `readLine` in `core.js`.

    The drawn line lies within `tolerance_deg` of the points; a second of latitude is 31 m. Of a
    degree 4 `decimals` are about 10 m, and 5 about 1 m. All latitudes, a blank, all longitudes;
    empty where there is no line.
    """
    if len(points) < 2:
        return ""
    line = shapely.simplify(shapely.LineString(points), tolerance_deg)
    steps = np.round(shapely.get_coordinates(line) * 10**decimals).astype(np.int64)
    lon, lat = steps[np.any(np.diff(steps, axis=0, prepend=steps[:1] - 1) != 0, axis=1)].T.tolist()
    return f"{encode_numbers(lat)} {encode_numbers(lon)}" if len(lat) > 1 else ""


def spell_street(points: Any) -> str:
    """Write a line as exactly as roads, and the routes on them, are drawn."""
    return encode_line(points, _TOLERANCE_DEG, decimals=DECIMALS)


def pack(table: pd.DataFrame) -> dict[str, Any]:
    """Put a table into plain values that say what they are: `columns` and `rows`, for `readTable`.

    A name stands in the page once, and no script counts cells.
    """
    return {"columns": list(table), "rows": table.to_numpy(object).tolist()}


class Errand(NamedTuple):
    """A way that trucks go."""

    origin: str
    destination: str
    vehicle: str
    spell: str
    """The first period whose roads are as in the period that it is driven in."""
    load: str
    """Of `BOTH_LOADS`."""


_Piece: TypeAlias = tuple[int, float, float]
"""An edge of the network, and from where to where along it, as `RoadNetwork.cut` takes them."""


def lay_streets(legs: Legs, errands: Iterable[Errand]) -> tuple[list[str], list[str]]:
    """Give the stretches that the same errands pass from end to end, and the route of each errand.

    Stretches as `encode_line` writes them; a route is twice the number of each in turn, one more
    where it is driven against its line, and empty where legs were made up without roads.
    """
    wanted = list(errands)
    if legs.roads is None:
        return [], [""] * len(wanted)
    pieces: dict[_Piece, int] = {}
    traced = _trace(legs.roads, wanted, pieces)
    steps = np.concatenate([np.zeros(0, np.int64), *traced])
    owner = np.repeat(np.arange(len(wanted)), np.array([*map(len, traced)], np.int64))
    cuts = np.flatnonzero(~_find_joints(steps, owner)) + 1
    known, numbers = list(pieces), dict[int, int]()
    lines, routes = list[str](), [list[int]() for _ in wanted]
    for start, run in zip([0, *cuts.tolist()], np.split(steps, cuts), strict=True):
        if not len(run):
            continue
        first, last = int(run[0]), int(run[-1])
        ahead = first <= last ^ 1
        if (key := first if ahead else last ^ 1) not in numbers:
            numbers[key] = len(lines)
            drawn = _draw(legs.roads.network, known, run if ahead else run[::-1] ^ 1)
            lines.append(spell_street(drawn))
        routes[owner[start]].append(2 * numbers[key] + (not ahead))
    return lines, list(map(encode_numbers, routes))


def _trace(roads: RoadPrices, errands: list[Errand], pieces: dict[_Piece, int]) -> list[Integers]:
    """Give the pieces of each errand: twice their numbers, one more where driven backwards."""
    alike: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for rank, errand in enumerate(errands):
        alike[errand.vehicle, errand.load, errand.spell].append(rank)
    traced: list[Integers] = [np.zeros(0, np.int64)] * len(errands)
    for (vehicle, load, spell), ranks in alike.items():
        ends = (
            [roads.stops[getattr(errands[rank], end)] for rank in ranks]
            for end in ("origin", "destination")
        )
        routes = roads.weigh(vehicle, load, roads.spell_of(spell)).routes(*ends)
        for place, rank in enumerate(ranks):
            arcs = routes.arcs(place)
            ahead = routes.graph.ahead[arcs]
            before, beyond = np.zeros((2, len(arcs)))
            before[:1], beyond[-1:] = routes.first_left[place], routes.last_left[place]
            low = np.where(ahead, before, beyond).tolist()
            high = (1 - np.where(ahead, beyond, before)).tolist()
            found = zip(routes.graph.edge[arcs].tolist(), low, high, strict=True)
            numbers = [pieces.setdefault(one, len(pieces)) for one in found]
            traced[rank] = 2 * np.array(numbers, np.int64) + ~ahead
    return traced


def _find_joints(steps: Integers, owner: Indices) -> Mask:
    """Tell where all that drive one of two neighbouring pieces go on to the other. [steps - 1]

    `owner`: which route each step is of.
    """
    if len(steps) < 2:
        return np.zeros(0, bool)
    one, two = steps[:-1], steps[1:]
    count = np.int64(len(steps) * 2 + int(steps.max()) + 2)
    pair = np.minimum(one * count + two, (two ^ 1) * count + (one ^ 1))
    within = owner[:-1] == owner[1:]
    _, which, times = np.unique(pair[within], return_inverse=True, return_counts=True)
    passing = np.bincount(steps >> 1)
    joined = np.zeros(len(pair), bool)
    joined[within] = np.all(times[which] == passing[np.array([one, two])[:, within] >> 1], axis=0)
    return joined


def _draw(network: RoadNetwork, pieces: list[_Piece], run: Integers) -> Floats:
    """Draw a run of pieces, no point twice in a row. [degrees, points × 2]"""
    parts = [network.cut(*pieces[step >> 1])[:: -1 if step & 1 else 1] for step in run.tolist()]
    points = np.concatenate(parts)
    return np.asarray(points[np.any(np.diff(points, axis=0, prepend=np.nan) != 0, axis=1)])
