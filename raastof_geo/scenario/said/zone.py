"""An area in which soil needs one condition more, such as one of drinking water."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from raastof_geo.errors import InputError
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

    @model_validator(mode="after")
    def _lies_somewhere(self) -> Self:
        if self.file is None and not self.sites:
            raise InputError.saying(
                "a zone needs `file` with its polygons, or `sites` that lie in it"
            )
        return self

    @property
    def ruling(self) -> SoilMove:
        """The rule that it is; its source is the file."""
        source = self.file.name if self.file else "zones"
        return SoilMove(
            verdict="conditional", condition=self.needs_condition, rule=self.rule, citation=source
        )
