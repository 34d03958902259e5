"""A document as blocks, and the page that it becomes: one file, no script, no other host."""

from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

from raastof_geo.language import Language, Readable, format_number, plain, say
from raastof_geo.outputs.documents.charts import Drawing


@dataclass(frozen=True)
class Heading:
    """The head of a section, or of a part of one."""

    text: Readable
    level: int = 2
    anchor: str = ""
    """What links lead to; none: no link does."""


@dataclass(frozen=True)
class Paragraph:
    """Words."""

    text: Readable
    lead: bool = False
    """Whether it stands out."""


@dataclass(frozen=True)
class Bullets:
    """A list of words."""

    items: tuple[Readable, ...]


@dataclass(frozen=True)
class Table:
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


@dataclass(frozen=True)
class Figures:
    """A few large figures beside each other: what, how much, and beside it."""

    items: tuple[tuple[Readable, Readable, Readable], ...]


@dataclass(frozen=True)
class Picture:
    """A drawing, with words for those who cannot see it."""

    drawing: Drawing
    alt: Readable
    caption: Readable


@dataclass(frozen=True)
class Link:
    """A file beside the page: its address, its name, and what it is."""

    address: str
    name: Readable
    about: Readable = ""


@dataclass(frozen=True)
class Links:
    """A list of files beside the page."""

    items: tuple[Link, ...]


@dataclass(frozen=True)
class Fold:
    """A head under which all is folded up to the next one or the end; on paper it is open."""

    text: Readable
    anchor: str


Block: TypeAlias = Heading | Paragraph | Bullets | Table | Figures | Picture | Links | Fold


@dataclass(frozen=True)
class Document:
    """Blocks under a title."""

    title: str
    language: Language
    blocks: tuple[Block, ...]
    subtitle: Readable = ""
    footer: tuple[Readable, ...] = field(default=())


def write_numbers(*amounts: float, per: float = 1, digits: int = 0) -> tuple[str, ...]:
    """Write amounts as the reader writes numbers, each so many `per` one shown."""
    return tuple(format_number(amount / per, digits=digits) for amount in amounts)


def write_page(document: Document, path: Path) -> Path:
    """Write the page of a document."""
    path.write_text(render_page(document) + "\n", encoding="utf-8", newline="\n")
    return path


_CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


def render_page(document: Document) -> str:
    """Build the page: semantic HTML with its style inside.

    Returns
    -------
    page
        It asks no other host and runs no script; what users wrote is escaped, and drawings are
        SVG in the text.
    """
    page: str = _template().render(
        title=plain(document.title),
        subtitle=plain(document.subtitle),
        language=document.language,
        blocks=[(type(block).__name__, block) for block in document.blocks],
        contents=[
            block
            for block in document.blocks
            if isinstance(block, Heading) and block.level == 2 and block.anchor
        ],
        footer=document.footer,
        policy=_CONTENT_POLICY,
        style=_style(),
        texts={"contents": say("Contents"), "skip": say("Skip to the text"), "how": say("how?")},
    )
    return page


@lru_cache
def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("raastof_geo.outputs.documents", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    return environment.get_template("document.html.j2")


@lru_cache
def _style() -> str:
    return (resources.files("raastof_geo.outputs.documents") / "document.css").read_text(
        encoding="utf-8"
    )
