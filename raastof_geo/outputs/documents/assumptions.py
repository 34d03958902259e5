"""The assumptions that an answer hangs on, and how sure it is when all of them are drawn together.

Of each assumption there are a table, sentences, a sheet, and a page with tornados; of an ensemble a
page and a workbook: how likely, and what to commit to first.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
import numpy as np
from raastof_geo.evidence import tell_unit
from raastof_geo.figures.vocabulary import aim_of
from raastof_geo.language import Message, Readable, read_texts, round_off, say, say_text, speaking
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import draw_bands, draw_bars
from raastof_geo.outputs.documents.drawing import Drawing
from raastof_geo.outputs.tables.book import Book, open_book
from raastof_geo.records.exchange import exchanging
from raastof_geo.result import name_match
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity import headline
from raastof_geo.sensitivity.ensemble import MOST_REGRETTED, MOST_SETS, Ensemble, Used, tell_draw
from raastof_geo.sensitivity.headline import HEADLINES, SHOWN, Assessment, HeadlineName, Headlines
from raastof_geo.version import __version__

TOLD: tuple[HeadlineName, ...] = ("largest_share", "saved_kg_co2e", "saved_dkk")
HANGS_ON = say("What the answer hangs on")
PAGE, DRAWING, BOOK = "sensitivity.html", "tornado.svg", "sensitivity.xlsx"
_MOST_ROWS, _MOST_FIRST = 25, 5
"""In each table of the page, the workbook has all; commitments that are named at once."""
_DRAWN_TOGETHER = (HEADLINES[:2], HEADLINES[2:4], HEADLINES[4:])
"""Headlines of one unit."""
_tell = partial(say_text, "ensemble")


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
        told = (subject.title, subject.write(subject.value), subject.range)
        rows.append((*told, *map(to.join, spans), turns))
    return document.Table(HANGS_ON, (*heads, say("Turns over at")), tuple(rows), words=3)


def tell_turning(assessment: Assessment) -> list[Message]:
    """Say which assumptions turn a headline over in their ranges, and where, or that none does."""
    flips = ((one, flip) for one in assessment.swings for flip in one.flips)
    told = [_say_flip(one, flip) for one, flip in flips if flip.headline in TOLD]
    return told or [say_text("assumptions", "firm", count=len(assessment.swings))]


def tell_assumptions(assessment: Assessment) -> Iterator[Message]:
    """Say what turns over, which ends have no answer, and what was not solved again."""
    yield from tell_turning(assessment)
    for swing in assessment.swings:
        for end in swing.ends:
            if end.headlines is None:
                name, level = swing.subject.title, swing.subject.write(end.level)
                yield say_text("assumptions", "no answer", name=name, level=level, why=end.refused)
    if assessment.left_out:
        count, names = len(assessment.swings), ", ".join(assessment.left_out)
        yield say_text("assumptions", "left out", count=count, names=names)


def _say_flip(swing: headline.Swing, flip: headline.Flip) -> Message:
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
    """Write a page, the tornado of the share as SVG, and a workbook. Returns their folder.

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
    title, how = f"{scenario.said.title}: {HANGS_ON}", say_text("assumptions", "how")
    return document.Document(title, scenario.said.language, tuple(_blocks(assessment, most)), how)


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
            say_text("assumptions", "bars of ends", headline=SHOWN[name].title),
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


def write_ensemble(ensemble: Ensemble, folder: Path) -> None:
    """Write the page and the workbook of an ensemble into a folder, in the language spoken."""
    scenario = ensemble.today.scenario
    title = str(say("{title}: how sure is the answer?", title=scenario.said.title))
    how = _tell("how", count=len(ensemble.draws))
    page = document.Document(title, scenario.said.language, tuple(_lay_out(ensemble)), subtitle=how)
    document.write_page(page, folder / "ensemble.html")
    with open_book(scenario, folder / "ensemble.xlsx") as book:
        lists = [_list_draws, _list_matches, _list_commitments, _list_factors]
        lists[3:3] = [_list_sets, _list_candidates] if ensemble.sets else []
        document.write_sheets((tabulate(ensemble) for tabulate in lists), book)


def say_of_hundred(count: int, total: int) -> Message:
    """Say how many of a hundred it is; nearly none and nearly all are never none and all."""
    share = 100 * count / max(1, total)
    if 0 < share < 0.5:
        return say("fewer than 1 of 100")
    if 99.5 <= share < 100:
        return say("more than 99 of 100")
    return say("{count} of 100", count=round(share))


def tell_likelihood(ensemble: Ensemble) -> list[Message]:
    """Say in how many courses the share can be reached, is reached, and has no plan at all."""
    total, planned = len(ensemble.draws), ensemble.planned
    mixed = sum(one.of("saved_kg_co2e") is None for one in planned)
    counts = {"lost": total - len(planned), "mixed": mixed}
    least, can, does = _tell_reached(ensemble)
    return [
        _tell("can", of=can, least=least),
        _tell("does", of=does, least=least),
        *(_tell(key, count=count, total=total) for key, count in counts.items() if count),
    ]


def _tell_reached(ensemble: Ensemble) -> tuple[str, Message, Message]:
    """Give the share that is asked for, and how often it can be reached and is reached."""
    total, (can, does) = len(ensemble.draws), map(ensemble.count_reached, _DRAWN_TOGETHER[0])
    threshold = headline.find_threshold(ensemble.today.scenario, "largest_share")
    least = SHOWN["largest_share"].write(threshold)
    return least, say_of_hundred(can, total), say_of_hundred(does, total)


def tell_commitments(ensemble: Ensemble) -> list[Message]:
    """Say what to commit to first: who to whom, how much, and in how many courses all so far."""
    total, lines = len(ensemble.planned), []
    for used, together in ensemble.commitments[:_MOST_FIRST]:
        of = say_of_hundred(round(together * total), total)
        match, tonnes = _name_match(ensemble, used), round_off(used.tonnes[0])
        lines.append(_tell("commit", match=match, tonnes=tonnes, of=of))
    return lines or [_tell("commit to none")]


def _name_match(ensemble: Ensemble, used: Used) -> str:
    return "{} → {}: {}".format(*name_match(ensemble.today.scenario, *used.match))


def _lay_out(ensemble: Ensemble) -> Iterator[document.Block]:
    total, (least, can, does) = len(ensemble.draws), _tell_reached(ensemble)
    titles = _list_texts("figures of ensemble", least=least)
    told: tuple[Readable, ...] = can, does, str(len(ensemble.commitments))
    yield document.Figures(tuple(zip(titles, told, ("", "", ""), strict=True)))
    yield document.Bullets(tuple(tell_likelihood(ensemble)))
    yield document.Paragraph(say("What to commit to first"), lead=True)
    yield document.Bullets(tuple(tell_commitments(ensemble)))
    yield document.Heading(say("How far the figures may lie apart"), anchor="bands")
    yield from _show_bands(ensemble)
    yield document.Heading(say("What to commit to, in this order"), anchor="commit")
    yield document.Paragraph(_tell("order"))
    yield _show(_list_commitments(ensemble))
    held = [(one.regret, one.undelivered_t) for one in ensemble.draws if one.regret is not None]
    if held:
        # The middle of regrets and of tonnes that are lost, and what 95 of 100 are below.
        at = [len(held) // 2, min(len(held) - 1, int(0.95 * len(held)))]
        (middle, high), (lost, most) = (map(round_off, one) for one in np.sort(held, axis=0)[at].T)
        rest = _tell("regret", middle=middle, high=high, lost=lost, most=most, count=len(held))
        yield document.Paragraph(rest.format(unit=_unit_of(ensemble)))
    yield from _tell_sets(ensemble) if ensemble.sets else ()
    yield document.Heading(say("Every match"), anchor="matches")
    weights = [one.weight for one in ensemble.used if one.today_t and one.weight is not None]
    needed = sum(one.needed for one in weights)
    yield document.Paragraph(_tell("weighed", count=len(weights), needed=needed))
    yield _show(_list_matches(ensemble)._replace(title=say("Matches, the most used first")))
    yield document.Heading(say("Courses without a plan"), anchor="lost")
    yield document.Bullets(tuple(_tell_lost(ensemble)) or (_tell("all planned"),))
    yield document.Heading(say("What was drawn"), anchor="drawn")
    yield _show(_list_factors(ensemble))
    yield document.Heading(say("How it was done"), anchor="how")
    design, asked = _tell("design", count=total, seed=ensemble.seed), _tell("held", count=len(held))
    yield document.Bullets((design, _tell("solved"), asked, _tell("one of several")))


def _tell_lost(ensemble: Ensemble) -> Iterator[Message]:
    lost = Counter(one.refused for one in ensemble.draws if one.headlines is None)
    return (_tell("reason", count=count, why=why) for why, count in lost.most_common())


def _show(listing: document.Listing) -> document.Table:
    """Give the table on the page, its numbers with as many digits as people read."""
    read = [
        [round_off(one, most=1) if isinstance(one, float) else one for one in row]
        for row in listing.rows
    ]
    return listing._replace(rows=read).show()


def _tell_sets(ensemble: Ensemble) -> Iterator[document.Block]:
    """Tell which candidates to open before it is known which course comes."""
    least = ensemble.sets[0], min(ensemble.sets, key=lambda one: (one.refused, one.regret))
    told = {"unit": _unit_of(ensemble), "first": _name_sites(ensemble, least[0].sites)}
    told |= {"mean": round_off(least[0].mean), "regret": round_off(least[1].regret)}
    told |= {"sets": MOST_SETS, "count": MOST_REGRETTED}
    yield document.Heading(say("Where to build"), anchor="build")
    yield document.Paragraph(_tell("open", other=_name_sites(ensemble, least[1].sites), **told))
    yield from map(_show, (_list_sets(ensemble), _list_candidates(ensemble)))


def _name_sites(ensemble: Ensemble, sites: Iterable[str]) -> str:
    return ", ".join(map(ensemble.today.scenario.site_name, sites)) or str(say("none"))


def _list_sets(ensemble: Ensemble) -> document.Listing:
    rows = list[list[Any]]()
    for one in ensemble.sets:
        mean = None if math.isnan(one.mean) else one.mean
        named = _name_sites(ensemble, one.sites)
        rows.append([named, 100 * one.share, mean, one.regret, one.refused])
    heads = _list_texts("heads of sets", unit=_unit_of(ensemble))
    return document.Listing(say("Sites to open"), heads, rows)


def _list_candidates(ensemble: Ensemble) -> document.Listing:
    opened = Counter(site for one in ensemble.planned for site in one.opened)
    sites, each = sorted({*ensemble.today.plan.openings["site"]}), 100 / len(ensemble.planned)
    rows = [[_name_sites(ensemble, [one]), each * opened[one]] for one in sites]
    return document.Listing(say("Candidates"), [say("Site"), say("Opened in [%]")], rows)


def _show_bands(ensemble: Ensemble) -> Iterator[document.Block]:
    """Show what nine of ten courses have of each headline, beside what today's plan has."""
    if not ensemble.planned:
        yield document.Paragraph(_tell("no bands"))
        return
    rows, bands = list[tuple[Readable, ...]](), dict[str, tuple[float, ...]]()
    for name, shown in SHOWN.items():
        found = *ensemble.bands(name), ensemble.today.headlines.of(name)
        if not math.isnan(found[0]):
            *ends, today = bands[name] = tuple(shown.factor * value for value in found)
            told = document.write_numbers(today, *ends, digits=shown.digits)
            rows.append((shown.head, *told))
    heads = (say("Key figure"), say("Today"), say("5 % are below"), say("The middle"))
    yield document.Table(say("Bands"), (*heads, say("5 % are above")), tuple(rows))
    for names in _DRAWN_TOGETHER:
        if drawn := {str(SHOWN[name].title): bands[name] for name in names if name in bands}:
            called = ", ".join(drawn)
            drawing = draw_bands(drawn, unit=str(SHOWN[names[0]].unit))
            caption = say("Nine of ten courses: {names}", names=called)
            yield document.Picture(drawing, _tell("bars", names=called), caption)


def _unit_of(ensemble: Ensemble) -> Message:
    """Give the unit of the first objective."""
    return aim_of(ensemble.today.scenario.said.objectives[0].minimise[0]).unit


def _list_texts(part: str, **told: Readable) -> list[Message]:
    """Give the texts of a part in their order, with values such as the unit of an objective."""
    return [text.format(**told) for text in read_texts(part).values()]


def _list_commitments(ensemble: Ensemble) -> document.Listing:
    rows, heads = list[list[Any]](), _list_texts("heads of commitments", unit=_unit_of(ensemble))
    for one, together in ensemble.commitments:
        amounts = one.today_t, one.tonnes[0], 100 * one.share, 100 * together
        rows.append([_name_match(ensemble, one), *amounts, one.dearer])
    return document.Listing(say("What to commit to"), heads, rows, most=_MOST_ROWS)


def _list_matches(ensemble: Ensemble) -> document.Listing:
    def judge(used: Used) -> Readable:
        if used.weight is None:
            return ""
        if used.today_t:
            return _tell("needed" if used.weight.needed else "replaced")
        return _tell("as good" if used.weight.possible else "dearer")

    rows, heads = list[list[Any]](), _list_texts("heads of matches", unit=_unit_of(ensemble))
    for used in ensemble.used:
        amounts = used.today_t, 100 * used.share, *used.tonnes
        named = name_match(ensemble.today.scenario, *used.match)
        rows.append([*named, *amounts, used.weight and used.weight.more, judge(used)])
    return document.Listing(say("Matches"), heads, rows, words=3, most=_MOST_ROWS, freeze=3)


def _list_factors(ensemble: Ensemble) -> document.Listing:
    subjects = ((one.subject, tell_draw(one)) for one in ensemble.today.factors)
    heads = say("Assumption"), say("Value"), say("Range"), say("How it is drawn"), say("Source")
    rows = [[one.title, one.write(one.value), one.range, how, one.source] for one, how in subjects]
    return document.Listing(say("What was drawn"), heads, rows, words=6, most=1000)


def _list_draws(ensemble: Ensemble) -> document.Listing:
    """Give a row for each draw: levels, per cents as such, and headlines as people read them."""
    factors, told = [one.subject for one in ensemble.today.factors], SHOWN.values()
    heads = [f"{one.title} [{tell_unit(one.unit)}]".replace(" []", "") for one in factors]
    heads += [one.head for one in told]
    scale = [100.0 if one.unit == "%" else 1.0 for one in factors] + [one.factor for one in told]
    rows = list[list[Any]]()
    for draw in ensemble.draws:
        found = (*draw.levels, *(draw.headlines or (None,) * len(told)))
        numbers = [one and one * by for one, by in zip(found, scale, strict=True)]
        used = None if draw.headlines is None else len(draw.matches)
        rows.append([draw.number + 1, *numbers, used, draw.regret, draw.refused])
    more = say("Matches"), say("Regret"), say("Why no plan")
    return document.Listing(say("Courses"), [say("Course"), *heads, *more], rows)
