"""The part of a programme that is written out, stated in PuLP."""

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pulp

from raastof_geo.arrays import Columns, Floats, Signs
from raastof_geo.assignment.solving.solver import Basis, BegunHighs
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import Programme, RowName
from raastof_geo.errors import SolverError
from raastof_geo.legs.legs import LEG_KEYS

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
            if kind is ColumnKind.MOVES:
                one = len(problem.vehicles) == 1
                keys = [key for key in LEG_KEYS if key != "vehicle" or not one]
                said = [problem.labels(key, mine).tolist() for key in keys]
            else:
                table = problem.others[kind].iloc[mine - problem.starts[kind]]
                said = [[kind.word] * len(mine)]
                said += [table[key].tolist() for key in kind.keys if key != "depot"]
            slugs = {part: make_slug(str(part)) for part in set().union(*said)}
            told = zip(mine.tolist(), zip(*said, strict=True), strict=True)
            names[at] = [_join(f"x{column}", [slugs[one] for one in of]) for column, of in told]
        return [str(name) for name in names]

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

    values: Floats
    """On each column that was stated."""
    artificial: float
    """Units that the solver counts in by which rows are broken."""
    shadow_prices: Floats
    """Change of the objective for one unit more on each row's limit."""
    complete: bool
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

    def run(self, solver: BegunHighs, *, basis: Basis | None = None) -> Run:
        """Solve, from a basis of variables and all rows if there is one; read values and prices."""
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
        found = [one.varValue for one in self.variables]
        feasible = status == pulp.LpStatusOptimal and None not in found
        artificial = float(sum(abs(one.varValue or 0.0) for one in self.artificials))
        values = np.maximum(0.0, np.array([value or 0.0 for value in found]))
        prices = np.zeros(self.programme.row_count)
        for number, constraint in self.constraints.items():
            prices[number] = 0.0 if constraint.pi is None else constraint.pi
        model = getattr(self.problem, "solverModel", None)  # what holds no column has none
        bound = None if model is None else float(model.getInfo().mip_dual_bound)
        return Run(
            values=values / self.programme.units[self.columns],
            artificial=artificial,
            shadow_prices=prices,
            complete=feasible and self.problem.sol_status != pulp.LpSolutionIntegerFeasible,
            feasible=feasible,
            bound=None if bound is None else bound / self.programme.scale,
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
