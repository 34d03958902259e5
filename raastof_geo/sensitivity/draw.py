"""Draw what may be otherwise: a Latin hypercube over all that a scenario gives a range."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import qmc

from raastof_geo.arrays import Floats
from raastof_geo.errors import InputError
from raastof_geo.language import Readable, say_text
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.lever import Lever, list_declared


def list_factors(scenario: Scenario) -> list[Lever]:
    """List what is drawn: every range that a scenario states; `InputError` where it states none."""
    factors = list_declared(scenario)
    if not factors:
        raise InputError.saying_text("ensemble", "nothing drawn")
    return factors


def draw_levels(factors: Sequence[Lever], *, draws: int, seed: int) -> Floats:
    """Draw a level of each factor: a Latin hypercube, in which a group is one factor.

    Each of as many equally likely parts of a range holds one draw. The same for the same factors,
    number of draws and seed, whatever else a scenario says. [draws x factors]
    """
    groups = [_group(factor) or at for at, factor in enumerate(factors)]
    names = [*dict.fromkeys(groups)]
    cube = qmc.LatinHypercube(len(names), rng=np.random.default_rng(seed)).random(draws)
    drawn = [(factor, names.index(one)) for factor, one in zip(factors, groups, strict=True)]
    return np.column_stack([_spread(factor, cube[:, at]) for factor, at in drawn])


def describe_draw(factor: Lever) -> Readable:
    """Say how a factor is drawn, and with which others."""
    way = say_text("ensemble", factor.assumption.distribution if factor.assumption else _USUAL)
    group = _group(factor)
    return say_text("ensemble", "in a group", way=way, group=group) if group else way


_USUAL = "triangular"


def _group(factor: Lever) -> str:
    return factor.assumption.group if factor.assumption else ""


def _spread(factor: Lever, uniform: Floats) -> Floats:
    """Turn numbers between 0 and 1 into levels that are as likely as the factor says."""
    said, subject = factor.assumption, factor.subject
    if said is not None and said.distribution == "discrete":
        heaped = np.cumsum(said.weights or np.ones(len(said.values)))
        return np.array(said.values)[np.searchsorted(heaped / heaped[-1], uniform, side="right")]
    value = subject.levels[0] if subject.value is None else subject.value
    low, high = min(value, *subject.levels), max(value, *subject.levels)
    if said is not None and said.distribution == "uniform":
        return low + uniform * (high - low)
    rising = low + np.sqrt(uniform * (high - low) * (value - low))
    falling = high - np.sqrt((1 - uniform) * (high - low) * (high - value))
    return np.where(uniform < (value - low) / (high - low), rising, falling)
