"""Spread work over processes and give the results in the order of the tasks.

Workers write nothing, so a worker that is killed, or that finishes one more letter after its
parent was killed, does no harm.
"""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import active_children, get_context, parent_process
from threading import Thread
from typing import Any, TypeVar

import msgspec

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
# fork shares what is loaded and takes milliseconds; macOS's system libraries do not survive it.
_METHOD = "fork" if sys.platform == "linux" else "spawn"
_AHEAD = 8  # tasks per worker that may be finished before their turn
_TASKS_PER_COLLECTION = 16  # collecting garbage at every allocation would cost a tenth


class WorkerKilled(msgspec.Struct, frozen=True):
    """Stands for the result of a task that killed its worker."""


def results_in_order(
    work: Callable[[_Task], _Result], tasks: Iterable[_Task], jobs: int
) -> Iterator[tuple[_Task, _Result | WorkerKilled]]:
    """Yield each task in order with `work(task)`, or with WorkerKilled if it killed its worker.

    The first task is done in this process, so that the workers start with everything it loaded.
    With one job all tasks are done here, and no worker is started.
    """
    waiting = iter(tasks)
    yield from _results_here(work, waiting if jobs == 1 else islice(waiting, 1))
    following = next(waiting, None)
    while following is not None:
        handed: deque[tuple[_Task, Future[_Result]]] = deque()
        with _workers(work, jobs) as pool, suppress(BrokenProcessPool):
            while following is not None or handed:
                while following is not None and len(handed) < jobs * _AHEAD:
                    handed.append((following, _submit(pool, following)))
                    following = next(waiting, None)
                result = handed[0][1].result()
                yield handed.popleft()[0], result
        # A task that killed its worker broke the pool; find it among those that are unfinished.
        for task, future in handed:
            is_unfinished = isinstance(future.exception(), BrokenProcessPool)
            yield task, result_alone(work, task) if is_unfinished else future.result()


def result_alone(work: Callable[[_Task], _Result], task: _Task) -> _Result | WorkerKilled:
    """Return `work(task)`, done by a worker of its own, or WorkerKilled."""
    with _workers(work, 1) as pool:
        try:
            result: _Result = _submit(pool, task).result()
        except BrokenProcessPool:
            return WorkerKilled()
    return result


def _results_here(
    work: Callable[[_Task], _Result], tasks: Iterable[_Task]
) -> Iterator[tuple[_Task, _Result]]:
    gc.freeze()
    try:
        for number, task in enumerate(tasks, 1):
            yield task, work(task)
            if number % _TASKS_PER_COLLECTION == 0:
                gc.collect()
    finally:
        gc.unfreeze()


@contextmanager
def hold_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back until the end of the block."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def _workers(work: Callable[[Any], Any], jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Start worker processes on the first task; leaving the block early kills them.

    The workers share one folder for temporary files, which outlives a worker that is killed.
    """
    scratch = ""
    with suppress(OSError):  # text needs no temporary files
        scratch = tempfile.mkdtemp(prefix="optout-")
    pool = ProcessPoolExecutor(jobs, get_context(_METHOD), _begin_worker, (work, scratch))
    try:
        yield pool
    except BaseException:  # an interrupt never waits until a worker has finished its letter
        for child in active_children():
            child.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)


def _submit(pool: ProcessPoolExecutor, task: Any) -> "Future[Any]":  # Any: what the work gives
    with hold_interrupts():  # the first task starts the workers, which are born with SIGINT held
        return pool.submit(_work_on, task)


_work: Callable[[Any], Any]  # in a worker: what it does with each task
_count = 0  # in a worker: the tasks so far


def _begin_worker(work: Callable[[Any], Any], scratch: str) -> None:
    """Prepare a new worker: its parent answers Ctrl-C, and it ends when its parent is gone."""
    global _work  # noqa: PLW0603  # a pool's initializer has no other way to leave something
    _work = work
    tempfile.tempdir = scratch or tempfile.tempdir
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()
    gc.disable()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work_on(task: Any) -> Any:
    global _count  # noqa: PLW0603  # counts the tasks of this process
    _count += 1
    if _count % _TASKS_PER_COLLECTION == 0:
        gc.collect()
    return _work(task)
