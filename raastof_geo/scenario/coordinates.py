"""Where a site lies, and what coordinates that look wrong were meant to be."""

import re
from contextlib import suppress
from functools import lru_cache
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo
from pyproj import CRS
from pyproj.exceptions import ProjError

from raastof_geo.errors import InputError
from raastof_geo.language import Message, read_danish_words, say_text
from raastof_geo.region.pack import read_region
from raastof_geo.region.projection import METRES, unproject
from raastof_geo.region.region import Region

AXES = (("lon", "lat"), ("easting", "northing"))
"""The keys of a site that say where it lies: in degrees, or in metres."""

_OTHERS = (METRES, "EPSG:25833")
"""What Danish coordinates are mostly in, where the region's own system does not fit."""

_NUMBER = re.compile(r"(?:urn:ogc:def:crs:)?(?:([A-Za-z]+):{1,2})?(\d{3,6})(?:\.0)?")


@lru_cache
def read_system(given: str) -> str:
    """Give `EPSG:25832` for `25832`, `epsg:25832` or `UTM 32N`; `InputError`: PROJ has no such."""
    word = re.sub(r"[^a-z0-9]|zone", "", given.casefold())
    text = read_danish_words("systems.txt").get(word, [given.strip()])[0]
    with suppress(ProjError):
        if match := _NUMBER.fullmatch(text):
            return str(CRS.from_authority((match[1] or "EPSG").upper(), match[2]).to_string())
    raise InputError.saying_text("coordinates", "no system", crs=f"`{given[:60]}`")


Crs: TypeAlias = Annotated[str, Field(examples=[*_OTHERS]), AfterValidator(read_system)]
"""A coordinate system by its number, such as `EPSG:25832`."""


def region_in(info: ValidationInfo) -> Region:
    """Give the region that a scenario is read for; the built-in one where none is said."""
    return (info.context or {}).get("region") or read_region()


def check_degrees(lon: float, lat: float, region: Region | None) -> tuple[float, float]:
    """Give degrees that lie in a region, if any is said, or raise an `InputError`. [degrees]"""
    if region is None or region.covers(lon, lat):
        return lon, lat
    raise InputError(_what_degrees_look_like(lon, lat, region))


def check_metres(
    easting: float, northing: float, crs: Crs, region: Region | None
) -> tuple[float, float]:
    """Turn metres in a region into lon and lat, or raise as `check_degrees`. [m → degrees]"""
    at = to_degrees(easting, northing, crs)
    if region is None or region.covers(*at):
        return at
    raise InputError(_what_metres_look_like(easting, northing, crs, region))


def to_degrees(easting: float, northing: float, crs: Crs) -> tuple[float, float]:
    """Turn metres into lon and lat, infinite where there is no such place. [m → degrees]"""
    lon, lat = unproject(easting, northing, crs)[0].tolist()
    return lon, lat


def _what_metres_look_like(easting: float, northing: float, crs: Crs, region: Region) -> Message:
    if region.covers(easting, northing):
        return say_text("coordinates", "degrees", crs=crs)
    if region.covers(*to_degrees(northing, easting, crs)):
        return say_text("coordinates", "metres swapped")
    likely = _likely_crs(easting, northing, region)
    if likely not in (None, crs):
        return say_text("coordinates", "other system", crs=crs, likely=likely)
    given = {"easting": f"{easting:.0f}", "northing": f"{northing:.0f}"}
    return say_text("coordinates", "no metres", crs=crs, **given)


def _what_degrees_look_like(lon: float, lat: float, region: Region) -> Message:
    if region.covers(lat, lon):
        return say_text("coordinates", "degrees swapped")
    given = {"lon": f"{lon:.10g}", "lat": f"{lat:.10g}"}
    likely = _likely_crs(lon, lat, region) or _likely_crs(lat, lon, region)
    if likely:
        return say_text("coordinates", "no degrees", likely=likely, **given)
    names = ("west", "south", "east", "north")
    bounds = {name: f"{at:g}" for name, at in zip(names, region.bounds or (), strict=False)}
    return say_text("coordinates", "outside" if bounds else "no place", **given, **bounds)


def _likely_crs(easting: float, northing: float, region: Region) -> str | None:
    """Tell the UTM zones apart: on Zealand their eastings lie 400 km from each other."""
    systems = dict.fromkeys((region.crs, *_OTHERS))
    places = ((crs, to_degrees(easting, northing, crs)) for crs in systems)
    return next((crs for crs, at in places if region.covers(*at)), None)
