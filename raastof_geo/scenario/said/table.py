"""A table that sites are read from."""

from pathlib import Path

from pydantic import Field

from raastof_geo.scenario.said.part import Part


class Table(Part):
    """A sheet, a layer or a text with separators, in which each row says something of a site."""

    file: Path
    """By its name from the scenario's folder on: CSV, XLSX, GeoPackage, GeoJSON, GeoParquet,
    Shapefile or FlatGeobuf."""
    sheet: str | None = None
    """Its sheet or layer; none: those that are called as tables are, else the first."""
    columns: dict[str, str] = Field(default_factory=dict)
    """The headings that stand above keys, where they are others; then no other column is read."""
    crs: str | None = None
    """The system of its coordinates, where it names none, such as `EPSG:25832`."""
