"""What a plan is measured by and against, what it has to reach, and what crosses the border."""

from typing import Annotated, Any, Literal, TypeAlias, get_args
from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo
from raastof_geo.errors import InputError
from raastof_geo.figures import vocabulary
from raastof_geo.figures.figure import Sum
from raastof_geo.language import list_codes
from raastof_geo.scenario import identity
from raastof_geo.scenario.identity import SetOf
from raastof_geo.scenario.said import entry
from raastof_geo.scenario.said.entry import ONE_OR_SEVERAL, Fraction, Part, PeriodId, Tonnes
from raastof_geo.scenario.said.site import RoadsMeant


def find_measure(given: Any) -> vocabulary.Indicator:
    """Find what may be minimised and capped by its name. Returns it, or raises as any word."""
    return vocabulary.find_indicator(identity.check_word(given, [*vocabulary.choices()]))


Measure: TypeAlias = Annotated[
    vocabulary.Indicator, PlainValidator(find_measure), PlainSerializer(str)
]
"""What a plan can be measured by: a metric of the vocabulary that may be minimised and capped."""

ShareDefinition = Literal["with_clean_soil", "without_soil", "cut_in_virgin"]
DEFINITIONS: tuple[ShareDefinition, ...] = get_args(ShareDefinition)
Together: TypeAlias = Literal["site", "project", "client", "municipality"]
"""Who is one party without coordination."""
BaselineKind: TypeAlias = Literal["own_first", "alone", "today", "legs"]
"""What a world without coordination may do, see `assignment.alone`."""


def is_traded(kind: BaselineKind) -> bool:
    """Tell whether parties deal with each other there, as the market is."""
    return kind in ("own_first", "today")


class Objective(Part):
    """One step of the list of objectives."""

    minimise: Annotated[SetOf[Measure], ONE_OR_SEVERAL] = Field(min_length=1)
    """What is minimised: a measure, or several of one unit added up."""
    tolerance: Fraction = 0.0
    """How far later steps may worsen it, as a share."""

    _bare = entry.may_be_bare("minimise", str)

    def _check(self, info: ValidationInfo) -> None:
        aims = {measure: vocabulary.aim_of(measure) for measure in self.minimise}
        if len({one.unit if aim.adds else one for one, aim in aims.items()}) > 1:
            raise InputError.saying_text("said", "units", measures=list_codes(self.minimise))
        leaves = [leaf for measure in self.minimise for leaf in vocabulary.leaves_of(measure)]
        if len(leaves) > len(set(leaves)):
            raise InputError.saying_text("said", "holds")

    @property
    def name(self) -> str:
        """Returns the measures, joined by plus signs."""
        return "+".join(self.minimise)


class SecondaryShare(Part):
    """How much of the need has to be met by secondary materials."""

    at_least: Fraction
    definition: ShareDefinition = "with_clean_soil"
    """What counts: secondary materials and clean soil, secondary materials that are not soil,
    or everything that is not virgin (the cut in primary use against a baseline of pits)."""
    period: PeriodId | None = None
    """The period whose share is meant; none: all periods together."""
    municipality: identity.MunicipalityId | None = None
    """The municipality whose needs are meant; none: all of them."""
    goal: bool = False
    """Whether it is approached as far as it can be, and not required."""


class VirginToday(Part):
    """What is used of virgin material today: what a cut is measured against."""

    amount_per_period: Tonnes
    source: str = Field(min_length=1)


class Crossing(Part):
    """A material that comes into the region over its border, or leaves it.

    What comes in is needed here beside the needs of the sites, and met by itself; what leaves is in
    the needs of the sites where these follow from what is dug, and is taken out of them.
    """

    direction: Literal["import", "export"]
    material: identity.MaterialId
    use: identity.UseId | None = None
    """What it is used for, which says its reference tonnes; none: a tonne is one."""
    amount_per_period: Tonnes
    source: str = Field(min_length=1)

    @property
    def tonnes(self) -> float:
        """Returns what comes in each period; below zero what leaves. [t]"""
        return self.amount_per_period.value * (1 if self.direction == "import" else -1)


class Cap(Part):
    """The most that a plan may amount to by a measure."""

    measure: Measure
    at_most: Sum
    """In the measure's own unit."""
    period: PeriodId | None = None
    """The period that is limited; none: all together."""


class PassageLimit(RoadsMeant):
    """The most trucks, loaded and empty, that may pass a road or through a municipality."""

    municipality: identity.DrawnMunicipalityId | None = None
    at_most_per_period: Sum
    """Trips that use them, each way counted. [trips]"""

    def _check(self, info: ValidationInfo) -> None:
        where = (self.municipality, self.name, self.way, self.at, self.polygon)
        if sum(value is not None for value in where) != 1:
            raise InputError.saying_text("said", "passage")


class Fairness(Part):
    """No project may be worse off than alone."""

    measure: Measure = vocabulary.COST
    worse_by_at_most: Fraction = 0.0
    """Share by which a project may be worse off than alone."""


class Targets(Part):
    """What the plan has to reach, and what it may not exceed."""

    secondary_share: Annotated[SetOf[SecondaryShare], ONE_OR_SEVERAL] = ()
    """Shares that are required, or approached: one, or a list."""
    virgin_today: VirginToday | None = None
    at_most: SetOf[Cap] = ()
    passages: SetOf[PassageLimit] = ()
    fairness: Fairness | None = None

    @property
    def first_share(self) -> SecondaryShare | None:
        """Returns the share that is spoken of where only one can be; none: none is asked for."""
        return next(iter(self.secondary_share), None)
