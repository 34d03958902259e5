"""Draw what may be otherwise, and solve the draws in batches, each kept as soon as it is done."""

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.errors import InputError, RaastofError
from raastof_geo.files import write_whole
from raastof_geo.language import Message, Readable, say, say_text
from raastof_geo.records.record import Record, pack_values, read_file, refusing_odd
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.ensemble import Draw, Today, read_draw, solve_batch
from raastof_geo.sensitivity.lever import Lever, list_declared
from raastof_geo.spread import gather
from raastof_geo.version import __version__

BATCH = 20
"""Draws that are solved and kept together: enough that sending them costs nothing beside solving,
and few enough that little is lost with whoever is killed. The same for any number of workers."""
PARTS = "draws"
"""Folder, in that of an ensemble, of the batches that are done, until all are."""
DRAWN = Record("draws.json", "raastof_geo draws 1", most_bytes=2_000_000_000)
"""A batch, and at last all draws of an ensemble."""


Design: TypeAlias = Mapping[str, Any]
"""What makes an ensemble this one and no other: equal designs have equal draws."""


def plan_design(today: Today, seed: int) -> Design:
    """Give the design of an ensemble: it hangs on all that its draws hang on."""
    drawn = [(one.subject.name, one.subject.levels, str(one.assumption)) for one in today.factors]
    of, count = today.scenario, len(today.levels)
    said = __version__, of.digest, of.id, *of.speech, drawn, count, seed
    digest = hashlib.sha256(repr(said).encode()).hexdigest()
    return {"format": DRAWN.format, "design": digest, "seed": seed}


def pack_draws(design: Design, draws: Sequence[Draw]) -> bytes:
    """Write draws with the design that they are of."""
    return pack_values({**design, "draws": [one.to_plain() for one in draws]})


def _read_draws(design: Design, path: Path) -> list[Draw]:
    values = read_file(path, most_bytes=DRAWN.most_bytes)
    with refusing_odd(path):
        if any(values[key] != value for key, value in design.items()):
            raise InputError.saying_text("ensemble", "another design", file=path)
        return [read_draw(one) for one in values["draws"]]


def run_batches(
    today: Today,
    design: Design,
    folder: Path,
    *,
    resume: bool,
    executor: Executor | None,
    tell: Callable[[Message], None],
) -> list[Draw]:
    """Solve all draws of a design, and keep each batch in a folder as soon as it is done.

    To `resume` begins with the batches that are there, one by one or all draws in one file;
    `InputError` where they are of another design. Else what is there is taken away first.
    """
    draws = range(len(today.levels))
    batches = {folder / PARTS / f"{at // BATCH:06d}.json": draws[at : at + BATCH]
               for at in draws[::BATCH]}  # fmt: skip
    if not resume:
        clear_parts(folder)
    done = {path: _read_draws(design, path) for path in batches if resume and path.exists()}
    if resume and not done and (whole := folder / DRAWN.name).exists():
        return _read_draws(design, whole)
    left, begun = [path for path in batches if path not in done], time.monotonic()
    wanted = [batches[path] for path in left]
    for count, (at, found) in enumerate(gather(executor, solve_batch, today, wanted), 1):
        done[left[at]] = found
        write_whole(left[at], pack_draws(design, found), known=lambda _: True)
        minutes = math.ceil((time.monotonic() - begun) / count * (len(left) - count) / 60)
        told = {"count": sum(map(len, done.values())), "draws": len(draws)}
        tell(say("{count} of {draws} draws, {minutes} min left", **told, minutes=minutes))
    return [draw for path in batches for draw in done[path]]


def clear_parts(folder: Path) -> None:
    """Take the batches of an ensemble away, and nothing that is not one."""
    place = folder / PARTS
    for path in sorted(place.glob("*.json")):
        with suppress(RaastofError, OSError):
            values = read_file(path, most_bytes=DRAWN.most_bytes)
            if DRAWN.judge(values.get("format")) != "foreign":
                path.unlink()
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()


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
    from scipy.stats import qmc  # it takes as long to import as all else of SciPy

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
