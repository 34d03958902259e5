"""The notebooks run from top to bottom, without internet, and are stored without outputs."""

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
    for name in ("notebooks", "scenarios"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def test_both_notebooks_are_there():
    """A test over no notebooks would pass."""
    assert [path.name for path in NOTEBOOKS] == [
        "01_quickstart.ipynb",
        "02_step_by_step.ipynb",
        "03_effect_and_rules.ipynb",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_clean(path):
    """Valid, no outputs, the usual kernel, ids that do not change from save to save."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert [cell.id for cell in notebook.cells] == [
        f"cell-{number:02d}" for number in range(1, len(notebook.cells) + 1)
    ]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, layout):
    """Every cell runs, the last shows something, and the clone stays as it was."""
    before = sorted(layout.rglob("*"))
    cells = _execute(nbformat.read(path, as_version=4), layout / "notebooks")
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert code[-1].outputs
    assert any("iframe" in str(output) for cell in code for output in cell.outputs)
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
