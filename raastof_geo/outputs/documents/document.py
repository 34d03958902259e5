"""A document as blocks, and the page that it becomes: one file, no script, no other host."""

import base64
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from raastof_geo.language import Language, Message, Readable, format_number, plain, say
from raastof_geo.outputs.documents.drawing import Drawing
from raastof_geo.outputs.tables.book import Book
from raastof_geo.outputs.template import read_asset, read_template
from raastof_geo.records.flows import harmless, shape_table

_MINUS = re.compile(r"(?<![\w.,)–-])-(?=\d)")
_IN_UNIT = re.compile(r" (?=[^\[\]]*\])")
_CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


class Heading(NamedTuple):
    """The head of a section, or of a part of one."""

    text: Readable
    level: int = 2
    anchor: str = ""
    """What links lead to; none: no link does."""


class Paragraph(NamedTuple):
    """Words."""

    text: Readable
    lead: bool = False


class Bullets(NamedTuple):
    """A list of words."""

    items: tuple[Readable, ...]


class Table(NamedTuple):
    """A table with a caption; columns of numbers stand to the right."""

    caption: Readable
    header: tuple[Readable, ...]
    rows: tuple[tuple[Readable, ...], ...]
    words: int = 1
    """Columns that hold words; those to the right of them hold numbers."""
    total: bool = False
    """Whether the last row is the sum of the others."""
    links: tuple[str, ...] = ()
    """For each row the anchor that explains it; none: no links."""
    source: Readable = ""


class Listing(NamedTuple):
    """A sheet of a workbook, whose first rows stand on a page as well."""

    title: Readable
    heads: Sequence[Readable]
    rows: Sequence[Sequence[Any]]
    words: int = 1
    most: int | None = 40
    """Rows on the page; none: all."""
    freeze: int = 1
    source: Readable = ""

    def show(self) -> Table:
        """Show it on a page. Returns a table of its first rows, numbers as people read them."""
        rows = tuple(tuple(map(_write, row)) for row in self.rows[: self.most])
        return Table(self.title, tuple(self.heads), rows, self.words, source=self.source)


def _write(cell: Any) -> str:
    told = "–" if cell is None else str(cell)
    return format_number(cell, digits=1) if isinstance(cell, float) else told


def write_sheets(listings: Iterable[Listing], book: Book) -> None:
    """Write a sheet for each listing."""
    for one in listings:
        book.sheet(one.title).table(one.heads, one.rows, digits=3, freeze=one.freeze)


class Figures(NamedTuple):
    """A few large figures beside each other: what, how much, and beside it."""

    items: tuple[tuple[Readable, Readable, Readable], ...]


class Data(NamedTuple):
    """The numbers behind a drawing."""

    header: tuple[Readable, ...]
    rows: tuple[tuple[Readable | float, ...], ...]

    def render(self, language: Language) -> bytes:
        """Write them down. Returns what spreadsheets expect: in Danish `;` and decimal comma."""
        form = shape_table(language, ())._replace(heads=tuple(map(plain, self.header)), end="\r\n")
        return form.render([_write_cell(cell, form.decimal) for cell in row] for row in self.rows)


def _write_cell(cell: Readable | float, decimal: str) -> str:
    if not isinstance(cell, int | float):
        return str(harmless(plain(cell)))
    return f"{round(float(cell), 6) + 0.0:.6f}".rstrip("0").rstrip(".").replace(".", decimal)


class Picture(NamedTuple):
    """A drawing, with words for those who cannot see it."""

    drawing: Drawing
    alt: Readable
    caption: Readable
    note: Readable = ""
    source: Readable = ""
    data: Data | None = None
    """Saved from the page as a table."""


class Link(NamedTuple):
    """A file beside the page: its address, its name, and what it is."""

    address: str
    name: Readable
    about: Readable = ""


class Links(NamedTuple):
    """A list of files beside the page."""

    items: tuple[Link, ...]


class Fold(NamedTuple):
    """A head under which all is folded up to the next one or the end; on paper it is open."""

    text: Readable
    anchor: str


Block: TypeAlias = Heading | Paragraph | Bullets | Table | Figures | Picture | Links | Fold


class Document(NamedTuple):
    """Blocks under a title."""

    title: str
    language: Language
    blocks: tuple[Block, ...]
    subtitle: Readable = ""
    footer: tuple[Readable, ...] = ()
    facts: tuple[tuple[Readable, Readable], ...] = ()
    """By whom, for whom, when, with what: what it is, and what is said."""
    author: str = ""
    numbered: bool = False
    """Whether tables and figures have numbers, and figures can be saved from the page."""


def number_blocks(document: Document) -> Iterator[tuple[Block, Message | None, int]]:
    """Count tables and pictures. Returns each block, what it is called, and its number or 0."""
    names: dict[type, Message] = {Table: say("Table"), Picture: say("Figure")}
    counts = dict.fromkeys(names, 0)
    for block in document.blocks:
        if (name := names.get(type(block)) if document.numbered else None) is not None:
            counts[type(block)] += 1
        yield block, name, counts.get(type(block), 0)


def plain_number(text: Readable) -> str:
    """Write a number as print has it: a minus as long as a plus, and `[t CO2e]` on one line."""
    return _IN_UNIT.sub("\N{NO-BREAK SPACE}", _MINUS.sub("−", plain(text)))


def write_numbers(*amounts: float, per: float = 1, digits: int = 0) -> tuple[str, ...]:
    """Write numbers. Returns a text for each, as the reader does, so many `per` one shown."""
    return tuple(format_number(amount / per, digits=digits) for amount in amounts)


def write_page(document: Document, path: Path) -> Path:
    """Write the page of a document. Returns its path."""
    path.write_text(render_page(document) + "\n", encoding="utf-8", newline="\n")
    return path


def render_page(document: Document) -> str:
    """Build the page. Returns HTML with its style; words are escaped, no host is asked."""
    filters = {"number": plain_number, "narrow": _narrow}
    page: str = read_template("documents/document.html.j2", **filters).render(
        document=document,
        blocks=[
            (type(block).__name__, block, f"{name} {number} · " if name else "", saved)
            for block, name, number in number_blocks(document)
            for saved in [list(_save(block, name, number, document.language))]
        ],
        policy=_CONTENT_POLICY,
        style=read_asset("documents/document.css"),
        texts={"contents": say("Contents"), "skip": say("Skip to the text"), "how": say("how?")},
    )
    return page


@lru_cache(maxsize=1000)
def _narrow(head: str) -> str:
    """Say how wide a head is that has three lines at most, where it is more than six letters."""
    how: dict[str, Any] = {"expand_tabs": False, "replace_whitespace": False}
    how["break_long_words"] = False
    for letters in range(4, 40):
        lines = (textwrap.wrap(line, letters, **how) or [""] for line in head.splitlines())
        if sum(map(len, lines)) <= 3:
            return f' style="min-width: calc({letters}ch + 12px)"' if letters > 6 else ""
    return ""


def _save(
    block: Block, name: Message | None, number: int, language: Language
) -> Iterator[tuple[str, str, Message]]:
    """Give what can be saved of a figure: name of the file, address, and what it is."""
    if not isinstance(block, Picture) or name is None:
        return
    stem = f"{name}-{number}".lower()
    svg = block.drawing.save_svg(f"{name} {number} · {plain(block.caption)}", plain(block.source))
    yield f"{stem}.svg", _address("image/svg+xml", svg.encode()), say("Save the figure (SVG)")
    if block.data is not None:
        table = _address("text/csv", block.data.render(language))
        yield f"{stem}.csv", table, say("Save its numbers (CSV)")


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
