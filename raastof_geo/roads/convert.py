"""Make a pack of a file of OpenStreetMap: its roads, and the areas, towns and coast around them."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
import numpy as np
import osmium
import pandas as pd
import shapely
from raastof_geo.arrays import Objects, group_by
from raastof_geo.errors import RoadDataError
from raastof_geo.files import AnyPath
from raastof_geo.language import LANGUAGES, Tell, list_codes, say
from raastof_geo.region.projection import Bounds, find_system, project_shapes, unproject_shapes
from raastof_geo.region.region import AREA_COLUMNS, TOWN_COLUMNS, Region
from raastof_geo.roads.area import read_layer
from raastof_geo.roads.mapped.build import BUILT_IN_CLASSES, build_network, lay_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.store import write_network

_Labelled: TypeAlias = tuple[pd.DataFrame, Objects]
"""Labels of areas and their shapes, as a region has them."""

_TOLERANCE_M, _SHARE_OF_WIDTH = 120.0, 0.001
"""A corner goes whose triangle with its neighbours is smaller than the square of this
(Visvalingam-Whyatt), in a region of 120 km or more; in smaller ones in proportion. [m]"""
_AROUND = (-0.1, -0.1, 0.1, 0.1)
"""Sites may lie, and coast is drawn, so far beyond the roads. [degrees]"""
_LEVELS, _GROUP_LEVEL = (8, 7, 6, 9, 10, 5), 4
"""Levels of boundaries that municipalities have, by country; of regions, which they lie in."""
_FEW_GAPS = 0.8
"""Of levels that leave few gaps beside the one that covers most, the first counts."""
_TOWNS = {"city": "city", "town": "town", "village": "village", "hamlet": "village"}
_COAST = ("natural", "coastline")
_SUFFIX = re.compile(r" [Kk]ommune?$")
_NAMES = (
    ("code", "kode", "komkode", "kommunekode", "ref", "id"),
    ("name", "navn", "komnavn", "namn", "gen"),
    ("region", "regionnavn", "county", "state"),
)
"""What columns of `AREA_COLUMNS` are called in files, in small letters."""


class _Area(NamedTuple):
    """An administrative area."""

    level: int
    code: str
    name: str
    shape: Any


class Places(NamedTuple):
    """What an extract of OpenStreetMap says beside its roads. [degrees]"""

    areas: list[_Area]
    towns: list[tuple[Any, ...]]
    coast: list[Any]
    """Lines with land on their left."""


def _draw_coast(way: Any) -> list[Any]:
    """Draw a way by its nodes whose places are known; nothing where these are no line."""
    line = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
    return [shapely.LineString(line)] if len(line) > 1 else []


def _read_places(path: AnyPath) -> Places:
    """Read what a file has beside roads; a boundary that the extract cuts is left out."""
    found = Places([], [], [])
    towns = (("place", one) for one in _TOWNS)
    wanted = osmium.filter.TagFilter(*towns, ("boundary", "administrative"), _COAST)
    things: Any = osmium.FileProcessor(str(path)).with_areas(wanted).with_filter(wanted)
    with suppress(RuntimeError, ValueError):  # as of ids out of order: then without the rest
        for one in things:
            tags = {tag.k: tag.v for tag in one.tags}
            if one.is_node() and (kind := _TOWNS.get(tags.get("place", ""))) and "name" in tags:
                found.towns.append((tags["name"], kind, one.location.lon, one.location.lat))
            elif one.is_way() and _COAST in tags.items():
                found.coast.extend(_draw_coast(one))
            elif one.is_area():
                found.areas.extend(_list_areas(one, tags))
    return found


def _list_areas(area: Any, tags: dict[str, str]) -> Iterator[_Area]:
    level, code = tags.get("admin_level", ""), tags.get("ref")
    if tags.get("boundary") == "administrative" and "name" in tags:
        shape = shapely.from_wkb(osmium.geom.WKBFactory().create_multipolygon(area))
        code = code or tags.get("de:amtlicher_gemeindeschluessel", "")
        yield _Area(int(level) if level.isdecimal() else 0, code, tags["name"], shape)


def read_areas(path: AnyPath) -> _Labelled:
    """Read areas with code, name and region from a file of polygons, sorted by code.

    GeoJSON in degrees, or anything that GDAL reads. Returns labels and shapes; parts of one code,
    or of one name without codes, are joined. `RoadDataError`: no such file, names, or polygons.
    """
    frame = read_layer(path)
    known = {str(one).lower(): frame[one] for one in frame.columns}
    found = [next((known[one] for one in some if one in known), None) for some in _NAMES]
    if found[1] is None:
        raise RoadDataError.saying_text("areas", "no names", file=path, names=list_codes(_NAMES[1]))

    def as_text(value: Any) -> str:  # a code that was read as a number has four digits at least
        text = "" if pd.isna(value) else str(value).strip()
        return text.removesuffix(".0").zfill(4) if text and isinstance(value, Real) else text

    texts = [[""] * len(frame) if one is None else map(as_text, one) for one in found]
    return _join(zip(*texts, frame.geometry, strict=True))


def make_region(
    region: Region,
    bounds: Bounds,
    places: Places,
    *,
    areas: _Labelled | None = None,
    level: int | None = None,
) -> Region:
    """Make the region of a pack of what lies within the bounds of its roads. [degrees]

    `region` says title, system, credit and where sites may lie, by default a little beyond
    `bounds`; `areas` stand in for those of OpenStreetMap; `level`: by default of municipalities.
    """
    wide = shapely.box(*np.clip(np.add(bounds, _AROUND), (-180, -90) * 2, (180, 90) * 2))
    labels, shapes = areas or _choose_areas(places, wide, _LEVELS if level is None else (level,))
    land = lay_land(places.coast, wide)
    labels, shapes, coast = _simplify(labels, shapes, land, wide, region.crs)
    towns = pd.DataFrame(places.towns, columns=TOWN_COLUMNS)
    near = shapely.intersects_xy(wide, towns["lon"].astype(float), towns["lat"].astype(float))
    towns = towns[near].sort_values(TOWN_COLUMNS, ignore_index=True)
    region = replace(region, bounds=region.bounds or wide.bounds)
    return replace(region, labels=labels, shapes=shapes, towns=towns, coast=coast)


def lay_land(lines: list[Any], wide: Any) -> Objects:
    """Make land left of coastlines. Returns polygons, none if coast ends amid a rectangle."""
    if not lines:
        return _gather([])
    inside = shapely.intersection(shapely.union_all(_gather(lines)), wide)
    rimmed = shapely.union_all([inside, shapely.boundary(wide)])
    faces = shapely.get_parts(shapely.polygonize([rimmed]))
    corners = [shapely.get_coordinates(line) for line in lines]
    begin = np.concatenate([one[:-1] for one in corners])
    ahead = np.concatenate([np.diff(one, axis=0) for one in corners])
    aside = np.column_stack((-ahead[:, 1], ahead[:, 0])) * 1e-3
    tree, votes = shapely.STRtree(faces), np.zeros(len(faces))
    for side, vote in ((aside, 1.0), (-aside, -1.0)):
        step, face = tree.query(shapely.points(begin + ahead / 2 + side), predicate="within")
        np.add.at(votes, face, vote * np.hypot(*ahead[step].T))
    return np.asarray(faces[votes > 0], object)


def _choose_areas(places: Places, wide: Any, levels: Iterable[int]) -> _Labelled:
    """Take the areas of the first level that leaves few gaps within a rectangle."""
    near = (one for one in places.areas if shapely.intersects(one.shape, wide))
    of_level = group_by(near, lambda one: one.level)
    inside = {at: _gather(one.shape for one in of_level[at]) for at in levels}
    cover = {at: shapely.union_all(shapely.intersection(inside[at], wide)).area for at in inside}
    best = next((at for at in cover if cover[at] > _FEW_GAPS * max(cover.values())), -1)
    groups = [_find_group(one.shape, of_level[_GROUP_LEVEL]) for one in of_level[best]]
    pairs = zip(of_level[best], groups, strict=True)
    return _join((one.code, one.name, group, one.shape) for one, group in pairs)


def _find_group(shape: Any, groups: Iterable[_Area]) -> str:
    """Name the region that an area lies in."""
    middle = shapely.point_on_surface(shape)
    return next((one.name for one in groups if one.shape.contains(middle)), "")


def _join(rows: Iterable[tuple[Any, ...]]) -> _Labelled:
    """Join parts of one area, and sort by code and name."""
    parts: dict[str, list[tuple[Any, ...]]] = {}
    for code, name, region, shape in rows:
        row = (code, _SUFFIX.sub("", name), region, shapely.force_2d(shape))
        parts.setdefault(code or name, []).append(row)
    ordered = sorted(parts.values(), key=lambda some: some[0][:2])
    labels = pd.DataFrame([some[0][:3] for some in ordered], columns=AREA_COLUMNS)
    twice = labels["name"].duplicated(keep=False) & (labels["code"] != "")
    labels.loc[twice, "name"] += " (" + labels["code"] + ")"
    shapes = ([one[-1] for one in some] for some in ordered)
    return labels, _gather(one[0] if len(one) == 1 else shapely.union_all(one) for one in shapes)


def _simplify(
    labels: pd.DataFrame, shapes: Objects, coast: Objects, wide: Any, crs: str
) -> tuple[pd.DataFrame, Objects, Objects]:
    """Keep areas to the land, and give both simpler shared lines; no land where areas are it."""
    west, south, east, north = shapely.bounds(project_shapes(wide, crs))
    tolerance_m = min(_TOLERANCE_M, _SHARE_OF_WIDTH * float(np.hypot(east - west, north - south)))
    rest = land = shapely.union_all(coast)
    if len(coast):
        shapes = shapely.intersection(shapely.make_valid(shapes), land)
        rest = shapely.difference(land, shapely.union_all(shapes))
    own_land = rest.area > 0.01 * land.area
    whole = project_shapes(_gather([*shapes, *([rest] if own_land else [])]), crs)
    simple = unproject_shapes(shapely.coverage_simplify(whole, tolerance_m), crs)
    parts = ([at for at in shapely.get_parts(one) if at.geom_type == "Polygon"] for one in simple)
    simple = _gather(map(shapely.union_all, parts))
    kept = ~np.asarray(shapely.is_empty(simple[: len(shapes)]), bool)
    coast = shapely.get_parts(shapely.union_all(simple)) if own_land else _gather([])
    return labels[kept].reset_index(drop=True), simple[: len(shapes)][kept], coast


def _gather(shapes: Iterable[Any]) -> Objects:
    return np.array([*shapes, None], object)[:-1]


def convert_roads(
    source: AnyPath,
    *,
    into: AnyPath,
    title: str | None = None,
    osm_date: str | None = None,
    simplify_m: float = 15.0,
    classes: Collection[str] = BUILT_IN_CLASSES,
    area: shapely.Geometry | None = None,
    whole: bool = False,
    areas: AnyPath | None = None,
    level: int | None = None,
    credit: str = "",
    progress: Tell | None = None,
) -> Path:
    """Make a pack: a file that ends in `.npz`, or `roads.npz` in a folder. Returns its path.

    `source`: a file of OpenStreetMap; `title`: by default the name of the file; `osm_date`,
    `simplify_m` [m], `classes`: see `build_network`; `area`: leave out what lies outside [degrees];
    `whole`: keep every road as mapped, nothing is linked, dropped or simplified; `areas`: a file of
    municipalities or other areas, else boundaries of OpenStreetMap of a `level`; `credit`: whom
    readers owe the areas to. `RoadDataError`: a file is missing, damaged or something else.
    """
    drawn, tell = None if areas is None else read_areas(areas), progress or (lambda _: None)
    ways, path = read_osm(source, area=area, progress=progress), Path(into)
    said: dict[str, Any] = {"title": title or Path(source).name, "osm_date": osm_date}
    drawing: dict[str, Any] = {"classes": classes, "simplify_m": simplify_m, "progress": progress}
    network = lay_network(ways, **said) if whole else build_network(ways, **said, **drawing)
    tell(say("Reading areas, towns and coast"))
    bounds = network.metadata.bounds
    head = Region(said["title"], find_system(bounds), credit=dict.fromkeys(LANGUAGES, credit))
    region = make_region(head, bounds, _read_places(source), areas=drawn, level=level)
    tell(say("Writing to {folder}", folder=into))
    file = path if path.suffix == ".npz" else path / "roads.npz"
    return write_network(replace(network, own_region=region), file)
