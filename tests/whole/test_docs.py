"""What the documents and scripts name is there: files, rooms, functions, verbs."""

import ast
import importlib
import json
import re
import runpy
import subprocess
import sys
from collections import Counter
import pytest
from commands import run
from places import ROOT

HOUSE = ROOT / "raastof_geo"
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in HOUSE.rglob("*.py")}
SCRIPTS = sorted([*(ROOT / "tools").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")])
WRITTEN = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
    *sorted((ROOT / "tools" / "fuzzing").glob("*.py")),
    *SCRIPTS,
]


def part(title):
    return ARCHITECTURE.split(f"\n## {title}", 1)[1].split("\n## ")[0]


def names_in(path):
    """Whatever a file defines: functions, classes, methods, constants, fields."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def is_there(path):
    places = [HOUSE, ROOT, *(room for room in HOUSE.rglob("*") if room.is_dir())]
    return any((place / path).exists() for place in places)


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.md")), ids=lambda one: one.name)
def test_every_file_and_folder_that_a_document_names_is_there(path):
    """From the package, one of its rooms, or the root of the project."""
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"`((?:\w+/)+(?:\w+\.(?:py|yaml|ipynb|md))?|\w+\.(?:py|ipynb|md))`", text)
    named = {name for name in named if not name.startswith(("results", "set_aside"))}
    assert {name for name in named - {"summary.md"} if not is_there(name)} == set()


def test_every_name_in_the_architecture_is_there():
    """A name in backticks is a module, something that one defines, or a library."""
    known = {name for path in TREES for name in (path.stem, path.parent.name)}
    known |= {name for path in TREES for name in names_in(path)}
    known |= {word for tree in TREES.values() for word in _words(tree)}
    text = re.sub(r"```.*?```", "", ARCHITECTURE, flags=re.S)
    asked = {name for name in re.findall(r"`([A-Za-z]\w*)`", text) if not name.endswith("_")}
    assert {name for name in asked if name not in known} == set()


def _words(tree):
    """Names of columns and files, parameters, and libraries that are imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_every_name_stands_in_the_file_that_is_named_with_it():
    """In the ten questions, and wherever something is said to be in a file."""
    rows = re.findall(r"\| `([\w/]+\.py)` \| `(\w+)` \|", part("Ten questions"))
    assert len(rows) == 10
    rows += [(file, name) for name, file in re.findall(r"`(\w+)` in `([\w/]+\.py)`", ARCHITECTURE)]
    missing = {
        (file, name)
        for file, name in rows
        if HOUSE / file not in TREES or name not in names_in(HOUSE / file)
    }
    assert missing == set()


def test_every_room_has_its_floor_in_the_architecture():
    """Each folder of the package and each module at its top is named among the floors."""
    told = set(re.findall(r"`(\w+)/?`", part("Floors")))
    rooms = {path.parent.name for path in TREES if path.parent != HOUSE}
    loose = {path.stem for path in TREES if path.parent == HOUSE and path.stem[0] != "_"}
    assert (rooms | loose) - told == set()
    stems = {path.stem for path in TREES}
    for room, row in re.findall(r"^\| `(\w+)/` \| (.*) \|$", part("Floors"), flags=re.M):
        inside = {path.stem for path in TREES if room in path.relative_to(HOUSE).parts}
        named = stems & set(re.findall(r"`(\w+)`", row))
        assert named <= inside, room


def test_the_verbs_are_those_that_are_used():
    """Each verb begins a public function, and none begins five without being named."""
    named = set(re.findall(r"`([a-z]+_?)`", part("Customs").split("\n- ")[1]))
    public = [
        node.name
        for tree in TREES.values()
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    assert {verb for verb in named if not any(one.startswith(verb) for one in public)} == set()
    often = Counter(one.split("_")[0] + "_" for one in public if "_" in one)
    assert {verb for verb, count in often.items() if count >= 5} - named == {"is_"}


def codes_in(path):
    """Python in a document, a notebook or a script, also that in the texts of a script."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    if path.suffix == ".md":
        return re.findall(r"```python\n(.*?)```", text, flags=re.S)
    constants = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    texts = "\n".join(node.value for node in constants if isinstance(node.value, str))
    return [text, *re.findall(r"^\s*((?:from|import) raastof_geo.*)$", texts, flags=re.M)]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_every_import_that_is_written_down_works(path):
    """What documents, notebooks, tools and benchmarks take of the package is there."""
    for code in codes_in(path):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("raastof_geo"):
                for alias in node.names:
                    get(node.module, alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.startswith("raastof_geo"):
                        importlib.import_module(alias.name)
    if path.suffix == ".md":
        for named in re.findall(r"`(raastof_geo(?:\.\w+)+)`", path.read_text(encoding="utf-8")):
            get(*named.rsplit(".", 1))


def get(module, name):
    found = importlib.import_module(module)
    if not hasattr(found, name):
        importlib.import_module(f"{module}.{name}")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_script_can_be_loaded_and_says_what_it_does(path, monkeypatch, capsys):
    """The first lines say how to call it; where it takes arguments, `--help` says so too."""
    if "playwright" in path.read_text(encoding="utf-8"):
        pytest.importorskip("playwright")
    monkeypatch.syspath_prepend(path.parent)
    loaded = runpy.run_path(str(path), run_name="loaded")
    assert f"python {path.relative_to(ROOT).as_posix()}" in loaded["__doc__"]
    if "argparse" in loaded:
        monkeypatch.setattr(sys, "argv", [str(path), "--help"])
        with pytest.raises(SystemExit) as ended:
            loaded["main"]()
        assert ended.value.code == 0
        assert "usage:" in capsys.readouterr().out


def test_the_scenario_of_the_readme_is_solved(tmp_path, capsys):
    """What a reader copies first has a plan, and is of the newest format."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [text] = re.findall(r"```yaml\n(.*?)```", readme, flags=re.S)
    scenario = tmp_path / "first.yaml"
    scenario.write_text(f"{text}outputs: [summary]\n", encoding="utf-8")
    assert run("run", scenario, "--into", tmp_path / "results") == 0
    assert "format" not in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["scale.py", "--sites", "50", "--periods", "1"],
        ["main_job.py", "--rounds", "1", "--scenario", "scenarios/motorvej.yaml", "--workers", "2"],
        ["what_if.py", "--draws", "2", "--workers", "1"],
    ],
)
def test_what_is_measured_can_be_measured_again(words):
    """Benchmarks hold code in texts, which no other check reads."""
    name, *rest = words
    script = [sys.executable, ROOT / "benchmarks" / name, *rest]
    done = subprocess.run(script, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"\d", done.stdout)
