"""The arguments and options of all commands, each with its meaning in English: see `usage`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from raastof_geo.errors import InputError
from raastof_geo.language import LANGUAGES, Message, as_language, say


def argument(about: Message, value: Message) -> Any:
    """Declare an argument: what it is for, and what people call it."""
    return typer.Argument(help=about.text, metavar=value.text)


def option(name: str, about: Message, value: Message | str | None = None, **settings: Any) -> Any:
    """Declare an option: what it is for, its value (plain text is the same in all languages)."""
    metavar = value.text if isinstance(value, Message) else value
    return typer.Option(name, help=about.text, metavar=metavar, **settings)


ASKED_LANGUAGE, TOLD_STEPS = "raastof_geo.language", "raastof_geo.steps"
"""Where `--lang` and `--verbose` are noted in the context of a command."""


def _note_language(context: typer.Context, given: str | None) -> None:
    if given is None:
        return
    language = as_language(given)
    if language is None:
        raise InputError.saying(
            "--lang must be one of {languages}, got {given}",
            languages=", ".join(LANGUAGES),
            given=given,
        )
    context.meta[ASKED_LANGUAGE] = language


def _note_steps(context: typer.Context, wanted: bool) -> None:
    context.meta[TOLD_STEPS] = wanted


FILE = say("FILE")
FOLDER = say("FOLDER")
NAME = say("NAME")
MATERIAL = say("A material, by id or name.")

ScenarioPath = Annotated[Path, argument(say("The scenario file (YAML)."), say("SCENARIO"))]
Results = Annotated[Path, argument(say("A folder that `raastof run` wrote."), say("RESULTS"))]
Into = Annotated[Path, option("--into", say("The folder to write into."), FOLDER)]
OfScenario = Annotated[
    Path | None,
    option(
        "--scenario",
        say("Take the catalogue of this scenario instead of the built-in one."),
        say("SCENARIO"),
    ),
]
Anywhere = Annotated[
    bool, option("--anywhere", say("Let the scenario name files outside its own folder."))
]
Box = Annotated[str | None, option("--box", say("West, south, east, north in degrees."), "W,S,E,N")]
Lang = Annotated[
    str | None,
    option(
        "--lang",
        say("The language to speak, and to write results in: da or en."),
        "da|en",
        callback=_note_language,
        expose_value=False,
    ),
]
_Verbose = Annotated[
    bool, option("--verbose", say("Tell each step."), callback=_note_steps, expose_value=False)
]
_Debug = Annotated[
    bool, option("--debug", say("Show where in the code an error arose."), expose_value=False)
]


def take_common(lang: Lang = None, verbose: _Verbose = False, debug: _Debug = False) -> None:
    """Take what may stand after every command; who needs it finds it noted in the context."""
