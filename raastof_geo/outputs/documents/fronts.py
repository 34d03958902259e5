"""Tell of the front of two measures and of plans nearly as good, above their comparison."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import pandas as pd

from raastof_geo.assignment.alternative import MATCH, measure_distance
from raastof_geo.assignment.front import Front
from raastof_geo.figures.vocabulary import Indicator
from raastof_geo.language import Readable, format_number, read_texts, say
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import draw_front
from raastof_geo.outputs.documents.comparison import Compared, PlanFigures
from raastof_geo.scenario.said.file import Variant
from raastof_geo.scenario.scenario import Scenario

VARIANTS = "variants.yaml"
_MOST_COMMON = 40
"""As many matches that all plans have are told, the largest first."""


class _Axis(NamedTuple):
    """How people read a measure."""

    unit: Readable
    title: Readable
    factor: float


def _read_axis(measure: Indicator) -> _Axis:
    aim = measure.aim
    unit = str(aim.unit) if aim else measure.unit
    by_tonne = unit.startswith("kg ")
    title = f"{measure.bare} [{unit.replace('kg ', 't ', 1) if by_tonne else unit}]"
    return _Axis(
        unit.replace("kg ", "t ", 1) if by_tonne else unit, title, 1e-3 if by_tonne else 1.0
    )


def _write(value: float, axis: _Axis) -> str:
    """Write an amount so that neighbours differ: tonnes to a kilogram."""
    return format_number(value, digits=3 if axis.factor < 1 else 0)


def write_variants(variants: Mapping[str, Variant]) -> str:
    """Write variants as they are pasted into a scenario file, one a line; YAML reads JSON."""
    said = (
        (id_, one.model_dump(mode="json", exclude_defaults=True)) for id_, one in variants.items()
    )
    lines = (f"  {id_}: {json.dumps(one, ensure_ascii=False)}" for id_, one in said)
    return "\n".join(["variants:", *lines, ""])


def tell_front(front: Front) -> Iterator[document.Block]:
    """Tell where the front runs, how it was found, and what a unit less costs along it."""
    texts, axes = read_texts("fronts"), [*map(_read_axis, front.measures)]
    first, second = axes
    points = [(one.first * first.factor, one.second * second.factor) for one in front.corners]
    ids = [*front.variants]
    names = [one.rpartition("-")[2] for one in ids]
    found = "steps" if front.stepped else "corners" if front.complete else "some corners"
    told = texts[found].format(count=len(points))
    yield document.Paragraph(told, lead=True)
    if len(points) > 1:
        drawn = draw_front(points, names, (first.title, second.title), joined=not front.stepped)
        yield document.Picture(drawn, texts["picture"], texts["picture"])
    of, per = (first, second) if second.factor < first.factor else (second, first)  # a tonne
    power = 1 if of is second else -1
    prices = [format_number(one**power * of.factor / per.factor, digits=1) for one in front.prices]
    heads = (say("Variant"), first.title, second.title, f"{of.unit}/{per.unit}")
    rows = [
        (id_, *map(_write, point, axes), price)
        for id_, point, price in zip(ids, points, [*prices, "–"], strict=True)
    ]
    yield document.Table(say("The front"), heads, tuple(rows), source=texts["price"])
    yield document.Paragraph(texts["paste"].format(file=VARIANTS))


def tell_alternatives(
    scenario: Scenario, cases: Sequence[Compared], within: float
) -> Iterator[document.Block]:
    """Tell what plans near the best one cost, how far they lie apart, and what all of them have."""
    texts, plans = read_texts("alternatives"), [one.found for one in cases if one.found is not None]
    titles = [one.title for one in cases if one.found is not None]
    share = format_number(100 * within, digits=1)
    key = "found" if len(plans) > 1 else "none"
    yield document.Paragraph(texts[key].format(count=len(plans) - 1, share=share), lead=True)
    if len(plans) < 2:
        return
    matches = [list_matches(one) for one in plans]
    step = scenario.said.objectives[0]
    values = [sum(one.amounts[name] for name in step.minimise) for one in plans]
    aim = _read_axis(step.minimise[0])
    apart = {ends: measure_distance(matches[ends[0]], matches[ends[1]])
             for ends in combinations(range(len(plans)), 2)}  # fmt: skip
    rows: list[tuple[Readable, ...]] = []
    for at, title in enumerate(titles):
        over = 100 * (values[at] / values[0] - 1) if values[0] else 0.0
        far = ("–" if at == other else format_number(100 * apart[min(at, other), max(at, other)])
               for other in range(len(plans)))  # fmt: skip
        told = _write(values[at] * aim.factor, aim)
        rows.append((title, told, format_number(over, digits=2), *far))
    heads: tuple[Readable, ...] = (
        say("Plan"),
        f"{step.name} [{aim.unit}]",
        say("Above the best [%]"),
        *titles,
    )
    yield document.Table(say("How far the plans lie apart [%]"), heads, tuple(rows),
                         source=texts["distance"])  # fmt: skip
    common = pd.concat(matches, axis=1, join="inner").min(axis=1)
    common = common.sort_index().sort_values(ascending=False, kind="stable").head(_MOST_COMMON)
    listed = common.rename("tonnes").reset_index().to_numpy(object).tolist()
    known, language = scenario.catalogue.materials, scenario.said.language
    same = tuple(
        (scenario.site_name(origin), scenario.site_name(destination),
         known[material].called(language), format_number(tonnes))
        for origin, destination, material, tonnes in listed
    )  # fmt: skip
    if same:
        columns = (say("From"), say("To"), say("Material"), say("At least [t]"))
        yield document.Table(say("What all plans have in common"), columns, same, words=3,
                             source=texts["common"])  # fmt: skip
    yield document.Paragraph(texts["paste"].format(file=VARIANTS))


def list_matches(plan: PlanFigures) -> pd.Series:
    """Give the tonnes of each match between two sites that is worth a load. [t]"""
    summed = plan.flows.groupby(level=MATCH, observed=True)[["tonnes", "loads"]].sum()
    return summed.loc[summed["loads"] >= 1.0, "tonnes"]
