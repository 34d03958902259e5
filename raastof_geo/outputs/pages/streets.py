"""Write lines as short text for `core.js`: routes in shared stretches, and what lies below."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache, partial
from itertools import chain
from typing import Any, NamedTuple, TypeAlias
import numpy as np
import pandas as pd
import shapely
from raastof_geo.arrays import Floats, Indices, Integers, Mask, Objects
from raastof_geo.cache import fingerprint, keep, read_arrays, write_arrays
from raastof_geo.legs.legs import Legs
from raastof_geo.legs.roads import RoadPrices
from raastof_geo.outputs.palette import ROADS_DRAWN, attribute_maps
from raastof_geo.region.projection import unproject_shapes
from raastof_geo.region.region import Region
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import ROAD_CLASSES

_TOLERANCE_DEG = 0.00012
"""Roads and the routes on them are drawn as exactly as each other. [degrees]"""
DECIMALS = 5
_Piece: TypeAlias = tuple[int, float, float]
"""An edge of the network, and from where to where along it, as `RoadNetwork.cut` takes them."""
_NEAR_M = 1500.0
_LAND_TOLERANCE_DEG = 0.0008
_CELL_M, _SPREAD_M = 100.0, 260.0
_TOWN_PER_KM2 = 6.0
"""Land with more junctions than this is drawn as built up: streets of towns meet every 300 m, roads
outside them every kilometre or two. [1/km2]"""
_LEAST_TOWN_M2 = 150_000.0
_AROUND = (-0.05, -0.05, 0.05, 0.05)


def encode_numbers(values: Integers, counts: Integers) -> list[str]:
    """Write runs of whole numbers, each as its step from the one before, for `readNumbers`.

    `counts`: how many of the values each run has. Zigzag so that signs are small numbers, five bits
    a letter, the lowest first. Returns letters from `?` on, none of which ends a script.
    Source: developers.google.com/maps/documentation/utilities/polylinealgorithm.
    """
    stops = np.cumsum(counts)
    steps, first = np.diff(values, prepend=0), (stops - counts)[counts > 0]
    steps[first] = values[first]
    left = (steps << 1) ^ (steps >> 63)
    columns: list[Integers] = [left]
    while (left := left >> 5).any():
        columns.append(left)
    parts = np.stack(columns, axis=1)
    more = np.pad(parts[:, 1:] > 0, ((0, 0), (0, 1)))
    there = np.pad(more[:, :-1], ((0, 0), (1, 0)), constant_values=True)
    text = (((parts & 31) | (32 * more)) + 63)[there].astype(np.uint8).tobytes().decode("ascii")
    ends = np.append(0, np.cumsum(there.sum(axis=1)))
    return [text[one:two] for one, two in np.stack([ends[stops - counts], ends[stops]]).T.tolist()]


def encode_lines(lines: Iterable[Any], tolerance_deg: float, *, decimals: int = 4) -> list[str]:
    """Simplify lines of lon and lat [degrees, points × 2]; write them for `readLine` in `core.js`.

    A drawn line lies within `tolerance_deg` of its points; a second of latitude is 31 m. Of a
    degree 4 `decimals` are about 10 m, and 5 about 1 m. Returns of each all latitudes, a blank, all
    longitudes; empty where there is no line.
    """
    points = [np.asarray(one, np.float64).reshape(-1, 2) for one in lines]
    sizes = np.array([*map(len, points)], np.int64)
    texts, whole = [""] * len(points), np.flatnonzero(sizes > 1)
    if not len(whole):
        return texts
    joined = np.concatenate([points[at] for at in whole.tolist()])
    shapes: Any = shapely.linestrings(
        joined, indices=np.repeat(np.arange(len(whole)), sizes[whole])
    )
    drawn, owner = shapely.get_coordinates(
        shapely.simplify(shapes, tolerance_deg), return_index=True
    )
    places = np.round(drawn * 10**decimals).astype(np.int64)
    moves = np.any(np.diff(places, axis=0, prepend=places[:1] - 1) != 0, axis=1)
    moves |= np.diff(owner, prepend=-1) != 0
    counts = np.bincount(owner[moves], minlength=len(whole))
    lon, lat = (encode_numbers(one, counts) for one in places[moves].T)
    for rank, at in enumerate(whole.tolist()):
        texts[at] = f"{lat[rank]} {lon[rank]}" if counts[rank] > 1 else ""
    return texts


def spell_streets(lines: Iterable[Any]) -> list[str]:
    """Write lines as exactly as roads, and the routes on them, are drawn."""
    return encode_lines(lines, _TOLERANCE_DEG, decimals=DECIMALS)


def pack(table: pd.DataFrame) -> dict[str, Any]:
    """Pack a table for `readTable`. Returns `columns`, each named once, and `rows`."""
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


def lay_streets(legs: Legs, errands: Iterable[Errand]) -> tuple[list[str], list[str]]:
    """Lay routes out. Returns stretches that the same errands pass whole, and each one's route.

    Stretches as `encode_lines` writes them; a route is twice the number of each in turn, one more
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
    lines, routes = list[Floats](), [list[int]() for _ in wanted]
    for start, run in zip([0, *cuts.tolist()], np.split(steps, cuts), strict=True):
        if not len(run):
            continue
        first, last = int(run[0]), int(run[-1])
        ahead = first <= last ^ 1
        if (key := first if ahead else last ^ 1) not in numbers:
            numbers[key] = len(lines)
            lines.append(_draw(legs.roads.network, known, run if ahead else run[::-1] ^ 1))
        routes[owner[start]].append(2 * numbers[key] + (not ahead))
    counts = np.array([*map(len, routes)], np.int64)
    return spell_streets(lines), encode_numbers(np.array([*chain(*routes)], np.int64), counts)


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
    """Tell where all on one of two neighbours go on; `owner`: each step's route. [steps - 1]"""
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


def describe_base(network: RoadNetwork, near: Iterable[tuple[float, float]] = ()) -> dict[str, Any]:
    """Describe land, towns and roads, small ones `near` places. Returns values for `base.js`."""
    shores, towns = shapely.get_rings(find_land(network)), network.region.towns
    ranks = [{"city": 0, "town": 1}.get(one, 2) for one in towns["town_class"]]
    names = np.array(ROAD_CLASSES)[network.road_class]
    around = np.zeros(network.edge_count, bool)  # small roads are drawn near places only
    if len(places := np.array(list(near), np.float64).reshape(-1, 2)):
        middle = network.xy[(network.point_start[:-1] + network.point_start[1:]) // 2]
        tree = shapely.STRtree(shapely.points(middle))
        disks = shapely.points(network.project(places[:, 0], places[:, 1]))
        around[np.unique(tree.query(disks, predicate="dwithin", distance=_NEAR_M)[1])] = True
    roads = {name: _draw_class(network, names == name) for name in ROADS_DRAWN["anywhere"]}
    for shown, mine in ROADS_DRAWN["nearby"].items():
        if lines := _draw_class(network, np.isin(names, mine) & around):
            roads[f"near_{shown}"] = lines
    return {
        "land": encode_lines((ring.coords for ring in shores), _LAND_TOLERANCE_DEG),
        "towns": encode_lines(find_towns(network), 0.0003),
        "roads": roads,
        "ferries": _draw_class(network, network.ferry),
        "names": pack(towns.assign(rank=ranks)[["name", "rank", "lat", "lon"]]),
        "decimals": DECIMALS,
        "attribution": attribute_maps(network),
    }


def describe_areas(region: Region) -> dict[str, Any]:
    """Describe municipalities. Returns their borders and names for `areas.js`."""
    areas = region.areas
    shapes = shapely.coverage_simplify(areas.geometry.to_numpy(), _LAND_TOLERANCE_DEG)
    whole = shapely.boundary(shapely.union_all(shapes))
    borders = shapely.difference(shapely.union_all(shapely.boundary(shapes)), whole)
    parts = shapely.get_parts(shapely.line_merge(borders))
    middles = shapely.point_on_surface(shapes)
    return {
        "borders": encode_lines(map(shapely.get_coordinates, parts), 0.0),
        "names": [
            {"name": str(name), "at": [round(point.y, 4), round(point.x, 4)]}
            for name, point in zip(areas["name"], middles, strict=True)
        ],
    }


def find_land(network: RoadNetwork) -> Objects:
    """Find the land. Returns polygons [degrees]; without a coast, no road lies in the sea."""
    if len(network.region.land):
        return network.region.land
    return np.array([shapely.box(*np.add(network.metadata.bounds, _AROUND))], object)


@lru_cache(maxsize=4)
def find_towns(network: RoadNetwork) -> list[Floats]:
    """Find towns by how densely roads meet. Returns their outlines. [degrees, points × 2]"""
    drawn = _CELL_M, _SPREAD_M, _TOWN_PER_KM2, _LEAST_TOWN_M2
    return keep(
        "towns",
        fingerprint((network.digest, str(drawn))),
        make=partial(_outline_towns, network),
        write=lambda towns, file: write_arrays({f"{at}": it for at, it in enumerate(towns)}, file),
        read=lambda file: [np.asarray(one, float) for one in read_arrays(file).values()],
    )


def _outline_towns(network: RoadNetwork) -> list[Floats]:
    import contourpy
    from scipy.ndimage import gaussian_filter

    large = [ROAD_CLASSES.index(name) for name in ("motorway", "trunk", "ferry")]
    streets = ~np.isin(network.road_class, large)
    ends = np.concatenate((network.tail[streets], network.head[streets]))
    if not (meeting := np.bincount(ends, minlength=network.node_count) >= 3).any():
        return []
    at = network.project(network.node_lon[meeting], network.node_lat[meeting])
    low = at.min(axis=0) - 10 * _CELL_M
    cells = np.ceil((at.max(axis=0) + 10 * _CELL_M - low) / _CELL_M).astype(int)
    edges = [low[axis] + _CELL_M * np.arange(cells[axis] + 1) for axis in (0, 1)]
    count, _, _ = np.histogram2d(at[:, 0], at[:, 1], bins=edges)
    dense = gaussian_filter(count / (_CELL_M / 1000) ** 2, _SPREAD_M / _CELL_M)
    middles = [one[:-1] + _CELL_M / 2 for one in edges]
    drawn: Any = contourpy.contour_generator(x=middles[0], y=middles[1], z=dense.T)
    drawn = drawn.lines(_TOWN_PER_KM2)
    closed: Any = [shapely.Polygon(line) for line in drawn if len(line) > 3]
    large_enough = [one for one in closed if one.area >= _LEAST_TOWN_M2]
    shapes = unproject_shapes(large_enough, network.region.crs)
    return [shapely.get_coordinates(one) for one in shapes]


def _draw_class(network: RoadNetwork, which: Any) -> list[str]:
    """Join edges into long lines, for the eye only."""
    edges: Indices = np.flatnonzero(which)
    points, sizes = network.draw(edges, np.ones(len(edges), bool))
    lines: Any = shapely.linestrings(points, indices=np.repeat(np.arange(len(edges)), sizes))
    parts: Any = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    return [line for line in spell_streets(map(shapely.get_coordinates, parts)) if line]
