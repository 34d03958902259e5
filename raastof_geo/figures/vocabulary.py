"""Say once of every figure what it is called, counted in, part of, shared by and shown as.

An `Indicator` is its name, a string that tables are keyed by, and it knows the rest. Whatever
tells of figures asks here: books, caps, objectives, messages, sheets, layers. So a new one is an
`Indicator` in its place among these, and, unless the books count it themselves, a function in
`assignment/statement/measures.py`, which refuses to be imported where one is missing.

Whether an indicator depends on the truck is asked of that function, not stated here: see
`assignment/statement/layout.py`.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from raastof_geo.language import Message, Readable, say

Group: TypeAlias = Literal["ends", "taking", "buying", "giving"]
"""How a part of a line is shared out between its two ends.

`ends`: a transport between two projects by the scenario's rule, else the project at one end.
`taking`: who takes, else who gives. `giving`: who gives, else who takes. `buying`: who takes.
What no project stands at the end of is common: empty trips go by loads, the rest by the tonnes
that each project exchanges with plants and depots."""

_Trade: TypeAlias = Literal[
    "hauliers", "roads", "state", "waste_tax", "laboratories", "contractors"
]
Payee: TypeAlias = _Trade | Literal["giver", "holder", "place"]
"""Who gets a part of the cost: a trade, or who stands at the line: who gives, the project that
keeps the depot, or the place where it happens, whoever owns it."""

_LAST = 1_000
AMOUNT = "amount"
"""What the books call tonnes moved, into a recipe or stored, trips, and 1 for an opening."""


@dataclass(frozen=True)
class Aim:
    """How objectives and caps speak of an indicator."""

    title: Message
    """What is minimised or capped, with its unit, within a sentence."""
    unit: Readable
    adds: bool = True
    """Whether it may be added to others of its unit: not where they hold some of the same."""
    place: int = _LAST
    """Where it stands in the list of what may be chosen."""


@dataclass(frozen=True)
class EffectLine:
    """How tables of the effect show an indicator."""

    line: int = _LAST
    """Where its line stands in the tables of the effect."""
    factor: float = 1.0
    """From the indicator's unit to the unit of its heading."""
    digits: int = 0
    unless_zero: bool = False
    """Whether its line is left out where there is none of it, before and after."""
    in_short: bool = False
    """Whether it is told of each site on the map."""


@dataclass(frozen=True)
class Saving:
    """How causes tell what is saved of a part: a column's head, and what it comes from."""

    title: Message
    means: Message


@dataclass(frozen=True)
class Layer:
    """How the layers for GIS carry an indicator."""

    column: str
    unit: str
    danish: str
    english: str
    factor: float = 1.0
    """From the indicator's unit to the column's."""


@dataclass(frozen=True)
class Factor:
    """The number of the catalogue that each line is so many times of."""

    of: Literal[
        "vehicle", "toll", "fuel", "sea", "pit", "receiver", "kind", "samples", "processing"
    ]
    """Whose number it is: the truck's, the toll's in the period, the fuel's, the ship's, the
    material's from a pit or to a receiver, that of the kind of receiver, of samples, or of lime,
    depots and plants."""
    field: str


@dataclass(frozen=True, eq=False, repr=False)
class Indicator(str):
    """A part, a sum or a measure: its name, and what there is to say of it."""

    name: str
    heading: Message
    """At the head of tables, with the unit shown in brackets where it is shown."""
    unit: str
    _: KW_ONLY
    part_of: str | None = None
    """The sum that it is part of."""
    shared: Group | None = None
    """How it is divided between the ends of a line; none: books do not keep it line by line."""
    counted: bool = False
    """Whether the books count it out of lines; otherwise it is measured of columns."""
    flow: str = ""
    """The column of flows that adds up to it, empty trips of coordinated trucks left out."""
    factor: Factor | None = None
    times: tuple[str, ...] = (AMOUNT,)
    """What a line has that it is so many times of; several are added up."""
    aim: Aim | None = None
    """How objectives and caps speak of it; none: it can be neither minimised nor capped."""
    shown: EffectLine | None = None
    grouped: int | None = None
    """Where its column stands in the sheets of groups; none: after those that say so, where it is
    shown."""
    summary: Message | None = None
    """Its line among the key figures, for what `Totals` of the effect do not hold."""
    layer: Layer | None = None
    saving: Saving | None = None
    """How what is saved is told of, of a part of the emissions."""
    payee: Payee = "place"
    """Who gets it, of a part of the cost."""

    def __new__(cls, name: str, *_: Any, **__: Any) -> Indicator:
        """Be the name; the rest is laid beside it."""
        return super().__new__(cls, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return find_indicator, (self.name,)

    @property
    def divided(self) -> Group:
        """How it is shared out; of what is not, as a transport is."""
        return self.shared or "ends"

    @property
    def saved_as(self) -> Saving:
        """How what is saved of it is told of; as its heading says, where nothing else is said."""
        return self.saving or Saving(self.heading, self.heading)

    @property
    def bare(self) -> str:
        """The heading without the unit of its table."""
        return str(self.heading).partition(" [")[0].removeprefix("– ").strip()


TONNES = Indicator("tonnes", say("Tonnes moved"), "t", shared="ends", counted=True, grouped=7)
LOADS_DRIVEN = Indicator(
    "loads",
    say("Truck loads"),
    "loads",
    shared="ends",
    counted=True,
    grouped=12,
    shown=EffectLine(13),
    layer=Layer("loads", "", "læs", "truck loads"),
)
VEHICLE_KM = Indicator(
    "vehicle_km",
    say("Truck kilometres [km]"),
    "km",
    shared="ends",
    flow="vehicle_km",
    aim=Aim(say("truck distance in km"), "km", place=10),
    grouped=13,
    shown=EffectLine(12, in_short=True),
    layer=Layer("truck_km", "km", "lastbilkilometer", "truck kilometres"),
)
TONNE_KM = Indicator(
    "tonne_km",
    say("Transport work [1,000 t km]"),
    "t km",
    shared="ends",
    flow="tonne_km",
    times=("tonnes",),
    aim=Aim(say("transport work in tonne-km"), say("tonne-km"), place=9),
    grouped=14,
    shown=EffectLine(11, 1e-3),
)
DRIVE_H = Indicator(
    "drive_h",
    say("Driving time"),
    "h",
    shared="ends",
    flow="drive_h",
    aim=Aim(say("driving time in hours"), say("hours"), place=11),
)
_energy = Factor("vehicle", "energy_per_100km")
_used = partial(Indicator, shared="ends", counted=True, factor=_energy, times=("vehicle_km",))
LITRES = _used("litres", say("Fuel [l]"), "l", grouped=15, shown=EffectLine(14, unless_zero=True))
KWH = _used(
    "kwh", say("Electricity [kWh]"), "kWh", grouped=16, shown=EffectLine(15, unless_zero=True)
)

_emission = partial(Indicator, unit="kg CO2e", part_of="kg_co2e_wtw")
TRANSPORT_WTW = _emission(
    "transport_kg_co2e_wtw",
    say("– transport, WTW [t CO2e]"),
    flow="kg_co2e_wtw",
    aim=Aim(say("transport emission (well to wheel) in kg CO2e"), "kg CO2e", place=1),
    grouped=2,
    shown=EffectLine(2, 1e-3, 1),
    layer=Layer("transport_t_co2e_wtw", "t CO2e", "transport, WTW", "transport, WTW", 1e-3),
    saving=Saving(say("Transport"), say("shorter hauls")),
)
_hauled = partial(Indicator, unit="kg CO2e", part_of="transport_kg_co2e_wtw")
ROAD_WTW = _hauled(
    "road_kg_co2e_wtw",
    say("Lorries, WTW"),
    shared="ends",
    factor=Factor("fuel", "kg_co2e_wtw_per_unit"),
    times=("litres", "kwh"),
)
SEA = _hauled(
    "sea_kg_co2e_wtw",
    say("– of which by ship, WTW [t CO2e]"),
    shared="buying",
    factor=Factor("sea", "kg_co2e_per_tonne_km"),
    grouped=2,
    shown=EffectLine(2, 1e-3, 1, unless_zero=True),
)
"""To the quay where lorries fetch what a pit over sea supplies. Of a ship one factor is known, for
all of its emissions; what leaves its exhaust is not told apart."""
TRANSPORT_TTW = Indicator(
    "transport_kg_co2e_ttw",
    say("– of which out of the exhaust, TTW [t CO2e]"),
    "kg CO2e",
    shared="ends",
    flow="kg_co2e_ttw",
    factor=Factor("fuel", "kg_co2e_ttw_per_unit"),
    times=("litres", "kwh"),
    aim=Aim(say("transport emission (tank to wheel) in kg CO2e"), "kg CO2e", adds=False, place=2),
    grouped=3,
    shown=EffectLine(3, 1e-3, 1),
    layer=Layer("transport_t_co2e_ttw", "t CO2e", "transport, TTW", "transport, TTW", 1e-3),
)
UPSTREAM = _emission(
    "upstream_kg_co2e",
    say("– digging virgin material [t CO2e]"),
    shared="buying",
    flow="upstream_kg_co2e",
    factor=Factor("pit", "upstream_kg_co2e"),
    aim=Aim(say("emission of digging virgin material in kg CO2e"), "kg CO2e", place=3),
    grouped=4,
    shown=EffectLine(4, 1e-3, 1),
    layer=Layer("upstream_t_co2e", "t CO2e", "indvinding", "digging virgin material", 1e-3),
    saving=Saving(say("Virgin material"), say("virgin material replaced")),
)
PROCESSING = _emission(
    "processing_kg_co2e",
    say("– crushing, plants, depots, lime [t CO2e]"),
    shared="taking",
    flow="processing_kg_co2e",
    factor=Factor("processing", "kg_co2e_per_t"),
    aim=Aim(say("emission of plants and depots in kg CO2e"), "kg CO2e", place=4),
    grouped=5,
    shown=EffectLine(5, 1e-3, 1),
    layer=Layer(
        "processing_t_co2e",
        "t CO2e",
        "knusning, anlæg, depoter, kalk",
        "crushing, plants, depots, lime",
        1e-3,
    ),
    saving=Saving(say("Processing"), say("processing")),
)
DISPOSAL = _emission(
    "disposal_kg_co2e",
    say("– final reception [t CO2e]"),
    shared="giving",
    flow="disposal_kg_co2e",
    factor=Factor("receiver", "disposal_kg_co2e"),
    aim=Aim(say("emission of final reception in kg CO2e"), "kg CO2e", place=5),
    grouped=6,
    shown=EffectLine(6, 1e-3, 1),
    layer=Layer("disposal_t_co2e", "t CO2e", "bortskaffelse", "final reception", 1e-3),
    saving=Saving(say("Reception"), say("less final reception")),
)

_cost = partial(Indicator, unit="DKK", part_of="cost_dkk", shared="ends")
_hire, _toll = Factor("vehicle", "hire_dkk_per_h"), Factor("toll", "toll_dkk_per_km")
_price, _tax, _fee = Factor("pit", "price"), Factor("pit", "tax"), Factor("receiver", "gate_fee")
_charge, _landfill = Factor("processing", "dkk_per_t"), Factor("kind", "tax")
_samples = Factor("samples", "dkk_per_sample")
HAUL = _cost("haul_dkk", say("Haulage"), factor=_hire, payee="hauliers")
TOLL = _cost("toll_dkk", say("Tolls and fares"), factor=_toll, times=("vehicle_km",), payee="roads")
TOLL_CO2 = Indicator("toll_co2_dkk", say("Of the toll, a price of CO2"), "DKK")
"""Part of `TOLL`, which is not priced once more where CO2e has a price."""
PURCHASE = _cost(
    "purchase_dkk", say("Material bought"), shared="buying", factor=_price, payee="giver"
)
TAX = _cost("tax_dkk", say("Raw-material tax"), shared="buying", factor=_tax, payee="state")
GATE = _cost("gate_dkk", say("Gate fees"), shared="giving", factor=_fee)
LANDFILL_TAX = _cost(
    "landfill_tax_dkk",
    say("Waste tax on landfill"),
    shared="giving",
    factor=_landfill,
    payee="waste_tax",
)
SAMPLING = _cost(
    "sampling_dkk", say("Samples of soil"), shared="giving", factor=_samples, payee="laboratories"
)
PREPARATION = _cost(
    "preparation_dkk",
    say("Crushing, lime and other preparation"),
    shared="taking",
    factor=_charge,
    payee="contractors",
)
HANDLING = _cost("handling_dkk", say("Handling in depots"), factor=_charge, payee="holder")
PLANTS_RUN = _cost("processing_dkk", say("Plants"), factor=_charge)
STORING = _cost("storing_dkk", say("Storing"), payee="holder")
OPENING = _cost("opening_dkk", say("Sites that open"))

_mass = partial(Indicator, unit="t", counted=True)
REFERENCE_TONNES = _mass(
    "reference_tonnes", say("Needs met, in reference material"), shared="taking"
)
SECONDARY_REFERENCE = _mass(
    "secondary_reference_tonnes", say("– of which by secondary materials"), shared="taking"
)
VIRGIN = Indicator(
    "virgin_tonnes",
    say("Virgin material [t]"),
    "t",
    shared="buying",
    aim=Aim(say("use of virgin material in tonnes"), "t", place=12),
    grouped=8,
    shown=EffectLine(7, in_short=True),
    layer=Layer("virgin_t", "t", "primære råstoffer", "virgin material"),
)
SECONDARY = _mass("secondary_tonnes", say("Secondary material put to use"), shared="taking")
RECEIVED = _mass(
    "received_tonnes",
    say("Surplus to final reception [t]"),
    shared="giving",
    grouped=10,
    shown=EffectLine(9),
)
LANDFILL = Indicator(
    "landfill_tonnes",
    say("– of which landfill [t]"),
    "t",
    shared="giving",
    aim=Aim(say("landfill in tonnes"), "t", place=13),
    grouped=11,
    shown=EffectLine(10, unless_zero=True),
    layer=Layer("landfill_t", "t", "deponi", "landfill"),
)
REUSED = _mass(
    "reused_tonnes",
    say("Surplus reused elsewhere [t]"),
    shared="giving",
    grouped=9,
    shown=EffectLine(8),
    layer=Layer("reused_t", "t", "overskud genbrugt andetsteds", "surplus reused elsewhere"),
)
SOLD = Indicator("sold_dkk", say("Material sold"), "DKK", shared="giving", counted=True)

CO2E = Indicator(
    "kg_co2e_wtw",
    say("Emissions of all parts, WTW [t CO2e]"),
    "kg CO2e",
    aim=Aim(say("emission of all parts (well to wheel) in kg CO2e"), "kg CO2e", place=6),
    grouped=1,
    shown=EffectLine(1, 1e-3, 1, in_short=True),
    layer=Layer(
        "t_co2e_wtw", "t CO2e", "udledning fra alle dele, WTW", "emissions of all parts, WTW", 1e-3
    ),
)
COST = Indicator(
    "cost_dkk",
    say("Cost [1,000 DKK]"),
    "DKK",
    flow="dkk",
    aim=Aim(say("cost in DKK"), say("DKK"), adds=False, place=7),
    grouped=17,
    shown=EffectLine(16, 1e-3, in_short=True),
    layer=Layer("cost_dkk", "DKK", "omkostning", "cost"),
)
COST_WITH_CO2 = Indicator(
    "cost_with_co2_dkk",
    say("cost with priced CO2 in DKK"),
    "DKK",
    aim=Aim(say("cost with priced CO2 in DKK"), say("DKK"), adds=False, place=8),
)
SHORT_OF_GOAL = Indicator(
    "short_of_goal_tonnes",
    say("Short of the goals [reference t]"),
    "t",
    aim=Aim(say("reference tonnes short of the goals"), say("reference tonnes"), place=14),
)
"""What goals among the targets lack, added up over all of them."""
ENERGY = Indicator("energy", say("Energy"), "")
"""In the unit of each truck's fuel."""

INDICATORS = tuple(one for one in list(globals().values()) if isinstance(one, Indicator))
"""Every figure, in the order of the books: work, emissions, money, masses, sums. All that follows
looks here each time that it is asked, so that a test may put one more in."""


def find_indicator(name: str) -> Indicator:
    """Give the entry of `INDICATORS` of a name; raise KeyError where there is none."""
    return {str(one): one for one in INDICATORS}[name]


def parts_of(whole: str) -> tuple[Indicator, ...]:
    """Give the parts that add up to a sum; none of what is no sum."""
    return tuple(indicator for indicator in INDICATORS if indicator.part_of == whole)


def leaves_of(whole: str) -> tuple[Indicator, ...]:
    """Give what a figure is added up from, parts that are sums taken apart; a part by itself."""
    parts = parts_of(whole)
    return tuple(one for part in parts for one in leaves_of(part)) or (find_indicator(whole),)


def sums_of_parts() -> dict[Indicator, tuple[Indicator, ...]]:
    """Give each sum with what it is added up from: no sums, all of its unit."""
    return {one: leaves_of(one) for one in INDICATORS if parts_of(one)}


def kept_in_books() -> tuple[Indicator, ...]:
    """Give what every line of the books has of its own, sums of parts left out."""
    return tuple(indicator for indicator in INDICATORS if indicator.shared is not None)


def told_in_books() -> tuple[Indicator, ...]:
    """Give everything that the books tell: what lines have, then sums of it."""
    return (*kept_in_books(), *sums_of_parts())


def measured() -> tuple[Indicator, ...]:
    """Give what columns are measured by; each has a function in `measures`."""
    return tuple(indicator for indicator in INDICATORS if not indicator.counted)


def choices() -> dict[Indicator, Aim]:
    """Give what may be minimised and capped, in the order in which they are listed."""
    known = {indicator: indicator.aim for indicator in INDICATORS if indicator.aim is not None}
    return dict(sorted(known.items(), key=lambda entry: entry[1].place))


def shown_in_lines() -> dict[Indicator, EffectLine]:
    """Give what tables of the effect show, line by line."""
    known = {indicator: indicator.shown for indicator in INDICATORS if indicator.shown is not None}
    return dict(sorted(known.items(), key=lambda entry: entry[1].line))


def shown_in_columns() -> dict[Indicator, float]:
    """Give what sheets of groups show, in order, with the factor to the unit of the heading."""
    known = [one for one in INDICATORS if one.grouped is not None or one.shown is not None]
    known.sort(key=lambda one: _LAST if one.grouped is None else one.grouped)
    return {one: one.shown.factor if one.shown else 1.0 for one in known}


def layered() -> dict[Indicator, Layer]:
    """Give what layers for GIS carry, in their order."""
    return {one: one.layer for one in shown_in_lines() if one.layer is not None}


def multiples() -> tuple[Indicator, ...]:
    """Give what is so many times something else than the amount of its line."""
    return tuple(indicator for indicator in INDICATORS if indicator.times != (AMOUNT,))


def explained() -> dict[Indicator, Factor]:
    """Give what lines have that hangs on a number of the catalogue."""
    return {one: one.factor for one in kept_in_books() if one.factor is not None}


def aim_of(name: str) -> Aim:
    """Say how objectives and caps speak of it; raise KeyError where it can be neither."""
    return choices()[find_indicator(name)]
