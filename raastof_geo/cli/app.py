"""All commands in one table, in the order in which the help lists them, and how one is run.

Errors become sentences and exit codes: 0 solved; 2 input refused; 3 no plan exists; 4 something
outside failed (network, disk, solver).
"""

import contextlib
import gc
import sys
from collections.abc import Callable
from copy import copy
from inspect import signature
from typing import Annotated, Any
import typer
from raastof_geo.cli import answers, scenario, terminal
from raastof_geo.cli.usage import Lang, explain_usage, option, speak_of, take_common
from raastof_geo.errors import InputError, NoPlanError, OutsideError, RaastofError, tell_reason
from raastof_geo.files import read_trace, tracing
from raastof_geo.language import Language, Message, read_texts, say, say_text, speaking
from raastof_geo.records.exchange import is_unfinished
from raastof_geo.version import __version__

COMMANDS: dict[str, Callable[..., int | None]] = {
    "run": scenario.run_file,
    "check": scenario.check_file,
    "route": answers.tell_route,
    "open": answers.open_results,
    "verify": answers.verify_results,
    "explain": answers.explain_results,
    "compare": answers.compare_results,
    "quote": answers.quote_results,
    "lock": answers.lock_flows,
    "actuals": answers.follow_deliveries,
    "sensitivity": scenario.rank_file,
    "ensemble": scenario.draw_file,
    "why-not": answers.tell_why_not,
    "materials": answers.tell_materials,
    "why": answers.tell_fit,
    "new": scenario.write_starter,
    "export": scenario.export_file,
    "network info": answers.tell_network,
    "network build": answers.build_roads,
    "network fetch": answers.fetch_roads,
    "cache info": answers.tell_cache,
    "cache clear": answers.empty_cache,
}
"""What is written after `raastof`, and what does it; `commands` in `data/texts.txt` tells why."""


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
    common = typer.Typer(add_completion=False)
    common.command()(take_common)
    shared = typer.main.get_command(common).params
    for path, function in COMMANDS.items():
        one = command
        for name in path.split():
            one = one.commands[name]
        # What all take, `--verbose` where the context is asked for: copies, as each is translated.
        left = "" if "context" in signature(function).parameters else "verbose"
        one.params += [copy(each) for each in shared if each.name != left]
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


def _show_version(wanted: bool) -> None:
    if wanted:
        terminal.tell(f"raastof {__version__}")
        raise typer.Exit


def _take_options(
    lang: Lang = None,
    version: Annotated[bool, option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    """Take what may stand before a command; those who need it look it up there."""


_EXIT_INTERRUPTED = 130
"""128 and the number of the signal that Ctrl-C sends, as shells count."""
_MOST_FINDINGS = 200
"""As many mistakes are printed; whoever has more has made one of them often."""
_HEADS = {
    InputError.exit_code: say("The input is refused:"),
    NoPlanError.exit_code: say("No plan exists:"),
    OutsideError.exit_code: say("Something outside failed:"),
}


def main() -> None:
    """Run the command line and end with its exit code."""
    # Many things are made and few of them go in circles: looking for those takes a tenth of a run.
    gc.set_threshold(100_000, 20, 100)
    arguments = sys.argv[1:]
    terminal.prepare_streams()
    with speaking(terminal.pick_language(arguments)):
        code = run_command(arguments)
    terminal.hang_up()
    gc.freeze()  # leaving, it looks for no garbage: that takes half a second
    sys.exit(code)


def run_command(arguments: list[str]) -> int:
    """Run the command after `raastof`; errors become sentences. Returns its exit code."""
    with tracing() as trace:
        if (code := _run(arguments)) == _EXIT_INTERRUPTED:
            terminal.complain(tell_interrupted())
        for message in trace.tell_moved():
            terminal.tell(message)
        return code


def _run(arguments: list[str]) -> int:
    try:
        result = build_command().main(args=arguments, prog_name="raastof", standalone_mode=False)
        return int(result) if isinstance(result, int) else 0
    except (KeyboardInterrupt, typer.Abort):  # most are met by Typer, which gives the code
        return _EXIT_INTERRUPTED
    except terminal.NobodyReadsError:
        return 0
    except (RaastofError, OSError) as error:
        if "--debug" in arguments:
            raise
        return _explain(error, terminal.find_scenario_language(arguments))
    except Exception as error:
        if not (told := list(explain_usage(error))):
            raise
        terminal.complain("\n".join(told))
        return int(getattr(error, "exit_code", InputError.exit_code))


def _explain(error: RaastofError | OSError, language: Language | None) -> int:
    """Put an error into words and an exit code; `language`: of a scenario, if no other is asked."""
    if not isinstance(error, RaastofError):
        named = f" ({error.filename})" if error.filename else ""
        reason = f"{tell_reason(error)}{named}"
        terminal.complain(say("Something outside failed: {reason}", reason=reason))
        return OutsideError.exit_code
    with speaking(language) if language else contextlib.nullcontext():
        terminal.complain(_HEADS.get(error.exit_code, _HEADS[OutsideError.exit_code]))
        for finding in terminal.cut_short(error.findings, _MOST_FINDINGS):
            terminal.complain(f"  {finding}")
    return error.exit_code


def tell_interrupted() -> Message:
    """Say what an interrupted command leaves: nothing, whole files, or work for the next one."""
    if not (written := [path for path in read_trace().written if path.exists()]):
        return say("Interrupted: nothing was written.")
    for path in written:
        if is_unfinished(path):
            return say_text("interrupted", "exchanging", folder=str(path))
    return say_text("interrupted", "whole files", files=", ".join(str(one) for one in written))
