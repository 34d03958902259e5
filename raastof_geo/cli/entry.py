"""Where the command line begins and ends: errors become sentences and exit codes.

0 solved; 2 input refused; 3 no plan exists; 4 something outside failed (network, disk, solver).
"""

import contextlib
import sys
from collections.abc import Sequence

import typer

from raastof_geo.cli.app import build_command
from raastof_geo.cli.ending import tell_all_moved, tell_interrupted
from raastof_geo.cli.speech import find_scenario_language, pick_language
from raastof_geo.cli.terminal import NobodyReadsError, complain, hang_up, prepare_streams, tell
from raastof_geo.cli.usage import explain_usage
from raastof_geo.errors import InputError, NoPlanError, OutsideError, RaastofError, tell_reason
from raastof_geo.language import say, say_count, speaking
from raastof_geo.trace import tracing

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
    arguments = sys.argv[1:]
    prepare_streams()
    with speaking(pick_language(arguments)):
        code = run_command(arguments)
    hang_up()
    sys.exit(code)


def run_command(arguments: list[str]) -> int:
    """Run the command after `raastof`, and give its exit code; errors become sentences."""
    with tracing() as trace:
        code = _run(arguments)
        if code == _EXIT_INTERRUPTED:
            complain(tell_interrupted())
        for message in tell_all_moved(trace):
            tell(message)
        return code


def _run(arguments: list[str]) -> int:
    """Run a command; a usage error is told in our words."""
    try:
        result = build_command().main(args=arguments, prog_name="raastof", standalone_mode=False)
        return int(result) if isinstance(result, int) else 0
    except (KeyboardInterrupt, typer.Abort):  # most are met by Typer, which gives the code
        return _EXIT_INTERRUPTED
    except NobodyReadsError:
        return 0
    except (RaastofError, OSError) as error:
        if "--debug" in arguments:
            raise
        return _complain_of(error, arguments)
    except Exception as error:
        told = list(explain_usage(error))
        if not told:
            raise
        complain("\n".join(told))
        return int(getattr(error, "exit_code", InputError.exit_code))


def _complain_of(error: RaastofError | OSError, arguments: Sequence[str]) -> int:
    """Write every finding of an error, in the scenario's language where no other was asked for."""
    if not isinstance(error, RaastofError):
        named = f" ({error.filename})" if error.filename else ""
        reason = f"{tell_reason(error)}{named}"
        complain(say("Something outside failed: {reason}", reason=reason))
        return OutsideError.exit_code
    language = find_scenario_language(arguments)
    with speaking(language) if language else contextlib.nullcontext():
        complain(_HEADS.get(error.exit_code, _HEADS[OutsideError.exit_code]))
        for finding in error.findings[:_MOST_FINDINGS]:
            complain(f"  {finding}")
        rest = len(error.findings) - _MOST_FINDINGS
        if rest > 0:
            complain(say_count("  … and {count} more", "  … and {count} more", count=rest))
    return error.exit_code
