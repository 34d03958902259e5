"""Keep a region beside the roads of a pack, and read it again; the built-in one is such a pack."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from raastof_geo.arrays import Objects
from raastof_geo.errors import RoadDataError
from raastof_geo.links import AnyPath
from raastof_geo.region.projection import Bounds
from raastof_geo.region.region import AREA_COLUMNS, TOWN_COLUMNS, Region

MEMBER = "region"
"""The name of a region among the columns of a file of roads."""
REGION_FORMAT = 1
_MOST_BYTES = 1 << 27
_DECIMALS = 5
"""Borders are kept to 1 m: they are simplified by a hundred times as much."""


def read_region(path: AnyPath | None = None) -> Region:
    """Read the region that a file of roads lies in; the built-in one where no file is named.

    A file without a region of its own (no pack, or one of an earlier version) lies in the built-in
    one where that reaches its roads, or where only the roads themselves tell; sites may lie
    anywhere. `RoadDataError`: what the pack says is no region.
    """
    if path is None:
        with resources.as_file(resources.files("raastof_geo") / "data" / "roads.npz") as built_in:
            return _read_file(built_in, 0)
    file = Path(path)
    try:
        return _read_file(file, file.stat().st_mtime_ns)
    except OSError:  # not there or closed, which whoever reads its roads says
        return lend_region(None)


@lru_cache(maxsize=8)
def _read_file(file: Path, _: int) -> Region:
    try:
        with zipfile.ZipFile(file) as archive:
            members = {info.filename: info.file_size for info in archive.infolist()}
            name = f"{MEMBER}.npy" if f"{MEMBER}.npy" in members else "metadata.npy"
            if members.get(name, _MOST_BYTES) >= _MOST_BYTES:
                return lend_region(None)
            with archive.open(name) as stream:
                told = json.loads(np.lib.format.read_array(stream, allow_pickle=False).tobytes())
    except (zipfile.BadZipFile, ValueError, EOFError):  # no pack, or damaged: see above
        return lend_region(None)
    if name == "metadata.npy":
        try:
            return lend_region(_read_bounds(told.get("bounds")))
        except _FALSE:  # whoever reads the roads says so
            return lend_region(None)
    try:
        return decode_region(told)
    except _FALSE as error:
        raise RoadDataError.saying_text("network files", "region", file=file) from error


_FALSE = (KeyError, TypeError, ValueError, AttributeError, CRSError, shapely.errors.ShapelyError)
"""What is raised by values that are no region."""


@lru_cache(maxsize=8)
def lend_region(bounds: Bounds | None) -> Region:
    """Give the region of roads without one, whose bounds may be known. [degrees]"""
    built_in = replace(read_region(), bounds=None)
    return built_in if bounds is None else built_in.lend(bounds)


def encode_region(region: Region) -> dict[str, Any]:
    """Give a region in plain values; shapes as GeoJSON, to a metre."""
    return {
        "format": REGION_FORMAT,
        "title": region.title,
        "crs": region.crs,
        "bounds": region.bounds,
        "credit": dict(region.credit),
        "areas": [
            {**dict(zip(AREA_COLUMNS, labels, strict=True)), "shape": shape}
            for labels, shape in zip(
                region.labels[[*AREA_COLUMNS]].to_numpy(object).tolist(),
                _encode_shapes(region.shapes),
                strict=True,
            )
        ],
        "towns": region.towns[[*TOWN_COLUMNS]].to_numpy(object).tolist(),
        "coast": _encode_shapes(region.coast),
        "built_up": _encode_shapes(region.built_up),
    }


def decode_region(told: Mapping[str, Any]) -> Region:
    """Read a region of plain values; one of `_FALSE` where they are none."""
    if told["format"] != REGION_FORMAT or not CRS(told["crs"]).is_projected:
        raise ValueError("another format, or degrees instead of metres")
    texts = [told["title"], *told["credit"].values()]
    texts += [area[column] for area in told["areas"] for column in AREA_COLUMNS]
    texts += [text for name, kind, _, _ in told["towns"] for text in (name, kind)]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("texts expected")
    towns = pd.DataFrame(told["towns"], columns=[*TOWN_COLUMNS])
    towns = towns.astype({"lon": float, "lat": float})
    if not (towns["lon"].abs().le(180) & towns["lat"].abs().le(90)).all():
        raise ValueError("a town off the Earth")
    return Region(
        title=told["title"],
        crs=str(told["crs"]),
        bounds=_read_bounds(told["bounds"]),
        credit=told["credit"],
        labels=pd.DataFrame(told["areas"], columns=[*AREA_COLUMNS]),
        shapes=_decode_shapes([area["shape"] for area in told["areas"]]),
        towns=towns,
        coast=_decode_shapes(told["coast"]),
        built_up=_decode_shapes(told["built_up"]),
    )


def _read_bounds(given: Any) -> Bounds | None:
    if given is None:
        return None
    west, south, east, north = map(float, given)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("bounds off the Earth")
    return west, south, east, north


def _encode_shapes(shapes: Objects) -> list[Any]:
    near = shapely.transform(shapes, lambda at: np.round(at, _DECIMALS))
    tidy = shapely.remove_repeated_points(shapely.normalize(near))
    return [json.loads(text) for text in shapely.to_geojson(np.asarray(tidy, object))]


def _decode_shapes(told: Sequence[Any]) -> Objects:
    shapes = np.asarray(shapely.from_geojson([json.dumps(one) for one in told]), object)
    kinds = np.isin(shapely.get_type_id(shapes), (3, 6))
    if not kinds.all() or np.any(np.abs(shapely.bounds(shapes)) > (180, 90, 180, 90)):
        raise ValueError("no polygon in degrees")
    return shapes.reshape(-1)
