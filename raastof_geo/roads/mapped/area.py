"""Read the area that a network is clipped to."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import shapely

from raastof_geo.errors import InputError, RoadDataError, raise_all
from raastof_geo.files import AnyPath
from raastof_geo.language import list_codes, say_text
from raastof_geo.region.layer import read_polygons
from raastof_geo.region.pack import read_region
from raastof_geo.region.projection import Bounds, find_system, project_shapes, unproject_shapes
from raastof_geo.region.region import Region

if TYPE_CHECKING:
    import geopandas as gpd


def read_area(
    *,
    bounds: Bounds | None = None,
    file: AnyPath | None = None,
    municipalities: Sequence[str] = (),
    buffer_m: float = 0.0,
    region: Region | None = None,
) -> shapely.Geometry | None:
    """Read an area from bounds, a file of polygons or names of municipalities.

    In WGS84, none where nothing is given. [degrees] `file`: GeoJSON in degrees, or anything that
    GDAL reads, in any coordinate system that it names; `municipalities`: names or codes, as in
    `Køge`, `Køge Kommune` or `0259`, of a `region`, the built-in one by default; `buffer_m`: how
    far the area is widened [m]. `RoadDataError`: more than one is given, or what is no area.
    """
    given = [bounds is not None, file is not None, bool(municipalities)]
    if sum(given) > 1:
        raise RoadDataError.saying_text("areas", "several")
    area: shapely.Geometry | None = None
    if bounds is not None:
        area = draw_bounds(bounds)
    elif file is not None:
        area = read_polygon(file)
    elif municipalities:
        area = join_municipalities(municipalities, region or read_region())
    if area is not None and buffer_m > 0:
        crs = find_system(tuple(shapely.bounds(area).tolist()))
        area = unproject_shapes(shapely.buffer(project_shapes(area, crs), buffer_m), crs)
    return area


def draw_bounds(bounds: Sequence[float]) -> shapely.Polygon:
    """Draw west, south, east and north [degrees]; `RoadDataError` if they are no rectangle."""
    west, south, east, north = bounds
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        given = ", ".join(f"{value:g}" for value in bounds)
        raise RoadDataError.saying_text("areas", "bounds", bounds=given)
    return shapely.box(west, south, east, north)


def read_polygon(path: AnyPath) -> shapely.Polygon | shapely.MultiPolygon:
    """Read all polygons of a file, joined and valid [degrees, WGS84], or `RoadDataError`."""
    joined = shapely.union_all(shapely.make_valid(read_layer(path).geometry.to_numpy()))
    parts = [part for part in shapely.get_parts(joined) if part.geom_type == "Polygon"]
    if not parts:
        raise RoadDataError.saying_text("files beside", "no polygons", file=path)
    return shapely.MultiPolygon(parts)


def read_layer(path: AnyPath) -> gpd.GeoDataFrame:
    """Read polygons of GeoJSON, or anything that GDAL reads [degrees], or raise `RoadDataError`."""
    try:
        return read_polygons(path, trusted=True)
    except InputError as error:
        raise RoadDataError(*error.findings) from error


def join_municipalities(wanted: Sequence[str], region: Region) -> shapely.Geometry:
    """Join municipalities by name or code [degrees]; `RoadDataError` names all unknown ones."""
    frame = region.labels
    known = {name.casefold(): index for index, name in enumerate(frame["name"])}
    known |= {code: index for index, code in enumerate(frame["code"])}
    rows, lost = [], []
    for name in wanted:
        plain = name.strip().casefold().removesuffix(" kommune")
        if plain in known:
            rows.append(known[plain])
        else:
            like = difflib.get_close_matches(name, list(frame["name"]), n=3, cutoff=0.6)
            key = "like" if like else "unknown"
            lost.append(say_text("areas", key, name=f"`{name}`", like=list_codes(like)))
    raise_all(RoadDataError, lost)
    return shapely.union_all(region.shapes[rows])
