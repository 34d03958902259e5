"""The assumptions that an answer hangs on: table, sentences, sheet, and a page with tornados."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from raastof_geo.evidence import tell_unit
from raastof_geo.language import Message, Readable, read_texts, say, speaking
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import draw_bars
from raastof_geo.outputs.documents.drawing import Drawing
from raastof_geo.outputs.tables.book import Book, open_book
from raastof_geo.records.exchange import exchanging
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.headline import (
    HEADLINES,
    SHOWN,
    Assessment,
    Flip,
    HeadlineName,
    Headlines,
    Swing,
)
from raastof_geo.version import __version__

TOLD: tuple[HeadlineName, ...] = ("largest_share", "saved_kg_co2e", "saved_dkk")
HANGS_ON = say("What the answer hangs on")
PAGE, DRAWING, BOOK = "sensitivity.html", "tornado.svg", "sensitivity.xlsx"


def tabulate_assumptions(assessment: Assessment, *, most: int | None = None) -> document.Table:
    """Tabulate assumptions: value, range, headlines at both ends as people read them, turns."""
    heads: list[Readable] = [say("Assumption"), say("Value"), say("Range")]
    heads += [SHOWN[name].head for name in TOLD]
    rows, to = list[tuple[Readable, ...]](), str(say(" to "))
    for swing in assessment.swings[:most]:
        subject, found = swing.subject, [end.headlines for end in swing.ends]
        spans = (  # headlines at both ends
            ["–" if one is None else SHOWN[name].number(one.of(name)) for one in found]
            for name in TOLD
        )
        flips = [subject.write(flip.level) for flip in swing.flips if flip.headline in TOLD]
        turns: Readable = "; ".join(dict.fromkeys(flips)) or say("nowhere in the range")
        rows.append(
            (
                subject.title,
                subject.write(subject.value),
                subject.range,
                *map(to.join, spans),
                turns,
            )
        )
    return document.Table(HANGS_ON, (*heads, say("Turns over at")), tuple(rows), words=3)


def tell_turning(assessment: Assessment) -> list[Message]:
    """Say which assumptions turn a headline over in their ranges, and where, or that none does."""
    flips = ((one, flip) for one in assessment.swings for flip in one.flips)
    told = [_say_flip(one, flip) for one, flip in flips if flip.headline in TOLD]
    return told or [read_texts("assumptions")["firm"].format(count=len(assessment.swings))]


def tell_assumptions(assessment: Assessment) -> Iterator[Message]:
    """Say what turns over, which ends have no answer, and what was not solved again."""
    yield from tell_turning(assessment)
    for swing in assessment.swings:
        for end in swing.ends:
            if end.headlines is None:
                yield read_texts("assumptions")["no answer"].format(
                    name=swing.subject.title, level=swing.subject.write(end.level), why=end.refused
                )
    if assessment.left_out:
        yield read_texts("assumptions")["left out"].format(
            count=len(assessment.swings), names=", ".join(assessment.left_out)
        )


def _say_flip(swing: Swing, flip: Flip) -> Message:
    subject, shown = swing.subject, SHOWN[flip.headline]
    return say(
        "{name} ({value}): beyond {level}, towards {end}, {headline} {turns} {threshold}",
        name=subject.title,
        value=subject.write(subject.value) or say("as it stands"),
        level=subject.write(flip.level),
        end=subject.write(swing.ends[flip.end].level),
        headline=shown.title,
        turns=say("falls below") if flip.holds else say("reaches"),
        threshold=shown.write(flip.threshold),
    )


def write_assumptions(book: Book, assessment: Assessment) -> None:
    """Write a sheet of assumptions: both ends, every headline at them, and where it turns over."""
    heads: list[Readable] = [say("Assumption"), say("Kind"), say("Value")]
    heads += [say("Level"), say("Unit"), *(SHOWN[name].head for name in HEADLINES)]
    heads += [say("Turns over"), say("Source"), say("Range is our judgement")]
    about = say("What each assumption would change at both ends of its range")
    sheet = book.sheet(HANGS_ON, about, say("planners and deciders"))
    sheet.table(heads, _assumption_rows(assessment), digits=3)


def _assumption_rows(assessment: Assessment) -> Iterator[list[Any]]:
    def told(headlines: Headlines | None) -> list[Any]:
        if headlines is None:
            return [None] * len(HEADLINES)
        return [headlines.of(name) * SHOWN[name].factor for name in HEADLINES]

    yield [say("As it stands"), *[""] * 4, *told(assessment.at_value)]
    for swing in assessment.swings:
        subject = swing.subject
        percent = 100 if subject.unit == "%" else 1
        for number, end in enumerate(swing.ends):
            flips = [one for one in swing.flips if one.end == number]
            told_at = (f"{SHOWN[it.headline].title}: {subject.write(it.level)}" for it in flips)
            level: Any = subject.names[number] if subject.names else end.level * percent
            value = subject.value and subject.value * percent
            yield [
                *(subject.title, subject.group, value, level, tell_unit(subject.unit)),
                *told(end.headlines),
                *("; ".join(told_at) or end.refused, subject.source, subject.judged),
            ]


def write_sensitivity(
    scenario: Scenario, assessment: Assessment, folder: Path, *, most: int
) -> Path:
    """Write a page, the tornado of the share as SVG, and a workbook into a folder; give it.

    `most` bars in each chart, and rows in the page's table; the workbook has all. `OutputError`:
    the folder is a link, or a file in it is open elsewhere; nothing was changed.
    """
    with exchanging(folder, version=__version__) as draft, speaking(*scenario.speech):
        document.write_page(build_tornado(scenario, assessment, most=most), draft / PAGE)
        svg = draw_tornado(assessment, TOLD[0], most=most).svg
        (draft / DRAWING).write_text(svg + "\n", encoding="utf-8", newline="\n")
        with open_book(scenario, draft / BOOK) as book:
            write_assumptions(book, assessment)
    return folder


def build_tornado(scenario: Scenario, assessment: Assessment, *, most: int) -> document.Document:
    """Put the page together: the headlines, a tornado for each, and the table."""
    title, how = f"{scenario.said.title}: {HANGS_ON}", read_texts("assumptions")["how"]
    blocks = tuple(_blocks(assessment, most))
    return document.Document(title, scenario.said.language, blocks, how)


def _blocks(assessment: Assessment, most: int) -> Iterator[document.Block]:
    base = assessment.at_value
    yield document.Figures(
        tuple((SHOWN[one].title, SHOWN[one].write(base.of(one)), "") for one in TOLD)
    )
    yield document.Heading(say("What would turn the conclusion over"), anchor="flips")
    yield document.Bullets(tuple(tell_turning(assessment)))
    for name in TOLD:
        yield document.Heading(SHOWN[name].head, anchor=name)
        yield document.Picture(
            draw_tornado(assessment, name, most=most),
            read_texts("assumptions")["bars of ends"].format(headline=SHOWN[name].title),
            say("Change from {value}; the longest first", value=SHOWN[name].write(base.of(name))),
        )
    yield document.Heading(say("All numbers"), anchor="table")
    yield tabulate_assumptions(assessment, most=most)


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
