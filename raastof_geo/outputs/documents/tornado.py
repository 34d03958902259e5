"""What the answer hangs on, as a page with tornado charts, a drawing and a workbook."""

from collections.abc import Iterator
from pathlib import Path

from raastof_geo.language import read_texts, say, say_text, speaking
from raastof_geo.outputs.documents import assumptions, document
from raastof_geo.outputs.documents.charts import draw_bars
from raastof_geo.outputs.documents.drawing import Drawing
from raastof_geo.outputs.tables.book import open_book
from raastof_geo.outputs.tables.workbook import write_assumptions
from raastof_geo.records.exchange import exchanging
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.headline import SHOWN, Assessment, HeadlineName, Headlines
from raastof_geo.version import __version__

PAGE, DRAWING, BOOK = "sensitivity.html", "tornado.svg", "sensitivity.xlsx"


def write_sensitivity(
    scenario: Scenario, assessment: Assessment, folder: Path, *, most: int
) -> Path:
    """Write a page, the tornado of the share as SVG, and a workbook into a folder; give it.

    `most` bars in each chart, and rows in the page's table; the workbook has all. `OutputError`:
    the folder is a link, or a file in it is open elsewhere; nothing was changed.
    """
    with exchanging(folder, version=__version__) as draft, speaking(*scenario.speech):
        document.write_page(build_tornado(scenario, assessment, most=most), draft / PAGE)
        svg = draw_tornado(assessment, assumptions.TOLD[0], most=most).svg
        (draft / DRAWING).write_text(svg + "\n", encoding="utf-8", newline="\n")
        with open_book(scenario, draft / BOOK) as book:
            write_assumptions(book, assessment)
    return folder


def build_tornado(scenario: Scenario, assessment: Assessment, *, most: int) -> document.Document:
    """Put the page together: the headlines, a tornado for each, and the table."""
    return document.Document(
        title=f"{scenario.said.title}: {assumptions.HANGS_ON}",
        language=scenario.said.language,
        blocks=tuple(_blocks(assessment, most)),
        subtitle=read_texts("assumptions")["how"],
    )


def _blocks(assessment: Assessment, most: int) -> Iterator[document.Block]:
    base = assessment.at_value
    yield document.Figures(
        tuple((SHOWN[one].title, SHOWN[one].write(base.of(one)), "") for one in assumptions.TOLD)
    )
    yield document.Heading(say("What would turn the conclusion over"), anchor="flips")
    yield document.Bullets(tuple(assumptions.tell_turning(assessment)))
    for name in assumptions.TOLD:
        yield document.Heading(SHOWN[name].head, anchor=name)
        yield document.Picture(
            draw_tornado(assessment, name, most=most),
            say_text("assumptions", "bars of ends", headline=SHOWN[name].title),
            say("Change from {value}; the longest first", value=SHOWN[name].write(base.of(name))),
        )
    yield document.Heading(say("All numbers"), anchor="table")
    yield assumptions.tabulate_assumptions(assessment, most=most)


def draw_tornado(assessment: Assessment, name: HeadlineName, *, most: int) -> Drawing:
    """Draw how far a headline moves at the first and the last end of what moves it most."""
    base, shown = assessment.at_value, SHOWN[name]
    swings = assessment.ranked(name)[:most]
    labels = [f"{one.subject.title} ({one.subject.range})" for one in swings]

    def moved(one: Headlines | None) -> float:
        return 0.0 if one is None else shown.factor * (one.of(name) - base.of(name))

    series = [
        (str(title), [moved(one.ends[at].headlines) for one in swings])
        for at, title in ((0, say("first end")), (-1, say("last end")))
    ]
    return draw_bars(labels, series, unit=str(shown.unit), mark=(0.0, str(say("as it stands"))))
