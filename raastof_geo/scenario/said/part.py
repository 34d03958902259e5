"""What all parts of a scenario file share: strictness, ids, windows of periods."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from raastof_geo.emissions.limit import TruckLimit
from raastof_geo.language import say_text
from raastof_geo.scenario.fault import Fault, FaultError
from raastof_geo.scenario.identity import known
from raastof_geo.scenario.period import Calendar


def _find_period(given: Any, info: ValidationInfo) -> str:
    calendar = _calendar(info)
    return str(given).lower() if calendar is None else calendar.find(given)


def _calendar(info: ValidationInfo) -> Calendar | None:
    return (info.context or {}).get("calendar")


MaterialId: TypeAlias = Annotated[str, AfterValidator(known("materials"))]
UseId: TypeAlias = Annotated[str, AfterValidator(known("uses"))]
RecipeId: TypeAlias = Annotated[str, AfterValidator(known("recipes"))]
ConditionId: TypeAlias = Annotated[str, AfterValidator(known("conditions"))]
MunicipalityId: TypeAlias = Annotated[str, AfterValidator(known("municipalities"))]
DrawnMunicipalityId: TypeAlias = Annotated[str, AfterValidator(known("drawn_municipalities"))]
LandId: TypeAlias = Annotated[str, AfterValidator(known("land"))]
VehicleId: TypeAlias = Annotated[str, AfterValidator(known("vehicles"))]
ReceiverKindId: TypeAlias = Annotated[str, AfterValidator(known("receiver_kinds"))]
SoilMappingId: TypeAlias = Annotated[str, AfterValidator(known("soil_mappings"))]
SiteId: TypeAlias = Annotated[str, AfterValidator(known("sites"))]
PeriodId: TypeAlias = Annotated[str, BeforeValidator(_find_period)]


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str | int | float | Mapping | BaseModel) else given


ONE_OR_SEVERAL = BeforeValidator(_listed)
"""Before a list: an entry that stands alone is a list of one."""


class Part(BaseModel):
    """A part of a scenario: frozen, and no key that is not known."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        coerce_numbers_to_str=True,
        populate_by_name=True,
        str_strip_whitespace=True,
        arbitrary_types_allowed=True,
        use_attribute_docstrings=True,
    )


class Consent(Part):
    """A condition that a need accepts: its id, or its id and what says so, such as a permit."""

    condition: ConditionId
    by: str = Field(default="", max_length=10_000)
    """Number and date of a permit, class of traffic, or whatever else shows that it is met."""

    @model_validator(mode="before")
    @classmethod
    def _write_out(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and len(given) == 1 and "condition" not in given:
            [(condition, by)] = given.items()
            return {"condition": condition, "by": "" if by is None else by}
        return {"condition": given} if isinstance(given, str) else given


class Window(Part):
    """From one period to another, both included."""

    first: PeriodId | None = Field(default=None, alias="from")
    """First period; none: the first of the scenario."""
    last: PeriodId | None = Field(default=None, alias="to")
    """Last period; none: the last of the scenario."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self, info: ValidationInfo) -> Self:
        calendar = _calendar(info)
        ids = list(calendar.ids) if calendar is not None else []
        if self.first in ids and self.last in ids and ids.index(self.first) > ids.index(self.last):
            told = say_text("said", "window", first=self.first, last=self.last)
            raise FaultError(Fault(told, ("to",)))
        return self

    def periods(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Give the periods of the window, in order."""
        start = ids.index(self.first) if self.first else 0
        stop = ids.index(self.last) + 1 if self.last else len(ids)
        return ids[start:stop]


def field_for_each(limits: Iterable[TruckLimit]) -> dict[str, tuple[Any, Any]]:
    """Give a field for each limit, none where it is not set."""
    return {limit.name: (float | None, Field(default=None, gt=0)) for limit in limits}
