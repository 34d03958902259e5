"""Numbers that a scenario rests on, each with the range that it may lie in."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from raastof_geo.errors import raise_all
from raastof_geo.language import say
from raastof_geo.scenario.fault import Fault, FaultError, SetOf
from raastof_geo.scenario.said import part
from raastof_geo.units import read_share


def _read_level(given: Any) -> Any:
    return read_share(given) if _is_percent(given) else given


def _is_percent(given: Any) -> bool:
    return isinstance(given, str) and given.strip().endswith("%")


Level: TypeAlias = Annotated[float, BeforeValidator(_read_level)]
"""A number, or a share such as `15 %`."""


class Which(part.Part):
    """Of all amounts of a kind those that match everything said here; nothing said: all."""

    use: Annotated[SetOf[part.UseId] | None, part.ONE_OR_SEVERAL] = None
    material: Annotated[SetOf[part.MaterialId] | None, part.ONE_OR_SEVERAL] = None
    municipality: Annotated[SetOf[part.MunicipalityId] | None, part.ONE_OR_SEVERAL] = None
    project: Annotated[SetOf[str] | None, part.ONE_OR_SEVERAL] = None
    site: Annotated[SetOf[part.SiteId] | None, part.ONE_OR_SEVERAL] = None
    land: Annotated[SetOf[part.LandId] | None, part.ONE_OR_SEVERAL] = None


Whose: TypeAlias = Literal["needs", "offers", "pits", "receivers", "plants", "depots"]
PLACES: tuple[Whose, ...] = ("pits", "receivers", "plants", "depots")
"""Those whose amounts are what they can dig, take, make and keep."""
AmountFilter: TypeAlias = Annotated[dict[Whose, Which], Field(min_length=1)]
"""Whose amounts, and which of them: `{needs: {use: fill}}`."""


class Assumption(part.Part):
    """A number that the scenario rests on, the range it may lie in, and what hangs on it."""

    name: str = Field(default="", max_length=200)
    """What people call it; none: its key."""
    value: Level | None = None
    """What the scenario assumes; none: what stands at `set`."""
    low: Level
    high: Level
    unit: str = ""
    source: str = Field(min_length=1)
    """Where the range was read, or that it is a judgement."""
    scale: AmountFilter | None = None
    """The amounts that are multiplied by the new number ÷ `value`."""
    rest: AmountFilter | None = None
    """The amounts that take the difference, in equal parts of each, so that the sum stays."""
    set: str = ""
    """The path of the number itself, such as `catalogue.materials.lime.price`."""

    @model_validator(mode="before")
    @classmethod
    def _percent_is_a_unit(cls, given: Any) -> Any:
        if isinstance(given, dict) and "unit" not in given and _is_percent(given.get("low")):
            return {**given, "unit": "%"}
        return given

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        raise_all(FaultError, self._faults())
        return self

    def _faults(self) -> Iterator[Fault]:
        if bool(self.set) == (self.scale is not None):
            yield Fault(say("say one of `scale` (amounts) and `set` (a path)"))
        if self.rest is not None and self.scale is None:
            yield Fault(say("`rest` belongs to `scale`"), ("rest",), of_key=True)
        if self.scale is not None and (self.value is None or self.value <= 0):
            yield Fault(say("`scale` divides by `value`: say one above 0"), ("value",))
        if self.scale is not None and self.low < 0:
            yield Fault(say("an amount cannot be below 0: raise `low`"), ("low",))
        if self.low == self.high:
            yield _outside("low", self.low, "high", self.high)
        value = self.low if self.value is None else self.value
        steps = [("low", self.low), ("value", value), ("high", self.high)]
        yield from (
            _outside(*first, *second) for first, second in pairwise(steps) if first[1] > second[1]
        )


def _outside(less: str, first: float, more: str, second: float) -> Fault:
    told = say("`{less}` ({first}) must be below `{more}` ({second})")
    ends = {"less": less, "first": f"{first:g}", "more": more, "second": f"{second:g}"}
    return Fault(told.format(**ends), (less,))
