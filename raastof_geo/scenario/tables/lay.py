"""Lay a scenario out as tables, from which reading makes the same scenario again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from raastof_geo.errors import InputError
from raastof_geo.language import Language
from raastof_geo.scenario.identity import find_id
from raastof_geo.scenario.reading.refusal import find_type
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.part import Part
from raastof_geo.scenario.said.site import Site
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables.cell import find_kind, is_name
from raastof_geo.scenario.tables.heading import LISTED, ROLES, SCENARIO, SITES
from raastof_geo.units import split_quantity

SECTIONS = {
    **dict.fromkeys(("offers.material", "needs.materials", "pits.supplies"), "materials"),
    **dict.fromkeys(("receivers.accepts", "depots.materials"), "materials"),
    "needs.use": "uses",
    "needs.accepts": "conditions",
    "receivers.kind": "receiver_kinds",
    "plants.recipes": "recipes",
    "sites.land": "land",
    "sites.soil_mapping": "soil_mappings",
    "sites.vehicles": "vehicles",
}
"""Columns that hold ids of the catalogue, and their sections of it."""
KEY, VALUE = "key", "value"
_MOST_LEVELS = 3
_PARTING = (";", ",", "\n")

Row = dict[str, Any]


def lay_out(scenario: Scenario, into: Path, *, named: Language | None = None) -> dict[str, list[Row]]:
    """Give the rows of each table of a scenario by dotted keys, for files in a folder.

    `named`: a language in which entries of the catalogue are named; none: by their ids.
    """
    values = _point_from(scenario, into)
    sites = values.pop("sites")
    tables: dict[str, list[Row]] = {SCENARIO: [{KEY: key, VALUE: value} for key, value in _flatten(values, ScenarioFile, 1)], SITES: []}
    for id_, site in sites.items():
        own = {key: value for key, value in site.items() if key not in ROLES.values()}
        tables[SITES].append({"id": id_, **dict(_flatten(own, Site, 0))})
        for scope, role in ROLES.items():
            model = LISTED.get(role) or find_type(Site, (role,))
            said = site.get(role) or ()
            for one in said if isinstance(said, list | tuple) else [said]:
                tables.setdefault(scope, []).append({"id": id_, **dict(_flatten(one, model, 0))})
    for scope, rows in tables.items():
        for row in rows if scope != SCENARIO else ():
            _part_units(row)
            for key in row.keys() & {one.partition(".")[2] for one in SECTIONS if one.startswith(f"{scope}.")} if named else ():
                row[key] = _name(scenario, SECTIONS[f"{scope}.{key}"], row[key], named)
    return {scope: tables[scope] for scope in (SCENARIO, SITES, *ROLES) if tables.get(scope)}


def _flatten(values: Mapping[str, Any], model: Any, levels: int, above: str = "") -> Iterator[tuple[str, Any]]:
    """Give cells by dotted keys; mappings of any keys are taken apart down to some levels only."""
    for key, value in values.items():
        typed = isinstance(model, type) and issubclass(model, BaseModel)
        kind = find_type(model, (key,)) if typed else None
        part = isinstance(kind, type) and issubclass(kind, Part)
        deeper = isinstance(value, Mapping) and bool(value) and not any("." in str(one) for one in value)
        if deeper and (part or 0 < levels < _MOST_LEVELS):
            yield from _flatten(value, kind, levels + bool(levels) * (not part), f"{above}{key}.")
        elif value is not None or not typed:
            yield f"{above}{key}", _write(value, "free" if kind is None else find_kind(kind, key), levels)


def _write(value: Any, kind: str, levels: int) -> Any:
    if isinstance(value, list | tuple) and value:
        plain = all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in value)
        texts = [str(one) for one in value]
        if plain and kind == "list" and not any(mark in one for one in texts for mark in _PARTING):
            return "; ".join(texts)
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    if value is None or (isinstance(value, bool) and levels):
        return json.dumps(value)
    return value


def _part_units(row: Row) -> None:
    """Write amounts as numbers, where all of a row have the same unit."""
    parted = {key: split_quantity(value) for key, value in row.items() if key.partition(".")[0] in ("amount", "amount_per_period", "capacity", "capacity_per_period", "capacity_total") and isinstance(value, str)}
    found = {unit for one in parted.values() if one for _, unit in (one,)}
    if len(found) == 1 and all(parted.values()):
        row |= {key: one[0] for key, one in parted.items() if one} | {"unit": found.pop()}


def _name(scenario: Scenario, section: str, said: Any, language: Language) -> Any:
    """Write the names of ids, where a name alone is known for the id."""
    if not isinstance(said, str) or said[:1] in ("[", "{"):
        return said
    names = scenario.catalogue.names(section)
    return "; ".join(name_entry(names, one, language) for one in said.split("; "))


def name_entry(names: Mapping[str, Mapping[str, str]], one: str, language: Language) -> str:
    """Give the name of an entry as a table may hold it; its id, where the name is not its own."""
    name = names.get(one, {}).get(language, "")
    try:
        alone = bool(name) and find_id("materials", name, names) == one
    except InputError:
        alone = False
    return name if alone and (is_name(name) or not any(mark in name for mark in _PARTING)) else one


def _point_from(scenario: Scenario, into: Path) -> dict[str, Any]:
    """Give the values of a scenario, with files that it names as they are found from a folder."""

    def turn(file: Any) -> str:
        return Path(os.path.relpath(scenario.home / str(file), into.resolve())).as_posix()

    values = json.loads(json.dumps(scenario.values))
    for key, name in (("network", "file"), ("report", "template")):
        if isinstance(part := values.get(key), dict) and part.get(name):
            part[name] = turn(part[name])
    for zone in values.get("zones", ()):
        zone |= {"file": turn(zone["file"])} if zone.get("file") else {}
    return values
