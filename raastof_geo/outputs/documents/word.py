"""Write a document for Word: a template has its styles and page, python-docx the rest."""

import datetime
import io
import math
import re
import zipfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from raastof_geo.errors import OutputError
from raastof_geo.language import DATA_FOLDER, LOCALES, Readable, plain, say
from raastof_geo.outputs.documents import document as kinds
from raastof_geo.outputs.documents.document import Block, Paragraph, Picture, Table, plain_number
from raastof_geo.outputs.documents.drawing import measure_text
from raastof_geo.outputs.template import read_template

_MOST_ROWS, _KEPT_ROWS = 50, 16
"""Of a table; and those of one that stays on one page."""
_MOST_LETTERS = 400
"""Letters of a cell; Word grows slow with cells of pages."""
_CARDS = 3
_SIZES = {"small": 16, "cell": 17, "contents": 19, "large": 30}
"""Of letters: notes, tables, the contents, and large figures. [half points]"""
_WIDEST_PT = 9.8
"""As wide as letters of tables may be in bold or another font."""
_MARGIN_PT = 3
"""Left and right in a cell."""
_POINT = 12_700
"""[EMU]"""
_MOST_SHARE, _MOST_HIGH = 0.42, 0.5
"""What a column may take of a table's width, and a figure of a page: one that is higher leaves the
page before it half empty."""
_LEADING, _BROAD, _BROADER = 1.42, 0.82, 0.95
"""A line's height to its letters; how broad those of our template are at most to what
`measure_text` says, and those of another."""
_LEAST_DRAWN = 0.7
"""A figure gets so much smaller at most, where its section then fits on the page."""
_FOOT = {"\1": "PAGE", "\2": "NUMPAGES"}
"""What Word counts, and what stands for it in our words."""


def write_word(
    document: kinds.Document, path: Path, *, moment: datetime.date, template: Path | None = None
) -> Path:
    """Write a `.docx`; equal documents give equal bytes.

    It says that it was made on `moment`, and takes styles, page, head and foot of `template`, whose
    text is left out; none: ours. `OutputError` where that cannot be used.
    """
    from docx.oxml import parse_xml
    from docx.oxml.ns import qn

    file = _open(template)
    properties = file.core_properties
    properties.created = properties.modified = datetime.datetime.combine(moment, datetime.time())
    properties.title = plain(document.title)[:250]
    properties.author = plain(document.author)[:250] or "raastof_geo"
    properties.last_modified_by = "raastof_geo"
    properties.language, properties.comments = document.language, ""
    for mark in file.styles.element.iter(qn("w:lang")):
        mark.set(qn("w:val"), LOCALES[document.language].replace("_", "-"))
    section = file.sections[0]
    across = section.page_width - section.left_margin - section.right_margin
    room = int(across - (section.gutter or 0))
    down = int(section.page_height - section.top_margin - section.bottom_margin)
    facts = "  ·  ".join(f"{plain(what)}: {plain(said)}" for what, said in document.facts)
    below = (plain(document.subtitle), facts)
    laid_out = [_lay_out(file, block, room, down) for block in document.blocks]
    broad = _BROAD if template is None else _BROADER
    _number_pages(document, below, laid_out, room / _POINT, down / _POINT, broad)
    numbered = zip(kinds.number_blocks(document), laid_out, strict=True)
    text = read_template("documents/word.xml.j2", number=plain_number).render(
        title=plain(document.title)[:_MOST_LETTERS], below=below,
        blocks=[(type(one[0]).__name__, *one, laid) for one, laid in numbered],
        footer=document.footer,
        pages=re.split("([\1\2])", str(say("page {number} of {all}", number="\1", all="\2"))),
        codes=_FOOT, styles={style.name: style.style_id for style in file.styles}, sizes=_SIZES,
        margin=20 * _MARGIN_PT, cards=[room * 20 // _POINT // _CARDS] * _CARDS,
    )  # fmt: skip
    *parts, pages = parse_xml(text)
    for part in parts:
        section._sectPr.addprevious(part)
    foot = section.footer.paragraphs[0]
    if len(foot._p.getparent()) == 1 and not foot._p.xpath("*[not(self::w:pPr)]"):
        foot.alignment = 2  # to the right
        foot._p.extend(pages)
    return write_docx(file, path)


def _open(template: Path | None) -> Any:
    import docx

    try:
        file = docx.Document(io.BytesIO((template or DATA_FOLDER / "report.docx").read_bytes()))
        for part in [*file.element.body]:
            if not part.tag.endswith("}sectPr"):
                file.element.body.remove(part)
        if not len(file.sections):
            raise ValueError(str(say("it says no page size")))
    except Exception as error:  # whatever a damaged file makes of python-docx and lxml
        message = say("report.template cannot be used: {problem}", problem=str(error)[:200])
        raise OutputError(message) from error
    return file


def _lay_out(file: Any, block: Block, room: int, down: int) -> dict[str, Any]:
    """Say how wide what a table or a picture has is, with so much between the margins. [EMU]"""
    if isinstance(block, Picture):
        width = min(room, int(_MOST_HIGH * down * block.drawing.width / block.drawing.height))
        part, image = file.part.get_or_add_image(io.BytesIO(block.drawing.png))
        return {"part": part, "width": width, "height": image.scaled_dimensions(width)[1]}
    if isinstance(block, Table):
        if len(rows := block.rows) > _MOST_ROWS:
            last = rows[-1:] if block.total else rows[_MOST_ROWS - 1 :][:1]
            rows = rows[: _MOST_ROWS - 1] + last
        texts = [[*map(plain_number, block.header)]]
        for row in rows:
            texts.append([*map(plain, row[: block.words]), *map(plain_number, row[block.words :])])
        shown = [[text[:_MOST_LETTERS] for text in row] for row in texts]
        widths = _share_room(texts, room / _POINT)
        return {"texts": shown, "widths": widths, "whole": len(rows) <= _KEPT_ROWS}
    return {}


def _number_pages(
    document: kinds.Document, below: Sequence[str], laid_out: list[dict[str, Any]], *size: float
) -> None:
    """Say on which page each section begins: a new one where it might not fit, so contents hold."""
    room, down, broad = size
    blocks = document.blocks
    each = enumerate(blocks)
    starts = [place for place, one in each if isinstance(one, kinds.Heading) and one.level == 2]
    heads: list[Block] = [kinds.Heading(document.title), *map(Paragraph, below)]
    page, used = 1, 14.0 * len(starts) + sum(_measure(one, {}, room, broad) for one in heads)
    for start, end in pairwise([*starts, len(blocks)]):
        parts = laid_out[start:end]
        paired = zip(blocks[start:end], parts, strict=True)
        tall = sum(_measure(block, laid, room, broad) for block, laid in paired)
        drawn: dict[str, Any] = next((one for one in parts if "part" in one), {"height": 0})
        over, high = used + tall - down, drawn["height"] / _POINT
        if 0 < over < (1 - _LEAST_DRAWN) * high:
            drawn |= {side: int(drawn[side] * (1 - over / high)) for side in ("width", "height")}
            tall, over = tall - over - 1, 0.0
        if over > 0:
            page, used = page + 1, 0.0
        parts[0] |= {"page": page, "begins": over > 0}
        page, used = page + int((used + tall) // down), (used + tall) % down


def _measure(block: Block, laid_out: dict[str, Any], room: float, broad: float) -> float:
    """Say how high a block is at most. [pt]"""
    text, small, cell = 10.5, _SIZES["small"] / 2, _SIZES["cell"] / 2

    def lines(told: Readable, letters: float, width: float = room) -> float:
        broadest = measure_text(plain(told), broad * letters)
        return _LEADING * letters * math.ceil(broadest / max(letters, width))

    tall = 0.0
    match block:
        case kinds.Heading():
            tall = 18 + lines(block.text, 15)
        case Paragraph():
            tall = 4 + lines(block.text, text)
        case kinds.Bullets():
            tall = sum(4 + lines(one, text, room - 18) for one in block.items)
        case kinds.Figures():
            tall = 15 + 50.0 * math.ceil(len(block.items) / _CARDS)
        case Picture() | Table():
            tall = 16 + lines(block.source, small) + lines(block.caption, text)
            for row in laid_out.get("texts", ()):
                cells = zip(row, laid_out["widths"], strict=True)
                tall += 1 + max(lines(one, cell, side / 20 - 2 * _MARGIN_PT) for one, side in cells)
            if isinstance(block, Picture):
                tall += lines(block.note, small) + laid_out["height"] / _POINT + 4
    return tall


def _share_room(texts: Sequence[Sequence[str]], room: float) -> list[int]:
    """Share the width by what columns hold: no word is broken while there is room."""
    columns = list(zip(*texts, strict=True))
    padding = 2 * _MARGIN_PT + 1
    whole = room - padding * len(columns)

    def widest(texts: Sequence[str]) -> float:
        return max((measure_text(one, _WIDEST_PT) for one in texts), default=0.0)

    least = [
        max(
            # A head in at most three lines.
            min(widest(re.split(r"[ \n-]", " ".join(column))), _MOST_SHARE * whole),
            min(measure_text(column[0], _WIDEST_PT) / 2, whole / len(columns)),
        )
        for column in columns
    ]
    more = [max(0.0, widest(column[1:]) - one) for column, one in zip(columns, least, strict=True)]
    if (spare := whole - sum(least)) <= 0:
        widths = [whole * one / sum(least) for one in least]
    else:
        scale = min(1.0, spare / sum(more)) if sum(more) else 0.0
        widths = [one + extra * scale for one, extra in zip(least, more, strict=True)]
    rest = (whole - sum(widths)) / len(widths)
    return [int(20 * (one + rest + padding)) for one in widths]


def write_docx(file: Any, path: Path) -> Path:
    """Save what python-docx has open, every part with the same moment. Returns the path."""
    memory = io.BytesIO()
    file.save(memory)
    with zipfile.ZipFile(memory) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            target.writestr(entry, source.read(name))
    return path
