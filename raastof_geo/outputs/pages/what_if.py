"""Put the whole programme of a plan into a page, so that it can be solved again there.

Numbers are packed small: what repeats is a place in a list of what there is, which is told by its
steps, bytes of one weight lie together, and all of it is squeezed by gzip.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
import numpy as np
from scipy.sparse.linalg import spsolve
from raastof_geo.arrays import Floats
from raastof_geo.assignment.adjusting import reaction
from raastof_geo.assignment.adjusting.reaction import Entry, Opened, Pricing, lay_open
from raastof_geo.assignment.rules.limits import GOALS_HELD
from raastof_geo.assignment.solving.certificate import LARGEST_GAP, LARGEST_VIOLATION
from raastof_geo.assignment.solving.price_in import Clock, How, solve_in_order
from raastof_geo.assignment.solving.stated import BASIC, break_ties, draw_labels
from raastof_geo.assignment.statement.problem import ColumnKind
from raastof_geo.assignment.statement.shares import weigh_counted
from raastof_geo.assignment.telling import names
from raastof_geo.effect.measure import measure_shares
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import SHORT_OF_GOAL
from raastof_geo.language import read_texts, say, translate
from raastof_geo.legs.legs import price_more
from raastof_geo.outputs.tables.summary import name_objective
from raastof_geo.result import Result
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.said.target import DEFINITIONS
from raastof_geo.scenario.scenario import Scenario

MOST_DECISIONS = 8
"""Either-or decisions of which a page tries every way; more stay as the plan has them."""
MOST_COLUMNS = 40_000
"""Columns that a page holds; of more those that are used, and those that nearly are."""
_BITS = {"counts": 37, "costs": 29, "ties": 21}
"""Binary digits of what a unit of a column counts in a row, eleven figures; of what it costs, a
hundred times as fine as what counts as equal; and of what decides between equally good plans."""
_COUNTED = (vocabulary.TRANSPORT_WTW, vocabulary.CO2E, vocabulary.COST)
"""What an answer tells, beside the shares."""


class _Pack:
    """Arrays laid into bytes, each under a name."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.arrays: dict[str, list[Any]] = {}

    def _lay(self, numbers: np.ndarray[Any, Any], size: int) -> int:
        """Lay planes of bytes, those of the least weight first; give where they begin."""
        at, planes = len(self.data), numbers.astype("<i8").view(np.uint8).reshape(-1, 8)
        self.data += planes[:, :size].T.tobytes()
        return at

    def whole(self, name: str, values: Iterable[int]) -> None:
        """Lay whole numbers from zero on."""
        numbers = np.fromiter(values, np.int64)
        size = max(1, (int(numbers.max(initial=0)).bit_length() + 7) // 8)
        self.arrays[name] = [len(numbers), size, self._lay(numbers, size)]

    def real(self, name: str, values: Floats, *, bits: int = 53) -> None:
        """Lay numbers with so many of their binary digits: places in the list of all there are."""
        part, power = np.frexp(np.asarray(values, np.float64) + 0.0)
        known, codes = np.unique(
            np.ldexp(np.round(part * 2.0**bits), power - bits).view(np.int64), return_inverse=True
        )
        self.whole(name, codes)
        self.arrays[name] += [len(known), self._lay(np.diff(known, prepend=0), 8)]

    def text(self, head: dict[str, Any]) -> str:
        """Join all of it. Returns letters that no script or page takes for anything else."""
        told = json.dumps(head | {"arrays": self.arrays}, separators=(",", ":"), allow_nan=False)
        data = len(told.encode()).to_bytes(4, "little") + told.encode() + self.data
        return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def embed_plan(
    result: Result,
    materials: dict[str, int],
    uses: dict[str, int],
    receptions: Mapping[str, str],
    *,
    proof: str = "",
    price: Pricing = price_more,
    most: int = MOST_COLUMNS,
) -> str:
    """Pack a plan's programme and all that an edit may open. Returns nothing if that cannot be.

    `materials` by id, and `uses`, are numbered as in the page, and grow by what it does not have;
    `receptions` call a taker that is no need by its kind; `proof` is the digest of the proof that
    the plan has. Of more than `most` columns only the best are packed.
    """
    plan, scenario = result.plan, result.scenario
    if any(step.tolerance for step in scenario.said.objectives) or not plan.finished:
        return ""
    opened = lay_open(plan, price)
    if (moved := reaction.react(opened, plan)) is None and opened.widened:
        opened = lay_open(plan, lambda _legs, _scenario: None)
        moved = reaction.react(opened, plan)
    if moved is None:
        return ""
    pack, fixed = _Pack(), scenario.said.targets.fairness is not None
    opened, moved, head = _stand(pack, result, opened, moved, most)
    head |= {
        "texts": {key: translate(text.text) for key, text in read_texts("what if").items()},
        "proof": proof, "sha256": scenario.digest, "sites": list(scenario.sites),
        "periods": list(scenario.periods), "widened": opened.widened and not fixed,
        "fixed": "targets.fairness" if fixed else "", "times": reaction.MOST_TIMES,
        "decisions": MOST_DECISIONS, "gap": LARGEST_GAP, "violation": LARGEST_VIOLATION,
        **_lay_programme(pack, opened, moved),
        **_lay_columns(pack, opened, materials, uses, receptions),
        **_lay_costs(pack, result, opened), **_lay_edits(pack, opened, moved),
    }  # fmt: skip
    return pack.text(head)


def _stand(
    pack: _Pack, result: Result, opened: Opened, moved: reaction.Reactions, most: int
) -> tuple[Opened, reaction.Reactions, dict[str, Any]]:
    """Lay the corner at which the plan stands, and its decisions; leave out what is too many.

    Of columns left out the page knows the `least` reduced cost, the `most` rows that one of them is
    in, and the largest coefficient in each row: so far prices may move before one could help.
    """
    problem, programme, head = opened.problem, moved.programme, dict[str, Any]()
    decided = np.zeros(problem.column_count)
    decided[opened.find(result.plan.problem)] = result.plan.proof.values
    decided = np.where(programme.whole, np.round(decided), 0.0)
    costs = [*problem.objectives(), break_ties(problem)]
    if problem.sizes[ColumnKind.SHORTFALLS]:
        costs.insert(0, problem.measure(SHORT_OF_GOAL))
    how = How(Clock(), closed=~opened.open | programme.whole)
    last = solve_in_order(programme.fix(decided), costs, how)[-1].optimum
    basis = last.columns[last.basis.columns == BASIC] if last.basis else last.columns[:0]
    slack = np.flatnonzero(last.basis.rows == BASIC) if last.basis else basis[:0]
    if len(decided) > most:
        price = np.zeros(programme.row_count)
        tight = np.setdiff1d(np.arange(len(price)), slack)
        price[tight] = spsolve(programme.matrix[tight][:, basis].T.tocsc(), costs[0][basis])
        reduced = programme.reduced_costs(costs[0], price)
        used = np.union1d(basis, np.arange(len(problem.moves), len(decided)))
        reduced[used] = -np.inf
        order = np.argsort(reduced, kind="stable")
        kept, left = np.sort(order[: max(most, len(used))]), order[max(most, len(used)) :]
        part = abs(programme.matrix[:, left])
        pack.real("left_price", price)
        pack.real("left_reach", part.max(axis=1).toarray().ravel())
        head["left"] = {"least": float(reduced[left[0]]), "most": int(np.diff(part.indptr).max())}
        opened, moved = opened.only(kept), moved.only(kept)
        basis, decided = np.searchsorted(kept, basis), decided[kept]
    pack.whole("basis", [*basis, *(len(decided) + slack)])
    pack.whole("decided", decided[moved.programme.whole].astype(np.int64))
    return opened, moved, head


def _lay_programme(pack: _Pack, opened: Opened, moved: reaction.Reactions) -> dict[str, Any]:
    programme, scenario = moved.programme, opened.problem.scenario
    matrix = programme.matrix
    matrix.sort_indices()
    counts = np.diff(matrix.indptr)
    pack.whole("entries", counts)
    for place in range(int(counts.max(initial=0))):
        pack.whole(f"rows{place}", matrix.indices[matrix.indptr[:-1][counts > place] + place])
    pack.real("values", matrix.data, bits=_BITS["counts"])
    pack.whole("sense", programme.sense.astype(np.int64) + 1)
    pack.real("limit", programme.limit)
    pack.whole("whole", np.flatnonzero(programme.whole))
    return {
        "rows": [str(names.describe_row(scenario, name)) for name in moved.names],
        "bends": [name.family.bends for name in moved.names],
        "goals": [at for at, name in enumerate(moved.names) if name.family == GOALS_HELD],
        "columns": programme.column_count,
        "scale": programme.scale,
    }


def _lay_columns(
    pack: _Pack,
    opened: Opened,
    materials: dict[str, int],
    uses: dict[str, int],
    receptions: Mapping[str, str],
) -> dict[str, Any]:
    problem, scenario = opened.problem, opened.scenario
    known, language = scenario.catalogue, scenario.said.language
    for name in ("giver", "taker", "vehicle", "period"):
        pack.whole(name, getattr(problem.moves, name))
    pack.whole("needed", opened.needed)
    bits = [mask.astype(np.int64) << at for at, mask in enumerate(opened.orders.values())]
    pack.whole("orders", np.sum(bits, axis=0))
    pack.real("load", problem.leg("load_t"))
    pack.real("length", problem.leg("length_km"), bits=_BITS["counts"])
    called = {need.id: str(names.call_use(scenario, need.use)) for need in problem.scenario.needs}
    what = [materials.setdefault(one.material, len(materials)) for one in problem.givers]
    told = [called.get(one.id) or receptions[str(one.kind)] for one in problem.takers]
    aims = [uses.setdefault(one, len(uses)) for one in told]
    sites, conditions = list(scenario.sites), sorted(set().union(*opened.condition_sets))

    def lay(*ends: Iterable[Any]) -> list[list[Any]]:
        return [[sites.index(it.site), *of, it.kind] for it, *of in zip(*ends, strict=True)]

    return {
        "orders": list(opened.orders),
        "sets": opened.condition_sets,
        "conditions": {one: known.conditions[one].called(language) for one in conditions},
        "givers": lay(problem.givers, what, opened.gives.tolist()),
        "takers": lay(problem.takers, aims, opened.takes.tolist()),
        "uses": list(uses),
        "materials": [[one, known.materials[one].called(language)] for one in materials],
    }


def _lay_costs(pack: _Pack, result: Result, opened: Opened) -> dict[str, Any]:
    """Lay what a unit of each column costs, what an answer tells of it, and what breaks ties."""
    problem, steps = opened.problem, opened.scenario.said.objectives
    costs = {one.name: problem.measure(one) for one in _COUNTED}
    costs |= dict(zip((one.name for one in steps), problem.objectives(), strict=True))
    for at, (name, cost) in enumerate(costs.items()):
        # All that is emitted is told by what it adds to transport: of that there are few numbers.
        less = costs[_COUNTED[0].name] if name == vocabulary.CO2E.name else 0.0
        pack.real(f"cost{at}", np.round(cost - less, 9) if at else cost, bits=_BITS["costs"])
    if short := problem.sizes[ColumnKind.SHORTFALLS] > 0:
        pack.real("short", problem.measure(SHORT_OF_GOAL))
    pack.real("reference", problem.reference_share)
    for at, definition in enumerate(DEFINITIONS):
        pack.real(f"counted{at}", weigh_counted(problem, definition))
    pack.real("ties", break_ties(problem)[len(problem.moves) :], bits=_BITS["ties"])
    return {
        "costs": list(costs), "added": vocabulary.CO2E.name,
        "objectives": [one.name for one in steps],
        "titles": {one.name: name_objective(one.minimise) for one in steps}, "short": short,
        "transport": vocabulary.TRANSPORT_WTW.name, "figures": [*_list_told(result)],
        "drawn": draw_labels(problem),
    }  # fmt: skip


def _list_told(result: Result) -> Iterator[tuple[Any, ...]]:
    """List what an answer tells: title, factor and digits, plan, before, its cost, its share."""
    amounts, before = result.plan.amounts, result.effect.baseline_books
    for one, line in ((one, one.shown) for one in _COUNTED):
        if line is not None:
            told = float(amounts[one]), before.total(one)
            yield str(one.heading), line.factor, 0, *told, one.name, 0
    shares, then = measure_shares(result.effect.books), measure_shares(before)
    for at, share in enumerate(DEFINITIONS):
        title = str(say("{what} [%]", what=names.DEFINITION_NAMES[share]))
        yield title, 100, 1, shares[share], then[share], "", at


def _lay_edits(pack: _Pack, opened: Opened, moved: reaction.Reactions) -> dict[str, Any]:
    """Lay what can be changed, and which limits it moves."""
    shifts, found = reaction.SHIFTS, moved.found
    places = np.array([at * len(shifts) + shifts.index(by) for at, by in found.keys], np.int64)
    both = np.stack([found.change, found.slope], axis=1)
    key, which, row = np.nonzero(both)
    pack.whole("reaction", 2 * places[key] + which)
    pack.whole("reaction_row", row)
    pack.real("reaction_value", both[key, which, row], bits=_BITS["counts"])
    for at, aim in enumerate(moved.aims):
        pack.real(f"aim{at}", aim.coefficients, bits=_BITS["counts"])
    said: Any = opened.scenario.values.get("targets") or {}
    return {
        "adjustable": [
            _describe(opened.scenario, one, [by for of, by in found.keys if of == at])
            for at, one in enumerate(opened.entries)
        ],
        "shifts": shifts,
        "aims": [
            {
                "number": aim.number,
                "level": aim.at_least,
                "row": aim.row,
                "limit": float(aim.limit),
                "crossed": [
                    [*found.keys[key], *aim.crossed[key].tolist()]
                    for key in np.flatnonzero(aim.crossed.any(axis=1))
                ],
            }
            for aim in moved.aims
        ],
        "lists": isinstance(said.get("secondary_share"), list),
    }


def _describe(scenario: Scenario, entry: Entry, shifts: Iterable[int]) -> dict[str, Any]:
    """Say what stands in the file of an entry, what it is called, and how it can be moved."""
    said, need = entry.said(scenario), entry.role is Role.NEED
    named = scenario.needs if need else scenario.offers
    mine = next(one for one in named if (one.site, one.number) == (entry.site, entry.number + 1))
    quantity, when = said.quantity, names.span(said.periods(tuple(scenario.periods)))
    return {
        "path": ["sites", entry.site, f"{entry.role}s", entry.number],
        "called": f"{names.call_entry(scenario, mine)} ({when})",
        "key": said.amount_key,
        "value": quantity.value,
        "unit": " ".join(filter(None, (quantity.unit, quantity.condition, quantity.vehicle))),
        "window": entry.window(scenario),
        "accepts": sorted(entry.demand(scenario).accepted) if need else [],
        "said": [one.model_dump(mode="json") for one in getattr(said, "accepts", ())],
        "moves": {str(shift): entry.window(scenario, shift) for shift in shifts},
    }
