"""Everything raised on purpose.

::

    RaastofError
    ├── InputError (ValueError)              exit code 2: the input is refused
    │   ├── ScenarioError                    a scenario file, every mistake at once
    │   ├── RoadDataError                    a file of roads that cannot be used
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

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from raastof_geo.language import Message


@dataclass(frozen=True)
class Place:
    """A place in a text file, counted from one."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the rule, what came, what to do, and where."""

    message: Message
    place: Place | None = None

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

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


class InputError(RaastofError, ValueError):
    """The input is refused."""

    exit_code = 2


class ScenarioError(InputError):
    """A scenario file has mistakes; all of them are here."""


class RoadDataError(InputError):
    """A file of roads cannot be used."""


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


def raise_all(kind: type[RaastofError], findings: Iterable[Finding] | Iterable[Message]) -> None:
    """Raise one error with all findings, if there are any."""
    found: list[Finding | Message] = [*findings]
    if found:
        raise kind(*found)
