"""Of a folder of results: `raastof open`, `raastof verify` and `raastof explain`."""

import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from raastof_geo.cli.options import argument, option
from raastof_geo.cli.terminal import quote, tell, tell_items
from raastof_geo.errors import DamagedError, InputError, NoPlanError
from raastof_geo.language import Message, format_number, say, say_count

_RESULTS = say("RESULTS")
_Results = Annotated[Path, argument(value=_RESULTS)]


def open_results(results: Annotated[Path | None, argument(value=_RESULTS)] = None) -> None:
    """Open the page that leads to all results in the browser."""
    from raastof_geo.records.exchange import finish_exchange
    from raastof_geo.records.manifest import find_door

    folder = _find_newest(Path("results")) if results is None else results
    finish_exchange(folder)
    door = find_door(folder)
    if door is None:
        raise InputError.saying_text(
            "usage", "no page", folder=str(folder), command="`raastof run SCENARIO.yaml`"
        )
    tell(str(door))
    if not webbrowser.open(door.resolve().as_uri()):
        tell(say("No browser answered: open the file by hand."))


def _find_newest(into: Path) -> Path:
    """Give the folder of the last run with a page, or where there is none, where it would be."""
    from raastof_geo.records.manifest import MANIFEST, find_door

    runs = sorted(into.glob(f"*/{MANIFEST.name}"), key=lambda one: -one.stat().st_mtime_ns)
    return next((one.parent for one in runs if find_door(one.parent)), into)


def verify_results(
    results: _Results, *, strict: Annotated[bool, option("--strict")] = False
) -> int:
    """Check written results again; with `strict` files beside the plan count too."""
    from raastof_geo.records.verify import check_results

    try:
        verdict = check_results(results)
    except DamagedError as error:
        tell(say("the results do not stand the check"))
        _list_some([finding.message for finding in error.findings])
        return NoPlanError.exit_code
    tell(verdict.sentence())
    _list_some(verdict.findings)
    if verdict.notes:
        tell(say("Beside the plan:"))
        _list_some(verdict.notes)
    stands = verdict.untouched if strict else verdict.holds
    return 0 if stands else NoPlanError.exit_code


def _list_some(messages: Sequence[Message], most: int = 40) -> None:
    tell_items(*messages[:most], indent="  ")
    if len(messages) > most:
        rest = len(messages) - most
        tell(say_count("  … and {count} more", "  … and {count} more", count=rest))


def explain_results(
    results: _Results, figure: Annotated[str | None, argument(value=say("FIGURE"))] = None
) -> None:
    """Follow a figure to its sources, or list those that there are."""
    from raastof_geo.evidence import tell_unit
    from raastof_geo.records.ledger import explain_figure

    if figure is None:
        _list_figures(results)
        return
    told = explain_figure(results, figure)
    tell(f"{told.figure} = {format_number(told.value, digits=2)} {tell_unit(told.unit)}")
    for step in told.steps:
        tell(step)


def _list_figures(results: Path) -> None:
    from raastof_geo.evidence import tell_unit
    from raastof_geo.figures.vocabulary import told_in_books
    from raastof_geo.records.ledger import list_figures

    figures, labels = list_figures(results)
    called = {indicator.name: indicator.bare for indicator in told_in_books()}
    for one in figures:
        _, part = one.figure.split(".", 1)
        value = format_number(one.value, digits=0 if abs(one.value) >= 1000 else 2)
        tell_items(f"{one.figure} = {value} {tell_unit(one.unit)} ({called.get(part, '')})")
    tell()
    example = quote(f"saved.cost_dkk@project={next(iter(labels['project']), 'NAME')}")
    tell_items(say("Any of them can be narrowed down, as in {example}:", example=example))
    for dimension, names in labels.items():
        tell_items(", ".join(names), indent="  ", mark=f"@{dimension}= ")
