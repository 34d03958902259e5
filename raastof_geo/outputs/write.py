"""Write all outputs of a result, or none of them."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from raastof_geo.errors import OutputError, tell_reason
from raastof_geo.language import Message, say, speaking
from raastof_geo.outputs.documents.project import write_projects
from raastof_geo.outputs.documents.report import write_report, write_report_docx
from raastof_geo.outputs.gis.geopackage import write_geopackage, write_geoparquet
from raastof_geo.outputs.ledger import describe_ledger
from raastof_geo.outputs.pages.map import write_map
from raastof_geo.outputs.plan import describe_plan
from raastof_geo.outputs.proof import describe_proof
from raastof_geo.outputs.tables.flows import name_materials
from raastof_geo.outputs.tables.summary import write_summary
from raastof_geo.outputs.tables.workbook import write_workbook
from raastof_geo.recall.rest import describe_rows
from raastof_geo.records.exchange import exchanging
from raastof_geo.records.flows import FLOWS, write_flows
from raastof_geo.records.ledger import LEDGER, write_ledger
from raastof_geo.records.plan import PLAN, write_plan
from raastof_geo.records.proof import PROOF, write_proof
from raastof_geo.result import Result
from raastof_geo.version import __version__

Output: TypeAlias = Callable[[Result, Path], Path]


def _write_flows(result: Result, folder: Path) -> Path:
    scenario, flows = result.scenario, result.plan.flows
    sites = {site: scenario.site_name(site) for site in scenario.sites}
    names = {"sites": sites, "materials": name_materials(result, flows)}
    return write_flows(describe_rows(flows), names, folder)


def _write_proof(result: Result, folder: Path) -> Path:
    return write_proof(describe_proof(result), folder)


def _write_plan(result: Result, folder: Path) -> Path:
    """Write the plan after its proof, whose digest it names."""
    return write_plan(describe_plan(result), folder, moves=len(result.plan.problem.moves))


def _write_ledger(result: Result, folder: Path) -> Path:
    return write_ledger(describe_ledger(result), folder)


OUTPUTS: tuple[tuple[str, str, Output], ...] = (
    ("map", "map.html", write_map),
    ("report", "report.html", write_report),
    ("report_docx", "report.docx", write_report_docx),
    ("projects", "projects", write_projects),
    ("workbook", "plan.xlsx", write_workbook),
    ("flows", FLOWS, _write_flows),
    ("geopackage", "plan.gpkg", write_geopackage),
    ("geoparquet", "geoparquet", write_geoparquet),
    ("proof", PROOF.name, _write_proof),
    ("plan", PLAN.name, _write_plan),
    ("ledger", LEDGER.name, _write_ledger),
    ("summary", "summary.md", write_summary),
)
"""Name in a scenario, file or folder, and who writes it."""


def write_outputs(
    result: Result, into: Path, *, outputs: tuple[tuple[str, str, Output], ...] = OUTPUTS
) -> Path:
    """Write the outputs that the scenario asks for into a folder, and return it.

    They are made ready beside the folder and then take their places, all of them or none, with a
    `manifest.json` that says what was written. Files of the set before that are unchanged are
    replaced or removed. Any other file in the folder stays; one that stands in the way of ours is
    moved to `set_aside` in it, and named by `raastof run`, in Python by a warning.

    Raises
    ------
    OutputError
        The disk is full, a file in the folder is open elsewhere, or the folder, or something in
        it that would be written, is a link. Nothing was changed.
    """
    wanted = [output for output in outputs if output[0] in result.scenario.said.outputs]
    known = {name for _, name, _ in outputs}
    try:
        with (
            exchanging(into, known=known, version=__version__) as draft,
            speaking(result.scenario.said.language),
        ):
            for _, _, write in wanted:
                write(result, draft)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(_tell_unwritten(into, error)) from error
    return into


def _tell_unwritten(into: Path, error: OSError) -> Message:
    """Say why nothing was written; that a file is open elsewhere, only where it may be that."""
    told = {"folder": str(into), "reason": tell_reason(error)}
    if isinstance(error, PermissionError):
        return say(
            "the results could not be written to {folder}: {reason}; close its files in other "
            "programmes, or choose another folder with --into",
            **told,
        )
    if error.errno == errno.ENOSPC:
        return say(
            "the results could not be written to {folder}: {reason}; make room on the disk, or "
            "choose another folder with --into",
            **told,
        )
    return say(
        "the results could not be written to {folder}: {reason}; choose another folder with --into",
        **told,
    )
