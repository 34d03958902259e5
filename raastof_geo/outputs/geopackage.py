"""Write layers for QGIS, of a plan with styles and what each column means, or of a scenario."""

import csv
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from importlib import resources
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from raastof_geo import result as results
from raastof_geo.errors import OutputError
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import TRANSPORT_WTW
from raastof_geo.files import drafting
from raastof_geo.language import LANGUAGES, Language, format_number, in_currency, read_texts, say
from raastof_geo.outputs.palette import BURDEN_CLASSES, ROLE_MARKS, ZONE, colour_materials
from raastof_geo.outputs.template import read_asset, read_template
from raastof_geo.region.projection import DEGREES
from raastof_geo.result import Result, draw_flows, draw_municipalities, draw_zones, locate_sites
from raastof_geo.scenario.said.site import PLACED
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables.grid import SITES, text_of_cell
from raastof_geo.scenario.tables.source import lay_out

_UNSYNCHRONISED = {"OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "MEMORY"}
"""What is written is a draft, which need not survive a loss of power: half the time on a disk."""
_STYLE = (
    *("f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName"),
    *("styleQML", "styleSLD", "useAsDefault", "description", "owner", "ui", "update_time"),
)
"""Columns of the table of styles, as QGIS makes it; empty where nothing else is said."""
_DIGITS = {"kg CO2e": 1, "DKK": 2, "h": 2, "m": 1}
"""After the decimal point by unit, 3 in others: what is written is about as exact as it is known,
and still adds up."""
_AREA_COLOURS = (
    *("178,24,43,110", "255,255,255,90"),
    *("239,243,255,110", "189,215,231,110", "107,174,214,110", "33,113,181,110"),
)
"""Of areas that lose, that have no part in it, and that save more and more."""
_SHARES = (1 / 20, 1 / 5, 1 / 2)
"""Of the most that an area saves, where classes end."""
_NOTHING = 0.0005
"""Less is written as 0."""
_MUCH = 1e9
_FLOW = '"origin_name" || \' → \' || "destination_name"'
_TOLD = {
    "flows": ("material_name", "tonnes", "loads", "vehicle_name", "period", TRANSPORT_WTW.flow),
    "road_burden": ("road", "per_weekday", "per_weekday_before", "per_weekday_change"),
    "sites": ("name", "roles", "offered_tonnes", "needed_tonnes", "saved_t_co2e_wtw"),
    "municipalities": ("name", "saved_t_co2e_wtw", "saved_cost_dkk"),
    "zones": ("rule", "meaning", "sites"),
}
"""What is told of a thing that is pointed at, by the first words of its layer's name."""


def write_geopackage(result: Result, folder: Path) -> Path:
    """Write `plan.gpkg`: layers in metres of the region, `layer_styles` and `data_dictionary`.

    What a column means is told twice: in `data_dictionary`, a table that people open, and where
    the standard has it (`gpkg_data_columns`), for programmes. Equal results give equal bytes:
    GDAL is told a date, for it would write the moment.
    """
    path, language = folder / "plan.gpkg", result.scenario.said.language
    layers = draw_layers(result)
    known = explain_columns()  # one that is not described is a `KeyError`
    each = ((layer, table.columns.drop("geometry")) for layer, table in layers.items())
    told = [(layer, one, known[one]) for layer, columns in each for one in columns]
    rows = [(layer, one, in_currency(it.unit), it.danish, it.english) for layer, one, it in told]
    heads = ["layer", "column", "unit", "meaning_da", "meaning_en"]
    columns = [(layer, one, it.name(language), it.in_all) for layer, one, it in told]
    # Files say that they were made when the scenario begins, so that equal ones are equal.
    moment = f"{min(period.start for period in result.scenario.periods.values())}T00:00:00.000Z"
    drawn = draw_styles(result, layers)
    kept: dict[str, Any] = {"f_table_name": list(drawn), "styleQML": list(drawn.values())}
    kept |= {"f_geometry_column": "geom", "styleName": "raastof_geo", "useAsDefault": True}
    kept |= {"ui": None, "update_time": pd.Timestamp(moment)}
    styles = pd.DataFrame({**dict.fromkeys(_STYLE, ""), **kept})
    by_arrow = find_spec("pyarrow") is not None  # the same bytes, in less than half the time
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment, **_UNSYNCHRONISED})
    try:
        for name, layer in layers.items():
            # Older programmes warn of files of version 1.4, and its triggers are others.
            said = {"DESCRIPTION": read_texts("layers")[name].render(language)}
            said |= {"driver": "GPKG", "VERSION": "1.3"}
            layer.to_file(path, layer=name, engine="pyogrio", use_arrow=by_arrow, **said)
        meanings = pd.DataFrame(rows, columns=heads)
        pyogrio.write_dataframe(meanings, path, layer="data_dictionary", driver="GPKG")
        # The number of a style has the name that QGIS gives it.
        pyogrio.write_dataframe(styles, path, layer="layer_styles", driver="GPKG", FID="id")
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(["OGR_CURRENT_DATE", *_UNSYNCHRONISED]))
    # What columns mean as the standard has it: clause F.9 of OGC 12-128r17, Schema.
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(read_asset("columns.sql"))
        insert = "INSERT INTO gpkg_data_columns VALUES (?1, ?2, ?3, ?3, ?4, NULL, NULL)"
        base.executemany(insert, columns)
    return path


def write_geoparquet(result: Result, folder: Path) -> Path:
    """Write the same layers. Returns the folder; raises `OutputError` if pyarrow is missing."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise OutputError.saying_text("unwritten", "no pyarrow") from error
    into = folder / "geoparquet"
    into.mkdir()
    for name, layer in draw_layers(result).items():
        layer.to_parquet(into / f"{name}.parquet")
    return into


def draw_layers(result: Result) -> dict[str, gpd.GeoDataFrame]:
    """Draw layers, the lowest first. Returns them in metres of the region, rounded by unit."""
    before, plan = result.effect.baseline_flows, result.plan.flows
    zones = draw_zones(result.scenario).to_crs(result.network.region.crs)
    layers = {
        "municipalities": draw_municipalities(result), **({} if zones.empty else {"zones": zones}),
        **results.draw_burden(result), "flows_before": draw_flows(result, before),
        "flows_before_total": draw_flows(result, before, whole=True),
        "flows": draw_flows(result, plan), "flows_total": draw_flows(result, plan, whole=True),
        "sites": locate_sites(result),
    }  # fmt: skip
    meanings = explain_columns()
    return {
        name: layer.round({one: meanings[one].digits for one in layer.select_dtypes("float")})
        for name, layer in layers.items()
    }


class Meaning(NamedTuple):
    """What a column means."""

    unit: str
    danish: str
    english: str

    @property
    def digits(self) -> int:
        """How many are written after the decimal point."""
        return _DIGITS.get(self.unit, 3)

    def name(self, language: Language) -> str:
        """Name the column. Returns what people read over it, with its unit."""
        said = self.danish if language == "da" else self.english
        return f"{said} [{in_currency(self.unit)}]" if self.unit else said

    @property
    def in_all(self) -> str:
        """What people read over the column, in every language."""
        return " · ".join(map(self.name, LANGUAGES))


def explain_columns() -> dict[str, Meaning]:
    """Explain the columns of layers. Returns what they mean, by name."""
    # What is told of columns that are no figures stands in a table of its own.
    file = resources.files("raastof_geo") / "data" / "columns.csv"
    _, *told = csv.reader(file.read_text(encoding="utf-8").splitlines())
    known = {column: Meaning(*meaning) for column, *meaning in told}
    for layer in vocabulary.layered().values():
        for side, what in read_texts("shares of").items():
            da, en = map(what.render, LANGUAGES)
            known[f"{side}_{layer.column}"] = Meaning(
                *(layer.unit, f"{da}: {layer.danish}", f"{en}: {layer.english}")
            )
    return known


def draw_styles(result: Result, layers: Mapping[str, gpd.GeoDataFrame]) -> dict[str, str]:
    """Draw the looks of layers. Returns QML by their names.

    Flows have the colours of their materials and are as wide as their tonnes, with arrows; sites
    are what they first are, roads have classes by trucks for each weekday, municipalities by what
    they save [t CO2e], and zones by their rule.
    """
    sites = [
        {"value": role, "label": role.caption, "colour": _rgba(mark.colour), "marker": mark.in_gis}
        for role, mark in ROLE_MARKS.items()
    ]
    drawn = {
        "flows": _style_flows(result, layers),
        "road_burden": _style_burden(),
        "sites": {"shape": "marker", "column": "role", "classes": sites, "label": "name"},
        "municipalities": _style_areas(layers["municipalities"]),
    }
    if "zones" in layers:
        rules = layers["zones"]["rule"]
        zones = [{"value": one, "label": one, "colour": _rgba(ZONE, opacity=70)} for one in rules]
        drawn["zones"] = {"shape": "fill", "column": "rule", "classes": zones}
    meanings, template = explain_columns(), read_template("style.qml.j2")
    language, styles = result.scenario.said.language, {}
    for layer, table in layers.items():
        kind = next(one for one in drawn if layer.startswith(one))
        names = {one: meanings[one].name(language) for one in table if one != "geometry"}
        told = "".join(f'{names[one]}: <b>[% "{one}" %]</b><br>' for one in _TOLD[kind])
        defaults = {"most_t": None, "between": False, "label": None, "dated": "start" in table}
        preview = _FLOW if kind == "flows" else f'"{_TOLD[kind][0]}"'
        shown = template.render(defaults | drawn[kind], names=names, preview=preview, tip=told)
        styles[layer] = str(shown)
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
    spans = zip(BURDEN_CLASSES, pairwise(limits), strict=True)
    classes = [
        {"low": low, "high": high, "colour": _rgba(one.colour), "width_mm": rank / 2.5}
        for rank, (one, (low, high)) in enumerate(spans, 1)
    ]
    none = {"low": 0.0, "high": _NOTHING, "colour": "190,190,190,255", "width_mm": 0.2}
    told = _label([none, *classes], say("trucks each weekday"), say("only without coordination"))
    return {"shape": "line", "column": "per_weekday", "between": True, "classes": told}


def _style_areas(areas: gpd.GeoDataFrame) -> dict[str, Any]:
    """Colour areas that save, and those that lose; one without a part in it is not coloured."""
    saved_t = areas["saved_t_co2e_wtw"]
    # Limits are round numbers, for they are read.
    ends = [float(f"{float(saved_t.max()) * share:.1g}") for share in _SHARES]
    limits = [-_MUCH, -_NOTHING, _NOTHING, *(end for end in ends if end > _NOTHING), _MUCH]
    shown = [
        {"low": low, "high": high, "colour": colour}
        for (low, high), colour in zip(pairwise(limits), _AREA_COLOURS, strict=False)
        if high > 0 or saved_t.min() <= -_NOTHING
    ]
    told = _label(shown, say("t CO2e saved"), say("no part in the plan"))
    look = {"shape": "fill", "column": "saved_t_co2e_wtw", "label": "name"}
    return {**look, "between": True, "classes": told}


def _label(classes: list[dict[str, Any]], unit: object, none: object) -> list[dict[str, Any]]:
    """Say between what each class lies, as people read numbers."""
    return [{**one, "label": _span(one["low"], one["high"], unit, none)} for one in classes]


def _span(low: float, high: float, unit: object, none: object) -> str:
    each = ((one, f"{one:.10g}".partition(".")[2]) for one in (low, high))
    least, most = (format_number(one, digits=len(beyond)) for one, beyond in each)
    if high < 0:
        return str(say("emits more than without coordination"))
    if high <= _NOTHING:
        return str(none)
    if high >= _MUCH:
        return str(say("{least} and more {unit}", least=least, unit=unit))
    if low <= _NOTHING:
        return str(say("less than {most} {unit}", most=most, unit=unit))
    return f"{least}–{most} {unit}"


def _rgba(colour: str, *, opacity: int = 255) -> str:
    """Write `#rrggbb` as QGIS does: `r,g,b,a`, each from 0 to 255."""
    return ",".join(map(str, [*bytes.fromhex(colour[1:]), opacity]))


def write_scenario_layers(scenario: Scenario, path: Path) -> Path:
    """Write a scenario as layers and tables that reading takes for the same scenario.

    Sites lie where their points are moved to; a site with a shape keeps it as text, and has a point
    only where its entrance is named. What is there already and not the same is moved aside.
    """
    sites = scenario.sites.values()
    points = [None if one.place_key == "shape" else shapely.Point(one.lon_lat) for one in sites]
    with drafting(path) as draft:
        draft.unlink()
        for name, rows in lay_out(scenario, path.parent).items():
            frame = pd.DataFrame(rows)
            for column in frame:
                if any(isinstance(one, str) for one in frame[column]):  # one type in a column
                    filled = frame[column].notna()
                    frame[column] = frame[column].map(text_of_cell).where(filled, None)
            if name == SITES:
                kept = frame[[column for column in frame if column not in PLACED]]
                frame = gpd.GeoDataFrame(kept, geometry=points, crs=DEGREES)
            pyogrio.write_dataframe(frame, draft, layer=name, driver="GPKG")
    return path
