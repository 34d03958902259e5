"""Show what is going on while a command works."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from raastof_geo.language import Message

if TYPE_CHECKING:
    from raastof_geo.pipeline import Tell


@contextlib.contextmanager
def telling(verbose: bool) -> Iterator[Tell]:
    """Show what is going on: a spinning bar in a terminal, nothing elsewhere.

    Parameters
    ----------
    verbose
        Write each step on a line of its own as well.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda message: console.print(str(message), markup=False) if verbose else None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def note(message: Message) -> None:
            progress.update(task, description=str(message))
            if verbose:
                progress.console.print(str(message), markup=False)

        yield note
