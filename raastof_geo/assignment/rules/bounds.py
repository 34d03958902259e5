"""Bounds that follow from everything else, so that a proof needs no column without one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raastof_geo.arrays import Mask
from raastof_geo.assignment.rules.family import Family
from raastof_geo.assignment.rules.row import Row, sum_of
from raastof_geo.assignment.rules.throughput import most_tonnes
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.language import say

BOUNDED = Family("bounded", say("more than there can ever be"), bends="never", unit="t")


def bound_everything(problem: Problem, bounded: Mask) -> Iterator[Row]:
    r"""Bound together, by kind, the columns that no other row bounds.

    Tonnes cannot pass more often through a place than there are places and periods, and are
    never more than all that is offered, needed and stored. Empty trips follow loads: whatever
    leads in circles can be left out, and a way from one load to the next passes no site twice.

    Parameters
    ----------
    bounded
        Which columns another row bounds.

    Returns
    -------
    rows
        At most one for each kind of column that has free ones.
    """
    scenario = problem.scenario
    places = 1 + len(scenario.plants) + len(scenario.depots)
    tonnes = 10.0 * most_tonnes(problem) * places * len(scenario.periods)
    for kind in ("moves", "processes", "stores", "trips"):
        block = problem.block(kind)
        free = block.start + np.flatnonzero(~bounded[block])
        if not len(free):
            continue
        limit = tonnes
        if kind == "trips":
            limit = tonnes / float(problem.leg("load_t").min(initial=1.0)) * len(scenario.sites)
        yield sum_of(BOUNDED, kind, free, "<=", limit)
