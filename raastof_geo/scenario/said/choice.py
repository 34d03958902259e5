"""How a plan is made: trucks, either-or decisions, solving, and how its effect is told."""

import datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from raastof_geo.emissions.vehicle import BY_DEFAULT
from raastof_geo.errors import InputError
from raastof_geo.figures.figure import Sum
from raastof_geo.scenario.fault import MapOf
from raastof_geo.scenario.identity import find_model
from raastof_geo.scenario.said.amount import Fraction, Tonnes
from raastof_geo.scenario.said.part import Part
from raastof_geo.scenario.said.target import Measure


class EmissionChoices(Part):
    """How a truck's energy follows from the road."""

    model: Annotated[str, AfterValidator(find_model)] = BY_DEFAULT
    """One of `MODELS` in `emissions/vehicle.py`."""


class FleetLimit(Part):
    """How much of a kind of truck there is."""

    number: Sum | None = None
    """Trucks, each with the catalogue's hours a year."""
    hours_per_period: Sum | None = None
    """Driving, loading and tipping, all trucks together. [h]"""
    km_per_period: Sum | None = None
    """Loaded and empty, all trucks together. [km]"""

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.number is None and self.hours_per_period is None and self.km_per_period is None:
            raise InputError.saying_text("said", "no limit")
        return self


class ReturnLoads(Part):
    """Coordination of trucks, so that they need not drive back empty."""

    share: Fraction
    """Share of the tonnes on each leg that may be carried by coordinated trucks."""
    within_party: ClassVar[bool] = False
    """Whether each party coordinates its own trucks only."""


class OwnReturnLoads(ReturnLoads):
    """The same without coordination: the trucks of one party know of each other, and no others."""

    within_party: ClassVar[bool] = True


class ReportHead(Part):
    """What stands at the head of a report."""

    author: str = Field(default="", max_length=10_000)
    client: str = Field(default="", max_length=10_000)
    version: str = Field(default="", max_length=10_000)
    date: datetime.date | None = None
    """None: the report says what it was made with."""
    template: Path | None = Field(default=None, exclude=True)
    """A Word file whose styles and page `report.docx` takes; plan.json does not say where."""


class Choices(Part):
    """Either-or decisions, which make the programme a mixed-integer one."""

    partners_at_most: int | None = Field(default=None, ge=1)
    """The most other sites that each site with offers or needs exchanges material with."""
    smallest_lot: Tonnes | None = None
    """The least that goes from one site to another of one material in a period, if any goes."""


class Solving(Part):
    """How long and how exactly the programme is solved."""

    solver: Literal["HiGHS"] | None = None
    """The one there is; files and folders of before name it."""
    time_limit_s: float | None = Field(default=None, gt=0)
    """After this long the best plan so far is taken, with its gap. [s]"""
    gap: Fraction = 0.0
    """With either-or decisions: stop when the plan is within this share of the bound."""


class Published(Part):
    """What others have published of the same case."""

    source: str = Field(min_length=1)
    saved: MapOf[Measure, Sum] = Field(min_length=1)
    """What it says is saved, by what a plan can be measured by, in the unit of that."""
    note: str = ""
    """What may be compared, and what may not."""


class EffectChoices(Part):
    """How the effect is divided and explained."""

    shared_legs: Literal["half", "giver", "taker"] = "half"
    """Whose a transport between two projects is: half each, or all of one of them."""
    causes: bool = True
    """Whether the effect is split by cause, which takes a solve for each cause."""
    shapley: bool | None = None
    """Whether savings are also divided by Shapley value, which takes a solve for each set of
    projects; none: where there are at most six projects."""
    published: Published | None = None
    """What is published of the same case, which every output then puts beside the plan's."""
