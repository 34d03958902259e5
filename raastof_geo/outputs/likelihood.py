"""How sure the answer is, as a page and a workbook: how likely, and what to commit to first."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from raastof_geo.evidence import tell_unit
from raastof_geo.figures.vocabulary import aim_of
from raastof_geo.language import Message, Readable, format_number, read_texts, round_off, say
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import Band, draw_bands
from raastof_geo.outputs.tables.book import Book, open_book
from raastof_geo.sensitivity.batches import describe_draw
from raastof_geo.sensitivity.ensemble import Ensemble, Used
from raastof_geo.sensitivity.headline import HEADLINES, SHOWN, HeadlineName, find_threshold

PAGE, BOOK = "ensemble.html", "ensemble.xlsx"
_MOST_ROWS, _MOST_FIRST = 25, 5
"""In each table of the page, the workbook has all; commitments that are named at once."""
_Tabulated: TypeAlias = tuple[list[Readable], list[list[Any]]]
_DRAWN_TOGETHER: tuple[tuple[HeadlineName, ...], ...] = (
    ("largest_share", "share_in_plan"),
    ("saved_transport_kg_co2e", "saved_kg_co2e"),
    ("saved_dkk",),
)
"""Headlines of one unit."""


def write_ensemble(ensemble: Ensemble, folder: Path) -> None:
    """Write the page and the workbook of an ensemble into a folder, in the language spoken."""
    scenario = ensemble.today.scenario
    page = document.Document(
        title=str(say("{title}: how sure is the answer?", title=scenario.said.title)),
        language=scenario.said.language,
        blocks=tuple(_lay_out(ensemble)),
        subtitle=read_texts("ensemble")["how"].format(count=len(ensemble.draws)),
    )
    document.write_page(page, folder / PAGE)
    with open_book(scenario, folder / BOOK) as book:
        _write_draws(book, ensemble)
        for title, tabulate, freeze in (
            (say("Matches"), _tabulate_matches, 3),
            (say("What to commit to"), _tabulate_commitments, 1),
            (say("What was drawn"), _tabulate_factors, 1),
        ):
            book.sheet(title).table(*tabulate(ensemble), freeze=freeze, digits=3)


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
    scenario, total, told = ensemble.today.scenario, len(ensemble.draws), read_texts("ensemble")
    least = SHOWN["largest_share"].write(find_threshold(scenario, "largest_share"))
    can, does = (ensemble.count_reached(name) for name in _DRAWN_TOGETHER[0])
    said = [
        told["can"].format(of=say_of_hundred(can, total), least=least),
        told["does"].format(of=say_of_hundred(does, total), least=least),
    ]
    if lost := total - len(ensemble.planned):
        said.append(told["lost"].format(count=lost, total=total))
    if mixed := sum(one.of("saved_kg_co2e") is None for one in ensemble.planned):
        said.append(told["mixed"].format(count=mixed, total=total))
    return said


def tell_commitments(ensemble: Ensemble) -> list[Message]:
    """Say what to commit to first: who to whom, how much, and in how many courses all so far."""
    total, told = len(ensemble.planned), read_texts("ensemble")
    lines = []
    for one in ensemble.commitments[:_MOST_FIRST]:
        match, of = _name_match(ensemble, one.used), round(one.together * total)
        said = {"match": match, "tonnes": round_off(one.used.tonnes[0])}
        lines.append(told["commit"].format(**said, of=say_of_hundred(of, total)))
    return lines or [told["commit to none"]]


def _name_ends(ensemble: Ensemble, used: Used) -> tuple[str, str, str]:
    origin, destination, of = used.match
    scenario = ensemble.today.scenario
    material = scenario.catalogue.materials[of].called(scenario.said.language)
    return scenario.site_name(origin), scenario.site_name(destination), material


def _name_match(ensemble: Ensemble, used: Used) -> str:
    return "{} → {}: {}".format(*_name_ends(ensemble, used))


def _lay_out(ensemble: Ensemble) -> Iterator[document.Block]:
    likely, total = tell_likelihood(ensemble), len(ensemble.draws)
    least = SHOWN["largest_share"].write(find_threshold(ensemble.today.scenario, "largest_share"))
    can, does = (ensemble.count_reached(name) for name in _DRAWN_TOGETHER[0])
    yield document.Figures((
        (say("The share can reach {least}", least=least), say_of_hundred(can, total), ""),
        (say("The plan reaches {least}", least=least), say_of_hundred(does, total), ""),
        (say("Matches to commit to"), str(len(ensemble.commitments)), ""),
    ))  # fmt: skip
    yield document.Bullets(tuple(likely))
    yield document.Paragraph(say("What to commit to first"), lead=True)
    yield document.Bullets(tuple(tell_commitments(ensemble)))
    yield from _show_bands(ensemble)
    yield document.Heading(say("What to commit to, in this order"), anchor="commit")
    yield document.Paragraph(read_texts("ensemble")["order"])
    yield _cut(say("What to commit to"), _tabulate_commitments(ensemble), words=1)
    yield from _tell_regret(ensemble)
    yield document.Heading(say("Every match"), anchor="matches")
    yield document.Paragraph(_say_weighed(ensemble))
    yield _cut(say("Matches, the most used first"), _tabulate_matches(ensemble), words=3)
    yield document.Heading(say("Courses without a plan"), anchor="lost")
    lost = Counter(one.refused for one in ensemble.draws if one.headlines is None)
    told = read_texts("ensemble")
    reasons = (told["reason"].format(count=count, why=why) for why, count in lost.most_common())
    yield document.Bullets(tuple(reasons) or (told["all planned"],))
    yield document.Heading(say("What was drawn"), anchor="drawn")
    yield _cut(say("What was drawn"), _tabulate_factors(ensemble), words=6, most=1000)
    yield document.Heading(say("How it was done"), anchor="how")
    design = told["design"].format(count=total, seed=ensemble.seed)
    held = told["held"].format(count=len(ensemble.regrets()))
    yield document.Bullets((design, told["solved"], held, told["one of several"]))


def _cut(
    caption: Readable, tabulated: _Tabulated, *, words: int, most: int = _MOST_ROWS
) -> document.Table:
    heads, rows = tabulated
    shown = tuple(tuple(map(_write, row)) for row in rows[:most])
    return document.Table(caption, tuple(heads), shown, words=words)


def _write(cell: Any) -> Readable:
    if cell is None:
        return "–"
    return round_off(cell, most=1) if isinstance(cell, float) else cell


def _show_bands(ensemble: Ensemble) -> Iterator[document.Block]:
    """Show what nine of ten courses have of each headline, beside what today's plan has."""
    yield document.Heading(say("How far the figures may lie apart"), anchor="bands")
    if not ensemble.planned:
        yield document.Paragraph(read_texts("ensemble")["no bands"])
        return
    heads = (say("Key figure"), say("Today"), say("5 % are below"), say("The middle"))
    rows, today = list[tuple[Readable, ...]](), ensemble.today.headlines
    bands = dict[HeadlineName, Band]()
    for name in HEADLINES:
        shown = SHOWN[name]
        values = [shown.factor * value for value in (*ensemble.bands(name), today.of(name))]
        if math.isnan(values[0]):
            continue
        bands[name] = Band(str(shown.title), *values)
        told = (format_number(one, digits=shown.digits) for one in (values[3], *values[:3]))
        rows.append((shown.head, *told))
    yield document.Table(say("Bands"), (*heads, say("5 % are above")), tuple(rows))
    for names in _DRAWN_TOGETHER:
        drawn = [bands[name] for name in names if name in bands]
        called = ", ".join(one.label for one in drawn)
        if drawn:
            yield document.Picture(
                draw_bands(drawn, unit=str(SHOWN[names[0]].unit)),
                read_texts("ensemble")["bars"].format(names=called),
                say("Nine of ten courses: {names}", names=called),
            )


def _tell_regret(ensemble: Ensemble) -> Iterator[document.Block]:
    found = ensemble.regrets()
    if not found:
        return
    unit = _unit_of(ensemble)
    ranked = sorted(one.regret or 0.0 for one in found)
    lost = sorted(one.undelivered_t for one in found)
    middle, high = len(found) // 2, min(len(found) - 1, int(0.95 * len(found)))
    told = {"middle": round_off(ranked[middle]), "high": round_off(ranked[high]), "unit": unit}
    told |= {"count": len(found), "lost": round_off(lost[middle]), "most": round_off(lost[high])}
    yield document.Paragraph(read_texts("ensemble")["regret"].format(**told))


def _say_weighed(ensemble: Ensemble) -> Message:
    mine = [one for one in ensemble.used if one.today_t and one.weight is not None]
    needed = sum(one.weight is not None and one.weight.needed for one in mine)
    return read_texts("ensemble")["weighed"].format(count=len(mine), needed=needed)


def _tabulate_commitments(ensemble: Ensemble) -> _Tabulated:
    unit = _unit_of(ensemble)
    heads: list[Readable] = [say("Match"), say("Today [t]"), say("9 of 10 have [t]")]
    heads += [say("Used in [%]"), say("With all above in [%]")]
    heads.append(say("Dearer where unused [{unit}/t]", unit=unit))
    return heads, [
        [_name_match(ensemble, one), one.today_t, one.tonnes[0], 100 * one.share,
         100 * step.together, one.dearer]
        for step in ensemble.commitments
        for one in [step.used]
    ]  # fmt: skip


def _unit_of(ensemble: Ensemble) -> Message:
    """Give the unit of the first objective."""
    return aim_of(ensemble.today.scenario.said.objectives[0].minimise[0]).unit


def _tabulate_matches(ensemble: Ensemble) -> _Tabulated:
    unit, told = _unit_of(ensemble), read_texts("ensemble")

    def judge(used: Used) -> Readable:
        if used.weight is None:
            return ""
        if used.today_t:
            return told["needed" if used.weight.needed else "replaced"]
        return told["as good" if used.weight.possible else "dearer"]

    heads: list[Readable] = [say("From"), say("To"), say("Material"), say("Today [t]")]
    heads += [say("Used in [%]"), say("9 of 10 have [t]"), say("Half have [t]")]
    heads += [say("1 of 10 has [t]"), say("Without it [{unit}]", unit=unit), say("In today's plan")]
    return heads, [
        [*_name_ends(ensemble, used), used.today_t, 100 * used.share, *used.tonnes,
         used.weight and used.weight.more, judge(used)]
        for used in ensemble.used
    ]  # fmt: skip


def _tabulate_factors(ensemble: Ensemble) -> _Tabulated:
    heads: list[Readable] = [say("Assumption"), say("Value"), say("Range"), say("How it is drawn")]
    heads += [say("Source")]
    return heads, [
        [one.subject.title, one.subject.write(one.subject.value), one.subject.range,
         describe_draw(one), one.subject.source]
        for one in ensemble.today.factors
    ]  # fmt: skip


def _write_draws(book: Book, ensemble: Ensemble) -> None:
    factors, headlines = ensemble.today.factors, [SHOWN[name] for name in HEADLINES]
    percent = [100.0 if one.subject.unit == "%" else 1.0 for one in factors]
    heads: list[Readable] = [say("Course")]
    heads += (f"{one.subject.title} [{tell_unit(one.subject.unit)}]".replace(" []", "")
              for one in factors)  # fmt: skip
    heads += [*(one.head for one in headlines), say("Matches"), say("Regret"), say("Why no plan")]
    rows: list[list[Any]] = []
    for draw in ensemble.draws:
        levels: Sequence[Any] = [one * by for one, by in zip(draw.levels, percent, strict=True)]
        found: Sequence[Any] = draw.headlines or [None] * len(headlines)
        told = [one and one * how.factor for one, how in zip(found, headlines, strict=True)]
        used = None if draw.headlines is None else len(draw.matches)
        rows.append([draw.number + 1, *levels, *told, used, draw.regret, draw.refused])
    book.sheet(say("Courses")).table(heads, rows, digits=3)
