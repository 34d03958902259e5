"""A number never travels without its unit and its source."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from raastof_geo.errors import InputError
from raastof_geo.language import say

STATED_IN_SCENARIO = "scenario"


class Sourced(BaseModel):
    """What every figure of the catalogue carries beside its value."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    unit: str = ""
    """The unit of the value."""
    source: str
    """Where the value was read: an id in the catalogue's list of sources, or a citation."""
    valid_from: datetime.date | None = None
    """The first day on which the value holds; none where it is timeless."""
    verified: bool
    """Whether somebody saw the value in the source named."""
    note: str = ""
    """What a reader should know about it."""


class Figure(Sourced):
    """One number."""

    value: float

    def __float__(self) -> float:
        return self.value


class YearlyFigure(Sourced):
    """A number that changes over the years; linear between the years given, flat outside them."""

    by_year: dict[int, float] = Field(min_length=1)

    def in_year(self, year: float) -> float:
        """Give the value in `year`, which may have a fraction."""
        years = sorted(self.by_year)
        return float(np.interp(year, years, [self.by_year[known] for known in years]))


class EnergyCurve(Sourced):
    """What a truck uses per 100 km at each speed, empty and full."""

    speed_km_h: tuple[float, ...] = Field(min_length=1)
    empty: tuple[float, ...]
    full: tuple[float, ...]

    @model_validator(mode="after")
    def _columns_are_equally_long(self) -> EnergyCurve:
        if not len(self.speed_km_h) == len(self.empty) == len(self.full):
            raise InputError(
                say(
                    "speed_km_h, empty and full need equally many numbers, "
                    "got {speeds}, {empty} and {full}",
                    speeds=len(self.speed_km_h),
                    empty=len(self.empty),
                    full=len(self.full),
                )
            )
        if list(self.speed_km_h) != sorted(set(self.speed_km_h)):
            raise InputError(say("speed_km_h must rise from number to number"))
        if min(*self.empty, *self.full) <= 0:
            raise InputError(say("a truck's energy use must be above 0 at every speed"))
        return self


def _as_figure(given: Any) -> Any:
    """Take a bare number as one that the scenario's author answers for."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return {"value": given, "source": STATED_IN_SCENARIO, "verified": True}
    return given


def _as_yearly(given: Any) -> Any:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return {"by_year": {2000: given}, "source": STATED_IN_SCENARIO, "verified": True}
    if isinstance(given, dict) and "value" in given:
        rest = {key: value for key, value in given.items() if key != "value"}
        return {**rest, "by_year": {2000: given["value"]}}
    return given


def _at_least_zero(figure: Figure) -> Figure:
    if figure.value < 0:
        raise InputError(say("must be at least 0, got {value}", value=figure.value))
    return figure


def _above_zero(figure: Figure) -> Figure:
    if figure.value <= 0:
        raise InputError(say("must be above 0, got {value}", value=figure.value))
    return figure


NonNegativeFigure = Annotated[Figure, BeforeValidator(_as_figure), AfterValidator(_at_least_zero)]
PositiveFigure = Annotated[Figure, BeforeValidator(_as_figure), AfterValidator(_above_zero)]
Yearly = Annotated[YearlyFigure, BeforeValidator(_as_yearly)]
