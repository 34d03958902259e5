"""Put the whole programme of a plan into a page, so that it can be solved again there.

Numbers are packed as small as they go without losing a digit: what repeats is a place in a list of
what there is, bytes of one weight lie together, and all of it is squeezed by gzip.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from raastof_geo.arrays import Columns, Floats
from raastof_geo.assignment.adjusting.entry import Entry, demand_of, move_window, said_of, window_of
from raastof_geo.assignment.adjusting.opened import Opened, Pricing, find_columns, lay_open
from raastof_geo.assignment.adjusting.reaction import (
    MOST_TIMES,
    SHIFTS,
    Reactions,
    react,
    why_fixed,
)
from raastof_geo.assignment.rules.limits import GOALS_HELD
from raastof_geo.assignment.solving.certificate import LARGEST_GAP, LARGEST_VIOLATION
from raastof_geo.assignment.solving.price_in import Clock, How, stand_at
from raastof_geo.assignment.solving.ties import break_ties, draw_labels
from raastof_geo.assignment.statement.column_kind import ColumnKind
from raastof_geo.assignment.statement.goal import weigh_counted
from raastof_geo.assignment.telling.names import (
    DEFINITION_NAMES,
    call_entry,
    call_use,
    describe_row,
    span,
)
from raastof_geo.effect.totals import measure_shares
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import SHORT_OF_GOAL, aim_of
from raastof_geo.language import say
from raastof_geo.legs.price import price_again
from raastof_geo.result import Result
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.target import DEFINITIONS
from raastof_geo.scenario.scenario import Scenario

MOST_DECISIONS = 8
"""Either-or decisions of which a page tries every way; more stay as the plan has them."""
_BITS = 36
"""Binary digits of what a unit of a column costs, and of what it counts in a row: eleven figures,
ten thousand times as fine as what counts as equal."""
_COUNTED = (vocabulary.TRANSPORT_WTW, vocabulary.CO2E, vocabulary.COST)
"""What an answer tells, beside the shares."""


class _Pack:
    """Arrays laid into bytes, each under a name."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.arrays: dict[str, list[Any]] = {}
        self.length = 0

    def _lay(self, data: bytes) -> int:
        at = self.length
        self.parts.append(data)
        self.length += len(data)
        return at

    def whole(self, name: str, values: Iterable[int]) -> None:
        """Lay whole numbers from zero on, in planes of bytes."""
        numbers = np.asarray(list(values) if not isinstance(values, np.ndarray) else values)
        numbers = numbers.astype(np.int64)
        size = max(1, (int(numbers.max(initial=0)).bit_length() + 7) // 8)
        self.arrays[name] = ["i", len(numbers), size, self._lay(_planes(numbers, size))]

    def steps(self, name: str, values: Columns) -> None:
        """Lay whole numbers, each as its step from the one before."""
        turned = np.diff(np.asarray(values, np.int64), prepend=0)
        self.whole(name, np.where(turned < 0, -2 * turned - 1, 2 * turned))

    def real(self, name: str, values: Floats, *, bits: int = 53) -> None:
        """Lay numbers with so many of their binary digits: places in the list of all there are."""
        part, power = np.frexp(np.asarray(values, np.float64) + 0.0)
        values = np.ldexp(np.round(part * 2.0**bits), power - bits)
        known, codes = np.unique(values, return_inverse=True)
        size = max(1, (len(known).bit_length() + 7) // 8)
        at = self._lay(_planes(known.view(np.int64), 8))
        self.arrays[name] = [
            *("f", len(values), size, self._lay(_planes(codes.astype(np.int64), size))),
            *(len(known), at),
        ]

    def text(self, head: dict[str, Any]) -> str:
        """Give all of it as letters that no script or page takes for anything else."""
        told = json.dumps(head | {"arrays": self.arrays}, separators=(",", ":"), allow_nan=False)
        letters = told.encode()
        data = len(letters).to_bytes(4, "little") + letters + b"".join(self.parts)
        return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def _planes(numbers: np.ndarray[Any, Any], size: int) -> bytes:
    return numbers.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :size].T.tobytes()


def embed_plan(
    result: Result, places: dict[str, list[str]], *, proof: str = "", price: Pricing = price_again
) -> str:
    """Pack the programme of a plan with all that an edit may open; empty where it cannot be.

    `places` are the ids of sites and materials, and the uses, in the order of the page; `proof` is
    the digest of the proof that the plan has.
    """
    plan, scenario = result.plan, result.scenario
    if any(step.tolerance for step in scenario.said.objectives) or not plan.finished:
        return ""
    opened = lay_open(plan, price)
    moved = react(opened, plan)
    if moved is None and opened.widened:
        opened = lay_open(plan, lambda _legs, _scenario: None)
        moved = react(opened, plan)
    if moved is None:
        return ""
    pack = _Pack()
    head = {
        "proof": proof,
        "sites": list(scenario.sites),
        "periods": list(scenario.periods),
        "sha256": scenario.digest,
        "widened": opened.widened and not why_fixed(scenario),
        "fixed": why_fixed(scenario),
        "times": MOST_TIMES,
        "decisions": MOST_DECISIONS,
        "gap": LARGEST_GAP,
        "violation": LARGEST_VIOLATION,
        "scale": moved.programme.scale,
        **_lay_programme(pack, opened, moved),
        **_lay_columns(pack, opened, places),
        **_lay_costs(pack, result, opened),
        **_lay_edits(pack, opened, moved),
        "basis": _begin(pack, result, opened, moved),
    }
    return pack.text(head)


def _lay_programme(pack: _Pack, opened: Opened, moved: Reactions) -> dict[str, Any]:
    programme = moved.programme
    matrix = programme.matrix
    matrix.sort_indices()
    counts = np.diff(matrix.indptr)
    pack.whole("entries", counts)
    for place in range(int(counts.max(initial=0))):
        pack.steps(f"rows{place}", matrix.indices[matrix.indptr[:-1][counts > place] + place])
    pack.real("values", matrix.data, bits=_BITS)
    pack.whole("sense", programme.sense.astype(np.int64) + 1)
    pack.real("limit", programme.limit)
    scenario, bends = opened.problem.scenario, ("never", "last", "next", "first")
    return {
        "rows": [str(describe_row(scenario, name)) for name in moved.names],
        "bends": [bends.index(name.family.bends) for name in moved.names],
        "goals": [at for at, name in enumerate(moved.names) if name.family == GOALS_HELD],
    }


def _lay_columns(pack: _Pack, opened: Opened, places: dict[str, list[str]]) -> dict[str, Any]:
    problem, scenario = opened.problem, opened.scenario
    moves, language = problem.moves, scenario.said.language
    for name in ("giver", "taker", "vehicle", "period"):
        pack.steps(name, getattr(moves, name))
    pack.whole("needed", opened.needed)
    orders = list(opened.orders)
    bits = sum(opened.orders[name].astype(np.int64) << at for at, name in enumerate(orders))
    pack.whole("orders", np.asarray(bits))
    pack.real("load", problem.leg("load_t"))
    if vocabulary.TONNE_KM.name not in opened.orders:
        pack.real("length", problem.leg("length_km"), bits=_BITS)
    pack.whole("whole", np.flatnonzero(problem.whole))
    entry_of_giver, entry_of_taker = _entries_of(opened)
    uses = {need.id: str(call_use(scenario, need.use)) for need in problem.scenario.needs}
    kinds = {name: at for at, name in enumerate(Role)}
    return {
        "orders": orders,
        "sets": opened.condition_sets,
        "conditions": {
            one: scenario.catalogue.conditions[one].called(language)
            for lacking in opened.condition_sets
            for one in lacking
        },
        "kinds": list(Role),
        "givers": [
            [
                places["sites"].index(one.site),
                _place(places["materials"], one.material),
                entry_of_giver[at],
                kinds[one.kind],
            ]
            for at, one in enumerate(problem.givers)
        ],
        "takers": [
            [
                places["sites"].index(one.site),
                _place(places["uses"], uses.get(one.id) or places[str(one.kind)][0]),
                entry_of_taker[at],
                kinds[one.kind],
            ]
            for at, one in enumerate(problem.takers)
        ],
        "more": {"materials": places["materials"], "uses": places["uses"]},
        "names": {
            name: scenario.catalogue.materials[name].called(language)
            for name in places["materials"]
        },
        "columns": problem.column_count,
    }


def _place(names: list[str], name: str) -> int:
    """Give the place of a name in a list, at whose end it is put where it is new."""
    if name not in names:
        names.append(name)
    return names.index(name)


def _entries_of(opened: Opened) -> tuple[list[int], list[int]]:
    """Give the entry of each giver and of each taker, -1 where it has none."""
    problem = opened.problem
    number = {tuple(one): at for at, one in enumerate(opened.entries)}
    known = {
        one.id: number[one.site, one.role, one.number - 1]
        for one in (*problem.scenario.offers, *problem.scenario.needs)
    }
    return (
        [known.get(one.id, -1) for one in problem.givers],
        [known.get(one.id, -1) for one in problem.takers],
    )


def _lay_costs(pack: _Pack, result: Result, opened: Opened) -> dict[str, Any]:
    """Lay what a unit of each column costs, what an answer tells of it, and what breaks ties."""
    problem, scenario, effect = opened.problem, opened.scenario, result.effect
    named = [step.name for step in scenario.said.objectives]
    costs = dict(zip(named, problem.objectives(), strict=True))
    short = problem.sizes[ColumnKind.SHORTFALLS] > 0
    for measure in _COUNTED:
        costs.setdefault(measure.name, problem.measure(measure))
    for at, cost in enumerate(costs.values()):
        pack.real(f"cost{at}", cost, bits=_BITS)
    if short:
        pack.real("short", problem.measure(SHORT_OF_GOAL))
    block = problem.block(ColumnKind.MOVES)
    pack.real("reference", problem.reference_share)
    for at, definition in enumerate(DEFINITIONS):
        pack.real(f"counted{at}", weigh_counted(problem, definition))
    pack.real("ties", break_ties(problem)[block.stop :], bits=_BITS)
    before = effect.baseline_books
    plan_shares, before_shares = measure_shares(effect.books), measure_shares(before)
    return {
        "costs": list(costs),
        "objectives": named,
        "titles": {
            step.name: " + ".join(str(aim_of(one).title) for one in step.minimise)
            for step in scenario.said.objectives
        },
        "short": short,
        "transport": list(costs).index(vocabulary.TRANSPORT_WTW.name),
        "counted": [
            {
                "title": str(measure.heading),
                "factor": shown.factor,
                "digits": 0,
                "cost": list(costs).index(measure.name),
                "plan": float(result.plan.amounts[measure]),
                "before": before.total(measure),
            }
            for measure in _COUNTED
            for shown in (measure.shown,)
            if shown is not None
        ],
        "shares": [
            {
                "title": str(say("{what} [%]", what=DEFINITION_NAMES[name])),
                "factor": 100.0,
                "digits": 1,
                "plan": plan_shares[name],
                "before": before_shares[name],
            }
            for name in DEFINITIONS
        ],
        "ties": draw_labels(problem),
    }


def _lay_edits(pack: _Pack, opened: Opened, moved: Reactions) -> dict[str, Any]:
    """Lay what can be changed, and which limits it moves."""
    scenario, periods = opened.scenario, tuple(opened.scenario.periods)
    entries, flat = [], ([], [], [])  # type: ignore[var-annotated]
    for at, entry in enumerate(opened.entries):
        due = said_of(scenario, entry)
        window = window_of(due, periods)
        entries.append(
            {
                "site": entry.site,
                "list": f"{entry.role}s",
                "number": entry.number,
                "key": due.amount_key,
                "value": due.quantity.value,
                "unit": " ".join(
                    filter(None, (due.quantity.unit, due.quantity.condition, due.quantity.vehicle))
                ),
                "window": window,
                "accepts": sorted(demand_of(scenario, entry).accepted)
                if entry.role is Role.NEED
                else [],
                "said": [one.model_dump(mode="json") for one in getattr(due, "accepts", ())],
                "moves": {
                    str(shift): move_window(window, shift, len(periods))
                    for shift in SHIFTS
                    if (at, shift) in moved.entries
                },
            }
        )
        for shift in SHIFTS:
            reaction = moved.entries.get((at, shift))
            for kind, told in ((0, reaction and reaction.change), (1, reaction and reaction.slope)):
                for row, value in (told or {}).items():
                    flat[0].append(((at * len(SHIFTS)) + SHIFTS.index(shift)) * 2 + kind)
                    flat[1].append(row)
                    flat[2].append(value)
    pack.whole("reaction", flat[0])
    pack.whole("reaction_row", flat[1])
    pack.real("reaction_value", np.array(flat[2], np.float64))
    for at, aim in enumerate(moved.aims):
        pack.whole(f"aim{at}_columns", aim.columns)
        pack.real(f"aim{at}_values", aim.coefficients)
    return {
        "adjustable": entries,
        "called": [_call(scenario, entry) for entry in opened.entries],
        "shifts": SHIFTS,
        "aims": [
            {
                "number": aim.number,
                "level": aim.at_least,
                "row": aim.row,
                "limit": aim.limit,
                "crossed": [[*key, *values] for key, values in aim.crossed.items()],
            }
            for aim in moved.aims
        ],
        "lists": isinstance(_said(scenario.values, "targets", "secondary_share"), list),
    }


def _call(scenario: Scenario, entry: Entry) -> str:
    """Call an entry by its use or material, and its window."""
    due = said_of(scenario, entry)
    named = scenario.needs if entry.role is Role.NEED else scenario.offers
    mine = next(one for one in named if (one.site, one.number) == (entry.site, entry.number + 1))
    return f"{call_entry(scenario, mine)} ({span(due.periods(tuple(scenario.periods)))})"


def _said(values: Any, *trail: str) -> Any:
    """Give what the file says at a place; none where it says nothing."""
    for key in trail:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _begin(pack: _Pack, result: Result, opened: Opened, moved: Reactions) -> list[int]:
    """Give the corner at which the plan stands, and lay its decisions."""
    problem, programme = opened.problem, moved.programme
    places = find_columns(result.plan.problem, problem)
    if places is None:
        raise LookupError("the columns of a plan are not among those that were opened")
    values = np.zeros(problem.column_count)
    values[places] = result.plan.proof.values
    decided = np.where(programme.whole, np.round(values), 0.0)
    pack.whole("decided", decided[programme.whole].astype(np.int64))
    costs = [*problem.objectives(), break_ties(problem)]
    if problem.sizes[ColumnKind.SHORTFALLS]:
        costs.insert(0, problem.measure(SHORT_OF_GOAL))
    closed = ~opened.open | programme.whole
    basic = stand_at(programme.fix(decided), costs, How(result.plan.solver, Clock(), closed=closed))
    pack.whole("basis", basic)
    return []
