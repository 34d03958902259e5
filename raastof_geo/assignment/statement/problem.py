"""Lay the programme out: a column for everything that a plan may do, and what each amounts to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, reduce
from operator import attrgetter
from typing import Any, NamedTuple
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from raastof_geo.arrays import Columns, Floats, Indices, Integers, Mask, Objects, SmallIntegers
from raastof_geo.figures import vocabulary
from raastof_geo.figures.figure import value_of
from raastof_geo.legs.legs import LEG_KEYS, Legs
from raastof_geo.scenario.parties import Giver, Taker
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Scenario


class ColumnKind(StrEnum):
    """A kind of columns, in their order; in frames and files it is the text of its name."""

    keys: tuple[str, ...]
    """The labels that tell its columns apart, as its table has them."""

    def __new__(cls, name: str, *keys: str) -> ColumnKind:
        """Make a kind of its name and its labels."""
        kind = str.__new__(cls, name)
        kind._value_, kind.keys = name, keys
        return kind

    MOVES = "moves", "giver", "taker", "origin", "destination", "material", "vehicle", "period"
    """Tonnes moved."""
    PROCESSES = "processes", "site", "recipe", "period"
    """Tonnes into a recipe."""
    STORES = "stores", "depot", "site", "material", "period"
    """Tonnes stored at the end of a period."""
    TRIPS = "trips", "origin", "destination", "vehicle", "period"
    """Empty trips."""
    OPENINGS = "openings", "role", "site"
    """A site opened, or not."""
    LINKS = "links", "origin", "destination"
    """A pair of sites linked, or not."""
    LOTS = "lots", "origin", "destination", "material", "period"
    """A lot sent, or not."""
    SHORTFALLS = "shortfalls", "goal"
    """Reference tonnes by which a goal is missed."""

    @property
    def word(self) -> str:
        """What one of its columns is called; moves are called by their labels alone."""
        return {"openings": "open", "processes": "process", "moves": ""}.get(self, self[:-1])

    @property
    def is_decision(self) -> bool:
        """Whether its columns are 0 or 1."""
        return self in (ColumnKind.OPENINGS, ColumnKind.LINKS, ColumnKind.LOTS)


_OF_ENDS = ("giver", "taker", "origin", "destination")
_OF_PARTIES = {
    **{"giver": ("giver", "id"), "origin": ("giver", "site"), "giver_kind": ("giver", "kind")},
    **{"taker": ("taker", "id"), "destination": ("taker", "site"), "taker_kind": ("taker", "kind")},
    "material": ("giver", "material"),
}
"""Which party a label is of, and what it is called there."""


@dataclass(frozen=True, eq=False)
class Moves:
    """Who may send to whom, as arrays of numbers: one entry for each column."""

    giver: SmallIntegers
    taker: SmallIntegers
    leg: SmallIntegers
    """Row of the legs."""
    vehicle: NDArray[np.int16]
    period: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.giver)

    @cached_property
    def by_party(self) -> dict[str, tuple[SmallIntegers, SmallIntegers]]:
        """Their numbers in the order of `giver` and of `taker`, and whose each of these is."""
        parties = {"giver": self.giver, "taker": self.taker}
        orders = {end: np.argsort(of, kind="stable") for end, of in parties.items()}
        return {end: (at.astype(np.int32), parties[end][at]) for end, at in orders.items()}

    def take(self, at: Columns) -> Moves:
        """Give only some of them."""
        arrays = attrgetter("giver", "taker", "leg", "vehicle", "period")(self)
        return Moves(*(numbers[at] for numbers in arrays))


class _Codes(NamedTuple):
    """Labels of moves, looked up by number."""

    names: dict[str, int]
    """Every name and its number, in their order."""
    codes: Indices
    """Of each giver, taker, truck or period the number of its name."""
    of: str
    """The array of `Moves` that says which of them a move has."""


class _Found(dict[tuple[Any, ...], Columns]):
    """Columns by what was looked for; they stay behind where the problem travels."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _Found, ()


_MOST_REMEMBERED = 2_000_000
"""Columns of a problem that remembers what was found: rules look for the same again and again."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A scenario and the columns of its programme, in the order of their labels."""

    scenario: Scenario
    legs: Legs
    givers: tuple[Giver, ...]
    takers: tuple[Taker, ...]
    moves: Moves
    measures: Mapping[vocabulary.Indicator, Callable[[Problem], Floats]]
    """What columns can be measured by: for each, what a unit of every column adds to it."""
    others: dict[str, pd.DataFrame] = field(default_factory=dict)
    """Columns that move nothing, by `ColumnKind`; each with labels and with `dkk` and `kg_co2e`."""
    alone: dict[str, float] = field(default_factory=dict)
    """What each project has alone by the measure of fairness, where that is asked for."""
    nearest_t: float | None = None
    """The least that goals can be missed by, once that is known. [reference t]"""
    asked_t: float = 0.0
    """Tonnes that rules of somebody's own ask for, beyond those of the scenario. [t]"""
    _known_codes: dict[str, _Codes] = field(default_factory=dict, repr=False)
    _measured: dict[str, Floats] = field(default_factory=dict, repr=False)
    _found: _Found = field(default_factory=_Found, repr=False)
    """What is known of the columns, which problems of other quantities and limits share."""
    _terms: dict[str, Floats] = field(default_factory=dict, repr=False)
    """What takers ask by material, which problems of other columns share, too."""

    @cached_property
    def sizes(self) -> dict[str, int]:
        """How many columns there are of each kind."""
        sizes: dict[str, int] = {kind: len(self.others.get(kind, ())) for kind in ColumnKind}
        return sizes | {ColumnKind.MOVES: len(self.moves)}

    @cached_property
    def starts(self) -> dict[str, int]:
        """The first column of each kind."""
        return dict(zip(ColumnKind, np.cumsum([0, *self.sizes.values()]).tolist(), strict=False))

    @property
    def column_count(self) -> int:
        """How many columns there are in all."""
        return sum(self.sizes.values())

    @cached_property
    def whole(self) -> Mask:
        """Which columns are 0 or 1."""
        sizes = [self.sizes[kind] for kind in ColumnKind]
        return np.repeat([kind.is_decision for kind in ColumnKind], sizes)

    def block(self, kind: str) -> slice:
        """Give the place of a kind's columns."""
        return slice(self.starts[kind], self.starts[kind] + self.sizes[kind])

    def join(self, **values: Floats) -> Floats:
        """Lay values of some kinds of columns, there or not, into one array of all. [columns]"""
        whole = np.zeros(self.column_count)
        for kind, part in values.items():
            if self.sizes[kind]:
                whole[self.block(kind)] = part
        return whole

    def only(self, columns: Columns) -> Problem:
        """Give the problem with only some columns, numbered anew from zero in the same order."""
        others = {}
        for kind, table in self.others.items():
            rows = np.asarray(columns) - self.starts[kind]
            rows = rows[(rows >= 0) & (rows < len(table))]
            others[kind] = table.iloc[rows].reset_index(drop=True)
        moves = self.moves.take(columns[columns < len(self.moves)])
        return replace(
            self, moves=moves, others=others, _known_codes={}, _measured={}, _found=_Found()
        )

    def with_scenario(self, scenario: Scenario) -> Problem:
        """Give the same columns, with what is known of them, where only quantities differ."""
        return replace(self, scenario=scenario, alone={}, nearest_t=None)

    def find(self, kind: str = "moves", **labels: str) -> Columns:
        """Find the columns of a `ColumnKind` whose labels are as said; ascending, to be read only.

        Moves have its `keys`, `giver_kind` and `taker_kind`; other kinds the names of their table.
        """
        wanted = (kind, *labels.items())
        if (found := self._found.get(wanted)) is None:
            found = self._look_up(kind, labels)
            found.flags.writeable = False
            if self.column_count <= _MOST_REMEMBERED:
                self._found[wanted] = found
        return found

    def _look_up(self, kind: str, labels: Mapping[str, str]) -> Columns:
        if kind != ColumnKind.MOVES:
            keep = np.ones(self.sizes[kind], bool)
            for name, label in labels.items() if len(keep) else ():
                found = self._codes(name, kind)
                keep &= found.codes == found.names.get(label, -1)
            return self.starts[kind] + np.flatnonzero(keep)
        narrow = next((key for key in _OF_ENDS if key in labels), None)
        columns: Columns
        if narrow is None:
            columns = np.arange(len(self.moves), dtype=np.int32)
        else:
            columns = self.of(narrow, labels[narrow])
        for name, label in labels.items():
            if name != narrow:
                columns = columns[self.has(name, label, columns)]
        return columns

    def mark(self, **labels: str) -> Mask:
        """Tell which columns have such labels; decisions and kinds without them have not."""
        mask = np.zeros(self.column_count, bool)
        for kind in ColumnKind:
            if not kind.is_decision and labels.keys() <= set(kind.keys):
                mask[self.find(kind, **labels)] = True
        return mask

    def of(self, key: str, label: str) -> Columns:
        """Give the moves whose `giver`, `taker`, `origin` or `destination` is `label`."""
        found = self._codes(key)
        order, party = self.moves.by_party[found.of]
        parties = np.flatnonzero(found.codes == found.names.get(label, -1)).astype(party.dtype)
        bounds = np.searchsorted(party, [parties, parties + 1])  # of one type: nothing is copied
        parts = [order[start:stop] for start, stop in bounds.T.tolist()]
        return parts[0] if len(parts) == 1 else np.sort(np.concatenate([order[:0], *parts]))

    def number_ends(self, number: Mapping[str, int]) -> tuple[Integers, Integers]:
        """Give the number of the site where each move begins, and ends; -1 for other sites."""
        giver = np.array([number.get(one.site, -1) for one in self.givers], dtype=np.int64)
        taker = np.array([number.get(one.site, -1) for one in self.takers], dtype=np.int64)
        return giver[self.moves.giver], taker[self.moves.taker]

    def labels(self, key: str, columns: Columns | None = None) -> Objects:
        """Give a label of moves, as `find` knows them. [moves, or those of `columns`]"""
        at = slice(None) if columns is None else columns
        found = self._codes(key)
        names = np.array(list(found.names), object)
        return np.asarray(names[found.codes[getattr(self.moves, found.of)[at]]])

    @property
    def vehicles(self) -> tuple[str, ...]:
        """The trucks, by number."""
        return tuple(sorted(self.scenario.said.vehicles))

    def _codes(self, key: str, kind: str = ColumnKind.MOVES) -> _Codes:
        """Give the labels of a key, and which of them each party, truck or period has.

        Of another `kind` than moves: which of them each of its columns has.
        """
        known = self._known_codes
        if kind != ColumnKind.MOVES and (key := f"{kind} {key}") not in known:
            codes, found = pd.factorize(self.others[kind][key.split()[1]])
            known[key] = _Codes({name: at for at, name in enumerate(found)}, codes, kind)
        if key not in known:
            of, name = _OF_PARTIES.get(key, (key, ""))
            each: dict[str, Sequence[Any]] = {"giver": self.givers, "taker": self.takers}
            each |= {"vehicle": self.vehicles, "period": tuple(self.scenario.periods)}
            labels = [getattr(one, name) if name else one for one in each[of]]
            names = {name: at for at, name in enumerate(dict.fromkeys(labels))}
            known[key] = _Codes(names, np.array([names[one] for one in labels], np.intp), of)
        return known[key]

    @property
    def pooled_share(self) -> float:
        """Share of the tonnes on each leg that coordinated trucks carry."""
        pooled = self.scenario.said.return_loads
        return pooled.share if pooled and self.legs.empty_trips is not None else 0.0

    def leg(self, name: str) -> Floats:
        """Give the legs' column `name` for every move; within a site only the dumper's. [moves]"""
        figures = self.legs.frame[name].to_numpy(dtype=np.float64)[self.moves.leg]
        if name != "load_t":
            figures[self.inside] = 0.0
            haul = value_of(getattr(self.scenario.catalogue.internal_haul, name, None))
            # But for what is heaped up where it is dug.
            piles = np.array([taker.only_from is not None for taker in self.takers], bool)
            figures[self.inside & ~piles[self.moves.taker]] = haul
        return figures

    @property
    def on_road(self) -> Mask:
        """Which moves a truck drives. [moves]"""
        return self.leg("work_h") > 0

    @cached_property
    def inside(self) -> Mask:
        """Which moves begin and end at one site, so that no lorry passes its gate. [moves]"""
        giver, taker = self.number_ends({site: at for at, site in enumerate(self.scenario.sites)})
        return np.asarray((giver == taker) & (giver >= 0))

    def return_trip(self, name: str) -> Floats:
        """Give a figure of the empty return trip of every move."""
        figures = self._return_trips[name].to_numpy(dtype=np.float64)[self.moves.leg]
        figures[self.inside] = 0.0
        return figures

    @cached_property
    def _return_trips(self) -> pd.DataFrame:
        """The empty trip that leads the truck of each leg back, where trucks are coordinated."""
        keys, trips = list(ColumnKind.TRIPS.keys), pd.DataFrame(self.legs.empty_trips)
        back = self.legs.frame[["destination", "origin", "vehicle", "period"]].astype(str)
        trips = trips.astype(dict.fromkeys(keys, str))
        return back.set_axis(keys, axis=1).merge(trips, how="left", on=keys)

    def driven(self, name: str, of_trip: str, *, each_trip: bool = False) -> Floats:
        """Give a figure of the legs, less the return trips that coordinated trucks do without.

        `name` is as the legs have it for a tonne, or for `each_trip`; `of_trip` of an empty trip.
        """
        moved = self.leg(name) / self.leg("load_t") if each_trip else self.leg(name)
        if self.pooled_share:
            moved = moved - (self.pooled_share * self.return_trip(of_trip)) / self.leg("load_t")
        trips = self.others[ColumnKind.TRIPS].get(of_trip, ()) if self.pooled_share else ()
        return self.join(moves=moved, trips=np.asarray(trips, np.float64))

    def other(self, name: str, only: ColumnKind | None = None) -> Floats:
        """Give `dkk` or `kg_co2e` of the kinds that have them, or of one of them. [columns]"""
        priced = (ColumnKind.PROCESSES, ColumnKind.STORES, ColumnKind.OPENINGS)
        there = (kind for kind in priced if self.sizes[kind] and only in (None, kind))
        return self.join(**{kind: self.others[kind][name].to_numpy(np.float64) for kind in there})

    def has(self, key: str, label: str, columns: Columns | slice = slice(None)) -> Mask:
        """Tell which moves have a label, as `find` knows them. [moves, or those of `columns`]"""
        found = self._codes(key)
        hits = found.codes == found.names.get(label, -1)
        return np.asarray(hits[getattr(self.moves, found.of)[columns]])

    def given_by(self, *roles: str, columns: Columns | slice = slice(None)) -> Mask:
        """Tell which moves begin at one of some roles. [moves, or those of `columns`]"""
        return reduce(np.logical_or, (self.has("giver_kind", role, columns) for role in roles))

    def taken_by(self, *roles: str, columns: Columns | slice = slice(None)) -> Mask:
        """Tell which moves end at one of some roles. [moves, or those of `columns`]"""
        return reduce(np.logical_or, (self.has("taker_kind", role, columns) for role in roles))

    def terms(self, name: str) -> Floats:
        """Add what a tonne means to its giver and to its taker, for every move."""
        return self.of_givers(name) + self._of_terms(name)

    @cached_property
    def reference_share(self) -> Floats:
        """Reference tonnes of a need for each tonne of every move. [t/t]"""
        return self._of_terms("reference_share")

    def of_givers(self, name: str) -> Floats:
        """Give what a tonne means to the giver of every move."""
        values = np.array([getattr(giver, name, 0.0) for giver in self.givers], dtype=np.float64)
        return np.asarray(values[self.moves.giver])

    def _of_terms(self, name: str) -> Floats:
        """Look a term up by taker and material."""
        materials = dict.fromkeys(giver.material for giver in self.givers)
        number = {material: at for at, material in enumerate(materials)}
        if (table := self._terms.get(name)) is None:
            table = self._terms[name] = np.zeros((len(self.takers), max(1, len(number))))
            for row, taker in enumerate(self.takers):
                for material in taker.accepts.keys() & number.keys():
                    table[row, number[material]] = getattr(taker.accepts[material], name, 0.0)
        of_giver = np.array([number[giver.material] for giver in self.givers], dtype=np.intp)
        return np.asarray(table[self.moves.taker, of_giver[self.moves.giver]])

    def measure(self, name: str) -> Floats:
        """Give what a tonne, trip or decision adds to a measure, in its unit. [columns]"""
        if name not in self._measured:
            self._measured[name] = self.measures[vocabulary.find_indicator(name)](self)
        return self._measured[name]

    def add_up(self, names: Sequence[str]) -> Floats:
        """Add several measures of one unit up."""
        if len(names) == 1:
            return self.measure(names[0])
        return np.asarray(sum(self.measure(name) for name in names))

    def objectives(self) -> list[Floats]:
        """Give what a unit of each column adds to each step of the objectives. [columns]"""
        return [self.add_up(step.minimise) for step in self.scenario.said.objectives]

    def tabulate_moves(self, columns: Columns) -> pd.DataFrame:
        """Tabulate moves: labels, figures of their legs, and what a tonne costs and emits."""
        legs = self.legs.frame.iloc[self.moves.leg[columns]].reset_index(drop=True)
        keys = ("giver", "giver_kind", "taker", "taker_kind", *LEG_KEYS)
        table = pd.DataFrame({key: self.labels(key, columns) for key in keys})
        figures = legs.drop(columns=list(LEG_KEYS))
        inside = self.inside[columns]
        for name in map(str, figures.select_dtypes("number") if inside.any() else ()):
            figures.loc[inside, name] = self.leg(name)[columns[inside]]
        table = pd.concat([table, figures], axis=1)
        table["reference_share"] = self.reference_share[columns]
        table["virgin"] = self.given_by(Role.PIT, columns=columns).astype(np.float64)
        table["landfill"] = self._of_terms("landfill")[columns]
        table["dkk_per_t"] = self.measure(vocabulary.COST)[columns]
        table["kg_co2e_wtw_per_t"] += self.measure(vocabulary.SEA)[columns]
        for part in vocabulary.parts_of(vocabulary.CO2E):
            if part != vocabulary.TRANSPORT_WTW:  # which the legs give
                table[f"{part}_per_t"] = self.measure(part)[columns]
        return table


class LaidColumns(dict[object, Problem]):
    """Columns of a scenario by what they are for, laid out once for all that differ in amounts."""

    def lay(self, of: object, scenario: Scenario, lay: Callable[[], Problem]) -> Problem:
        """Give the columns for something with the quantities of a scenario; lay out new ones."""
        if of not in self:
            self[of] = lay()
        return self[of].with_scenario(scenario)
