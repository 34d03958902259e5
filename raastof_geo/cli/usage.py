"""Help and usage errors in the language that is spoken, from what commands say of themselves."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeAlias

from raastof_geo.cli.terminal import clean, fold
from raastof_geo.language import Message, read_danish_words, say

Resolved: TypeAlias = tuple[str, Any, list[str]]
"""As Click wants it: the name of a command, the command, and the words that are left for it."""

_WIDTH = 79
_LABELS: Mapping[str, Message] = {
    "usage": say("Usage"),
    "arguments": say("Arguments"),
    "options": say("Options"),
    "commands": say("Commands"),
}


class UnknownCommandError(Exception):
    """A word where a command should be."""

    def __init__(self, context: Any, given: str) -> None:
        super().__init__(given)
        self.context, self.given = context, given


def speak_of(command: Any) -> None:
    """Let a command, and those below it, explain themselves and refuse words in our language."""
    command.get_help = lambda context: "\n".join(_help_lines(command, context))
    for param in command.params:
        param.help, param.metavar = _translate(param.help), _translate(param.metavar)
    below = getattr(command, "commands", {})
    if below:
        command.resolve_command = partial(_resolve, command)
    for one in below.values():
        speak_of(one)


def _translate(text: str | None) -> str | None:
    """Give words of an option, marked for translation where it is declared, as they are read."""
    return str(Message(text)) if text else text


def _resolve(group: Any, context: Any, words: list[str]) -> Resolved:
    """Find the command that is meant; only its exact name is."""
    name = words[0]
    command = group.commands.get(name)
    if command is None:
        raise UnknownCommandError(context, name)
    return name, command, words[1:]


def _help_lines(command: Any, context: Any) -> Iterator[str]:
    yield usage(command, context)
    if command.help:
        yield ""
        yield from fold(command.help, most=_WIDTH)
    arguments, options = _params(command)
    below = getattr(command, "commands", {})
    about_help = ("--help", str(say("Show this message and stop.")))
    tables: tuple[tuple[str, list[tuple[str, str]]], ...] = (
        ("arguments", [(_call(one), _describe(one)) for one in arguments]),
        ("options", [*((_spell(one), _describe(one)) for one in options), about_help]),
        ("commands", [(name, one.help or "") for name, one in below.items()]),
    )
    for label, rows in tables:
        if rows:
            yield ""
            yield f"{_LABELS[label]}:"
            yield from _columns(rows)
    if command.epilog:
        yield ""
        yield from fold(command.epilog, most=_WIDTH)


def usage(command: Any, context: Any) -> str:
    """Give the line that says how a command is written."""
    arguments, _ = _params(command)
    words = [_call(one) if one.required else f"[{_call(one)}]" for one in arguments]
    rest = [str(say("COMMAND"))] if getattr(command, "commands", {}) else words
    written = [context.command_path, *rest, str(say("[OPTIONS]"))]
    return f"{_LABELS['usage']}: {' '.join(written)}"


def _params(command: Any) -> tuple[list[Any], list[Any]]:
    """Part what is written by place from what is written by name, the help option last."""
    params = [one for one in command.params if not getattr(one, "hidden", False)]
    arguments = [one for one in params if one.param_type_name == "argument"]
    options = [one for one in params if one.param_type_name == "option" and one.name != "help"]
    return arguments, options


def _call(param: Any) -> str:
    return str(param.metavar or str(param.name).upper())


def _spell(option: Any) -> str:
    words = ", ".join(option.opts)
    if getattr(option, "is_flag", False):
        return words
    value = option.metavar or say("TEXT")
    return f"{words} {value}"


def _describe(param: Any) -> str:
    text = str(getattr(param, "help", "") or "")
    default = getattr(param, "default", None)
    shown = isinstance(default, str | float | int) and not isinstance(default, bool)
    if shown or type(default).__name__.endswith("Path"):
        return str(say("{about} [default: {default}]", about=text, default=str(default)))
    return text


def _columns(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = min(26, max(len(name) for name, _ in rows) + 2)
    for name, about in rows:
        start = f"  {name:<{width}}"
        if not about:
            yield start.rstrip()
            continue
        if len(name) >= width:
            yield start.rstrip()
            start = " " * (width + 2)
        lines = fold(about, indent=" " * (width + 2), most=_WIDTH)
        yield start + lines[0].lstrip()
        yield from lines[1:]


def explain_usage(error: BaseException) -> list[str] | None:
    """Put an error of the command line into our words; none where it is an error of the work."""
    context = getattr(error, "ctx", None) or getattr(error, "context", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error).splitlines()
    if isinstance(error, UnknownCommandError):
        told = _unknown_command(error)
    elif hasattr(error, "format_message"):
        told = _retell(error)
    else:
        return None
    lines = [str(told)]
    if context is not None:
        lines.insert(0, usage(context.command, context))
        lines.append(
            str(say("`{command} --help` tells what can be written.", command=context.command_path))
        )
    return lines


def _unknown_command(error: UnknownCommandError) -> Message:
    known, danish = list(error.context.command.commands), read_danish_words("commands_da.txt")
    given = error.given.lower()
    [meant] = danish.get(given, [""])
    if meant not in (*known, "--help"):
        near = get_close_matches(given, [*known, *danish], n=1)
        [meant] = danish.get(near[0], near) if near else [""]
    path = error.context.command_path
    if meant in (*known, "--help"):
        return say("there is no command {given}; did you mean `{meant}`?").format(
            given=f"`{clean(error.given)[:80]}`", meant=f"{path} {meant}"
        )
    return say("there is no command {given}; there are {known}").format(
        given=f"`{clean(error.given)[:80]}`", known=", ".join(known)
    )


def _retell(error: Any) -> Message:
    kind, param = type(error).__name__, getattr(error, "param", None)
    if kind == "MissingParameter" and param is not None:
        return say("{name} is missing: {about}").format(
            name=_call(param) if param.param_type_name == "argument" else param.opts[0],
            about=str(getattr(param, "help", "") or "").rstrip("."),
        )
    if kind == "NoSuchOption":
        return _unknown_option(error)
    if kind == "BadOptionUsage":
        option = f"`{clean(error.option_name)}`"
        if "not take a value" in str(error):
            return say("{option} takes no value", option=option)
        return say("{option} needs a value after it", option=option)
    return _retell_words(error)


def _unknown_option(error: Any) -> Message:
    params = error.ctx.command.params if error.ctx is not None else ()
    known = [word for one in params if one.param_type_name == "option" for word in one.opts]
    near = get_close_matches(error.option_name, known, n=1)
    return say("there is no option {given} here{hint}").format(
        given=f"`{clean(error.option_name)[:80]}`",
        hint=say("; did you mean {close}?", close=f"`{near[0]}`")
        if near
        else say("; there are {choices}", choices=", ".join(known)),
    )


def _retell_words(error: Any) -> Message:
    """Retell what has no class of its own, by the words that it comes in."""
    words = str(error.format_message())
    extra = re.fullmatch(r"Got unexpected extra argument\S* \((.*)\)", words, re.DOTALL)
    if extra:
        return say(
            "{given} is more than can be written here; names with blanks go between quotation marks"
        ).format(given=f"`{clean(extra.group(1))[:80]}`")
    if words.startswith("Missing command"):
        known = ", ".join(error.ctx.command.commands) if error.ctx is not None else ""
        return say("which command? There are {known}", known=known)
    return say("the command cannot be understood: {reason}", reason=clean(words))
