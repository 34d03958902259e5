"""A plan and what was driven: a page and a workbook of what is otherwise, and why."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
import pandas as pd
from raastof_geo.effect.actual import Reality
from raastof_geo.effect.books import Books
from raastof_geo.effect.measure import Effect
from raastof_geo.figures.vocabulary import CO2E, COST, TONNES, TRANSPORT_WTW, shown_in_lines
from raastof_geo.language import Message, format_number, read_texts, say, say_text, speaking
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import Bar, draw_waterfall
from raastof_geo.outputs.documents.comparison import write_listings
from raastof_geo.outputs.documents.document import Listing
from raastof_geo.outputs.documents.effects import name_group
from raastof_geo.scenario.scenario import Scenario

REALITY = "actuals.html"
_LANE = ["origin", "destination", "material"]


def write_reality(scenario: Scenario, effect: Effect, reality: Reality, folder: Path) -> Path:
    """Write a page and a workbook. Returns the folder. `effect`: of the plan, over all periods."""
    with speaking(*scenario.speech):
        sheets = [*_list_sheets(scenario, effect, reality)]
        day, count = reality.driven.until, len(reality.driven.slips)
        page = document.Document(
            str(say("{title}: plan and reality", title=scenario.said.title)),
            scenario.said.language,
            tuple(_lay_out_reality(reality, sheets)),
            say_text("reality", "how", day=day, count=count),
        )
        return write_listings(scenario, page, sheets, folder / REALITY)


def _lay_out_reality(reality: Reality, sheets: Sequence[Listing]) -> Iterator[document.Block]:
    tell, driven = partial(say_text, "reality"), reality.driven.books.totals
    kg = [reality.planned.totals[TRANSPORT_WTW], driven[TRANSPORT_WTW]]
    if reality.baseline is not None:
        kg.extend((reality.baseline.totals - driven)[[TRANSPORT_WTW, CO2E]])
    shown = [f"{format_number(one / 1000, digits=1)} t CO2e" for one in kg]
    titles = read_texts("figures of reality").values()
    yield document.Figures(tuple((*one, "") for one in zip(titles, shown, strict=False)))
    if reality.refused:
        yield document.Paragraph(tell("refused"), lead=True)
        yield document.Bullets(tuple(map(str, reality.refused)))
    first, last = (Bar(str(one), t / 1000, True) for one, t in zip(titles, kg[:2], strict=False))
    changes = [Bar(str(name), t) for name, t, *_ in _list_causes(reality)]
    drawn = draw_waterfall([first, *changes, last], unit="t CO2e")
    yield document.Picture(drawn, tell("why"), tell("why"))
    yield document.Bullets(tuple(tell_slips(reality)))
    yield from (one.show() for one in sheets if one.most and one.rows)


def tell_slips(reality: Reality) -> Iterator[Message]:
    """Say whether all slips count, how much is left out, and what was not read."""
    slips, tell = reality.slips, partial(say_text, "slips that count")
    key = "left out" if slips.mistakes else "all right"
    yield tell(key, tonnes=slips.left_out_t, count=len(slips.mistakes))
    if slips.unread:
        yield tell("unread", headings=", ".join(dict.fromkeys(slips.unread)))


def _list_causes(reality: Reality) -> list[list[Any]]:
    """Give what each cause adds: transport and all parts [t CO2e], and money [DKK]."""
    names = read_texts("deviations")
    return [
        [names[one], -it.transport_kg_co2e / 1000, -it.kg_co2e / 1000, -it.dkk]
        for one, it in reality.deviations.items()
    ]


def _list_sheets(scenario: Scenario, effect: Effect, reality: Reality) -> Iterator[Listing]:
    driven, new = reality.driven.books, reality.books
    found = reality.baseline, reality.planned, driven, effect.baseline_books, effect.books, new
    each = zip(read_texts("books of reality").values(), found, strict=True)
    titles, books = zip(*(pair for pair in each if pair[1] is not None), strict=True)
    figures = [
        [one.heading, *(float(it.totals[one]) * line.factor for it in books)]
        for one, line in shown_in_lines().items()
    ]
    yield Listing(say("In figures"), [say("Key figure"), *titles], figures)
    causes = _list_causes(reality)
    heads: list[Any] = [*read_texts("heads of deviations").values()]
    total = [say("Together"), *map(sum, [*zip(*causes, strict=True)][1:])]
    yield Listing(say("Why"), heads, [*causes, total])
    shown = {CO2E: say("Emissions by project, t CO2e"), COST: say("Cost by project, 1,000 DKK")}
    for figure, title in shown.items():
        sums = _join([one.by("project")[figure] / 1000 for one in books])
        by_project = [[name_group(scenario, "project", one), *row] for one, *row in sums]
        yield Listing(title, [say("Project"), *titles], by_project)
    yield from _list_months(scenario, effect.books, reality)
    yield _list_lanes(scenario, [one for one in (effect.books, driven, new) if one is not None])
    rows = [[str(one.place or ""), str(one.message)] for one in reality.slips.mistakes]
    heads = [say("Where"), say("What is wrong")]
    yield Listing(say("Slips left out"), heads, rows, words=2, freeze=2)


def _list_months(scenario: Scenario, plan: Books, reality: Reality) -> Iterator[Listing]:
    """List emissions by month, and by month and project, of the plan of the rest where there is."""
    months = _measure_months(scenario, plan, reality)
    months = months.iloc[:, : 2 if reality.books is None else 3]
    sides = (say("Planned"), say("Driven"), say("New plan"))[: months.shape[1]]
    heads: list[Any] = [say("Month"), *(f"{one} [t CO2e]" for one in sides)]
    rows = [[str(one), *sums] for one, *sums in months.groupby(level="month").sum().itertuples()]
    yield Listing(say("Months"), heads, rows)
    rows = [
        [str(month), name_group(scenario, "project", project), *told]
        for (month, project), *told in months.itertuples()
    ]
    heads = [heads[0], say("Project"), *heads[1:]]
    yield Listing(say("Months and projects"), heads, rows, words=2, most=0, freeze=2)


def _list_lanes(scenario: Scenario, books: Sequence[Books]) -> Listing:
    """List what goes from whom to whom, a column of tonnes for each of the books. [t]"""
    lines = (one.lines.query("kind == 'moves'") for one in books)
    rows = [
        [*map(scenario.site_name, ends), name_group(scenario, "material", material), *tonnes]
        for (*ends, material), *tonnes in _join([it.groupby(_LANE)[TONNES].sum() for it in lines])
    ]
    heads = [*read_texts("heads of flows driven").values()][: 3 + len(books)]
    return Listing(say("Flows"), heads, rows, words=3, freeze=3)


def _join(each: Sequence[pd.Series]) -> Iterator[tuple[Any, ...]]:
    return pd.concat([*each], axis=1).fillna(0.0).sort_index().itertuples(name=None)


def _measure_months(scenario: Scenario, plan: Books, reality: Reality) -> pd.DataFrame:
    """Give emissions by `month` and project: planned, driven, and planned now. [t CO2e]

    What was driven falls to the days of its slips; plans go evenly over the days of their periods,
    the new one over those that are left. Sites that are opened belong to no month.
    """
    each = scenario.periods.values()
    spans = {one.id: pd.Series(pd.period_range(one.start, one.end, freq="D")) for one in each}
    days = pd.concat(spans, names=["period"]).rename("day").reset_index(level="period")
    left = days[days["day"] > pd.Period(reality.driven.until, "D")]
    driven, rest = _divide_by_slips(reality), reality.rest
    new = driven if rest is None else driven.add(_spread(rest, left), fill_value=0.0)
    sides = (one.rename_axis("project") for one in (_spread(plan, days), driven, new))
    months = [one.rename_axis("month", axis=1).stack() for one in sides]
    return pd.concat(months, axis=1).fillna(0.0).swaplevel().sort_index() / 1000


def _spread(books: Books, days: pd.DataFrame) -> pd.DataFrame:
    """Spread emissions of each period over days of it, by project and month. [kg CO2e]"""
    month = pd.PeriodIndex(days["day"], freq="M")
    share, lines = pd.crosstab(days["period"], month, normalize="index"), books.lines
    parts = {one: Books(books.scenario, lines[lines["period"] == one]) for one in share.index}
    each = {one: part.by("project")[CO2E] for one, part in parts.items()}
    return pd.DataFrame(each).fillna(0.0) @ share


def _divide_by_slips(reality: Reality) -> pd.DataFrame:
    """Divide what was driven by project and month: lines by slips, plants by all. [kg CO2e]"""
    books, slips, shares = reality.driven.books, reality.driven.slips, list[pd.DataFrame]()
    month = pd.PeriodIndex(slips["day"], freq="D").asfreq("M")
    for keys in ([*_LANE, "period"], ["period"]):
        tonnes = slips.groupby([*keys, month])["tonnes"].sum().unstack(fill_value=0)
        share = tonnes.div(tonnes.sum(axis=1), axis=0)
        of_lines = books.lines[keys].merge(share, "left", left_on=keys, right_index=True)
        shares.append(of_lines[share.columns].fillna(0.0))
    share = shares[0].where(books.lines["kind"] == "moves", shares[1])
    return pd.DataFrame({one: books.times(part).by("project")[CO2E] for one, part in share.items()})
