"""All commands in one table, in the order in which the help lists them."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from inspect import signature
from typing import Annotated, Any

import typer

from raastof_geo.cli.catalogue import tell_fit, tell_materials
from raastof_geo.cli.network import build_roads, fetch_roads, tell_network
from raastof_geo.cli.options import Lang, option, take_common
from raastof_geo.cli.reasons import tell_route, tell_why_not
from raastof_geo.cli.results import explain_results, open_results, verify_results
from raastof_geo.cli.scenario import check_file, rank_file, run_file, write_starter
from raastof_geo.cli.stocks import empty_cache, tell_cache
from raastof_geo.cli.terminal import tell
from raastof_geo.cli.usage import speak_of
from raastof_geo.language import Message, say
from raastof_geo.version import __version__


@dataclass(frozen=True)
class Command:
    """What is written after `raastof`, what it is for, and the function that does it."""

    name: str
    about: Message
    function: Callable[..., int | None] | None = None
    commands: tuple["Command", ...] = ()
    """Those that are written after it, where it does nothing itself."""


COMMANDS = (
    Command("run", say("Read a scenario, solve it, write its results."), run_file),
    Command("check", say("Read a scenario and place its sites; solve nothing."), check_file),
    Command("route", say("Tell why a truck goes the way it goes, and draw it."), tell_route),
    Command("open", say("Open the page that leads to all results."), open_results),
    Command(
        "verify",
        say("Check written results again, without the programme that made them."),
        verify_results,
    ),
    Command("explain", say("Follow a figure of written results to its sources."), explain_results),
    Command("sensitivity", say("Rank all that the figures of a scenario hang on."), rank_file),
    Command("why-not", say("Tell why one site does not send to another."), tell_why_not),
    Command(
        "materials",
        say(
            "List materials, uses, recipes, conditions, land and trucks, or tell all that is "
            "known of one."
        ),
        tell_materials,
    ),
    Command("why", say("Tell whether a material may serve a use, and by which rule."), tell_fit),
    Command("new", say("Write a commented scenario to start from."), write_starter),
    Command(
        "network",
        say("Look at, build or fetch roads."),
        commands=(
            Command(
                "info", say("Tell what a network holds; the built-in one by default."), tell_network
            ),
            Command("build", say("Build a network from an .osm.pbf or .osm file."), build_roads),
            Command(
                "fetch", say("Fetch a network from OpenStreetMap (needs internet)."), fetch_roads
            ),
        ),
    ),
    Command(
        "cache",
        say("Look at what is kept from earlier runs, or empty it."),
        commands=(
            Command("info", say("Tell where the cache lies and what it holds."), tell_cache),
            Command("clear", say("Empty the cache; what is needed is made again."), empty_cache),
        ),
    ),
)


def build_command() -> Any:
    """Build Click's command `raastof`, its help in the language that is spoken."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help=str(
            say(
                "Who should drive what to whom? Match surplus soil and crushed materials with "
                "projects that need them, with the least truck emissions."
            )
        ),
        epilog=str(
            say(
                "Exit codes: 0 solved; 2 input refused; 3 no plan exists; "
                "4 something outside failed (network, disk, solver)."
            )
        ),
    )
    app.callback()(_take_options)
    _add(app, COMMANDS)
    command: Any = typer.main.get_command(app)
    _share(command, COMMANDS)
    speak_of(command)
    return command


def _add(app: typer.Typer, commands: tuple[Command, ...]) -> None:
    for one in commands:
        if one.function is not None:
            app.command(one.name, help=str(one.about))(one.function)
        else:
            below = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=str(one.about))
            _add(below, one.commands)
            app.add_typer(below, name=one.name)


def _share(group: Any, commands: tuple[Command, ...]) -> None:
    """Let commands take what all do, `--verbose` only those that ask for the context."""
    common = typer.Typer(add_completion=False)
    common.command()(take_common)
    params = typer.main.get_command(common).params
    for one in commands:
        if one.function is None:
            _share(group.commands[one.name], one.commands)
            continue
        left = "" if "context" in signature(one.function).parameters else "verbose"
        # Copies, as each is put into the language that is spoken.
        group.commands[one.name].params += [copy(each) for each in params if each.name != left]


def _show_version(wanted: bool) -> None:
    if wanted:
        tell(f"raastof {__version__}")
        raise typer.Exit


def _take_options(
    lang: Lang = None,
    version: Annotated[
        bool,
        option(
            "--version", say("Show the version and stop."), callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take what may stand before a command; those who need it look it up there."""
