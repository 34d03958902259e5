"""Find what no road joins: sites that cannot reach each other, and roads that lack a link."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from raastof_geo.arrays import Floats, Indices, Mask, SmallIntegers, first_of_each, sort_up
from raastof_geo.language import Message, say_text
from raastof_geo.roads.edges import RoadEdges
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import Access
from raastof_geo.roads.routing.engine import WeightMatrix, find_parts

_MOST_SITES = 8


@dataclass(frozen=True, eq=False)
class Islands:
    """The parts of a network within which every place is reached from every other, and back."""

    of_edge: SmallIntegers
    """The part that each edge lies in and may be stopped on; -1 where there is none."""
    of_node: SmallIntegers
    """The part that each node lies in."""
    mainland: int
    """The part with the most nodes."""


def find_islands(network: RoadNetwork, *, ferries: bool) -> Islands:
    """Find the parts of a network that trucks may use, and the edges that serve each of them.

    An open road belongs to a part if it lies on ways between all of its places; a local one, if it
    can be reached from them and left for them. `ferries`: whether these join parts.
    """
    usable = network.access != Access.CLOSED
    local = network.local
    through = _strong_parts(network, usable & ~local, ferries=ferries)
    reached = _strong_parts(network, usable, ferries=ferries)
    # In each whole the part with the most nodes leads.
    _, first = np.unique(through, return_index=True)
    lead = first_of_each(reached[first], -np.bincount(through))
    here = reached[network.tail]
    same = here == reached[network.head]
    in_lead = (through[network.tail] == lead[here]) & (through[network.head] == lead[here])
    joined = usable & (network.forward | network.backward) & same & (local | in_lead)
    mainland = int(np.bincount(reached).argmax()) if len(reached) else -1
    return Islands(np.where(joined, here, -1).astype(np.int32), reached, mainland)


def _strong_parts(network: RoadEdges, edges: Mask, *, ferries: bool = True) -> SmallIntegers:
    """Give each node the number of the part in which every node reaches every other and back."""
    _, start, end = network.list_arcs(edges if ferries else edges & ~network.ferry)
    return find_parts(start, end, network.node_count, strong=True)


def group_sites(network: RoadNetwork, edges: Mapping[str, int], *, ferries: bool) -> dict[str, int]:
    """Group sites by their edges. Returns the number of the part that each lies in."""
    return _parts_of(network, edges, find_islands(network, ferries=ferries))


def _parts_of(network: RoadNetwork, edges: Mapping[str, int], islands: Islands) -> dict[str, int]:
    return {site: int(islands.of_node[network.tail[edge]]) for site, edge in edges.items()}


def explain_islands(
    network: RoadNetwork, edges: Mapping[str, int], *, ferries: bool
) -> list[Message]:
    """Say which groups of sites cannot reach each other, and which closed ferries would help."""
    if len(groups := _by_number(group_sites(network, edges, ferries=ferries))) < 2:
        return []
    listed = "; ".join(map(_list_sites, groups))
    told = [say_text("islands", "apart", count=len(groups), groups=listed)]
    usable = network.access != Access.CLOSED
    if not ferries:
        joined = _by_number(group_sites(network, edges, ferries=True))
        if len(joined) < len(groups) and (names := _name_ferries(network, edges, usable)):
            told.append(say_text("islands", "not taken", ferries=", ".join(names)))
    if closed := _name_ferries(network, edges, ~usable):
        told.append(say_text("islands", "closed", ferries=", ".join(closed)))
    return told


def explain_ferries(network: RoadNetwork, edges: Mapping[str, int]) -> list[Message]:
    """Say which sites only a ferry reaches from the largest part of the network."""
    by_land, by_sea = (find_islands(network, ferries=ferries) for ferries in (False, True))
    home = _parts_of(network, edges, by_sea)
    apart = {
        site: part
        for site, part in _parts_of(network, edges, by_land).items()
        if part != by_land.mainland and home[site] == by_sea.mainland
    }
    return [say_text("islands", "ferry", sites=_list_sites(one)) for one in _by_number(apart)]


def _by_number(groups: Mapping[str, int]) -> list[list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for site, number in groups.items():
        found[number].append(site)
    return list(found.values())


def _list_sites(sites: Sequence[str]) -> str:
    shown = ", ".join(f"`{site}`" for site in sites[:_MOST_SITES])
    return shown if len(sites) <= _MOST_SITES else f"{shown} … (+{len(sites) - _MOST_SITES})"


def _name_ferries(network: RoadNetwork, edges: Mapping[str, int], which: Mask) -> list[str]:
    """Name those of some ferries that leave the islands on which sites lie, with their tags."""
    islands = find_islands(network, ferries=False)
    parts = islands.of_node
    sea = network.ferry & which
    line = find_parts(network.tail[sea], network.head[sea], network.node_count)
    lands: dict[int, set[int]] = defaultdict(set)
    for end in (network.tail[sea], network.head[sea]):
        for number, part in zip(line[end].tolist(), parts[end].tolist(), strict=True):
            lands[number].add(part)
    wanted = {*_parts_of(network, edges, islands).values()} - {islands.mainland}
    numbers = {number for number, reached in lands.items() if reached & wanted}
    named = np.flatnonzero(sea)[np.isin(line[network.tail[sea]], list(numbers))]
    names = {""}
    for road in {network.roads[int(network.road[edge])] for edge in named.tolist()}:
        shut = road.access == Access.CLOSED and road.tags
        names.add(f"{road.name or '–'} ({road.tags})" if shut else road.name)
    return sorted(names - {""})


SMALLEST_PIECE_M = 500.0
"""A stretch of kept roads that hangs alone is linked if it is this long. [m]"""

_ROUNDS = 8
"""Most rounds of linking pieces by way of others; the built-in roads need fewer. A judgement."""
_SHORTEST_M = 0.01
"""Least cost of an arc: SciPy takes a weight of 0 for no arc at all. [m]"""


class RoadLinks:
    """What links may run on: all streets, at what each metre costs by its `weight`. [edges]"""

    def __init__(self, streets: RoadEdges, weight: Floats) -> None:
        segment, start, end = streets.list_arcs()
        order = sort_up(segment)  # of equally cheap arcs that of the first counts
        self._segment = segment[order]
        cost = (np.maximum(streets.length_m, _SHORTEST_M) * weight)[self._segment]
        ends = start[order].astype(np.int64), end[order].astype(np.int64)
        self._weighed = WeightMatrix(*ends, streets.node_count, cost)

    def measure(self, main: Mask) -> Floats:
        """Measure from the main part to every node. Returns the best way out and back. [nodes]"""
        near = np.flatnonzero(main)
        there, home = self._weighed.matrix, csr_array(self._weighed.matrix.T)
        out, before, _ = dijkstra(there, indices=near, min_only=True, return_predecessors=True)
        back, after, _ = dijkstra(home, indices=near, min_only=True, return_predecessors=True)
        self._trees = (before, False), (after, True)
        return np.asarray(out + back)

    def trace(self, gates: Indices) -> Indices:
        """Trace some nodes to the main part last measured. Returns the segments on the way."""
        start, end = np.zeros((2, 0), np.int64)
        for tree, ahead in self._trees:
            here = gates.astype(np.int64)
            while len(here := here[tree[here] >= 0]):
                step = (here, tree[here]) if ahead else (tree[here], here)
                start, end = np.append(start, step[0]), np.append(end, step[1])
                here = np.unique(tree[here])
        return self._segment[self._weighed.runs(start, end)]


def link_pieces(streets: RoadEdges, kept: Mask, weight: Floats) -> Mask:
    """Add the shortest links between the main part and the pieces that hang alone, quays too.

    Repeats, since a piece may be reached only by way of another. Returns what is kept then. [edges]
    `weight`: how unwelcome each metre is on a link, 1 is an ordinary road.
    """
    at_sea, on_land = np.zeros((2, streets.node_count), bool)
    for end in (streets.tail, streets.head):
        at_sea[end[kept & streets.ferry]] = True
        on_land[end[~streets.ferry]] = True
    quays, links = np.flatnonzero(at_sea & on_land), RoadLinks(streets, weight)
    for _ in range(_ROUNDS):
        main = find_main_nodes(streets, _drop_blind_ferries(streets, kept))
        distance = links.measure(main)
        gates = _find_gates(streets, kept, main, distance)
        near = quays[np.isfinite(distance[quays])]
        linked = kept.copy()
        linked[links.trace(np.union1d(gates, near))] = True
        if np.array_equal(linked, kept):
            break
        kept = linked
    return kept


def keep_main_part(streets: RoadEdges, kept: Mask) -> Mask:
    """Find what is reached from all and leads to all. Returns it less blind ferries. [edges]"""
    main = find_main_nodes(streets, kept)
    return _drop_blind_ferries(streets, kept & main[streets.tail] & main[streets.head])


def find_main_nodes(streets: RoadEdges, kept: Mask) -> Mask:
    """Find the main part. Returns the nodes of the strong one with the most kilometres. [nodes]"""
    part = _strong_parts(streets, kept)
    whole = kept & (part[streets.tail] == part[streets.head])
    length = np.bincount(part[streets.tail[whole]], streets.length_m[whole], minlength=1)
    return np.asarray(part == int(np.argmax(length)), bool)


def _find_gates(streets: RoadEdges, kept: Mask, main: Mask, distance: Floats) -> Indices:
    alone = kept & ~(main[streets.tail] & main[streets.head])
    inside = alone & ~main[streets.tail] & ~main[streets.head]
    piece = find_parts(streets.tail[inside], streets.head[inside], streets.node_count)
    outer = np.where(main[streets.tail], streets.head, streets.tail)
    road = alone & ~streets.ferry
    length = np.bincount(piece[outer[road]], streets.length_m[road], minlength=1)
    nodes = np.unique(outer[road])
    worth = np.append(length, 0.0)[piece[nodes]] >= SMALLEST_PIECE_M
    nodes = nodes[worth & np.isfinite(distance[nodes])]
    return np.asarray(nodes[first_of_each(piece[nodes], distance[nodes])], np.intp)


def _drop_blind_ferries(streets: RoadEdges, kept: Mask) -> Mask:
    """Take ferries away that end where no road goes on, bit by bit from their ends."""
    on_land = np.zeros(streets.node_count, np.int64)
    for end in (streets.tail, streets.head):
        on_land[end[kept & ~streets.ferry]] = 2
    ferries = np.flatnonzero(kept & streets.ferry)
    while True:
        tail, head = streets.tail[ferries], streets.head[ferries]
        ends, index = np.unique(np.concatenate((tail, head)), return_inverse=True)
        blind = (on_land[ends] + np.bincount(index, minlength=len(ends)) < 2)[index]
        if (goes_on := ~blind.reshape(2, -1).any(axis=0)).all():
            break
        ferries = ferries[goes_on]
    left = kept & ~streets.ferry
    left[ferries] = True
    return left
