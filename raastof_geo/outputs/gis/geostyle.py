"""Styles that QGIS applies by itself: QML for each layer of the GeoPackage."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from raastof_geo.outputs.palette import BURDEN_CLASSES, ROLE_MARKS, ZONE, as_rgba
from raastof_geo.outputs.template import read_template

_SAVED_COLOURS = (
    *("178,24,43,160", "239,243,255,160", "189,215,231,160", "107,174,214,160", "33,113,181,160"),
)
"""Of areas that save nothing, and of those that save more and more."""


def style_flows(materials: Sequence[tuple[str, str, str]], most_t: float) -> str:
    """Style lines by material, as wide as their tonnes, with arrows.

    Parameters
    ----------
    materials
        Id, name and colour (`r,g,b,a`) of each.
    most_t
        The largest flow. [t]
    """
    classes = [
        {"value": material, "label": name, "colour": colour, "width_mm": None}
        for material, name, colour in materials
    ]
    return _render("line", "material", classes, most_t=max(most_t, 1.0))


def style_sites() -> str:
    """Style points by what they first are."""
    classes = [
        {"value": role, "label": mark.name, "colour": as_rgba(mark.colour), "marker": mark.in_gis}
        for role, mark in ROLE_MARKS.items()
    ]
    return _render("marker", "role", classes)


def style_burden(name: str) -> str:
    """Style roads by trucks for each weekday; `name` says what is counted."""
    limits = pairwise([*(one.least for one in BURDEN_CLASSES), 1e9])
    classes = [
        {"low": low, "high": high, "colour": as_rgba(one.gis_colour), "width_mm": rank / 2}
        for rank, (one, (low, high)) in enumerate(zip(BURDEN_CLASSES, limits, strict=True), 1)
    ]
    return _render("line", "per_weekday", classes, graduated=True, name=name)


def style_municipalities(name: str, limits: Sequence[float]) -> str:
    """Style areas by what they save.

    Parameters
    ----------
    limits
        Rising borders between classes. [t CO2e]
    """
    classes = [
        {"low": low, "high": high, "colour": colour}
        for (low, high), colour in zip(pairwise(limits), _SAVED_COLOURS, strict=True)
    ]
    return _render("fill", "saved_t_co2e_wtw", classes, graduated=True, name=name)


def style_zones(rules: Iterable[str]) -> str:
    """Style areas in which soil needs a condition, by their rule."""
    colour = as_rgba(ZONE, opacity=70)
    classes = [{"value": rule, "label": rule, "colour": colour} for rule in rules]
    return _render("fill", "rule", classes)


def _render(shape: str, column: str, classes: list[dict[str, Any]], **more: Any) -> str:
    """Write a style of classes, which stand beside their symbols by number."""
    said = {"graduated": False, "most_t": None, **more}
    template = read_template("gis/style.qml.j2")
    return str(template.render(shape=shape, column=column, classes=classes, **said))
