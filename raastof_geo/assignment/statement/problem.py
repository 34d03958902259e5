"""Lay the programme out: a column for everything that a plan may do, and what each amounts to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from raastof_geo.arrays import Columns, Floats, Indices, Mask, Objects, SmallIntegers
from raastof_geo.figures.vocabulary import (
    CO2E,
    COST,
    DRIVE_H,
    ENERGY,
    TRANSPORT_WTW,
    Indicator,
    find_indicator,
    parts_of,
)
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.parties import Giver, Taker
from raastof_geo.scenario.scenario import Scenario

BLOCKS = ("moves", "processes", "stores", "trips", "openings", "links", "lots")
"""Kinds of columns in their order: tonnes moved, tonnes into a recipe, tonnes stored at the end
of a period, empty trips, and decisions: a site opened, a pair of sites linked, a lot sent."""
WHOLE = ("openings", "links", "lots")
"""Kinds whose columns are 0 or 1."""

MOVE_KEYS = ("giver", "taker", "origin", "destination", "material", "vehicle", "period")


_OF_GIVER = {"giver": "id", "origin": "site", "material": "material", "giver_kind": "kind"}
_OF_TAKER = {"taker": "id", "destination": "site", "taker_kind": "kind"}


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


class _Codes(NamedTuple):
    """Labels of moves, looked up by number."""

    names: tuple[str, ...]
    codes: Indices
    """Of each giver, taker, truck or period the number of its name."""
    of: str
    """The array of `Moves` that says which of them a move has."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A scenario and the columns of its programme, in the order of their labels."""

    scenario: Scenario
    legs: Legs
    givers: tuple[Giver, ...]
    takers: tuple[Taker, ...]
    moves: Moves
    measures: Mapping[Indicator, Callable[[Problem], Floats]]
    """What columns can be measured by: for each, what a unit of every column adds to it."""
    others: dict[str, pd.DataFrame] = field(default_factory=dict)
    """Columns that move nothing, by kind; each with labels and with `dkk` and `kg_co2e`."""
    alone: dict[str, float] = field(default_factory=dict)
    """What each project has alone by the measure of fairness, where that is asked for."""
    asked_t: float = 0.0
    """Tonnes that rules of somebody's own ask for, beyond those of the scenario. [t]"""
    room: float = 1.0
    """What bounds that nobody states are multiplied with; any number above 1 changes no optimum."""
    before: Problem | None = None
    """One of the same columns and prices that differs in quantities only, see `with_scenario`."""

    # --- columns --------------------------------------------------------------------------

    @cached_property
    def sizes(self) -> dict[str, int]:
        """How many columns there are of each kind."""
        return {
            kind: len(self.moves) if kind == "moves" else len(self.others.get(kind, ()))
            for kind in BLOCKS
        }

    @cached_property
    def starts(self) -> dict[str, int]:
        """The first column of each kind."""
        ends = np.cumsum([0, *self.sizes.values()]).tolist()
        return dict(zip(BLOCKS, ends, strict=False))

    @property
    def column_count(self) -> int:
        """How many columns there are in all."""
        return sum(self.sizes.values())

    @cached_property
    def whole(self) -> Mask:
        """Which columns are 0 or 1."""
        mask = np.zeros(self.column_count, bool)
        for kind in WHOLE:
            mask[self.block(kind)] = True
        return mask

    def block(self, kind: str) -> slice:
        """Give the place of a kind's columns."""
        return slice(self.starts[kind], self.starts[kind] + self.sizes[kind])

    def join(self, **values: Floats) -> Floats:
        """Lay values of some kinds of columns into one array, zero elsewhere. [columns]

        A kind that is not there may be given with any values.
        """
        whole = np.zeros(self.column_count)
        for kind, part in values.items():
            if self.sizes[kind]:
                whole[self.block(kind)] = part
        return whole

    def only(self, columns: Columns) -> Problem:
        """Give the problem with only some columns, in the order of all.

        Returns
        -------
        problem
            Its columns are numbered anew from zero, in the same order.
        """
        columns = np.asarray(columns)
        moved = columns[columns < len(self.moves)]
        others = {
            kind: table.iloc[
                columns[
                    (columns >= self.starts[kind])
                    & (columns < self.starts[kind] + self.sizes[kind])
                ]
                - self.starts[kind]
            ].reset_index(drop=True)
            for kind, table in self.others.items()
        }
        fields = ("giver", "taker", "leg", "vehicle", "period")
        moves = Moves(**{name: getattr(self.moves, name)[moved] for name in fields})
        return replace(self, moves=moves, others=others)

    def with_scenario(self, scenario: Scenario) -> Problem:
        """Give the same columns for a scenario in which only quantities differ.

        Indices of the columns and what they amount to are found once and shared; what hangs on
        quantities is found anew.
        """
        return replace(self, scenario=scenario, alone={}, before=self._before or self)

    @property
    def _before(self) -> Problem | None:
        """Whose indices and measures may be shared: never those of other columns."""
        same = self.before is not None and self.before.moves is self.moves
        return self.before if same else None

    # --- what columns are about -----------------------------------------------------------

    def find(self, kind: str = "moves", **labels: str) -> Columns:
        """Find the columns of a kind whose labels are as said.

        Parameters
        ----------
        kind
            One of `BLOCKS`.
        labels
            For moves `giver`, `taker`, `origin`, `destination`, `material`, `vehicle`, `period`,
            `giver_kind`, `taker_kind`; for other kinds the names of their table.

        Returns
        -------
        columns
            Their numbers among all columns, ascending; empty where nothing is so.
        """
        if kind != "moves":
            table = self.others.get(kind)
            if table is None or not len(table):
                return np.array([], dtype=np.int64)
            keep = np.ones(len(table), bool)
            for name, label in labels.items():
                if (kind, name) not in self._known_labels:
                    self._known_labels[kind, name] = table[name].to_numpy(dtype=object)
                keep &= self._known_labels[kind, name] == label
            return self.starts[kind] + np.flatnonzero(keep)
        ends = (key for key in ("giver", "taker", "origin", "destination") if key in labels)
        narrow = next(ends, None)
        if narrow is None:
            columns: Columns = np.arange(len(self.moves), dtype=np.int32)
        else:
            columns = self.of(narrow, labels[narrow])
        for name, label in labels.items():
            if name != narrow:
                columns = columns[self._is(name, label, columns)]
        return columns

    def of(self, key: str, label: str) -> Columns:
        """Give the moves whose `giver`, `taker`, `origin` or `destination` is `label`."""
        if key == "giver":
            number = self._giver_numbers.get(label)
            return self._none if number is None else self._of_giver(number)
        if key == "taker":
            number = self._taker_numbers.get(label)
            return self._none if number is None else self._of_taker(number)
        parties: Sequence[Giver | Taker] = self.givers if key == "origin" else self.takers
        pick = self._of_giver if key == "origin" else self._of_taker
        parts = [pick(number) for number, party in enumerate(parties) if party.site == label]
        return np.sort(np.concatenate(parts)) if parts else self._none

    def labels(self, key: str, columns: Columns | None = None) -> Objects:
        """Give a label of moves: one of `MOVE_KEYS`, `giver_kind`, `taker_kind`.

        Returns
        -------
        labels
            Text. [moves, or those of `columns`]
        """
        at = slice(None) if columns is None else columns
        found = self._codes(key)
        return _pick(found.names, found.codes[getattr(self.moves, found.of)[at]])

    @property
    def vehicles(self) -> tuple[str, ...]:
        """The trucks, by number."""
        return tuple(sorted(self.scenario.said.vehicles))

    _none = np.array([], dtype=np.int64)

    def _is(self, key: str, label: str, columns: Columns) -> Mask:
        found = self._codes(key)
        if label not in found.names:
            return np.zeros(len(columns), bool)
        hits = found.codes == found.names.index(label)
        return np.asarray(hits[getattr(self.moves, found.of)[columns]])

    def _codes(self, key: str) -> _Codes:
        """Give the labels of a key, and which of them each party, truck or period has."""
        if key not in self._known_codes:
            of, labels = self._list_labels(key)
            names = tuple(dict.fromkeys(labels))
            number = {name: at for at, name in enumerate(names)}
            codes = np.array([number[label] for label in labels], dtype=np.intp)
            self._known_codes[key] = _Codes(names, codes, of)
        return self._known_codes[key]

    def _list_labels(self, key: str) -> tuple[str, Sequence[str]]:
        """Give whose a label is, and the label of each of them."""
        if key == "vehicle":
            return key, self.vehicles
        if key == "period":
            return key, tuple(self.scenario.periods)
        if key in _OF_GIVER:
            return "giver", [getattr(giver, _OF_GIVER[key]) for giver in self.givers]
        return "taker", [getattr(taker, _OF_TAKER[key]) for taker in self.takers]

    @cached_property
    def _known_labels(self) -> dict[tuple[str, str], Objects]:
        return {}

    @cached_property
    def _known_codes(self) -> dict[str, _Codes]:
        if self._before is not None:
            return self._before._known_codes
        return {}

    @cached_property
    def _giver_numbers(self) -> dict[str, int]:
        return {giver.id: number for number, giver in enumerate(self.givers)}

    @cached_property
    def _taker_numbers(self) -> dict[str, int]:
        return {taker.id: number for number, taker in enumerate(self.takers)}

    @cached_property
    def _giver_starts(self) -> Indices:
        """Moves lie in the order of their givers."""
        if self._before is not None:
            return self._before._giver_starts
        return np.searchsorted(self.moves.giver, np.arange(len(self.givers) + 1))

    @cached_property
    def _by_taker(self) -> tuple[SmallIntegers, Indices]:
        if self._before is not None:
            return self._before._by_taker
        order = np.argsort(self.moves.taker, kind="stable").astype(np.int32)
        bounds = np.cumsum([0, *np.bincount(self.moves.taker, minlength=len(self.takers))])
        return order, bounds

    def _of_giver(self, number: int) -> Columns:
        first, last = self._giver_starts[number : number + 2].tolist()
        return np.arange(first, last, dtype=np.int32)

    def _of_taker(self, number: int) -> Columns:
        order, bounds = self._by_taker
        return order[bounds[number] : bounds[number + 1]]

    # --- what columns amount to -----------------------------------------------------------

    @property
    def pooled_share(self) -> float:
        """Share of the tonnes on each leg that coordinated trucks carry."""
        pooled = self.scenario.said.return_loads
        return pooled.share if pooled and self.legs.empty_trips is not None else 0.0

    def leg(self, name: str) -> Floats:
        """Give a figure of the leg of every move; what is heaped up where it is dug has none.

        Returns
        -------
        figures
            As the column `name` of the legs has them. [moves]
        """
        figures = self.legs.frame[name].to_numpy(dtype=np.float64)[self.moves.leg]
        if name != "load_t" and self._heaped is not None:
            figures[self._heaped] = 0.0
        return figures

    @cached_property
    def _heaped(self) -> Mask | None:
        """Which moves lead from an offer to the stockpile of its own site, without a truck."""
        piles = np.array([taker.only_from is not None for taker in self.takers], dtype=bool)
        return np.asarray(piles[self.moves.taker]) if piles.any() and len(self.moves) else None

    def return_trip(self, name: str) -> Floats:
        """Give a figure of the empty return trip of every move."""
        trips = self._empty_trips
        figures = trips[name].to_numpy(dtype=np.float64)[self._return_rows]
        if self._heaped is not None:
            figures[self._heaped] = 0.0
        return figures

    @cached_property
    def _return_rows(self) -> Indices:
        """The empty trip that leads each move's truck back."""
        trips, frame = self._empty_trips, self.legs.frame
        keys = ["origin", "destination", "vehicle", "period"]
        index = pd.MultiIndex.from_frame(trips[keys].astype(str))
        back = frame[["destination", "origin", "vehicle", "period"]].iloc[self.moves.leg]
        rows = index.get_indexer(pd.MultiIndex.from_frame(back.astype(str).set_axis(keys, axis=1)))
        if (rows < 0).any():
            raise ValueError("a leg has no empty trip that leads back")
        return rows

    @property
    def _empty_trips(self) -> pd.DataFrame:
        if self.legs.empty_trips is None:
            raise ValueError("legs of trucks that are not coordinated have no empty trips")
        return self.legs.empty_trips

    def trip(self, name: str) -> Floats:
        """Give a figure of every empty trip that is a column."""
        if not self.sizes["trips"]:
            return np.empty(0)
        return self.others["trips"][name].to_numpy(dtype=np.float64)

    def other(self, name: str) -> Floats:
        """Give `dkk` or `kg_co2e` of processes, stores and openings, zero elsewhere. [columns]"""
        kinds = [kind for kind in ("processes", "stores", "openings") if self.sizes[kind]]
        return self.join(**{kind: self.others[kind][name].to_numpy(np.float64) for kind in kinds})

    def giver_is(self, kind: str) -> Floats:
        """Give one for every move whose giver is of a kind."""
        hits = np.array([giver.kind == kind for giver in self.givers], dtype=np.float64)
        return np.asarray(hits[self.moves.giver]) if len(hits) else np.empty(0)

    def taker_is(self, kind: str) -> Floats:
        """Give one for every move whose taker is of a kind."""
        hits = np.array([taker.kind == kind for taker in self.takers], dtype=np.float64)
        return np.asarray(hits[self.moves.taker]) if len(hits) else np.empty(0)

    def terms(self, name: str) -> Floats:
        """Add what a tonne means to its giver and to its taker, for every move."""
        return self.of_givers(name) + self._of_terms(name)

    @cached_property
    def reference_share(self) -> Floats:
        """Reference tonnes of a need for each tonne of every move. [t/t]"""
        if self._before is not None:
            return self._before.reference_share
        return self._of_terms("reference_share")

    def of_givers(self, name: str) -> Floats:
        """Give what a tonne means to the giver of every move."""
        values = np.array([getattr(giver, name, 0.0) for giver in self.givers], dtype=np.float64)
        return np.asarray(values[self.moves.giver]) if len(values) else np.empty(0)

    def _of_terms(self, name: str) -> Floats:
        """Look a term up by taker and material."""
        materials = dict.fromkeys(giver.material for giver in self.givers)
        number = {material: at for at, material in enumerate(materials)}
        table = np.zeros((len(self.takers), max(1, len(number))))
        for row, taker in enumerate(self.takers):
            for material, terms in taker.accepts.items():
                if material in number:
                    table[row, number[material]] = float(getattr(terms, name, 0.0))
        of_giver = np.array([number[giver.material] for giver in self.givers], dtype=np.intp)
        if not len(self.moves):
            return np.empty(0)
        return np.asarray(table[self.moves.taker, of_giver[self.moves.giver]])

    def measure(self, name: str) -> Floats:
        """Give what a unit of each column adds to a measure.

        Returns
        -------
        values
            In the unit of the measure for each tonne, trip or decision. [columns]
        """
        if name not in self._measured:
            self._measured[name] = self.measures[find_indicator(name)](self)
        return self._measured[name]

    def add_up(self, names: Sequence[str]) -> Floats:
        """Add several measures of one unit up."""
        if len(names) == 1:
            return self.measure(names[0])
        return np.asarray(sum(self.measure(name) for name in names))

    @cached_property
    def _measured(self) -> dict[str, Floats]:
        if self._before is not None:
            return self._before._measured
        return {}

    def objectives(self) -> list[Floats]:
        """Give what a unit of each column adds to each objective.

        Returns
        -------
        costs
            One array for each step, measures of a step added up. [columns]
        """
        return [self.add_up(step.minimise) for step in self.scenario.said.objectives]

    def tabulate_moves(self, columns: Columns) -> pd.DataFrame:
        """Give the labels of moves, and what they are made of, as a table.

        Returns
        -------
        table
            A row for each of the columns: its labels, the figures of its leg, and what a tonne
            on it costs and emits.
        """
        legs = self.legs.frame.iloc[self.moves.leg[columns]].reset_index(drop=True)
        parties = ("giver", "giver_kind", "taker", "taker_kind")
        table = pd.DataFrame({key: self.labels(key, columns) for key in parties})
        figures = legs.drop(columns=["origin", "destination", "material", "vehicle", "period"])
        for key in ("origin", "destination", "material", "vehicle", "period"):
            table[key] = self.labels(key, columns)
        if self._heaped is not None:
            hauled = [name for name in _HAULED if name in figures]
            figures.loc[self._heaped[columns], hauled] = 0.0
        table = pd.concat([table, figures], axis=1)
        table["reference_share"] = self.reference_share[columns]
        table["virgin"] = self.giver_is("pit")[columns]
        table["landfill"] = self._of_terms("landfill")[columns]
        table["dkk_per_t"] = self.measure(COST)[columns]
        for part in parts_of(CO2E):
            if part != TRANSPORT_WTW:  # which the legs give
                table[f"{part}_per_t"] = self.measure(part)[columns]
        return table


_HAULED = (
    "length_km",
    "return_km",
    "ferry_km",
    "toll_km",
    "link_dkk",
    DRIVE_H,
    "work_h",
    ENERGY,
    "kg_co2e_wtw_per_t",
    "kg_co2e_ttw_per_t",
    "haul_dkk_per_t",
    "toll_dkk_per_t",
    "vehicle_km_per_t",
)
"""Figures of a leg that hang on a truck."""


def _pick(names: Sequence[str], numbers: NDArray[np.integer[Any]]) -> Objects:
    table = np.array(names, object)
    return np.asarray(table[numbers], object) if len(names) else np.empty(0, object)
