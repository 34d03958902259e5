"""Make a network file of a file of OpenStreetMap."""

from collections.abc import Collection
from pathlib import Path

import shapely

from raastof_geo.language import say
from raastof_geo.links import AnyPath
from raastof_geo.roads.mapped.build import BUILT_IN_CLASSES, build_network
from raastof_geo.roads.mapped.osm import TellStep, read_osm
from raastof_geo.roads.mapped.ways import lay_network
from raastof_geo.roads.stored.store import write_network


def convert_roads(
    source: AnyPath,
    *,
    into: AnyPath,
    title: str | None = None,
    osm_date: str | None = None,
    simplify_m: float = 15.0,
    classes: Collection[str] = BUILT_IN_CLASSES,
    area: shapely.Geometry | None = None,
    whole: bool = False,
    progress: TellStep | None = None,
) -> Path:
    """Make a network: a file that ends in `.npz`, or `roads.npz` in a folder.

    `source`: a file of OpenStreetMap; `title`: by default the name of the file; `osm_date`,
    `simplify_m` [m], `classes`: see `build_network`; `area`: leave out what lies outside [degrees];
    `whole`: keep every road as mapped, nothing is linked, dropped or simplified. `RoadDataError`:
    the file is missing, damaged or something else.
    """
    ways = read_osm(source, area=area, progress=progress)
    title = title or Path(source).name
    if whole:
        network = lay_network(ways, title=title, osm_date=osm_date)
    else:
        network = build_network(
            ways,
            classes=classes,
            simplify_m=simplify_m,
            title=title,
            osm_date=osm_date,
            progress=progress,
        )
    if progress:
        progress(say("Writing to {folder}", folder=into))
    path = Path(into)
    return write_network(network, path if path.suffix == ".npz" else path / "roads.npz")
