"""Tell of fronts, plans nearly as good and proposed places, above what compares them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from raastof_geo.assignment.alternative import MATCH, measure_distance
from raastof_geo.assignment.front import Front
from raastof_geo.effect.junction import Junction
from raastof_geo.figures.vocabulary import Indicator
from raastof_geo.language import Readable, format_number, read_texts, say
from raastof_geo.outputs.documents.charts import draw_front
from raastof_geo.outputs.documents.comparison import VARIANTS, Compared, PlanFigures
from raastof_geo.outputs.documents.document import Block, Paragraph, Picture, Table
from raastof_geo.scenario.said.file import Variant
from raastof_geo.scenario.scenario import Scenario

_MOST_COMMON = 40
"""As many matches that all plans have are told, the largest first."""


class _Axis(NamedTuple):
    """How people read a measure: emissions in tonnes, to a kilogram."""

    title: str
    unit: str
    factor: float

    def write(self, value: float) -> str:
        """Write a value of the measure."""
        return format_number(value * self.factor, digits=3 if self.factor < 1 else 0)


def _read_axis(measure: Indicator) -> _Axis:
    unit = str(measure.aim.unit) if measure.aim else measure.unit
    told = re.sub("^kg ", "t ", unit)
    return _Axis(f"{measure.bare} [{told}]", told, 1.0 if told == unit else 1e-3)


def write_variants(variants: Mapping[str, Variant]) -> str:
    """Write variants as they are pasted into a scenario file, one a line; YAML reads JSON."""
    lines = ["variants:"] if variants else []
    for id_, one in variants.items():
        said = one.model_dump(mode="json", exclude_defaults=True)
        lines.append(f"  {id_}: {json.dumps(said, ensure_ascii=False)}")
    return "".join(f"{line}\n" for line in lines)


def tell_front(front: Front) -> Iterator[Block]:
    """Tell where the front runs, how it was found, and what a unit less costs along it."""
    texts, axes = read_texts("fronts"), [*map(_read_axis, front.measures)]
    points = [(one.first * axes[0].factor, one.second * axes[1].factor) for one in front.corners]
    key = "steps" if front.stepped else "corners" if front.complete else "some corners"
    yield Paragraph(texts[key].format(count=len(points)), lead=True)
    if len(points) > 1:
        names = [str(number) for number, _ in enumerate(points, 1)]
        titles = axes[0].title, axes[1].title
        drawn = draw_front(points, names, titles, joined=not front.stepped)
        yield Picture(drawn, texts["picture"], texts["picture"])
    # By the tonne, whichever of the two is the emission.
    turned = axes[0].factor > axes[1].factor
    of, per = reversed(axes) if turned else axes
    prices = [(1 / one if turned else one) * per.factor / of.factor for one in front.prices]
    told = [format_number(one, digits=1) for one in prices]
    heads = (say("Variant"), axes[0].title, axes[1].title, f"{per.unit}/{of.unit}")
    rows = zip(front.variants, front.corners, [*told, "–"], strict=True)
    table = [(id_, *map(_Axis.write, axes, corner), price) for id_, corner, price in rows]
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
        rows.append((title, axis.write(value), format_number(over, digits=2), *far))
    first, over_best = f"{step.name} [{axis.unit}]", say("Above the best [%]")
    heads: tuple[Readable, ...] = (say("Plan"), first, over_best, *plans)
    told = say("How far the plans lie apart [%]")
    yield Table(told, heads, tuple(rows), source=texts["distance"])
    known, language = scenario.catalogue.materials, scenario.said.language
    common = pd.concat(matches, axis=1, join="inner").min(axis=1).rename("tonnes")
    listed = common.sort_index().sort_values(ascending=False, kind="stable").reset_index()
    same = tuple(
        (*map(scenario.site_name, ends), known[what].called(language), format_number(tonnes))
        for *ends, what, tonnes in listed.head(_MOST_COMMON).to_numpy(object).tolist()
    )
    columns = (say("From"), say("To"), say("Material"), say("At least [t]"))
    told = say("What all plans have in common")
    yield Table(told, columns, same, words=3, source=texts["common"])
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
        (one.id, f"{one.lon:.6f}, {one.lat:.6f}", format_number(one.trips),
         format_number(float(used.get(one.id, 0.0))))
        for one in junctions
    ]  # fmt: skip
    heads = (
        say("Place"),
        "lon, lat",
        say("Trucks that pass"),
        say("Comes there in the new plan [t]"),
    )
    yield Paragraph(texts["how"].format(count=len(rows)), lead=True)
    yield Table(say("Proposed places"), heads, tuple(rows), words=2, source=texts["passes"])
    yield Paragraph(texts["paste"].format(file=VARIANTS))
