"""Run cases in processes of their own, so that a crash and a hang are seen."""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any
from fuzzing.outcome import KINDS, Outcome

Task = tuple[str, int]
Worker = Callable[[Connection, Path, int], None]

_SPREAD = (
    *("scenarios", "roads", "results", "scenarios", "roads") * 3,
    "scenarios",
    "roads",
    "results",
    "scenarios",
    "cache",
)
"""Of twenty cases of all kinds: eight scenarios, seven files of roads, four results, one cache."""
_MEMORY_BYTES = 6 << 30


@dataclass
class Tally:
    """What became of many cases."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def faults(self) -> list[Outcome]:
        """Those that ended as nothing should."""
        return [outcome for outcome in self.outcomes if outcome.fault]

    def table(self) -> str:
        """Count tried, readable, planned, refused by exit code, and faults, for each kind."""
        lines = [f"{'kind':10}{'tried':>8}{'read':>8}{'planned':>9}   {'refused':24}{'faults':>8}"]
        for kind in (*KINDS, ""):
            chosen = [one for one in self.outcomes if kind in (one.kind, "")]
            codes = Counter(one.exit_code for one in chosen if one.exit_code is not None)
            refused = ", ".join(f"{count} x exit {code}" for code, count in sorted(codes.items()))
            lines.append(
                f"{kind or 'all':10}{len(chosen):8}{sum(one.read for one in chosen):8}"
                f"{sum(one.planned for one in chosen):9}   {refused or '-':24}"
                f"{sum(bool(one.fault) for one in chosen):8}"
            )
        return "\n".join(lines)


def spread_cases(count: int, what: str = "all") -> Iterator[Task]:
    """Give kind and number of each case."""
    for number in range(count):
        kind = _SPREAD[number % len(_SPREAD)]
        yield (kind if what == "all" else what), number


def run_cases(
    tasks: Iterable[Task],
    *,
    seed: int,
    jobs: int = 2,
    bound_s: float = 120.0,
    kept: Path | None = None,
    target: Worker | None = None,
) -> Tally:
    """Run cases side by side.

    Parameters
    ----------
    bound_s
        A case that takes longer is a fault. [s]
    kept
        Folder in which the inputs of faults stay.
    target
        What runs in each process; by default `work`.
    """
    tally, queue = Tally(), list(tasks)[::-1]
    with tempfile.TemporaryDirectory(prefix="raastof-fuzz-", ignore_cleanup_errors=True) as folder:
        crew = [
            _Hand(Path(folder) / f"hand{rank}", seed, target or work)
            for rank in range(min(jobs, len(queue)))
        ]
        try:
            while queue or any(hand.task for hand in crew):
                for hand in crew:
                    if queue and hand.task is None:
                        hand.give(queue.pop())
                _collect(crew, tally, bound_s, kept)
        finally:
            for hand in crew:
                hand.dismiss()
    tally.outcomes.sort(key=lambda one: (one.kind, one.number))
    return tally


def _collect(crew: list[_Hand], tally: Tally, bound_s: float, kept: Path | None) -> None:
    busy = [hand for hand in crew if hand.task is not None]
    wait([hand.pipe for hand in busy], timeout=1.0)
    for hand in busy:
        outcome = hand.look(bound_s)
        if outcome is None:
            continue
        if outcome.fault and kept is not None:
            _keep(hand.place, kept / f"{outcome.kind}-{hand.seed}-{outcome.number}", outcome)
        tally.outcomes.append(outcome)
        shutil.rmtree(hand.place, ignore_errors=True)


def _keep(place: Path, target: Path, outcome: Outcome) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        shutil.copytree(place, target)
    target.mkdir(exist_ok=True)
    (target / "fault.txt").write_text(outcome.fault, encoding="utf-8", errors="backslashreplace")


class _Hand:
    """A process that runs one case after the other, replaced where it dies or hangs."""

    def __init__(self, folder: Path, seed: int, target: Worker) -> None:
        self.folder, self.seed, self.target = folder, seed, target
        self.place = folder / "case"
        self.task: Task | None = None
        self._engage()

    def _engage(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: Any = context.Process(
            target=self.target, args=(theirs, self.folder, self.seed), daemon=True
        )
        self.process.start()
        self.ready = False
        theirs.close()

    def give(self, task: Task) -> None:
        """Hand out a case, once the process says that it is there."""
        if not self.ready:
            self.ready = self.pipe.recv() is None
        self.task, self.since = task, time.monotonic()
        with contextlib.suppress(OSError):  # it died between two cases: seen when it is looked at
            self.pipe.send(task)

    def look(self, bound_s: float) -> Outcome | None:
        """Give the outcome of the case, if there is one: of its own, or its death."""
        kind, number = self.task or ("", 0)
        if self.pipe.poll():
            try:
                outcome: Outcome = self.pipe.recv()
            except EOFError:
                self.process.join()
                return self._replace(f"the process ended with exit code {self.process.exitcode}")
            self.task = None
            return outcome
        if time.monotonic() - self.since > bound_s:
            return self._replace(f"no answer within {bound_s:g} s ({kind} {number})")
        return None

    def _replace(self, fault: str) -> Outcome:
        kind, number = self.task or ("", 0)
        self.dismiss()
        self.task = None
        self._engage()
        return Outcome(kind, number, fault=fault)

    def dismiss(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def work(pipe: Connection, folder: Path, seed: int) -> None:
    """Say that the process is there, and run the cases that come, until the pipe closes."""
    from fuzzing.cases import Bench, Case  # takes a while, and only processes need it

    warnings.simplefilter("ignore")  # that a file of ours was changed is told again and again
    _bound_memory()
    pipe.send(None)
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(folder / "bench")
    bench.folder.mkdir(exist_ok=True)
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            kind, number = pipe.recv()
            place = folder / "case"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            pipe.send(Case(kind, number, seed, place, bench).run())


def _bound_memory() -> None:
    """Let a case that wants the whole memory fail instead, where the system can."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
