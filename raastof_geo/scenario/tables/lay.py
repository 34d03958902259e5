"""Lay a scenario out as tables, from which reading makes the same scenario again."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from raastof_geo.language import Language
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.reading.refusal import find_type
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables.cell import find_kind
from raastof_geo.scenario.tables.heading import ROLES, SCENARIO, SITES, ColumnKey, list_keys
from raastof_geo.units import read_quantity

KEY, VALUE = "key", "value"
_MOST_LEVELS = 3
"""So deep mappings of a scenario are taken apart into rows; what is deeper is a cell of YAML."""
_PARTING = (";", "\n")

Cells = dict[str, Any]


def lay_out(
    scenario: Scenario, into: Path, *, named: Language | None = None
) -> dict[str, list[Cells]]:
    """Give the rows of each table of a scenario by dotted keys, for files in a folder.

    `named`: a language in which entries of the catalogue are named; none: by their ids.
    """
    values = _point_from(scenario, into)
    sites = values.pop("sites")
    tables: dict[str, list[Cells]] = defaultdict(list)
    tables[SCENARIO] = [{KEY: key, VALUE: value} for key, value in _flatten_all(values)]
    for id_, site in sites.items():
        own = {key: value for key, value in site.items() if key not in ROLES.values()}
        below = [(SITES, own)]
        for scope, role in ROLES.items():
            there = site.get(role) or []
            below += [(scope, one) for one in (there if isinstance(there, list) else [there])]
        for scope, said in below:
            keys = list_keys(scope)
            row = {"id": id_} | _part_units(dict(_flatten(said, keys)), keys)
            if named is not None:
                row = {key: _name(scenario, keys[key], one, named) for key, one in row.items()}
            tables[scope].append(row)
    return {scope: tables[scope] for scope in (SCENARIO, SITES, *ROLES) if scope in tables}


def _flatten(
    said: Mapping[str, Any], keys: Mapping[str, ColumnKey], above: str = ""
) -> Iterator[tuple[str, Any]]:
    """Give what is said by the dotted keys that a table may have."""
    for key, value in said.items():
        dotted = f"{above}{key}"
        if dotted in keys and value is not None:
            yield dotted, _write(value, keys[dotted].kind)
        elif isinstance(value, dict):
            yield from _flatten(value, keys, f"{dotted}.")


def _flatten_all(said: Mapping[str, Any], *above: str) -> Iterator[tuple[str, Any]]:
    """Give what a scenario says by dotted keys, down to some levels."""
    for key, value in said.items():
        trail = *above, key
        dotted = value and isinstance(value, dict) and not any("." in str(one) for one in value)
        if dotted and len(trail) < _MOST_LEVELS:
            yield from _flatten_all(value, *trail)
        else:
            kind = find_kind(find_type(ScenarioFile, trail), key)
            yield ".".join(trail), _write(value, kind)


def _write(value: Any, kind: str) -> Any:
    """Write a value into a cell: lists parted by `;`, years as words, what holds more as YAML."""
    words = isinstance(value, list) and value and all(type(one) in (str, int) for one in value)
    if words and kind == "list" and not any(mark in str(one) for one in value for mark in _PARTING):
        return "; ".join(map(str, value))
    free = isinstance(value, bool) and kind == "free"  # where yes and no would be texts
    if isinstance(value, dict | list) or value is None or free:
        return json.dumps(value, ensure_ascii=False)
    return str(value) if kind == "period" else value  # a spreadsheet would show 2.028


def _part_units(row: Cells, keys: Mapping[str, ColumnKey]) -> Cells:
    """Write amounts as numbers, where all of a row have the same unit."""
    said = {key: read_quantity(row[key]) for key in row if keys[key].kind == "amount"}
    units = {
        " ".join(filter(None, (one.unit, one.condition, one.vehicle))) for one in said.values()
    }
    if len(units) != 1:
        return row
    return row | {key: one.value for key, one in said.items()} | {"unit": units.pop()}


def _name(scenario: Scenario, key: ColumnKey, said: Any, language: Language) -> Any:
    """Write the names of ids, where a name alone is known for the id."""
    if key.section not in Catalogue.model_fields or said[:1] in ("[", "{"):
        return said
    names = scenario.catalogue.names(key.section)
    return "; ".join(name_entry(names, one, language) for one in said.split("; "))


def name_entry(names: Mapping[str, Mapping[str, str]], one: str, language: Language) -> str:
    """Give the name of an entry as a table may hold it; its id, where the name is not its own."""
    name = names.get(one, {}).get(language, "")
    alone = sum(name in called.values() for called in names.values()) == 1 and name not in names
    return name if alone and not any(mark in name for mark in _PARTING) else one


def _point_from(scenario: Scenario, into: Path) -> dict[str, Any]:
    """Give the values of a scenario, with files that it names as they are found from a folder."""
    values: dict[str, Any] = json.loads(json.dumps(scenario.values))
    named = [(values.get("network"), "file"), (values.get("report"), "template")]
    for part, key in (*named, *((zone, "file") for zone in values.get("zones", ()))):
        if isinstance(part, dict) and part.get(key):
            file = os.path.relpath(scenario.home / part[key], into.resolve())
            part[key] = Path(file).as_posix()
    return values
