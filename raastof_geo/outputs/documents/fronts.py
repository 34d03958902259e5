"""Tell of fronts, plans nearly as good and proposed places, above what compares them."""

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from raastof_geo.assignment.front import MATCH, Front, measure_distance
from raastof_geo.effect.burden import Junction
from raastof_geo.figures.vocabulary import Indicator
from raastof_geo.language import Readable, format_number, read_texts, say
from raastof_geo.outputs.documents.charts import draw_front
from raastof_geo.outputs.documents.comparison import VARIANTS, Compared, PlanFigures
from raastof_geo.outputs.documents.document import Block, Paragraph, Picture, Table, write_numbers
from raastof_geo.outputs.documents.effects import name_group
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.headline import Told

_MOST_COMMON = 40
"""As many matches that all plans have are told, the largest first."""


def _read_axis(measure: Indicator) -> Told:
    """Read how people read a measure: emissions in tonnes, to a kilogram."""
    unit = str(measure.aim.unit) if measure.aim else measure.unit
    told = re.sub("^kg ", "t ", unit)
    return Told(measure.bare, told, *((1.0, 0) if told == unit else (1e-3, 3)))


def tell_front(front: Front, _: Sequence[Compared] = ()) -> Iterator[Block]:
    """Tell where the front runs, how it was found, and what a unit less costs along it."""
    texts, axes = read_texts("fronts"), [*map(_read_axis, front.measures)]
    points = [(one.first * axes[0].factor, one.second * axes[1].factor) for one in front.corners]
    key = "steps" if front.stepped else "corners" if front.complete else "some corners"
    yield Paragraph(texts[key].format(count=len(points)), lead=True)
    titles = axes[0].head, axes[1].head
    if len(points) > 1:
        names = [str(number) for number, _ in enumerate(points, 1)]
        drawn = draw_front(points, names, titles, joined=not front.stepped)
        yield Picture(drawn, texts["picture"], texts["picture"])
    # By the tonne, whichever of the two is the emission.
    turned = axes[0].factor > axes[1].factor
    of, per = reversed(axes) if turned else axes
    prices = [(1 / one if turned else one) * per.factor / of.factor for one in front.prices]
    told = [*(format_number(one, digits=1) for one in prices), "–"]
    heads = (say("Variant"), *titles, f"{per.unit}/{of.unit}")
    rows = zip(front.variants, front.corners, told, strict=True)
    table = [(id_, *map(Told.number, axes, corner), price) for id_, corner, price in rows]
    yield Table(say("The front"), heads, tuple(table), source=texts["price"])
    yield Paragraph(texts["paste"].format(file=VARIANTS))


def tell_alternatives(
    scenario: Scenario, within: float, cases: Sequence[Compared]
) -> Iterator[Block]:
    """Tell what plans near the best one cost, how far they lie apart, and what all of them have."""
    texts, share = read_texts("alternatives"), format_number(100 * within, digits=1)
    plans = {one.title: one.found for one in cases if one.found is not None}
    key = "found" if len(plans) > 1 else "none"
    yield Paragraph(texts[key].format(count=len(plans) - 1, share=share), lead=True)
    if len(plans) < 2:
        return
    matches, step = [*map(list_matches, plans.values())], scenario.said.objectives[0]
    values = [sum(one.amounts[name] for name in step.minimise) for one in plans.values()]
    axis, rows = _read_axis(step.minimise[0]), list[tuple[Readable, ...]]()
    for title, value, mine in zip(plans, values, matches, strict=True):
        over = 100 * (value - values[0]) / (abs(values[0]) or 1.0)
        far = (format_number(100 * measure_distance(mine, other)) for other in matches)
        rows.append((title, axis.number(value), format_number(over, digits=2), *far))
    heads: tuple[Readable, ...] = (
        say("Plan"),
        f"{' + '.join(one.bare for one in step.minimise)} [{axis.unit}]",
        say("Above the best [%]"),
        *plans,
    )
    yield Table(texts["apart"], heads, tuple(rows), source=texts["distance"])
    common = pd.concat(matches, axis=1, join="inner").min(axis=1)
    common = common.sort_index().sort_values(ascending=False, kind="stable")
    same = tuple(
        (*map(scenario.site_name, ends), name_group(scenario, "material", what), format_number(t))
        for *ends, what, t in common.head(_MOST_COMMON).reset_index().itertuples(index=False)
    )
    columns = tuple(read_texts("heads of common matches").values())
    yield Table(texts["in common"], columns, same, words=3, source=texts["common"])
    yield Paragraph(texts["paste"].format(file=VARIANTS))


def list_matches(plan: PlanFigures) -> pd.Series:
    """Give the tonnes of each match between two sites that is worth a load. [t]"""
    summed = plan.flows.groupby(level=MATCH, observed=True)[["tonnes", "loads"]].sum()
    return summed.loc[summed["loads"] >= 1.0, "tonnes"]


def tell_candidates(junctions: Sequence[Junction], cases: Sequence[Compared]) -> Iterator[Block]:
    """Tell which junctions were proposed, how much passes them, and what the plan uses there."""
    texts, found = read_texts("candidates"), cases[-1].found
    used = found.flows.groupby(level="destination")["tonnes"].sum() if found else pd.Series()
    rows = [
        (one.id, f"{one.lon:.6f}, {one.lat:.6f}", *write_numbers(one.trips, used.get(one.id, 0.0)))
        for one in junctions
    ]
    heads = (say("Place"), "lon, lat", say("Trucks that pass"), texts["comes"])
    yield Paragraph(texts["how"].format(count=len(rows)), lead=True)
    yield Table(texts["proposed"], heads, tuple(rows), words=2, source=texts["passes"])
    yield Paragraph(texts["paste"].format(file=VARIANTS))
