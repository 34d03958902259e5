"""Pick and set up the solvers that PuLP knows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pulp

from raastof_geo.assignment.solving.basis import Basis, write_basis
from raastof_geo.errors import SolverError
from raastof_geo.language import say

SOLVERS = ("HiGHS", "PULP_CBC_CMD")
"""In the order they are tried."""
PRICE_DIGITS = {"PULP_CBC_CMD": 1e-7}
"""Share of a shadow price that a solver's last digit may hide: CBC writes eight of them into a
file. Solvers that are not here pass numbers on as they are."""


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


def pick_solver(name: str | None) -> str:
    """Take the solver that was asked for, else HiGHS, else CBC.

    Raises
    ------
    SolverError
        None of them is installed.
    """
    for candidate in (name,) if name else SOLVERS:
        if make_solver(candidate).available():
            return candidate
    raise SolverError(say("no solver is installed: `pip install highspy` brings HiGHS"))


def make_solver(
    name: str,
    *,
    time_limit_s: float | None = None,
    gap: float | None = None,
    stop: Callable[[], bool] | None = None,
) -> pulp.LpSolver:
    """Make a silent solver that works the same way every time.

    Parameters
    ----------
    gap
        For whole numbers: stop when the answer is within this share of the bound.
    stop
        Asked again and again whether to stop with what there is; HiGHS only.
    """
    options: dict[str, Any] = {"msg": False, "timeLimit": time_limit_s, "gapRel": gap}
    if name == "HiGHS":
        options |= {"threads": 1, "output_flag": False, "random_seed": 0}
        if stop is not None:
            options |= _listen(stop)
        return BegunHighs(**options)
    if name == "PULP_CBC_CMD":
        # CBC's integer preprocessing cuts off optima: a random world gave 1500 t for 1447.5 t.
        options["options"] = ["preprocess off"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pulp.getSolver(name, **options)


def _listen(stop: Callable[[], bool]) -> dict[str, Any]:
    """Let HiGHS ask whether to stop."""
    import highspy

    kind = highspy.cb.HighsCallbackType.kCallbackMipInterrupt

    def answer(_kind: Any, _message: str, _out: Any, into: Any, _data: Any) -> None:
        if into is not None and stop():
            into.user_interrupt = True

    return {"callbackTuple": (answer, None), "callbacksToActivate": [kind]}
