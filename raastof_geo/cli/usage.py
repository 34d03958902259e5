"""What commands take, their help, and usage errors; Typer's own words are English only."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Annotated, Any
import typer
from raastof_geo.cli.terminal import ASKED_LANGUAGE, TOLD_STEPS, clean, line_width
from raastof_geo.errors import InputError
from raastof_geo.language import LANGUAGES, Message, as_language, read_danish_words, read_texts, say


def argument(value: Message) -> Any:
    """Declare an argument, and what people call it; `data/texts.txt` says what it is for."""
    return typer.Argument(metavar=value.text)


def option(name: str, value: Message | str | None = None, **settings: Any) -> Any:
    """Declare an option, and what its value is called: a plain text in any language."""
    metavar = value.text if isinstance(value, Message) else value
    return typer.Option(name, metavar=metavar, **settings)


def _note_language(context: typer.Context, given: str | None) -> None:
    if given is None:
        return
    if (language := as_language(given)) is None:
        known = ", ".join(LANGUAGES)
        raise InputError.saying_text("usage", "no language", languages=known, given=given)
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
_LANG = option("--lang", value="da|en", callback=_note_language, expose_value=False)
Lang = Annotated[str | None, _LANG]
_Verbose = Annotated[bool, option("--verbose", callback=_note_steps, expose_value=False)]
_Debug = Annotated[bool, option("--debug", expose_value=False)]


def take_common(lang: Lang = None, verbose: _Verbose = False, debug: _Debug = False) -> None:
    """Take what may stand after every command; who needs it finds it noted in the context."""


_WIDTH = 79
_WIDEST_NAME = 24
_SHOWN = 80


def speak_of(command: Any, path: str = "") -> None:
    """Let a command, and those below it, explain themselves and refuse words in our language.

    `path`: the names of the command and those above it, for which there may be own texts.
    """
    texts = read_texts("options")
    for param in command.params:
        name = param.opts[0]
        param.help = str(texts.get(f"{path} {name}", texts.get(name, "")))
        param.metavar = str(Message(param.metavar)) if param.metavar else None
    command.get_help = partial(_tell_help, command)
    if below := getattr(command, "commands", {}):
        command.resolve_command = partial(_resolve, command)
    for name, one in below.items():
        speak_of(one, f"{path} {name}".strip())


def _resolve(group: Any, context: Any, words: list[str]) -> tuple[str, Any, list[str]]:
    """Find the command that is meant, by its exact name; give both, and the words left for it."""
    name = words[0]
    if (command := group.commands.get(name)) is None:
        known, danish = list(group.commands), read_danish_words("commands_da.txt")
        meant = {word: one for word, [one] in danish.items() if one in (*known, "--help")}
        meant |= {one: one for one in known}
        told = _say("unknown", name, known=", ".join(known))
        if near := get_close_matches(name.lower(), meant, n=1):
            told = _say("meant", name, meant=f"{context.command_path} {meant[near[0]]}")
        context.fail(told)
    return name, command, words[1:]


def _tell_help(command: Any, context: Any) -> str:
    page = context.make_formatter()
    page.width = line_width(_WIDTH)
    page.write(usage(command, context) + "\n")
    below = getattr(command, "commands", {})
    options = [(_spell(one), _describe(one)) for one in _list("option", command)]
    tables: tuple[tuple[Message, list[tuple[str, str]]], ...] = (
        (say("Arguments"), [(_call(one), _describe(one)) for one in _list("argument", command)]),
        (say("Options"), [*options, ("--help", str(read_texts("options")["--help"]))]),
        (say("Commands"), [(name, one.help) for name, one in below.items()]),
    )
    page.write_paragraph()
    page.write_text(command.help)
    for title, rows in tables:
        if rows:
            with page.section(str(title)):
                page.write_dl(rows, col_max=_WIDEST_NAME)
    if command.epilog:
        page.write_paragraph()
        page.write_text(command.epilog)
    return str(page.getvalue()).rstrip("\n")


def usage(command: Any, context: Any) -> str:
    """Write how a command is written. Returns the line."""
    arguments = _list("argument", command)
    words = [_call(one) if one.required else f"[{_call(one)}]" for one in arguments]
    rest = [str(say("COMMAND"))] if getattr(command, "commands", {}) else words
    label, written = say("Usage"), (context.command_path, *rest, str(say("[OPTIONS]")))
    return f"{label}: {' '.join(written)}"


def _list(kind: str, command: Any) -> list[Any]:
    return [one for one in command.params if one.param_type_name == kind and one.name != "help"]


def _call(param: Any) -> str:
    return str(param.metavar or str(param.name).upper())


def _spell(option: Any) -> str:
    value = [] if option.is_flag else [str(option.metavar or say("TEXT"))]
    return " ".join([", ".join(option.opts), *value])


def _describe(param: Any) -> str:
    default = param.default
    told = isinstance(default, str | float | int | Path) and not isinstance(default, bool)
    if told and default != "":
        return str(say("{about} [default: {default}]", about=param.help, default=str(default)))
    return str(param.help)


def explain_usage(error: BaseException) -> Iterator[str]:
    """Put an error of the command line into our words; nothing of an error of the work."""
    if type(error).__name__ == "NoArgsIsHelpError":
        yield str(error)
    elif isinstance(error, Exception) and hasattr(error, "format_message"):
        if (context := getattr(error, "ctx", None)) is not None:
            yield usage(context.command, context)
        yield str(_retell(error))
        if context is not None:
            path = context.command_path
            yield str(say("`{command} --help` tells what can be written.", command=path))


def _say(key: str, given: str = "", **values: object) -> Message:
    return read_texts("usage")[key].format(given=f"`{clean(given)[:_SHOWN]}`", **values)


def _retell(error: Any) -> Message:
    kind, param, words = type(error).__name__, getattr(error, "param", None), error.message
    if isinstance(words, Message):
        return words
    if kind == "MissingParameter" and param is not None:
        name = _call(param) if param.param_type_name == "argument" else param.opts[0]
        return _say("missing", name=name, about=param.help.rstrip("."))
    if kind == "NoSuchOption":
        return _say_no_option(error)
    if kind == "BadOptionUsage":
        wrong = "takes no value" if "not take a value" in words else "needs a value"
        return _say(wrong, error.option_name)
    return _retell_words(error)


def _say_no_option(error: Any) -> Message:
    known = [word for one in error.ctx.command.params for word in one.opts if word[:1] == "-"]
    hint = say("; there are {choices}", choices=", ".join(known))
    if near := get_close_matches(error.option_name, known, n=1):
        hint = say("; did you mean {close}?", close=f"`{near[0]}`")
    return _say("no option", error.option_name, hint=hint)


def _retell_words(error: Any) -> Message:
    words = str(error.format_message())
    if extra := re.fullmatch(r"Got unexpected extra argument\S* \((.*)\)", words, re.DOTALL):
        return _say("too much", extra.group(1))
    if words.startswith("Missing command"):
        return _say("which", known=", ".join(error.ctx.command.commands))
    return _say("odd", reason=clean(words))
