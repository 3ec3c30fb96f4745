"""Run tasks in several processes and yield their results in order.

Each process has a thread here and a pipe of its own: whichever is killed, and whenever, costs one
task. Workers write only temporary files, so it does no harm if one finishes one more letter after
its parent was killed.
"""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain, count, islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.pool import ExceptionWithTraceback  # type: ignore[attr-defined]  # as its own
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

import msgspec

from optout_cli.engines import make_folder
from optout_cli.errors import OptoutError
from optout_cli.output import HAS_MASK, INTERRUPTS, hold_interrupts

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
# fork takes milliseconds and copies what is loaded; system libraries of macOS crash after it.
_METHOD = "fork" if sys.platform == "linux" and hasattr(os, "fork") else "spawn"
_AHEAD = 8  # tasks per worker that may finish before their turn
_TASKS_PER_COLLECTION = 16  # automatic garbage collection would cost a tenth of the time
# What outlives a collection is caches and results: to look at it again would cost a sixth.
_YOUNG = 1
_ATTEMPTS = 2  # at a task: a system that lacks memory kills any process
_STARTING = Lock()  # a new process must not inherit another one's end of a pipe


class WorkerKilled(msgspec.Struct, frozen=True):
    """The result of a task that killed its worker."""


def results_in_order(
    work: Callable[[_Task], _Result], tasks: Iterable[_Task], jobs: int, *, first_here: bool = True
) -> Iterator[tuple[_Task, _Result | WorkerKilled]]:
    """Yield each task in order with `work(task)`, or with WorkerKilled if it killed its worker.

    With `first_here`, the first task runs in this process: the workers start with everything that
    it loads. With one job, all tasks run here.
    """
    waiting = iter(tasks)
    yield from _results_here(work, waiting if jobs == 1 else islice(waiting, int(first_here)))
    first = [*islice(waiting, jobs)]  # there may be fewer tasks than jobs
    if not first:
        return
    handed: deque[tuple[_Task, Future[_Result | WorkerKilled]]] = deque()
    with _workers(work, len(first)) as hand_over:
        for task in chain(first, waiting):
            handed.append((task, hand_over(task)))
            if len(handed) >= jobs * _AHEAD:
                done, future = handed.popleft()
                yield done, future.result()
        for done, future in handed:
            yield done, future.result()


def result_alone(work: Callable[[_Task], _Result], task: _Task) -> _Result | WorkerKilled:
    """Return `work(task)` from a new worker, or WorkerKilled."""
    with _workers(work, 1) as hand_over:
        result: _Result | WorkerKilled = hand_over(task).result()
    return result


def _results_here(
    work: Callable[[_Task], _Result], tasks: Iterable[_Task]
) -> Iterator[tuple[_Task, _Result]]:
    gc.freeze()
    try:
        for number, task in enumerate(tasks, 1):
            yield task, work(task)
            if number % _TASKS_PER_COLLECTION == 0:
                gc.collect(_YOUNG)
    finally:
        gc.unfreeze()


class _Worker:
    """A process that does one task after another for whoever holds its end of the pipe."""

    def __init__(self, work: Callable[[Any], Any], scratch: str) -> None:
        self._work, self._scratch = work, scratch
        self.is_over = False  # nobody wants results any more
        self._start()

    def _start(self) -> None:
        context: Any = get_context(_METHOD)  # Any: its types lack Process
        with _STARTING, hold_interrupts():  # the process inherits the held signals
            self._pipe, theirs = context.Pipe()
            arguments = theirs, self._work, self._scratch
            self.process: BaseProcess = context.Process(target=_serve, args=arguments, daemon=True)
            self.process.start()
            theirs.close()

    def result_of(self, task: Any) -> Any:  # Any: what the work takes and gives
        """Return the result of a task, or WorkerKilled if it killed the process each time."""
        for _ in range(_ATTEMPTS):
            if not self.process.is_alive():
                self._start()
            try:
                self._pipe.send(task)
                is_done, result = self._pipe.recv()
            except (EOFError, OSError):
                self.process.join()
                if self.is_over:
                    break
            else:
                if not is_done:
                    raise result
                return result
        return WorkerKilled()


@contextmanager
def _workers(
    work: Callable[[Any], Any], number: int
) -> Iterator[Callable[[Any], "Future[Any]"]]:  # Any: what the work takes and gives
    """Start worker processes, and end them with the block; yield what hands a task to one of them.

    The workers share one folder for temporary files; it is deleted here even if a worker is killed.
    """
    scratch, workers = "", list[_Worker]()
    idle: SimpleQueue[_Worker] = SimpleQueue()
    threads = ThreadPoolExecutor(number)

    def ask(task: Any) -> Any:
        worker = idle.get()
        try:
            return worker.result_of(task)
        finally:
            idle.put(worker)

    try:
        # Formats of plain text need no temporary files.
        with hold_interrupts(), suppress(OptoutError):
            scratch = str(make_folder())
        for _ in range(number):
            workers.append(_Worker(work, scratch))
            idle.put(workers[-1])
        yield lambda task: threads.submit(ask, task)
    finally:
        with hold_interrupts():
            threads.shutdown(wait=False, cancel_futures=True)
            for worker in workers:  # nobody waits for letters that they are making
                worker.is_over = True
                worker.process.terminate()
            threads.shutdown()
            for worker in workers:  # one may have been started meanwhile
                worker.process.terminate()
                worker.process.join()
            if scratch:
                shutil.rmtree(scratch, ignore_errors=True)


def _serve(pipe: Connection, work: Callable[[Any], Any], scratch: str) -> None:
    """Do each task that comes through the pipe.

    The process ignores Ctrl-C and SIGHUP, and ends when its parent is gone.
    """
    tempfile.tempdir = scratch or tempfile.tempdir
    for interrupt in INTERRUPTS:
        signal.signal(interrupt, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if HAS_MASK:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
    Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()
    gc.disable()
    for number in count(1):
        task = pipe.recv()
        try:
            result = True, work(task)
        except Exception as error:  # noqa: BLE001  # it is raised again where the result is wanted
            result = False, ExceptionWithTraceback(error, error.__traceback__)
        pipe.send(result)
        if number % _TASKS_PER_COLLECTION == 0:
            gc.collect(_YOUNG)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
