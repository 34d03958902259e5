"""A scenario as the stations use it: amounts in tonnes, windows as periods, rules looked up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.model import Capacity, ScenarioFile, Site
from raastof_geo.scenario.period import Period


@dataclass(frozen=True)
class Offer:
    """Tonnes of a secondary material, free in a window."""

    id: str
    site: str
    material: str
    tonnes: float
    must_leave: bool
    periods: tuple[str, ...]
    price_dkk_per_t: float


@dataclass(frozen=True)
class Need:
    """Reference tonnes for a use, due in a window."""

    id: str
    site: str
    use: str
    tonnes: float
    periods: tuple[str, ...]
    ratios: dict[str, float]
    """Materials that may serve, and the tonnes of each that replace one reference tonne."""


@dataclass(frozen=True)
class Pit:
    """Virgin supply."""

    site: str
    prices_dkk_per_t: dict[str, float]
    """Materials that it supplies, with price and raw-material tax."""
    per_period_t: float | None
    total_t: float | None


@dataclass(frozen=True)
class Receiver:
    """Final reception."""

    site: str
    fees_dkk_per_t: dict[str, float]
    """Materials that it accepts, with gate fee."""
    per_period_t: float | None
    total_t: float | None


@dataclass(frozen=True, eq=False)
class Scenario:
    """Everything that the stations after reading need to know."""

    id: str
    """The file's name without its ending."""
    digest: str
    """SHA-256 of the file as it was read."""
    said: ScenarioFile
    """The file, checked."""
    catalogue: Catalogue
    """The built-in catalogue with the scenario's own additions."""

    @property
    def sites(self) -> dict[str, Site]:
        """The sites by id, in the order of the file."""
        return self.said.sites

    @property
    def periods(self) -> dict[str, Period]:
        """The periods by id, in order."""
        return {period.id: period for period in self.said.periods}

    def site_name(self, site: str) -> str:
        """Give the name that people read."""
        return self.said.sites[site].name or site

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """Surplus, one entry for each window."""
        return tuple(
            Offer(
                id=_label(site_id, entry.material, number, window, entry.amount is None),
                site=site_id,
                material=entry.material,
                tonnes=self.catalogue.tonnes(entry.quantity, entry.material, self.said.vehicles),
                must_leave=entry.must_leave,
                periods=window,
                price_dkk_per_t=entry.price_dkk_per_t,
            )
            for site_id, site in self.sites.items()
            for number, entry in enumerate(site.offers, 1)
            for window in entry.windows(tuple(self.periods))
        )

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """Needs, one entry for each window."""
        return tuple(
            Need(
                id=_label(site_id, entry.use, number, window, entry.amount is None),
                site=site_id,
                use=entry.use,
                tonnes=self.catalogue.tonnes(
                    entry.quantity,
                    self.catalogue.uses[entry.use].reference_material,
                    self.said.vehicles,
                ),
                periods=window,
                ratios=self._ratios(entry.use, entry.materials),
            )
            for site_id, site in self.sites.items()
            for number, entry in enumerate(site.needs, 1)
            for window in entry.windows(tuple(self.periods))
        )

    @cached_property
    def pits(self) -> tuple[Pit, ...]:
        """Virgin supply."""
        return tuple(
            Pit(
                site=site_id,
                prices_dkk_per_t={
                    material: self._pit_price(material, site) for material in site.pit.supplies
                },
                per_period_t=self._limit(site.pit, "capacity_per_period", site.pit.supplies),
                total_t=self._limit(site.pit, "capacity_total", site.pit.supplies),
            )
            for site_id, site in self.sites.items()
            if site.pit is not None
        )

    @cached_property
    def receivers(self) -> tuple[Receiver, ...]:
        """Final reception."""
        return tuple(
            Receiver(
                site=site_id,
                fees_dkk_per_t={
                    material: self._gate_fee(material, site) for material in site.receiver.accepts
                },
                per_period_t=self._limit(
                    site.receiver, "capacity_per_period", site.receiver.accepts
                ),
                total_t=self._limit(site.receiver, "capacity_total", site.receiver.accepts),
            )
            for site_id, site in self.sites.items()
            if site.receiver is not None
        )

    def may_serve(self, material: str, use: str) -> bool:
        """Tell whether the rules and the scenario's consent let a material serve a use."""
        fit = self.catalogue.fit(material, use)
        if fit is None or fit.verdict == "forbidden":
            return False
        return fit.verdict == "allowed" or fit.condition in self.said.accepted_conditions

    def _ratios(self, use: str, only: tuple[str, ...] | None) -> dict[str, float]:
        return {
            material: self.catalogue.ratio(material, use)
            for material in self.catalogue.materials
            if (only is None or material in only) and self.may_serve(material, use)
        }

    def _pit_price(self, material: str, site: Site) -> float:
        known = self.catalogue.materials[material]
        price = site.pit.price_dkk_per_t.get(material, known.price) if site.pit else None
        return (price.value if price else 0.0) + (known.tax.value if known.tax else 0.0)

    def _gate_fee(self, material: str, site: Site) -> float:
        known = self.catalogue.materials[material].gate_fee
        fee = site.receiver.gate_fee_dkk_per_t.get(material, known) if site.receiver else None
        return fee.value if fee else 0.0

    def _limit(self, entry: Capacity, name: str, materials: tuple[str, ...]) -> float | None:
        quantity = dict(entry.limits()).get(name)
        if quantity is None:
            return None
        return self.catalogue.tonnes(quantity, materials[0], self.said.vehicles)


def _label(site: str, what: str, number: int, window: tuple[str, ...], repeated: bool) -> str:
    """Name an offer or need so that equal scenarios give equal names."""
    return f"{site}/{number}-{what}" + (f"@{window[0]}" if repeated else "")
