"""Say what the file of a network tells too little of, and what it tells too much."""

from collections.abc import Iterable, Iterator

from raastof_geo.language import Message, say
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import LIMITS

_TOLD_ONLY = frozenset(("name", "tags"))
"""Fields that no truck's way depends on."""


def explain_gaps(network: RoadNetwork) -> Iterator[Message]:
    """Name what trucks depend on and the network's file does not know, or we do not know."""
    limits = [name for name in network.lacking if name in LIMITS]
    others = [name for name in network.lacking if name not in (*LIMITS, *_TOLD_ONLY)]
    title = network.metadata.title
    if limits:
        yield say(
            "The file of the road network {title} does not know the limits {limits}, so no truck"
            " is held against them. Make it again with `raastof network build`.",
            title=title,
            limits=list_fields(limits),
        )
    if others:
        yield say(
            "The file of the road network {title} does not know of its roads: {fields}. Trucks"
            " take every road as if nothing were said of it. Make it again with `raastof network"
            " build`.",
            title=title,
            fields=list_fields(others),
        )
    if network.extra.get("limits"):
        yield say(
            "The road network {title} has limits that this version of raastof_geo does not know:"
            " {limits}. No truck is held against them.",
            title=title,
            limits=list_fields(network.extra["limits"]),
        )


def list_fields(names: Iterable[str]) -> str:
    """Write names of fields as a file has them."""
    return ", ".join(f"`{name}`" for name in names)
