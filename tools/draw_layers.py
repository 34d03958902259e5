"""Draw the layers of a GeoPackage in QGIS: `python3 tools/draw_layers.py PLAN.gpkg FOLDER`.

To be run with the Python that QGIS belongs to; on Debian `/usr/bin/python3`, after
`apt install python3-qgis`. Prints what QGIS makes of each layer, and draws the whole plan and a
town with the styles that QGIS finds in the file. Ends with 1 where it cannot read one of them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

try:
    from qgis.core import (
        QgsApplication,
        QgsCoordinateReferenceSystem,
        QgsDataProvider,
        QgsMapRendererParallelJob,
        QgsMapSettings,
        QgsRectangle,
        QgsVectorLayer,
    )
    from qgis.PyQt.QtCore import QSize
    from qgis.PyQt.QtGui import QColor
except ImportError:
    sys.exit("QGIS is not there: run this with the Python that QGIS belongs to")

THEMES = {
    "plan": ("sites", "flows_total", "municipalities"),
    "before": ("sites", "flows_before_total", "municipalities"),
    "roads": ("sites", "road_burden_total", "municipalities"),
    "areas": ("zones", "municipalities"),
}
TOWN_M = 4000


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def read_layers(path: Path) -> dict[str, QgsVectorLayer]:
    """Read the layers that are drawn, each with the style that is its own."""
    whole = QgsVectorLayer(str(path), "whole", "ogr")
    told = whole.dataProvider().subLayers()
    layers = {}
    for name in [one.split(QgsDataProvider.SUBLAYER_SEPARATOR)[1] for one in told]:
        layer = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
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


def draw(layers: list[QgsVectorLayer], extent: QgsRectangle, path: Path) -> None:
    """Draw layers, the first on top."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:25832"))
    settings.setExtent(extent)
    settings.setOutputSize(QSize(1400, 1100))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(str(path))
    say(f"{path} ({job.renderingTime()} ms)")


def main() -> int:
    """Draw every theme at two scales."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    path, folder = map(Path, sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    application = QgsApplication([], False)
    application.initQgis()
    layers = read_layers(path)
    whole = layers["sites"].extent()
    whole.grow(6000)
    centre = next(layers["sites"].getFeatures()).geometry().asPoint()
    town = QgsRectangle(
        *(centre.x() - TOWN_M, centre.y() - TOWN_M, centre.x() + TOWN_M, centre.y() + TOWN_M)
    )
    for theme, names in THEMES.items():
        drawn = [layers[name] for name in names if name in layers]
        draw(drawn, whole, folder / f"{theme}.png")
        draw(drawn, town, folder / f"{theme}_town.png")
    layers.clear()
    return 0


if __name__ == "__main__":
    sys.exit(main())
