"""Work spread over processes, each of which begins with all that this one has set up.

Gives results in the tasks' order and holds only a few of them at a time. The workers write
nothing, so that one that is killed, or outlives this process by a letter, does no harm.
"""

import gc
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar, cast

import msgspec

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
# fork shares what is set up, and costs milliseconds; macOS's own libraries do not bear it.
_METHOD = "fork" if sys.platform == "linux" else "spawn"
_AHEAD = 8  # tasks a worker that may be finished before the one that is due
_TASKS_A_COLLECTION = 16  # looking for cycles at each allocation would cost a tenth


class Lost(msgspec.Struct, frozen=True):
    """What there is instead of a result where the worker was killed; `signal` is by what."""

    signal: int


class _Bug(msgspec.Struct, frozen=True):
    """An exception that nobody foresaw, as the traceback that it left in a worker."""

    traceback: str


def farmed(
    work: Callable[[_Task], _Result], tasks: Iterable[_Task], jobs: int
) -> Iterator[_Result | Lost]:
    """Yield `work(task)` for each task in order, or Lost where a worker was killed over it.

    The first one is done here, so that the workers begin with all that is loaded for it; with one
    job all are, and nothing is forked.
    """
    waiting = iter(tasks)
    here = waiting if jobs == 1 else islice(waiting, 1)
    yield from _done_here(work, here)
    farm = _Farm(work, jobs)
    try:
        yield from farm.results(waiting)
    finally:
        farm.close()


def _done_here(work: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
    gc.freeze()
    try:
        for number, task in enumerate(tasks, 1):
            yield work(task)
            if number % _TASKS_A_COLLECTION == 0:
                gc.collect()
    finally:
        gc.unfreeze()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold an interrupt back until the end of the block."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


class _Worker(Generic[_Task, _Result]):
    """A process, this side's end of the pipe to it, and the number of the task it works at."""

    def __init__(
        self, work: Callable[[_Task], _Result], siblings: list[Connection], scratch: str
    ) -> None:
        context = get_context(_METHOD)
        self.pipe, other = context.Pipe()
        # Under spawn nothing is inherited, and there is nothing to close.
        inherited = [*siblings, self.pipe] if _METHOD == "fork" else []
        # Any: the context's Process, which differs by the method.
        make: Any = context.Process  # type: ignore[attr-defined]  # each context has one
        self.process = make(target=_serve, args=(other, work, inherited, scratch), daemon=True)
        self.process.start()
        other.close()
        self.number: int | None = None


def _serve(
    pipe: Connection,
    work: Callable[[Any], Any],
    inherited: list[Connection],
    scratch: str = "",
) -> None:
    """Answer each task until the other end is closed, as it also is when that process dies.

    `scratch` is the folder for temporary files, which outlives a worker that is killed.
    """
    # The terminal sends it to all; one answers. It was held back until here.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for it in inherited:
        it.close()
    tempfile.tempdir = scratch or tempfile.tempdir
    gc.freeze()
    gc.disable()
    number = 0
    while True:
        try:
            task = pipe.recv()
            pipe.send(_answer(work, task))
        except (EOFError, OSError):
            return
        number += 1
        if number % _TASKS_A_COLLECTION == 0:
            gc.collect()


def _answer(work: Callable[[Any], Any], task: Any) -> Any:
    try:
        return work(task)
    except Exception:  # noqa: BLE001  # whatever it is, it is raised again on the other side
        return _Bug(traceback.format_exc())


class _Farm(Generic[_Task, _Result]):
    """The workers, the tasks they are at, and results that are not yet due."""

    def __init__(self, work: Callable[[_Task], _Result], jobs: int) -> None:
        self._work = work
        self._jobs = jobs
        self._workers: list[_Worker[_Task, _Result]] = []
        self._done: dict[int, _Result | Lost] = {}
        self._due = 0
        self._scratch = ""  # made with the first worker, removed after the last

    def results(self, tasks: Iterable[_Task]) -> Iterator[_Result | Lost]:
        waiting = enumerate(tasks)
        while True:
            self._feed(waiting)
            if self._due in self._done:
                self._due += 1
                yield self._done.pop(self._due - 1)
                self._collect(timeout=0)
            elif any(it.number is not None for it in self._workers):
                self._collect(timeout=None)
            else:
                return

    def close(self) -> None:
        for it in self._workers:
            it.process.kill()
            it.process.join()
            it.pipe.close()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _feed(self, waiting: Iterator[tuple[int, _Task]]) -> None:
        """Give each idle worker a task; a worker is started once there is one for it."""
        for slot in range(self._jobs):
            is_idle = slot >= len(self._workers) or self._workers[slot].number is None
            if not is_idle or len(self._done) >= self._jobs * _AHEAD:
                continue
            following = next(waiting, None)
            if following is None:
                return
            if slot >= len(self._workers):
                self._start(slot)
            worker = self._workers[slot]
            worker.number, task = following
            try:
                worker.pipe.send(task)
            except OSError:
                self._bury(slot)

    def _collect(self, timeout: float | None) -> None:
        busy = {it.pipe: slot for slot, it in enumerate(self._workers) if it.number is not None}
        for pipe in cast(list[Connection], wait(busy, timeout)):
            slot = busy[pipe]
            worker = self._workers[slot]
            try:
                result = pipe.recv()
            except (EOFError, OSError):
                self._bury(slot)
                continue
            if isinstance(result, _Bug):
                message = f"in a worker:\n{result.traceback}"
                raise RuntimeError(message)  # noqa: TRY004  # a bug, of whatever type
            assert worker.number is not None
            self._done[worker.number] = result
            worker.number = None

    def _bury(self, slot: int) -> None:
        """Note the task that a dead worker was at as lost, and start another in its place."""
        dead = self._workers[slot]
        dead.process.join()
        dead.pipe.close()
        assert dead.number is not None
        self._done[dead.number] = Lost(-(dead.process.exitcode or 0))
        self._start(slot)

    def _start(self, slot: int) -> None:
        """Put a worker into a slot, which is new or whose worker has died."""
        others = [it.pipe for number, it in enumerate(self._workers) if number != slot]
        with uninterrupted():  # one that is in no slot would be left behind
            if not self._scratch:
                with suppress(OSError):  # text needs no temporary files
                    self._scratch = tempfile.mkdtemp(prefix="optout-")
            self._workers[slot : slot + 1] = [_Worker(self._work, others, self._scratch)]
