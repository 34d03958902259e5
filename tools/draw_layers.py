"""Draw the layers of a GeoPackage in QGIS: `python tools/draw_layers.py PLAN.gpkg FOLDER`.

To be run with the Python that QGIS belongs to; on Debian `/usr/bin/python3`, after
`apt install python3-qgis`. Prints what QGIS makes of each layer, and draws the whole plan and a
town with the styles that QGIS finds in the file. Ends with 1 where it cannot read one of them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

THEMES = {
    "plan": ("sites", "flows_total", "municipalities"),
    "before": ("sites", "flows_before_total", "municipalities"),
    "roads": ("sites", "road_burden_total", "municipalities"),
    "areas": ("zones", "municipalities"),
}
TOWN_M = 4000


def load_qgis() -> Any:
    """Give QGIS's `core`; end where it is not there."""
    try:
        from qgis import core
    except ImportError:
        sys.exit("QGIS is not there: run this with the Python that QGIS belongs to")
    return core


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def read_layers(core: Any, path: Path) -> dict[str, Any]:
    """Read the layers that are drawn, each with the style that is its own."""
    whole = core.QgsVectorLayer(str(path), "whole", "ogr")
    told = whole.dataProvider().subLayers()
    layers = {}
    for name in [one.split(core.QgsDataProvider.SUBLAYER_SEPARATOR)[1] for one in told]:
        layer = core.QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
        if not layer.isSpatial():
            continue
        _, styled = layer.loadDefaultStyle()
        if not (layer.isValid() and styled):
            sys.exit(f"{name}: QGIS cannot read the layer or its style")
        fields, days = layer.fields(), layer.temporalProperties()
        classes = [item.label() for item in layer.renderer().legendSymbolItems()]
        named = sum(bool(field.alias()) for field in fields)
        say(f"{name}: {layer.featureCount()} features, {named} of {fields.count()} columns named")
        say(f"  days: {'yes' if days.isActive() else 'no'}; classes: {'; '.join(classes)}")
        layers[name] = layer
    return layers


def draw(core: Any, layers: list[Any], extent: Any, path: Path) -> None:
    """Draw layers, the first on top."""
    from qgis.PyQt.QtCore import QSize
    from qgis.PyQt.QtGui import QColor

    settings = core.QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(core.QgsCoordinateReferenceSystem("EPSG:25832"))
    settings.setExtent(extent)
    settings.setOutputSize(QSize(1400, 1100))
    settings.setBackgroundColor(QColor("white"))
    job = core.QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(str(path))
    say(f"{path} ({job.renderingTime()} ms)")


def main() -> int:
    """Draw every theme at two scales."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    core = load_qgis()
    path, folder = map(Path, sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    application = core.QgsApplication([], False)
    application.initQgis()
    layers = read_layers(core, path)
    whole = layers["sites"].extent()
    whole.grow(6000)
    centre = next(layers["sites"].getFeatures()).geometry().asPoint()
    town = core.QgsRectangle(
        *(centre.x() - TOWN_M, centre.y() - TOWN_M, centre.x() + TOWN_M, centre.y() + TOWN_M)
    )
    for theme, names in THEMES.items():
        drawn = [layers[name] for name in names if name in layers]
        draw(core, drawn, whole, folder / f"{theme}.png")
        draw(core, drawn, town, folder / f"{theme}_town.png")
    layers.clear()
    return 0


if __name__ == "__main__":
    sys.exit(main())
