"""Of roads, and what is kept of them from run to run: `raastof network` and `raastof cache`."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raastof_geo.cli.terminal import tell, telling
from raastof_geo.cli.usage import FILE, Box, Into, argument, option
from raastof_geo.errors import InputError
from raastof_geo.language import Readable, format_number, list_codes, read_texts, say

if TYPE_CHECKING:
    from raastof_geo.region.projection import Bounds
    from raastof_geo.roads.network import RoadNetwork

_METRES = say("METRES")


def tell_network(file: Annotated[Path | None, argument(value=FILE)] = None) -> None:
    """Tell what a network holds; the built-in one by default."""
    from raastof_geo.roads.load import load_network

    for what, value in _describe(load_network(file)):
        tell(f"{what}: {value}")


def _describe(network: RoadNetwork) -> Iterator[tuple[Readable, object]]:
    """Give where it comes from, its kilometres by class, its turns, and what its file lacks."""
    import numpy as np

    from raastof_geo.roads.road import ROAD_CLASSES, Access

    metadata = network.metadata
    yield say("Title"), metadata.title
    yield say("State of OpenStreetMap"), metadata.osm_date or say("unknown")
    yield say("Licence"), metadata.attribution
    yield say("Nodes"), format_number(network.node_count)
    yield say("Edges"), format_number(network.edge_count)
    yield say("Shape points"), format_number(len(network.lon))
    yield say("Drawn within [m]"), metadata.simplified_m
    yield "SHA-256", network.digest
    km = np.bincount(network.road_class, network.length_m / 1000, minlength=len(ROAD_CLASSES))
    for name, length in zip(ROAD_CLASSES, km, strict=True):
        yield f"{name} [km]", format_number(float(length))
    for access, what in (
        (Access.CLOSED, say("Closed to trucks [km]")),
        (Access.LOCAL, say("For the first and the last stretch only [km]")),
    ):
        length_m = network.length_m[network.access == access].sum()
        yield what, format_number(float(length_m) / 1000)
    yield say("Turn restrictions"), format_number(len(network.turns))
    yield (say("Turn restrictions left out: timed, unknown or unclear"), metadata.doubtful_turns)
    if (region := network.own_region) is None:
        yield say("Region"), say("none: the file is no pack; `raastof network build` makes one")
    else:
        yield say("Metres"), region.crs
        yield say("Sites may lie within"), ", ".join(f"{one:g}" for one in region.bounds or ())
        yield say("Areas"), format_number(len(region.shapes))
        yield say("Towns"), format_number(len(region.towns))
        yield say("Pieces of land"), format_number(len(region.land))
    unknown = [name for kind in network.extra.values() for name in kind]
    if network.lacking:
        yield (say("Not known to the file, taken as nothing said"), list_codes(network.lacking))
    if unknown:
        yield say("Not known to this version, kept in the file"), list_codes(unknown)


def build_roads(
    context: typer.Context,
    source: Annotated[Path, argument(value=FILE)],
    *,
    into: Into,
    title: Annotated[str | None, option("--title")] = None,
    osm_date: Annotated[str | None, option("--osm-date", value=say("DATE"))] = None,
    simplify_m: Annotated[str, option("--simplify-m", value=_METRES)] = "15",
    box: Box = None,
    within: Annotated[Path | None, option("--within", value=FILE)] = None,
    municipality: Annotated[list[str] | None, option("--municipality")] = None,
    buffer_m: Annotated[str, option("--buffer-m", value=_METRES)] = "0",
    whole: Annotated[bool, option("--whole")] = False,
    areas: Annotated[Path | None, option("--areas", value=FILE)] = None,
    level: Annotated[int | None, option("--admin-level")] = None,
    credit: Annotated[str, option("--credit")] = "",
) -> None:
    """Build a pack from an .osm.pbf or .osm file, and name what was written."""
    from raastof_geo.roads.area import read_area
    from raastof_geo.roads.convert import convert_roads

    try:
        datetime.date.fromisoformat(osm_date or "2000-01-01")
    except ValueError as error:
        raise InputError.saying_text("usage", "no date", given=osm_date) from error
    area = read_area(
        bounds=_read_box(box) if box else None,
        file=within,
        municipalities=municipality or (),
        buffer_m=_read_metres("--buffer-m", buffer_m),
    )
    with telling(context) as note:
        path = convert_roads(
            source,
            into=into,
            area=area,
            whole=whole,
            title=title,
            osm_date=osm_date,
            simplify_m=_read_metres("--simplify-m", simplify_m),
            areas=areas,
            level=level,
            credit=credit,
            progress=note,
        )
    tell(path)


def fetch_roads(
    context: typer.Context,
    *,
    into: Into,
    place: Annotated[str | None, option("--place")] = None,
    box: Box = None,
    polygon: Annotated[Path | None, option("--polygon", value=FILE)] = None,
    server: Annotated[list[str] | None, option("--server")] = None,
) -> None:
    """Fetch a network from OpenStreetMap, and name the file."""
    from raastof_geo.roads.area import read_polygon
    from raastof_geo.roads.mapped.fetch import OVERPASS_SERVERS, fetch_network

    with telling(context) as note:
        path = fetch_network(
            place=place,
            bounds=_read_box(box) if box else None,
            polygon=read_polygon(polygon) if polygon else None,
            into=into,
            servers=server or OVERPASS_SERVERS,
            progress=note,
        )
    tell(path)


def _read_metres(option: str, given: str) -> float:
    with contextlib.suppress(ValueError):
        metres = float(given)
        if 0 <= metres < float("inf"):
            return metres
    raise InputError.saying_text("usage", "no metres", option=option, given=f"`{given}`")


def _read_box(given: str) -> Bounds:
    try:
        west, south, east, north = (float(part) for part in given.split(","))
    except ValueError as error:
        raise InputError.saying_text("usage", "no box", given=given) from error
    return west, south, east, north


def tell_cache() -> None:
    """Tell where the cache lies and what it holds."""
    from raastof_geo.cache import MARK, cache_folder, find_stranger, list_stocks
    from raastof_geo.files import is_folder

    tell(cache_folder())
    stranger = find_stranger()
    if stranger is not None:
        told = say("{file} is a file or a link where a folder must be: nothing is kept there.")
        if is_folder(stranger):
            told = say("{folder} is not ours (it has no file {mark}): nothing is kept there.")
        tell(told.format(file=str(stranger), folder=str(stranger), mark=MARK))
    told, names = say("{kind}: {entries} entries, {size} MB"), read_texts("kinds of stocks")
    for kind, sizes in list_stocks().items():
        size = format_number(sum(sizes) / 1e6, digits=1)
        tell(told.format(kind=names[kind], entries=len(sizes), size=size))


def empty_cache() -> None:
    """Empty the cache; what is needed is made again."""
    from raastof_geo.cache import clear_cache

    size = format_number(clear_cache(), digits=1)
    tell(say("The cache is empty; {size} MB are free.", size=size))
