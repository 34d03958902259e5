"""Where a site lies, and what coordinates that look wrong were meant to be."""

from typing import Literal

from raastof_geo.errors import InputError
from raastof_geo.language import Message, say_text

Crs = Literal["EPSG:4326", "EPSG:25832", "EPSG:25833"]

# Denmark with Bornholm, a little generous. [degrees; metres]
LON, LAT = (7.5, 15.5), (54.3, 58.0)
NORTHING = (6_020_000, 6_420_000)
EASTING: dict[Crs, tuple[float, float]] = {
    "EPSG:25832": (420_000, 920_000),
    "EPSG:25833": (30_000, 530_000),
}


def check_degrees(lon: float, lat: float) -> tuple[float, float]:
    """Give degrees that lie in or near Denmark, or raise an `InputError`. [degrees WGS84]"""
    if _inside(lon, LON) and _inside(lat, LAT):
        return lon, lat
    raise InputError(_what_degrees_look_like(lon, lat))


def check_metres(easting: float, northing: float, crs: Crs) -> tuple[float, float]:
    """Turn metres in or near Denmark into lon and lat, or raise an `InputError`. [m → degrees]"""
    if not (_inside(easting, EASTING[crs]) and _inside(northing, NORTHING)):
        raise InputError(_what_metres_look_like(easting, northing, crs))
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(easting, northing)
    return float(lon), float(lat)


def _what_metres_look_like(easting: float, northing: float, crs: Crs) -> Message:
    if _inside(easting, LON) and _inside(northing, LAT):
        return say_text("coordinates", "degrees", crs=crs)
    if _inside(northing, EASTING[crs]) and _inside(easting, NORTHING):
        return say_text("coordinates", "metres swapped")
    likely = _likely_crs(easting, northing)
    if likely not in (None, crs):
        return say_text("coordinates", "other system", crs=crs, likely=likely)
    given = {"easting": f"{easting:.0f}", "northing": f"{northing:.0f}"}
    return say_text("coordinates", "no metres", crs=crs, **given)


def _what_degrees_look_like(lon: float, lat: float) -> Message:
    if _inside(lat, LON) and _inside(lon, LAT):
        return say_text("coordinates", "degrees swapped")
    given = {"lon": f"{lon:.10g}", "lat": f"{lat:.10g}"}
    likely = _likely_crs(lon, lat) or _likely_crs(lat, lon)
    if likely:
        return say_text("coordinates", "no degrees", likely=likely, **given)
    bounds = dict(zip(("west", "east", "south", "north"), map(str, (*LON, *LAT)), strict=True))
    return say_text("coordinates", "outside", **given, **bounds)


def _likely_crs(easting: float, northing: float) -> Crs | None:
    """Tell the UTM zones apart: on Zealand their eastings lie 400 km from each other."""
    if not _inside(northing, NORTHING):
        return None
    if _inside(easting, (420_000, 760_000)):
        return "EPSG:25832"
    return "EPSG:25833" if _inside(easting, (30_000, 420_000)) else None


def _inside(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]
