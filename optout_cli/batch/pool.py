"""Run tasks in several processes and yield their results in order.

Workers write only temporary files. It does no harm to kill a worker, or if a worker finishes one
more letter after its parent was killed.
"""

import gc
import os
import pickle
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, wait
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from optout_cli.engines import make_folder
from optout_cli.errors import OptoutError
from optout_cli.output import HAS_MASK, INTERRUPTS, hold_interrupts
from optout_cli.trust import ON_WINDOWS

if TYPE_CHECKING:  # these, and multiprocessing, take 15 ms, which a single job saves
    from concurrent.futures import ProcessPoolExecutor

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
# fork takes milliseconds and copies what is loaded; system libraries of macOS crash after it.
_METHOD = "fork" if sys.platform == "linux" and hasattr(os, "fork") else "spawn"
_MOST_WORKERS = 61  # Windows cannot wait for more processes at once
_LONGEST_WAIT = 0.2  # s, on Windows: how long Ctrl-C may have to wait
_AHEAD = 8  # tasks per worker that may finish before their turn
_AT_ONCE = 2048  # bytes that a pipe takes at once: PIPE_BUF is 4,096 or less, with what is around
_TASKS_PER_COLLECTION = 16  # automatic garbage collection would cost a tenth of the time
# What outlives a collection is caches and results: to look at it again would cost a sixth.
_YOUNG = 1


class WorkerKilled(msgspec.Struct, frozen=True):
    """The result of a task that killed its worker."""


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def results_in_order(
    work: Callable[[_Task], _Result], tasks: Iterable[_Task], jobs: int, *, first_here: bool = True
) -> Iterator[tuple[_Task, _Result | WorkerKilled]]:
    """Yield each task in order with `work(task)`, or with WorkerKilled if it killed its worker.

    With `first_here`, the first task runs in this process: the workers start with everything that
    it loads. With one job, or where the system allows no workers, all tasks run here.
    """
    waiting = iter(tasks)
    jobs = jobs if jobs > 1 and can_start_workers() else 1
    gc.freeze()
    try:
        here = waiting if jobs == 1 else islice(waiting, int(first_here))
        for number, task in enumerate(here, 1):
            yield task, work(task)
            if number % _TASKS_PER_COLLECTION == 0:
                gc.collect(_YOUNG)
    finally:
        gc.unfreeze()
    following = next(waiting, None)
    while following is not None:
        handed: deque[tuple[_Task, Future[bytes | str]]] = deque()
        with _workers(work, jobs) as pool:
            try:
                while following is not None or handed:
                    while following is not None and len(handed) < jobs * _AHEAD:
                        handed.append((following, _submit(pool, following)))
                        following = next(waiting, None)
                    result = _result_of(handed[0][1])
                    yield handed.popleft()[0], result
            except BrokenExecutor:
                _kill_workers()
            # One task killed its worker, which broke the pool: run each unfinished task alone.
            for task, future in handed:
                is_unfinished = isinstance(future.exception(), BrokenExecutor)
                yield task, result_alone(work, task) if is_unfinished else _result_of(future)


@cache
def can_start_workers() -> bool:
    """Tell whether the system lets processes share work; some lack /dev/shm."""
    from multiprocessing import get_context

    try:
        get_context(_METHOD).Semaphore()
    except (OSError, ImportError):
        return False
    return True


def result_alone(work: Callable[[_Task], _Result], task: _Task) -> _Result | WorkerKilled:
    """Return `work(task)` from a new worker, or WorkerKilled."""
    with _workers(work, 1) as pool:
        try:
            result: _Result = _result_of(_submit(pool, task))
        except BrokenExecutor:
            _kill_workers()
            return WorkerKilled()
    return result


def _kill_workers() -> None:
    """End all workers: one that just starts does not notice how the pool ends them (SIGTERM)."""
    from multiprocessing import active_children

    for child in active_children():
        child.kill()


@contextmanager
def _workers(work: Callable[[Any], Any], jobs: int) -> "Iterator[ProcessPoolExecutor]":
    """Start worker processes on the first task; an error or interrupt in the block kills them.

    The workers share one folder for temporary files; it is deleted here even if a worker is killed.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    scratch = ""
    try:
        # Formats of plain text need no temporary files.
        with hold_interrupts(), suppress(OptoutError):
            scratch = str(make_folder())
        most = min(jobs, _MOST_WORKERS) if ON_WINDOWS else jobs
        pool = ProcessPoolExecutor(most, get_context(_METHOD), _begin_worker, (work, scratch))
        try:
            yield pool
        except BaseException:  # an interrupt does not wait for letters that workers are making
            _kill_workers()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
    finally:
        if scratch:
            with hold_interrupts():
                shutil.rmtree(scratch, ignore_errors=True)


def _submit(pool: "ProcessPoolExecutor", task: Any) -> "Future[bytes | str]":  # Any: a task
    with hold_interrupts():  # the first task starts the workers; they inherit the held signals
        return pool.submit(_work_on, task)


_work: Callable[[Any], Any]  # in a worker: the function for each task
_count = 0  # in a worker: tasks so far


def _begin_worker(work: Callable[[Any], Any], scratch: str) -> None:
    """Prepare a new worker: it ignores Ctrl-C and SIGHUP, and ends when its parent is gone."""
    global _work  # noqa: PLW0603  # an initializer has no other way to keep a value
    _work = work
    tempfile.tempdir = scratch or tempfile.tempdir
    # The pool ends workers with SIGTERM. Ignored for a moment, one that waits would be lost, and
    # the pool would wait for this worker without end.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number in INTERRUPTS - {signal.SIGTERM}:
        signal.signal(number, signal.SIG_IGN)
    if HAS_MASK:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
    Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()
    gc.disable()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work_on(task: Any) -> bytes | str:
    """Return the packed result of a task, or the file that has it.

    All workers write to one pipe. If one was killed within a long message, its reader would wait
    without end for the rest.
    """
    global _count  # noqa: PLW0603  # one count for all tasks of this process
    _count += 1
    if _count % _TASKS_PER_COLLECTION == 0:
        gc.collect(_YOUNG)
    content = pickle.dumps(_work(task))
    if len(content) > _AT_ONCE and tempfile.tempdir:
        with suppress(OSError), tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(content)
            return file.name
    return content


def _result_of(future: "Future[bytes | str]") -> Any:  # Any: what the work gives
    """Wait for a result. Nothing interrupts a wait on Windows, so each is short there."""
    while ON_WINDOWS and not wait([future], _LONGEST_WAIT).done:
        pass
    packed = future.result()
    if isinstance(packed, str):
        file = Path(packed)
        packed = file.read_bytes()
        file.unlink()
    return pickle.loads(packed)  # noqa: S301  # packed by a worker
