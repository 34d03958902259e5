"""How much of what is on offer can be put to use at all."""

from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, ValidationInfo, model_validator

from raastof_geo.errors import InputError
from raastof_geo.scenario.identity import known
from raastof_geo.scenario.once import MapOf
from raastof_geo.scenario.said.amount import Fraction
from raastof_geo.scenario.said.part import Part

DEFAULT = "default"
"""Every material that is not named."""


class Captured(Part):
    """The share of a material on offer that testing, rejection, delay and refusal leave."""

    value: Fraction
    low: Fraction | None = None
    high: Fraction | None = None
    source: str = ""
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _may_be_bare(cls, given: Any) -> Any:
        return {"value": given} if isinstance(given, int | float | str) else given

    @model_validator(mode="after")
    def _lies_between(self) -> Self:
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        if not low <= self.value <= high:
            raise InputError.saying(
                "`value` must lie between `low` and `high`, got {low}, {value}, {high}",
                low=f"{low:g}",
                value=f"{self.value:g}",
                high=f"{high:g}",
            )
        return self


def _check_key(key: str, info: ValidationInfo) -> str:
    return key if key == DEFAULT else known("materials")(key, info)


Capture: TypeAlias = MapOf[Annotated[str, AfterValidator(_check_key)], Captured]
"""By material, and `default` for every other one."""
