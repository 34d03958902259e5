"""Work side by side: on this machine's cores, or wherever an executor reaches."""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")
Task = TypeVar("Task")
Answer = TypeVar("Answer")

_MOST_WORKERS = 8
"""As many are started unasked: each takes some 300 MB."""


class Team(ProcessPoolExecutor):
    """Processes whose work is shared by the one that started them."""


def spread(
    executor: Executor | None, do: Callable[[T, Task], Answer], shared: T, items: Sequence[Task]
) -> Iterator[Answer]:
    """Give `do(shared, item)` of each item, in their order; without an executor here, in turn.

    What they share is pickled once, whatever it is, and stays with a worker for the items that
    follow, so that a task costs no more than its item. Nobody works on when this is left, be it by
    an error of one of them. In a `Team` this process works, too: from the last item on, while it
    waits for one that others have begun.
    """
    if executor is None or len(items) < 2:
        for item in items:
            yield do(shared, item)
        return
    packed = pickle.dumps(shared, protocol=pickle.HIGHEST_PROTOCOL)
    tasks = [executor.submit(_do, do, packed, item) for item in items]
    here: dict[int, Answer] = {}
    try:
        for number, task in enumerate(tasks):
            if isinstance(executor, Team):
                for mine in [number, *reversed(range(number + 1, len(items)))]:
                    if task.done():
                        break
                    if mine not in here and tasks[mine].cancel():
                        here[mine] = do(shared, items[mine])
            yield here[number] if number in here else task.result()
    finally:
        wait([task for task in tasks if not task.cancel()])


def _do(do: Callable[[Any, Task], Answer], packed: bytes, item: Task) -> Answer:
    return do(_unpack(packed), item)


@lru_cache(maxsize=2)
def _unpack(packed: bytes) -> Any:
    return pickle.loads(packed)  # noqa: S301 - from the process that asked


@contextmanager
def working(workers: int | None, *, ready: str) -> Iterator[Team | None]:
    """Have as many processes work, this one among them; by default one for each core.

    The others start afresh everywhere, as they must on Windows and macOS, and import the module
    `ready` while this one prepares their work; they end with it, even if it is killed. None where
    it works alone.
    """
    count = min(os.cpu_count() or 1, _MOST_WORKERS) if workers is None else workers
    if count < 2:
        yield None
        return
    begun = multiprocessing.get_context("spawn")
    team = Team(count - 1, begun, initializer=_begin, initargs=(ready,))
    for _ in range(count - 1):
        team.submit(int)  # a pool starts a process when there is something to do
    try:
        yield team
    finally:
        team.shutdown(cancel_futures=True)


def _begin(ready: str) -> None:
    """Leave Ctrl-C to the process that wants the work, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()
    import_module(ready)


def _follow() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
