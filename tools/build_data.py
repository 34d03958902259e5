"""Make the pack that the package carries: roads, municipalities and towns of Zealand.

    python tools/build_data.py ROADS.osm.pbf --municipalities FILE.geojson --towns FILE.csv
        --osm-date 2021-08-05 --title TITLE [--into raastof_geo/data]

The municipalities: polygons in a file with `code`, `name` and `region`; the towns: CSV with `name`,
`class`, `lon` and `lat`; each town is linked to the roads, whose ids are not kept. Equal input
gives equal files.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
import numpy as np
import pandas as pd
import shapely
from raastof_geo.arrays import Floats, Indices, Mask
from raastof_geo.region.projection import METRES
from raastof_geo.region.region import TOWN_COLUMNS, Region
from raastof_geo.roads.convert import Places, make_region, read_areas
from raastof_geo.roads.edges import RoadEdges
from raastof_geo.roads.mapped.build import build_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.routing.islands import RoadLinks, find_main_nodes, link_pieces
from raastof_geo.roads.store import write_network

DENMARK = (7.5, 54.3, 15.5, 58.0)
"""Where sites may lie: Denmark with Bornholm, a little generous. [degrees]"""
CREDIT = {
    "da": "Kommuner: Geodatastyrelsen og danske kommuner, 2014.",
    "en": "Municipalities: Geodatastyrelsen and Danish municipalities, 2014.",
}
TOWN_DISTANCE_M = 500.0
"""A town this far from every kept road gets a link. [m]"""
TOWN_SEARCH_M = 1500.0
"""How far from the middle of a town its link may start. [m]"""


def read_towns(file: Path) -> pd.DataFrame:
    """Read towns: `name`, `class`, `lon` and `lat` [degrees], sorted."""
    frame = pd.read_csv(file, encoding="utf-8", keep_default_na=False)
    towns = frame.rename(columns={"class": "town_class"})[TOWN_COLUMNS]
    if not ((towns["lon"].abs() <= 180) & (towns["lat"].abs() <= 90)).all():
        raise ValueError(f"{file} has a place without lon and lat in degrees")
    return towns.sort_values(TOWN_COLUMNS, kind="stable", ignore_index=True)


def link_towns(streets: RoadEdges, kept: Mask, weight: Floats, *, towns: pd.DataFrame) -> Mask:
    """Link pieces, and towns (`lon` and `lat` in degrees) far from every kept road. [edges]"""
    linked = link_pieces(streets, kept, weight).copy()
    if towns.empty:
        return linked
    xy = streets.project(streets.node_lon, streets.node_lat)
    main = find_main_nodes(streets, linked)
    reached = linked & main[streets.tail] & main[streets.head] & ~streets.ferry
    ends = np.stack((xy[streets.tail[reached]], xy[streets.head[reached]]), axis=1)
    lines = shapely.STRtree(np.asarray(shapely.linestrings(ends)))
    places = streets.project(towns["lon"], towns["lat"])
    near = lines.query(shapely.points(places), predicate="dwithin", distance=TOWN_DISTANCE_M)[0]
    links = RoadLinks(streets, weight)
    distance = links.measure(main)
    far = np.delete(places, near, axis=0)
    linked[links.trace(_nearest_nodes(xy, np.isfinite(distance), far))] = True
    return linked


def _nearest_nodes(xy: Floats, allowed: Mask, places: Floats) -> Indices:
    nodes = np.flatnonzero(allowed)
    tree = shapely.STRtree(np.asarray(shapely.points(xy[nodes])))
    place, index = tree.query_nearest(shapely.points(places), max_distance=TOWN_SEARCH_M)
    _, first = np.unique(place, return_index=True)
    return np.unique(nodes[index[first]])


def main() -> None:
    """Make the pack."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("--municipalities", type=Path, required=True)
    parser.add_argument("--towns", type=Path, required=True)
    parser.add_argument("--osm-date", required=True)
    parser.add_argument("--title", required=True)
    parser.add_argument("--into", type=Path, default=Path("raastof_geo/data"))
    options = parser.parse_args()
    towns = read_towns(options.towns)
    network = build_network(
        read_osm(options.source),
        link=partial(link_towns, towns=towns),
        title=options.title,
        osm_date=options.osm_date,
    )
    region = make_region(
        Region(options.title, METRES, DENMARK, CREDIT),
        network.metadata.bounds,
        Places([], [], []),
        areas=read_areas(options.municipalities),
    )
    region = replace(region, towns=towns)
    pack = replace(network, way=np.zeros_like(network.way), own_region=region)
    write_network(pack, options.into / "roads.npz")


if __name__ == "__main__":
    main()
