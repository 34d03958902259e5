"""What is added to a scenario: a site that is told of in a line, flows of a plan as agreements."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from raastof_geo.errors import InputError
from raastof_geo.files import name_free, write_whole
from raastof_geo.language import say, spoken_language
from raastof_geo.region.projection import project
from raastof_geo.region.region import Region
from raastof_geo.scenario.reading.beside import BORDER_M
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.said.entry import NeedEntry, OfferEntry
from raastof_geo.scenario.said.site import Site, check_degrees
from raastof_geo.scenario.scenario import Scenario, look_up
from raastof_geo.scenario.varied import write_agreements, write_plain, write_sections
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


_ARROW = re.compile(r"\s*(?:→|->|>)\s*")
_LANE = ["origin", "destination", "material", "period"]
_FIRST_ROW = 2
"""Of the first flow in `flows.csv`, below the heads."""


def choose_flows(scenario: Scenario, flows: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Pick flows by their rows in `flows.csv`, or all between two sites: `GIVER→TAKER`.

    `InputError`: none is wanted, there is no such row, or nothing goes between these sites.
    """
    chosen = pd.Series(False, index=flows.index)
    for word in wanted or [""]:
        giver, *taker = _ARROW.split(word, maxsplit=1)
        mine = pd.Series((flows.index + _FIRST_ROW).astype(str) == word.strip(), flows.index)
        if taker:
            ends = look_up(scenario, [("sites", giver), ("sites", taker[0])])
            mine = (flows[["origin", "destination"]] == ends).all(axis=1)
        if not mine.any():
            told = {"given": f"`{word}`", "last": str(max(flows.index, default=0) + _FIRST_ROW)}
            raise InputError.saying_text("usage", "flow" if word else "no flow", **told)
        chosen |= mine
    return flows[chosen]


def write_locked(scenario: Scenario, source: Path, flows: pd.DataFrame) -> Path:
    """Write a scenario beside its `source` that extends it, and has flows as agreements; give it.

    Amounts are least ones, rounded down to the kilogram, so that the plan they are of keeps all of
    them. A variant without each, and one without any, price them. `InputError`: no plan could keep
    them, as the checks of a file have it.
    """
    language, own = scenario.said.language, write_plain(scenario.said.agreements)
    summed = flows.groupby(_LANE, sort=False, observed=True)["tonnes"].sum()
    new = write_agreements(summed, lambda tonnes: f"{math.floor(1000 * tonnes) / 1000} t")
    variants = dict[str, Any]()
    for number, one in enumerate(new):
        told = {end: scenario.site_name(one[end]) for end in ("giver", "taker")}
        told |= {"material": scenario.catalogue.materials[one["material"]].called(language)}
        name = say("without {giver} → {taker}, {material} {period}", **told, period=one["from"])
        leave = {f"agreements.{len(own) + number}.at_least": "0 t"}
        said = {"name": name.render(language)[:200], "set": leave}
        variants[f"without_{number + 1}"] = said
    name = say("without what is locked")
    variants["without_any"] = {"name": name.render(language), "set": {"agreements": own}}
    agreed = [*own, *new]
    read_varied(scenario, {("agreements",): agreed, ("variants",): variants})
    text = write_sections(extends=source.name, agreements=agreed, variants=variants)
    return write_whole(name_free(source.with_name(f"{source.stem}_locked.yaml")), text)
