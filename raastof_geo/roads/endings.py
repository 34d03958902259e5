"""Tell by its name what a file of roads is, and what to do with one that is no such file."""

from pathlib import Path

from raastof_geo.errors import RoadDataError
from raastof_geo.language import say_text

OSM_ENDINGS = (".pbf", ".osm", ".xml", ".bz2", ".gz", ".o5m", ".opl")
"""How files of OpenStreetMap end."""

_OTHERS = {
    **dict.fromkeys((".json", ".osmjson"), "json"),
    **dict.fromkeys((".geojson", ".gpkg", ".shp", ".kml", ".parquet"), "shapes"),
    **dict.fromkeys((".yaml", ".yml"), "yaml"),
    ".osc": "changes",
    ".zip": "zip",
    ".7z": "7z",
}
"""What is often taken for a file of roads, by its ending: a text of `no roads`."""


def find_ending(file: Path) -> str:
    """Give the ending that tells the format, in small letters: `.osc` of `a.OSC.gz`."""
    endings = [ending.lower() for ending in file.suffixes]
    while endings and endings[-1] in (".gz", ".bz2") and len(endings) > 1:
        endings.pop()
    return endings[-1] if endings else ""


def refuse_others(file: Path) -> None:
    """Refuse, as `RoadDataError`, a file whose ending says that it is something else than roads."""
    kind = _OTHERS.get(find_ending(file))
    if kind is not None:
        why = say_text("no roads", kind)
        raise RoadDataError.saying_text("no roads", "ending", file=file, reason=why)
