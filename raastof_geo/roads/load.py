"""Load roads from wherever they are: built in, a network file, OpenStreetMap, OSMnx."""

import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import shapely

from raastof_geo.cache import fingerprint, keep
from raastof_geo.errors import RoadDataError
from raastof_geo.files import AnyPath
from raastof_geo.roads.edges import BUILDER
from raastof_geo.roads.mapped.damage import OSM_ENDINGS, refuse_others
from raastof_geo.roads.mapped.osm import TellStep, read_osm
from raastof_geo.roads.mapped.ways import lay_network
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import LIMITS
from raastof_geo.roads.stored.store import read_network, write_network
from raastof_geo.roads.stored.table import FIELDS


def load_network(
    path: AnyPath | None = None,
    *,
    area: shapely.Geometry | None = None,
    progress: TellStep | None = None,
) -> RoadNetwork:
    """Load a network; the built-in one where no file is named.

    A file of OpenStreetMap is read whole, closed roads too; after that it comes from the cache.
    `path`: a network file (`.npz`), a file of OpenStreetMap (`.osm.pbf`, `.osm`, `.osm.xml` …) or a
    graph of OSMnx (`.graphml`); `area`: leave out what lies outside [degrees], for OpenStreetMap
    only. `RoadDataError`: the file is missing, damaged or something else.
    """
    if path is None:
        built_in = resources.files("raastof_geo") / "data" / "roads.npz"
        with resources.as_file(built_in) as file:
            return read_network(file)
    file = Path(path)
    if file.suffix.lower() == ".graphml":
        from raastof_geo.roads.exchange import read_graphml

        return read_graphml(file)
    if file.is_file():
        refuse_others(file)
        if file.suffix.lower() in OSM_ENDINGS:
            return _load_osm(file, area, progress)
    if area is not None:
        raise RoadDataError.saying(
            "{file} cannot be clipped: only a file of OpenStreetMap can. Build a network of"
            " the area with `raastof network build`.",
            file=file,
        )
    return read_network(file)


def _load_osm(file: Path, area: shapely.Geometry | None, progress: TellStep | None) -> RoadNetwork:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()
    known = ",".join((*FIELDS, *LIMITS))
    parts: Sequence[str | bytes] = (BUILDER, known, file.name, digest, shapely.to_wkb(area) or b"")
    return keep(
        "networks",
        fingerprint(parts),
        make=lambda: lay_network(read_osm(file, area=area, progress=progress), title=file.name),
        write=lambda network, draft: write_network(network, draft, compress=False),
        read=read_network,
    )
