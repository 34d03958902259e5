"""What a row is about, as data: nobody has to take its label apart."""

from dataclasses import dataclass
from typing import Literal

from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Facility, Need, Offer


@dataclass(frozen=True)
class About:
    """What a row is about; as text it is the label that plans and proofs carry."""

    head: str
    """The label, without the period."""
    period: str = ""
    """The period, or the first one of a window that comes again; empty: all of them."""
    site: str = ""
    """A site, or a project."""
    role: Role | Literal[""] = ""
    """As what the site is meant."""
    material: str = ""
    vehicle: str = ""
    measure: str = ""
    """What the limit is measured by; empty: as the family says."""
    entry: int = -1
    """Its place in the list of the scenario, or in the table of columns, that it is made of."""

    def __str__(self) -> str:
        return f"{self.head}@{self.period}" if self.period else self.head


def about_entry(entry: Offer | Need) -> About:
    """Speak of a window of an offer or a need; `entry` is its place in the list of its site."""
    return About(
        entry.name,
        period=entry.periods[0] if entry.repeated else "",
        site=entry.site,
        role=entry.role,
        material=entry.material if isinstance(entry, Offer) else "",
        entry=entry.number - 1,
    )


def about_facility(facility: Facility, *, material: str = "", period: str = "") -> About:
    """Speak of a pit, a receiver, a plant, a depot or a stockpile."""
    head = f"{facility.id}/{material}" if material else facility.id
    return About(head, period, facility.site, facility.role, material)
