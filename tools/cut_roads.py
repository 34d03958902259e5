"""Cut the roads out of a file of OpenStreetMap, for tests: as small as it gets, tags and all.

    python tools/cut_roads.py FILE.osm.pbf tests/roads/real/NAME.osm.pbf [--box W,S,E,N]

Roads, ferries, the nodes that they run through with their tags, and turn restrictions are kept;
houses, paths, users and versions are not. `--box` keeps ways with a node inside. The data stay
© OpenStreetMap contributors, ODbL 1.0: name the file in NOTICE.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any
import osmium

PATHS = {"footway", "path", "steps", "cycleway", "bridleway", "corridor", "platform", "elevator"}


def main() -> None:
    """Cut, and say how large it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("into", type=Path)
    parser.add_argument("--box", help="degrees, as 12.0,55.4,12.2,55.6")
    options = parser.parse_args()
    box = tuple(map(float, options.box.split(","))) if options.box else (-180.0, -90.0, 180.0, 90.0)
    options.into.parent.mkdir(parents=True, exist_ok=True)
    cut(options.file, options.into, box)
    sys.stdout.write(f"{options.into}: {options.into.stat().st_size / 1000:,.0f} kB\n")


def cut(file: Path, into: Path, box: tuple[float, ...]) -> None:
    """Write the roads of a file that have a node in a box, and the restrictions on them."""
    inside = {
        node.id
        for node in osmium.FileProcessor(file, osmium.osm.NODE)
        if box[0] <= node.lon <= box[2] and box[1] <= node.lat <= box[3]
    }
    roads, wanted = set(), set()
    for way in osmium.FileProcessor(file, osmium.osm.WAY):
        nodes = [node.ref for node in way.nodes]
        if is_road(way.tags) and not inside.isdisjoint(nodes):
            roads.add(way.id)
            wanted.update(nodes)
    into.unlink(missing_ok=True)
    with osmium.SimpleWriter(osmium.io.File(str(into), "pbf,add_metadata=false")) as writer:
        for one in osmium.FileProcessor(file):
            if one.is_node():
                kept = one.id in wanted
            elif one.is_way():
                kept = one.id in roads
            else:
                kept = one.tags.get("type") == "restriction" and all(
                    member.type != "w" or member.ref in roads for member in one.members
                )
            if kept:
                writer.add(one)


def is_road(tags: Any) -> bool:
    """Tell whether vehicles go there, or might."""
    highway = tags.get("highway")
    return tags.get("route") == "ferry" or (highway is not None and highway not in PATHS)


if __name__ == "__main__":
    main()
