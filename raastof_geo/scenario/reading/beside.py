"""Read the files that a scenario names beside itself: polygons of zones, a template for Word."""

import re
import zipfile
from itertools import compress
from pathlib import Path

import numpy as np
import shapely

from raastof_geo.errors import InputError, refusing
from raastof_geo.region.layer import read_polygons
from raastof_geo.region.projection import project
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.said.file import ScenarioFile

BORDER_M = 1.0
"""A site this near a zone lies in it: coordinates are no better than that. [m]"""
_MOST_TEMPLATE_MB = 20
_KIND = "wordprocessingml.document.main+xml"
"""What Word calls a document without macros, which is no template of its own kind (`.dotx`)."""
_TYPES, _READ = "[Content_Types].xml", ("word/document.xml", "word/styles.xml", "_rels/.rels")
_PAGE = re.compile(rb"sectPr[^<]*>\s*</(\w+:)?body>")
"""The last section of a document, which says its page."""


def find_beside(home: Path, name: Path, *, anywhere: bool) -> Path:
    """Find a file that a scenario names, or raise an `InputError`: not there, or not to be read.

    A stranger's scenario makes us read no file elsewhere, unless it may name them `anywhere`.
    """
    file = (home / name).resolve()
    if not (anywhere or file.is_relative_to(home)):
        raise InputError.saying_text("files beside", "outside")
    if not file.is_file():
        raise InputError.saying_text("files beside", "none", file=f"`{file.name}`")
    return file


def find_in_zones(
    said: ScenarioFile, tree: Tree, home: Path, crs: str, *, anywhere: bool
) -> tuple[ScenarioFile, dict[int, shapely.MultiPolygon]]:
    """Add to each zone the sites in the polygons of its file or on their border.

    Also give those polygons by the number of the zone, in metres of `crs`. Files that cannot be
    used are findings of the tree.
    """
    zones, areas = list(said.zones), dict[int, shapely.MultiPolygon]()
    for number, zone in enumerate(said.zones):
        if zone.file is None:
            continue
        with tree.telling(("zones", number, "file")):
            file = find_beside(home, zone.file, anywhere=anywhere)
            drawn = shapely.make_valid(read_polygons(file).to_crs(crs).geometry.to_numpy())
            # What is made valid may be several polygons, or lines where it had no width.
            parts = [one for one in shapely.get_parts(shapely.union_all(drawn)) if one.area]
            if not parts:
                raise InputError.saying_text("files beside", "no polygons", file=f"`{file.name}`")
            areas[number] = shapely.MultiPolygon(parts)
            lon, lat = np.array([site.lon_lat for site in said.sites.values()]).T
            places = shapely.points(project(lon, lat, crs))
            near = np.asarray(shapely.dwithin(places, areas[number], BORDER_M))
            sites = dict.fromkeys((*zone.sites, *compress(said.sites, near)))
            zones[number] = zone.model_copy(update={"sites": tuple(sites)})
    return said.model_copy(update={"zones": tuple(zones)}), areas


def check_template(file: Path) -> None:
    """Look at the file of `report.template`, or raise an `InputError`: it is none."""
    told = {"file": f"`{file.name}`"}
    with refusing("files beside", "no word", **told), zipfile.ZipFile(file) as package:
        check_unpacked(package, _MOST_TEMPLATE_MB, **told)
        if _KIND not in package.read(_TYPES).decode("utf-8", "replace"):
            raise InputError.saying_text("files beside", "no word", **told)
        document, *_ = [package.read(part) for part in _READ]  # whole, or its sum is wrong
        if not _PAGE.search(document):
            raise InputError.saying_text("files beside", "no page", **told)


def check_unpacked(package: zipfile.ZipFile, most_mb: int, *, file: str) -> None:
    """Raise an `InputError` for a package that is much larger than it looks."""
    if sum(one.file_size for one in package.infolist()) > most_mb * 1_000_000:
        raise InputError.saying_text("files beside", "large", file=file, most=most_mb)
