"""An area in which soil needs one condition more, such as one of drinking water."""

from __future__ import annotations

from pathlib import Path

import shapely
from pydantic import Field, PrivateAttr, model_validator

from raastof_geo.errors import InputError
from raastof_geo.language import say
from raastof_geo.scenario.catalogue import SoilMove
from raastof_geo.scenario.once import SetOf
from raastof_geo.scenario.said.part import ConditionId, Part, SiteId


class ZoneEntry(Part):
    """An area, and the condition under which soil may come to the needs in it."""

    file: Path | None = None
    """Polygons, GeoJSON or GeoPackage, by a name from the scenario's folder on."""
    sites: SetOf[SiteId] = ()
    """Sites that lie in it; those inside the polygons of `file` are added."""
    rule: str = Field(min_length=1, max_length=100)
    """Id of the rule, as `raastof why` and the outputs show it."""
    needs_condition: ConditionId
    soil_class: int = Field(default=0, ge=0, le=4)
    """The cleanest class of soil that needs the condition; worse soil needs it too."""

    _areas: list[shapely.Polygon] = PrivateAttr(default_factory=list)

    @property
    def areas(self) -> list[shapely.Polygon]:
        """The polygons of its file, once they are read. [EPSG:25832]"""
        return self._areas

    def with_areas(self, areas: list[shapely.Polygon], inside: list[str]) -> ZoneEntry:
        """Give the zone with its polygons, and the sites in them. [EPSG:25832]"""
        zone = self.model_copy(update={"sites": tuple(dict.fromkeys((*self.sites, *inside)))})
        zone._areas = areas
        return zone

    @model_validator(mode="after")
    def _lies_somewhere(self) -> ZoneEntry:
        if self.file is None and not self.sites:
            raise InputError(
                say("a zone needs `file` with its polygons, or `sites` that lie in it")
            )
        return self

    @property
    def ruling(self) -> SoilMove:
        """The rule that it is; its source is the file."""
        source = self.file.name if self.file else "zones"
        return SoilMove(
            verdict="conditional", condition=self.needs_condition, rule=self.rule, citation=source
        )
