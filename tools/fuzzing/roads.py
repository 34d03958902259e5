"""Make a small town of roads in every format, and spoil its files."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path
from random import Random
import numpy as np
from fuzzing.spoil import WORDS, spoil_arrays, spoil_bytes, spoil_leaf

WEST, SOUTH, STEP, SIDE = 12.0, 55.4, 0.06, 6
"""The town covers the places of the scenarios: six by six crossings. [degrees]"""

_ATTRIBUTE = re.compile(rb"""([a-z_:]+)=(["'])([^"']*)\2""")
_HARD = (
    b"1e9",
    b"-200",
    b"55,4",
    b"55.4.5",
    b"9007199254740993",
    b"9223372036854775808",
    b"x" * 1100,
    b"&a;",
    b"way",
    b"no_left_turn",
    *WORDS,
)


def write_town() -> str:
    """Give a grid of roads as OpenStreetMap's XML, with a barrier, a ferry and restrictions."""
    nodes = {
        row * SIDE + column + 1: (WEST + STEP * column, SOUTH + STEP * row)
        for row in range(SIDE)
        for column in range(SIDE)
    }
    lines = [
        f"<node id='{node}' lon='{lon:.6f}' lat='{lat:.6f}'/>" for node, (lon, lat) in nodes.items()
    ]
    lines[7] = lines[7].replace("/>", "><tag k='barrier' v='gate'/></node>")
    number = 100
    for at in range(SIDE):
        for refs in (
            [at * SIDE + one + 1 for one in range(SIDE)],
            [one * SIDE + at + 1 for one in range(SIDE)],
        ):
            number += 1
            tags = {
                "highway": ("primary", "secondary", "tertiary")[number % 3],
                "name": f"Vej {number}",
            }
            tags |= {"maxweight": "18"} if number == 105 else {"maxspeed": "80", "oneway": "no"}
            lines.append(_way(number, refs, tags))
    lines.append(
        _way(200, [1, 36], {"route": "ferry", "motor_vehicle": "yes", "duration": "00:45"})
    )
    for relation, (rule, via) in enumerate(
        (("no_left_turn", 8), ("only_straight_on", 15)), start=300
    ):
        lines.append(
            f"<relation id='{relation}'><member type='way' ref='103' role='from'/>"
            f"<member type='node' ref='{via}' role='via'/><member type='way' ref='104' role='to'/>"
            f"<tag k='type' v='restriction'/><tag k='restriction' v='{rule}'/></relation>"
        )
    body = "\n".join(lines)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<osm version='0.6'>\n{body}\n</osm>\n"


def _way(number: int, refs: list[int], tags: dict[str, str]) -> str:
    members = "".join(f"<nd ref='{ref}'/>" for ref in refs)
    words = "".join(f"<tag k='{key}' v='{value}'/>" for key, value in tags.items())
    return f"<way id='{number}'>{members}{words}</way>"


def make_bases(folder: Path) -> dict[str, bytes]:
    """Write the town in each format, and give what the files hold, by their endings."""
    import osmium
    import osmnx
    from raastof_geo.roads.mapped.build import lay_network
    from raastof_geo.roads.mapped.osm import read_osm
    from raastof_geo.roads.store import write_network

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "town.osm"
    file.write_text(write_town(), encoding="utf-8")
    bases = {".osm": file.read_bytes(), ".osm.gz": gzip.compress(file.read_bytes(), mtime=0)}
    for ending, form in (
        (".osm.pbf", "pbf"),
        (".opl", "opl"),
        (".plain.pbf", "pbf,pbf_compression=none"),
    ):
        target = folder / f"town{ending}"
        target.unlink(missing_ok=True)
        writer = osmium.SimpleWriter(osmium.io.File(str(target), form))
        osmium.apply(osmium.io.Reader(str(file)), writer)
        writer.close()
        bases[ending] = target.read_bytes()
    network = lay_network(read_osm(file), title="Town")
    bases[".npz"] = write_network(network, folder / "town.npz").read_bytes()
    osmnx.save_graphml(network.to_osmnx(), folder / "town.graphml")
    bases[".graphml"] = (folder / "town.graphml").read_bytes()
    return bases


def spoil_roads(bases: dict[str, bytes], dice: Random) -> tuple[str, bytes]:
    """Give the ending and the content of a spoiled file; one in twelve is whole."""
    ending = dice.choice((*(".osm",) * 5, ".npz", ".npz", *sorted(bases)))
    content = bases[ending]
    if dice.random() < 0.08:
        return ending, content
    if ending in (".osm", ".graphml") and dice.random() < 0.75:
        return ending, _spoil_xml(content, dice)
    if ending == ".npz" and dice.random() < 0.8:
        return ending, _spoil_network(content, dice)
    if ending == ".osm.gz" and dice.random() < 0.5:
        return ending, gzip.compress(_spoil_xml(gzip.decompress(content), dice), mtime=0)
    return ending, spoil_bytes(content, dice)


def _spoil_xml(content: bytes, dice: Random) -> bytes:
    """Change attributes, or drop, double, move or open elements."""
    for _ in range(dice.randint(1, 2)):
        way = dice.randrange(9)
        if way < 5:
            found = list(_ATTRIBUTE.finditer(content))
            if found:
                one, other = dice.choice(found), dice.choice(found)
                word = dice.choice(_HARD) if dice.random() < 0.25 else other[3]
                if dice.random() < 0.5 and one[1] not in (b"id", b"ref"):
                    word = one[3] + dice.choice((b"0", b"1", b";"))
                content = content[: one.start(3)] + word + content[one.end(3) :]
        elif way == 5 and dice.random() < 0.3:
            content = content.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "aaaa">]>', 1)
        else:
            lines = content.split(b"\n")
            at = dice.randrange(len(lines))
            lines[at : at + 1] = ([], [lines[at]] * 2, [lines[dice.randrange(len(lines))]])[
                dice.randrange(3)
            ]
            content = b"\n".join(lines)
    return content


def _spoil_network(content: bytes, dice: Random) -> bytes:
    """Spoil an array of a network, or the texts that describe its roads."""
    if dice.random() < 0.6:
        return spoil_arrays(content, dice)
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    name = dice.choice(("roads", "metadata"))
    tree = json.loads(arrays[name].tobytes())
    spoil_leaf(tree, dice)
    arrays[name] = np.frombuffer(json.dumps(tree).encode("utf-8", "replace"), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()
