"""What all parts of a scenario file share: strictness, windows of periods, amounts.

Amounts are weighed on reading, so that a mistake shows where it stands.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from raastof_geo.emissions.limit import TruckLimit
from raastof_geo.errors import InputError
from raastof_geo.figures.figure import Strict
from raastof_geo.language import say_text
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.fault import Fault, FaultError, MapOf
from raastof_geo.scenario.identity import ConditionId, known
from raastof_geo.scenario.period import Calendar
from raastof_geo.units import Quantity, read_quantity, read_share

Amount: TypeAlias = Annotated[Quantity, BeforeValidator(read_quantity)]
Fraction: TypeAlias = Annotated[float, BeforeValidator(read_share)]
DEFAULT = "default"
"""Every material that is not named."""


def _find_period(given: Any, info: ValidationInfo) -> str:
    calendar = _calendar(info)
    return str(given).lower() if calendar is None else calendar.find(given)


def _calendar(info: ValidationInfo) -> Calendar | None:
    return (info.context or {}).get("calendar")


PeriodId: TypeAlias = Annotated[str, BeforeValidator(_find_period)]


_ALONE: Any = str | int | float | Mapping | Strict
ONE_OR_SEVERAL = BeforeValidator(lambda given: [given] if isinstance(given, _ALONE) else given)
"""Before a list: an entry that stands alone is a list of one."""


class Part(
    Strict,
    coerce_numbers_to_str=True,
    populate_by_name=True,
    str_strip_whitespace=True,
    arbitrary_types_allowed=True,
    use_attribute_docstrings=True,
):
    """A part of a scenario."""


def may_be_bare(key: str, *kinds: type) -> Any:
    """Let a part that says one thing be written as the value of that key alone."""

    def write_out(given: Any) -> Any:
        return {key: given} if isinstance(given, kinds) else given

    return model_validator(mode="before")(write_out)


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

    def _check(self, info: ValidationInfo) -> None:
        calendar = _calendar(info)
        ids = list(calendar.ids) if calendar is not None else []
        if self.first in ids and self.last in ids and ids.index(self.first) > ids.index(self.last):
            told = say_text("said", "window", first=self.first, last=self.last)
            raise FaultError(Fault(told, ("to",)))

    def periods(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Give the periods of the window, in order."""
        start = ids.index(self.first) if self.first else 0
        stop = ids.index(self.last) + 1 if self.last else len(ids)
        return ids[start:stop]


def field_for_each(limits: Iterable[TruckLimit]) -> dict[str, tuple[Any, Any]]:
    """Give a field for each limit, none where it is not set."""
    return {limit.name: (float | None, Field(default=None, gt=0)) for limit in limits}


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
    amounts: Mapping[str, Quantity | None], materials: tuple[str, ...], info: ValidationInfo
) -> None:
    """Weigh amounts by key of several materials, or of all where none is named: in tonnes only."""
    for name, quantity in amounts.items():
        if quantity is not None:
            if quantity.unit != "t" and len(set(materials)) != 1:
                raise refuse_volume(name)
            for material in materials[:1]:
                weigh(quantity, material, info, at=name)


def refuse_volume(name: str) -> InputError:
    """Make the error for volumes or loads of what has no density of its own."""
    return InputError.saying_text("said", "several densities", name=name)


class Captured(Part):
    """The share of a material on offer that testing, rejection, delay and refusal leave."""

    value: Fraction
    low: Fraction | None = None
    high: Fraction | None = None
    source: str = ""
    note: str = ""

    _bare = may_be_bare("value", int, float, str)

    def _check(self, info: ValidationInfo) -> None:
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        if not low <= self.value <= high:
            three = {"low": f"{low:g}", "value": f"{self.value:g}", "high": f"{high:g}"}
            raise InputError.saying_text("said", "range", **three)


def _check_key(key: str, info: ValidationInfo) -> str:
    return key if key == DEFAULT else known("materials")(key, info)


Capture: TypeAlias = MapOf[Annotated[str, AfterValidator(_check_key)], Captured]
"""By material, and `default` for every other one."""
