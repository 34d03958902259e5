"""Find coordinate systems by their numbers and names, and turn what lies in them into degrees."""

import re
from collections.abc import Mapping
from functools import lru_cache

from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from raastof_geo.errors import InputError
from raastof_geo.scenario.reading.nodes import Scalar

_DEGREES = "EPSG:4326"
_SPOKEN = {
    **dict.fromkeys(("wgs84", "gps", "grader", "degrees", "lonlat", "latlon"), _DEGREES),
    **dict.fromkeys(("utm32", "utm32n", "etrs89utm32n", "euref89utm32"), "EPSG:25832"),
    **dict.fromkeys(("utm33", "utm33n", "etrs89utm33n", "euref89utm33"), "EPSG:25833"),
    "webmercator": "EPSG:3857",
}


@lru_cache
def find_system(said: str | None) -> str | None:
    """Give `EPSG:25832` for `25832`, `epsg:25832` or `UTM 32N`; `InputError`: PROJ has no such."""
    if not said:
        return None
    text = _SPOKEN.get(re.sub(r"[^a-z0-9]|zone", "", said.casefold()), said.strip())
    match = re.fullmatch(r"(?:urn:ogc:def:crs:)?(?:([A-Za-z]+):{1,2})?(\d{3,6})(?:\.0)?", text)
    try:
        if match is None:
            raise InputError.saying_text("tables", "system", given=f"`{said[:60]}`")
        return CRS.from_authority((match[1] or "EPSG").upper(), match[2]).to_string()
    except ProjError as error:
        raise InputError.saying_text("tables", "system", given=f"`{said[:60]}`") from error


def turn_into_degrees(where: Mapping[str, Scalar], system: str | None) -> dict[str, Scalar]:
    """Give a place by keys of a site: in metres where those know the system, else in degrees."""
    metres = "easting" in where or "northing" in where
    axes = ("easting", "northing") if metres else ("lon", "lat")
    pair = {key: where[key] for key in axes if key in where}
    if metres and system is None and all(map(_looks_like_degrees, pair.values())):
        system = _DEGREES
    numbers = [one for node in pair.values() if (one := _number(node)) is not None]
    if len(numbers) < 2 or system is None or (system == _DEGREES and not metres):
        return pair
    if metres and system.startswith("EPSG:") and CRS(system).is_projected:
        said = where.get("crs", pair["easting"])
        return pair | {"crs": Scalar(said.place, system, plain=False)}
    degrees = _transformer(system).transform(numbers[0], numbers[1])
    keyed = zip(("lon", "lat"), pair.values(), degrees, strict=True)
    return {key: Scalar(one.place, repr(round(value, 9)), plain=True) for key, one, value in keyed}


@lru_cache
def _transformer(system: str) -> Transformer:
    return Transformer.from_crs(system, _DEGREES, always_xy=True)


def _number(node: Scalar) -> float | None:
    try:
        return float(node.text) if node.plain else None
    except ValueError:
        return None


def _looks_like_degrees(node: Scalar) -> bool:
    number = _number(node)
    return number is not None and abs(number) <= 180
