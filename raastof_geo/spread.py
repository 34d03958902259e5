"""Work side by side: on this machine's cores, or wherever an executor reaches."""

import atexit
import gc
import multiprocessing
import os
import pickle
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from operator import methodcaller
from pathlib import Path
from pkgutil import resolve_name
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any, TypeAlias, TypeVar, cast
from raastof_geo.errors import InputError, refusing

T = TypeVar("T")
Task = TypeVar("Task")
Answer = TypeVar("Answer")

_MOST_WORKERS = 8
"""As many are started unasked: each takes some 300 MB."""

_PATIENCE_S, _RETRIES = 20, 3
"""How long a scheduler is waited for [s], and how often what a dead worker had is given anew."""


class Team(ProcessPoolExecutor):
    """Processes whose work is shared by the one that started them."""

    folder: str
    """Where what they share lies: a pipe would carry it again with every task."""


def spread(
    executor: Executor | None, do: Callable[[T, Task], Answer], shared: T, items: Sequence[Task]
) -> Iterator[Answer]:
    """Give `do(shared, item)` of each item, in their order; without an executor here, in turn.

    What they share is pickled once, whatever it is, and stays with a worker for the items that
    follow, so that a task of a `Team` costs no more than its item. Nobody works on when this is
    left, be it by an error of one of them. In a `Team` this process works, too: from the last item
    on, while it waits for others. What workers that died have left undone is done here.
    """
    done, at = dict[int, Answer](), 0
    for number, answer in gather(executor, do, shared, items):
        done[number] = answer
        while at in done:
            yield done.pop(at)
            at += 1


def gather(
    executor: Executor | None, do: Callable[[T, Task], Answer], shared: T, items: Sequence[Task]
) -> Iterator[tuple[int, Answer]]:
    """Give the number of each item and `do(shared, item)`, as `spread` does, as they come done."""
    left, here = dict[int, Future[Answer]](), [*reversed(range(len(items)))]
    packed: Any = None
    try:
        if executor is not None and len(items) > 1:
            packed = _pack(executor, shared)
            with suppress(BrokenExecutor):
                while here:
                    left[here[-1]] = executor.submit(_do, do, packed, items[here[-1]])
                    here.pop()
        while left or here:
            done = _take(left, methodcaller("done"))
            for number, task in done.items():
                if _is_lost(task):
                    here.append(number)
                else:
                    yield number, task.result()
            if not (done or here):
                here += _call_back(executor, left)
            if here:
                number = here.pop()
                yield number, do(shared, items[number])
            elif not done:
                wait(left.values(), return_when="FIRST_COMPLETED")
    finally:
        _take(left, methodcaller("cancel"))
        wait(left.values())
        if isinstance(packed, Path):
            with suppress(OSError):
                packed.unlink()


_Tasks: TypeAlias = dict[int, Future[Answer]]


def _take(left: _Tasks[Answer], fit: Callable[[Future[Answer]], bool]) -> _Tasks[Answer]:
    """Take those that fit from the tasks that are left."""
    return {number: left.pop(number) for number in [*left] if fit(left[number])}


def _call_back(executor: Executor | None, left: _Tasks[Answer]) -> _Tasks[Answer]:
    """Take the last task from a team that nobody has begun."""
    found = (one for one in reversed(left) if left[one].cancel())
    last = next(found, None) if isinstance(executor, Team) else None
    return {} if last is None else {last: left.pop(last)}


def _is_lost(task: Future[Any]) -> bool:
    """Tell whether a worker died of a task, or with it; `KilledWorker` is Dask's word for it."""
    error = None if task.cancelled() else task.exception()
    killed = isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
    return task.cancelled() or killed


def _pack(executor: Executor, shared: object) -> Any:
    if isinstance(executor, Team):
        with suppress(OSError), NamedTemporaryFile(dir=executor.folder, delete=False) as file:
            pickle.dump(shared, file, pickle.HIGHEST_PROTOCOL)
            return Path(file.name)
    packed = pickle.dumps(shared, pickle.HIGHEST_PROTOCOL)  # the disk being full, for a team too
    return getattr(executor, "share", bytes)(packed)


def _do(do: Callable[[Any, Task], Answer], packed: bytes | Path, item: Task) -> Answer:
    return do(_unpack(packed), item)


@lru_cache(maxsize=1)  # of a large scenario one is large
def _unpack(packed: bytes | Path) -> Any:
    if isinstance(packed, bytes):
        return pickle.loads(packed)  # noqa: S301 - from the process that asked
    with packed.open("rb") as file:
        return pickle.load(file)  # noqa: S301 - as above


@contextmanager
def working(workers: int | None, *, ready: str) -> Iterator[Team | None]:
    """Have as many processes work, this one among them; by default one for each core.

    The others start afresh everywhere, as they must on Windows and macOS, and import `ready`, a
    module or `module:function`, which is called, while this one prepares their work; they end with
    it, even if it is killed. None where it works alone.
    """
    if (count := min(os.cpu_count() or 1, _MOST_WORKERS) if workers is None else workers) < 2:
        yield None
        return
    begun = multiprocessing.get_context("spawn")
    with TemporaryDirectory(prefix="raastof_", ignore_cleanup_errors=True) as folder:
        team = Team(count - 1, begun, _begin, (ready, gc.get_threshold(), folder))
        team.folder = folder
        for _ in range(count - 1):
            team.submit(int)  # a pool starts a process when there is something to do
        try:
            yield team
        finally:
            team.shutdown(cancel_futures=True)


@contextmanager
def reaching(scheduler: str) -> Iterator[Executor]:
    """Have the workers of a Dask scheduler work; `InputError`: no Dask, or nobody there."""
    with refusing("spread", "no dask"):
        from dask.distributed import Client
    try:
        client = cast("Any", Client)(scheduler, timeout=_PATIENCE_S)
    except (OSError, ValueError) as error:
        address, reason = f"`{scheduler}`", str(error).splitlines()[0]
        raise InputError.saying_text("spread", "nobody", address=address, reason=reason) from error
    with client:
        executor = client.get_executor(pure=False, retries=_RETRIES)
        executor.share = partial(client.scatter, broadcast=True)  # once to each worker
        yield executor


def _begin(ready: str, thresholds: tuple[int, int, int], folder: str) -> None:
    """Leave Ctrl-C to the process that wants the work, do not outlive it, collect as it does."""
    gc.set_threshold(*thresholds)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(folder,), daemon=True).start()
    atexit.register(gc.freeze)  # leaving, it looks for no garbage: that takes half a second
    if callable(found := resolve_name(ready)):
        found()


def _follow(folder: str) -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)
