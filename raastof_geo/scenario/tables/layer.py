"""Lay layers and frames out as grids, with where their shapes lie in columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from raastof_geo.region.layer import lay_in_degrees
from raastof_geo.scenario.tables.grid import Grid, refuse_wide

if TYPE_CHECKING:
    import geopandas as gpd

    from raastof_geo.region.layer import Layer

_SIMPLIFIED = 1e-5
"""A metre; outlines are kept as well as sites are drawn. [degrees]"""


def lay_out_frame(frame: Layer, shown: str, name: str, crs: str | None = None) -> Grid:
    """Give a frame as a grid: `lon`, `lat` of points, the `shape` of what is none, and all else.

    `crs` is its system, where it names none; `InputError`: there is none, or it is too large.
    """
    refuse_wide(shown, name, *frame.shape)
    where: dict[str, Any] = {}
    if hasattr(frame, "geometry"):
        where = _locate(frame.geometry, crs, shown)
        frame = pd.DataFrame(frame.drop(columns=frame.geometry.name))
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
    if shapes.isna().all():
        return {}
    degrees = lay_in_degrees(shapes, crs, file=f"`{shown}`").force_2d()
    drawn = degrees[degrees.geom_type != "Point"].make_valid().simplify(_SIMPLIFIED)
    columns = {
        "lon": shapely.get_x(degrees.to_numpy()).round(9),
        "lat": shapely.get_y(degrees.to_numpy()).round(9),
        "shape": drawn.to_wkt(rounding_precision=6).reindex(shapes.index),
    }
    return {name: values for name, values in columns.items() if pd.notna(values).any()}
