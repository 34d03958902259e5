"""What is agreed between two sites, and what would go between them without coordination."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import ValidationInfo, model_validator

from raastof_geo.errors import InputError
from raastof_geo.language import say
from raastof_geo.scenario.once import SetOf
from raastof_geo.scenario.said.amount import Amount, weigh_about
from raastof_geo.scenario.said.part import MaterialId, Part, SiteId, VehicleId, Window


class Agreement(Window):
    """What is already agreed, wanted or ruled out between two sites."""

    giver: SiteId
    taker: SiteId
    material: MaterialId | None = None
    """The material that it is about; none: all together."""
    tonnes: Amount | None = None
    """Locked: exactly this much goes."""
    at_least: Amount | None = None
    """Forced: this much goes, or more."""
    at_most: Amount | None = None
    forbidden: bool = False
    note: str = ""

    @property
    def rules_out(self) -> bool:
        """Whether nothing may go, be it said so or by an amount of 0."""
        most = self.tonnes or self.at_most
        return self.forbidden or (most is not None and most.value == 0)

    @model_validator(mode="after")
    def _says_one_thing(self, info: ValidationInfo) -> Agreement:
        amounts = {"tonnes": self.tonnes, "at_least": self.at_least, "at_most": self.at_most}
        said = {name: amount for name, amount in amounts.items() if amount is not None}
        if len(said) + self.forbidden != 1:
            raise InputError(say("say one of `tonnes`, `at_least`, `at_most`, `forbidden: true`"))
        for name, amount in said.items():
            weigh_about(amount, self.material, info, at=name)
        return self


class NamedLeg(Window):
    """Where material goes without coordination, such as "all soil to Køge"."""

    giver: SiteId
    taker: SiteId
    material: MaterialId | None = None
    """The material that it is about; none: all."""
    tonnes: Amount | None = None
    """As planned: exactly this much goes. None: what may go there goes there, or by other named
    legs, and nowhere else."""
    note: str = ""

    @model_validator(mode="after")
    def _weighs(self, info: ValidationInfo) -> NamedLeg:
        if self.tonnes is not None:
            weigh_about(self.tonnes, self.material, info, at="tonnes")
        return self


Together: TypeAlias = Literal["site", "project", "client", "municipality"]
"""Who is one party without coordination, from the smallest on."""
BaselineKind: TypeAlias = Literal["own_first", "alone", "today", "legs"]
"""What a world without coordination may do, see `assignment.alone`."""


class BaselineChoice(Part):
    """What would happen without coordination."""

    kind: BaselineKind = "own_first"
    """The baseline of the headline."""
    together: Together | None = None
    """Who is one party; none: the municipality where every project says one, else the project."""

    pits: SetOf[SiteId] | None = None
    """The only pits of the baseline; none: all."""
    receivers: SetOf[SiteId] | None = None
    """The only receivers of the baseline; none: all."""
    vehicles: SetOf[VehicleId] | None = None
    """The trucks of the baseline; none: those that `fleet` does not limit, if there are any."""
    legs: SetOf[NamedLeg] = ()
    """Where material goes, or how much of it is already planned to."""
