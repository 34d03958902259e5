"""Write all outputs of a result, or none of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from filelock import FileLock, Timeout

from raastof_geo.errors import OutputError
from raastof_geo.language import say, speaking
from raastof_geo.outputs.flows import write_flows
from raastof_geo.outputs.geopackage import write_geopackage, write_geoparquet
from raastof_geo.outputs.ledger import write_ledger
from raastof_geo.outputs.map import write_map
from raastof_geo.outputs.plan import write_plan
from raastof_geo.outputs.project import write_projects
from raastof_geo.outputs.proof import write_proof
from raastof_geo.outputs.report import write_report, write_report_docx
from raastof_geo.outputs.summary import write_summary
from raastof_geo.outputs.workbook import write_workbook
from raastof_geo.result import Result

Output: TypeAlias = Callable[[Result, Path], Path]

OUTPUTS: tuple[tuple[str, str, Output], ...] = (
    ("map", "map.html", write_map),
    ("report", "report.html", write_report),
    ("report_docx", "report.docx", write_report_docx),
    ("projects", "projects", write_projects),
    ("workbook", "plan.xlsx", write_workbook),
    ("flows", "flows.csv", write_flows),
    ("geopackage", "plan.gpkg", write_geopackage),
    ("geoparquet", "geoparquet", write_geoparquet),
    ("proof", "proof.npz", write_proof),
    ("plan", "plan.json", write_plan),
    ("ledger", "ledger.json", write_ledger),
    ("summary", "summary.md", write_summary),
)
"""Name in a scenario, file or folder, and who writes it."""

_PATIENCE_S = 60


def write_outputs(
    result: Result, into: Path, *, outputs: tuple[tuple[str, str, Output], ...] = OUTPUTS
) -> Path:
    """Write the outputs that the scenario asks for into a folder, and return it.

    They are written beside the folder first and then take its place, so that a
    reader finds the old set or the new one. Other files in it stay.

    Raises
    ------
    OutputError
        The disk is full, the folder is not ours to write, or a file in it is open elsewhere.
    """
    wanted = [output for output in outputs if output[0] in result.scenario.said.outputs]
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(into.parent / f".{into.name}.lock", timeout=_PATIENCE_S):
            _recover(into)
            draft = Path(tempfile.mkdtemp(prefix=f".{into.name}.", suffix=".part", dir=into.parent))
            try:
                with speaking(result.scenario.said.language):
                    for _, _, write in wanted:
                        write(result, draft)
                _take_place(draft, into, ours={name for _, name, _ in outputs})
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    except Timeout as error:
        raise OutputError(
            say("another run is writing to {folder}: wait for it", folder=str(into))
        ) from error
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            say(
                "the results could not be written to {folder}: {reason}; close its files in other "
                "programmes, or choose another folder with --into",
                folder=str(into),
                reason=error.strerror or str(error),
            )
        ) from error
    return into


def _old(into: Path) -> Path:
    return into.parent / f".{into.name}.old"


def _recover(into: Path) -> None:
    """Put back what a run killed in the middle of the exchange had set aside."""
    old = _old(into)
    if old.exists() and not into.exists():
        old.rename(into)
    elif old.exists():
        _rescue(old, into, ours=set())
        shutil.rmtree(old, ignore_errors=True)


def _take_place(draft: Path, into: Path, *, ours: set[str]) -> None:
    """Let the draft take the folder's place, and carry other people's files over."""
    draft.chmod(0o755)
    old = _old(into)
    if into.exists():
        into.rename(old)
    try:
        draft.rename(into)
    except OSError:
        if old.exists():
            old.rename(into)
        raise
    if old.exists():
        _rescue(old, into, ours=ours)
        shutil.rmtree(old, ignore_errors=True)


def _rescue(old: Path, into: Path, *, ours: set[str]) -> None:
    """Move what is not ours, and not there, from the old folder to the new one."""
    for item in sorted(old.iterdir()):
        if item.name not in ours and not (into / item.name).exists():
            item.rename(into / item.name)
