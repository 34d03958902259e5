"""Materials, uses, fits, vehicles, fuels and speeds, each figure with its source."""

import datetime
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args
import numpy as np
from pydantic import BaseModel, Field, ValidationInfo, model_validator
from raastof_geo import cache
from raastof_geo.emissions.vehicle import BuiltUpSpeed, Fuel, Named, RoadSpeed, TollTable, Vehicle
from raastof_geo.errors import InputError, raise_all
from raastof_geo.figures import figure
from raastof_geo.language import DATA_FOLDER, read_texts, say_text, translate
from raastof_geo.scenario import identity
from raastof_geo.scenario.identity import Fault, FaultError, MapOf
from raastof_geo.scenario.reading.tree import read_tree
from raastof_geo.units import Condition, Quantity
from raastof_geo.version import __version__

Currency: TypeAlias = Literal[
    "DKK", "SEK", "NOK", "ISK", "EUR", "GBP", "CHF", "PLN", "CZK", "HUF", "USD", "CAD"
]
Called: TypeAlias = Annotated[dict[str, str], Field(min_length=1)]
"""What people call something, by language."""
Ruling: TypeAlias = Literal["allowed", "conditional", "forbidden"]
_STRICTEST: tuple[Ruling, ...] = ("forbidden", "conditional", "allowed")
FamilyName: TypeAlias = Literal[
    "brick", "concrete", "clean_soil", "polluted_soil", "virgin", "stone", "residue", "asphalt"
]
_BUILT_IN = DATA_FOLDER / "catalogue.yaml"


class ReceiverKind(Named):
    """What a receiver is."""

    landfill: bool = False
    """Whether what it takes is landfilled; otherwise it is put to use."""
    tax: figure.NonNegativeFigure | None = None
    """Waste tax. [DKK/t]"""
    gate_fee: figure.NonNegativeFigure | None = None
    """What such places charge; none: it hangs on the material. [DKK/t]"""


class Material(Named):
    """What is moved."""

    origin: Literal["secondary", "virgin"]
    soil_class: int | None = Field(default=None, ge=0, le=4)
    """Class on Zealand, 0 the cleanest and 4 the most polluted; none where it is not soil."""
    density_in_situ: figure.Density | None = None
    """Before it is dug. [t/m3]"""
    density_loose: figure.Density
    """On the truck. [t/m3]"""
    density_compacted: figure.Density
    """In the finished layer. [t/m3]"""
    price: figure.NonNegativeFigure | None = None
    """What a pit charges for it. [DKK/t]"""
    tax: figure.NonNegativeFigure | None = None
    """Raw-material tax. [DKK/t]"""
    gate_fee: figure.NonNegativeFigure | None = None
    """What a receiver charges for it. [DKK/t]"""
    landfill_fee: figure.NonNegativeFigure | None = None
    """What a landfill charges for it, without waste tax; none: as for all. [DKK/t]"""
    upstream_kg_co2e: figure.NonNegativeFigure | None = None
    """Digging and crushing it at the quarry or pit, for virgin material. [kg CO2e/t]"""
    preparation_kg_co2e_per_t: figure.NonNegativeFigure | None = None
    """Making it of what arises, such as crushing, where an offer of it is used. [kg CO2e/t]"""
    preparation_dkk_per_t: figure.NonNegativeFigure | None = None
    """What that costs. [DKK/t]"""
    disposal_kg_co2e: figure.NonNegativeFigure | None = None
    """Landfill of it, without any transport. [kg CO2e/t]"""
    reuse_kg_co2e: figure.NonNegativeFigure | None = None
    """Final reception that puts it to use; none: as landfill. [kg CO2e/t]"""
    legal_regime: identity.LegalRegimeId | None = None
    """The law that its movement and use come under."""
    t_per_sample: figure.PositiveFigure | None = None
    """Tonnes for each sample that proves what it is; none: by the mapping of its ground. [t]"""
    category: int | None = Field(default=None, ge=1, le=3)
    """Environmental category of residual products, 1 the cleanest; none where it has none."""
    family: FamilyName | None = None
    """What it is shown together with; none: as its origin, soil class and law tell."""

    @property
    def kin(self) -> FamilyName:
        """Returns the family: the one that is said, else what origin, soil class and law tell."""
        if self.family is not None:
            return self.family
        if self.origin == "virgin":
            return "virgin"
        if self.soil_class is not None:
            return "clean_soil" if self.soil_class <= 1 else "polluted_soil"
        by_law: dict[str, FamilyName] = {
            "sorted_construction_waste": "concrete",
            "asphalt_circular": "asphalt",
        }
        return by_law.get(self.legal_regime or "", "residue")

    def fee_at(self, kind: ReceiverKind | None) -> figure.NonNegativeFigure | None:
        """Find what a receiver of a kind charges. Returns it without waste tax. [DKK/t]"""
        if kind is None:
            return self.gate_fee
        return (self.landfill_fee if kind.landfill else None) or kind.gate_fee or self.gate_fee

    def reception_kg_co2e(self, *, landfill: bool) -> float:
        """Find what a landfill emits, or what puts it to use. Returns kg CO2e per tonne."""
        used = None if landfill else self.reuse_kg_co2e
        return figure.value_of(used or self.disposal_kg_co2e)


class Proviso(Named):
    """A condition that a rule makes, with its names by language, alone or under `name`."""

    per_need: bool = False
    """Whether it speaks of where a material lies, as traffic, cover and permits do, so that each
    need accepts it for itself and no scenario for all."""

    @model_validator(mode="before")
    @classmethod
    def _keep_names_apart(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or "name" in given:
            return given
        names = {key: value for key, value in given.items() if key not in cls.model_fields}
        return {"name": names, **{key: given[key] for key in given if key in cls.model_fields}}


class Use(Named):
    """What a project needs a material for."""

    reference_material: identity.MaterialId
    """Tonnes of a need are tonnes of this material."""


class Ruled(figure.Strict):
    """What a rule says, and where it stands."""

    verdict: Ruling
    condition: identity.ConditionId | None = None
    rule: str = "scenario"
    citation: str = "scenario"

    @property
    def forbids(self) -> bool:
        """Whether it lets nothing through, on no condition."""
        return self.verdict == "forbidden"

    def _check(self, info: ValidationInfo) -> None:
        if (self.verdict == "conditional") != (self.condition is not None):
            raise InputError.saying_text("catalogue checks", "condition apart")


class Fit(Ruled):
    """Whether a material may serve a use, by which rule, and how much of it replaces a tonne."""

    ratio: figure.PositiveFigure | None = None
    """Tonnes that replace one reference tonne; none: the ratio of the compacted densities. [t/t]"""
    kg_co2e_per_t: figure.NonNegativeFigure | None = None
    """What the use asks for on top, such as lime, for each tonne of the material. [kg CO2e/t]"""
    dkk_per_t: figure.NonNegativeFigure | None = None
    """What that costs, for each tonne of the material. [DKK/t]"""
    valid_from: datetime.date | None = None
    """The first day on which the rule holds; none: always did."""
    valid_to: datetime.date | None = None
    """The last day on which the rule holds; none: until it is changed."""

    def holds(self, start: datetime.date, end: datetime.date) -> bool:
        """Tell whether the rule holds on every day from start to end."""
        began = self.valid_from is None or self.valid_from <= start
        return began and (self.valid_to is None or self.valid_to >= end)


class SoilMove(Ruled):
    """Whether soil of a class may come to a kind of land, and by which rule."""


_NO_MOVE = SoilMove(verdict="forbidden", rule="no-rule", citation="")
NO_RULE = Ruled(verdict="forbidden", rule="no-rule", citation="")
"""What no rule speaks of is forbidden."""


class LegalRegime(Named):
    """The law that a material's movement and use come under."""

    citation: str
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None
    note: str = ""


class Recipe(Named):
    """What a plant makes of what: shares of the input, and what a tonne of it becomes."""

    inputs: MapOf[identity.MaterialId, figure.PositiveFigure] = Field(min_length=1)
    """Tonnes of each material in a tonne of input; they add up to one. [t/t]"""
    outputs: MapOf[identity.MaterialId, figure.PositiveFigure] = Field(min_length=1)
    """Tonnes of each material, residue included, out of a tonne of input. [t/t]"""
    kg_co2e_per_t: figure.NonNegativeFigure
    """Machines and additives, for each tonne of input. [kg CO2e/t]"""
    dkk_per_t: figure.NonNegativeFigure
    """What the plant charges for each tonne of input. [DKK/t]"""

    def _check(self, info: ValidationInfo) -> None:
        put_in = sum(share.value for share in self.inputs.values())
        if abs(put_in - 1) > 1e-6:
            raise InputError.saying_text("catalogue checks", "other shares", total=f"{put_in:g}")
        if (made := sum(share.value for share in self.outputs.values())) > 1.25:
            raise InputError.saying_text("catalogue checks", "made of nothing", total=f"{made:g}")


class Handling(figure.Strict):
    """What putting a tonne into a depot, or taking it out, emits and costs."""

    kg_co2e_per_t: figure.NonNegativeFigure
    dkk_per_t: figure.NonNegativeFigure
    storing_dkk_per_t_month: figure.NonNegativeFigure | None = None
    """What lying in a depot costs, for each tonne and month. [DKK/t/month]"""


class SoilMapping(Named):
    """How ground is mapped as polluted, or not."""

    t_per_sample: figure.PositiveFigure | None = None
    """Tonnes of soil for each sample before it leaves; none: no sample is asked for. [t]"""


class SoilSamples(figure.Strict):
    """What a sample of soil costs, and how long its answer takes."""

    dkk_per_sample: figure.NonNegativeFigure
    weeks: figure.NonNegativeFigure


class InternalHaul(figure.Strict):
    """What moving a tonne within one site by dumper emits and costs, as figures of legs."""

    kg_co2e_wtw_per_t: figure.NonNegativeFigure
    kg_co2e_ttw_per_t: figure.NonNegativeFigure
    haul_dkk_per_t: figure.NonNegativeFigure


class Ferry(figure.Strict):
    """What a crossing emits and costs for each truck on board."""

    kg_co2e_ttw_per_km: figure.NonNegativeFigure
    kg_co2e_wtw_per_km: figure.NonNegativeFigure
    fare_dkk_per_km: figure.NonNegativeFigure


class Sea(figure.Strict):
    """What ships emit."""

    open_kg_co2e_per_tonne_km: figure.NonNegativeFigure
    """Bulk carriers on the open sea."""
    coastal_kg_co2e_per_tonne_km: figure.NonNegativeFigure
    """Coastal ships."""


class Beside(Named):
    """A figure of somebody else's beside the one that is used here."""

    ours: figure.NonNegativeFigure
    theirs: figure.NonNegativeFigure


class FixedLink(Named):
    """A bridge with a fare of its own."""

    line: tuple[tuple[float, float], tuple[float, float]]
    """A line across it, from longitude and latitude to longitude and latitude. [degrees]"""
    fare_dkk: figure.NonNegativeFigure
    """What each truck pays for each crossing. [DKK]"""


class Catalogue(figure.Strict):
    """Everything that a scenario need not say, and may."""

    currency: Currency = "DKK"
    """What money is in, by ISO 4217; keys and columns are called `dkk` in any."""
    sources: dict[str, str | Called] = Field(default_factory=dict)
    materials: dict[str, Material]
    uses: dict[str, Use]
    fits: MapOf[identity.MaterialId, MapOf[identity.UseId, Fit]]
    conditions: dict[str, Proviso] = Field(default_factory=dict)
    land: dict[str, Called] = Field(default_factory=dict)
    """Kinds of land that soil may come to, with the names that people read."""
    soil_classes: dict[int, Called] = Field(default_factory=dict)
    """Classes of soil on Zealand, with the names that people read."""
    soil_categories: dict[int, int] = Field(default_factory=dict)
    """The category of moved soil, 1 or 2, by class; soil of other classes is in none."""
    soil_mappings: dict[str, SoilMapping] = Field(default_factory=dict)
    soil_samples: SoilSamples | None = None
    receiver_kinds: dict[str, ReceiverKind] = Field(default_factory=dict)
    soil_moves: MapOf[identity.LandId, MapOf[int, SoilMove]] = Field(default_factory=dict)
    """What soil may come to which land, by the class of the soil; no entry: forbidden."""
    legal_regimes: dict[str, LegalRegime] = Field(default_factory=dict)
    recipes: dict[str, Recipe] = Field(default_factory=dict)
    handling: Handling
    """In a depot, each way."""
    internal_haul: InternalHaul | None = None
    """None: it counts for nothing."""
    truck_hours_per_year: figure.PositiveFigure
    """What one truck can drive and load in a year. [h]"""
    fuels: dict[str, Fuel]
    vehicles: dict[str, Vehicle]
    speeds: dict[str, RoadSpeed]
    built_up: BuiltUpSpeed
    share_of_signed_limit: figure.PositiveFigure
    surfaces: dict[str, figure.PositiveFigure]
    fixed_links: dict[str, FixedLink] = Field(default_factory=dict)
    tolls: dict[str, TollTable] = Field(default_factory=dict)
    """The truck toll, a table for each stretch of time; none: trucks state their own."""
    ferry: Ferry
    sea: Sea | None = None
    co2_tax_in_fuel: figure.NonNegativeFigure | None = None
    """What the price of fuel holds for each tonne out of the exhaust. [DKK/t CO2e TTW]"""
    price_indices: dict[str, figure.Yearly] = Field(default_factory=dict)
    """Price levels by year; a figure's `index` names the one that carries it."""
    beside: dict[str, Beside] = Field(default_factory=dict)
    """Where the national infrastructure tool has other figures."""

    def _check(self, info: ValidationInfo) -> None:
        for vehicle in self.vehicles.values():
            identity.find_known("fuels", vehicle.fuel, info)
        faults, part = list[Fault](), "catalogue checks"
        for one, truck in self.vehicles.items():
            told = {"gross": truck.gross_t.value, "payload": truck.payload_t.value}
            wrong = [say_text(part, "too heavy", **told)] if truck.empty_t <= 0 else []
            for table_id, table in self.tolls.items() if truck.toll_dkk_per_km is None else ():
                if table.rate(truck.toll_weight, truck.toll_co2) is None:
                    wrong.append(say_text(part, "no toll", table=f"`tolls.{table_id}`"))
            faults += [Fault(message, ("vehicles", one)) for message in wrong]
        raise_all(FaultError, faults)

    def toll_in(self, year: float) -> str | None:
        """Find the table of tolls in a year, which may have a fraction. Returns its id, or none."""
        begun = [(table.start_year, one) for one, table in self.tolls.items()]
        return max((entry for entry in begun if entry[0] <= year), default=(0.0, None))[1]

    def toll_dkk_per_km(self, vehicle: Vehicle, year: float) -> float:
        """Find what a truck pays on tolled roads in a year. Returns DKK per km."""
        if vehicle.toll_dkk_per_km is not None:
            return vehicle.toll_dkk_per_km.value
        table = self.toll_in(year)
        return (table and self.tolls[table].rate(vehicle.toll_weight, vehicle.toll_co2)) or 0.0

    def toll_co2_dkk_per_km(self, vehicle: Vehicle, year: float) -> float:
        """Find what of that is a price of CO2. Returns DKK per km; 0 where a truck says it."""
        table = None if vehicle.toll_dkk_per_km is not None else self.toll_in(year)
        return self.tolls[table].co2_rate(vehicle.toll_weight, vehicle.toll_co2) if table else 0.0

    def t_per_sample(self, material: str, register: str | None) -> float | None:
        """Find how much soil one sample is for. Returns tonnes; none: no sample is asked for."""
        if (known := self.materials[material]).soil_class is None or self.soil_samples is None:
            return None
        asked = [known.t_per_sample]
        if register is not None:
            asked.append(self.soil_mappings[register].t_per_sample)
        return min((one.value for one in asked if one is not None), default=None)

    def count_samples(self, material: str, register: str | None, tonnes: float) -> int | None:
        """Count the samples of soil before so many tonnes leave a site. Returns none: no sample."""
        each = self.t_per_sample(material, register)
        return None if each is None else math.ceil(tonnes / each - 1e-9)

    def fit(self, material: str, use: str) -> Fit | None:
        """Find the rule for a material in a use. Returns none where no rule speaks of the pair."""
        return self.fits.get(material, {}).get(use)

    def soil_move(self, material: str, land: str) -> SoilMove | None:
        """Find the rule for a material on a kind of land. Returns none: it is no soil."""
        if (soil_class := self.materials[material].soil_class) is None:
            return None
        return self.soil_moves.get(land, {}).get(soil_class, _NO_MOVE)

    def find_verdict(self, material: str, use: str, land: str) -> Ruling:
        """Find the stricter verdict: a use needs a rule that allows, a land one that forbids."""
        fit, move = self.fit(material, use), self.soil_move(material, land)
        verdicts = {fit.verdict if fit else "forbidden", move.verdict if move else "allowed"}
        return next(one for one in _STRICTEST if one in verdicts)

    def sort_uses(self, material: str, land: str = "") -> dict[Ruling, list[str]]:
        """Give the uses that a rule has, by the verdict on a material; `land`: with its rules."""
        uses: dict[Ruling, list[str]] = {"allowed": [], "conditional": [], "forbidden": []}
        fits = self.fits.get(material, {})
        for use in filter(fits.get, self.uses):
            verdict = self.find_verdict(material, use, land) if land else fits[use].verdict
            uses[verdict].append(use)
        return uses

    @cached_property
    def strictest_land(self) -> str:
        """Returns the kind of land that least soil may come to; the first of several."""
        moves, classes = self.soil_moves, self.soil_classes
        rules = {one: [moves.get(one, {}).get(of, _NO_MOVE) for of in classes] for one in self.land}
        sums = {
            one: sum(_STRICTEST.index(of.verdict) for of in some) for one, some in rules.items()
        }
        return min(sums, key=sums.__getitem__)

    def ratio(self, material: str, use: str) -> float:
        """Weigh a material against a use. Returns its tonnes for one reference tonne. [t/t]"""
        if (fit := self.fit(material, use)) is not None and fit.ratio is not None:
            return fit.ratio.value
        reference = self.materials[self.uses[use].reference_material]
        return self.materials[material].density_compacted.value / reference.density_compacted.value

    def at_prices_of(self, year: int | None) -> Self:
        """Give the catalogue at the prices of a year, where an index covers it and the old one."""
        moved: Self = self if year is None else _index(self, self.price_indices, year)
        return moved

    def names(self, section: str) -> identity.Names:
        """Give the ids of a section, such as `materials`, and what people call them."""
        entries: Mapping[str, Any] = getattr(self, section)
        return {one: getattr(entry, "name", entry) for one, entry in entries.items()}

    def cite(self, source: str) -> str:
        """Find the citation behind a source id. Returns it, or the text, as the reader speaks."""
        found = self.sources.get(source, source)
        return translate(found) if isinstance(found, str) else str(identity.Name("", found))

    def tonnes(self, quantity: Quantity, material: str, vehicles: tuple[str, ...]) -> float:
        """Turn a quantity of a material into tonnes. Returns t, or raises an `InputError`."""
        if quantity.unit == "t":
            return quantity.value
        known, number = self.materials[material], f"{quantity.value:g}"
        if quantity.unit == "loads":
            if not quantity.vehicle and len(vehicles) != 1:
                example, listed = f"`{number} loads {vehicles[0]}`", ", ".join(vehicles)
                told = {"example": example, "vehicles": listed}
                raise InputError.saying_text("catalogue checks", "which truck", **told)
            truck = quantity.vehicle or vehicles[0]
            truck = identity.find_id("vehicles", truck, self.names("vehicles"))
            return quantity.value * self.vehicles[truck].load_t(known.density_loose.value)
        if quantity.condition is None:
            told = {one: f"`{number} m3 {one}`" for one in get_args(Condition)}
            raise InputError.saying_text("catalogue checks", "which condition", **told)
        density: figure.Figure | None = getattr(known, f"density_{quantity.condition}")
        if density is None:
            tell = read_texts("catalogue checks")["no density"].format
            raise InputError(tell(condition=quantity.condition, material=f"`{material}`"))
        return quantity.value * density.value

    def figures(self) -> dict[str, figure.Sourced]:
        """List every sourced figure. Returns them by path: `vehicles.tipper_4_axle.payload_t`."""
        return dict(walk_figures(self, ""))


def _index(value: Any, indices: Mapping[str, figure.YearlyFigure], year: int) -> Any:
    """Carry every price in a part of the catalogue into a year's money; else give it as it is."""
    if isinstance(value, figure.Figure):
        series, since = indices.get(value.index), value.price_year
        if series is None or since is None or not (series.covers(since) and series.covers(year)):
            return value
        moved = value.times(series.in_year(year) / series.in_year(since))
        return moved.model_copy(update={"price_year": year, "indexed": True})
    if isinstance(value, BaseModel):
        return value.model_copy(update=_index(dict(value), indices, year))
    if isinstance(value, dict):
        return {name: _index(item, indices, year) for name, item in value.items()}
    return value


def walk_figures(value: Any, path: str) -> Iterator[tuple[str, figure.Sourced]]:
    """Find every sourced figure in a value at a path. Returns each with the path to it."""
    if isinstance(value, figure.Sourced):
        yield path, value
    elif isinstance(value, BaseModel | Mapping):
        for name, item in dict(value).items():
            if isinstance(item, BaseModel | Mapping):
                yield from walk_figures(item, f"{path}.{name}" if path else str(name))


@lru_cache
def read_builtin_values() -> dict[str, Any]:
    """Read the built-in catalogue. Returns plain values, from the cache: it is long to parse."""
    return cache.keep(
        "catalogues",
        cache.fingerprint((__version__, _BUILT_IN.read_bytes())),
        make=lambda: read_tree(_BUILT_IN, shown_as="catalogue.yaml").values,
        write=lambda values, file: cache.write_arrays(
            {"json": np.frombuffer(json.dumps(values).encode(), np.uint8)}, file
        ),
        read=lambda file: dict(json.loads(cache.read_arrays(file)["json"].tobytes())),
    )


@lru_cache
def load_catalogue() -> Catalogue:
    """Load the built-in catalogue. Returns it checked, and the same one each time."""
    values = read_builtin_values()
    names = {section: identity.names_in(entries) for section, entries in values.items()}
    return Catalogue.model_validate(values, context=identity.Context(names))


Sort: TypeAlias = Literal["building", "soil", "residue", "virgin"]
SORTS: tuple[Sort, ...] = ("building", "soil", "residue", "virgin")
"""Recycled building materials; soil; residual products such as slag; out of a pit."""
CLEAN_SOIL_CLASS = 1
"""Soil up to this class on Zealand counts as clean."""
Sorts: TypeAlias = tuple[tuple[Sort, float], ...]
"""The sorts of a tonne, with the share of each. [t/t]"""


def find_sort(material: Material) -> Sort:
    """Find as what a material that is offered or dug counts. Returns one of `SORTS`."""
    if material.origin == "virgin":
        return "virgin"
    if material.soil_class is not None:
        return "soil"
    return "residue" if material.legal_regime == "residual_products" else "building"


def mix_sorts(catalogue: Catalogue, inputs: Mapping[str, float]) -> Sorts:
    """Mix the sorts of tonnes of some materials. Returns the tonnes of each that there is."""
    parts = [(find_sort(catalogue.materials[name]), share) for name, share in inputs.items()]
    sums = {sort: sum(share for one, share in parts if one == sort) for sort in SORTS}
    return tuple((sort, share) for sort, share in sums.items() if share)


def count_share(sorts: Iterable[tuple[Sort, float]], soil_class: int | None, by: str) -> float:
    """Count what of a tonne is secondary by a `ShareDefinition`. Returns a share. [t/t]"""
    clean = soil_class is None or soil_class <= CLEAN_SOIL_CLASS
    soil = {"with_clean_soil": clean, "without_soil": False, "cut_in_virgin": True}[by]
    counts = {"building": True, "residue": True, "soil": soil, "virgin": False}
    return sum(share for sort, share in sorts if counts[sort])
