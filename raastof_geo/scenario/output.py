"""What a run can write: the one list of outputs.

A scenario names them, which is long before anything is written; so each says where its writer
stands, and `write_outputs` looks it up when it is asked for. Nothing here imports a writer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from raastof_geo.language import Readable, say
from raastof_geo.records.flows import FLOWS
from raastof_geo.records.ledger import LEDGER
from raastof_geo.records.plan import PLAN
from raastof_geo.records.proof import PROOF
from raastof_geo.scenario.identity import check_word

Writer: TypeAlias = Callable[[Any, Path], Path]
"""Takes a result and a folder, writes a file or folder into it, and returns its path."""


@dataclass(frozen=True)
class Output:
    """Something that a run writes."""

    name: str
    """As scenarios call it."""
    file: str
    """Name of the file or folder."""
    writer: str | Writer
    """`module:function` in `raastof_geo.outputs`, or the function itself."""
    on_request: bool = False
    """Whether a scenario gets it only if it names it."""
    about: Readable = ""
    """What it is, and for whom."""
    quotes: str = ""
    """The output whose file it quotes, and which is therefore written before it."""


INDEX = "index"
"""The page that leads to all others, and is written last."""

OUTPUTS: tuple[Output, ...] = (
    Output(
        "map",
        "map.html",
        "pages.map:write_map",
        about=say(
            "Map for everybody: the plan, without coordination, and the difference; for any "
            "browser, without internet."
        ),
    ),
    Output(
        "report",
        "report.html",
        "documents.report:write_report",
        about=say("Report for committees and councils: the answer, effect, money, what to decide."),
    ),
    Output(
        "report_docx",
        "report.docx",
        "documents.report:write_report_docx",
        about=say("The same report for Word, to go on writing in; without the appendix."),
    ),
    Output(
        "appendix",
        "appendix.html",
        "documents.report:write_appendix",
        about=say(
            "Appendix for those who check: flows, payments, method, sources, and every figure "
            "followed to them."
        ),
    ),
    Output(
        "projects",
        "projects",
        "documents.project:write_projects",
        about=say("A page and a calendar file for each project, to be mailed to its owner."),
    ),
    Output(
        "workbook",
        "plan.xlsx",
        "tables.workbook:write_workbook",
        about=say(
            "Workbook for planners: all tables, with formulas; sheets for LCA and soil "
            "notifications."
        ),
    ),
    Output(
        "flows",
        FLOWS,
        "tables.flows:record_flows",
        about=say(
            "Table of all flows, with ids, for spreadsheets set to the language of these pages."
        ),
    ),
    Output(
        "soil_notifications",
        "soil_notifications.csv",
        "tables.soil:write_soil",
        about=say("Soil that is moved, as notifications ask for it: for senders to complete."),
    ),
    Output(
        "geopackage",
        "plan.gpkg",
        "gis.geopackage:write_geopackage",
        about=say("Layers for QGIS and other GIS, with styles and a data dictionary."),
    ),
    Output(
        "geoparquet",
        "geoparquet",
        "gis.geopackage:write_geoparquet",
        on_request=True,
        about=say("The same layers as GeoParquet."),
    ),
    Output(
        "plan",
        PLAN.name,
        "plan:record_plan",
        quotes="proof",
        about=say("All that it takes to check and repeat the plan, for programmes."),
    ),
    Output(
        "proof",
        PROOF.name,
        "proof:record_proof",
        about=say("The whole programme with its proof, for `raastof verify`."),
    ),
    Output(
        "ledger",
        LEDGER.name,
        "ledger:record_ledger",
        about=say("Every line behind every figure, for `raastof explain`."),
    ),
    Output(
        "summary",
        "summary.md",
        "tables.summary:write_summary",
        about=say("Key figures, proof and caveats as text."),
    ),
    Output(INDEX, f"{INDEX}.html", "documents.index:write_index", quotes="plan"),
)
"""In the order in which a scenario that names none is said to ask for them."""

EVERY_OUTPUT: tuple[str, ...] = tuple(one.name for one in OUTPUTS if not one.on_request)
"""Those that a scenario gets unless it names others."""


def check_output(given: Any) -> str:
    """Give the name of an output back, else raise as any word of a fixed list."""
    return check_word(given, [one.name for one in OUTPUTS])
