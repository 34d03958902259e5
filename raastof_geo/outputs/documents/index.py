"""The front door of a results folder: the answer, and what each file is, for whom."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from raastof_geo.language import read_texts, say
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.project import file_name, list_projects
from raastof_geo.outputs.opening import open_answer
from raastof_geo.outputs.warning import say_evidence
from raastof_geo.result import Result
from raastof_geo.scenario.output import INDEX, OUTPUTS


def write_index(result: Result, folder: Path) -> Path:
    """Write `index.html`, which leads to the files that lie in the folder already."""
    said = result.scenario.said
    page = document.Document(
        title=said.title,
        language=said.language,
        blocks=tuple(_list_blocks(result, folder)),
        subtitle=said.description,
    )
    return document.write_page(page, folder / f"{INDEX}.html")


def _list_blocks(result: Result, folder: Path) -> Iterator[document.Block]:
    for number, sentence in enumerate(open_answer(result)):
        yield document.Paragraph(sentence, lead=number == 0)
    yield document.Paragraph(say_evidence(result.scenario))
    yield document.Heading(say("What lies here, and for whom"))
    files = [one for one in OUTPUTS if one.name not in (INDEX, "projects")]
    written = [one for one in files if (folder / one.file).exists()]
    yield document.Links(tuple(document.Link(quote(it.file), it.file, it.told) for it in written))
    pages = folder / "projects"
    names = sorted((result.scenario.project_name(one), one) for one in list_projects(result))
    for ending, head in read_texts("files of projects").items():
        mine = [(name, f"{file_name(one)}.{ending}") for name, one in names]
        there = (one for one in mine if (pages / one[1]).exists())
        if links := [document.Link(f"projects/{quote(file)}", name) for name, file in there]:
            yield document.Heading(head)
            yield document.Links(tuple(links))
