"""Say who may give what, and who may take what, on which terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Depot, Need, Scenario


@dataclass(frozen=True)
class Terms:
    """What a tonne means to its taker."""

    periods: tuple[str, ...]
    reference_share: float = 0.0
    """Reference tonnes of a need for each tonne. [t/t]"""
    dkk_per_t: float = 0.0
    """Gate fee, or handling on the way in."""
    processing_kg_co2e_per_t: float = 0.0
    disposal_kg_co2e_per_t: float = 0.0
    landfill: bool = False


@dataclass(frozen=True)
class Giver:
    """Somebody who has one material to give."""

    kind: Role
    """What it gives as; a stockpile gives as a depot."""
    id: str
    place: str
    """The offer, pit, plant or depot that it belongs to."""
    site: str
    material: str
    periods: tuple[str, ...]
    price_dkk_per_t: float = 0.0
    """Price and raw-material tax, paid by everybody who puts the material to use."""
    tax_dkk_per_t: float = 0.0
    """How much of the price is raw-material tax."""
    dkk_per_t: float = 0.0
    """Handling on the way out, whoever takes it."""
    upstream_kg_co2e_per_t: float = 0.0
    processing_kg_co2e_per_t: float = 0.0


@dataclass(frozen=True)
class Taker:
    """Somebody who takes one material or several."""

    kind: Role
    """What it takes as; a stockpile takes as a depot."""
    id: str
    place: str
    """The need, receiver, plant or depot that it belongs to."""
    site: str
    accepts: dict[str, Terms] = field(default_factory=dict)
    only_from: str | None = None
    """The only site that it takes from; none: all."""


def may_deal(giver: Giver, taker: Taker) -> bool:
    """Tell whether a giver may send to a taker, whatever the periods.

    Returns
    -------
    may
        By their kinds, the material, and whose a stockpile is; roads and amounts are not asked.
    """
    if giver.kind not in taker.kind.takes_from or giver.material not in taker.accepts:
        return False
    if taker.only_from is not None and (giver.site != taker.only_from or giver.kind != Role.OFFER):
        return False
    return not (giver.kind == taker.kind == Role.PLANT and giver.place == taker.place)


def list_givers(scenario: Scenario) -> tuple[Giver, ...]:
    """List everybody who gives, by material and id."""
    return tuple(sorted(_givers(scenario), key=lambda giver: (giver.material, giver.id)))


def list_takers(scenario: Scenario) -> tuple[Taker, ...]:
    """List everybody who takes, by id."""
    return tuple(sorted(_takers(scenario), key=lambda taker: taker.id))


def _givers(scenario: Scenario) -> Iterator[Giver]:
    always = tuple(scenario.periods)
    materials = scenario.catalogue.materials
    for offer in scenario.offers:
        yield Giver(
            Role.OFFER,
            offer.id,
            offer.id,
            offer.site,
            offer.material,
            offer.periods,
            offer.price_dkk_per_t,
        )
    for pit in scenario.pits:
        for material, price in pit.prices_dkk_per_t.items():
            upstream, tax = materials[material].upstream_kg_co2e, materials[material].tax
            kg = upstream.value if upstream else 0.0
            yield Giver(
                Role.PIT,
                pit.giver(material),
                pit.site,
                pit.site,
                material,
                always,
                price_dkk_per_t=price,
                tax_dkk_per_t=tax.value if tax else 0.0,
                upstream_kg_co2e_per_t=kg,
            )
    for plant in scenario.plants:
        for material in plant.makes:
            name = plant.giver(material)
            yield Giver(Role.PLANT, name, plant.site, plant.site, material, always)
    for depot in scenario.depots:
        for material in depot.materials:
            yield Giver(
                Role.DEPOT,
                depot.out(material),
                depot.id,
                depot.site,
                material,
                always,
                dkk_per_t=depot.out_dkk_per_t,
                processing_kg_co2e_per_t=depot.out_kg_co2e_per_t,
            )


def _takers(scenario: Scenario) -> Iterator[Taker]:
    always = tuple(scenario.periods)
    known: dict[tuple[object, ...], dict[str, Terms]] = {}
    for need in scenario.needs:
        alike = (need.use, need.periods, *need.ratios.items())
        if alike not in known:
            known[alike] = {
                material: _serving(scenario, need, material, ratio)
                for material, ratio in need.ratios.items()
            }
        yield Taker(Role.NEED, need.id, need.id, need.site, known[alike])
    for receiver in scenario.receivers:
        yield Taker(
            Role.RECEIVER,
            receiver.taker,
            receiver.site,
            receiver.site,
            {
                material: Terms(
                    always,
                    dkk_per_t=fee,
                    disposal_kg_co2e_per_t=receiver.disposal_kg_co2e_per_t.get(material, 0.0),
                    landfill=receiver.landfill,
                )
                for material, fee in receiver.fees_dkk_per_t.items()
            },
        )
    for plant in scenario.plants:
        yield Taker(
            Role.PLANT,
            plant.taker,
            plant.site,
            plant.site,
            {material: Terms(always) for material in plant.takes},
        )
    for depot in scenario.depots:
        yield Taker(
            Role.DEPOT,
            depot.into,
            depot.id,
            depot.site,
            {material: _storing(depot, always) for material in depot.materials},
            only_from=depot.site if depot.own else None,
        )


def _serving(scenario: Scenario, need: Need, material: str, ratio: float) -> Terms:
    fit = scenario.catalogue.fit(material, need.use)
    dkk, kg = (fit.dkk_per_t, fit.kg_co2e_per_t) if fit is not None else (None, None)
    return Terms(
        need.material_periods[material],
        reference_share=1 / ratio,
        dkk_per_t=dkk.value if dkk else 0.0,
        processing_kg_co2e_per_t=kg.value if kg else 0.0,
    )


def _storing(depot: Depot, periods: tuple[str, ...]) -> Terms:
    return Terms(
        periods,
        dkk_per_t=depot.in_dkk_per_t,
        processing_kg_co2e_per_t=depot.in_kg_co2e_per_t,
    )
