"""The JSON Schema for editors: made of the types that read a scenario, and as generous."""

from __future__ import annotations

import json
from pathlib import Path
import jsonschema
import pytest
from commands import run
from ruamel.yaml import YAML
from raastof_geo.scenario import load_catalogue
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.telling.schema import SCHEMA_FILE, describe_scenarios

ROOT = Path(__file__).parents[2]
VALID = sorted(
    [
        *(ROOT / "scenarios").glob("*.yaml"),
        *(ROOT / "raastof_geo" / "data").glob("starter_*.yaml"),
        *(ROOT / "tests" / "cases").glob("*.yaml"),
    ]
)
SMALL = {
    "title": "T",
    "periods": [2027],
    "sites": {"a": {"lon": 12.1, "lat": 55.4, "pit": {"supplies": ["fill_sand"]}}},
}


@pytest.fixture(scope="module")
def schema():
    return describe_scenarios(load_catalogue(), "da")


@pytest.fixture(scope="module")
def find_faults(schema):
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    return lambda given: [error.message for error in validator.iter_errors(given)]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_what_is_read_is_allowed(find_faults, path):
    given = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    assert find_faults(json.loads(json.dumps(given, default=str))) == []


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ((), {"sites": {}}),
        ((), {"titel": "T"}),
        ((), {"title": 5}),
        ((), {"periods": []}),
        ((), {"outputs": ["picture"]}),
        ((), {"objectives": [{"minimise": "speed"}]}),
        ((), {"language": "de"}),
        (("sites", "a"), {"lon": "east"}),
        (("sites", "a"), {"roles": ["pit"]}),
        (("sites", "a", "pit"), {"supply": ["fill_sand"]}),
    ],
)
def test_what_is_refused_everywhere_is_not_allowed(find_faults, at, value):
    """But a number may stand for a text, as it may in YAML."""
    given = json.loads(json.dumps(SMALL))
    assert find_faults(given) == []
    part = given
    for key in at:
        part = part[key]
    part.update(value)
    assert bool(find_faults(given)) == (value != {"title": 5})


def test_every_key_is_there_with_its_danish_word(schema):
    assert set(schema["properties"]) == {
        "extends",
        *(field.alias or name for name, field in ScenarioFile.model_fields.items()),
    }
    assert schema["properties"]["sites"]["title"] == "lokalitet"
    assert schema["properties"]["title"]["title"] == "titel"
    english = describe_scenarios(load_catalogue(), "en")
    assert english["properties"]["sites"]["title"] == "sites"


def test_ids_are_proposed_with_their_names(schema):
    materials = load_catalogue().materials
    known, other = schema["$defs"]["ids_of_materials"]["anyOf"]
    assert known["enum"] == list(materials)
    names = dict(zip(known["enum"], known["enumDescriptions"], strict=True))
    assert names["fill_sand"] == materials["fill_sand"].called("da")
    assert "string" in other["type"], "a scenario may add some"


def test_every_reference_leads_somewhere(schema):
    def walk(part):
        if isinstance(part, dict):
            yield part
            for one in part.values():
                yield from walk(one)
        elif isinstance(part, list):
            for one in part:
                yield from walk(one)

    asked = {part["$ref"] for part in walk(schema) if isinstance(part.get("$ref"), str)}
    assert asked <= {f"#/$defs/{name}" for name in schema["$defs"]}


def test_the_command_writes_it_beside_the_scenario(tmp_path, monkeypatch, capsys):
    """Whole, over one of its own only; the scenario's first lines name it."""
    monkeypatch.chdir(tmp_path)
    assert run("new", "koege", "--schema", language="da") == 0
    written = json.loads((tmp_path / SCHEMA_FILE).read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(written)
    first = (tmp_path / "koege.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_FILE}"
    assert run("new", "--schema") == 0
    assert not (tmp_path / "set_aside").exists()
    (tmp_path / SCHEMA_FILE).write_text("{}", encoding="utf-8")
    assert run("new", "--schema") == 0
    assert (tmp_path / "set_aside" / SCHEMA_FILE).read_text(encoding="utf-8") == "{}"
    capsys.readouterr()
    assert run("new") == 2
    assert "--schema" in capsys.readouterr().err
