"""Lay a scenario out as tables, from which reading makes the same scenario again."""

from __future__ import annotations

import json
import os
from collections import defaultdict
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
from raastof_geo.scenario.tables.heading import ENTRIES, ROLES, SCENARIO, SITES
from raastof_geo.units import part_quantity

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
_AMOUNTS = ("amount", "capacity")
_MOST_LEVELS = 3
_PARTING = (";", ",", "\n")

Cells = dict[str, Any]


def lay_out(
    scenario: Scenario, into: Path, *, named: Language | None = None
) -> dict[str, list[Cells]]:
    """Give the rows of each table of a scenario by dotted keys, for files in a folder.

    `named`: a language in which entries of the catalogue are named; none: by their ids.
    """
    values = _point_from(scenario, into)
    sites = values.pop("sites")
    said = _flatten(values, ScenarioFile, 1)
    tables: dict[str, list[Cells]] = defaultdict(list)
    tables[SCENARIO] = [{KEY: key, VALUE: value} for key, value in said]
    for id_, site in sites.items():
        own = {key: value for key, value in site.items() if key not in ROLES.values()}
        tables[SITES].append({"id": id_, **dict(_flatten(own, Site, 0))})
        for scope, role in ROLES.items():
            model = ENTRIES.get(role) or find_type(Site, (role,))
            there = site.get(role) or []
            for one in there if isinstance(there, list) else [there]:
                tables[scope].append({"id": id_, **dict(_flatten(one, model, 0))})
    sections = {tuple(one.split(".")): section for one, section in SECTIONS.items() if named}
    for scope, rows in tables.items():
        for row in rows if scope != SCENARIO else ():
            _part_units(row)
            for key in row:
                if named and (section := sections.get((scope, key))):
                    row[key] = _name(scenario, section, row[key], named)
    return {scope: tables[scope] for scope in (SCENARIO, SITES, *ROLES) if tables.get(scope)}


def _flatten(values: Any, model: Any, levels: int, above: str = "") -> Iterator[tuple[str, Any]]:
    """Give cells by dotted keys; mappings of any keys are taken apart down to some levels only."""
    typed = isinstance(model, type) and issubclass(model, BaseModel)
    for key, value in values.items():
        found = find_type(model, (key,)) if typed else None
        part = isinstance(found, type) and issubclass(found, Part)
        deeper = isinstance(value, dict) and value and not any("." in str(one) for one in value)
        if deeper and (part or 0 < levels < _MOST_LEVELS):
            yield from _flatten(value, found, levels + (levels > 0 and not part), f"{above}{key}.")
        elif value is not None or not typed:
            kind = "free" if found is None else find_kind(found, key)
            yield f"{above}{key}", _write(value, kind, in_free=levels > 0)


def _write(value: Any, kind: str, *, in_free: bool) -> Any:
    """Write a value into a cell: lists of words parted by `;`, what holds more as YAML."""
    words = isinstance(value, list) and value and all(type(one) in (str, int) for one in value)
    if words and kind == "list" and not any(mark in str(one) for one in value for mark in _PARTING):
        return "; ".join(map(str, value))
    if isinstance(value, dict | list) or value is None or (in_free and isinstance(value, bool)):
        return json.dumps(value, ensure_ascii=False)
    return value


def _part_units(row: Cells) -> None:
    """Write amounts as numbers, where all of a row have the same unit."""
    said = {key: value for key, value in row.items() if key.startswith(_AMOUNTS)}
    parted = [part_quantity(value) if isinstance(value, str) else None for value in said.values()]
    found = [one for one in parted if one is not None]
    if len(found) == len(said) and len({unit for _, unit in found}) == 1:
        row |= dict(zip(said, (number for number, _ in found), strict=True))
        row["unit"] = found[0][1]


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

    values: dict[str, Any] = json.loads(json.dumps(scenario.values))
    for key, name in (("network", "file"), ("report", "template")):
        if isinstance(part := values.get(key), dict) and part.get(name):
            part[name] = turn(part[name])
    for zone in values.get("zones", ()):
        if zone.get("file"):
            zone["file"] = turn(zone["file"])
    return values
