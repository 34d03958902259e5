"""Solve the draws of an ensemble in batches, each kept on the disk as soon as it is done."""

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from raastof_geo.errors import InputError, RaastofError
from raastof_geo.files import write_whole
from raastof_geo.language import Message, say
from raastof_geo.records.record import Record, pack_values, read_file, refusing_odd
from raastof_geo.sensitivity.ensemble import Draw, Today, read_draw, solve_batch
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
