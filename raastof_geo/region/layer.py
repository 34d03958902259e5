"""Read layers of files that programmes for maps write, whatever system they lie in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
import numpy as np
import pandas as pd
import shapely
from raastof_geo.errors import InputError, refusing
from raastof_geo.files import AnyPath
from raastof_geo.region.projection import DEGREES

if TYPE_CHECKING:
    import geopandas as gpd

AnyFrame: TypeAlias = "gpd.GeoDataFrame | pd.DataFrame"
"""A table, with places or without."""

_MOST_DEGREES = 360.0
_BEGINNINGS = {
    ".gpkg": b"SQLite format 3\0",
    ".fgb": b"fgb",
    ".shp": b"\0\0\x27\x0a",
    ".parquet": b"PAR1",
}
"""How files begin that may be handed to GDAL: it would follow others to whatever they name."""


def read_layers(path: Path) -> dict[str, AnyFrame]:
    """Read the layers of a file by name: GeoPackage, FlatGeobuf, Shapefile, GeoParquet, GeoJSON.

    GeoJSON by ourselves, for GDAL would follow what names files or addresses. Raises what readers
    raise at damaged files; an `InputError`, where it says another kind of file than it is.
    """
    import geopandas as gpd

    name, told = path.stem, {"file": f"`{path.name}`"}
    with path.open("rb") as opened:
        head = opened.read(16)
    begins = next((end for end, one in _BEGINNINGS.items() if head.startswith(one)), "")
    if begins == ".parquet":
        try:
            return {name: gpd.read_parquet(path)}
        except ImportError as error:
            raise InputError.saying_text("files beside", "no parquet", **told) from error
    if begins:
        if begins not in (path.suffix.lower(), ".gpkg"):
            raise InputError.saying_text("files beside", "ending", **told, ending=begins)
        return {str(one): gpd.read_file(path, layer=one) for one in gpd.list_layers(path)["name"]}
    return {name: _read_geojson(path)}


def _read_geojson(path: Path) -> gpd.GeoDataFrame:
    import geopandas as gpd

    said = json.loads(path.read_text(encoding="utf-8-sig"))
    parts = said.get("features", [said])
    places = [part.get("geometry", part) for part in parts]
    shapes = [None if one is None else shapely.geometry.shape(one) for one in places]
    crs = said.get("crs", {}).get("properties", {}).get("name", DEGREES)
    rows = pd.DataFrame([part.get("properties") or {} for part in parts])
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=crs)


def read_polygons(path: AnyPath, *, trusted: bool = False) -> gpd.GeoDataFrame:
    """Read all polygons of a file. Returns them [degrees] with what is said; or `InputError`.

    `trusted`: it may be anything that GDAL reads, and lies in degrees where it names no system.
    """
    import geopandas as gpd

    path, found = Path(path), []
    told = {"file": f"`{path.name}`"}
    if not path.is_file():
        raise InputError.saying_text("files beside", "none", **told)
    with refusing("files beside", "no areas", **told):
        layers = {path.stem: gpd.read_file(path)} if trusted else read_layers(path)
        for layer in layers.values():
            if isinstance(layer, gpd.GeoDataFrame):
                parts = layer.explode(ignore_index=True)
                parts = parts[parts.geom_type.isin(("Polygon", "MultiPolygon"))]
                crs = DEGREES if trusted or parts.empty else None
                found += [parts.set_geometry(lay_in_degrees(parts.geometry, crs, **told))]
    if (polygons := pd.concat(found, ignore_index=True) if found else pd.DataFrame()).empty:
        raise InputError.saying_text("files beside", "no polygons", **told)
    return polygons


def lay_in_degrees(shapes: gpd.GeoSeries, crs: str | None, *, file: str) -> gpd.GeoSeries:
    """Lay shapes in degrees. Returns them; `crs` is theirs if they name none, else `InputError`."""
    if shapes.crs is None and crs is None:
        raise InputError.saying_text("files beside", "no system", file=file)
    shapes = shapes.set_crs(crs) if shapes.crs is None else shapes
    if shapes.crs.is_geographic and np.any(np.abs(shapes.total_bounds) > _MOST_DEGREES):
        raise InputError.saying_text("files beside", "no degrees", file=file)
    return shapes.to_crs(DEGREES)
