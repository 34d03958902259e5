"""Make the roads, municipalities and towns that the package carries.

    python tools/build_data.py ROADS.osm.pbf --municipalities FILE.geojson --towns FILE.csv
        --osm-date 2021-08-05 --title TITLE [--into raastof_geo/data]

The municipalities: GeoJSON in WGS84 with `code`, `name` and `region`; the towns: CSV with `name`,
`class`, `lon` and `lat`; each town is linked to the roads, whose ids are not kept. Equal input
gives equal files.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from raastof_geo.files import write_whole
from raastof_geo.roads.mapped.build import build_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.projection import project_shapes, unproject_shapes
from raastof_geo.roads.stored.store import write_network

TOLERANCE_M = 120.0
"""A corner goes whose triangle with its neighbours is smaller than the square of this
(Visvalingam-Whyatt). [m]"""
DECIMALS = 5
"""Borders are kept to 1 m: they are simplified by a hundred times as much."""
COLUMNS = ["name", "town_class", "lon", "lat"]


def read_towns(file: Path) -> pd.DataFrame:
    """Read name, town_class, lon and lat of towns, in that order."""
    frame = pd.read_csv(file, encoding="utf-8", keep_default_na=False)
    towns = frame.rename(columns={"class": "town_class"})[COLUMNS]
    if not ((towns["lon"].abs() <= 180) & (towns["lat"].abs() <= 90)).all():
        raise ValueError(f"{file} has a place without lon and lat in degrees")
    return towns.sort_values(COLUMNS, kind="stable")


def write_towns(towns: pd.DataFrame, into: Path) -> Path:
    """Write `towns.csv`."""
    return write_whole(into / "towns.csv", towns.to_csv(index=False, lineterminator="\n"))


def write_municipalities(file: Path, into: Path) -> Path:
    """Write `municipalities.geojson` with simpler borders, which neighbours share."""
    rows, shapes = read_municipalities(file)
    simple = shapely.coverage_simplify(project_shapes(shapes), TOLERANCE_M)
    degrees = shapely.transform(unproject_shapes(simple), lambda at: np.round(at, DECIMALS))
    tidy = shapely.remove_repeated_points(shapely.normalize(degrees))
    features = [
        {"type": "Feature", "properties": row, "geometry": json.loads(geometry)}
        for row, geometry in zip(rows, shapely.to_geojson(np.asarray(tidy, object)), strict=True)
    ]
    lines = ",\n".join(
        json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features
    )
    text = f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'
    return write_whole(into / "municipalities.geojson", text)


def read_municipalities(file: Path) -> tuple[list[dict[str, str]], np.ndarray]:
    """Read code, name and region of each municipality, by code, and its parts as one shape."""
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    told = [feature["properties"] for feature in features]
    rows = [{key: str(one[key]) for key in ("code", "name", "region")} for one in told]
    rows = [row | {"code": row["code"].zfill(4)} for row in rows]
    texts = [json.dumps(feature["geometry"]) for feature in features]
    shapes = shapely.force_2d(shapely.from_geojson(texts))
    by_code: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        by_code[row["code"]].append(index)
    parts = [by_code[code] for code in sorted(by_code)]
    joined = np.empty(len(parts), object)
    for place, some in enumerate(parts):
        joined[place] = shapely.union_all(shapes[some]) if len(some) > 1 else shapes[some[0]]
    return [rows[some[0]] for some in parts], joined


def main() -> None:
    """Make all three."""
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
    bare = replace(network, way=np.zeros_like(network.way))
    write_network(bare, options.into / "roads.npz")
    write_municipalities(options.municipalities, options.into)
    write_towns(towns, options.into)


if __name__ == "__main__":
    main()
