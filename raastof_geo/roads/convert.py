"""Make a pack of a file of OpenStreetMap: its roads, and the region that they lie in."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import shapely

from raastof_geo.files import AnyPath
from raastof_geo.language import LANGUAGES, say
from raastof_geo.region.projection import find_system
from raastof_geo.region.region import Region
from raastof_geo.roads.mapped.build import BUILT_IN_CLASSES, build_network
from raastof_geo.roads.mapped.osm import TellStep, read_osm
from raastof_geo.roads.mapped.ways import lay_network
from raastof_geo.roads.places import make_region, read_areas, read_places
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
    areas: AnyPath | None = None,
    level: int | None = None,
    credit: str = "",
    progress: TellStep | None = None,
) -> Path:
    """Make a pack: a file that ends in `.npz`, or `roads.npz` in a folder.

    `source`: a file of OpenStreetMap; `title`: by default the name of the file; `osm_date`,
    `simplify_m` [m], `classes`: see `build_network`; `area`: leave out what lies outside [degrees];
    `whole`: keep every road as mapped, nothing is linked, dropped or simplified; `areas`: a file of
    municipalities or other areas, else boundaries of OpenStreetMap of a `level`; `credit`: whom
    readers owe the areas to. `RoadDataError`: a file is missing, damaged or something else.
    """
    drawn = None if areas is None else read_areas(areas)
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
        progress(say("Reading areas, towns and coast"))
    bounds = network.metadata.bounds
    head = Region(title, find_system(bounds), credit=dict.fromkeys(LANGUAGES, credit))
    places = read_places(source)
    region = make_region(head, bounds, places, areas=drawn, level=level)
    network = replace(network, own_region=region)
    if progress:
        progress(say("Writing to {folder}", folder=into))
    path = Path(into)
    return write_network(network, path if path.suffix == ".npz" else path / "roads.npz")
