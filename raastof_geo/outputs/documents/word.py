"""Write a document for Word, with python-docx."""

import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

from raastof_geo.language import LOCALES, plain
from raastof_geo.outputs.documents.document import (
    Bullets,
    Document,
    Figures,
    Heading,
    Paragraph,
    Picture,
    Table,
)

_WIDTH_CM = 16.5
_MOST_ROWS = 50
_MOST_LETTERS = 400
"""Letters of a cell; Word grows slow with cells of pages."""


def write_word(document: Document, path: Path, *, moment: datetime.date) -> Path:
    """Write a `.docx`; equal documents give equal bytes.

    Parameters
    ----------
    moment
        What the file says it was made on.
    """
    import docx

    file: Any = docx.Document()
    _prepare(file, document, moment)
    file.add_heading(plain(document.title)[:_MOST_LETTERS], level=0)
    if plain(document.subtitle):
        file.add_paragraph(plain(document.subtitle))
    for block in document.blocks:
        _add(file, block)
    for line in document.footer:
        file.add_paragraph(plain(line), style="Caption")
    memory = io.BytesIO()
    file.save(memory)
    path.write_bytes(_without_clock(memory.getvalue()))
    return path


def _prepare(file: Any, document: Document, moment: datetime.date) -> None:
    from docx.shared import Cm, Pt

    section = file.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.25)
    section.top_margin = section.bottom_margin = Cm(2.0)
    file.styles["Normal"].font.name = "Calibri"
    file.styles["Normal"].font.size = Pt(10.5)
    properties = file.core_properties
    day = datetime.datetime.combine(moment, datetime.time())
    properties.created = properties.modified = day
    properties.title, properties.author = plain(document.title)[:250], "raastof_geo"
    properties.language, properties.comments = document.language, ""
    _speak(file, LOCALES[document.language].replace("_", "-"))


def _speak(file: Any, language: str) -> None:
    """Tell Word which language to spell in."""
    from docx.oxml.ns import qn

    for mark in file.styles.element.iter(qn("w:lang")):
        mark.set(qn("w:val"), language)


def _add(file: Any, block: Any) -> None:
    if isinstance(block, Heading):
        file.add_heading(plain(block.text), level=block.level - 1)
    elif isinstance(block, Paragraph):
        file.add_paragraph(plain(block.text))
    elif isinstance(block, Bullets):
        for item in block.items:
            file.add_paragraph(plain(item), style="List Bullet")
    elif isinstance(block, Figures):
        _add_figures(file, block)
    elif isinstance(block, Picture):
        _add_picture(file, block)
    elif isinstance(block, Table):
        _add_table(file, block)


def _add_figures(file: Any, block: Figures) -> None:
    for what, amount, beside in block.items:
        paragraph = file.add_paragraph(style="List Bullet")
        paragraph.add_run(f"{plain(what)}: ")
        paragraph.add_run(plain(amount)).bold = True
        if plain(beside):
            paragraph.add_run(f" ({plain(beside)})")


def _add_picture(file: Any, block: Picture) -> None:
    from docx.shared import Cm

    shape = file.add_picture(io.BytesIO(block.drawing.png), width=Cm(_WIDTH_CM))
    shape._inline.docPr.set("descr", plain(block.alt))
    file.add_paragraph(plain(block.caption), style="Caption")


def _add_table(file: Any, block: Table) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    file.add_paragraph(plain(block.caption), style="Caption").paragraph_format.keep_with_next = True
    rows = block.rows
    if len(rows) > _MOST_ROWS:
        rows = rows[: _MOST_ROWS - 1] + (rows[-1:] if block.total else rows[_MOST_ROWS - 1 :][:1])
    table = file.add_table(rows=len(rows) + 1, cols=len(block.header))
    table.style = "Light List Accent 1"
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    for line, (cells, texts) in enumerate(
        zip((row.cells for row in table.rows), (block.header, *rows), strict=True)
    ):
        for column, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            paragraph = cell.paragraphs[0]
            run = paragraph.add_run(plain(text)[:_MOST_LETTERS])
            run.font.size = Pt(8.5)
            run.bold = line == 0 or (block.total and line == len(rows))
            if column >= block.words:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    file.add_paragraph()


def _without_clock(data: bytes) -> bytes:
    """Give every part of the file the same moment."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            target.writestr(entry, source.read(name))
    return made.getvalue()
