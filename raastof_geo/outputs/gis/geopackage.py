"""Write the layers for QGIS: with styles that it applies by itself, and what each column means."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyogrio

from raastof_geo.errors import OutputError
from raastof_geo.outputs.gis.dictionary import build_dictionary
from raastof_geo.outputs.gis.geostyle import draw_styles
from raastof_geo.outputs.gis.layers import draw_layers
from raastof_geo.result import Result


def write_geopackage(result: Result, folder: Path) -> Path:
    """Write `plan.gpkg`: layers in EPSG:25832, `layer_styles` and `data_dictionary`.

    Returns
    -------
    path
        A file that equal results make equal, byte for byte: GDAL is told a date, for it would
        write the moment.
    """
    path = folder / "plan.gpkg"
    layers = draw_layers(result)
    columns = {name: [one for one in layer if one != "geometry"] for name, layer in layers.items()}
    meanings = build_dictionary(columns)
    # Files say that they were made when the scenario begins, so that equal ones are equal.
    moment = f"{min(period.start for period in result.scenario.periods.values())}T00:00:00Z"
    styles = _tabulate_styles(draw_styles(result, layers), moment)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment})
    try:
        for name, layer in layers.items():
            layer.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
        pyogrio.write_dataframe(meanings, path, layer="data_dictionary", driver="GPKG")
        # The number of a style has the name that QGIS gives it.
        pyogrio.write_dataframe(styles, path, layer="layer_styles", driver="GPKG", FID="id")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    return path


def write_geoparquet(result: Result, folder: Path) -> Path:
    """Write the same layers as GeoParquet into `geoparquet`, and return the folder.

    Raises
    ------
    OutputError
        pyarrow is not installed.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise OutputError.saying(
            "the output `geoparquet` needs pyarrow: pip install raastof_geo[parquet]"
        ) from error
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
