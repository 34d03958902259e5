"""Draw what may be otherwise, and solve the draws in batches, each kept as soon as it is done."""

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import qmc

from raastof_geo.arrays import Floats
from raastof_geo.errors import InputError, RaastofError
from raastof_geo.files import write_whole
from raastof_geo.language import Message, Readable, read_texts, say
from raastof_geo.records.record import Record, pack_values, read_file, refusing_odd
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.ensemble import Draw, Today, read_draw, solve_batch
from raastof_geo.sensitivity.lever import Lever, list_declared
from raastof_geo.spread import gather
from raastof_geo.version import __version__


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
    number = {one: at for at, one in enumerate(dict.fromkeys(groups))}
    cube = qmc.LatinHypercube(len(number), rng=np.random.default_rng(seed)).random(draws)
    spread = [
        _spread(factor, cube[:, number[one]]) for factor, one in zip(factors, groups, strict=True)
    ]
    return np.column_stack(spread)


def describe_draw(factor: Lever) -> Readable:
    """Say how a factor is drawn, and with which others."""
    said, told = factor.assumption, read_texts("ensemble")
    way = "triangular" if said is None else said.distribution
    group = _group(factor)
    return told["in a group"].format(way=told[way], group=group) if group else told[way]


def _group(factor: Lever) -> str:
    return "" if factor.assumption is None else factor.assumption.group


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
    below = (value - low) / (high - low)
    rising = low + np.sqrt(uniform * (high - low) * (value - low))
    falling = high - np.sqrt((1 - uniform) * (high - low) * (high - value))
    return np.where(uniform < below, rising, falling)


BATCH = 20
"""Draws that are solved and kept together: enough that sending them costs nothing beside solving,
and few enough that little is lost with whoever is killed. The same for any number of workers."""
PARTS = "draws"
"""Folder, in that of an ensemble, of the batches that are done, until all are."""
DRAWN = Record("draws.json", "raastof_geo draws 1", most_bytes=2_000_000_000)
"""A batch, and at last all draws of an ensemble."""


@dataclass(frozen=True)
class Design:
    """What makes an ensemble this one and no other: equal designs have equal draws."""

    digest: str
    draws: int
    seed: int

    def write(self, draws: Sequence[Draw]) -> bytes:
        """Write draws with the design that they are of."""
        about = {"format": DRAWN.format, "design": self.digest, "seed": self.seed}
        return pack_values(about | {"draws": [one.to_plain() for one in draws]})

    def read(self, path: Path) -> list[Draw]:
        """Read draws from a file; `InputError`: they are of another design."""
        values: dict[str, Any] = read_file(path, most_bytes=DRAWN.most_bytes)
        with refusing_odd(path):
            if (values["format"], values["design"]) != (DRAWN.format, self.digest):
                raise InputError.saying_text("ensemble", "another design", file=path)
            return [read_draw(one) for one in values["draws"]]


def plan_design(scenario: Scenario, factors: Sequence[Lever], *, draws: int, seed: int) -> Design:
    """Give the design of an ensemble: it hangs on all that its draws hang on."""
    drawn = [(one.subject.name, one.subject.levels, str(one.assumption)) for one in factors]
    said = __version__, scenario.digest, scenario.id, *scenario.speech, drawn, draws, seed
    return Design(hashlib.sha256(repr(said).encode()).hexdigest(), draws, seed)


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

    To `resume` begins with the batches that are there; `InputError` where they are of another
    design. Else what is there is taken away first.
    """
    every = range(0, design.draws, BATCH)
    batches = [range(at, min(at + BATCH, design.draws)) for at in every]
    paths = [folder / PARTS / f"{number:06d}.json" for number in range(len(batches))]
    done = dict(_read_done(design, folder, paths)) if resume else {}
    if not resume:
        clear_parts(folder)
    left = [number for number in range(len(batches)) if number not in done]
    begun = time.monotonic()
    wanted = [batches[number] for number in left]
    for count, (at, found) in enumerate(gather(executor, solve_batch, today, wanted), 1):
        done[left[at]] = found
        write_whole(paths[left[at]], design.write(found), known=lambda _: True)
        minutes = math.ceil((time.monotonic() - begun) / count * (len(left) - count) / 60)
        told = {"count": sum(map(len, done.values())), "draws": design.draws}
        tell(say("{count} of {draws} draws, {minutes} min left", **told, minutes=minutes))
    return [draw for number in sorted(done) for draw in done[number]]


def _read_done(
    design: Design, folder: Path, paths: Sequence[Path]
) -> Iterator[tuple[int, list[Draw]]]:
    """Give the batches of a design that are there: one by one, or of all draws in one file."""
    numbers = [at for at, path in enumerate(paths) if path.exists()]
    yield from ((number, design.read(paths[number])) for number in numbers)
    if not numbers and (whole := folder / DRAWN.name).exists():
        draws = design.read(whole)
        yield from ((at, draws[at * BATCH : (at + 1) * BATCH]) for at in range(len(paths)))


def clear_parts(folder: Path) -> None:
    """Take the batches of an ensemble away, and nothing that is not one."""
    place = folder / PARTS
    for path in sorted(place.glob("*.json")):
        with suppress(RaastofError, OSError):
            found = read_file(path, most_bytes=DRAWN.most_bytes).get("format")
            if DRAWN.judge(found) != "foreign":
                path.unlink()
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()
