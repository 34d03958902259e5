"""Read layers of GIS files and frames of GeoPandas into grids, whatever system they lie in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from raastof_geo.errors import InputError
from raastof_geo.scenario.tables.grid import MOST_CELLS, Grid, refuse_table

if TYPE_CHECKING:
    import geopandas as gpd

DEGREES = "EPSG:4326"
_METRES = "EPSG:25832"
_SIMPLIFIED_M = 1.0
"""Outlines are kept as well as sites are drawn. [m]"""
_MOST_DEGREES = 360.0
_BEGINNINGS = {
    ".gpkg": b"SQLite format 3\0",
    ".fgb": b"fgb",
    ".shp": b"\0\0\x27\x0a",
    ".parquet": b"PAR1",
}
"""How files begin that may be handed to GDAL: it would follow others to whatever they name."""
UNREADABLE = (
    *(OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError),
    shapely.errors.ShapelyError,
)
"""What readers of files, shapes and coordinate systems raise at damaged ones."""


def read_layers(path: Path) -> dict[str, gpd.GeoDataFrame | pd.DataFrame]:
    """Read the layers of a file by name: GeoPackage, FlatGeobuf, Shapefile, GeoParquet, GeoJSON.

    GeoJSON by ourselves, for GDAL would follow what names files or addresses. Raises one of
    `UNREADABLE`; an `InputError`, where it says another kind of file than it is.
    """
    import geopandas as gpd

    ending, name = path.suffix.lower(), path.stem
    with path.open("rb") as opened:
        head = opened.read(16)
    begins = next((end for end, one in _BEGINNINGS.items() if head.startswith(one)), "")
    if begins == ".parquet":
        return {name: gpd.read_parquet(path)}
    if begins:
        if begins not in (ending, ".gpkg"):
            raise refuse_table("ending", path.name, ending=begins)
        layers = gpd.list_layers(path)["name"]
        return {str(one): gpd.read_file(path, layer=one) for one in layers}
    said = json.loads(path.read_text(encoding="utf-8-sig"))
    parts = said.get("features", [said])
    shapes = [
        None if one is None else shapely.geometry.shape(one)
        for one in (part.get("geometry", part) for part in parts)
    ]
    crs = said.get("crs", {}).get("properties", {}).get("name", DEGREES)
    rows = pd.DataFrame([part.get("properties") or {} for part in parts])
    return {name: gpd.GeoDataFrame(rows, geometry=shapes, crs=crs)}


def lay_out_layers(path: Path, shown: str, crs: str | None) -> list[Grid]:
    """Read the layers of a file as grids; `crs` is theirs where they name none."""
    try:
        layers = read_layers(path)
        return [lay_out_frame(layer, shown, name, crs) for name, layer in layers.items()]
    except InputError:
        raise
    except ImportError as error:
        raise refuse_table("no parquet", shown) from error
    except UNREADABLE as error:
        raise refuse_table("no layers", shown, problem=str(error)[:200]) from error


def lay_out_frame(
    frame: gpd.GeoDataFrame | pd.DataFrame, shown: str, name: str, crs: str | None = None
) -> Grid:
    """Give a frame as a grid: `lon`, `lat` of points, the `shape` of what is none, and all else."""
    import geopandas as gpd

    where: dict[str, list[Any]] = {}
    if isinstance(frame, gpd.GeoDataFrame):
        where = _locate(frame.geometry, crs, shown)
        frame = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    if frame.shape[0] * (frame.shape[1] + len(where)) > MOST_CELLS:
        raise refuse_table("wide", shown, sheet="", rows=len(frame), columns=frame.shape[1])
    columns = [*where.values(), *([_plain(one) for one in frame[key]] for key in frame)]
    heads = [*where, *map(str, frame.columns)]
    rows = [heads, *map(list, zip(*columns, strict=True))]
    return Grid(shown, name, rows, located="lon" in where)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | dict | np.ndarray):
        listed = value.tolist() if isinstance(value, np.ndarray) else value
        return json.dumps(listed, ensure_ascii=False, default=str)
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _locate(shapes: gpd.GeoSeries, crs: str | None, shown: str) -> dict[str, list[Any]]:
    """Give columns that say where some shapes lie: as points, and else by their outlines."""
    there = ~(shapes.isna() | shapes.is_empty)
    if not there.any():
        return {}
    if shapes.crs is None and crs is None:
        raise refuse_table("no system", shown)
    shapes = shapes if shapes.crs is not None else shapes.set_crs(crs)
    if shapes.crs.is_geographic and np.abs(shapes[there].total_bounds).max() > _MOST_DEGREES:
        raise refuse_table("no degrees", shown)
    degrees = shapes.force_2d().to_crs(DEGREES)
    points, columns = there & (shapes.geom_type == "Point"), dict[str, list[Any]]()
    if points.any():
        at = shapely.get_coordinates(degrees.where(points, shapely.Point(0, 0)).to_numpy())
        for number, name in enumerate(("lon", "lat")):
            columns[name] = [round(one, 9) for one in at[:, number].tolist()]
    if (there & ~points).any():
        drawn = degrees.to_crs(_METRES).simplify(_SIMPLIFIED_M).to_crs(DEGREES)
        columns["shape"] = list(shapely.to_wkt(drawn.to_numpy(), rounding_precision=6))
    return {
        name: [
            one if on else None
            for one, on in zip(
                values, (there & ~points) if name == "shape" else points, strict=True
            )
        ]
        for name, values in columns.items()
    }
