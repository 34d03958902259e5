"""What crosses the border of the region: stated amounts, which nothing is solved for."""

from typing import Literal

from pydantic import Field, field_validator

from raastof_geo.scenario.said.amount import Amount, refuse_volume
from raastof_geo.scenario.said.part import MaterialId, Part, UseId
from raastof_geo.units import Quantity


class Crossing(Part):
    """A material that comes into the region, or leaves it, for a use there or here.

    What comes in is needed here beside the needs of the sites, and met by itself; what leaves is in
    the needs of the sites where these follow from what is dug, and is taken out of them.
    """

    direction: Literal["import", "export"]
    material: MaterialId
    use: UseId | None = None
    """What it is used for, which says its reference tonnes; none: a tonne is one."""
    amount_per_period: Amount
    """In tonnes, in each period of the scenario."""
    source: str = Field(min_length=1)

    @field_validator("amount_per_period")
    @classmethod
    def _is_in_tonnes(cls, amount: Quantity) -> Quantity:
        if amount.unit != "t":
            raise refuse_volume("amount_per_period")
        return amount

    @property
    def tonnes(self) -> float:
        """What comes in each period; below zero what leaves. [t]"""
        return self.amount_per_period.value * (1 if self.direction == "import" else -1)
