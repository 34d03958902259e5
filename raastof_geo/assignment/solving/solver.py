"""Set up PuLP's HiGHS, and say where it stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp

from raastof_geo.arrays import Indices, Signs

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


BASIC = 1
"""HiGHS's number of a column or row that is in the basis; 0 is at its lower limit."""


def read_basis(model: Any, breaking: Indices) -> Basis:
    """Read where HiGHS stands; its first columns are those that only break the rows `breaking`."""
    found = model.getBasis()
    columns = np.array([int(status) for status in found.col_status], dtype=np.int8)
    rows = np.array([int(status) for status in found.row_status], dtype=np.int8)
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
