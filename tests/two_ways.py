"""A straight road and a way round its middle: as a network, and as a file of OpenStreetMap."""

from pathlib import Path
import numpy as np
from raastof_geo.roads.road import LIMITS

SHORT_KM, LONG_KM = 12.68, 15.54
"""Straight, and round the middle; from the pit to the road."""

NODES = [(12.0, 55.4), (12.05, 55.4), (12.15, 55.4), (12.2, 55.4), (12.1, 55.43)]
EDGES = [(0, 1), (1, 2), (2, 3), (1, 4), (4, 2)]

WORLD = """
title: Two ways
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle, truck_trailer_7_axle]
network: {NETWORK}
sites:
  road: {lon: 12.20, lat: 55.40, needs: [{use: fill, amount: 100 t}]}
  pit: {lon: 12.00, lat: 55.40, pit: {supplies: [fill_sand]}}
"""

MAPPED_WORLD = """
title: As mapped
language: en
periods: [2027]
vehicles: [tipper_4_axle]
network: {file: map.osm}
outputs: [flows, plan, summary, map]
sites:
  road: {lon: 12.20, lat: 55.40, needs: [{use: fill, amount: 100 t}]}
  pit: {lon: 12.00, lat: 55.40, pit: {supplies: [fill_sand]}}
"""

MAPPED_NODES = {
    1: (12.00, 55.40),
    2: (12.05, 55.40),
    3: (12.10, 55.40),
    4: (12.15, 55.40),
    5: (12.20, 55.40),
    6: (12.10, 55.43),
}


def limit(**limits: float) -> tuple[float, ...]:
    """Say limits in their order, none where nothing is said."""
    return tuple(limits.get(name, np.nan) for name in LIMITS)


def write_map(
    file: Path, middle: dict[str, str], node: dict[str, str] | None = None, relations: str = ""
) -> Path:
    """Write the two ways, with tags on the middle of the straight one and on a node of it."""
    ways = {
        1: ([1, 2], {}),
        2: ([2, 3, 4], {"name": "Broen", **middle}),
        3: ([4, 5], {}),
        4: ([2, 6, 4], {"name": "Omvejen"}),
    }
    tags_of = {3: node or {}}
    body = [
        f'<node id="{ref}" lon="{lon}" lat="{lat}">{write_tags(tags_of.get(ref, {}))}</node>'
        for ref, (lon, lat) in MAPPED_NODES.items()
    ]
    for way, (refs, tags) in ways.items():
        points = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        body.append(f'<way id="{way}">{points}{write_tags({"highway": "secondary", **tags})}</way>')
    text = "".join(body) + relations
    file.write_text(f'<?xml version="1.0"?><osm version="0.6">{text}</osm>', encoding="utf-8")
    return file


def write_tags(tags: dict[str, str]) -> str:
    """Write tags as OpenStreetMap does."""
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
