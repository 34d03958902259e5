"""Find parts of a network that no road joins, and say which sites cannot reach each other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from raastof_geo.arrays import Mask, SmallIntegers, first_of_each
from raastof_geo.language import Message, say
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import Access, Road
from raastof_geo.roads.routing.drive import find_local_edges
from raastof_geo.roads.routing.engine import find_parts

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
    local = find_local_edges(network)
    through = _strong_parts(network, usable & ~local, ferries=ferries)
    reached = _strong_parts(network, usable, ferries=ferries)
    # In each whole the part with the most nodes leads.
    _, first = np.unique(through, return_index=True)
    lead = first_of_each(reached[first], -np.bincount(through))
    here = reached[network.tail]
    same = here == reached[network.head]
    in_lead = (through[network.tail] == lead[here]) & (through[network.head] == lead[here])
    joined = usable & (network.forward | network.backward) & same & (local | in_lead)
    return Islands(
        of_edge=np.where(joined, here, -1).astype(np.int32),
        of_node=reached,
        mainland=int(np.bincount(reached).argmax()) if len(reached) else -1,
    )


def _strong_parts(network: RoadNetwork, edges: Mask, *, ferries: bool) -> SmallIntegers:
    """Give each node the number of the part in which every node reaches every other and back."""
    _, start, end = network.list_arcs(edges if ferries else edges & ~network.ferry)
    return find_parts(start, end, network.node_count, strong=True)


def group_sites(network: RoadNetwork, edges: Mapping[str, int], *, ferries: bool) -> dict[str, int]:
    """Give each site, by its edge, the number of its part, counted from 0 in order of the sites."""
    part = find_islands(network, ferries=ferries).of_node
    parts = {site: int(part[node]) for site, node in _tails(network, edges).items()}
    number = {one: at for at, one in enumerate(dict.fromkeys(parts.values()))}
    return {site: number[one] for site, one in parts.items()}


def explain_islands(
    network: RoadNetwork, edges: Mapping[str, int], *, ferries: bool
) -> list[Message]:
    """Say which groups of sites cannot reach each other, and which closed ferries would help."""
    groups = _by_number(group_sites(network, edges, ferries=ferries))
    if len(groups) < 2:
        return []
    told = [
        say(
            "the sites lie on {count} islands without a road between them, and nothing can go "
            "from one to another: {groups}"
        ).format(count=len(groups), groups="; ".join(_list_sites(group) for group in groups))
    ]
    usable = network.access != Access.CLOSED
    if not ferries:
        joined = _by_number(group_sites(network, edges, ferries=True))
        names = _name_ferries(network, edges, usable)
        if len(joined) < len(groups) and names:
            ferry = say("a ferry would join them, but `network.ferries` is false: {ferries}")
            told.append(ferry.format(ferries=", ".join(names)))
    closed = _name_ferries(network, edges, ~usable)
    if closed:
        told.append(
            say("a ferry between them is closed to trucks: {ferries}").format(
                ferries=", ".join(closed)
            )
        )
    return told


def explain_ferries(network: RoadNetwork, edges: Mapping[str, int]) -> list[Message]:
    """Say which sites only a ferry reaches from the largest part of the network."""
    by_land, by_sea = (find_islands(network, ferries=ferries) for ferries in (False, True))
    apart = {
        site: int(by_land.of_node[node])
        for site, node in _tails(network, edges).items()
        if by_land.of_node[node] != by_land.mainland and by_sea.of_node[node] == by_sea.mainland
    }
    told = say("only a ferry reaches {sites}; times and fares of ferries are rough")
    return [told.format(sites=_list_sites(group)) for group in _by_number(apart)]


def _tails(network: RoadNetwork, edges: Mapping[str, int]) -> dict[str, int]:
    return {site: int(network.tail[edge]) for site, edge in edges.items()}


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
    wanted = {int(parts[node]) for node in _tails(network, edges).values()} - {islands.mainland}
    numbers = {number for number, reached in lands.items() if reached & wanted}
    named = np.flatnonzero(sea)[np.isin(line[network.tail[sea]], list(numbers))]
    roads = {network.roads[int(network.road[edge])] for edge in named.tolist()}
    return sorted({_call_ferry(road) for road in roads} - {""})


def _call_ferry(road: Road) -> str:
    shut = road.access == Access.CLOSED and road.tags
    return f"{road.name or '–'} ({road.tags})" if shut else road.name
