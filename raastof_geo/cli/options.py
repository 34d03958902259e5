"""The arguments and options of several commands; `usage` has what each is for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from raastof_geo.errors import InputError
from raastof_geo.language import LANGUAGES, Message, as_language, say


def argument(about: Message | None = None, value: Message | None = None) -> Any:
    """Declare an argument: what it is for, else in `data/texts.txt`, and what people call it."""
    return typer.Argument(help=_english(about), metavar=_english(value))


def option(
    name: str, about: Message | None = None, value: Message | str | None = None, **settings: Any
) -> Any:
    """Declare an option: what it is for, else in `data/texts.txt`, and what its value is called.

    A value of plain text is called the same in all languages.
    """
    return typer.Option(name, help=_english(about), metavar=_english(value), **settings)


def _english(words: Message | str | None) -> str | None:
    return words.text if isinstance(words, Message) else words


ASKED_LANGUAGE, TOLD_STEPS = "raastof_geo.language", "raastof_geo.steps"
"""Where `--lang` and `--verbose` are noted in the context of a command."""


def _note_language(context: typer.Context, given: str | None) -> None:
    if given is None:
        return
    language = as_language(given)
    if language is None:
        raise InputError.saying_text(
            "usage", "no language", languages=", ".join(LANGUAGES), given=given
        )
    context.meta[ASKED_LANGUAGE] = language


def _note_steps(context: typer.Context, wanted: bool) -> None:
    context.meta[TOLD_STEPS] = wanted


FILE = say("FILE")
FOLDER = say("FOLDER")
SCENARIO = say("SCENARIO")

ScenarioPath = Annotated[Path, argument(value=SCENARIO)]
Into = Annotated[Path, option("--into", value=FOLDER)]
OfScenario = Annotated[Path | None, option("--scenario", value=SCENARIO)]
Anywhere = Annotated[bool, option("--anywhere")]
Workers = Annotated[int | None, option("--workers", value="N", min=1, envvar="RAASTOF_WORKERS")]
Box = Annotated[str | None, option("--box", value="W,S,E,N")]
Lang = Annotated[
    str | None, option("--lang", value="da|en", callback=_note_language, expose_value=False)
]
_Verbose = Annotated[bool, option("--verbose", callback=_note_steps, expose_value=False)]
_Debug = Annotated[bool, option("--debug", expose_value=False)]


def take_common(lang: Lang = None, verbose: _Verbose = False, debug: _Debug = False) -> None:
    """Take what may stand after every command; who needs it finds it noted in the context."""
