"""What is agreed between two sites, and what would go between them without coordination."""

from typing import ClassVar, Literal, TypeAlias, get_args

from pydantic import Field, ValidationInfo

from raastof_geo.errors import InputError
from raastof_geo.scenario.fault import MapOf, SetOf
from raastof_geo.scenario.identity import MaterialId, SiteId, VehicleId
from raastof_geo.scenario.said.part import Amount, Fraction, Part, Window, weigh_over
from raastof_geo.scenario.said.target import ShareDefinition
from raastof_geo.units import Quantity


class _Leg(Window):
    """What goes between two sites."""

    giver: SiteId
    taker: SiteId
    material: MaterialId | None = None
    """The material that it is about; none: all together."""
    tonnes: Amount | None = None
    """Exactly this much goes."""
    note: str = ""

    @property
    def least(self) -> Quantity | None:
        """What goes at least; none: no amount is said, or nothing has to."""
        return self.amounts.get("tonnes") or self.amounts.get("at_least")

    @property
    def amounts(self) -> dict[str, Quantity]:
        """What is said of `tonnes`, `at_least` and `at_most`."""
        names = ("tonnes", "at_least", "at_most")
        return {one: amount for one in names if (amount := getattr(self, one, None)) is not None}

    def _check(self, info: ValidationInfo) -> None:
        weigh_over(self.amounts, (self.material,) if self.material else (), info)


class Agreement(_Leg):
    """What is already agreed, wanted or ruled out between two sites."""

    at_least: Amount | None = None
    """Forced: this much goes, or more."""
    at_most: Amount | None = None
    forbidden: bool = False

    @property
    def rules_out(self) -> bool:
        """Whether nothing may go, be it said so or by an amount of 0."""
        most = self.tonnes or self.at_most
        return self.forbidden or (most is not None and most.value == 0)

    def _check(self, info: ValidationInfo) -> None:
        if len(self.amounts) + self.forbidden != 1:
            raise InputError.saying("say one of `tonnes`, `at_least`, `at_most`, `forbidden: true`")


class NamedLeg(_Leg):
    """Where material goes without coordination, such as "all soil to Køge".

    Without `tonnes` what may go there goes there, or by other named legs, and nowhere else.
    """


Together: TypeAlias = Literal["site", "project", "client", "municipality"]
"""Who is one party without coordination."""
BaselineKind: TypeAlias = Literal["own_first", "alone", "today", "legs"]
"""What a world without coordination may do, see `assignment.alone`."""


class ReturnLoads(Part):
    """Coordination of trucks, so that they need not drive back empty."""

    share: Fraction
    """Share of the tonnes on each leg that may be carried by coordinated trucks."""
    within_party: ClassVar[bool] = False
    """Whether each party coordinates its own trucks only."""


class OwnReturnLoads(ReturnLoads):
    """The same without coordination: the trucks of one party know of each other, and no others."""

    within_party: ClassVar[bool] = True


class TodayChoice(Part):
    """How little of what is on offer is put to use today."""

    share: Fraction | None = None
    """Of all needs: as much of every counting material is used as this takes."""
    definition: ShareDefinition = "without_soil"
    """Which materials count in `share`."""
    used: MapOf[MaterialId, Fraction] = Field(default_factory=dict)
    """Of each material the share of what is on offer, where that is known."""
    source: str = ""


class BaselineChoice(Part):
    """What would happen without coordination, and what else the plan is compared with."""

    kind: BaselineKind = "own_first"
    """The baseline of the headline."""
    together: Together | None = None
    """Who is one party; none: the municipality where every project says one, else the project."""
    compare_with: SetOf[BaselineKind] | None = None
    """Those that stand beside it; none: `alone`, and `today` and `legs` where they are stated."""
    today: TodayChoice | None = None
    pits: SetOf[SiteId] | None = None
    """The only pits of the baseline; none: all."""
    receivers: SetOf[SiteId] | None = None
    """The only receivers of the baseline; none: all."""
    vehicles: SetOf[VehicleId] | None = None
    """The trucks of the baseline; none: those that `fleet` does not limit, if there are any."""
    return_loads: OwnReturnLoads | None = None
    """Within each party; none: every truck drives back empty."""
    legs: SetOf[NamedLeg] = ()
    """Where material goes, or how much of it is already planned to."""

    def _check(self, info: ValidationInfo) -> None:
        for kind in (self.kind, *(self.compare_with or ())):
            if not self._states(kind):
                raise InputError.saying("`{kind}` needs `baseline: {{{kind}: …}}`", kind=kind)

    def _states(self, kind: BaselineKind) -> bool:
        return bool({"today": self.today, "legs": self.legs}.get(kind, True))

    @property
    def kinds(self) -> tuple[BaselineKind, ...]:
        """The kinds that are solved, that of the headline first."""
        said = self.compare_with
        if said is None:
            said = tuple(filter(self._states, get_args(BaselineKind)))
        return (self.kind, *(kind for kind in said if kind != self.kind))
