"""Amounts as they are said, weighed on reading, so that a mistake shows where it stands.

And how much of what is on offer can be put to use at all.
"""

from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, model_validator

from raastof_geo.errors import InputError
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.fault import Fault, FaultError, MapOf
from raastof_geo.scenario.identity import known
from raastof_geo.scenario.said.part import Part
from raastof_geo.units import Quantity, read_quantity, read_share

Amount: TypeAlias = Annotated[Quantity, BeforeValidator(read_quantity)]

Fraction: TypeAlias = Annotated[float, BeforeValidator(read_share)]


def _in_tonnes(quantity: Quantity, info: ValidationInfo) -> Quantity:
    if quantity.unit != "t":
        raise refuse_volume(str(info.field_name))
    return quantity


Tonnes: TypeAlias = Annotated[Amount, AfterValidator(_in_tonnes)]
"""An amount that covers several materials, or is of no one's density."""


def catalogue_of(info: ValidationInfo) -> Catalogue | None:
    """Give the catalogue that a scenario is read with; none where it is read by itself."""
    return (info.context or {}).get("catalogue")


def weigh(quantity: Quantity, material: str, info: ValidationInfo, *, at: str) -> float:
    """Turn the quantity under a key into tonnes, so that a mistake is found while reading. [t]

    Zero where it cannot be known yet: without a catalogue in the context of `info`, or with a
    material that is not in it, about which something else is said.
    """
    catalogue = catalogue_of(info)
    if catalogue is None or material not in catalogue.materials:
        return quantity.value if quantity.unit == "t" else 0.0
    try:
        return catalogue.tonnes(quantity, material, (info.context or {}).get("vehicles", ()))
    except InputError as error:
        raise FaultError(*(Fault(one.message, (at,)) for one in error.findings)) from error


def weigh_over(
    name: str, quantity: Quantity, materials: tuple[str, ...], info: ValidationInfo
) -> None:
    """Weigh an amount of several materials, or of all where none is named: in tonnes only."""
    if quantity.unit != "t" and len(set(materials)) != 1:
        raise refuse_volume(name)
    for material in materials[:1]:
        weigh(quantity, material, info, at=name)


def refuse_volume(name: str) -> InputError:
    """Make the error for volumes or loads of what has no density of its own."""
    return InputError.saying_text("said", "several densities", name=name)


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
            three = {"low": f"{low:g}", "value": f"{self.value:g}", "high": f"{high:g}"}
            raise InputError.saying_text("said", "range", **three)
        return self


def _check_key(key: str, info: ValidationInfo) -> str:
    return key if key == DEFAULT else known("materials")(key, info)


Capture: TypeAlias = MapOf[Annotated[str, AfterValidator(_check_key)], Captured]
"""By material, and `default` for every other one."""
