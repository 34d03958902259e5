"""What a run can write: the one list of outputs.

A scenario names them, which is long before anything is written; so each says where its writer
stands, and `write_outputs` looks it up when it is asked for. Nothing here imports a writer.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from raastof_geo.language import Readable, read_texts
from raastof_geo.records.flows import FLOWS
from raastof_geo.records.ledger import LEDGER
from raastof_geo.records.proof import PLAN, PROOF
from raastof_geo.scenario.identity import check_word

Writer: TypeAlias = Callable[[Any, Path], Path]
"""Takes a result and a folder, writes a file or folder into it, and returns its path."""


class Output(NamedTuple):
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
    """What it is, and for whom; empty: as `data/texts.txt` says of it."""
    quotes: str = ""
    """The output whose file it quotes, and which is therefore written before it."""

    @property
    def told(self) -> Readable:
        """Returns what people read about it."""
        return self.about or read_texts("outputs").get(self.name, "")


INDEX = "index"
"""The page that leads to all others, and is written last."""
OUTPUTS: tuple[Output, ...] = (
    Output("map", "map.html", "pages.map:write_map", quotes="proof"),
    Output("report", "report.html", "documents.report:write_report"),
    Output("report_docx", "report.docx", "documents.report:write_report_docx"),
    Output("appendix", "appendix.html", "documents.report:write_appendix"),
    Output("projects", "projects", "documents.project:write_projects"),
    Output("workbook", "plan.xlsx", "tables.workbook:write_workbook"),
    Output("worth", "worth.html", "worth:write_worth", on_request=True),
    Output("flows", FLOWS, "plan:record_flows"),
    Output("soil_notifications", "soil_notifications.csv", "tables.handover:write_soil"),
    Output("geopackage", "plan.gpkg", "geopackage:write_geopackage"),
    Output("geoparquet", "geoparquet", "geopackage:write_geoparquet", on_request=True),
    Output("plan", PLAN.name, "plan:record_plan", quotes="proof"),
    Output("proof", PROOF.name, "plan:record_proof"),
    Output("ledger", LEDGER.name, "plan:record_ledger"),
    Output("summary", "summary.md", "tables.summary:write_summary"),
    Output(INDEX, f"{INDEX}.html", "documents.report:write_index", quotes="plan"),
)
"""In the order in which a scenario that names none is said to ask for them."""
EVERY_OUTPUT: tuple[str, ...] = tuple(one.name for one in OUTPUTS if not one.on_request)
"""Those that a scenario gets unless it names others."""


def check_output(given: Any) -> str:
    """Check the name of an output. Returns it, or raises as any word of a fixed list."""
    return check_word(given, [one.name for one in OUTPUTS])
