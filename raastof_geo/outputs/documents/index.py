"""The front door of a results folder: the answer, and what each file is, for whom."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from raastof_geo.language import read_texts, say
from raastof_geo.outputs.documents.document import (
    Block,
    Document,
    Heading,
    Link,
    Links,
    Paragraph,
    write_page,
)
from raastof_geo.outputs.documents.project import file_name, list_projects
from raastof_geo.outputs.opening import open_answer
from raastof_geo.outputs.warning import say_evidence
from raastof_geo.result import Result
from raastof_geo.scenario.output import INDEX, OUTPUTS


def write_index(result: Result, folder: Path) -> Path:
    """Write `index.html`, which leads to the files that lie in the folder already."""
    said = result.scenario.said
    document = Document(
        title=said.title,
        language=said.language,
        blocks=tuple(_list_blocks(result, folder)),
        subtitle=said.description,
    )
    return write_page(document, folder / f"{INDEX}.html")


def _list_blocks(result: Result, folder: Path) -> Iterator[Block]:
    for number, sentence in enumerate(open_answer(result)):
        yield Paragraph(sentence, lead=number == 0)
    yield Paragraph(say_evidence(result.scenario))
    yield Heading(say("What lies here, and for whom"))
    files = [one for one in OUTPUTS if one.name not in (INDEX, "projects")]
    written = [one for one in files if (folder / one.file).exists()]
    yield Links(tuple(Link(quote(one.file), one.file, one.told) for one in written))
    pages = folder / "projects"
    names = sorted((result.scenario.project_name(one), one) for one in list_projects(result))
    for ending, head in read_texts("files of projects").items():
        mine = [(name, f"{file_name(one)}.{ending}") for name, one in names]
        links = [
            Link(f"projects/{quote(file)}", name) for name, file in mine if (pages / file).exists()
        ]
        if links:
            yield Heading(head)
            yield Links(tuple(links))
