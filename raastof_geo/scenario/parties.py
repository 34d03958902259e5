"""Say who may give what, and who may take what, on which terms."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from raastof_geo.figures.figure import value_of
from raastof_geo.scenario.catalogue import Sorts, mix_sorts
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Scenario


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
    landfill_tax_dkk_per_t: float = 0.0
    """How much of `dkk_per_t` is waste tax."""


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
    sampling_dkk_per_t: float = 0.0
    """Samples of soil, where it leaves its site."""
    upstream_kg_co2e_per_t: float = 0.0
    sea_kg_co2e_per_t: float = 0.0
    """On the way by ship to where lorries fetch it."""
    processing_kg_co2e_per_t: float = 0.0
    preparation_kg_co2e_per_t: float = 0.0
    """Making it of what arises, unless it goes to final reception, which takes it as it is."""
    preparation_dkk_per_t: float = 0.0
    sorts: Sorts = ()
    """What it counts as by where it comes from."""


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
    """Tell whether a giver may send to a taker: roads, amounts and periods are not asked."""
    if giver.kind not in taker.kind.takes_from or giver.material not in taker.accepts:
        return False
    if taker.only_from is not None and (giver.site != taker.only_from or giver.kind != Role.OFFER):
        return False
    return not (giver.kind == taker.kind == Role.PLANT and giver.place == taker.place)


def list_givers(scenario: Scenario) -> tuple[Giver, ...]:
    """List everybody who gives, by material and id."""
    return tuple(sorted(_find_givers(scenario), key=lambda giver: (giver.material, giver.id)))


def list_takers(scenario: Scenario) -> tuple[Taker, ...]:
    """List everybody who takes, by id."""
    return tuple(sorted(_find_takers(scenario), key=lambda taker: taker.id))


def list_deals(scenario: Scenario) -> Iterator[tuple[Giver, Taker]]:
    """List who may send to whom: roads, amounts and periods are not asked."""
    takers = defaultdict[str, list[Taker]](list)
    for taker in list_takers(scenario):
        for material in taker.accepts:
            takers[material].append(taker)
    for giver in list_givers(scenario):
        yield from ((giver, one) for one in takers[giver.material] if may_deal(giver, one))


def _find_givers(scenario: Scenario) -> Iterator[Giver]:
    known = scenario.catalogue.materials
    sorts = {one: mix_sorts(scenario.catalogue, {one: 1.0}) for one in known}
    for offer in scenario.offers:
        yield Giver(
            *(Role.OFFER, offer.id, offer.id, offer.site, offer.material, offer.periods),
            price_dkk_per_t=offer.price_dkk_per_t,
            sampling_dkk_per_t=scenario.sampling_dkk_per_t(offer.site, offer.material),
            preparation_kg_co2e_per_t=offer.preparation_kg_co2e_per_t,
            preparation_dkk_per_t=offer.preparation_dkk_per_t,
            sorts=sorts[offer.material],
        )
    for pit, one in ((at, one) for at in scenario.pits for one in at.prices_dkk_per_t):
        by_ship = getattr(scenario.catalogue.sea, f"{pit.ship}_kg_co2e_per_tonne_km", None)
        yield Giver(
            *(Role.PIT, pit.giver(one), pit.site, pit.site, one, pit.periods),
            price_dkk_per_t=pit.prices_dkk_per_t[one],
            tax_dkk_per_t=value_of(known[one].tax),
            upstream_kg_co2e_per_t=value_of(known[one].upstream_kg_co2e),
            sea_kg_co2e_per_t=pit.sea_km.get(one, 0.0) * value_of(by_ship),
            sorts=sorts[one],
        )
    for plant in scenario.plants:
        makes = [(one, process) for process in plant.processes for one in process.outputs]
        made = {plant.giver(one, process): (one, process.sorts) for one, process in makes}
        for name, (one, mixed) in made.items():
            who = Role.PLANT, name, plant.site, plant.site, one, plant.periods
            yield Giver(*who, sorts=mixed)
    for depot, one in ((at, one) for at in scenario.depots for one in at.materials):
        yield Giver(
            *(Role.DEPOT, depot.out(one), depot.id, depot.site, one, depot.periods),
            dkk_per_t=depot.out_dkk_per_t,
            sampling_dkk_per_t=scenario.sampling_dkk_per_t(depot.site, one) if depot.own else 0.0,
            processing_kg_co2e_per_t=depot.out_kg_co2e_per_t,
            sorts=sorts[one],
        )


def _find_takers(scenario: Scenario) -> Iterator[Taker]:
    known: dict[tuple[object, ...], dict[str, Terms]] = {}
    for need in scenario.needs:
        alike = (need.use, need.periods, *need.ratios.items())
        if alike not in known:  # the terms are found once: there may be thousands of needs
            known[alike] = terms = {}
            for one, ratio in need.ratios.items():
                fit = scenario.catalogue.fit(one, need.use)
                terms[one] = Terms(
                    need.material_periods[one],
                    reference_share=1 / ratio,
                    dkk_per_t=value_of(fit.dkk_per_t if fit else None),
                    processing_kg_co2e_per_t=value_of(fit.kg_co2e_per_t if fit else None),
                )
        yield Taker(Role.NEED, need.id, need.id, need.site, known[alike])
    for place in scenario.receivers:
        accepts = {
            one: Terms(
                place.periods,
                dkk_per_t=fee + place.landfill_tax_dkk_per_t,
                landfill_tax_dkk_per_t=place.landfill_tax_dkk_per_t,
                disposal_kg_co2e_per_t=place.disposal_kg_co2e_per_t.get(one, 0.0),
                landfill=place.landfill,
            )
            for one, fee in place.fees_dkk_per_t.items()
        }
        yield Taker(Role.RECEIVER, place.taker, place.site, place.site, accepts)
    for plant in scenario.plants:
        inputs = dict.fromkeys(plant.takes, Terms(plant.periods))
        yield Taker(Role.PLANT, plant.taker, plant.site, plant.site, inputs)
    for depot in scenario.depots:
        paid, emitted = depot.in_dkk_per_t, depot.in_kg_co2e_per_t
        in_it = Terms(depot.periods, dkk_per_t=paid, processing_kg_co2e_per_t=emitted)
        kept = dict.fromkeys(depot.materials, in_it)
        only_from = depot.site if depot.own else None
        yield Taker(Role.DEPOT, depot.into, depot.id, depot.site, kept, only_from)
