"""What is tried, and what may become of it."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("scenarios", "roads", "cache", "results")


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    kind: str
    number: int
    read: bool = False
    planned: bool = False
    exit_code: int | None = None
    """Of the refusal, none where there was none."""
    fault: str = ""
