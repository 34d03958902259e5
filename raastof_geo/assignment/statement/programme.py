"""All rows of a programme as one sparse matrix, so that every column can be priced at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from raastof_geo.arrays import Columns, Floats, Mask, Signs
from raastof_geo.assignment.rules.row import Row

SENSES = ("<=", "=", ">=")

_LEAST = 1e-6
"""Units of a solver below which nothing moves: a gram in a world of tonnes."""


@dataclass(frozen=True, eq=False)
class Programme:
    """Rows × columns, what the rows are compared with, and which columns are 0 or 1."""

    matrix: sparse.csc_array
    """[rows × columns]"""
    sense: Signs
    """-1 for at most, 0 for equal, 1 for at least."""
    limit: Floats
    whole: Mask

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return int(self.matrix.shape[0])

    @property
    def column_count(self) -> int:
        """How many columns there are, written out or not."""
        return int(self.matrix.shape[1])

    def reduced_costs(self, cost: Floats, shadow_prices: Floats) -> Floats:
        """Give what one unit more would cost beyond its worth: below zero it helps. [columns]"""
        return np.asarray(cost - self.matrix.T @ shadow_prices)

    def used(self, columns: Columns, values: Floats) -> Floats:
        """Add up every row for the columns that are not zero."""
        return np.asarray(self.matrix[:, columns] @ values)

    @cached_property
    def scale(self) -> float:
        r"""Units that a solver counts in, for each of ours.

        A solver keeps rows to about :math:`10^{-7}` units, whatever they are, so a world in
        kilograms would be nothing to it. Where not even a thousand units are asked for anywhere,
        it counts in units in which the most that is asked for is as much, so that what is rounded
        away is a billionth of it. What it finds is the same: :math:`A x \le b` and
        :math:`A (k x) \le k b` have the same plans, if decisions, which are 0 or 1, count
        :math:`k` times as much.
        """
        asked = self.limit[(self.sense >= 0) & (self.limit > 0)]
        most = float(asked.max(initial=0.0))
        return 1.0 if most >= 1e3 or most <= 0.0 else 10.0 ** math.ceil(math.log10(1e3 / most))

    def scaled(self) -> Programme:
        """Give the programme in a solver's units: limits and columns of decisions times `scale`."""
        if self.scale == 1.0:
            return self
        matrix = sparse.csc_array(self.matrix @ sparse.diags_array(self.weight))
        return replace(self, matrix=matrix, limit=self.limit * self.scale)

    @property
    def weight(self) -> Floats:
        """What the entries and costs of each column are multiplied with for a solver."""
        return np.where(self.whole, self.scale, 1.0)

    @property
    def units(self) -> Floats:
        """Units that a solver counts each column in, for each of ours."""
        return np.where(self.whole, 1.0, self.scale)

    def clean(self, values: Floats) -> Floats:
        """Round what a solver found to a millionth of its units, and drop what is less."""
        counted = values * self.units
        return np.asarray(np.where(counted > _LEAST, np.round(counted, 6), 0.0) / self.units)

    def with_limits(self, limit: Floats) -> Programme:
        """Give the same programme with other limits."""
        return replace(self, limit=limit)

    def fix(self, decided: Floats) -> Programme:
        """Take what decisions use of every row out of its limit."""
        used = np.flatnonzero(decided)
        return self.with_limits(self.limit - self.used(used, decided[used])) if len(used) else self

    def with_row(self, columns: Columns, values: Floats, sense: int, limit: float) -> Programme:
        """Give the programme with one row more."""
        entries = (values, (np.zeros(len(columns), dtype=np.int32), columns))
        row = sparse.csr_array(entries, shape=(1, self.column_count))
        matrix = sparse.vstack([self.matrix, row], format="csc")
        senses, limits = np.append(self.sense, np.int8(sense)), np.append(self.limit, limit)
        return Programme(matrix, senses, limits, self.whole)

    def with_slack(self, short: Sequence[int], over: Sequence[int]) -> Programme:
        """Give the programme with a column more for each row that may fall `short` or be `over`."""
        rows = np.array([*short, *over], dtype=np.int64)
        sign = np.array([1.0] * len(short) + [-1.0] * len(over))
        shape = (self.row_count, len(rows))
        slack = sparse.csc_array((sign, (rows, np.arange(len(rows)))), shape=shape)
        matrix = sparse.hstack([self.matrix, slack], format="csc")
        return replace(self, matrix=matrix, whole=np.append(self.whole, np.zeros(len(rows), bool)))

    @cached_property
    def bounded(self) -> Mask:
        """Which columns have a row that bounds them."""
        part = self.matrix.tocoo()
        helps = self._bounding_rows[part.row] & (part.data > 0)
        bounding = np.bincount(part.col[helps], minlength=self.column_count)
        return np.asarray((bounding > 0) | self.whole)

    @cached_property
    def _bounding_rows(self) -> Mask:
        """Rows that hold a sum without negative parts under a limit."""
        negative = np.bincount(self.matrix.indices[self.matrix.data < 0], minlength=self.row_count)
        return np.asarray((self.sense <= 0) & (negative == 0))

    def most(self, columns: Columns) -> Floats:
        """Give what the rows never let columns exceed; infinite where none says so. [units]

        For each the least limit over coefficient of the rows that bound it; a decision at most one.
        """
        part = self.matrix[:, columns].tocoo()
        helps = self._bounding_rows[part.row] & (part.data > 0)
        bound = np.maximum(0.0, self.limit[part.row[helps]]) / part.data[helps]
        most = np.where(self.whole[columns], 1.0, np.inf)
        np.minimum.at(most, part.col[helps], bound)
        return np.asarray(most)


def break_rows(senses: Signs, over: Floats) -> Floats:
    """Give by how much each row is broken, below zero where it is not, from what is above it."""
    return np.where(senses < 0, over, np.where(senses > 0, -over, np.abs(over)))


def build_programme(rows: Sequence[Row], whole: Mask) -> Programme:
    """Lay rows into one matrix, in their order [rows × columns]; bad numbers are a `ValueError`."""
    count = len(whole)
    lengths = np.array([len(row.columns) for row in rows], dtype=np.int64)
    _check(rows, count)
    columns = np.concatenate([row.columns for row in rows]) if rows else np.empty(0, np.int32)
    values = np.concatenate([row.coefficients for row in rows]) if rows else np.empty(0)
    # Rows lie one after the other, so that this is compressed by row already.
    starts = np.concatenate([[0], np.cumsum(lengths)])
    entries = (np.asarray(values, np.float64), columns.astype(np.int32, copy=False), starts)
    matrix = sparse.csr_array(entries, shape=(len(rows), count)).tocsc()
    matrix.sum_duplicates()
    sense = np.array([SENSES.index(row.sense) - 1 for row in rows], dtype=np.int8)
    return Programme(matrix, sense, np.array([row.limit for row in rows], np.float64), whole)


def _check(rows: Sequence[Row], count: int) -> None:
    for row in rows:
        fits = len(row.columns) == len(row.coefficients)
        if fits and len(row.columns):
            fits = row.columns.min() >= 0 and row.columns.max() < count
        if not fits or not np.isfinite(row.coefficients).all() or not np.isfinite(row.limit):
            raise ValueError(
                f"rule {row.rule}, row {row.label}: columns must be numbers from 0 to {count - 1}, "
                "each with a finite coefficient, and the limit must be finite"
            )
