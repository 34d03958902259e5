"""All commands in one table, in the order in which the help lists them."""

from collections.abc import Callable
from copy import copy
from inspect import signature
from typing import Annotated, Any

import typer

from raastof_geo.cli.catalogue import tell_fit, tell_materials
from raastof_geo.cli.network import build_roads, fetch_roads, tell_network
from raastof_geo.cli.options import Lang, option, take_common
from raastof_geo.cli.reasons import tell_route, tell_why_not
from raastof_geo.cli.results import compare_results, explain_results, open_results, verify_results
from raastof_geo.cli.scenario import check_file, export_file, rank_file, run_file, write_starter
from raastof_geo.cli.stocks import empty_cache, tell_cache
from raastof_geo.cli.terminal import tell
from raastof_geo.cli.usage import speak_of
from raastof_geo.language import read_texts
from raastof_geo.version import __version__

COMMANDS: dict[str, Callable[..., int | None]] = {
    "run": run_file,
    "check": check_file,
    "route": tell_route,
    "open": open_results,
    "verify": verify_results,
    "explain": explain_results,
    "compare": compare_results,
    "sensitivity": rank_file,
    "why-not": tell_why_not,
    "materials": tell_materials,
    "why": tell_fit,
    "new": write_starter,
    "export": export_file,
    "network info": tell_network,
    "network build": build_roads,
    "network fetch": fetch_roads,
    "cache info": tell_cache,
    "cache clear": empty_cache,
}
"""What is written after `raastof`, and what does it; `commands` in `data/texts.txt` says what it is
for."""


def build_command() -> Any:
    """Build Click's command `raastof`, its help in the language that is spoken."""
    about = read_texts("commands")
    app = _make_group("raastof", add_completion=False, epilog=str(about["exit codes"]))
    app.callback()(_take_options)
    groups = {"": app}
    for path, function in COMMANDS.items():
        above, _, name = path.rpartition(" ")
        if above not in groups:
            groups[above] = _make_group(above)
            app.add_typer(groups[above], name=above)
        groups[above].command(name, help=str(about[path]))(function)
    command: Any = typer.main.get_command(app)
    _share(command)
    speak_of(command)
    return command


def _make_group(name: str, **settings: Any) -> typer.Typer:
    return typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help=str(read_texts("commands")[name]),
        **settings,
    )


def _share(command: Any) -> None:
    """Let commands take what all do, `--verbose` only those that ask for the context."""
    common = typer.Typer(add_completion=False)
    common.command()(take_common)
    params = typer.main.get_command(common).params
    for path, function in COMMANDS.items():
        one = command
        for name in path.split():
            one = one.commands[name]
        left = "" if "context" in signature(function).parameters else "verbose"
        # Copies, as each is put into the language that is spoken.
        one.params += [copy(each) for each in params if each.name != left]


def _show_version(wanted: bool) -> None:
    if wanted:
        tell(f"raastof {__version__}")
        raise typer.Exit


def _take_options(
    lang: Lang = None,
    version: Annotated[bool, option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    """Take what may stand before a command; those who need it look it up there."""
