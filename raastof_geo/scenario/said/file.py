"""A scenario as it stands in its file."""

from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from raastof_geo.errors import InputError
from raastof_geo.figures.figure import LARGEST_FIGURE, YEARS
from raastof_geo.figures.vocabulary import CO2E, COST, TONNE_KM, TRANSPORT_WTW
from raastof_geo.language import Language
from raastof_geo.scenario.fault import MapOf, SetOf, refuse_twice
from raastof_geo.scenario.identity import check_id
from raastof_geo.scenario.output import EVERY_OUTPUT, check_output
from raastof_geo.scenario.period import Period, check_order, read_period
from raastof_geo.scenario.said import choice
from raastof_geo.scenario.said.agreement import Agreement, BaselineChoice
from raastof_geo.scenario.said.amount import Capture
from raastof_geo.scenario.said.assumption import Assumption
from raastof_geo.scenario.said.network import NetworkChoice
from raastof_geo.scenario.said.part import ConditionId, Part, VehicleId
from raastof_geo.scenario.said.site import Site, ZoneEntry
from raastof_geo.scenario.said.target import Crossing, Objective, Targets
from raastof_geo.scenario.said.variant import Variant

NEWEST_FORMAT = 3
"""The form of scenario files that is written now; older ones are read with today's meaning."""
FORMAT_OF_NEEDS = 3
"""The first in which each need accepts conditions of its own, and land not said is the strictest.
"""


class ScenarioFile(Part):
    """A scenario as it stands in its file."""

    format: int = Field(default=1, ge=1, le=NEWEST_FORMAT)
    """The form of the file; none: the first, which had no number."""
    title: str = Field(min_length=1, max_length=10_000)
    description: str = ""
    language: Language = "da"
    periods: Annotated[
        tuple[Annotated[Period, BeforeValidator(read_period)], ...],
        Field(min_length=1),
        AfterValidator(check_order),
    ]
    network: NetworkChoice = NetworkChoice()
    vehicles: SetOf[VehicleId] = Field(
        default=("tipper_4_axle", "truck_trailer_7_axle"), min_length=1
    )
    """The trucks that may be used; each leg takes the best of them."""
    idle_min_per_load: float = Field(default=0.0, ge=0, le=600)
    """Time with the engine running at both ends of a trip, together. [min]"""
    emissions: choice.EmissionChoices = choice.EmissionChoices()
    accepted_conditions: SetOf[ConditionId] = ()
    """Conditions that the scenario accepts at every need; none that are a matter of each need."""
    zones: tuple[ZoneEntry, ...] = ()
    """Areas in which soil needs one condition more."""
    catalogue: Annotated[dict[str, Any], WithJsonSchema({"type": ["object", "string"]})] = Field(
        default_factory=dict
    )
    """Additions to the built-in catalogue, and replacements in it, or the name of their file."""
    sites: dict[Annotated[str, AfterValidator(check_id)], Site] = Field(min_length=1)
    border: SetOf[Crossing] = ()
    """What crosses the border of the region, stated and not solved for."""
    targets: Targets = Targets()
    objectives: Annotated[
        tuple[Objective, ...],
        Field(min_length=1),
        AfterValidator(partial(refuse_twice, by=lambda step: "+".join(sorted(step.minimise)))),
    ] = tuple(Objective(minimise=(one,)) for one in (TRANSPORT_WTW, CO2E, COST, TONNE_KM))
    """What is minimised, the most important first."""
    co2_price_dkk_per_t: float = Field(default=860.0, ge=0, le=LARGEST_FIGURE)
    """Price of a tonne of CO2e in `cost_with_co2_dkk`, the tax in the price of fuel included; as
    much as that tax (2026), appraisals use 300 to 1,500. [DKK/t CO2e]"""
    price_year: int | None = Field(default=None, ge=YEARS[0], le=YEARS[1])
    """In whose money prices are counted where the catalogue has their index; none: each in its
    own."""
    return_loads: choice.ReturnLoads | None = None
    """None: every truck drives back empty."""
    fleet: MapOf[VehicleId, choice.FleetLimit] = Field(default_factory=dict)
    """Limits by kind of truck; none: there are enough."""
    agreements: SetOf[Agreement] = ()
    capture: Capture = Field(default_factory=dict)
    """How much of what is on offer can be put to use; nothing said: all of it."""
    choices: choice.Choices = choice.Choices()
    solving: choice.Solving = choice.Solving()
    baseline: BaselineChoice = BaselineChoice()
    assumptions: dict[Annotated[str, AfterValidator(check_id)], Assumption] = Field(
        default_factory=dict
    )
    """Numbers that the scenario rests on, each with its range."""
    variants: dict[Annotated[str, AfterValidator(check_id)], Variant] = Field(default_factory=dict)
    """Other forms of the scenario, solved beside it when `raastof run --variants` asks for them."""
    effect: choice.EffectChoices = choice.EffectChoices()
    publish: Literal["everything", "own_flows"] = "own_flows"
    """What the page of a project tells of others: nothing but the coarse effect of the whole, or
    with `everything` the effect of each."""
    online_tiles: bool = False
    """Whether readers of the map may ask OpenStreetMap's server for a background."""
    report: choice.ReportHead = choice.ReportHead()
    outputs: SetOf[Annotated[str, PlainValidator(check_output)]] = EVERY_OUTPUT

    @model_validator(mode="after")
    def _read_by_the_catalogue(self, info: ValidationInfo) -> Self:
        """Refuse what nobody could check: ids hang on the catalogue, which only reading knows."""
        if info.context is None:
            raise InputError.saying_text("said", "by reading")
        return self
