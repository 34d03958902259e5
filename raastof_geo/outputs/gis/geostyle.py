"""Styles that QGIS applies by itself: QML for each layer of the GeoPackage."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count, pairwise
from typing import TypeAlias
from xml.etree import ElementTree as Xml

from raastof_geo.outputs.palette import BURDEN_CLASSES, ROLE_MARKS, ZONE, as_rgba

_PLAIN = "145,155,165,255"
_ZONE = as_rgba(ZONE).rpartition(",")[0] + ",70"
_SAVED_COLOURS = (
    *("178,24,43,160", "239,243,255,160", "189,215,231,160", "107,174,214,160", "33,113,181,160"),
)
"""Of areas that save nothing, and of those that save more and more."""


_Class: TypeAlias = tuple[Mapping[str, str], Mapping[str, str], Xml.Element]
"""What a class says before and after the number of its symbol, and the symbol."""


def style_flows(materials: Sequence[tuple[str, str, str]], most_t: float) -> str:
    """Style lines by material, as wide as their tonnes, with arrows.

    Parameters
    ----------
    materials
        Id, name and colour (`r,g,b,a`) of each.
    most_t
        The largest flow. [t]
    """
    width = f'0.3 + 3.7 * sqrt("tonnes" / {max(most_t, 1.0)!r})'
    categories = [
        (material, name, _line(colour, width=width, arrows=True))
        for material, name, colour in materials
    ]
    return _categorised("material", categories)


def style_sites() -> str:
    """Style points by what they first are."""
    categories = [
        (
            role,
            str(mark.name),
            _mark(mark.in_gis, as_rgba(mark.colour), border_mm="0.3", size_mm="4"),
        )
        for role, mark in ROLE_MARKS.items()
    ]
    return _categorised("role", categories)


def style_burden(name: str) -> str:
    """Style roads by trucks for each weekday; `name` says what is counted."""
    limits = pairwise([*(one.least for one in BURDEN_CLASSES), 1e9])
    ranges = [
        (low, high, f"{low:g} – {high:g} {name}", _line(as_rgba(one.gis_colour), width=f"{width}"))
        for one, (low, high), width in zip(BURDEN_CLASSES, limits, count(0.5, 0.5), strict=False)
    ]
    return _graduated("per_weekday", ranges)


def style_municipalities(name: str, limits: Sequence[float]) -> str:
    """Style areas by what they save.

    Parameters
    ----------
    limits
        Rising borders between classes. [t CO2e]
    """
    ranges = [
        (low, high, f"{low:g} – {high:g} {name}", _area(colour))
        for (low, high), colour in zip(pairwise(limits), _SAVED_COLOURS, strict=True)
    ]
    return _graduated("saved_t_co2e_wtw", ranges)


def style_zones(rules: Iterable[str]) -> str:
    """Style areas in which soil needs a condition, by their rule."""
    return _categorised("rule", [(rule, rule, _area(_ZONE)) for rule in rules])


def _categorised(column: str, categories: Iterable[tuple[str, str, Xml.Element]]) -> str:
    classes: list[_Class] = [
        ({"value": value, "label": label}, {"type": "string"}, symbol)
        for value, label, symbol in categories
    ]
    kind = {"type": "categorizedSymbol", "attr": column}
    return _render(kind, "categories", "category", classes)


def _graduated(column: str, ranges: Iterable[tuple[float, float, str, Xml.Element]]) -> str:
    classes: list[_Class] = [
        ({"lower": f"{low:.6f}", "upper": f"{high:.6f}", "label": label}, {}, symbol)
        for low, high, label, symbol in ranges
    ]
    kind = {"type": "graduatedSymbol", "attr": column, "graduatedMethod": "GraduatedColor"}
    return _render(kind, "ranges", "range", classes)


def _render(
    kind: Mapping[str, str], listed_as: str, class_as: str, classes: Iterable[_Class]
) -> str:
    """Write a style of classes, which stand beside their symbols by number."""
    root = Xml.Element("qgis", {"version": "3.34.0", "styleCategories": "Symbology"})
    renderer = Xml.SubElement(
        root, "renderer-v2", {**kind, "enableorderby": "0", "forceraster": "0"}
    )
    listed = Xml.SubElement(renderer, listed_as)
    symbols = Xml.SubElement(renderer, "symbols")
    for number, (before, after, symbol) in enumerate(classes):
        about = {**before, "symbol": str(number), "render": "true", **after}
        Xml.SubElement(listed, class_as, about)
        symbol.set("name", str(number))
        symbols.append(symbol)
    Xml.SubElement(root, "blendMode").text = "0"
    Xml.SubElement(root, "featureBlendMode").text = "0"
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + Xml.tostring(root, encoding="unicode")


def _symbol(kind: str) -> Xml.Element:
    return Xml.Element("symbol", {"type": kind, "alpha": "1", "clip_to_extent": "1"})


def _layer(symbol: Xml.Element, kind: str, **options: str) -> Xml.Element:
    layer = Xml.SubElement(
        symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"}
    )
    listed = Xml.SubElement(layer, "Option", {"type": "Map"})
    for name, value in options.items():
        Xml.SubElement(listed, "Option", {"name": name, "value": value, "type": "QString"})
    return layer


def _line(colour: str, *, width: str, arrows: bool = False) -> Xml.Element:
    """Draw a line; a width that is no number is an expression."""
    symbol = _symbol("line")
    number = width.replace(".", "", 1).isdigit()
    layer = _layer(
        symbol,
        "SimpleLine",
        line_color=colour,
        line_width=width if number else "0.6",
        line_width_unit="MM",
        capstyle="flat",
        joinstyle="round",
    )
    if not number:
        _bind(layer, "outlineWidth", width)
    if arrows:
        along = {"placements": "CentralPoint", "rotate": "1", "offset_along_line": "0"}
        marker = _mark("filled_arrowhead", colour, border_mm="0.2", size_mm="3.4")
        marker.set("name", "@0@1")
        _layer(symbol, "MarkerLine", **along).append(marker)
    return symbol


def _bind(layer: Xml.Element, name: str, expression: str) -> None:
    """Let an expression say a property of a layer of a symbol."""
    bound = Xml.SubElement(layer, "data_defined_properties")
    options = Xml.SubElement(bound, "Option", {"type": "Map"})
    Xml.SubElement(options, "Option", {"name": "name", "value": "", "type": "QString"})
    properties = Xml.SubElement(options, "Option", {"name": "properties", "type": "Map"})
    one = Xml.SubElement(properties, "Option", {"name": name, "type": "Map"})
    Xml.SubElement(one, "Option", {"name": "active", "value": "true", "type": "bool"})
    Xml.SubElement(one, "Option", {"name": "expression", "value": expression, "type": "QString"})
    Xml.SubElement(one, "Option", {"name": "type", "value": "3", "type": "int"})
    Xml.SubElement(options, "Option", {"name": "type", "value": "collection", "type": "QString"})


def _mark(shape: str, colour: str, *, border_mm: str, size_mm: str) -> Xml.Element:
    symbol = _symbol("marker")
    _layer(
        symbol,
        "SimpleMarker",
        name=shape,
        color=colour,
        outline_color="255,255,255,255",
        outline_width=border_mm,
        size=size_mm,
        size_unit="MM",
    )
    return symbol


def _area(colour: str) -> Xml.Element:
    symbol = _symbol("fill")
    look = {"color": colour, "outline_color": _PLAIN, "outline_width": "0.26", "style": "solid"}
    _layer(symbol, "SimpleFill", **look)
    return symbol
