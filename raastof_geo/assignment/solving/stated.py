"""A programme in PuLP: what is stated, by which names, and how its HiGHS sets about it."""

import hashlib
import itertools
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias
import numpy as np
import pandas as pd
import pulp
from raastof_geo.arrays import Columns, Floats, Indices, Mask, Signs
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import Programme, RowName
from raastof_geo.errors import InputError, SolverError
from raastof_geo.files import drafting
from raastof_geo.legs.legs import LEG_KEYS

SOLVER = "HiGHS"
"""As PuLP calls it."""


@dataclass(frozen=True, eq=False)
class Basis:
    """The corner at which a simplex method ended: HiGHS's status of each column and row.

    Columns that only break a row are not in it. Such a column and the slack of its row are the
    same vector but for the sign, so where one of them stands in the basis, the slack does here.
    """

    columns: Signs
    """One for each written column, in their order."""
    rows: Signs

    def fits(self, columns: int, rows: int) -> bool:
        """Tell whether it is of as many columns and rows, and names a corner of them."""
        basic = np.count_nonzero(self.columns == BASIC) + np.count_nonzero(self.rows == BASIC)
        return (len(self.columns), len(self.rows)) == (columns, rows) and basic == rows


BASIC, _UPPER = 1, 2
"""HiGHS's numbers of a column or row that is in the basis, or at its upper limit; 0: lower."""


def read_basis(model: Any, breaking: Indices, sense: Signs) -> Basis:
    """Read where HiGHS stands; its first columns are those that only break the rows `breaking`.

    It tells quickly what is in the basis, and slowly at which limit all else is. That is known:
    columns are at least zero, and nothing else limits those that are open; rows have one limit.
    Without any columns it stands nowhere: there is the corner of all slacks.
    """
    columns = np.zeros(model.getNumCol(), np.int8)
    if not len(columns):
        return Basis(columns, np.full(len(sense), BASIC, np.int8))
    _, basic = model.getBasicVariables()  # rows count from -1 downwards
    rows = np.where(sense < 0, _UPPER, 0).astype(np.int8)
    columns[basic[basic >= 0]] = BASIC
    rows[-1 - basic[basic < 0]] = BASIC
    count = len(breaking)
    rows[breaking[columns[:count] == BASIC]] = BASIC
    return Basis(columns[count:], rows)


def write_basis(model: Any, columns: Signs, rows: Signs) -> None:
    """Have HiGHS stand somewhere; it begins from nothing where that is no corner."""
    import highspy

    status = {int(one): one for one in highspy.HighsBasisStatus.__members__.values()}
    basis = highspy.HighsBasis()
    basis.col_status = [status[one] for one in columns.tolist()]
    basis.row_status = [status[one] for one in rows.tolist()]
    basis.valid = True
    model.setBasis(basis)


class BegunHighs(pulp.HiGHS):  # type: ignore[misc]
    """PuLP's HiGHS that begins where an earlier search of the same programme stood."""

    basis: Basis | None = None
    """Of columns and rows in the order in which they were stated; none: begin from nothing."""
    names: Sequence[str] = ()
    """Of those columns: PuLP hands them over in the order of their names."""

    def callSolver(self, lp: pulp.LpProblem) -> None:  # noqa: N802 - PuLP's name
        """Begin at the basis, then run."""
        if self.basis is not None and self.basis.fits(lp.numVariables(), lp.numConstraints()):
            at = dict(zip(self.names, self.basis.columns.tolist(), strict=True))
            columns = np.array([at[one.name] for one in lp.variables()], dtype=np.int8)
            write_basis(lp.solverModel, columns, self.basis.rows)
        super().callSolver(lp)


def make_solver(
    *,
    time_limit_s: float | None = None,
    gap: float | None = None,
    stop: Callable[[], bool] | None = None,
) -> BegunHighs:
    """Make a silent solver that works the same way every time.

    With whole numbers it stops within a share `gap` of the bound. It asks `stop` again and again
    whether to stop with what there is.
    """
    options: dict[str, Any] = {"msg": False, "timeLimit": time_limit_s, "gapRel": gap}
    options |= {"threads": 1, "output_flag": False, "random_seed": 0}
    if stop is not None:
        import highspy

        def answer(_kind: Any, _message: str, _out: Any, into: Any, _data: Any) -> None:
            if into is not None and stop():
                into.user_interrupt = True

        kind = highspy.cb.HighsCallbackType.kCallbackMipInterrupt
        options |= {"callbackTuple": (answer, None), "callbacksToActivate": [kind]}
    return BegunHighs(**options)


def break_ties(problem: Problem) -> Floats:
    """Weigh columns so that one optimum is left: the earlier period, then a number by label.

    A label's number, below 1, is drawn from its letters, so that it is the same in every scenario
    and on every machine, whatever other columns there are.
    """
    moves = problem.moves
    weight = np.zeros(problem.column_count)
    spread = np.zeros(len(moves), dtype=np.uint64)
    for key, labels in _list_labels(problem).items():
        drawn = np.array([_draw(key, label) for label in labels], dtype=np.uint64)
        spread ^= drawn[getattr(moves, key)]  # scattered as splitmix64 does
        spread = (spread ^ (spread >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        spread = (spread ^ (spread >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        spread ^= spread >> np.uint64(31)
    weight[problem.block(ColumnKind.MOVES)] = moves.period + spread / 2.0**64
    order = {period: number for number, period in enumerate(problem.scenario.periods)}
    for kind in ColumnKind:
        if (table := problem.others.get(kind, pd.DataFrame())).empty:
            continue
        told = table[list(kind.keys)].itertuples(index=False)
        drawn = np.array([_draw(kind, "|".join(map(str, one))) / 2.0**64 for one in told])
        early = table["period"].map(order).to_numpy(np.float64) if "period" in table else 0.0
        weight[problem.block(kind)] = early + drawn
    return weight


def draw_labels(problem: Problem) -> dict[str, list[str]]:
    """Give the numbers that are drawn for the labels of moves, in hexadecimal digits."""
    every = _list_labels(problem).items()
    return {key: [hex(_draw(key, label)) for label in labels] for key, labels in every}


def _list_labels(problem: Problem) -> dict[str, list[str]]:
    return {
        "giver": [giver.id for giver in problem.givers],
        "taker": [taker.id for taker in problem.takers],
        "vehicle": list(problem.vehicles),
        "period": list(problem.scenario.periods),
    }


def _draw(key: str, label: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{key}|{label}".encode()).digest()[:8], "big")


LONGEST_NAME = 100
"""Letters of a name, at most: PuLP refuses to write longer ones into an `.lp` file."""
_LONGEST_PART = 16
"""Letters of each part: a number and five parts, with what joins them, stay below the most."""

_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ß": "ss", "ö": "oe", "ä": "ae"})


@dataclass(frozen=True, eq=False)
class Labels:
    """What columns and rows are about, as names that are legal and unique in `.lp` and `.mps`.

    A number comes first, which alone tells names apart whatever the rest is cut down to, then
    what it is the number of: `x123_grav_vej_crushed_concrete_2030`, `r12_offers_kept_digging`.
    """

    problem: Problem
    rows: tuple[RowName, ...]
    """Family and subject of each row."""

    def name_columns(self, columns: Columns) -> list[str]:
        """Give the name of each of some columns."""
        names, problem = np.empty(len(columns), dtype=object), self.problem
        for kind in ColumnKind:
            block = problem.block(kind)
            at = np.flatnonzero((columns >= block.start) & (columns < block.stop))
            mine = columns[at]
            if not len(at):
                continue
            said = self._list_parts(kind, mine)
            slugs = {part: make_slug(str(part)) for part in set().union(*said)}
            told = zip(mine.tolist(), zip(*said, strict=True), strict=True)
            names[at] = [_join(f"x{column}", [slugs[one] for one in of]) for column, of in told]
        return [str(name) for name in names]

    def _list_parts(self, kind: ColumnKind, columns: Columns) -> list[list[Any]]:
        """List what the names of columns of a kind say of each, part by part."""
        problem = self.problem
        if kind is ColumnKind.MOVES:
            one = len(problem.vehicles) == 1
            keys = [key for key in LEG_KEYS if key != "vehicle" or not one]
            return [problem.labels(key, columns).tolist() for key in keys]
        table = problem.others[kind].iloc[columns - problem.starts[kind]]
        told = [table[key].tolist() for key in kind.keys if key != "depot"]
        return [[kind.word] * len(columns), *told]

    def name_row(self, number: int) -> str:
        """Give the name of a row; those beyond the rules hold an earlier objective."""
        known = number < len(self.rows)
        family, subject = map(str, self.rows[number]) if known else ("objective", "held")
        return _join(f"r{number}", [make_slug(family, 40), make_slug(subject, 48)])


@cache
def make_slug(text: str, longest: int = _LONGEST_PART) -> str:
    """Write a label in small letters, digits and underscores only, no longer than said."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return re.sub(r"[^a-z0-9]+", "_", plain)[:longest].strip("_")


def _join(number: str, parts: Sequence[str]) -> str:
    return "_".join([number, *(part for part in parts if part)])[:LONGEST_NAME]


def artificial_signs(programme: Programme) -> Signs:
    """Give the sign of what makes each row hold when nothing moves; zero where it holds anyway."""
    needs_more = (programme.limit > 0) & (programme.sense >= 0)
    needs_less = (programme.limit < 0) & (programme.sense <= 0)
    return np.asarray(needs_more.astype(np.int8) - needs_less.astype(np.int8))


@dataclass(frozen=True, eq=False)
class Run:
    """What a solver answered."""

    values: Floats = field(default_factory=lambda: np.empty(0))
    """On each column that was stated."""
    artificial: float = 0.0
    """Units that the solver counts in by which rows are broken."""
    shadow_prices: Floats = field(default_factory=lambda: np.empty(0))
    """Change of the objective for one unit more on each row's limit."""
    complete: bool = False
    """Whether the solver finished, and was not stopped by time or by hand."""
    feasible: bool = True
    bound: float | None = None


@dataclass(frozen=True, eq=False)
class Stated:
    """Columns of a programme in PuLP: a variable for each, a constraint for each row of them."""

    problem: pulp.LpProblem
    programme: Programme
    columns: Columns
    variables: list[pulp.LpVariable]
    artificials: list[pulp.LpVariable]
    constraints: dict[int, pulp.LpConstraint]

    def run(self, *, basis: Basis | None = None, **how: Any) -> Run:
        """Solve, from a basis of variables and all rows if there is one; read values and prices.

        `how` is as `make_solver` knows it.
        """
        solver = make_solver(**how)
        if not self.variables and not self.artificials:
            return Run(np.empty(0), 0.0, np.zeros(self.programme.row_count), True, True, 0.0)
        if basis is not None:
            solver.names = [one.name for one in self.variables]
            solver.basis = Basis(basis.columns, basis.rows[list(self.constraints)])
        try:
            status = int(self.problem.solve(solver))
        except pulp.PulpSolverError as error:
            raise SolverError.saying("the solver failed: {reason}", reason=str(error)) from error
        if status == pulp.LpStatusUnbounded:
            raise SolverError.saying_text("the solver", "stopped", status=pulp.LpStatus[status])
        return self._read(status)

    def _read(self, status: int) -> Run:
        found = [one.varValue for one in self.variables]
        feasible = status == pulp.LpStatusOptimal and None not in found
        artificial = float(sum(abs(one.varValue or 0.0) for one in self.artificials))
        values = np.fmax(0.0, np.array(found, np.float64)) + 0.0  # none is 0, and 0 has no sign
        prices = np.zeros(self.programme.row_count)
        for number, constraint in self.constraints.items():
            prices[number] = 0.0 if constraint.pi is None else constraint.pi
        model = getattr(self.problem, "solverModel", None)  # what holds no column has none
        scale = self.programme.scale
        bound = None if model is None else float(model.getInfo().mip_dual_bound) / scale
        return Run(
            values=values / self.programme.units[self.columns],
            artificial=artificial,
            shadow_prices=prices,
            complete=feasible and self.problem.sol_status != pulp.LpSolutionIntegerFeasible,
            feasible=feasible,
            bound=bound,
        )


def state_programme(
    programme: Programme,
    columns: Columns,
    cost: Floats,
    *,
    sense: Signs | None = None,
    penalty: Floats | None = None,
    whole: bool = False,
    labels: Labels | None = None,
    own_units: bool = False,
) -> Stated:
    """State some columns of a programme in PuLP, each at a cost, and the rows that speak of them.

    Rows have the `sense` of the programme if no other is said, and none may be broken without a
    `penalty` for each. Only with `whole` are decisions held to 0 or 1. Names are running numbers,
    or `labels`. Units are those that solvers count in, or our own, for somebody to read.
    """
    problem = pulp.LpProblem("raastof_geo", pulp.LpMinimize)
    counted = programme if own_units else programme.scaled()
    weight = np.ones(len(columns)) if own_units else programme.weight[columns]
    names = [f"x{column}" for column in columns.tolist()]
    if labels is not None:
        names = labels.name_columns(columns)
    variables = [
        problem.add_variable(name, lowBound=0, cat=pulp.LpInteger if one else pulp.LpContinuous)
        for name, one in zip(names, (programme.whole[columns] & whole).tolist(), strict=True)
    ]
    by_row = counted.matrix[:, columns].tocsr()
    named, data = [variables[at] for at in by_row.indices.tolist()], by_row.data.tolist()
    bounds = itertools.pairwise(by_row.indptr.tolist())
    terms = [dict(zip(named[one:end], data[one:end], strict=True)) for one, end in bounds]
    objective = dict(zip(variables, np.asarray(cost * weight, np.float64).tolist(), strict=True))
    artificials = []
    if penalty is not None:
        signs = artificial_signs(programme)
        for row in np.flatnonzero(signs).tolist():
            slack = problem.add_variable(f"a{row}", lowBound=0)
            terms[row][slack] = float(signs[row])
            objective[slack] = float(penalty[row])
            artificials.append(slack)
    problem.setObjective(pulp.LpAffineExpression(objective))
    senses = programme.sense if sense is None else sense
    constraints = {}
    for row, expression in enumerate(terms):
        if expression:
            # PuLP's numbers for what is at most, equal and at least are ours.
            left, comparison = pulp.LpAffineExpression(expression), int(senses[row])
            kept = pulp.LpConstraint(left, comparison, rhs=float(counted.limit[row]))
            problem.addConstraint(kept, f"row_{row}" if labels is None else labels.name_row(row))
            constraints[row] = kept
    return Stated(problem, programme, columns, variables, artificials, constraints)


LpProblem: TypeAlias = pulp.LpProblem


@dataclass(frozen=True, eq=False)
class Stage:
    """What one objective was made least over: what those before it left open."""

    programme: Programme
    """With a row for each earlier objective that is held within a tolerance, and limits that have
    what the decisions use taken out of them."""
    columns: Columns
    """Those that were written out."""
    may: Mask
    """Columns that could be used."""
    sense: Signs
    """Of the rows: those that earlier objectives hang on are equalities."""

    def state(
        self,
        programme: Programme,
        cost: Floats,
        labels: Labels,
        written: bool,
        fixed: Floats | None,
    ) -> LpProblem:
        """State it in tonnes, with decisions among its variables.

        `programme` is that of the plan, whose limits decisions still have to share. Only the
        columns that were `written` out take part, or all that could be used. Decisions are `fixed`
        as when earlier objectives were made least; without any they are to be found.
        """
        more = self.programme.limit[programme.row_count :]
        whole = replace(self.programme, limit=np.append(programme.limit, more))
        moving = self.columns if written else np.flatnonzero(self.may)
        columns = np.union1d(moving, np.flatnonzero(programme.whole))
        asked = partial(state_programme, sense=self.sense, whole=True, own_units=True)
        stated = asked(whole, columns, cost[columns], labels=labels)
        for column, variable in zip(columns.tolist(), stated.variables, strict=True):
            if programme.whole[column]:
                value = None if fixed is None else float(fixed[column])
                variable.bounds(*((0.0, 1.0) if value is None else (value, value)))
        return stated.problem


ENDINGS = (".lp", ".mps")


def check_ending(path: Path) -> None:
    """Make sure that a name says which of the two formats is wanted; else an `InputError`."""
    if path.suffix.lower() not in ENDINGS:
        other = path.with_suffix(".lp").name if path.name else "plan.lp"
        raise InputError.saying_text("the solver", "format", file=path, other=other)


def write_programme(problem: LpProblem, path: Path) -> Path:
    """Write all of a problem of PuLP or nothing, in the format that the name ends in.

    A file that is there already is replaced where a programme of ours is in it, else moved aside.
    Other names are an `InputError`, what cannot be written is an `OutputError`.
    """
    check_ending(path)
    with drafting(path, known=_is_ours) as draft:
        if path.suffix.lower() == ".lp":
            problem.writeLP(str(draft))
        else:
            problem.writeMPS(str(draft))
    return path


def _is_ours(path: Path) -> bool:
    """Tell whether PuLP wrote a programme of this name there."""
    with path.open("rb") as file:
        return b"raastof_geo" in file.read(80)
