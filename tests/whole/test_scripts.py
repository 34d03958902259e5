"""The scripts of the pages are written as one tool writes them, and hold no slip that it finds."""

import shutil
import subprocess
import sys
from pathlib import Path
import pytest
from places import ROOT
from raastof_geo.outputs.pages.page import LATER, SCRIPTS

PAGES = ROOT / "raastof_geo" / "outputs" / "pages"
DOCUMENTS = PAGES.parent / "documents"
MOST_LINES = 2990


@pytest.fixture(scope="module")
def deno(tmp_path_factory):
    """Deno, from its wheel: formatter and linter of JavaScript in one, without a network."""
    beside = Path(sys.executable).parent
    found = shutil.which("deno", path=str(beside)) or shutil.which("deno")
    if found is None:
        pytest.skip("Deno is not installed: pip install '.[test]'")

    def run(*words):
        return subprocess.run(
            [found, *words],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            env={"DENO_DIR": str(tmp_path_factory.getbasetemp() / "deno"), "NO_COLOR": "1"},
        )

    return run


def list_scripts():
    return [str(PAGES / f"{name}.js") for name in (*SCRIPTS, *LATER)]


def test_every_script_is_a_module_of_the_page():
    assert sorted(map(str, PAGES.glob("*.js"))) == sorted(list_scripts())


def test_scripts_are_formatted(deno):
    done = deno("fmt", "--check", "--no-config", "--line-width", "100", *list_scripts())
    assert done.returncode == 0, done.stderr


def test_the_linter_finds_nothing(deno):
    done = deno("lint", "--no-config", *list_scripts())
    assert done.returncode == 0, done.stderr


def test_the_linter_would_find_something(deno, tmp_path):
    """Otherwise the test above could not fail."""
    file = tmp_path / "slip.js"
    file.write_text("const never = 1;\nif (x = 2) y();\n", encoding="utf-8")
    assert deno("lint", "--no-config", str(file)).returncode != 0


def test_scripts_and_styles_stay_small():
    files = [*PAGES.glob("*.js"), *PAGES.glob("*.css"), *DOCUMENTS.glob("*.css")]
    assert sum(len(one.read_text(encoding="utf-8").splitlines()) for one in files) <= MOST_LINES
