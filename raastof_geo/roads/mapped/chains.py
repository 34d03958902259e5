"""Join segments of road end to end where nothing changes from one to the next."""

import numpy as np

from raastof_geo.arrays import Integers, Mask, SmallIntegers
from raastof_geo.roads.rows import Rows


class Chains(Rows):
    """Runs of segments, by their half-edges; no chain ends where it begins."""

    @property
    def segment(self) -> Integers:
        """The segments, in the order that the chains run through them."""
        return self.numbers // 2

    @property
    def flipped(self) -> Mask:
        """Whether the chain runs through a segment from head to tail."""
        return np.asarray(self.numbers % 2 == 1)


def join_segments(ends: SmallIntegers, ways: Mask, kind: SmallIntegers) -> Chains:
    """Join segments through nodes where just two of a kind meet, each into exactly one chain.

    `ends`: nodes, tail and head of each segment; `ways`: whether it is open along and against them;
    `kind`: equal numbers where class, limit and name are equal.
    """
    node, outward = ends.ravel(), ways.ravel()
    partners = _partners(node, outward, ways[:, ::-1].ravel(), np.repeat(kind, 2))
    runs = [part for run in _walk(partners) for part in _part(node, run)]
    # One that is open against its direction only is turned round: its shape runs as trucks do.
    runs = [run if outward[run[0]] else [half ^ 1 for half in reversed(run)] for run in runs]
    return Chains.of(runs)


# A half-edge is a segment seen from one of its ends: 2 s from its tail, 2 s + 1 from its head. So
# `half ^ 1` is its other end, and a chain is followed by going over to that and on to its partner.


def _partners(node: SmallIntegers, outward: Mask, inward: Mask, kind: SmallIntegers) -> Integers:
    """Give for each half-edge the one that its road goes on with, or -1, if just two meet there."""
    order = np.argsort(node, kind="stable")
    starts = np.flatnonzero(np.diff(node[order], prepend=-1))
    degree = np.diff(np.append(starts, len(order)))
    one, other = order[starts[degree == 2]], order[starts[degree == 2] + 1]
    joined = (
        (kind[one] == kind[other])
        & (inward[one] == outward[other])
        & (outward[one] == inward[other])
        & (one // 2 != other // 2)
    )
    partner = np.full(len(node), -1, np.int64)
    partner[one[joined]] = other[joined]
    partner[other[joined]] = one[joined]
    return partner


def _walk(partners: Integers) -> list[list[int]]:
    partner = partners.tolist()
    visited = bytearray(len(partner) // 2)
    ends = np.flatnonzero(partners < 0).tolist()
    runs: list[list[int]] = []
    for first in (*ends, *range(0, len(partner), 2)):
        half, run = first, []
        while half >= 0 and not visited[half // 2]:
            visited[half // 2] = 1
            run.append(half)
            half = partner[half ^ 1]
        runs += [run] if run else []
    return runs


def _part(node: SmallIntegers, run: list[int]) -> list[list[int]]:
    """Part a chain in its middle that would come back to where it began."""
    if node[run[0]] != node[run[-1] ^ 1] or len(run) < 2:
        return [run]
    middle = len(run) // 2
    return [run[:middle], run[middle:]]
