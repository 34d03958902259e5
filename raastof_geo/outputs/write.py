"""Write all outputs of a result, or none of them."""

import errno
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from pkgutil import resolve_name
from raastof_geo.errors import OutputError, tell_reason
from raastof_geo.language import say_text, speaking
from raastof_geo.records.exchange import exchanging
from raastof_geo.result import Result
from raastof_geo.scenario.output import INDEX, OUTPUTS, Output, Writer
from raastof_geo.spread import spread
from raastof_geo.version import __version__

_ROOM = "raastof_geo.outputs"


def find_writer(output: Output) -> Writer:
    """Find who writes an output, imported when it is asked for."""
    if callable(output.writer):
        return output.writer
    writer: Writer = resolve_name(f"{_ROOM}.{output.writer}")
    return writer


def find_writers() -> None:
    """Import all that writes outputs, while there is time."""
    for output in OUTPUTS:
        find_writer(output)


def write_outputs(
    result: Result,
    into: Path,
    *,
    outputs: Sequence[Output] = OUTPUTS,
    executor: Executor | None = None,
) -> Path:
    """Write the outputs that the scenario asks for into a folder. Returns the folder.

    They are made ready beside the folder and then take their places, all of them or none, with a
    `manifest.json` that says what was written. Files of the set before that are unchanged are
    replaced or removed. Any other file in the folder stays; one that stands in the way of ours is
    moved to `set_aside` in it, and named by `raastof run`, in Python by a warning. With an
    `executor` whose workers share the disk they are written side by side.

    Raises `OutputError`: the disk is full, a file in the folder is open elsewhere, or the folder,
    or something in it that would be written, is a link. Nothing was changed.
    """
    wanted = [output for output in outputs if output.name in result.scenario.said.outputs]
    try:
        with exchanging(into, version=__version__) as draft:
            for lot in _deal_lots(wanted):
                list(spread(executor, _write, (result, draft), lot))
    except OutputError:
        raise
    except OSError as error:
        # That a file is open elsewhere is told only where it may be that.
        why = "full" if error.errno == errno.ENOSPC else "other"
        why = "open" if isinstance(error, PermissionError) else why
        message = say_text("unwritten", why, folder=str(into), reason=tell_reason(error))
        raise OutputError(message) from error
    return into


def _deal_lots(wanted: Sequence[Output]) -> Iterator[list[Output]]:
    """Give what goes side by side: what others quote first, nothing before what it quotes."""
    while wanted:
        names = {one.name for one in wanted}
        ready = {one.name for one in wanted if one.quotes not in names}
        lot = [*wanted]
        for better in (ready, {one.quotes for one in wanted if one.name != INDEX}, names - {INDEX}):
            lot = [one for one in lot if one.name in better] or lot
        yield lot
        wanted = [one for one in wanted if one not in lot]


def _write(shared: tuple[Result, Path], output: Output) -> None:
    result, folder = shared
    with speaking(*result.scenario.speech):
        find_writer(output)(result, folder)
