"""Write the layers for QGIS: with styles that it applies by itself, and what each column means."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from raastof_geo.errors import OutputError
from raastof_geo.frames.layers import (
    draw_burden,
    draw_flows,
    draw_municipalities,
    draw_zones,
    locate_sites,
)
from raastof_geo.language import Language, read_texts
from raastof_geo.outputs.gis.dictionary import build_dictionary, explain_columns
from raastof_geo.outputs.gis.geostyle import draw_styles
from raastof_geo.outputs.template import read_asset
from raastof_geo.result import Result

_UNSYNCHRONISED = {"OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "MEMORY"}
"""What is written is a draft, which need not survive a loss of power: half the time on a disk."""


def write_geopackage(result: Result, folder: Path) -> Path:
    """Write `plan.gpkg`: layers in metres of the region, `layer_styles` and `data_dictionary`.

    What a column means is told twice: in `data_dictionary`, a table that people open, and where
    the standard has it (`gpkg_data_columns`), for programmes. Equal results give equal bytes:
    GDAL is told a date, for it would write the moment.
    """
    path, language = folder / "plan.gpkg", result.scenario.said.language
    layers = draw_layers(result)
    columns = {name: [one for one in layer if one != "geometry"] for name, layer in layers.items()}
    meanings = build_dictionary(columns)
    # Files say that they were made when the scenario begins, so that equal ones are equal.
    moment = f"{min(period.start for period in result.scenario.periods.values())}T00:00:00.000Z"
    styles = _tabulate_styles(draw_styles(result, layers), moment)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment, **_UNSYNCHRONISED})
    try:
        for name, layer in layers.items():
            # Older programmes warn of files of version 1.4, and its triggers are others.
            said = {"DESCRIPTION": read_texts("layers")[name].render(language), "VERSION": "1.3"}
            layer.to_file(path, layer=name, driver="GPKG", engine="pyogrio", **said)
        pyogrio.write_dataframe(meanings, path, layer="data_dictionary", driver="GPKG")
        # The number of a style has the name that QGIS gives it.
        pyogrio.write_dataframe(styles, path, layer="layer_styles", driver="GPKG", FID="id")
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(["OGR_CURRENT_DATE", *_UNSYNCHRONISED]))
    _name_columns(path, columns, language)
    return path


def _name_columns(path: Path, columns: Mapping[str, list[str]], language: Language) -> None:
    """Say what columns mean as the standard has it: clause F.9 of OGC 12-128r17, Schema."""
    known = explain_columns()
    rows = [
        (layer, column, known[column].name(language), known[column].in_all)
        for layer, names in columns.items()
        for column in names
    ]
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(read_asset("gis/columns.sql"))
        base.executemany(
            "INSERT INTO gpkg_data_columns VALUES (?1, ?2, ?3, ?3, ?4, NULL, NULL)", rows
        )


def write_geoparquet(result: Result, folder: Path) -> Path:
    """Write the same layers into the folder `geoparquet`; `OutputError` if pyarrow is missing."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise OutputError.saying_text("unwritten", "no pyarrow") from error
    into = folder / "geoparquet"
    into.mkdir()
    for name, layer in draw_layers(result).items():
        layer.to_parquet(into / f"{name}.parquet")
    return into


def _tabulate_styles(styles: Mapping[str, str], moment: str) -> pd.DataFrame:
    """Give `layer_styles` as QGIS makes it."""
    return pd.DataFrame(
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": list(styles),
            "f_geometry_column": "geom",
            "styleName": "raastof_geo",
            "styleQML": list(styles.values()),
            "styleSLD": "",
            "useAsDefault": True,
            "description": "",
            "owner": "",
            "ui": None,
            "update_time": pd.Timestamp(moment),
        }
    )


def draw_layers(result: Result) -> dict[str, gpd.GeoDataFrame]:
    """Give every layer by name, the lowest first, in the metres of the region.

    `zones` only where the scenario has some with polygons. Numbers have as many digits as
    `explain_columns` says of their unit.
    """
    before, plan = result.effect.baseline_flows, result.plan.flows
    zones = draw_zones(result.scenario).to_crs(result.network.region.crs)
    layers = {
        "municipalities": draw_municipalities(result),
        **({} if zones.empty else {"zones": zones}),
        **draw_burden(result),
        "flows_before": draw_flows(result, before),
        "flows_before_total": draw_flows(result, before, whole=True),
        "flows": draw_flows(result, plan),
        "flows_total": draw_flows(result, plan, whole=True),
        "sites": locate_sites(result),
    }
    meanings = explain_columns()
    return {
        name: layer.round({one: meanings[one].digits for one in layer.select_dtypes("float")})
        for name, layer in layers.items()
    }
