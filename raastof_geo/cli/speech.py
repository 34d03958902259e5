"""Which language to speak: the one asked for, the one around, or that of the scenario."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from raastof_geo.cli.options import ASKED_LANGUAGE
from raastof_geo.language import Language, as_language, speaking, spoken_language

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


def asked_language(context: typer.Context) -> Language | None:
    """Give the language of `--lang`, before or after the command; none: nobody asked."""
    return context.meta.get(ASKED_LANGUAGE)


@contextlib.contextmanager
def in_speech_of(speech: tuple[Language, str], asked: Language | None) -> Iterator[None]:
    """Speak as the scenario does, but in a language that was asked for, RAASTOF_LANG included."""
    language, currency = speech
    with speaking(spoken_language() if asked or _language_around() else language, currency):
        yield


def find_scenario_language(arguments: Sequence[str]) -> Language | None:
    """Find the language of the scenario that a command names, readable or not, to answer in."""
    if any(argument.startswith("--lang") for argument in arguments) or _language_around():
        return None
    files = (argument for argument in arguments if argument.endswith((".yaml", ".yml")))
    lines = (line for file in files for line in _first_lines(Path(file)))
    said = (line.removeprefix(_KEY).strip(" \"'") for line in lines if line.startswith(_KEY))
    return next(map(as_language, said), None)


def _first_lines(path: Path) -> list[str]:
    with contextlib.suppress(OSError, UnicodeDecodeError), path.open("rb") as file:
        return file.read(_LANGUAGE_WITHIN).decode("utf-8", "ignore").splitlines()
    return []


def _language_around() -> Language | None:
    return as_language(os.environ.get("RAASTOF_LANG", ""))
