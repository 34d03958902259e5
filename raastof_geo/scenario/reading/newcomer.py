"""Read what somebody new offers or needs, in a line, and put it into a scenario."""

import re
from typing import Any

import shapely

from raastof_geo.errors import InputError
from raastof_geo.language import say, spoken_language
from raastof_geo.region.projection import project
from raastof_geo.region.region import Region
from raastof_geo.scenario.reading.beside import BORDER_M
from raastof_geo.scenario.said.entry import NeedEntry, OfferEntry
from raastof_geo.scenario.said.site import Site, check_degrees
from raastof_geo.scenario.scenario import Scenario, look_up
from raastof_geo.units import CONDITIONS, Quantity, read_quantity

_FOR = re.compile(r"(?:(.*)\s)?(?:for|til)\s(.*)", re.IGNORECASE)
_GROUPED = {"da": re.compile(r"(?<=\d)\.(?=\d{3}\b)"), "en": re.compile(r"(?<=\d),(?=\d{3}\b)")}
"""Marks of thousands, as each language writes them."""


def add_newcomer(
    scenario: Scenario,
    region: Region,
    at: str,
    said: str,
    *,
    need: bool = False,
    window: tuple[str | None, str | None] = (None, None),
) -> tuple[Scenario, str]:
    """Give a scenario with one site more, and its id.

    `at`: lon and lat in degrees; `said`: an amount of a material that is offered, as in `6 000 t
    clean_clay_soil`, or of a use that is a `need`, as in `500 m3 compacted fill` or `500 t
    fill_sand for fill`, by ids or names; `window`: its first and last period. `InputError`: what
    cannot be read, or lies outside the `region`.
    """
    lon, lat = check_degrees(*_read_place(at), region)
    ends = [one and look_up(scenario, [("periods", one)])[0] for one in window]
    order = [list(scenario.periods).index(one) for one in ends if one]
    if order != sorted(order):
        raise InputError.saying_text("said", "window", first=str(ends[0]), last=str(ends[1]))
    quantity, what = _read_amount(said)
    due: dict[str, Any] = {"amount": quantity, "first": ends[0], "last": ends[1]}
    entries: dict[str, Any] = {}
    if need:
        parts = _FOR.fullmatch(what)
        only, use = (parts[1], parts[2]) if parts else (None, what)
        (use,) = look_up(scenario, [("uses", use)])
        materials = tuple(look_up(scenario, [("materials", only)])) if only else None
        entries["needs"] = (NeedEntry(use=use, materials=materials, **due),)
        material = scenario.catalogue.uses[use].reference_material
    else:
        (material,) = look_up(scenario, [("materials", what)])
        entries["offers"] = (OfferEntry(material=material, **due),)
    if scenario.weigh(quantity, material) <= 0:
        raise InputError(say("an amount must be above 0"))
    id_ = "newcomer"
    while id_ in scenario.sites:
        id_ += "_"
    site = Site(name=str(say("The newcomer")), lon=lon, lat=lat, **entries)
    place, zones = shapely.Point(project(lon, lat, region.crs)[0]), list(scenario.said.zones)
    for number, area in scenario.areas.items():
        if shapely.dwithin(place, area, BORDER_M):
            inside = {"sites": (*zones[number].sites, id_)}
            zones[number] = zones[number].model_copy(update=inside)
    return scenario.saying(sites={**scenario.sites, id_: site}, zones=tuple(zones)), id_


def _read_place(given: str) -> tuple[float, float]:
    """Read `12.1,55.6`, or with decimal commas `12,1 55,6`. [degrees]"""
    parts = re.split(r"[;\s]+|,\s+", given.strip()) if re.search(r"[;\s]", given.strip()) else ()
    try:
        lon, lat = (float(one.replace(",", ".")) for one in parts or given.split(","))
    except ValueError as error:
        raise InputError.saying_text("usage", "no place", given=given) from error
    return lon, lat


def _read_amount(given: str) -> tuple[Quantity, str]:
    """Part a line into an amount, its thousands as the reader marks them, and what it is of."""
    words = _GROUPED[spoken_language()].sub(" ", given).split()
    refused: InputError | None = None
    for count in range(1, len(words) + 1):
        try:
            quantity = read_quantity(" ".join(words[:count]))
        except InputError as error:
            refused = refused or error
            continue
        if quantity.unit == "m3" and " ".join(words[count : count + 1]).lower() in CONDITIONS:
            continue
        if what := " ".join(words[count:]):
            return quantity, what
        refused = None
    raise refused or InputError.saying_text("usage", "no amount here", given=f"`{given}`")
