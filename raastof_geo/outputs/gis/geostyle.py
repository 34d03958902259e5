"""Styles that QGIS applies by itself: QML for each layer of the GeoPackage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from xml.etree import ElementTree as Xml

from raastof_geo.outputs.palette import BURDEN_CLASSES, ROLE_MARKS, as_rgba

_PLAIN = "145,155,165,255"


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
    return _document(_categorised("material", categories))


def style_sites(roles: Mapping[str, str]) -> str:
    """Style points by what they first are.

    Parameters
    ----------
    roles
        What each role is called; those that are not there get no style.

    Returns
    -------
    style
        QML, as QGIS keeps it in `layer_styles`.
    """
    categories = [
        (role, roles[role], _point(mark.in_gis, as_rgba(mark.colour)))
        for role, mark in ROLE_MARKS.items()
        if role in roles
    ]
    return _document(_categorised("role", categories))


def style_burden(name: str) -> str:
    """Style roads by trucks for each weekday; `name` says what is counted."""
    limits = [*(one.least for one in BURDEN_CLASSES), 1e9]
    ranges = [
        (
            low,
            high,
            f"{low:g} – {high:g} {name}",
            _line(as_rgba(one.gis_colour), width=f"{0.5 + 0.5 * number}"),
        )
        for number, (one, (low, high)) in enumerate(
            zip(BURDEN_CLASSES, pairwise(limits), strict=True)
        )
    ]
    return _document(_graduated("per_weekday", ranges))


def style_municipalities(name: str, limits: Sequence[float]) -> str:
    """Style areas by what they save.

    Parameters
    ----------
    limits
        Rising borders between classes. [t CO2e]
    """
    colours = (
        "178,24,43,160",
        "239,243,255,160",
        "189,215,231,160",
        "107,174,214,160",
        "33,113,181,160",
    )
    ranges = [
        (low, high, f"{low:g} – {high:g} {name}", _area(colour))
        for (low, high, colour) in zip(limits[:-1], limits[1:], colours, strict=False)
    ]
    return _document(_graduated("saved_t_co2e_wtw", ranges))


def _document(renderer: Xml.Element) -> str:
    root = Xml.Element("qgis", {"version": "3.34.0", "styleCategories": "Symbology"})
    root.append(renderer)
    Xml.SubElement(root, "blendMode").text = "0"
    Xml.SubElement(root, "featureBlendMode").text = "0"
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + Xml.tostring(root, encoding="unicode")


def _categorised(column: str, categories: Sequence[tuple[str, str, Xml.Element]]) -> Xml.Element:
    renderer = Xml.Element(
        "renderer-v2",
        {"type": "categorizedSymbol", "attr": column, "enableorderby": "0", "forceraster": "0"},
    )
    listed = Xml.SubElement(renderer, "categories")
    symbols = Xml.SubElement(renderer, "symbols")
    for number, (value, label, symbol) in enumerate(categories):
        Xml.SubElement(
            listed,
            "category",
            {
                "value": value,
                "label": label,
                "symbol": str(number),
                "render": "true",
                "type": "string",
            },
        )
        symbol.set("name", str(number))
        symbols.append(symbol)
    return renderer


def _graduated(column: str, ranges: Sequence[tuple[float, float, str, Xml.Element]]) -> Xml.Element:
    renderer = Xml.Element(
        "renderer-v2",
        {
            "type": "graduatedSymbol",
            "attr": column,
            "graduatedMethod": "GraduatedColor",
            "enableorderby": "0",
            "forceraster": "0",
        },
    )
    listed = Xml.SubElement(renderer, "ranges")
    symbols = Xml.SubElement(renderer, "symbols")
    for number, (low, high, label, symbol) in enumerate(ranges):
        Xml.SubElement(
            listed,
            "range",
            {
                "lower": f"{low:.6f}",
                "upper": f"{high:.6f}",
                "label": label,
                "symbol": str(number),
                "render": "true",
            },
        )
        symbol.set("name", str(number))
        symbols.append(symbol)
    return renderer


def _symbol(kind: str) -> Xml.Element:
    return Xml.Element("symbol", {"type": kind, "alpha": "1", "clip_to_extent": "1"})


def _layer(symbol: Xml.Element, kind: str, options: Mapping[str, str]) -> Xml.Element:
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
        {
            "line_color": colour,
            "line_width": width if number else "0.6",
            "line_width_unit": "MM",
            "capstyle": "flat",
            "joinstyle": "round",
        },
    )
    if not number:
        _bind(layer, "outlineWidth", width)
    if arrows:
        marks = _layer(
            symbol,
            "MarkerLine",
            {"placements": "CentralPoint", "rotate": "1", "offset_along_line": "0"},
        )
        marker = _symbol("marker")
        marker.set("name", "@0@1")
        _layer(
            marker,
            "SimpleMarker",
            {
                "name": "filled_arrowhead",
                "color": colour,
                "outline_color": "255,255,255,255",
                "outline_width": "0.2",
                "size": "3.4",
                "size_unit": "MM",
            },
        )
        marks.append(marker)
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


def _point(shape: str, colour: str) -> Xml.Element:
    symbol = _symbol("marker")
    _layer(
        symbol,
        "SimpleMarker",
        {
            "name": shape,
            "color": colour,
            "outline_color": "255,255,255,255",
            "outline_width": "0.3",
            "size": "4",
            "size_unit": "MM",
        },
    )
    return symbol


def _area(colour: str) -> Xml.Element:
    symbol = _symbol("fill")
    _layer(
        symbol,
        "SimpleFill",
        {"color": colour, "outline_color": _PLAIN, "outline_width": "0.26", "style": "solid"},
    )
    return symbol
