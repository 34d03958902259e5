"""A number never travels without its unit and its source."""

import datetime
import math
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias
import numpy as np
import pydantic
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from raastof_geo.errors import InputError
from raastof_geo.evidence import Evidence, Trust

STATED_IN_SCENARIO = "scenario"

LARGEST_FIGURE = 1e6
"""No price, fee, factor, size or speed of the trade comes near: the dearest in the catalogue are
below 2,000, in whichever unit. With the largest amount it can still be counted exactly enough."""
LEAST_FIGURE = 1e-9
"""The least figure above 0 of those that may be 0."""
LEAST_POSITIVE = 1e-4
"""The least of those that things are divided by or that make something."""
LARGEST_SUM = 1e12
"""Of money, kilograms, kilometres or hours in all: far above what all of Denmark spends on it."""
DENSITIES = (0.01, 25.0)
"""From foam to more than the heaviest metal. [t/m3]"""
SPEEDS = (1.0, 300.0)
"""[km/h]"""
YEARS = (1900, 2200)
"""Of figures that change over the years."""


class Strict(BaseModel):
    """Frozen, finite, and without a key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @pydantic.model_validator(mode="after")
    def _hangs_together(self, info: ValidationInfo) -> Self:
        """Let every class that it is of `_check` what is said, those first that others rest on."""
        for kind in reversed(type(self).__mro__):
            if check := vars(kind).get("_check"):
                check(self, info)
        return self


End: TypeAlias = Literal["low", "high"]

_FORMERLY = {"true": "seen", "yes": "seen", "false": "judgement", "no": "judgement"}
"""What `verified` of older catalogues says: what nobody vouched for is judgement, cited or not."""


class Sourced(Strict):
    """What every figure of the catalogue carries beside its value."""

    unit: str = ""
    """The unit of the value."""
    source: str
    """Where the value was read: an id in the catalogue's list of sources, or a citation."""
    valid_from: datetime.date | None = None
    """The first day on which the value holds; none where it is timeless."""
    valid_to: datetime.date | None = None
    """The last day on which the value is said to hold; none where no end is known."""
    price_year: int | None = Field(default=None, ge=YEARS[0], le=YEARS[1])
    """The year of whose money a price is."""
    index: str = ""
    """The price index that carries it into another year's money."""
    indexed: bool = False
    """Whether the value was carried into the money of `price_year` by an index."""
    evidence: Evidence
    """Whether somebody saw the value, and where."""
    range_source: str = ""
    """Where the range was read, if not where the value was; `judgement` where nobody read it."""
    no_range: str = ""
    """Why there is no range, where there is none."""
    note: str = ""
    """What a reader should know about it."""
    numbers: ClassVar[tuple[str, ...]]
    """The fields that hold what it is, in its unit."""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _read_verified(cls, given: Any) -> Any:
        """Read `verified` of older catalogues; beside `evidence` it is a key too many."""
        if isinstance(given, dict) and "verified" in given and "evidence" not in given:
            evidence = _FORMERLY.get(str(given["verified"]).lower())
            rest = {key: value for key, value in given.items() if key != "verified"}
            return {**rest, "evidence": evidence} if evidence else given
        return given

    def state(self, day: datetime.date | None) -> Trust:
        """Judge the value on a day. Returns its evidence, or `expired` where it holds no longer."""
        over = day is not None and self.valid_to is not None and self.valid_to < day
        return "expired" if over else self.evidence

    def at(self, end: End) -> Self | None:
        """Give the same figure at the low or high end of its range; none where it has no such."""
        factor: float | None = getattr(self, f"{end}_factor")
        return None if factor is None else self.times(factor)

    def times(self, factor: float) -> Self:
        """Multiply each of its numbers. Returns a copy; what is not known stays so."""
        known = {name: getattr(self, name) for name in self.numbers}
        return self.model_copy(update={name: _scale(one, factor) for name, one in known.items()})


class Figure(Sourced):
    """One number."""

    numbers = ("low", "value", "high")
    value: float
    low: float | None = None
    """The least that it may well be. [unit of the value]"""
    high: float | None = None
    """The most that it may well be. [unit of the value]"""

    def _check(self, info: ValidationInfo) -> None:
        _check_range(self.low, self.value, self.high)

    def __float__(self) -> float:
        return self.value

    def at(self, end: End) -> Self | None:
        """Give the same figure at the low or high end of its range; none where it has no such."""
        value = getattr(self, end)
        return None if value is None else self.model_copy(update={"value": value})


class Series(Sourced):
    """Several numbers, whose range is so many times each of them."""

    low_factor: float | None = Field(default=None, ge=0)
    """What they are multiplied by at the low end."""
    high_factor: float | None = Field(default=None, ge=0)
    """What they are multiplied by at the high end."""

    def _check(self, info: ValidationInfo) -> None:
        _check_range(self.low_factor, 1.0, self.high_factor)


def _check_range(low: float | None, value: float, high: float | None) -> None:
    if not (value if low is None else low) <= value <= (value if high is None else high):
        ends = {"low": low, "high": high}
        told = {end: "-" if one is None else f"{one:g}" for end, one in ends.items()}
        raise InputError.saying_text("figure checks", "range", value=f"{value:g}", **told)


def _scale(numbers: Any, factor: float) -> Any:
    if isinstance(numbers, dict):
        return {key: _scale(one, factor) for key, one in numbers.items()}
    if isinstance(numbers, tuple):
        return tuple(_scale(one, factor) for one in numbers)
    return None if numbers is None else numbers * factor


def value_of(figure: Figure | None) -> float:
    """Read a figure. Returns its value, 0 where none is stated."""
    return figure.value if figure is not None else 0.0


class YearlyFigure(Series):
    """A number that changes over the years; linear between the years given, flat outside them."""

    numbers = ("by_year",)
    by_year: dict[int, float] = Field(min_length=1)

    def in_year(self, year: float) -> float:
        """Find the value in a `year`. Returns one between those of the years that are given."""
        years = sorted(self.by_year)
        return float(np.interp(year, years, [self.by_year[known] for known in years]))

    def covers(self, year: int) -> bool:
        """Tell whether a year lies between the first and the last given."""
        return min(self.by_year) <= year <= max(self.by_year)


class EnergyCurve(Series):
    """What a truck uses per 100 km at each speed, empty and full."""

    numbers = ("empty", "full")
    speed_km_h: tuple[float, ...] = Field(min_length=1)
    empty: tuple[float, ...]
    full: tuple[float, ...]

    def _check(self, info: ValidationInfo) -> None:
        speeds, empty, full = map(len, (self.speed_km_h, self.empty, self.full))
        if not speeds == empty == full:
            told = {"speeds": speeds, "empty": empty, "full": full}
            raise InputError.saying_text("figure checks", "other lengths", **told)
        if list(self.speed_km_h) != sorted(set(self.speed_km_h)):
            raise InputError.saying("speed_km_h must rise from number to number")
        for speed in self.speed_km_h:
            _check(speed, 0, SPEEDS[1])
        for use in (*self.empty, *self.full):
            _check(use, LEAST_POSITIVE, LARGEST_FIGURE)


def _as_figure(given: Any) -> Any:
    """Take a bare number as one that the scenario's author answers for."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return {"value": given, "source": STATED_IN_SCENARIO, "evidence": "seen"}
    return given


def _as_yearly(given: Any) -> Any:
    """Take one value for one of every year."""
    if isinstance(given := _as_figure(given), dict) and "value" in given:
        rest = {key: said for key, said in given.items() if key not in ("value", "low", "high")}
        value, numbers = given["value"], (int, float)
        known = isinstance(value, numbers) and value
        said = [end for end in ("low", "high") if known and isinstance(given.get(end), numbers)]
        ends = {f"{end}_factor": given[end] / value for end in said}
        return {**rest, **ends, "by_year": {2000: value}}
    return given


def _check(value: float, least: float, most: float) -> float:
    """Refuse what no plan can be made with."""
    if least > 0 >= value:
        raise InputError.saying("must be above 0, got {value}", value=f"{value:g}")
    if value < 0:
        raise InputError.saying("must be at least 0, got {value}", value=f"{value:g}")
    if value < least or 0 < value < LEAST_FIGURE:
        bound = f"{least or LEAST_FIGURE:.9f}".rstrip("0").rstrip(".")
        raise InputError.saying_text("figure checks", "too small", least=bound, value=f"{value:g}")
    if value > most:
        raise InputError.saying("must be at most {most}, got {value}", most=most, value=value)
    return value


def _between(least: float, most: float) -> AfterValidator:
    def check(figure: Figure) -> Figure:
        for value in (figure.low, figure.value, figure.high):
            if value is not None:
                _check(value, least, most)
        return figure

    return AfterValidator(check)


def _check_years(figure: YearlyFigure) -> YearlyFigure:
    for year, value in figure.by_year.items():
        if not YEARS[0] <= year <= YEARS[1]:
            first, last = map(str, YEARS)
            raise InputError.saying_text("figure checks", "other years", first=first, last=last)
        _check(value, 0, LARGEST_FIGURE)
    return figure


Rate: TypeAlias = Annotated[
    float, AfterValidator(lambda given: math.copysign(_check(abs(given), 0, LARGEST_FIGURE), given))
]
"""A bare number for each tonne, which may be below 0 where the giver pays."""
Sum: TypeAlias = Annotated[float, AfterValidator(partial(_check, least=0, most=LARGEST_SUM))]
"""A bare number in all, at least 0."""
NonNegativeFigure = Annotated[Figure, BeforeValidator(_as_figure), _between(0, LARGEST_FIGURE)]
PositiveFigure = Annotated[
    Figure, BeforeValidator(_as_figure), _between(LEAST_POSITIVE, LARGEST_FIGURE)
]
Density = Annotated[Figure, BeforeValidator(_as_figure), _between(*DENSITIES)]
Speed = Annotated[Figure, BeforeValidator(_as_figure), _between(*SPEEDS)]
Yearly = Annotated[YearlyFigure, BeforeValidator(_as_yearly), AfterValidator(_check_years)]
