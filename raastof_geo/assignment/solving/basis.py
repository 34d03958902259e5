"""Where a solver stood, as plain arrays that can be kept, sent and read by another engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from raastof_geo.arrays import Indices, Signs


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
        basic = np.count_nonzero(self.columns == _BASIC) + np.count_nonzero(self.rows == _BASIC)
        return (len(self.columns), len(self.rows)) == (columns, rows) and basic == rows


_BASIC = 1
"""HiGHS's number of a column or row that is in the basis; 0 is at its lower limit."""


def read_basis(model: Any, breaking: Indices) -> Basis:
    """Read where HiGHS stands.

    Parameters
    ----------
    breaking
        The row of each of the first columns, which only break it.
    """
    found = model.getBasis()
    columns = np.array([int(status) for status in found.col_status], dtype=np.int8)
    rows = np.array([int(status) for status in found.row_status], dtype=np.int8)
    count = len(breaking)
    rows[breaking[columns[:count] == _BASIC]] = _BASIC
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
