"""Write a document for Word, with python-docx."""

import datetime
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from raastof_geo.errors import OutputError
from raastof_geo.language import LOCALES, Message, Readable, plain, say
from raastof_geo.outputs.documents.document import (
    Block,
    Bullets,
    Document,
    Figures,
    Heading,
    Paragraph,
    Picture,
    Table,
    number_blocks,
    plain_number,
)
from raastof_geo.outputs.documents.drawing import WIDTH, measure_text

_MOST_ROWS, _KEPT_ROWS = 50, 16
"""Of a table; and those of one that stays on one page."""
_MOST_LETTERS = 400
"""Letters of a cell; Word grows slow with cells of pages."""
_CARDS = 3
_SMALL_PT, _CELL_PT, _WIDEST_PT, _LARGE_PT = 8, 8.5, 9.8, 15
"""Sizes of letters: notes; tables, and as wide as those may be in bold or another font; figures."""
_MARGIN_PT = 3
"""Left and right in a cell."""
_POINT = 12_700
"""[EMU]"""
_SIZES = {"Normal": 10.5, "Title": 20, "Heading 1": 15, "Heading 2": 12, "Caption": 9}
_INK = "1C2630"
_MOST_SHARE, _MOST_HIGH = 0.42, 0.5
"""What a column may take of a table's width, and a figure of a page: one that is higher leaves the
page before it half empty."""
_LOOK = (
    "<w:tblBorders {w}><w:top {line}/><w:bottom {line}/><w:insideH {line}/></w:tblBorders>",
    "<w:tblCellMar {w}><w:left {side}/><w:right {side}/></w:tblCellMar>",
)
_LINE = 'w:val="single" w:sz="4" w:space="0" w:color="B8C2CB"'
_SHADE = '<w:shd {w} w:val="clear" w:color="auto" w:fill="EEF3F6"/>'
_FIELD = '<w:fldSimple {w} w:instr=" {code} "><w:r><w:t>{shown}</w:t></w:r></w:fldSimple>'
_MARK = '<w:r {w}><w:fldChar w:fldCharType="{kind}"/></w:r>'
_CONTENTS = (
    r'<w:r {w}><w:instrText xml:space="preserve"> TOC \o "1-1" \n \h \z </w:instrText></w:r>'
)


def write_word(
    document: Document, path: Path, *, moment: datetime.date, template: Path | None = None
) -> Path:
    """Write a `.docx`; equal documents give equal bytes.

    Parameters
    ----------
    moment
        What the file says it was made on.
    template
        A document whose styles, page, head and foot it takes; its text is left out.

    Raises
    ------
    OutputError
        The template cannot be used.
    """
    file = _open(template)
    _prepare(file, document, moment, own=template is None)
    _add(file, plain(document.title)[:_MOST_LETTERS], "Title")
    facts = "  ·  ".join(f"{plain(what)}: {plain(said)}" for what, said in document.facts)
    for text in filter(None, (plain(document.subtitle), facts)):
        _add(file, text)
    heads = [one for one in document.blocks if isinstance(one, Heading) and one.level == 2]
    _list_contents(file, heads)
    followers = (*document.blocks[1:], None)
    for (block, name, number), after in zip(number_blocks(document), followers, strict=True):
        _add_block(file, block, name, number)
        if block in heads:
            _bookmark(file.paragraphs[-1], heads.index(block))
        if isinstance(block, Paragraph) and isinstance(after, Table):
            file.paragraphs[-1].paragraph_format.keep_with_next = True
    _note(file, *document.footer)
    foot = file.sections[0].footer.paragraphs[0]
    if len(foot._p.getparent()) == 1 and not foot._p.xpath("*[not(self::w:pPr)]"):
        foot.alignment = 2  # to the right
        for text in re.split("([\1\2])", str(say("page {number} of {all}", number="\1", all="\2"))):
            code = {"\1": "PAGE", "\2": "NUMPAGES"}.get(text)
            _field(foot, code, "1") if code else foot.add_run(text)
    memory = io.BytesIO()
    file.save(memory)
    path.write_bytes(_without_clock(memory.getvalue()))
    return path


def _open(template: Path | None) -> Any:
    import docx

    try:
        file = docx.Document(None if template is None else str(template))
        for part in [*file.element.body] if template else ():
            if not part.tag.endswith("}sectPr"):
                file.element.body.remove(part)
    except Exception as error:  # whatever a damaged file makes of python-docx and lxml
        message = say("report.template cannot be used: {problem}", problem=str(error)[:200])
        raise OutputError(message) from error
    return file


def _prepare(file: Any, document: Document, moment: datetime.date, *, own: bool) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    if own:
        section = file.sections[0]
        section.page_width, section.page_height = Cm(21.0), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.25)
        section.top_margin = section.bottom_margin = Cm(2.0)
        for name, size in _SIZES.items():
            style = file.styles[name]
            for mark in [*style.element.iter(qn("w:rFonts"), qn("w:pBdr"))]:
                mark.getparent().remove(mark)
            style.font.name, style.font.size = "Calibri", Pt(size)
            style.font.color.rgb = RGBColor.from_string(_INK)
            style.paragraph_format.space_after = Pt(4)
    properties = file.core_properties
    day = datetime.datetime.combine(moment, datetime.time())
    properties.created = properties.modified = day
    properties.title = plain(document.title)[:250]
    properties.author = plain(document.author)[:250] or "raastof_geo"
    properties.last_modified_by = "raastof_geo"
    properties.language, properties.comments = document.language, ""
    for mark in file.styles.element.iter(qn("w:lang")):
        mark.set(qn("w:val"), LOCALES[document.language].replace("_", "-"))


def _add(file: Any, text: str = "", style: str = "", *, size: float = 0) -> Any:
    """Add a paragraph, in a style where the file has it."""
    paragraph = file.add_paragraph()
    _write(paragraph, text, size)
    if style in [one.name for one in file.styles]:
        paragraph.style = style
    return paragraph


def _write(paragraph: Any, text: str, size: float = 0, *, bold: bool | None = None) -> None:
    run = paragraph.add_run(text)
    run.bold = bold
    if size:
        run.font.size = int(size * _POINT)


def _note(file: Any, *texts: Readable) -> None:
    for text in filter(None, map(plain, texts)):
        _add(file, text, size=_SMALL_PT)


def _room(file: Any) -> tuple[int, int]:
    """Give what lies between the margins, across and down. [EMU]"""
    page = file.sections[0]
    across = page.page_width - page.left_margin - page.right_margin - (page.gutter or 0)
    return int(across), int(page.page_height - page.top_margin - page.bottom_margin)


def _add_block(file: Any, block: Block, name: Message | None, number: int) -> None:
    if isinstance(block, Heading):
        _add(file, plain(block.text), f"Heading {block.level - 1}")
    elif isinstance(block, Paragraph):
        _add(file, plain(block.text))
    elif isinstance(block, Bullets):
        for item in block.items:
            _add(file, plain(item), "List Bullet")
    elif isinstance(block, Figures):
        _add_figures(file, block)
    elif isinstance(block, Picture):
        _add_picture(file, block, _caption(file, block.caption, name, number).text)
    elif isinstance(block, Table):
        _caption(file, block.caption, name, number)
        _add_table(file, block)


def _list_contents(file: Any, heads: Sequence[Heading]) -> None:
    """Add the contents as a field whose entries stand there already."""
    for number, head in enumerate(heads if len(heads) > 2 else ()):
        paragraph = _add(file)
        paragraph.paragraph_format.space_after = 0
        for text in (_MARK.format(w="{w}", kind="begin"), _CONTENTS, _MARK.format(
            w="{w}", kind="separate")) if number == 0 else ():  # fmt: skip
            paragraph._p.append(_parse(text))
        link = _parse(f'<w:hyperlink {{w}} w:anchor="_Toc{number:06d}" w:history="1"/>')
        _write(paragraph, plain(head.text), _WIDEST_PT)
        link.append(paragraph.runs[-1]._r)
        paragraph._p.append(link)
        if number == len(heads) - 1:
            paragraph._p.append(_parse(_MARK.format(w="{w}", kind="end")))


def _bookmark(paragraph: Any, number: int) -> None:
    told = f'w:id="{number}" w:name="_Toc{number:06d}"'
    paragraph.runs[0]._r.addprevious(_parse(f"<w:bookmarkStart {{w}} {told}/>"))
    paragraph._p.append(_parse(f'<w:bookmarkEnd {{w}} w:id="{number}"/>'))


def _caption(file: Any, text: Readable, name: Message | None, number: int) -> Any:
    """Add a caption above what it is about, with a number that Word counts."""
    paragraph = _add(file, f"{name} " if name else "", "Caption")
    paragraph.paragraph_format.keep_with_next = True
    if name is not None:
        _field(paragraph, rf"SEQ {name} \* ARABIC", str(number))
    _write(paragraph, f" · {plain(text)}" if name else plain(text))
    return paragraph


def _add_figures(file: Any, block: Figures) -> None:
    """Put large figures side by side, as many in a row as can be read."""
    rows = [block.items[at : at + _CARDS] for at in range(0, len(block.items), _CARDS)]
    table = _make_table(file, len(rows), [_room(file)[0] // _CARDS] * _CARDS)
    for row, items in zip(table.rows, rows, strict=True):
        for cell, (what, amount, beside) in zip(row.cells, items, strict=False):
            cell._tc.get_or_add_tcPr().append(_parse(_SHADE))
            _write(cell.paragraphs[0], plain(what), _CELL_PT)
            _write(cell.paragraphs[0], f"\n{plain_number(amount)}", _LARGE_PT, bold=True)
            _write(cell.paragraphs[0], f"\n{plain(beside)}", _CELL_PT)
    _add(file).paragraph_format.space_after = 0


def _add_picture(file: Any, block: Picture, caption: str) -> None:
    across, down = _room(file)
    paragraph = _add(file)
    paragraph.paragraph_format.keep_with_next = bool(plain(block.note) or plain(block.source))
    width = min(across, int(_MOST_HIGH * down * WIDTH / block.drawing.height))
    shape = paragraph.add_run().add_picture(io.BytesIO(block.drawing.png), width=width)
    shape._inline.docPr.set("descr", plain(block.alt))
    shape._inline.docPr.set("title", caption)
    _note(file, block.note, block.source)


def _add_table(file: Any, block: Table) -> None:
    rows = block.rows
    if len(rows) > _MOST_ROWS:
        rows = rows[: _MOST_ROWS - 1] + (rows[-1:] if block.total else rows[_MOST_ROWS - 1 :][:1])
    texts = [[*map(plain, block.header)]]
    for row in rows:
        numbers = map(plain_number, row[block.words :])
        texts.append([*map(plain, row[: block.words]), *numbers])
    table = _make_table(file, len(texts), _share_room(texts, _room(file)[0]), heads=1)
    for line, (row, cells) in enumerate(zip(table.rows, texts, strict=True)):
        for column, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
            paragraph = cell.paragraphs[0]
            strong = line == 0 or (block.total and line == len(rows))
            _write(paragraph, text[:_MOST_LETTERS], _CELL_PT, bold=strong)
            paragraph.paragraph_format.space_after = _POINT
            paragraph.paragraph_format.keep_with_next = line == 0 or len(rows) <= _KEPT_ROWS
            if column >= block.words:
                paragraph.alignment = 2  # to the right
            if line == 0:
                cell._tc.get_or_add_tcPr().append(_parse(_SHADE))
    _note(file, plain(block.source) or " ")


def _share_room(texts: Sequence[Sequence[str]], room: int) -> list[int]:
    """Share the width by what columns hold: no word is broken while there is room. [EMU]"""
    columns = list(zip(*texts, strict=True))
    padding = 2 * _MARGIN_PT + 1
    whole = room / _POINT - padding * len(columns)

    def widest(texts: Sequence[str]) -> float:
        return max((measure_text(one, _WIDEST_PT) for one in texts), default=0.0)

    least = [
        max(
            # A head in at most three lines.
            min(widest(re.split(r"\s|-", " ".join(column))), _MOST_SHARE * whole),
            min(measure_text(column[0], _WIDEST_PT) / 2, whole / len(columns)),
        )
        for column in columns
    ]
    more = [max(0.0, widest(column[1:]) - one) for column, one in zip(columns, least, strict=True)]
    spare = whole - sum(least)
    if spare <= 0:
        widths = [whole * one / sum(least) for one in least]
    else:
        scale = min(1.0, spare / sum(more)) if sum(more) else 0.0
        widths = [one + extra * scale for one, extra in zip(least, more, strict=True)]
    rest = (whole - sum(widths)) / len(widths)
    return [int((one + rest + padding) * _POINT) for one in widths]


def _make_table(file: Any, rows: int, widths: Sequence[int], *, heads: int = 0) -> Any:
    """Add a table with fixed columns, thin lines, rows that stay whole, and heads that return."""
    table = file.add_table(rows=rows, cols=len(widths))
    table.autofit = False
    lines, margins = _LOOK
    side = f'w:w="{20 * _MARGIN_PT}" w:type="dxa"'
    layout = table._tbl.tblPr.find("{*}tblLayout")
    layout.addprevious(_parse(lines.format(w="{w}", line=_LINE)))
    layout.addnext(_parse(margins.format(w="{w}", side=side)))
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for number, row in enumerate(table.rows):
        for kind in ("cantSplit", "tblHeader") if number < heads else ("cantSplit",):
            row._tr.get_or_add_trPr().append(_parse(f"<w:{kind} {{w}}/>"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
    return table


def _field(paragraph: Any, code: str, shown: str) -> None:
    """Add what Word counts, and what it comes to."""
    paragraph._p.append(_parse(_FIELD.format(w="{w}", code=code, shown=shown)))


def _parse(xml: str) -> Any:
    """Read a piece of WordprocessingML; `{w}` in it stands for its name space."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    return parse_xml(xml.format(w=nsdecls("w")))


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
