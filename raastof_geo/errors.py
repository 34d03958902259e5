"""Everything raised on purpose.

::

    RaastofError
    ├── InputError (ValueError)              exit code 2: the input is refused
    │   ├── ScenarioError                    a scenario file, every mistake at once
    │   ├── RoadDataError                    a file of roads that cannot be used
    │   ├── RecordError                      results of a run that cannot be read back
    │   │   └── DamagedError                 they are not what the run wrote
    │   └── SnapError (LookupError)          sites too far from any road
    ├── NoPlanError (LookupError)            exit code 3: no plan exists
    │   └── NoRouteError                     sites that no truck can reach
    └── OutsideError (OSError)               exit code 4: network, disk, solver
        ├── DownloadError (ConnectionError)  OpenStreetMap did not answer
        ├── OutputError                      results could not be written
        └── SolverError (RuntimeError)       no solver, or it gave up

Each carries its findings: one sentence for each mistake, with the place in
the file where there is one.
"""

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from raastof_geo.language import Message, read_texts, say, say_text


@dataclass(frozen=True)
class Place:
    """A place in a text file or a table, counted from one; line 0: values that stand in no file."""

    file: str
    line: int
    """Of a table: the row; its headings are the first, in a layer too."""
    column: int
    sheet: str | None = None
    """Of a table: its sheet or layer, empty where the file has one only; none: a text file."""
    heading: str = ""

    @property
    def cell(self) -> str:
        """Name the cell as spreadsheets do: `C7`."""
        letters, left = "", self.column
        while left > 0:
            left, letter = divmod(left - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{self.line}"

    def __str__(self) -> str:
        if self.sheet is None:
            return f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        sheet, heading = self.sheet and f"{self.sheet}!", self.heading and f" ({self.heading})"
        return f"{self.file}, {sheet}{self.cell}{heading}"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the rule, what came, what to do, and where."""

    message: Message
    place: Place | None = None

    @property
    def order(self) -> tuple[str, str, int, int]:
        """By what findings are put in the order in which they are read; those of no place first."""
        place = self.place or Place("", 0, 0)
        return place.file, place.sheet or "", place.line, place.column

    def __lt__(self, other: Self) -> bool:
        return self.order < other.order

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else str(self.message)


class RaastofError(Exception):
    """The root of everything that raastof_geo raises on purpose."""

    exit_code = 4

    def __init__(self, *findings: Finding | Message) -> None:
        self.findings = tuple(
            finding if isinstance(finding, Finding) else Finding(finding) for finding in findings
        )
        super().__init__(*self.findings)

    @classmethod
    def saying(cls, text: str, /, **values: Any) -> Self:
        """Make an error of one sentence, as `say` makes it."""
        return cls(say(text, **values))

    @classmethod
    def saying_text(cls, part: str, key: str, /, **values: Any) -> Self:
        """Make an error of one sentence, as `say_text` makes it."""
        return cls(say_text(part, key, **values))

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


class InputError(RaastofError, ValueError):
    """The input is refused."""

    exit_code = 2


class ScenarioError(InputError):
    """A scenario file has mistakes; all of them are here."""


class RoadDataError(InputError):
    """A file of roads cannot be used."""


class RecordError(InputError):
    """Results of a run cannot be read back: a file is missing, or of another format."""


class DamagedError(RecordError):
    """Results are there, and are not what the run wrote: cut short, changed, or mixed up."""


class SnapError(InputError, LookupError):
    """Sites lie too far from any road that trucks may use; all of them are here."""


class NoPlanError(RaastofError, LookupError):
    """No plan meets the scenario."""

    exit_code = 3


class NoRouteError(NoPlanError):
    """No road leads between sites that need one."""


class OutsideError(RaastofError, OSError):
    """Something outside the programme failed."""


class DownloadError(OutsideError, ConnectionError):
    """The internet did not answer."""


class OutputError(OutsideError):
    """Results could not be written."""


class SolverError(OutsideError, RuntimeError):
    """No solver is at hand, or it gave up."""


def raise_all(kind: type[RaastofError], findings: Iterable[Any]) -> None:
    """Raise one error with all findings, messages or whatever it takes, if there are any."""
    if found := [*findings]:
        raise kind(*found)


@contextmanager
def refusing(part: str, key: str, /, **values: Any) -> Iterator[None]:
    """Raise whatever readers of damaged files raise as an `InputError` that tells the `problem`."""
    try:
        yield
    except RaastofError:
        raise
    except Exception as error:  # they raise what they like
        problem = str(tell_reason(error))[:200]
        raise InputError.saying_text(part, key, problem=problem, **values) from error


def tell_reason(error: BaseException) -> Message | str:
    """Say why the system refused. Returns our words, its number, or what the error says."""
    if (number := error.errno if isinstance(error, OSError) else None) is None:
        return str(error)
    known = read_texts("reasons").get(errno.errorcode.get(number, ""))
    return known or say("system error {number}", number=str(number))
