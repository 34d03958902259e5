"""Keep the books: every line, whose it is, which figures stand behind it; and how needs are met.

A *reference tonne* is a tonne of the material that a use is planned with, such as gravel in a base
course: of a lighter material fewer tonnes fill the same layer, and count as as many.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeAlias, get_args
import numpy as np
import pandas as pd
from raastof_geo.arrays import Columns, Floats, Indices, Mask, dot
from raastof_geo.assignment.plan import measure_loads
from raastof_geo.assignment.statement import shares
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import LOADS_DRIVEN, REFERENCE_TONNES, TONNES, Group
from raastof_geo.language import say_text
from raastof_geo.scenario.catalogue import SORTS, Sort
from raastof_geo.scenario.parties import list_givers
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.said.target import DEFINITIONS, ShareDefinition
from raastof_geo.scenario.scenario import Scenario

LINE_LABELS = (
    *("kind", "giver", "giver_kind", "taker", "taker_kind", "origin", "destination"),
    *("material", "vehicle", "period", "what"),
)

COMMON = shares.NOWHERE
"""The label of lines that have no material or no period of their own."""


@dataclass(frozen=True, eq=False)
class Books:
    """Lines that add up to everything that is reported, and the shares of the sites in them."""

    scenario: Scenario
    lines: pd.DataFrame
    """One row per flow, recipe, store, empty trip and opening, in this order: `LINE_LABELS`,
    `amount` (tonnes moved, into a recipe or stored; trips; 1 for an opening), and what it has of
    each of the vocabulary's `told_in_books`."""
    _added_up: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)
    """What was asked for: many outputs ask again for each project."""

    def total(self, part: str) -> float:
        """Add up a part of all lines. Returns it in the unit of the part."""
        return float(self.lines[part].sum())

    @cached_property
    def totals(self) -> pd.Series:
        """Returns everything added up, by the names of `told_in_books`, each in its unit."""
        return self.lines[_told()].sum()

    def times(self, share: pd.Series | float) -> "Books":
        """Take a share of each line, or times as much. Returns other books."""
        lines = self.lines.copy()
        numbers = lines.select_dtypes("number").columns
        lines[numbers] = lines[numbers].mul(share, axis=0)
        return Books(self.scenario, lines)

    def by(self, dimension: str) -> pd.DataFrame:
        """Add up by `site`, `project`, `municipality`, `material`, `period` or `vehicle`.

        Returns one row per label, `COMMON` for what belongs to none, and a column for each
        indicator of `told_in_books`, in its unit. Every dimension adds up to the totals.
        """
        if dimension == "site":
            return self.by_site
        if dimension not in self._added_up:
            if dimension in ("material", "period", "vehicle"):
                table = self.lines.groupby(dimension)[_told()].sum()
            else:
                projects = {site: self.scenario.project(site) for site in self.scenario.sites}
                group = projects if dimension == "project" else self.municipalities
                keys = [group.get(site, COMMON) for site in self.by_site.index]
                table = self.by_site.groupby(keys).sum().rename_axis(dimension)
            if dimension == "period":
                order = [*self.scenario.periods, COMMON]
                table = table.reindex([one for one in order if one in table.index])
            self._added_up[dimension] = table
        return self._added_up[dimension]

    @cached_property
    def by_site(self) -> pd.DataFrame:
        """Returns what falls to each site, those of businesses only if anything, as `by` does."""
        table = pd.DataFrame(index=pd.Index(self.sites, name="site"))
        for part in vocabulary.kept_in_books():
            line, site, weight = self.shares[part.divided]
            values = self.lines[part].to_numpy(np.float64)[line] * weight
            table[part] = np.bincount(site, values, minlength=len(table))
        for name, parts in vocabulary.sums_of_parts().items():
            table[name] = table[list(parts)].sum(axis=1)
        mine = table.index.isin(sorted(shares.project_sites(self.scenario)))
        return table[mine | table.ne(0).any(axis=1)]

    @cached_property
    def tonnes_by_project(self) -> dict[str, float]:
        """Returns what comes to and leaves the sites of each project; between two, at both. [t]"""
        moved = self.lines[self.lines.kind == "moves"]
        at_sites = pd.Series(self._at_ends(moved, TONNES), self.sites)
        projects = sorted(shares.project_sites(self.scenario))
        summed = at_sites[projects].groupby(self.scenario.project).sum()
        return {str(project): float(tonnes) for project, tonnes in summed.items()}

    @cached_property
    def sites(self) -> list[str]:
        """The sites, and at the end `COMMON` for what nobody can be found for."""
        return [*self.scenario.sites, COMMON]

    @cached_property
    def shares(self) -> dict[Group, tuple[Indices, Indices, Floats]]:
        """Returns whose lines are, by group: numbers of lines, of sites, and shares that make 1."""
        return {group: self._share_out(group) for group in get_args(Group)}

    def _share_out(self, group: Group) -> tuple[Indices, Indices, Floats]:
        lines, projects = self.lines, shares.project_sites(self.scenario)
        number = pd.Series(range(len(self.sites)), self.sites)
        sites = (lines[end].map(number) for end in ("origin", "destination"))
        origin, goal = (numbers.to_numpy(np.intp) for numbers in sites)
        trip = (lines.kind == "trips").to_numpy()
        giver, taker = shares.share_ends(
            group,
            gives=lines.origin.isin(projects).to_numpy() & ~trip,
            takes=lines.destination.isin(projects).to_numpy() & ~trip,
            received=(lines.taker_kind == Role.RECEIVER).to_numpy(),
            shared_legs=self.scenario.said.effect.shared_legs,
        )
        sent, got = np.flatnonzero(giver > 0), np.flatnonzero(taker > 0)
        parts = [(sent, origin[sent], giver[sent]), (got, goal[got], taker[got])]
        common = np.flatnonzero(giver + taker == 0)
        for key, chosen in (("trips", common[trip[common]]), ("rest", common[~trip[common]])):
            (at, of), times = self._common_shares[key], len(chosen)
            parts.append((np.repeat(chosen, len(at)), np.tile(at, times), np.tile(of, times)))
        line, site, weight = map(np.concatenate, zip(*parts, strict=True))
        return line, site, weight

    @cached_property
    def _common_shares(self) -> dict[str, tuple[Indices, Floats]]:
        """Divide what is common among the sites of projects."""
        moved, places = self.lines[self.lines.kind == "moves"], [Role.PLANT, Role.DEPOT]
        others = moved.giver_kind.isin(places) | moved.taker_kind.isin(places)
        loads, some = self._at_ends(moved, LOADS_DRIVEN), self._at_ends(moved[others], TONNES)
        nobody = np.append(np.zeros(len(self.sites) - 1), 1.0)
        found = {}
        for key, weights in (("trips", loads), ("rest", some)):
            known = (weights, self._at_ends(moved, TONNES), nobody)
            best = next(one for one in known if one.sum() > 0).clip(min=0)
            found[key] = np.flatnonzero(best), best[best > 0] / best.sum()
        return found

    def _at_ends(self, moved: pd.DataFrame, part: str) -> Floats:
        """Add up what goes and comes at each site of a project; what stays there is not counted."""
        moved = moved[moved.origin != moved.destination]
        ends = [moved.groupby(end)[part].sum() for end in ("origin", "destination")]
        at_each = [end.reindex(self.sites, fill_value=0.0).to_numpy(np.float64) for end in ends]
        mine = np.isin(self.sites, sorted(shares.project_sites(self.scenario)))
        return np.where(mine, at_each[0] + at_each[1], 0.0)

    @cached_property
    def municipalities(self) -> dict[str, str]:
        """Returns the municipality of each site; `COMMON` for one that lies in none."""
        return shares.find_municipalities(self.scenario)


def _told() -> list[str]:
    return [indicator.name for indicator in vocabulary.told_in_books()]


def keep_books(problem: Problem, values: Floats) -> Books:
    """Keep the books. Returns a line for every column whose value is not zero."""
    used = np.flatnonzero(values)
    problem, values = problem.only(used), values[used]
    lines, every = _label_lines(problem), np.arange(problem.column_count)
    places = np.concatenate([every[problem.block(kind)] for kind in _BOOKED])
    amount = values[places]
    for indicator in vocabulary.kept_in_books():
        if not indicator.counted:
            lines[indicator] = problem.measure(indicator)[places] * amount
    moves = (lines.kind == "moves").to_numpy()
    lines[TONNES] = np.where(moves, amount, 0.0)
    lines["amount"] = amount
    _count_trips(problem, lines, amount, places)
    _count_masses(problem, lines, moves)
    lines["_kind"] = lines.kind.map(_BOOKED.index)
    lines["_period"] = pd.Index([*problem.scenario.periods]).get_indexer(pd.Index(lines.period))
    for name, parts_of in vocabulary.sums_of_parts().items():
        lines[name] = lines[list(parts_of)].sum(axis=1)
    ranked = ["_kind", "giver", "taker", "material", "_period", "vehicle"]
    lines = lines.sort_values(ranked, ignore_index=True)
    return Books(problem.scenario, lines[[*LINE_LABELS, "amount", *_told()]])


def _label_lines(problem: Problem) -> pd.DataFrame:
    """Give a line with `LINE_LABELS` for each column, in the order of the books."""
    parts = [pd.DataFrame(columns=[*LINE_LABELS])]
    for kind in filter(problem.sizes.__getitem__, _BOOKED):
        if kind == ColumnKind.MOVES:
            labels = {label: problem.labels(label) for label in LINE_LABELS[1:-1]}
            labels["vehicle"] = np.where(problem.inside, COMMON, labels["vehicle"])  # by dumper
        else:
            labels = _read_labels(problem, kind)
        parts.append(pd.DataFrame({"kind": kind.value, **labels}))
    lines = pd.concat(parts[1:] or parts, ignore_index=True)
    for label in LINE_LABELS:
        lines[label] = lines[label].fillna(COMMON).astype(object) if label in lines else COMMON
    return lines


_GAINED = vocabulary.TRANSPORT_WTW, vocabulary.CO2E, vocabulary.COST


def measure_gains(problem: Problem, values: Floats) -> pd.Series:
    """Add up what gains are read from. Returns it as `Books.totals`, but for the last digits."""
    sums = {one: dot(problem.measure(one), values) for one in _GAINED}
    paid = (problem.measure(vocabulary.PURCHASE) * values)[problem.block("moves")]
    giver, _ = problem.number_ends(dict.fromkeys(shares.project_sites(problem.scenario), 0))
    sold = (giver == 0) & problem.given_by(Role.OFFER) & ~problem.taken_by(Role.RECEIVER)
    return pd.Series({**sums, vocabulary.SOLD: float(paid[sold].sum())})


_APART = ColumnKind.LINKS, ColumnKind.LOTS, ColumnKind.SHORTFALLS
_BOOKED = [kind for kind in ColumnKind if kind not in _APART]
"""Kinds of columns in the order of the books."""


def _read_labels(problem: Problem, kind: ColumnKind) -> dict[str, Any]:
    """Read labels of lines off a table: a site is both ends of them, `what` is what they lack."""
    labels = dict[str, Any]()
    for key in kind.keys:
        ends = ("origin", "destination") if key == "site" else ("what",)
        of = (key,) if key in LINE_LABELS else ends
        labels |= dict.fromkeys(of, problem.others[kind][key].to_numpy())
    return labels


def _count_trips(problem: Problem, lines: pd.DataFrame, amount: Floats, places: Columns) -> None:
    """Count loads, the last of each flow as a whole one, and energy by its unit."""
    catalogue = problem.scenario.catalogue
    loads, move = np.zeros(len(lines)), (lines.kind == "moves").to_numpy()
    if len(problem.moves):
        driven = measure_loads(amount[move] / problem.leg("load_t"))
        loads[move] = np.where(problem.on_road, driven, 0)
    lines[LOADS_DRIVEN] = loads
    energy = problem.measure(vocabulary.ENERGY)[places] * amount
    units = {name: catalogue.fuels[one.fuel].unit for name, one in catalogue.vehicles.items()}
    unit = lines.vehicle.map({**units, COMMON: COMMON})
    for indicator in (vocabulary.LITRES, vocabulary.KWH):
        lines[indicator] = np.where(unit == indicator.unit, energy, 0.0)


def _count_masses(problem: Problem, lines: pd.DataFrame, moves: Mask) -> None:
    scenario = problem.scenario
    tonnes, taker, giver = lines[TONNES], lines.taker_kind, lines.giver_kind
    share = np.zeros(len(lines))
    share[moves] = problem.reference_share if len(problem.moves) else 0.0
    materials = scenario.catalogue.materials.items()
    secondary = lines.material.isin([name for name, of in materials if of.origin == "secondary"])
    lines[REFERENCE_TONNES] = tonnes * share
    lines[vocabulary.SECONDARY_REFERENCE] = tonnes * share * secondary.astype(np.float64)
    lines[vocabulary.SECONDARY] = tonnes.where((taker == Role.NEED) & (giver != Role.PIT), 0.0)
    lines[vocabulary.RECEIVED] = tonnes.where(taker == Role.RECEIVER, 0.0)
    apart = lines.origin != lines.destination
    piles = [depot for depot in scenario.depots if depot.own]
    heaped = [pile.out(material) for pile in piles for material in pile.materials]
    own = (giver == Role.OFFER) | lines.giver.isin(heaped)
    lines[vocabulary.REUSED] = tonnes.where(own & apart & (taker != Role.RECEIVER), 0.0)
    mine = lines.origin.isin(shares.project_sites(scenario))
    sold = (giver == Role.OFFER) & (taker != Role.RECEIVER) & mine
    lines[vocabulary.SOLD] = lines[vocabulary.PURCHASE].where(sold, 0.0)


GOAL_SHARE = 0.20
_REGION = "Region Sjælland, genanvendelse af råstoffer (regionsjaelland.dk)"
GOAL_SOURCE = f"{_REGION}; gate21.dk, sammen om mindre råstofforbrug"
"""Secondary raw materials and surplus soil over consumption. Verified: read on the pages named."""

_RECYCLED_TODAY = 0.02
"""Recycled building materials over consumption in Region Sjælland; soil is not in it (1.5-2.5 %).
Source: gate21.dk, sammen om mindre råstofforbrug (2022-2023), read; what it counts is inferred
from the regional supply model (regionh.dk, 2015 figures: land, sea, recycled, net import)."""

GOAL: Mapping[str, Any] = {
    **{"goal": round(100 * GOAL_SHARE), "year": "2032", "today": round(100 * _RECYCLED_TODAY)},
    "reference_tonne": say_text("reference tonne", "meaning"),
}
"""What is told of the goal; shares in per cent."""


@dataclass(frozen=True)
class Shares:
    """How the needs of a period, of a municipality or of all are met, in plan or baseline."""

    period: str
    """A period of the scenario; empty: all of them."""
    municipality: str
    """Where the needs are; empty: all of them."""
    needed_t: float
    """Needs met, with import and without export over the border. [reference t]"""
    counted_t: Mapping[ShareDefinition, float]
    """What counts of it, by definition. [reference t]"""
    tonnes: Mapping[Sort, float]
    """Tonnes put to use, by where they come from. [t]"""
    virgin_today_t: float | None
    """Virgin material that is used today in as many periods; none where that is not stated. [t]"""

    def share(self, definition: ShareDefinition) -> float:
        """Divide what counts by a definition by all needs. Returns 0 where nothing is needed."""
        return self.counted_t[definition] / self.needed_t if self.needed_t else 0.0

    @property
    def recycled(self) -> float:
        """Recycled building materials and residues over needs: as the 2 % of today, no soil."""
        return self.share("without_soil")

    @property
    def with_soil(self) -> float:
        """The same and clean surplus soil over needs: what the goal of 2032 is about."""
        return self.share("with_clean_soil")

    @property
    def cut(self) -> float | None:
        """Returns what is saved of today's virgin material, as a share; none: it is not stated."""
        if not self.virgin_today_t:
            return None
        return 1 - self.tonnes["virgin"] / self.virgin_today_t


@lru_cache(maxsize=4)
def follow_periods(books: Books) -> tuple[Shares, ...]:
    """Follow how needs are met. Returns the shares of all periods together, then of each."""
    met, periods = _list_met(books), books.scenario.periods
    each = (_add_up(books.scenario, met[met.period == one], one) for one in periods)
    return _add_up(books.scenario, met), *each


@lru_cache(maxsize=4)
def follow_municipalities(books: Books) -> tuple[Shares, ...]:
    """Add needs up by place. Returns the shares of all periods, by name of a municipality."""
    places = _list_met(books).groupby("municipality")
    return tuple(_add_up(books.scenario, met, "", str(one)) for one, met in places if one != COMMON)


@lru_cache(maxsize=2)  # only to be read
def _list_met(books: Books) -> pd.DataFrame:
    """List what needs get: by period and municipality what it meets, what counts, of what sort."""
    scenario, lines = books.scenario, books.lines
    lines, givers = lines[lines.taker_kind == Role.NEED], list_givers(scenario)
    sorts = {giver.id: dict(giver.sorts) for giver in givers}
    given = [sorts[giver] for giver in lines.giver.tolist()]
    met = pd.DataFrame({"period": lines.period, REFERENCE_TONNES: lines[REFERENCE_TONNES]})
    met["municipality"] = lines.destination.map(books.municipalities)
    for name in DEFINITIONS:
        counts = {one.id: shares.count_giver(scenario, one, name) for one in givers}
        met[name] = lines[REFERENCE_TONNES] * [counts[giver] for giver in lines.giver.tolist()]
    for sort in SORTS:
        met[sort] = lines[TONNES] * [parts.get(sort, 0.0) for parts in given]
    return met


def _add_up(scenario: Scenario, met: pd.DataFrame, period: str = "", place: str = "") -> Shares:
    """Add up what needs get, and what crosses the border, which is no municipality's."""
    sums = met[[REFERENCE_TONNES, *DEFINITIONS, *SORTS]].sum()
    times = 1 if period else len(scenario.periods)
    for one in () if place else shares.list_crossed(scenario):
        sums[REFERENCE_TONNES] += times * one.reference_t
        sums[one.sort] += times * one.tonnes
        for name in DEFINITIONS:
            sums[name] += times * one.counted[name]
    today = None if place else scenario.said.targets.virgin_today
    return Shares(
        period,
        place,
        float(sums[REFERENCE_TONNES]),
        {name: float(sums[name]) for name in DEFINITIONS},
        {sort: float(sums[sort]) for sort in SORTS},
        None if today is None else times * today.amount_per_period.value,
    )


@dataclass(frozen=True)
class Unverified:
    """A figure that nobody saw in its source or that has expired, and that the result hangs on."""

    name: str
    part: vocabulary.Indicator
    """The part of the books that it is a factor of."""
    plan: float
    """What it stands behind in the plan. [unit of the part]"""
    baseline: float
    """The same in the baseline."""

    @property
    def influence(self) -> float:
        """Returns what the part's saving changes by if the figure is 10 % higher, in its unit."""
        return 0.1 * (self.baseline - self.plan)


@lru_cache(maxsize=4)
def name_factors(books: Books) -> dict[str, pd.Series]:
    """Name figures behind parts. Returns by part a name for each line, or "": only to be read."""
    scenario, lines = books.scenario, books.lines
    known = vocabulary.explained().items()
    found = {part.name: _NAMING[one.of](scenario, lines, one.field) for part, one in known}
    for part, number in _WITHIN_A_SITE.items() if scenario.catalogue.internal_haul else ():
        dumped = (lines.kind == "moves") & (lines.vehicle == "") & (lines[part] != 0)
        found[part] = found[part].where(~dumped, f"internal_haul.{number}")
    return found


@lru_cache(maxsize=2)
def list_doubts(plan: Books, baseline: Books) -> list[Unverified]:
    """List the figures not seen, or expired, by part: first those that change the saving most."""
    states, (planned, before) = plan.scenario.states(), map(_add_up_behind, (plan, baseline))
    doubts = [
        Unverified(name, of, planned.get((name, of), 0.0), before.get((name, of), 0.0))
        for name, of in dict.fromkeys([*planned, *before])
        if of.part_of and states.get(name, "seen") != "seen"
    ]
    less = {one.name: baseline.total(one) - plan.total(one) for one in vocabulary.sums_of_parts()}
    saved = {name: max(1.0, abs(value)) for name, value in less.items()}

    def rank(one: Unverified) -> tuple[float, str, str]:
        return -abs(one.influence) / saved.get(_whole(one.part), 1.0), one.name, one.part

    return sorted(doubts, key=rank)


def _add_up_behind(books: Books) -> dict[tuple[str, vocabulary.Indicator], float]:
    """Add up what each number of the catalogue stands behind, by the number's name and the part."""
    found: dict[tuple[str, vocabulary.Indicator], float] = {}
    for part, names in name_factors(books).items():
        of, summed = vocabulary.find_indicator(part), books.lines[part].groupby(names).sum().items()
        found |= {(str(name), of): float(sum_) for name, sum_ in summed if name and abs(sum_) > 0}
    return found


def _whole(part: vocabulary.Indicator) -> str:
    """Give the sum that nothing else holds: of emissions or of money."""
    above = part.part_of
    return str(part) if above is None else _whole(vocabulary.find_indicator(above))


_Naming: TypeAlias = Callable[[Scenario, pd.DataFrame, str], pd.Series]
"""Names for each line the number that stands in a field of the catalogue; empty: there is none."""


def _name_truck(scenario: Scenario, lines: pd.DataFrame, field: str) -> pd.Series:
    return ("vehicles." + lines.vehicle + "." + field).where(lines.vehicle != "", "")


def _name_toll(scenario: Scenario, lines: pd.DataFrame, field: str) -> pd.Series:
    """Name the truck's own where it has one, else the table that holds in the period."""
    catalogue = scenario.catalogue
    own = {one for one, truck in catalogue.vehicles.items() if truck.toll_dkk_per_km is not None}
    tables = {one: catalogue.toll_in(when.middle_year) for one, when in scenario.periods.items()}
    of_state = "tolls." + lines.period.map(tables).fillna("").astype(str)
    names = of_state.where(~lines.vehicle.isin(own), _name_truck(scenario, lines, field))
    return names.where(lines.vehicle != "", "")


def _name_fuel(scenario: Scenario, lines: pd.DataFrame, field: str) -> pd.Series:
    trucks = scenario.catalogue.vehicles.items()
    return lines.vehicle.map({**{one: f"fuels.{of.fuel}.{field}" for one, of in trucks}, "": ""})


def _name_ship(scenario: Scenario, lines: pd.DataFrame, field: str) -> pd.Series:
    comes = ((pit, name) for pit in scenario.pits for name in pit.sea_km)
    ships = {pit.giver(name): f"sea.{pit.ship}_{field}" for pit, name in comes}
    return lines.giver.map(lambda giver: ships.get(giver, ""))


def _name_receiver(scenario: Scenario, lines: pd.DataFrame, field: str) -> pd.Series:
    said = {one: site.receiver for one, site in scenario.sites.items()}
    kinds = {one: place.kind for one, place in said.items() if place}
    names = lines.destination.map(lambda one: f"receiver_kinds.{kinds.get(one)}.{field}")
    return names.where(lines.taker_kind == Role.RECEIVER, "")


def _name_processing(scenario: Scenario, lines: pd.DataFrame, field: str) -> pd.Series:
    """Name crushing before, lime and the like at needs; handling in depots; recipes in plants."""
    names, taker = pd.Series("", index=lines.index, dtype=object), lines.taker_kind
    uses = lines.taker.map({need.id: need.use for need in scenario.needs}).fillna("")
    names = names.where(taker != Role.NEED, "fits." + lines.material + "." + uses + "." + field)
    prepared = "materials." + lines.material + f".preparation_{field}"
    materials = scenario.catalogue.materials.items()
    some = [name for name, one in materials if getattr(one, f"preparation_{field}") is not None]
    known = lines.material.isin(some) & (lines.giver_kind == Role.OFFER)
    names = names.where(~known | (taker == Role.RECEIVER), prepared)
    apart = (lines.giver_kind != Role.DEPOT) & (taker != Role.DEPOT)
    names = names.where(apart, f"handling.{field}")
    return names.where(lines.kind != "processes", "recipes." + lines.what + "." + field)


def _name_material(of: Role, end: str) -> _Naming:
    return lambda _, lines, field: ("materials." + lines.material + "." + field).where(
        lines[end] == of, ""
    )


_NAMING: Mapping[str, _Naming] = {
    **{"vehicle": _name_truck, "toll": _name_toll, "fuel": _name_fuel, "sea": _name_ship},
    "pit": _name_material(Role.PIT, "giver_kind"),
    "receiver": _name_material(Role.RECEIVER, "taker_kind"),
    "samples": lambda _, lines, field: pd.Series(f"soil_samples.{field}", index=lines.index),
    **{"kind": _name_receiver, "processing": _name_processing},
}
"""By whose number a part is a multiple of."""

_WITHIN_A_SITE = {
    vocabulary.ROAD_WTW: "kg_co2e_wtw_per_t",
    vocabulary.TRANSPORT_TTW: "kg_co2e_ttw_per_t",
    vocabulary.HAUL: "haul_dkk_per_t",
}
"""What dumpers stand behind, and the number of the catalogue."""
