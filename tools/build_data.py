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
from pathlib import Path

import numpy as np
import pandas as pd

from raastof_geo.region.projection import METRES
from raastof_geo.region.region import TOWN_COLUMNS, Region
from raastof_geo.roads.mapped.build import build_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.places import Places, make_region, read_areas
from raastof_geo.roads.stored.store import write_network

DENMARK = (7.5, 54.3, 15.5, 58.0)
"""Where sites may lie: Denmark with Bornholm, a little generous. [degrees]"""
CREDIT = {
    "da": "Kommuner: Geodatastyrelsen og danske kommuner, 2014.",
    "en": "Municipalities: Geodatastyrelsen and Danish municipalities, 2014.",
}


def read_towns(file: Path) -> pd.DataFrame:
    """Read towns: `name`, `class`, `lon` and `lat` [degrees], sorted."""
    frame = pd.read_csv(file, encoding="utf-8", keep_default_na=False)
    towns = frame.rename(columns={"class": "town_class"})[TOWN_COLUMNS]
    if not ((towns["lon"].abs() <= 180) & (towns["lat"].abs() <= 90)).all():
        raise ValueError(f"{file} has a place without lon and lat in degrees")
    return towns.sort_values(TOWN_COLUMNS, kind="stable", ignore_index=True)


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
        read_osm(options.source), keep_towns=towns, title=options.title, osm_date=options.osm_date
    )
    region = make_region(
        Region(options.title, METRES, DENMARK, CREDIT),
        network.metadata.bounds,
        Places([], [], []),
        areas=read_areas(options.municipalities),
        towns=towns,
    )
    pack = replace(network, way=np.zeros_like(network.way), own_region=region)
    write_network(pack, options.into / "roads.npz")


if __name__ == "__main__":
    main()
