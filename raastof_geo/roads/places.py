"""Know the municipalities and towns: for names, for labels and for the map underneath."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike

from raastof_geo.arrays import Objects, first_of_each
from raastof_geo.errors import RoadDataError
from raastof_geo.files import write_whole
from raastof_geo.links import AnyPath
from raastof_geo.roads.projection import DEGREES, project, project_shapes, unproject_shapes

if TYPE_CHECKING:
    import geopandas as gpd

NEARBY_M = 2000.0
"""A point this far from a municipality, as a pier may be, still belongs to it. [m]"""

_DECIMALS = 5
"""Borders are kept to 1 m: they are simplified by a hundred times as much."""
_TOWN_COLUMNS = ("name", "town_class", "lon", "lat")


def load_municipalities() -> gpd.GeoDataFrame:
    """Load the built-in municipalities: code, name, region and geometry, WGS84."""
    import geopandas as gpd

    features = _load_features()
    frame = pd.DataFrame([feature["properties"] for feature in features])
    return gpd.GeoDataFrame(frame, geometry=_read_shapes(features), crs=DEGREES)


def load_towns() -> pd.DataFrame:
    """Load the built-in towns: name, town_class (city, town, village), lon and lat."""
    with resources.as_file(_built_in("towns.csv")) as file:
        return read_towns(file)


def locate_municipality(lon: ArrayLike, lat: ArrayLike) -> Objects:
    """Name the municipality of each place [degrees]; None beyond `NEARBY_M` from all of them."""
    names, tree = _municipality_tree()
    places = np.asarray(shapely.points(project(lon, lat)))
    found: Objects = np.empty(len(places), object)
    place, area = tree.query_nearest(places, max_distance=NEARBY_M)
    first = first_of_each(place, area)
    found[place[first]] = names[area[first]]
    return found


def find_town(lon: float, lat: float) -> tuple[str, float]:
    """Name the built-in town that is nearest to a place, and say how far it is. [m]"""
    names, tree = _town_tree()
    place = shapely.Point(np.ravel(project([lon], [lat])))
    found, metres = tree.query_nearest(place, return_distance=True, all_matches=False)
    return str(names[found[0]]), float(metres[0])


def build_places(
    *,
    municipalities: AnyPath | None = None,
    towns: AnyPath | None = None,
    into: AnyPath,
    tolerance_m: float = 120.0,
) -> list[Path]:
    """Write `municipalities.geojson`, with simpler borders, and `towns.csv`; give the files.

    Neighbours keep the same border. `municipalities`: GeoJSON in WGS84 with `code`, `name` and
    `region`; `towns`: CSV with `name`, `class` (or `town_class`), `lon` and `lat`; `tolerance_m`: a
    corner goes whose triangle with its neighbours is smaller than the square of this
    (Visvalingam-Whyatt) [m]. `RoadDataError`: a file is missing or something else.
    """
    written = []
    if municipalities is not None:
        written.append(_write_municipalities(Path(municipalities), Path(into), tolerance_m))
    if towns is not None:
        frame = read_towns(towns).sort_values(list(_TOWN_COLUMNS), kind="stable")
        text = frame.to_csv(index=False, lineterminator="\n")
        written.append(write_whole(Path(into) / "towns.csv", text))
    return written


def read_towns(path: AnyPath) -> pd.DataFrame:
    """Read name, town_class, lon and lat of towns, or `RoadDataError` where they are not there."""
    file = Path(path)
    try:
        frame = pd.read_csv(file, encoding="utf-8", keep_default_na=False).rename(
            columns={"class": "town_class"}
        )
    except FileNotFoundError as error:
        raise RoadDataError.saying("There is no table of towns {file}.", file=file) from error
    except (OSError, ValueError) as error:
        raise RoadDataError.saying(
            "{file} cannot be read as a table of towns: {reason}.", file=file, reason=error
        ) from error
    missing = [column for column in _TOWN_COLUMNS if column not in frame]
    if missing:
        raise RoadDataError.saying(
            "The table of towns {file} lacks the columns {columns}.",
            file=file,
            columns=", ".join(missing),
        )
    places = frame[["lon", "lat"]].apply(pd.to_numeric, errors="coerce")
    if not ((places["lon"].abs() <= 180) & (places["lat"].abs() <= 90)).all():
        raise RoadDataError.saying(
            "The table of towns {file} has a place without lon and lat in degrees.", file=file
        )
    return frame.assign(lon=places["lon"], lat=places["lat"])[list(_TOWN_COLUMNS)]


def _write_municipalities(file: Path, into: Path, tolerance_m: float) -> Path:
    rows, shapes = _read_municipalities(file)
    simple = shapely.coverage_simplify(project_shapes(shapes), tolerance_m)
    degrees = shapely.transform(unproject_shapes(simple), lambda at: np.round(at, _DECIMALS))
    tidy = shapely.remove_repeated_points(shapely.normalize(degrees))
    geometries = shapely.to_geojson(np.asarray(tidy, object))
    features = [
        {"type": "Feature", "properties": row, "geometry": json.loads(geometry)}
        for row, geometry in zip(rows, geometries, strict=True)
    ]
    lines = ",\n".join(
        json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features
    )
    text = f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'
    return write_whole(into / "municipalities.geojson", text)


def _read_municipalities(file: Path) -> tuple[list[dict[str, str]], Objects]:
    try:
        features = json.loads(file.read_text(encoding="utf-8"))["features"]
        told = [feature["properties"] for feature in features]
        rows = [{key: str(one[key]) for key in ("code", "name", "region")} for one in told]
        rows = [row | {"code": row["code"].zfill(4)} for row in rows]
        shapes = shapely.force_2d(_read_shapes(features))
    except FileNotFoundError as error:
        raise RoadDataError.saying(
            "There is no file of municipalities {file}.", file=file
        ) from error
    except (OSError, ValueError, KeyError, TypeError, shapely.errors.ShapelyError) as error:
        raise RoadDataError.saying(
            "{file} cannot be read as GeoJSON of municipalities with `code`, `name` and `region`.",
            file=file,
        ) from error
    by_code: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        by_code[row["code"]].append(index)
    parts = [by_code[code] for code in sorted(by_code)]
    joined = np.empty(len(parts), object)
    for place, some in enumerate(parts):
        joined[place] = shapely.union_all(shapes[some]) if len(some) > 1 else shapes[some[0]]
    return [rows[some[0]] for some in parts], joined


def _read_shapes(features: Sequence[Mapping[str, Any]]) -> Objects:
    return shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])


@lru_cache
def _municipality_tree() -> tuple[Objects, shapely.STRtree]:
    features = _load_features()
    names = np.array([feature["properties"]["name"] for feature in features], object)
    return names, shapely.STRtree(project_shapes(_read_shapes(features)))


@lru_cache
def _town_tree() -> tuple[Objects, shapely.STRtree]:
    towns = load_towns()
    metres = project(towns["lon"].to_numpy(), towns["lat"].to_numpy())
    places = np.asarray(shapely.points(metres), object)
    return towns["name"].to_numpy(dtype=object), shapely.STRtree(places)


def _built_in(name: str) -> Any:
    return resources.files("raastof_geo") / "data" / name


def _load_features() -> list[dict[str, Any]]:
    content = json.loads(_built_in("municipalities.geojson").read_text(encoding="utf-8"))
    features: list[dict[str, Any]] = content["features"]
    return features
