"""Tell editors what a scenario may hold: JSON Schema, made of the types that read it."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache, partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from raastof_geo.figures.vocabulary import choices
from raastof_geo.language import Language, read_danish_words
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.identity import find_known
from raastof_geo.scenario.output import OUTPUTS, check_output
from raastof_geo.scenario.said.entry import ONE_OR_SEVERAL, Part
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.site import SiteTable
from raastof_geo.scenario.said.target import find_measure

SCHEMA_FILE = "raastof.schema.json"
"""The name under which the first lines of a new scenario look for it, beside them."""
_IDS = "ids_of_"
_OURS = "written by raastof_geo"
_SHORT: JsonSchemaValue = {"type": ["string", "number", "boolean"]}
"""What is read from a text, or stands for a mapping that would say one thing."""
_TEXT: JsonSchemaValue = {"type": ["string", "number"]}


def describe_scenarios(catalogue: Catalogue, language: Language) -> dict[str, Any]:
    """Give the JSON Schema (draft 7) of scenario files.

    It allows whatever reading takes, and something more: what hangs together across a file is
    checked by reading alone. Keys have their words of `language` as titles; ids of the catalogue
    are proposed with their names, and others allowed, for a scenario may add some.
    """
    schema = ScenarioFile.model_json_schema(schema_generator=_Generator)
    # Beside sites of their own there may be a table that more are read from.
    table = {key: {"type": ["string", "array", "object"]} for key in SiteTable.model_fields}
    properties = schema["properties"]
    properties.get("sites").update(properties=table)
    properties.update(extends={"type": "string"})
    titles = _find_titles() if language == "da" else {}
    for part in [*_walk(schema)]:
        if isinstance(part.get("title"), str):
            part.pop("title")
        for key, value in part.get("properties", {}).items():
            value.update(title=titles.get(key, key).replace("_", " "))
        if section := part.pop(_IDS, None):
            part["$ref"] = f"#/$defs/{_IDS}{section}"
            names = catalogue.names(section) if section in Catalogue.model_fields else {}
            told = [one.get(language, "") for one in names.values()]
            ids = {"anyOf": [{"enum": [*names], "enumDescriptions": told}, _TEXT]}
            schema["$defs"].setdefault(f"{_IDS}{section}", ids if names else _TEXT)
    return {"$schema": "http://json-schema.org/draft-07/schema#", "$comment": _OURS, **schema}


def _find_titles() -> dict[str, str]:
    """Find the first Danish word that may stand for each key, and for nothing likelier."""
    words = read_danish_words("keys_da.txt").items()
    ranked = [(keys[rank], word) for rank in (0, 1) for word, keys in words if len(keys) > rank]
    return dict(reversed(ranked))


def is_schema(file: Path) -> bool:
    """Tell whether a file is such a schema, of whatever version; `OSError` if it cannot be read."""
    return f'"$comment": "{_OURS}"'.encode() in file.read_bytes()


def _walk(part: Any) -> Iterator[dict[str, Any]]:
    for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _walk(one)
    if isinstance(part, dict):
        yield part


@cache
def _read_docstrings(model: type) -> list[tuple[str, str]]:
    """Read what stands below the fields of a part of scenarios, for editors alone."""
    if not issubclass(model, Part):
        return []
    [said], found = ast.parse(inspect.getsource(model)).body, list[tuple[str, str]]()
    for pair in pairwise(getattr(said, "body", ())):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=text)):
                found.append((name, inspect.cleandoc(str(text))))
    return found


class _Generator(GenerateJsonSchema):
    """Tells what is read, where pydantic would tell what comes of it."""

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        told, model = super().model_schema(schema), schema["cls"]
        # Rewritten before it is read: from a text, from a text and what it means, or with
        # one number where there may be one for each of several.
        whole, *short = told.pop("anyOf", (told,))
        properties = whole.get("properties", {})
        about = dict(chain.from_iterable(map(_read_docstrings, reversed(model.__mro__))))
        for name, field in model.model_fields.items():
            if name in about:
                properties[field.alias or name].update(description=about[name])
        if not short:
            return told
        whole["additionalProperties"] = told.pop("additionalProperties", True)
        for key, value in properties.items():
            if value.get("type") == "object":
                words = {one: value.pop(one) for one in ("description", "default") if one in value}
                properties[key] = {**words, "anyOf": [value, _SHORT]}
        pair = {"type": "object", "maxProperties": 1}
        pair["propertyNames"] = {"not": {"enum": [*properties]}}
        return {**told, "anyOf": [whole, pair, *short]}

    def str_schema(self, schema: Any) -> JsonSchemaValue:
        return {**super().str_schema(schema), **_TEXT}

    def function_before_schema(self, schema: Any) -> JsonSchemaValue:
        inner = super().function_before_schema(schema)
        if schema["function"]["function"] is ONE_OR_SEVERAL.func:
            return {"anyOf": [inner, inner.get("items", {})]}
        return {"anyOf": [inner, _SHORT]}

    def function_after_schema(self, schema: Any) -> JsonSchemaValue:
        check: Any = schema["function"]["function"]
        if isinstance(check, partial) and check.func is find_known:
            return {_IDS: check.args[0]}
        return super().function_after_schema(schema)

    def function_plain_schema(self, schema: Any) -> JsonSchemaValue:
        known: dict[Any, list[str]] = {
            check_output: [one.name for one in OUTPUTS],
            find_measure: [*map(str, choices())],
        }
        return {"enum": known[schema["function"]["function"]]}
