"""Look at the Word file that a scenario wants its report in, before anything is solved."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from raastof_geo.errors import Finding
from raastof_geo.language import Message, say
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.reading.zones import refuse_outside
from raastof_geo.scenario.said.file import ScenarioFile

_MOST_MB = 20
_KIND = "wordprocessingml.document.main+xml"
"""What Word calls a document without macros, which is no template of its own kind (`.dotx`)."""
_TYPES, _READ = "[Content_Types].xml", ("word/document.xml", "word/styles.xml", "_rels/.rels")
_PAGE = re.compile(rb"sectPr[^<]*>\s*</(\w+:)?body>")
"""The last section of a document, which says its page."""
_UNREADABLE = (*(OSError, ValueError, LookupError, RuntimeError), zipfile.BadZipFile, zlib.error)


def check_template(
    said: ScenarioFile, tree: Tree, home: Path, *, anywhere: bool
) -> Iterator[Finding]:
    """Say what is wrong with `report.template`: where it lies, or what it is."""
    if said.report.template is None:
        return
    file = (home / said.report.template).resolve()
    message = refuse_outside(file, home, "it", anywhere=anywhere)
    message = message or _refuse_kind(file)
    if message is not None:
        yield finding_at(tree, ("report", "template"), message)


def _refuse_kind(file: Path) -> Message | None:
    told = {"file": f"`{file.name}`"}
    if not file.is_file():
        return say("{file} does not exist", **told)
    refused = say(
        "{file} is no Word document that can be read: open it in Word and save it as .docx, with "
        "no macros and no password",
        **told,
    )
    try:
        with zipfile.ZipFile(file) as package:
            if sum(one.file_size for one in package.infolist()) > _MOST_MB * 1_000_000:
                return say("{file} is larger than {most} MB unpacked", most=_MOST_MB, **told)
            if _KIND not in package.read(_TYPES).decode("utf-8", "replace"):
                return refused
            document, *_ = [package.read(part) for part in _READ]  # whole, or its sum is wrong
            if not _PAGE.search(document):
                return say("{file} says no page size: open it in Word and save it again", **told)
    except _UNREADABLE:
        return refused
    return None
