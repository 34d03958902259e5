"""Say once of every figure what it is called, counted in, part of, shared by and shown as.

An `Indicator` is its name, a string that tables are keyed by, and it knows the rest. Whatever
tells of figures asks here: books, caps, objectives, messages, sheets, layers. So a new one is a
table in its place in `data/indicators.toml`, and, unless the books count it themselves, a line of
`data/measures.toml`, without which `assignment/statement/layout.py` cannot be imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, NamedTuple, TypeAlias
from raastof_geo.language import Message, read_data

Group: TypeAlias = Literal["ends", "taking", "buying", "giving"]
"""How a part of a line is shared out between its two ends.

`ends`: a transport between two projects by the scenario's rule, else the project at one end.
`taking`: who takes, else who gives. `giving`: who gives, else who takes. `buying`: who takes.
What no project stands at the end of is common: empty trips go by loads, the rest by the tonnes
that each project exchanges with plants and depots."""

_Firm: TypeAlias = Literal["hauliers", "roads", "state", "waste_tax", "laboratories", "contractors"]
Payee: TypeAlias = _Firm | Literal["giver", "holder", "place"]
"""Who gets a part of the cost: a trade, or who stands at the line: who gives, the project that
keeps the depot, or the place where it happens, whoever owns it."""

_LAST = 1_000
AMOUNT = "amount"
"""What the books call tonnes moved, into a recipe or stored, trips, and 1 for an opening."""


class Aim(NamedTuple):
    """How objectives and caps speak of an indicator."""

    title: Message
    """What is minimised or capped, with its unit, within a sentence."""
    unit: Message
    adds: bool = True
    """Whether it may be added to others of its unit: not where they hold some of the same."""
    place: int = _LAST
    """Where it stands in the list of what may be chosen."""


class EffectLine(NamedTuple):
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


class Layer(NamedTuple):
    """How the layers for GIS carry an indicator."""

    column: str
    unit: str
    danish: str
    english: str
    factor: float = 1.0
    """From the indicator's unit to the column's."""


class Factor(NamedTuple):
    """The number of the catalogue that each line is so many times of."""

    of: Literal[
        "vehicle", "toll", "fuel", "sea", "pit", "receiver", "kind", "samples", "processing"
    ]
    """Whose number it is: the truck's, the toll's then, the fuel's, the ship's, a material's
    from a pit or to a receiver, of a kind of receiver, samples, or lime, depots and plants."""
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
    """Where its column stands in the sheets of groups; none: if shown, after those with one."""
    summary: Message | None = None
    """Its line among the key figures, for what `Totals` of the effect do not hold."""
    layer: Layer | None = None
    saving: Message | None = None
    """What the column is called that tells what causes save of it, of a part of the emissions."""
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
    def saved_as(self) -> Message:
        """What the column of its savings is called; as its heading, where nothing else is said."""
        return self.saving or self.heading

    @property
    def bare(self) -> str:
        """The heading without the unit of its table."""
        return str(self.heading).partition(" [")[0].removeprefix("– ").strip()


_KINDS = {"aim": Aim, "shown": EffectLine, "layer": Layer, "factor": Factor}
WORDS = ("heading", "summary", "aim.title", "aim.unit", "saving")
"""What is translated."""


def _read(said: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Make of plain values what the fields of an indicator, or of a part of it, hold."""
    found = dict(said)
    for key, value in said.items():
        if above + key in WORDS:
            found[key] = Message(value)
        elif isinstance(value, dict):
            found[key] = _KINDS[key](**_read(value, f"{key}."))
        elif isinstance(value, list):
            found[key] = tuple(value)
    return found


_SAID = read_data("indicators.toml").items()
INDICATORS = tuple(Indicator(name, **_read(said)) for name, said in _SAID)
"""Every figure, in the order of the books: work, emissions, money, masses, sums. All that follows
looks here each time that it is asked, so that a test may put one more in."""


def find_indicator(name: str) -> Indicator:
    """Find an indicator by name. Returns that of `INDICATORS`; raises KeyError if there is none."""
    return {str(one): one for one in INDICATORS}[name]


def _find(*names: str) -> Iterator[Indicator]:
    return map(find_indicator, names)


TONNES, LOADS_DRIVEN, VEHICLE_KM, TONNE_KM = _find("tonnes", "loads", "vehicle_km", "tonne_km")
DRIVE_H, LITRES, KWH, ENERGY = _find("drive_h", "litres", "kwh", "energy")
CO2E, ROAD_WTW, SEA = _find("kg_co2e_wtw", "road_kg_co2e_wtw", "sea_kg_co2e_wtw")
TRANSPORT_WTW, TRANSPORT_TTW = _find("transport_kg_co2e_wtw", "transport_kg_co2e_ttw")
UPSTREAM, PROCESSING = _find("upstream_kg_co2e", "processing_kg_co2e")
DISPOSAL, REUSED, OPENING = _find("disposal_kg_co2e", "reused_tonnes", "opening_dkk")
COST, COST_WITH_CO2, SOLD = _find("cost_dkk", "cost_with_co2_dkk", "sold_dkk")
HAUL, TOLL, TOLL_CO2 = _find("haul_dkk", "toll_dkk", "toll_co2_dkk")
PURCHASE, GATE = _find("purchase_dkk", "gate_dkk")
HANDLING, PREPARATION = _find("handling_dkk", "preparation_dkk")
REFERENCE_TONNES, SHORT_OF_GOAL = _find("reference_tonnes", "short_of_goal_tonnes")
SECONDARY, SECONDARY_REFERENCE = _find("secondary_tonnes", "secondary_reference_tonnes")
VIRGIN, RECEIVED = _find("virgin_tonnes", "received_tonnes")


def parts_of(whole: str) -> tuple[Indicator, ...]:
    """List the parts of a sum. Returns those that add up to it; none of what is no sum."""
    return tuple(indicator for indicator in INDICATORS if indicator.part_of == whole)


def leaves_of(whole: str) -> tuple[Indicator, ...]:
    """Take a figure apart, its sums too. Returns what adds up to it; of a part that alone."""
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
    """List what may be minimised and capped. Returns how objectives speak of each, in order."""
    known = {one: one.aim for one in INDICATORS if one.aim is not None}
    return dict(sorted(known.items(), key=lambda entry: entry[1].place))


def shown_in_lines() -> dict[Indicator, EffectLine]:
    """Give what tables of the effect show, line by line."""
    known = {indicator: indicator.shown for indicator in INDICATORS if indicator.shown is not None}
    return dict(sorted(known.items(), key=lambda entry: entry[1].line))


def shown_in_columns() -> dict[Indicator, float]:
    """List what sheets of groups show. Returns factors to units of headings, in order."""
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
    """List what lines have by a number of the catalogue. Returns that number of each."""
    return {one: one.factor for one in kept_in_books() if one.factor is not None}


def aim_of(name: str) -> Aim:
    """Find an aim by name. Returns how objectives speak of it; raises KeyError if none does."""
    return choices()[find_indicator(name)]
