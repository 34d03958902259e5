"""Find what lies around the roads of an extract: areas, towns, coast, and what is built up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pandas as pd
import shapely

from raastof_geo.arrays import Objects
from raastof_geo.errors import RoadDataError
from raastof_geo.language import list_codes
from raastof_geo.links import AnyPath
from raastof_geo.region.projection import DEGREES, Bounds, project_shapes, unproject_shapes
from raastof_geo.region.region import AREA_COLUMNS, TOWN_COLUMNS, Region

TOLERANCE_M = 120.0
"""A corner goes whose triangle with its neighbours is smaller than the square of this
(Visvalingam-Whyatt), in a region of 120 km or more; in smaller ones in proportion. [m]"""
_SHARE_OF_WIDTH = 0.001
_AROUND = (-0.1, -0.1, 0.1, 0.1)
"""Sites may lie, and coast is drawn, so far beyond the roads. [degrees]"""
_LEVELS = (8, 7, 6, 9, 10, 5)
"""Levels of boundaries that municipalities have, by country; the finest that leaves few gaps."""
_FEW_GAPS = 0.8
_GROUP_LEVEL = 4
"""Of regions and states, which municipalities are grouped by."""
_TOWNS = {"city": "city", "town": "town", "village": "village", "hamlet": "village"}
_BUILT_UP = ("residential", "commercial", "industrial", "retail")
_JOIN_M, _LEAST_BUILT_M2 = 60.0, 50_000.0
_SUFFIXES = (" Kommune", " kommun", " kommune")
_NAMES = {
    "code": ("code", "kode", "komkode", "kommunekode", "ref", "id"),
    "name": ("name", "navn", "komnavn", "namn", "gen"),
    "region": ("region", "regionnavn", "group", "county", "state"),
}
"""What columns of files of areas are called, in small letters."""


@dataclass
class Places:
    """What an extract of OpenStreetMap says beside its roads. [degrees]"""

    areas: dict[int, list[tuple[str, str, Any]]] = field(default_factory=dict)
    """Code, name and shape of administrative areas, by level."""
    towns: list[tuple[str, str, float, float]] = field(default_factory=list)
    coast: list[Any] = field(default_factory=list)
    """Lines with land on their left."""
    built_up: list[Any] = field(default_factory=list)


def read_places(path: AnyPath) -> Places:
    """Read areas, towns, coast and built-up land of a file that was read for its roads before.

    What cannot be put together, as of a boundary that the extract cuts, is left out.
    """
    found, shape = Places(), osmium.geom.WKBFactory()
    wanted = osmium.filter.KeyFilter("boundary", "place", "natural", "landuse")
    try:
        for one in osmium.FileProcessor(str(path)).with_areas(wanted).with_filter(wanted):
            thing: Any = one
            tags = {tag.k: tag.v for tag in thing.tags}
            if thing.is_node() and "name" in tags and tags.get("place") in _TOWNS:
                at = thing.location
                found.towns.append((tags["name"], _TOWNS[tags["place"]], at.lon, at.lat))
            elif thing.is_way() and tags.get("natural") == "coastline":
                at_sea = [(node.lon, node.lat) for node in thing.nodes if node.location.valid()]
                found.coast += [shapely.LineString(at_sea)] if len(at_sea) > 1 else []
            elif thing.is_area() and tags.get("boundary") == "administrative" and "name" in tags:
                level = tags.get("admin_level", "")
                code = tags.get("ref") or tags.get("de:amtlicher_gemeindeschluessel", "")
                area = (code, tags["name"], shapely.from_wkb(shape.create_multipolygon(thing)))
                found.areas.setdefault(int(level) if level.isdecimal() else 0, []).append(area)
            elif thing.is_area() and tags.get("landuse") in _BUILT_UP:
                found.built_up.append(shapely.from_wkb(shape.create_multipolygon(thing)))
    except (RuntimeError, ValueError):  # as with ids that are out of order: then without the rest
        pass
    return found


def read_areas(path: AnyPath) -> tuple[pd.DataFrame, Objects]:
    """Read areas from a file of polygons: `code`, `name`, `region` and shapes, sorted by code.

    GeoJSON in degrees, or anything that GDAL reads. Parts of one code, or of one name where there
    are no codes, are joined. `RoadDataError`: no such file, no names, no polygons.
    """
    import geopandas as gpd

    if not Path(path).is_file():
        raise RoadDataError.saying_text("areas", "none", file=path)
    try:
        frame = gpd.read_file(path)
        frame = frame.to_crs(DEGREES) if frame.crs is not None else frame
    except Exception as error:  # GDAL raises what it likes
        raise RoadDataError.saying_text("areas", "damaged", file=path) from error
    frame = frame[frame.geom_type.isin(("Polygon", "MultiPolygon"))]
    columns = {str(column).lower(): column for column in frame.columns}
    found = {key: _first(columns, names) for key, names in _NAMES.items()}
    if frame.empty or found["name"] is None:
        key = "no polygon" if frame.empty else "no names"
        known = list_codes(_NAMES["name"])
        raise RoadDataError.saying_text("areas", key, file=path, names=known)
    if not (np.abs(frame.total_bounds) <= (180, 90, 180, 90)).all():
        raise RoadDataError.saying_text("areas", "no degrees", file=path)
    rows = [
        tuple("" if column is None else _as_text(row[column]) for column in found.values())
        for _, row in frame.iterrows()
    ]
    return _join([(*row, shape) for row, shape in zip(rows, frame.geometry, strict=True)])


def read_towns(path: AnyPath) -> pd.DataFrame:
    """Read towns from CSV: `name`, `class`, `lon` and `lat` [degrees], sorted."""
    try:
        frame = pd.read_csv(path, encoding="utf-8", keep_default_na=False)
        towns = frame.rename(columns={"class": "town_class"})[[*TOWN_COLUMNS]]
        towns = towns.astype({"name": str, "town_class": str, "lon": float, "lat": float})
    except (OSError, ValueError, KeyError) as error:
        raise RoadDataError.saying_text("areas", "no towns", file=path) from error
    if not ((towns["lon"].abs() <= 180) & (towns["lat"].abs() <= 90)).all():
        raise RoadDataError.saying_text("areas", "no towns", file=path)
    return towns.sort_values([*TOWN_COLUMNS], kind="stable", ignore_index=True)


def make_region(
    region: Region,
    bounds: Bounds,
    places: Places,
    *,
    areas: tuple[pd.DataFrame, Objects] | None = None,
    towns: pd.DataFrame | None = None,
    level: int | None = None,
) -> Region:
    """Make the region of a pack of what lies within the bounds of its roads. [degrees]

    `region` says title, system, credit and where sites may lie, by default a little beyond
    `bounds`; `areas` and `towns` stand in for those of OpenStreetMap; `level` is that of its
    boundaries, by default what municipalities seem to have.
    """
    wide = shapely.box(*np.clip(np.add(bounds, _AROUND), (-180, -90) * 2, (180, 90) * 2))
    labels, shapes = areas if areas is not None else _choose_areas(places, wide, level)
    coast = lay_land(places.coast, wide)
    labels, shapes, coast = _simplify(labels, shapes, coast, wide, region.crs)
    if towns is None:
        towns = _choose_towns(places, wide)
    return Region(
        title=region.title,
        crs=region.crs,
        bounds=region.bounds or wide.bounds,
        credit=region.credit,
        labels=labels,
        shapes=shapes,
        towns=towns,
        coast=coast,
        built_up=_join_built_up(places.built_up, wide, region.crs),
    )


def lay_land(lines: list[Any], wide: Any) -> Objects:
    """Make land of coastlines, which have it on their left, as polygons within a rectangle.

    None where there is no coast, or where it ends amid the rectangle.
    """
    if not lines:
        return _no_polygons()
    # A coast that runs round the land it has on its left runs against the clock.
    inside = shapely.intersection(shapely.union_all(np.array(lines, object)), wide)
    rim = shapely.boundary(wide)
    parts = shapely.get_parts(shapely.polygonize([shapely.union_all([inside, rim])]))
    steps = np.concatenate([_list_steps(line) for line in lines])
    middle, ahead = (steps[:, :2] + steps[:, 2:]) / 2, steps[:, 2:] - steps[:, :2]
    aside = np.column_stack((-ahead[:, 1], ahead[:, 0])) * 1e-3
    tree = shapely.STRtree(faces := shapely.get_parts(parts))
    votes = np.zeros(len(faces))
    for side, vote in ((aside, 1.0), (-aside, -1.0)):
        step, face = tree.query(shapely.points(middle + side), predicate="within")
        np.add.at(votes, face, vote * np.hypot(*ahead[step].T))
    return np.asarray(faces[votes > 0], object)


def _list_steps(line: Any) -> Any:
    at = shapely.get_coordinates(line)
    return np.column_stack((at[:-1], at[1:]))


def _choose_areas(places: Places, wide: Any, level: int | None) -> tuple[pd.DataFrame, Objects]:
    """Take the finest areas that leave few gaps, or those of a level, within a rectangle."""
    share = {
        one: shapely.union_all(
            shapely.intersection(np.array([area[-1] for area in areas], object), wide)
        ).area
        for one, areas in places.areas.items()
        if one in ((level,) if level is not None else _LEVELS)
    }
    most = max(share.values(), default=0.0)
    order = _LEVELS if level is None else (level,)
    chosen = next((one for one in order if share.get(one, 0.0) > _FEW_GAPS * most), None)
    groups = places.areas.get(_GROUP_LEVEL, [])
    rows = []
    for code, name, shape in places.areas.get(-1 if chosen is None else chosen, []):
        if shapely.intersects(shape, wide):
            middle = shapely.point_on_surface(shape)
            group = next((name for _, name, whole in groups if whole.contains(middle)), "")
            rows.append((code, _shorten(name), group, shape))
    return _join(rows)


def _join(rows: Iterable[tuple[Any, ...]]) -> tuple[pd.DataFrame, Objects]:
    """Join parts of one area, and sort by code and name. Columns of labels, and shapes."""
    parts: dict[str, list[tuple[Any, ...]]] = {}
    for code, name, region, shape in rows:
        row = (code, _shorten(name), region, shapely.force_2d(shape))
        parts.setdefault(code or name, []).append(row)
    ordered = sorted(parts.values(), key=lambda some: some[0][:2])
    labels = pd.DataFrame([some[0][:3] for some in ordered], columns=[*AREA_COLUMNS])
    shapes = [
        shapely.union_all([shape for *_, shape in some]) if len(some) > 1 else some[0][-1]
        for some in ordered
    ]
    return labels, np.array([*shapes, None], object)[:-1]


def _simplify(
    labels: pd.DataFrame, shapes: Objects, coast: Objects, wide: Any, crs: str
) -> tuple[pd.DataFrame, Objects, Objects]:
    """Keep areas to the land, and give both simpler lines, which neighbours share.

    No land of its own is given where the areas are the land.
    """
    west, south, east, north = shapely.bounds(project_shapes(wide, crs))
    tolerance_m = min(TOLERANCE_M, _SHARE_OF_WIDTH * float(np.hypot(east - west, north - south)))
    land = rest = shapely.union_all(coast)
    if len(coast):
        shapes = shapely.intersection(shapely.make_valid(shapes), land)
        rest = shapely.difference(land, shapely.union_all(shapes))
    kept = ~np.asarray(shapely.is_empty(shapes), bool)
    shapes = shapes[kept]
    own_land = rest.area > 0.01 * land.area
    whole = project_shapes(np.array([*shapes, *([rest] if own_land else [])], object), crs)
    simple = unproject_shapes(shapely.coverage_simplify(whole, tolerance_m), crs)
    simple = np.array([*map(_only_polygons, simple), None], object)[:-1]
    drawn = ~shapely.is_empty(simple)
    areas = drawn[: len(shapes)]
    coast = shapely.get_parts(shapely.union_all(simple)) if own_land else _no_polygons()
    return labels[kept][areas].reset_index(drop=True), simple[: len(shapes)][areas], coast


def _only_polygons(shape: Any) -> Any:
    parts = [one for one in shapely.get_parts(shape) if one.geom_type == "Polygon"]
    return shapely.union_all(parts)


def _choose_towns(places: Places, wide: Any) -> pd.DataFrame:
    towns = pd.DataFrame(places.towns, columns=[*TOWN_COLUMNS])
    inside = shapely.intersects_xy(wide, towns["lon"].astype(float), towns["lat"].astype(float))
    return towns[inside].sort_values([*TOWN_COLUMNS], kind="stable", ignore_index=True)


def _join_built_up(shapes: list[Any], wide: Any, crs: str) -> Objects:
    """Join what is built up where it lies close together. [degrees]"""
    near = [one for one in shapes if shapely.intersects(one, wide)]
    metres = project_shapes(np.array([*near, None], object)[:-1], crs)
    joined = shapely.buffer(shapely.union_all(shapely.buffer(metres, _JOIN_M)), -_JOIN_M)
    parts = shapely.get_parts(shapely.simplify(joined, _JOIN_M / 2))
    large = parts[shapely.area(parts) >= _LEAST_BUILT_M2] if len(parts) else parts
    return np.asarray(unproject_shapes(large, crs), object)


def _first(columns: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((columns[name] for name in names if name in columns), None)


def _as_text(value: Any) -> str:
    """Write a cell as a text; a code that was read as a number has four digits at least."""
    if isinstance(value, int | np.integer) or (isinstance(value, float) and value.is_integer()):
        return f"{int(value):04d}"
    return "" if pd.isna(value) else str(value).strip()


def _shorten(name: str) -> str:
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _no_polygons() -> Objects:
    return np.empty(0, object)
