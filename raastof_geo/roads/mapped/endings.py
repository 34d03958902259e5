"""Tell by its name what a file of roads is, and what to do with one that is no such file."""

from pathlib import Path

from raastof_geo.errors import RoadDataError
from raastof_geo.language import Message, say

OSM_ENDINGS = (".pbf", ".osm", ".xml", ".bz2", ".gz", ".o5m", ".opl")
"""How files of OpenStreetMap end."""

JSON = say(
    "it holds JSON, and roads are not read from that. Ask Overpass for `[out:xml]` and name the"
    " file `.osm`, or download the roads with `raastof network fetch`"
)
_SHAPES = say(
    "it holds shapes without the tags and junctions of OpenStreetMap. Take an extract that ends in"
    " `.osm.pbf`, for instance from download.geofabrik.de"
)
CHANGES = say(
    "a file of changes (osmChange) holds only what was edited, not the roads. Apply it to an"
    " extract with `osmium apply-changes`, and name that one"
)
_OTHERS: dict[str, Message] = {
    **dict.fromkeys((".json", ".osmjson"), JSON),
    **dict.fromkeys((".geojson", ".gpkg", ".shp", ".kml", ".parquet"), _SHAPES),
    ".osc": CHANGES,
    ".zip": say("it is packed as ZIP. Unpack it, and name the file in it"),
    ".7z": say("it is packed as 7z. Unpack it, and name the file in it"),
    **dict.fromkeys((".yaml", ".yml"), say("that is a scenario or an area, and holds no roads")),
}
"""What is often taken for a file of roads, by its ending."""


def find_ending(file: Path) -> str:
    """Give the ending that tells the format, in small letters: `.osc` of `a.OSC.gz`."""
    endings = [ending.lower() for ending in file.suffixes]
    while endings and endings[-1] in (".gz", ".bz2") and len(endings) > 1:
        endings.pop()
    return endings[-1] if endings else ""


def refuse_others(file: Path) -> None:
    """Refuse, as `RoadDataError`, a file whose ending says that it is something else than roads."""
    why = _OTHERS.get(find_ending(file))
    if why is not None:
        raise RoadDataError.saying("{file} is no file of roads: {reason}.", file=file, reason=why)
