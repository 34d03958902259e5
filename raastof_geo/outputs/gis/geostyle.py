"""Styles that QGIS applies by itself: QML for each layer of the GeoPackage."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import geopandas as gpd
import pandas as pd

from raastof_geo.figures.vocabulary import TRANSPORT_WTW
from raastof_geo.language import format_number, say
from raastof_geo.outputs.gis.dictionary import explain_columns
from raastof_geo.outputs.palette import BURDEN_CLASSES, ROLE_MARKS, ZONE, colour_materials
from raastof_geo.outputs.template import read_template
from raastof_geo.result import Result

_LOST, _NONE = "178,24,43,110", "255,255,255,90"
_SAVED_COLOURS = ("239,243,255,110", "189,215,231,110", "107,174,214,110", "33,113,181,110")
"""Of areas that save more and more."""
_SHARES = (1 / 20, 1 / 5, 1 / 2)
"""Of the most that an area saves, where classes end."""
_NOTHING = 0.0005
"""Less is written as 0."""
_MUCH = 1e9
_FLOW = '"origin_name" || \' → \' || "destination_name"'
_TOLD = {
    "flows": (
        "material_name",
        "tonnes",
        "loads",
        "vehicle_name",
        "period",
        str(TRANSPORT_WTW.flow),
    ),
    "road_burden": ("road", "per_weekday", "per_weekday_before", "per_weekday_change"),
    "sites": ("name", "roles", "offered_tonnes", "needed_tonnes", "saved_t_co2e_wtw"),
    "municipalities": ("name", "saved_t_co2e_wtw", "saved_cost_dkk"),
    "zones": ("rule", "meaning", "sites"),
}
"""What is told of a thing that is pointed at, by the first words of its layer's name."""


def draw_styles(result: Result, layers: Mapping[str, gpd.GeoDataFrame]) -> dict[str, str]:
    """Give QML for layers by their names.

    Flows have the colours of their materials and are as wide as their tonnes, with arrows; sites
    are what they first are, roads have classes by trucks for each weekday, municipalities by what
    they save [t CO2e], and zones by their rule.
    """
    drawn = {
        "flows": _style_flows(result, layers),
        "road_burden": _style_burden(),
        "sites": _style_sites(),
        "municipalities": _style_areas(layers["municipalities"]),
    }
    if "zones" in layers:
        rules = layers["zones"]["rule"]
        zones = [{"value": one, "label": one, "colour": _rgba(ZONE, opacity=70)} for one in rules]
        drawn["zones"] = {"shape": "fill", "column": "rule", "classes": zones}
    meanings, template = explain_columns(), read_template("gis/style.qml.j2")
    language, styles = result.scenario.said.language, {}
    for layer, table in layers.items():
        kind = next(one for one in drawn if layer.startswith(one))
        names = {one: meanings[one].name(language) for one in table if one != "geometry"}
        told = "".join(f'{names[one]}: <b>[% "{one}" %]</b><br>' for one in _TOLD[kind])
        defaults = {"most_t": None, "between": False, "label": None, "dated": "start" in table}
        words = {"names": names, "preview": _FLOW if kind == "flows" else f'"{_TOLD[kind][0]}"'}
        styles[layer] = str(template.render(defaults | words | {"tip": told} | drawn[kind]))
    return styles


def _style_flows(result: Result, layers: Mapping[str, gpd.GeoDataFrame]) -> dict[str, Any]:
    """Colour by material; as wide as the tonnes beside those of the layer's largest."""
    catalogue, language = result.scenario.catalogue, result.scenario.said.language
    both = pd.concat([layers["flows_total"], layers["flows_before_total"]])
    classes = [
        {"value": name, "label": catalogue.materials[name].called(language), "colour": _rgba(one)}
        for name, one in colour_materials(both["material"], catalogue).items()
    ]
    most_t = max([1.0, *map(float, both["tonnes"])])
    return {"shape": "line", "column": "material", "classes": classes, "most_t": most_t}


def _style_burden() -> dict[str, Any]:
    """Colour and widen by trucks for each weekday."""
    limits = [*(one.least for one in BURDEN_CLASSES), _MUCH]
    classes = [
        {"low": low, "high": high, "colour": _rgba(one.colour), "width_mm": rank / 2.5}
        for rank, (one, (low, high)) in enumerate(
            zip(BURDEN_CLASSES, pairwise(limits), strict=True), 1
        )
    ]
    none = {"low": 0.0, "high": _NOTHING, "colour": "190,190,190,255", "width_mm": 0.2}
    return {
        "shape": "line",
        "column": "per_weekday",
        "between": True,
        "classes": _label(
            [none, *classes], say("trucks each weekday"), say("only without coordination")
        ),
    }


def _style_sites() -> dict[str, Any]:
    classes = [
        {"value": role, "label": role.caption, "colour": _rgba(mark.colour), "marker": mark.in_gis}
        for role, mark in ROLE_MARKS.items()
    ]
    return {"shape": "marker", "column": "role", "classes": classes, "label": "name"}


def _style_areas(areas: gpd.GeoDataFrame) -> dict[str, Any]:
    """Colour areas that save, and those that lose; one without a part in it is not coloured."""
    saved_t = areas["saved_t_co2e_wtw"]
    # Limits are round numbers, for they are read.
    ends = [float(f"{float(saved_t.max()) * share:.1g}") for share in _SHARES]
    limits = [_NOTHING, *(end for end in ends if end > _NOTHING), _MUCH]
    classes: list[dict[str, Any]] = [
        {"low": -_MUCH, "high": -_NOTHING, "colour": _LOST},
        {"low": -_NOTHING, "high": _NOTHING, "colour": _NONE},
        *(
            {"low": low, "high": high, "colour": colour}
            for (low, high), colour in zip(pairwise(limits), _SAVED_COLOURS, strict=False)
        ),
    ]
    shown = [one for one in classes if one["high"] > 0 or saved_t.min() <= -_NOTHING]
    return {
        "shape": "fill",
        "column": "saved_t_co2e_wtw",
        "between": True,
        "label": "name",
        "classes": _label(shown, say("t CO2e saved"), say("no part in the plan")),
    }


def _label(classes: list[dict[str, Any]], unit: object, none: object) -> list[dict[str, Any]]:
    """Say between what each class lies, as people read numbers."""
    return [{**one, "label": _span(one["low"], one["high"], unit, none)} for one in classes]


def _span(low: float, high: float, unit: object, none: object) -> str:
    least, most = map(_spell, (low, high))
    if high < 0:
        return str(say("emits more than without coordination"))
    if high <= _NOTHING:
        return str(none)
    if high >= _MUCH:
        return str(say("{least} and more {unit}", least=least, unit=unit))
    if low <= _NOTHING:
        return str(say("less than {most} {unit}", most=most, unit=unit))
    return f"{least}–{most} {unit}"


def _spell(limit: float) -> str:
    return format_number(limit, digits=len(f"{limit:.10g}".partition(".")[2]))


def _rgba(colour: str, *, opacity: int = 255) -> str:
    """Write `#rrggbb` as QGIS does: `r,g,b,a`, each from 0 to 255."""
    return ",".join(map(str, [*bytes.fromhex(colour[1:]), opacity]))
