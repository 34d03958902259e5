"""Build a network of roads for trucks out of the ways of OpenStreetMap, whole or reduced.

Edges are parts of ways. Over a node a turn restriction means the parts that meet there, over ways
every sequence of their parts. `arc ^ 1` is the way back of an arc.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import filterfalse, groupby, pairwise, product
from operator import attrgetter
from typing import Any, TypeAlias
import numpy as np
import pandas as pd
import shapely
from raastof_geo.arrays import Floats, Indices, Integers, Mask, Rows, SmallIntegers, lay_runs
from raastof_geo.errors import RoadDataError
from raastof_geo.language import Tell, say
from raastof_geo.region.projection import bound, measure_steps
from raastof_geo.roads.edges import NetworkMetadata, RoadEdges, Turn, round_degrees
from raastof_geo.roads.mapped.osm import MappedTurn, OsmWays
from raastof_geo.roads.mapped.tags import find_doubts, flip_tags
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import ROAD_CLASSES, Access, Road, join_tags, split_tags
from raastof_geo.roads.routing.engine import find_parts
from raastof_geo.roads.routing.islands import keep_main_part, link_pieces

_Way: TypeAlias = tuple[int, ...]
_LONGEST_VIA = 64
"""Edges that a restriction may run through; more is a mistake, too much to follow: a judgement."""


def _lay_turns(
    network: RoadNetwork, mapped: Sequence[MappedTurn], nodes: Mapping[int, int]
) -> RoadNetwork:
    """Put restrictions on the arcs of a network whose members lie in it and meet as they should.

    Left out, and counted as in doubt, are those that leave open which of two parts of a way they
    mean, and those that forbid the very turn that another prescribes. `nodes`: by OpenStreetMap id.
    """
    roads, unclear = _Roads(mapped, network), 0
    found: dict[Turn, None] = {}
    for one in mapped:
        ways = [*dict.fromkeys(roads.trace(one, nodes))]
        vague = bool(ways) and roads.is_ambiguous(one, ways)
        unclear += vague
        tags = join_tags({"ambiguous": one.value}) if vague else one.rules
        found |= dict.fromkeys(Turn(one.only, arcs, tags) for arcs in ways)
    told, text = attrgetter("tags"), join_tags({"ambiguous": "no; only"})
    always = dict.fromkeys(filterfalse(told, found))
    against = [turn for turn in always if turn._replace(only=not turn.only) in always]
    doubted = (turn._replace(tags=text) for turn in against)
    count = network.metadata.doubtful_turns + unclear + len(against)
    return replace(
        network,
        turns=tuple(filterfalse(set(against).__contains__, always)),
        some_turns=tuple(dict.fromkeys((*filter(told, found), *doubted))),
        metadata=replace(network.metadata, doubtful_turns=count),
    )


class _Roads:
    """The arcs that signs leave open on the ways that restrictions are about."""

    def __init__(self, turns: Sequence[MappedTurn], network: RoadEdges) -> None:
        wanted = {one for turn in turns for one in (*turn.origin, *turn.via_ways, *turn.target)}
        ends = np.column_stack((network.tail, network.head))
        self.tail, self.head = ends.ravel().tolist(), ends[:, ::-1].ravel().tolist()
        self.way = np.repeat(network.way, 2).tolist()
        signed = np.column_stack((network.forward, network.backward))
        signed[~np.isin(network.way, list(wanted))] = False
        self.arcs: dict[int, list[int]] = defaultdict(list)
        for arc in np.flatnonzero(signed).tolist():
            self.arcs[self.way[arc]].append(arc)

    def is_ambiguous(self, turn: MappedTurn, found: list[tuple[int, ...]]) -> bool:
        """Tell whether it is open from which part of a way a restriction leads, or to which."""
        if turn.turns_round:
            return False
        sides = {arcs[0] for arcs in found}, {arcs[-1] for arcs in found}
        several = [len({self.way[arc] for arc in arcs}) < len(arcs) for arcs in sides]
        many = (len(turn.origin) > 1, "no_entry"), (len(turn.target) > 1, "no_exit")
        return any(several) or any(some and turn.value != value for some, value in many)

    def trace(self, turn: MappedTurn, via_nodes: Mapping[int, int]) -> Iterator[_Way]:
        """Give the arcs of every way through a restriction, first to last."""
        sides = turn.origin, turn.via_ways, turn.target
        into, via, out = ([arc for way in one for arc in self.arcs[way]] for one in sides)
        if turn.via_node is not None:
            ways = self._over(via_nodes.get(turn.via_node), into, out)
            # Turning round on the spot is left out, unless that is what the restriction is about.
            yield from (way for way in ways if (way[0] ^ 1 == way[1]) == turn.turns_round)
        elif 0 < len({arc // 2 for arc in via}) <= _LONGEST_VIA:
            for first in into:
                yield from self._through((first,), sorted({*via}), sorted({*out}))

    def _over(self, node: int | None, into: list[int], out: list[int]) -> Iterator[tuple[int, int]]:
        before = (arc for arc in into if self.head[arc] == node)
        return product(before, [arc for arc in out if self.tail[arc] == node])

    def _through(self, arcs: _Way, via: list[int], out: list[int]) -> Iterator[_Way]:
        """Go on over every edge of the ways between, each once, then out."""
        for arc in via or out:
            if self.tail[arc] == self.head[arcs[-1]]:
                rest = [other for other in via if other // 2 != arc // 2]
                yield from self._through((*arcs, arc), rest, out) if via else [(*arcs, arc)]


def lay_network(
    ways: OsmWays, *, title: str = "OpenStreetMap", osm_date: str | None = None
) -> RoadNetwork:
    """Split ways where they meet, and keep all of them as mapped, those closed to trucks too.

    A barrier stands on an edge of its own, of no length, between the junction and each road that
    ends there. `osm_date`: ISO 8601, by default what `ways` say.
    """
    lon, lat = round_degrees(ways.node_lon), round_degrees(ways.node_lat)
    begin, end, way = _split(ways)
    here, ahead = ways.node[:-1], ways.node[1:]
    along = np.append(0.0, np.cumsum(measure_steps(lon[here], lat[here], lon[ahead], lat[ahead])))
    # A step of this running sum errs by some 1e-8 m. Rounded to a thousandth of a centimetre
    # first, such errors raise no length by a whole one.
    metres = np.ceil(np.round((along[end] - along[begin]) * 100, 3)) / 100
    first, last, size = ways.node[begin], ways.node[end], end - begin + 1
    lines = Rows.part(ways.node[lay_runs(begin, size)].astype(np.int64), size)
    used = np.zeros(len(lon), bool)
    used[first] = used[last] = True
    number, nodes = (np.cumsum(used) - 1).astype(np.int32), np.flatnonzero(used)
    road = ways.road[way]
    network = RoadNetwork(
        node_lon=lon[nodes],
        node_lat=lat[nodes],
        tail=number[first],
        head=number[last],
        length_m=metres,
        forward=np.array([kind.forward for kind in ways.roads], bool)[road],
        backward=np.array([kind.backward for kind in ways.roads], bool)[road],
        road=road,
        roads=ways.roads,
        point_start=lines.start.astype(np.int32),
        lon=lon[lines.numbers],
        lat=lat[lines.numbers],
        metadata=NetworkMetadata(
            title=title,
            osm_date=osm_date or ways.osm_date or "",
            simplified_m=0.0,
            bounds=bound(lon, lat),
            doubtful_turns=ways.doubtful_turns,
        ),
        way=ways.way[way],
    )
    via = {int(ways.node_id[node]): int(number[node]) for node in nodes} if ways.turns else {}
    barriers = {int(number[node]): barrier for node, barrier in ways.barriers.items()}
    return _raise_barriers(_lay_turns(network, ways.turns, via), barriers)


def _split(ways: OsmWays) -> tuple[Indices, Indices, Indices]:
    """Split at nodes used twice, ends, barriers, turns, amid rings: begin, end and way of runs."""
    junction = np.bincount(ways.node, minlength=len(ways.node_id)) > 1
    junction[list(ways.barriers)] = True
    via = [turn.via_node for turn in ways.turns if turn.via_node is not None]
    junction[np.isin(ways.node_id, via)] = True
    at_junction = junction[ways.node]
    at_junction[ways.node_start[:-1]] = True
    at_junction[ways.node_start[1:] - 1] = True
    begin, end, way = _between(ways, at_junction)
    ring = (ways.node[begin] == ways.node[end]) & (end - begin > 1)
    if not ring.any():
        return begin, end, way
    at_junction[(begin[ring] + end[ring]) // 2] = True
    return _between(ways, at_junction)


def _between(ways: OsmWays, at_junction: Mask) -> tuple[Indices, Indices, Indices]:
    cut = np.flatnonzero(at_junction)
    way = np.searchsorted(ways.node_start, cut, side="right") - 1
    moved = ways.node[cut[1:]] != ways.node[cut[:-1]]
    kept = (way[1:] == way[:-1]) & (moved | (np.diff(cut) > 1))
    return cut[:-1][kept], cut[1:][kept], way[:-1][kept]


def _raise_barriers(network: RoadNetwork, barriers: dict[int, Road]) -> RoadNetwork:
    """Set each end of a road at a barrier apart, and join it to the junction by the barrier.

    A gate restricts who passes it, not who turns at the junction it stands in: each road that ends
    there gets an end of its own in the same place, an edge of no length away.
    """
    if not barriers:
        return network
    kinds = {node: len(network.roads) + rank for rank, node in enumerate(barriers)}
    ends = np.column_stack((network.tail, network.head)).astype(np.int32)
    edge, side = np.nonzero(np.isin(ends, list(barriers)))
    node = ends[edge, side]
    copy = (len(network.node_lon) + np.arange(len(edge))).astype(np.int32)
    ends[edge, side] = copy
    at = zip(edge.tolist(), side.tolist(), strict=True)
    stands = {end: number for number, end in enumerate(at, network.edge_count)}
    parted = replace(
        network,
        node_lon=np.append(network.node_lon, network.node_lon[node]),
        node_lat=np.append(network.node_lat, network.node_lat[node]),
        tail=ends[:, 0].copy(),
        head=ends[:, 1].copy(),
        roads=(*network.roads, *barriers.values()),
        turns=_pass_barriers(network.turns, stands),
        some_turns=_pass_barriers(network.some_turns, stands),
    )
    road = np.array([kinds[at] for at in node.tolist()], np.int32)
    return add_straight_edges(parted, node, copy, road=road, length_m=np.zeros(len(node)))


def add_straight_edges(
    network: RoadNetwork,
    tail: SmallIntegers,
    head: SmallIntegers,
    *,
    road: SmallIntegers,
    length_m: Floats,
) -> RoadNetwork:
    """Add straight edges, open in both directions, that no way of OpenStreetMap stands for."""
    both = np.column_stack((tail, head)).ravel()
    more = network.point_start[-1] + 2 * np.arange(1, len(tail) + 1)
    added: dict[str, Any] = {
        **{"tail": tail, "head": head, "road": road, "length_m": length_m, "point_start": more},
        **dict.fromkeys(("forward", "backward"), np.ones(len(tail), bool)),
        "way": np.zeros(len(tail)),
        **{"lon": network.node_lon[both], "lat": network.node_lat[both]},
    }
    before = {name: getattr(network, name) for name in added}
    joined: dict[str, Any] = {
        of: np.append(one, added[of]).astype(one.dtype) for of, one in before.items()
    }
    return replace(network, **joined)


def _pass_barriers(turns: tuple[Turn, ...], stands: dict[tuple[int, int], int]) -> tuple[Turn, ...]:
    """Let restrictions run over the barriers at `stands`: edge and end (0 its tail, 1 its head)."""
    found = []
    for turn in turns:
        arcs = turn.arcs
        path = [*arcs[:1]]
        for one, other in pairwise(arcs):
            away = stands.get((one // 2, 1 - one % 2))
            towards = stands.get((other // 2, other % 2))
            if away is not None and towards is not None:
                path += [2 * away + 1, 2 * towards]
            path.append(other)
        # Whoever has passed a barrier is bound for the road behind it.
        past = len(arcs) > 1 and (arcs[-1] // 2, arcs[-1] % 2) in stands
        found.append(turn._replace(arcs=tuple(path[:-1] if past else path)))
    return tuple(found)


def _join_segments(ends: SmallIntegers, ways: Mask, kind: SmallIntegers) -> Rows:
    """Join segments through nodes where just two of a kind meet, each into exactly one chain.

    Chains of half-edges, none of which ends where it begins. `ends`: nodes, tail and head of each
    segment; `ways`: whether it is open along and against them; `kind`: equal for equal roads.
    """
    node, outward = ends.ravel(), ways.ravel()
    partners = _partners(node, outward, ways[:, ::-1].ravel(), np.repeat(kind, 2))
    runs = []
    for run in _walk(partners):  # one that would come back to where it began is parted
        loops = node[run[0]] == node[run[-1] ^ 1] and len(run) > 1
        runs += [run[: len(run) // 2], run[len(run) // 2 :]] if loops else [run]
    # One that is open against its direction only is turned round: its shape runs as trucks do.
    runs = [run if outward[run[0]] else [half ^ 1 for half in reversed(run)] for run in runs]
    return Rows.of(runs)


# A half-edge is a segment seen from one of its ends: 2 s from its tail, 2 s + 1 from its head. So
# `half ^ 1` is its other end, and a chain is followed by going over to that and on to its partner.


def _partners(node: SmallIntegers, outward: Mask, inward: Mask, kind: SmallIntegers) -> Integers:
    """Give for each half-edge the one that its road goes on with, or -1, if just two meet there."""
    here = Rows.group(node, int(node.max(initial=-1)) + 1)
    one, other = here.take(np.flatnonzero(here.size == 2)).numbers.reshape(-1, 2).T
    joined = (
        (kind[one] == kind[other])
        & (inward[one] == outward[other])
        & (outward[one] == inward[other])
        & (one // 2 != other // 2)
    )
    partner = np.full(len(node), -1, np.int64)
    partner[one[joined]] = other[joined]
    partner[other[joined]] = one[joined]
    return partner


def _walk(partners: Integers) -> list[list[int]]:
    partner = partners.tolist()
    visited = bytearray(len(partner) // 2)
    ends = np.flatnonzero(partners < 0).tolist()
    runs: list[list[int]] = []
    for first in (*ends, *range(0, len(partner), 2)):
        half, run = first, []
        while half >= 0 and not visited[half // 2]:
            visited[half // 2] = 1
            run.append(half)
            half = partner[half ^ 1]
        runs += [run] if run else []
    return runs


BUILT_IN_CLASSES = (*ROAD_CLASSES[: ROAD_CLASSES.index("unclassified") + 1], "ferry")
"""Classes kept everywhere; minor roads are kept where they link something."""

AddLinks: TypeAlias = Callable[[RoadEdges, Mask, Floats], Mask]
"""Adds links to the edges that are kept, by how unwelcome each metre is on one. [edges]"""

_LINK_WEIGHT = {"service": 1.5, "living_street": 1.5, "track": 4.0}
"""How unwelcome a metre of such a road is on a link, beside one of an ordinary road: rather half as
far again by street than over a yard, and four times as far than over a field. A judgement; it
chooses which minor roads are kept, never what they weigh on a route."""
_ROUNDING_M = 0.2
"""Room for rounding places to a millionth of a degree, which is 0.11 m to the north. [m]"""
_FERRY_GAP_M = 500.0
"""Loose ends of a ferry this near to each other belong together. [m]"""


def build_network(
    ways: OsmWays,
    *,
    classes: Collection[str] = BUILT_IN_CLASSES,
    link: AddLinks = link_pieces,
    simplify_m: float = 15.0,
    title: str = "OpenStreetMap",
    osm_date: str | None = None,
    progress: Tell | None = None,
) -> RoadNetwork:
    """Build a network in which every place can be reached from every other.

    Keeps the wanted `classes`, links pieces that would be cut off by the shortest way through minor
    roads (`link`), drops what cannot be reached and left again, but for closed roads that would be
    a way or whose tags are in doubt, joins roads end to end, and simplifies their shape within
    `simplify_m` of the road as mapped [m]. `progress` is told how many roads in doubt go.
    `osm_date`: ISO 8601, by default what `ways` say. `RoadDataError`: no wanted roads connect.
    """
    whole = _bridge_ferries(lay_network(ways, title=title, osm_date=osm_date))
    tell = progress or (lambda _: None)
    tell(say("Linking {count} road segments", count=whole.edge_count))
    doubts = np.array([bool(find_doubts(road.tags)) for road in whole.roads], bool)
    kept = _choose(whole, classes, link, doubts[whole.road])
    if not kept.any():
        raise RoadDataError.saying_text("osm files", "unconnected", classes=", ".join(classes))
    lost = np.unique(whole.way[doubts[whole.road] & ~kept])
    if len(lost):
        tell(say("{count} minor roads with tags in doubt are left out", count=len(lost)))
    tell(say("Joining and simplifying {count} road segments", count=int(kept.sum())))
    return _draw(whole, np.flatnonzero(kept), simplify_m=simplify_m)


def _bridge_ferries(network: RoadNetwork) -> RoadNetwork:
    """Join loose ends of ferries of one name that are each other's nearest: data is cut at sea."""
    xy = network.project(network.node_lon, network.node_lat)
    degree = np.bincount(np.concatenate((network.tail, network.head)), minlength=len(xy))
    edge = np.flatnonzero(network.ferry)
    ends = np.concatenate((network.tail[edge], network.head[edge]))
    edges_of_ends = np.tile(edge, 2)
    loose = degree[ends] == 1
    ends, edges_of_ends = ends[loose], edges_of_ends[loose]
    if len(ends) < 2:
        return network
    names = {road.name: number for number, road in enumerate(network.roads)}
    name = np.array([names[network.called(edge)] for edge in edges_of_ends.tolist()])
    from scipy.spatial import cKDTree

    # A third dimension keeps ferries of different names far apart.
    places = np.column_stack((xy[ends], name * 2 * _FERRY_GAP_M))
    found = cKDTree(places).query(places, k=[2])
    gap, other = np.asarray(found[0])[:, 0], np.asarray(found[1])[:, 0]
    here = np.arange(len(ends))
    joined = (gap <= _FERRY_GAP_M) & (other[other] == here) & (here < other)
    tail, head = ends[joined], ends[other[joined]]
    lon, lat = network.node_lon, network.node_lat
    length_m = measure_steps(lon[tail], lat[tail], lon[head], lat[head])
    road = network.road[edges_of_ends[joined]]
    return add_straight_edges(network, tail, head, road=road, length_m=length_m)


def _choose(network: RoadNetwork, classes: Collection[str], link: AddLinks, doubtful: Mask) -> Mask:
    wanted = np.array([label in classes for label in ROAD_CLASSES])[network.road_class]
    closed = network.access == Access.CLOSED
    # Links may run on all streets but closed ones, which carry nobody.
    ahead, back = network.forward & ~closed, network.backward & ~closed
    streets = replace(network, forward=ahead, backward=back)
    unwelcome = np.array([_LINK_WEIGHT.get(label, 1.0) for label in ROAD_CLASSES])
    weight = np.where(wanted, 1.0, unwelcome[network.road_class])
    kept = keep_main_part(streets, link(streets, wanted & ~closed, weight))
    reached = np.zeros(network.node_count, bool)
    reached[network.tail[kept]] = True
    reached[network.head[kept]] = True
    # Closed roads stay where they would be a way, so that a detour can be explained, and from such
    # nodes on as far as they are in doubt, so that whoever finds no road there is told.
    shut = wanted & closed
    some = np.flatnonzero(shut & doubtful)
    part = find_parts(network.tail[some], network.head[some], network.node_count)
    near = np.isin(part, part[reached])[network.tail] & doubtful
    return np.asarray(kept | (shut & (near | (reached[network.tail] & reached[network.head]))))


def _draw(whole: RoadNetwork, chosen: Indices, *, simplify_m: float) -> RoadNetwork:
    """Turn the chosen edges into longer ones: joined, simplified, sorted and measured.

    Lengths are those of the road as mapped, on the ellipsoid; where the drawn line is longer by
    rounding, that counts. Edges are sorted by their ends along the curve of `_sort_nodes`.
    """
    road, roads = _name_roads(whole, chosen)
    ends = np.column_stack((whole.tail, whole.head))[chosen]
    ruled = np.flatnonzero([bool(roads[kind].rules) for kind in road.tolist()])
    kind = road.copy()
    kind[ruled] = len(roads) + ruled  # stays as it is: its rules may hang on its direction
    chains = _join_segments(ends, np.column_stack((whole.forward, whole.backward))[chosen], kind)
    edge, back = chosen[chains.numbers // 2], chains.numbers % 2 == 1
    xy, mapped = whole.xy, _line_up(whole, edge, back, chains.start)
    drawn = _simplify(mapped, xy, tolerance_m=simplify_m)
    shapes = np.asarray(shapely.linestrings(xy[drawn.numbers], indices=drawn.owner))
    shapely.prepare(shapes)
    shift_m = shapely.distance(shapes[mapped.owner], shapely.points(xy[mapped.numbers])).max()
    leading, lasting = chains.start[:-1], chains.start[1:] - 1
    tail, head = whole.tail[edge], whole.head[edge]
    begin, end = np.where(back, head, tail)[leading], np.where(back, tail, head)[lasting]
    nodes = _sort_nodes(np.concatenate((begin, end)), whole.node_lon, whole.node_lat)
    number = np.full(whole.node_count, -1, np.int32)
    number[nodes] = np.arange(len(nodes), dtype=np.int32)

    order = np.lexsort((edge[leading], number[end], number[begin]))
    first, flipped = edge[leading][order], back[leading][order]
    signed = np.stack((whole.forward, whole.backward))[:, first]
    forward, backward = np.where(flipped, signed[::-1], signed)
    road, roads = _turn_rules(road[chains.first // 2][order], roads, flipped)
    shape = drawn.take(order)
    within = np.diff(shape.owner, append=-1) == 0  # no step leads from one line to the next
    lon, lat = whole.lon[shape.numbers], whole.lat[shape.numbers]
    step_m = measure_steps(lon, lat, np.roll(lon, -1), np.roll(lat, -1)) * within
    mapped_m = np.add.reduceat(whole.length_m[edge], leading)[order]
    length_m = np.maximum(mapped_m, np.add.reduceat(step_m, shape.start[:-1]))
    # Of each edge the joined arc that it, driven along, became part of.
    arc = 2 * np.repeat(np.argsort(order), chains.size) + back
    turned = whole.turns or whole.some_turns
    place = dict(zip(edge.tolist(), arc.tolist(), strict=True)) if turned else {}
    drawing: dict[str, Any] = {"simplified_m": float(simplify_m)}
    drawing["largest_shift_m"] = round(float(shift_m), 3)
    return RoadNetwork(
        node_lon=whole.node_lon[nodes],
        node_lat=whole.node_lat[nodes],
        tail=number[begin][order],
        head=number[end][order],
        length_m=np.ceil(length_m * 100) / 100,
        forward=forward,
        backward=backward,
        road=road,
        roads=roads,
        point_start=shape.start.astype(np.int32),
        lon=lon,
        lat=lat,
        metadata=replace(whole.metadata, bounds=bound(lon, lat), **drawing),
        way=np.where(chains.size[order] == 1, whole.way[first], 0),
        turns=_carry_turns(whole.turns, place),
        some_turns=_carry_turns(whole.some_turns, place),
    )


def _name_roads(whole: RoadNetwork, chosen: Indices) -> tuple[SmallIntegers, tuple[Road, ...]]:
    used, index = np.unique(whole.road[chosen], return_inverse=True)
    plain = [replace(whole.roads[kind], forward=True, backward=True) for kind in used.tolist()]
    kinds, _ = pd.factorize(np.array([repr(road) for road in plain], object))
    firsts = np.unique(kinds, return_index=True)[1].tolist()
    return kinds.astype(np.int32)[index], tuple(plain[first] for first in firsts)


def _turn_rules(
    road: SmallIntegers, roads: tuple[Road, ...], flipped: Mask
) -> tuple[SmallIntegers, tuple[Road, ...]]:
    """Say rules the other way round on edges that were turned round."""
    road, more = road.copy(), list(roads)
    for number in np.unique(road[flipped]).tolist():
        rules = roads[number].rules
        turned = join_tags(flip_tags(split_tags(rules), roads[number].road_class)) if rules else ""
        if turned != rules:
            road[flipped & (road == number)] = len(more)
            more.append(replace(roads[number], rules=turned))
    return road, tuple(more)


def _carry_turns(turns: tuple[Turn, ...], place: Mapping[int, int]) -> tuple[Turn, ...]:
    """Say restrictions again on joined edges; those off them or with one arc, a turn there, go."""
    found = []
    for turn in turns:
        if all(arc // 2 in place for arc in turn.arcs):
            joined = [place[arc // 2] ^ arc % 2 for arc in turn.arcs]
            distinct = tuple(arc for arc, _ in groupby(joined))
            if len(distinct) > 1:
                found.append(turn._replace(arcs=distinct))
    return tuple(found)


def _line_up(whole: RoadNetwork, edge: Indices, back: Mask, chains: Integers) -> Rows:
    """Give the points along each chain, as positions in all shapes, both ends included.

    Each chain is its edges end to end from where it starts in `edge`, those driven `back` turned
    round; where two meet, their point stands once.
    """
    point, size = np.arange(len(whole.lon)), np.diff(whole.point_start)
    # All edges, then the last one turned round, the one before it, and so on.
    both = Rows.part(np.append(point, point[::-1]), np.append(size, size[::-1]))
    lines = both.take(np.where(back, len(both.size) - 1 - edge, edge))
    joined = np.ones(len(edge), bool)
    joined[chains[:-1]] = False
    kept = np.ones(len(lines.numbers), bool)
    kept[lines.start[:-1]] = ~joined
    return Rows.part(lines.numbers[kept], np.add.reduceat(lines.size - joined, chains[:-1]))


def _sort_nodes(nodes: SmallIntegers, lon: Floats, lat: Floats) -> SmallIntegers:
    """Sort nodes along a curve that keeps neighbours together (Z-order): the file packs well."""
    unique = np.unique(nodes)
    east = np.round((lon[unique] + 180) * 1e4).astype(np.int64)
    north = np.round((lat[unique] + 90) * 1e4).astype(np.int64)
    curve = np.zeros(len(unique), np.int64)
    for bit in range(22):
        curve |= (east >> bit & 1) << 2 * bit | (north >> bit & 1) << 2 * bit + 1
    return unique[np.lexsort((unique, lat[unique], lon[unique], curve))]


def _simplify(lines: Rows, xy: Floats, *, tolerance_m: float) -> Rows:
    """Leave out places without which a line stays within the tolerance [m] (Douglas-Peucker).

    All lines go through GEOS in one call. The number of each place rides along as its third
    coordinate, so that what is left can be named afterwards, without comparing floats. `xy` [m].
    """
    numbered = np.column_stack((xy[lines.numbers], np.arange(len(lines.numbers))))
    drawn = shapely.linestrings(numbered, indices=lines.owner)
    simple = shapely.simplify(drawn, max(tolerance_m - _ROUNDING_M, 0.0), preserve_topology=False)
    left, line = shapely.get_coordinates(simple, include_z=True, return_index=True)
    count = np.bincount(line, minlength=len(lines.start) - 1)
    return Rows.part(lines.numbers[left[:, 2].astype(np.intp)], count)
