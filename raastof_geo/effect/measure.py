"""Measure a plan against its baseline."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import get_args

import numpy as np
import pandas as pd

from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules.limits import counting_materials
from raastof_geo.card import Fact, Shown
from raastof_geo.effect.baseline import BaselinePlan, solve_baseline
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.effect.cause import COORDINATION, Cause, CauseName, split_by_cause
from raastof_geo.effect.gain import Gain, read_gain
from raastof_geo.effect.money import Transfers, divide_savings
from raastof_geo.effect.target import TargetAnswer, answer_target
from raastof_geo.figures import vocabulary
from raastof_geo.language import format_number, say
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.agreement import BaselineKind, Together
from raastof_geo.scenario.said.target import ShareDefinition
from raastof_geo.scenario.scenario import Scenario


@dataclass(frozen=True)
class Totals:
    """What a set of flows adds up to."""

    kg_co2e_wtw: float
    """Transport, well to wheel. [kg CO2e]"""
    kg_co2e_ttw: float
    """Transport, tank to wheel. [kg CO2e]"""
    upstream_kg_co2e: float
    """Digging and crushing virgin material. [kg CO2e]"""
    processing_kg_co2e: float
    """Plants, handling in depots, opening sites. [kg CO2e]"""
    disposal_kg_co2e: float
    """Final reception. [kg CO2e]"""
    all_kg_co2e_wtw: float
    """Transport (WTW), upstream, processing and disposal together. [kg CO2e]"""
    cost_dkk: float
    """Haul, toll, fares, materials, raw-material tax, gate fees, plants and depots. [DKK]"""
    loads: int
    """Truck trips with a load."""
    vehicle_km: float
    """Kilometres of trucks, loaded and empty, ferries left out. [km]"""
    tonne_km: float
    """[t km]"""
    litres: float
    """Diesel and HVO. [l]"""
    kwh: float
    """Electricity. [kWh]"""
    tonnes: float
    """Everything that is moved. [t]"""
    virgin_tonnes: float
    """Out of pits. [t]"""
    secondary_tonnes: float
    """Secondary materials put to use. [t]"""
    received_tonnes: float
    """To final reception. [t]"""
    landfill_tonnes: float
    """To reception that counts as landfill. [t]"""
    secondary_share_with_clean_soil: float
    """Share of all needs, in reference tonnes, met by any secondary material."""
    secondary_share_without_soil: float
    """Share of all needs, in reference tonnes, met by secondary materials that are not soil."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A world without coordination that the plan is held against."""

    kind: BaselineKind
    together: Together
    """Who is one party in it."""
    totals: Totals
    shares: Mapping[ShareDefinition, float]
    """Share of all needs, in reference tonnes, that each definition counts as secondary."""
    missing: Mapping[tuple[str, str], float]
    """Tonnes of needs and surplus for which it has no place. [t]"""
    used: float | None
    """`today`: of what could be put to use of the materials that count, the share that is."""
    reached: float | None
    """`today`: how far the stated share can be reached at most, where it cannot."""
    flows: pd.DataFrame
    """As `Plan.flows`; the next three as the tables of a plan, too."""
    processed: pd.DataFrame
    stored: pd.DataFrame
    empty_trips: pd.DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class Effect(Shown):
    """Baseline, plan, and the difference."""

    plan: Totals
    baselines: tuple[Comparison, ...]
    """Worlds without coordination: that of the headline first, then those beside it."""
    target: TargetAnswer
    """How far the secondary share can get, and what the target costs."""
    books: Books
    """Every line of the plan."""
    baseline_books: Books
    causes: tuple[Cause, ...]
    """What each cause saves, in the order in which they were switched on; none where the scenario
    asks for none."""
    transfers: Transfers

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give what the plan saves against the headline's baseline."""
        share, plan, before = self.saved_share, self.plan, self.baseline
        saved_kg = before.kg_co2e_wtw - plan.kg_co2e_wtw
        return self.books.scenario.id, (
            Fact(
                say("Transport emissions, well to wheel [t CO2e]"),
                format_number(plan.kg_co2e_wtw / 1000, digits=1),
            ),
            Fact(say("Saved [t CO2e]"), format_number(saved_kg / 1000, digits=1)),
            Fact(say("Saved [%]"), "–" if share is None else format_number(100 * share, digits=1)),
            Fact(say("Saved [DKK]"), format_number(before.cost_dkk - plan.cost_dkk)),
            Fact(say("Truck km saved"), format_number(before.vehicle_km - plan.vehicle_km)),
        )

    @property
    def baseline(self) -> Totals:
        """What the headline's baseline adds up to."""
        return self.baselines[0].totals

    @property
    def baseline_flows(self) -> pd.DataFrame:
        """The flows of the headline's baseline."""
        return self.baselines[0].flows

    @property
    def baseline_missing(self) -> Mapping[tuple[str, str], float]:
        """What the headline's baseline has no place for: the effect is a lower bound then. [t]"""
        return self.baselines[0].missing

    def smallest(self, figure: str = "kg_co2e_wtw") -> Comparison:
        """Give the baseline against which the plan saves least of a figure of `Totals`."""
        return min(self.baselines, key=lambda one: float(getattr(one.totals, figure)))

    @property
    def saved(self) -> dict[str, float]:
        """Baseline less plan, by figure."""
        return {
            field.name: getattr(self.baseline, field.name) - getattr(self.plan, field.name)
            for field in fields(Totals)
        }

    @property
    def saved_share(self) -> float | None:
        """Saved transport emissions (WTW) as a share of the baseline's; none without a baseline."""
        if self.baseline.kg_co2e_wtw <= 0 or self.baseline_missing:
            return None
        return 1 - self.plan.kg_co2e_wtw / self.baseline.kg_co2e_wtw

    @property
    def whole(self) -> Gain:
        """What the plan saves, whatever saves it."""
        return read_gain(self.baseline_books.totals - self.books.totals)

    def credit(self, names: Collection[CauseName]) -> Gain | None:
        """Add up what some causes save; none where they cannot be told from others."""
        causes = [one for one in self.causes if set(one.names) & set(names)]
        if not self.causes or any(set(one.names) - set(names) for one in causes):
            return None
        return sum((one.gain for one in causes), Gain())

    @property
    def coordination(self) -> Gain | None:
        """What matching saves: without other trucks, another criterion, and each one's own."""
        return self.credit(COORDINATION)

    @property
    def criterion(self) -> Gain | None:
        """What it saves that the plan's objectives decide, and not cost."""
        return self.credit({"criterion"})

    @property
    def trucks(self) -> Gain | None:
        """What other trucks save."""
        return self.credit({"trucks"})

    @property
    def allocation_share(self) -> float | None:
        """What better partners for the same tonnes save of the baseline's transport emissions."""
        gain, before = self.credit({"allocation"}), self.baseline.kg_co2e_wtw
        return None if gain is None or before <= 0 else gain.transport_kg_co2e / before


def measure_effect(scenario: Scenario, legs: Legs, plan: Plan) -> Effect:
    """Solve the baseline and compare.

    Returns
    -------
    effect
        Totals and books of both, and what explains the difference; without causes where the
        scenario asks for none.
    """
    worlds = [solve_baseline(scenario, legs, kind) for kind in scenario.said.baseline.kinds]
    baseline = worlds[0]
    used = np.flatnonzero(plan.proof.values)
    books = keep_books(plan.problem.only(used), plan.proof.values[used])
    causes: tuple[Cause, ...] = ()
    if scenario.said.effect.causes:
        causes = split_by_cause(scenario, legs, plan, books, baseline)
    return Effect(
        plan=measure_totals(scenario, plan.flows, plan.amounts, empty_trips=plan.empty_trips),
        baselines=tuple(_compare(scenario, world) for world in worlds),
        target=answer_target(plan),
        books=books,
        baseline_books=baseline.books,
        causes=causes,
        transfers=divide_savings(scenario, legs, books, baseline.books, rules=plan.rules),
    )


def _compare(scenario: Scenario, world: BaselinePlan) -> Comparison:
    return Comparison(
        kind=world.kind,
        together=world.together,
        totals=measure_totals(scenario, world.flows, world.amounts, empty_trips=world.empty_trips),
        shares={one: _share(scenario, world.flows, one) for one in get_args(ShareDefinition)},
        missing=world.missing,
        used=world.used,
        reached=world.reached,
        flows=world.flows,
        processed=world.processed,
        stored=world.stored,
        empty_trips=world.empty_trips,
    )


def measure_totals(
    scenario: Scenario,
    flows: pd.DataFrame,
    amounts: Mapping[str, float],
    *,
    empty_trips: pd.DataFrame | None = None,
) -> Totals:
    """Add up flows and empty trips; `amounts` are what they come to by each measure.

    Returns
    -------
    totals
        Emissions [kg CO2e], money [DKK], work [km, t km, l, kWh], masses [t] and shares [1].
    """
    virgin = flows["virgin"] > 0
    used = flows["taker_kind"] == Role.NEED
    received = flows["taker_kind"] == Role.RECEIVER
    energy = _energy(scenario, flows, empty_trips)
    return Totals(
        kg_co2e_wtw=amounts[vocabulary.TRANSPORT_WTW],
        kg_co2e_ttw=amounts[vocabulary.TRANSPORT_TTW],
        upstream_kg_co2e=amounts[vocabulary.UPSTREAM],
        processing_kg_co2e=amounts[vocabulary.PROCESSING],
        disposal_kg_co2e=amounts[vocabulary.DISPOSAL],
        all_kg_co2e_wtw=amounts[vocabulary.CO2E],
        cost_dkk=amounts[vocabulary.COST],
        loads=int(flows[vocabulary.LOADS_DRIVEN].sum()),
        vehicle_km=amounts[vocabulary.VEHICLE_KM],
        tonne_km=amounts[vocabulary.TONNE_KM],
        litres=energy.get("l", 0.0),
        kwh=energy.get("kWh", 0.0),
        tonnes=float(flows["tonnes"].sum()),
        virgin_tonnes=float(flows.loc[virgin, "tonnes"].sum()),
        secondary_tonnes=float(flows.loc[used & ~virgin, "tonnes"].sum()),
        received_tonnes=float(flows.loc[received, "tonnes"].sum()),
        landfill_tonnes=amounts[vocabulary.LANDFILL],
        secondary_share_with_clean_soil=_share(scenario, flows, "with_clean_soil"),
        secondary_share_without_soil=_share(scenario, flows, "without_soil"),
    )


def _energy(
    scenario: Scenario, flows: pd.DataFrame, empty_trips: pd.DataFrame | None
) -> dict[str, float]:
    """Add up energy by its unit."""
    tables = [flows] if empty_trips is None else [flows, empty_trips]
    total: dict[str, float] = {}
    for table in tables:
        for vehicle, energy in table.groupby("vehicle")[vocabulary.ENERGY].sum().items():
            fuel = scenario.catalogue.fuels[scenario.catalogue.vehicles[str(vehicle)].fuel]
            total[fuel.unit] = total.get(fuel.unit, 0.0) + float(energy)
    return total


def _share(scenario: Scenario, flows: pd.DataFrame, definition: ShareDefinition) -> float:
    counts = counting_materials(scenario, definition)
    needed = sum(need.tonnes for need in scenario.needs)
    met = flows.loc[flows["material"].isin(counts), vocabulary.REFERENCE_TONNES].sum()
    return float(met / needed) if needed else 0.0
