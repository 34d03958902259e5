"""The notebooks run from top to bottom, without internet, and are stored with what they show."""

import re
import shutil
import nbformat
import pytest
from nbclient import NotebookClient
from places import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

NO_INTERNET = """
import socket as _socket

def _guard(name):
    go = getattr(_socket.socket, name)

    def guarded(self, address):
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise OSError(f"a notebook tried to reach {address[0]}")
        return go(self, address)

    setattr(_socket.socket, name, guarded)

_guard("connect")
_guard("connect_ex")
"""


def _execute(notebook, folder):
    cells = [nbformat.v4.new_code_cell(NO_INTERNET), *notebook.cells]
    guarded = nbformat.from_dict({**notebook, "cells": cells})
    client = NotebookClient(
        guarded, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    return client.execute().cells[1:]


@pytest.fixture
def layout(tmp_path):
    """A clone's folders, so that nothing is written into the real ones."""
    for name in ("notebooks", "scenarios", "tests/roads/real"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def test_each_question_has_its_notebook():
    """A test over no notebooks would pass."""
    assert [path.stem for path in NOTEBOOKS] == [
        "01_quickstart",
        "02_own_tables",
        "03_own_region",
        "04_the_programme",
        "05_flows_as_frames",
        "06_what_changes",
        "07_effect_and_trust",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_as_it_ran(path):
    """Valid, in one go, without errors, warnings or the paths of whoever ran it."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert [cell.id for cell in notebook.cells] == [
        f"cell-{number:02d}" for number in range(1, len(notebook.cells) + 1)
    ]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert code[-1].outputs
    assert {output.output_type for output in outputs} <= {
        "execute_result",
        "display_data",
        "stream",
    }
    assert not [one for one in outputs if one.get("name") == "stderr"]
    assert not re.search(r"/(?:home|root|tmp|work|Users)/", str(outputs))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, layout):
    """Every cell runs and shows what it showed, and the clone stays as it was."""
    before = sorted(layout.rglob("*"))
    notebook = nbformat.read(path, as_version=4)
    stored = [[one.output_type for one in cell.get("outputs", [])] for cell in notebook.cells]
    cells = _execute(notebook, layout / "notebooks")
    assert [[one.output_type for one in cell.get("outputs", [])] for cell in cells] == stored
    assert sorted(layout.rglob("*")) == before


def test_a_notebook_cannot_reach_the_internet(layout):
    """The guard is in force inside the kernel."""
    probe = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "import socket\n"
                "try:\n"
                "    socket.create_connection(('192.0.2.1', 80), timeout=1)\n"
                "except OSError as error:\n"
                "    print(error)"
            )
        ]
    )
    (cell,) = _execute(probe, layout / "notebooks")
    assert "a notebook tried to reach 192.0.2.1" in cell.outputs[0].text
