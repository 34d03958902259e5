"""Write a programme into a file that other solvers read."""

from __future__ import annotations

from pathlib import Path

from raastof_geo.assignment.solving.stages import LpProblem
from raastof_geo.errors import InputError
from raastof_geo.files import drafting
from raastof_geo.language import say

ENDINGS = (".lp", ".mps")


def check_ending(path: Path) -> None:
    """Make sure that a name says which of the two formats is wanted.

    Raises
    ------
    InputError
        It ends otherwise.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            say(
                "`--lp {file}`: a programme is written as `.lp` or `.mps`, by the ending of the "
                "name; take {other}",
                file=path,
                other=path.with_suffix(".lp").name if path.name else "plan.lp",
            )
        )


def write_programme(problem: LpProblem, path: Path) -> Path:
    """Write all of a problem of PuLP or nothing, in the format that the name ends in.

    A file that is there already is replaced where a programme of ours is in it, else moved aside.

    Raises
    ------
    InputError
        The name ends neither in `.lp` nor in `.mps`.
    OutputError
        The file cannot be written.
    """
    check_ending(path)
    with drafting(path, known=_is_ours) as draft:
        if path.suffix.lower() == ".lp":
            problem.writeLP(str(draft))
        else:
            problem.writeMPS(str(draft))
    return path


def _is_ours(path: Path) -> bool:
    """Tell whether PuLP wrote a programme of this name there."""
    with path.open("rb") as file:
        return b"raastof_geo" in file.read(80)
