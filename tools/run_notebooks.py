"""Run the notebooks and keep what they show: `python tools/run_notebooks.py [NAME …]`.

They are stored with their outputs, so that whoever reads them on the web sees tables and maps.
"""

import sys
from pathlib import Path
import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def run(path: Path) -> None:
    """Run a notebook from top to bottom, and write it with what each cell gave."""
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02d}"
    folder = {"metadata": {"path": str(NOTEBOOKS)}}
    client = NotebookClient(notebook, timeout=600, resources=folder, record_timing=False)
    nbformat.write(client.execute(), path)


if __name__ == "__main__":
    wanted = sys.argv[1:] or [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    for name in wanted:
        run(NOTEBOOKS / f"{name}.ipynb")
