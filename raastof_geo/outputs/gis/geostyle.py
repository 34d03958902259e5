"""Styles that QGIS applies by itself: QML for each layer of the GeoPackage."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import geopandas as gpd
import pandas as pd

from raastof_geo.language import say
from raastof_geo.outputs.palette import BURDEN_CLASSES, ROLE_MARKS, ZONE, colour_materials
from raastof_geo.outputs.template import read_template
from raastof_geo.result import Result

_SAVED_COLOURS = (
    *("178,24,43,160", "239,243,255,160", "189,215,231,160", "107,174,214,160", "33,113,181,160"),
)
"""Of areas that save nothing, and of those that save more and more."""


def draw_styles(result: Result, layers: Mapping[str, gpd.GeoDataFrame]) -> dict[str, str]:
    """Give QML for layers by their names.

    Flows have the colours of their materials and are as wide as their tonnes, with arrows; sites
    are what they first are, roads have classes by trucks for each weekday, municipalities by what
    they save [t CO2e], and zones by their rule.
    """
    catalogue, language = result.scenario.catalogue, result.scenario.said.language
    both = pd.concat([layers["flows"], layers["flows_before"]])
    materials = [
        {"value": name, "label": catalogue.materials[name].called(language), "colour": _rgba(one)}
        for name, one in colour_materials(both["material"], catalogue).items()
    ]
    flows = _render("line", "material", materials, most_t=max([1.0, *map(float, both["tonnes"])]))
    roles = [
        {"value": role, "label": mark.name, "colour": _rgba(mark.colour), "marker": mark.in_gis}
        for role, mark in ROLE_MARKS.items()
    ]
    limits = pairwise([*(one.least for one in BURDEN_CLASSES), 1e9])
    burden = [
        {"low": low, "high": high, "colour": _rgba(one.gis_colour), "width_mm": rank / 2}
        for rank, (one, (low, high)) in enumerate(zip(BURDEN_CLASSES, limits, strict=True), 1)
    ]
    saved_t = layers["municipalities"]["saved_t_co2e_wtw"]
    most, least = max(1.0, float(saved_t.max())), min(0.0, float(saved_t.min()))
    limits = pairwise((least - 1, 0.0, most / 20, most / 5, most / 2, most))
    saved = [
        {"low": low, "high": high, "colour": colour}
        for (low, high), colour in zip(limits, _SAVED_COLOURS, strict=True)
    ]
    styles = {
        "flows": flows,
        "flows_before": flows,
        "sites": _render("marker", "role", roles),
        "road_burden": _render("line", "per_weekday", burden, name=say("trucks each weekday")),
        "municipalities": _render("fill", "saved_t_co2e_wtw", saved, name=say("t CO2e saved")),
    }
    if "zones" in layers:
        colour, rules = _rgba(ZONE, opacity=70), layers["zones"]["rule"]
        zones = [{"value": rule, "label": rule, "colour": colour} for rule in rules]
        styles["zones"] = _render("fill", "rule", zones)
    return styles


def _render(shape: str, column: str, classes: list[dict[str, Any]], **more: Any) -> str:
    """Write a style of classes: by value, or between two numbers of what has a `name`."""
    said = {"name": None, "most_t": None, **more}
    template = read_template("gis/style.qml.j2")
    return str(template.render(shape=shape, column=column, classes=classes, **said))


def _rgba(colour: str, *, opacity: int = 255) -> str:
    """Write `#rrggbb` as QGIS does: `r,g,b,a`, each from 0 to 255."""
    return ",".join(map(str, [*bytes.fromhex(colour[1:]), opacity]))
