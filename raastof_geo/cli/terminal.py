"""Write to a terminal: nothing that steers it, nothing that is cut away, nobody who must listen.

The language to speak is the one asked for, the one around, or that of the scenario.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
import typer
from raastof_geo.language import Language, Message, as_language, say, speaking, spoken_language

if TYPE_CHECKING:
    from raastof_geo.language import Tell
    from raastof_geo.scenario import Scenario

_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Characters that move the cursor, change colours or turn text around."""
_LEAST_WIDTH = 20
ASKED_LANGUAGE, TOLD_STEPS = "raastof_geo.language", "raastof_geo.steps"
"""Where `--lang` and `--verbose` are noted in the context of a command."""


def clean(text: object) -> str:
    """Clean words, perhaps a stranger's. Returns them without what a terminal would obey."""
    return _STEERING.sub("", str(text))


class NobodyReadsError(Exception):
    """Whoever read our output has gone, as `head` does; which is no failure."""


def tell(text: object = "") -> None:
    """Write a line to the output; `NobodyReadsError` where it was closed at its other end."""
    try:
        sys.stdout.write(clean(text) + "\n")
    except BrokenPipeError as error:
        raise NobodyReadsError from error


def complain(text: object) -> None:
    """Write a line to where errors go."""
    sys.stderr.write(clean(text) + "\n")


def tell_items(
    *items: object, title: object = "", indent: str = "", mark: str = "", most: int = sys.maxsize
) -> None:
    """Write what there is below a title, in a terminal folded to its width, each with a mark."""
    if title and items:
        tell(f"\n{title}")
    folded, start = sys.stdout.isatty() or "COLUMNS" in os.environ, indent + mark
    width = max(line_width(), len(start) + _LEAST_WIDTH)
    wrapper = textwrap.TextWrapper(width, start, " " * len(start), break_on_hyphens=False)
    for item in cut_short(items, most):
        for line in wrapper.wrap(clean(item)) if folded else [f"{start}{item}"]:
            tell(line)


def cut_short(messages: Sequence[object], most: int) -> list[object]:
    """Cut messages short. Returns at most so many, and then how many more there are."""
    rest = len(messages) - most
    more = [say("… and {count} more", count=rest)] if rest > 0 else []
    return [*messages[:most], *more]


def line_width(most: int = 10_000) -> int:
    """Measure a line of the terminal. Returns how many letters it takes, 20 to `most`."""
    return min(most, max(_LEAST_WIDTH, shutil.get_terminal_size().columns - 1))


@contextlib.contextmanager
def telling(context: typer.Context) -> Iterator[Tell]:
    """Show what is going on: a spinning bar in a terminal, elsewhere nothing, or lines."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    verbose, console = context.meta[TOLD_STEPS], Console(stderr=True)
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


def prepare_streams() -> None:
    """Make both streams take every letter, and stand in for those that are closed."""
    for name in ("stdout", "stderr"):
        if (stream := getattr(sys, name)) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def hang_up() -> None:
    """Stop writing where nobody reads on, so that leaving does not fail either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(nowhere, stream.fileno())


def quote(word: str) -> str:
    """Quote a word where needed. Returns what the shell of this system takes as one word."""
    if os.name == "nt":
        from subprocess import list2cmdline

        safe = re.fullmatch(r"[\w.:\\/æøåÆØÅ-]+", word)
        return word if safe else list2cmdline([word]) if " " in word else f'"{word}"'
    return shlex.quote(word)


_KEY = "language:"
_LANGUAGE_WITHIN = 100_000
"""How far into a scenario its language is looked for. [bytes]"""


def pick_language(arguments: Sequence[str]) -> Language:
    """Take the language from `--lang`, else from RAASTOF_LANG, else (or if unknown) Danish."""
    for position, argument in enumerate(arguments):
        name, given, value = argument.partition("=")
        if name == "--lang":
            asked = value if given else "".join(arguments[position + 1 : position + 2])
            return as_language(asked) or _language_around() or "da"
    return _language_around() or "da"


def asked_in(context: typer.Context) -> Language | None:
    """Find the language of `--lang`, before or after the command. Returns none: nobody asked."""
    return context.meta.get(ASKED_LANGUAGE)


@contextlib.contextmanager
def in_speech_of(scenario: Scenario) -> Iterator[None]:
    """Speak as a scenario does, read in the language asked for; RAASTOF_LANG comes first."""
    language, currency = scenario.speech
    with speaking(spoken_language() if _language_around() else language, currency):
        yield


def find_scenario_language(arguments: Sequence[str]) -> Language | None:
    """Find the language of the scenario that a command names, readable or not, to answer in."""
    if any(argument.startswith("--lang") for argument in arguments) or _language_around():
        return None
    for path in (Path(one) for one in arguments if one.endswith((".yaml", ".yml"))):
        with contextlib.suppress(OSError), path.open("rb") as file:
            for line in file.read(_LANGUAGE_WITHIN).decode("utf-8", "ignore").splitlines():
                if line.startswith(_KEY):
                    return as_language(line.removeprefix(_KEY).strip(" \"'"))
    return None


def _language_around() -> Language | None:
    return as_language(os.environ.get("RAASTOF_LANG", ""))
