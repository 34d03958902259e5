"""Make the data that raastof_geo carries with it, or a folder of the same kind."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from raastof_geo.language import say
from raastof_geo.links import AnyPath
from raastof_geo.roads.mapped.build import build_network
from raastof_geo.roads.mapped.osm import TellStep, read_osm
from raastof_geo.roads.mapped.ways import lay_network
from raastof_geo.roads.places import build_places, read_towns
from raastof_geo.roads.stored.store import write_network


def build_data(
    source: AnyPath,
    *,
    municipalities: AnyPath | None = None,
    towns: AnyPath | None = None,
    into: AnyPath,
    title: str | None = None,
    osm_date: str | None = None,
    simplify_m: float = 15.0,
    area: shapely.Geometry | None = None,
    whole: bool = False,
    way_ids: bool = True,
    progress: TellStep | None = None,
) -> list[Path]:
    """Make `roads.npz` and, where given, `municipalities.geojson` and `towns.csv`; roads first.

    `source`: a file of OpenStreetMap; `municipalities`, `towns`: as `build_places` takes them, each
    town is linked to the network; `title`: by default the name of the file; `osm_date`,
    `simplify_m` [m]: see `build_network`; `area`: leave out what lies outside [degrees]; `whole`:
    keep every road as mapped, nothing is linked, dropped or simplified; `way_ids`: whether ids are
    those of OpenStreetMap. `RoadDataError`: a file is missing, damaged or something else.
    """
    keep_towns = None if towns is None else read_towns(towns)
    ways = read_osm(source, area=area, progress=progress)
    title = title or Path(source).name
    if whole:
        network = lay_network(ways, title=title, osm_date=osm_date)
    else:
        network = build_network(
            ways,
            keep_towns=keep_towns,
            simplify_m=simplify_m,
            title=title,
            osm_date=osm_date,
            progress=progress,
        )
    if not way_ids:
        network = replace(network, way=np.zeros_like(network.way))
    if progress:
        progress(say("Writing to {folder}", folder=into))
    roads = write_network(network, Path(into) / "roads.npz")
    return [roads, *build_places(municipalities=municipalities, towns=towns, into=into)]
