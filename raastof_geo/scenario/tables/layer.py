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

_DEGREES = "EPSG:4326"
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
    crs = said.get("crs", {}).get("properties", {}).get("name", _DEGREES)
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
        raise InputError.saying_text("tables", "no parquet", file=f"`{shown}`") from error
    except UNREADABLE as error:
        raise refuse_table("no layers", shown, problem=str(error)[:200]) from error


def lay_out_frame(
    frame: gpd.GeoDataFrame | pd.DataFrame, shown: str, name: str, crs: str | None = None
) -> Grid:
    """Give a frame as a grid: `lon`, `lat` of points, the `shape` of what is none, and all else."""
    import geopandas as gpd

    where: dict[str, Any] = {}
    if isinstance(frame, gpd.GeoDataFrame):
        where = _locate(frame.geometry, crs, shown)
        frame = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    if frame.shape[0] * (frame.shape[1] + len(where)) > MOST_CELLS:
        raise refuse_table("wide", shown, sheet="", rows=len(frame), columns=frame.shape[1])
    columns = [*where.values(), *(frame.iloc[:, at] for at in range(frame.shape[1]))]
    rows = map(list, zip(*(map(_plain, one) for one in columns), strict=True))
    heads = [*where, *map(str, frame.columns)]
    return Grid(shown, name, [heads, *rows], located="lon" in where)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | dict | np.ndarray):
        listed = value.tolist() if isinstance(value, np.ndarray) else value
        return json.dumps(listed, ensure_ascii=False, default=str)
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _locate(shapes: gpd.GeoSeries, crs: str | None, shown: str) -> dict[str, Any]:
    """Give columns that say where shapes lie: points by degrees, all others by their outlines."""
    shapes = shapes.where(~shapes.is_empty)
    if shapes.crs is None and crs is None and shapes.notna().any():
        raise refuse_table("no system", shown)
    shapes = shapes if shapes.crs is not None else shapes.set_crs(crs or _DEGREES)
    if shapes.crs.is_geographic and np.abs(shapes.total_bounds).max() > _MOST_DEGREES:
        raise refuse_table("no degrees", shown)
    degrees = shapes.force_2d().to_crs(_DEGREES)
    drawn = degrees[shapes.geom_type != "Point"].to_crs(_METRES).simplify(_SIMPLIFIED_M)
    columns = {
        "lon": shapely.get_x(degrees.to_numpy()).round(9),
        "lat": shapely.get_y(degrees.to_numpy()).round(9),
        "shape": drawn.to_crs(_DEGREES).to_wkt(rounding_precision=6).reindex(shapes.index),
    }
    return {name: values for name, values in columns.items() if pd.notna(values).any()}
