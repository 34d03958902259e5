"""Write a scenario to start from: `raastof new`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from raastof_geo.cli.options import NAME, Debug, Lang, argument
from raastof_geo.cli.terminal import quote, tell
from raastof_geo.errors import InputError, OutputError, tell_reason
from raastof_geo.language import say, spoken_language


def write_starter(
    name: Annotated[str, argument(say("The name of the new file."), NAME)],
    *,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    """Write a commented scenario in the language that is spoken, and say what to do with it.

    Raises
    ------
    InputError
        The name is none, or there is such a file; it is left as it is.
    OutputError
        The file cannot be written.
    """
    from importlib import resources

    path = _new_path(name)
    starter = resources.files("raastof_geo") / "data" / f"starter_{spoken_language()}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(starter.read_text(encoding="utf-8"))
    except FileExistsError as error:
        there = path if path.exists() else path.parent
        raise InputError(
            say("{file} is there already: choose another name", file=str(there))
        ) from error
    except (OSError, ValueError) as error:
        raise OutputError(
            say("{file} cannot be written: {reason}", file=str(path), reason=tell_reason(error))
        ) from error
    tell(say("Wrote {file}. Next:", file=str(path)))
    tell(f"raastof run {quote(_as_argument(path))}")


def _new_path(name: str) -> Path:
    """Give the file of a new scenario; its ending may be left out."""
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if not path.name.removesuffix(path.suffix).strip(" .") or path.name.startswith("."):
        raise InputError(
            say("{name} is no name for a scenario: write one such as `koege`", name=f"`{name}`")
        )
    return path


def _as_argument(path: Path) -> str:
    """Write a path so that it is not taken for an option."""
    text = str(path)
    return f".{os.sep}{text}" if text.startswith("-") else text
