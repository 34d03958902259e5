"""Know a region: its areas, coast and towns, for names, limits and the map; keep it in a pack."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike
from pyproj import CRS
from pyproj.exceptions import CRSError
from raastof_geo.arrays import Floats, Objects, first_of_each
from raastof_geo.errors import RoadDataError
from raastof_geo.files import AnyPath
from raastof_geo.language import DATA_FOLDER
from raastof_geo.region import projection

if TYPE_CHECKING:
    import geopandas as gpd


NEARBY_M = 2000.0
"""A point this far from an area, as a pier may be, still belongs to it. [m]"""
AREA_COLUMNS = ["code", "name", "region"]
TOWN_COLUMNS = ["name", "town_class", "lon", "lat"]
MEMBER = "region"
"""The name of a region among the columns of a file of roads."""
_FORMAT = 1
_MOST_BYTES = 1 << 27
_DECIMALS = 5
"""Borders are kept to 1 m: they are simplified by a hundred times as much."""
_FALSE = (KeyError, TypeError, ValueError, AttributeError, CRSError, shapely.errors.ShapelyError)
"""What is raised by values that are no region."""


@dataclass(frozen=True, eq=False)
class Region:
    """What a pack knows beside its roads; shapes in WGS84 [degrees]."""

    title: str
    crs: str
    """The system of its metres, such as `EPSG:25832`."""
    bounds: projection.Bounds | None = None
    """Where sites may lie; none: anywhere. [degrees]"""
    credit: Mapping[str, str] = field(default_factory=dict)
    """Whom readers owe the areas to, by language; roads say that themselves."""
    labels: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=AREA_COLUMNS))
    """`code`, `name` and `region` of each area, such as a municipality."""
    shapes: Objects = field(default_factory=lambda: np.empty(0, object))
    """The areas in the order of their labels, which share their borders."""
    towns: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=TOWN_COLUMNS))
    """`name`, `town_class` (city, town, village), `lon` and `lat`."""
    coast: Objects = field(default_factory=lambda: np.empty(0, object))
    """Land as polygons; none: the areas are the land."""

    @cached_property
    def areas(self) -> gpd.GeoDataFrame:
        """The areas: code, name, region and geometry, WGS84."""
        import geopandas as gpd

        return gpd.GeoDataFrame(self.labels, geometry=self.shapes, crs=projection.DEGREES)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the areas, sorted."""
        return tuple(sorted(map(str, self.labels["name"])))

    @cached_property
    def land(self) -> Objects:
        """The polygons of the land; none where no coast is known."""
        shapes = self.coast if len(self.coast) else self.shapes
        return np.asarray(shapely.get_parts(shapely.union_all(shapes)), object)

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> Objects:
        """Name areas of places [degrees]. Returns None beyond `NEARBY_M` from all. [places]"""
        places = np.asarray(shapely.points(projection.project(lon, lat, self.crs)))
        found: Objects = np.empty(len(places), object)
        place, area = self._area_tree.query_nearest(places, max_distance=NEARBY_M)
        first = first_of_each(place, area)
        found[place[first]] = self.labels["name"].to_numpy(object)[area[first]]
        return found

    def measure_off_land(self, lines: Any, ends: Any) -> Floats:
        """Measure what of lines is no land. Returns 0 where the end is far from any. [lines, m]"""
        tree = self._land_tree
        known = np.isin(np.arange(len(ends)), tree.query(ends, "dwithin", NEARBY_M)[0])
        line, land = tree.query(lines, predicate="intersects")
        inside = shapely.length(shapely.intersection(lines[line], tree.geometries[land]))
        off_m = shapely.length(lines) - np.bincount(line, inside, minlength=len(lines))
        return np.where(known, off_m, 0.0)

    def find_town(self, lon: float, lat: float) -> tuple[str, float]:
        """Find the nearest town. Returns its name, and how far it is; `inf` for none. [m]"""
        if self.towns.empty:
            return "", np.inf
        towns = projection.project(self.towns["lon"], self.towns["lat"], self.crs)
        metres = np.hypot(*(towns - projection.project(lon, lat, self.crs)).T)
        return str(self.towns["name"].iloc[metres.argmin()]), float(metres.min())

    def covers(self, lon: float, lat: float) -> bool:
        """Tell whether a site may lie in a place. [degrees]"""
        return projection.lies_within(self.bounds or (-180.0, -90.0, 180.0, 90.0), lon, lat)

    def _draw(self, shapes: Objects) -> shapely.STRtree:
        return shapely.STRtree(projection.project_shapes(shapes, self.crs))

    _area_tree = cached_property(lambda self: self._draw(self.shapes))
    _land_tree = cached_property(lambda self: self._draw(self.land))


def read_region(path: AnyPath | None = None) -> Region:
    """Read the region that a file of roads lies in; the built-in one where no file is named.

    A file that is no pack has one of `lend_region`. `RoadDataError`: what a pack says is none.
    """
    file = DATA_FOLDER / "roads.npz" if path is None else Path(path)
    try:
        return _read_file(file, file.stat().st_mtime_ns)
    except OSError:  # not there or closed, as whoever reads its roads says
        return lend_region(None)


@lru_cache(maxsize=8)
def lend_region(bounds: projection.Bounds | None) -> Region:
    """Lend roads a region by bounds [degrees]. Returns the built-in if theirs, or a bare one."""
    built_in = replace(read_region(), bounds=None)
    boxes = shapely.box(*shapely.bounds(built_in.shapes).T)
    if bounds is None or shapely.intersects(shapely.box(*bounds), boxes).any():
        return built_in
    return Region("", projection.find_system(bounds))


@lru_cache(maxsize=8)
def _read_file(file: Path, _: int) -> Region:
    try:
        with zipfile.ZipFile(file) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            name = f"{MEMBER}.npy" if f"{MEMBER}.npy" in sizes else "metadata.npy"
            if sizes.get(name, _MOST_BYTES) >= _MOST_BYTES:
                return lend_region(None)
            with archive.open(name) as stream:
                told = json.loads(np.lib.format.read_array(stream, allow_pickle=False).tobytes())
        if name == "metadata.npy":
            return lend_region(_read_bounds(told["bounds"]))
    except (zipfile.BadZipFile, EOFError, *_FALSE):  # no pack, or damaged: see above
        return lend_region(None)
    try:
        return decode_region(told)
    except _FALSE as error:
        raise RoadDataError.saying_text("network files", "region", file=file) from error


def encode_region(region: Region) -> dict[str, Any]:
    """Put a region into plain values. Returns them by field; shapes as GeoJSON, to a metre."""
    told = {of.name: _encode(getattr(region, of.name)) for of in fields(Region)}
    return {"format": _FORMAT} | told


def decode_region(told: Mapping[str, Any]) -> Region:
    """Read a region. Returns that of plain values; raises one of `_FALSE` where they are none."""
    towns = pd.DataFrame({one: told["towns"][one] for one in TOWN_COLUMNS})
    found = Region(
        title=str(told["title"]),
        crs=str(told["crs"]),
        bounds=_read_bounds(told["bounds"]),
        credit={str(one): str(text) for one, text in told["credit"].items()},
        labels=pd.DataFrame({one: told["labels"][one] for one in AREA_COLUMNS}).astype(str),
        shapes=_decode_shapes(told["shapes"]),
        towns=towns.astype({"lon": float, "lat": float}),
        coast=_decode_shapes(told["coast"]),
    )
    on_earth = (np.abs(found.towns[["lon", "lat"]].to_numpy(float)) <= (180, 90)).all()
    alike = len(found.labels) == len(found.shapes)
    if not (told["format"] == _FORMAT and on_earth and alike and CRS(found.crs).is_projected):
        raise ValueError("another format, degrees instead of metres, or false towns or areas")
    return found


def _read_bounds(given: Any) -> projection.Bounds | None:
    if given is None:
        return None
    west, south, east, north = map(float, given)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("bounds off the Earth")
    return west, south, east, north


def _encode(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return value.to_dict("list")
    if not isinstance(value, np.ndarray):
        return value
    near = shapely.transform(value, lambda at: np.round(at, _DECIMALS))
    tidy = np.asarray(shapely.remove_repeated_points(shapely.normalize(near)), object)
    return [json.loads(text) for text in shapely.to_geojson(tidy)]


def _decode_shapes(told: Sequence[Any]) -> Objects:
    shapes = np.asarray(shapely.from_geojson([json.dumps(one) for one in told]), object)
    off_earth = (np.abs(shapely.bounds(shapes)) > (180, 90, 180, 90)).any()
    if off_earth or not np.isin(shapely.get_type_id(shapes), (3, 6)).all():
        raise ValueError("no polygons in degrees")
    return shapes
