"""Tasks run in several processes: results come in order, a killed worker costs one task."""

import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, wait
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from threading import Thread, main_thread

import pytest

from optout_cli.batch import pool
from optout_cli.batch.pool import WorkerKilled, result_alone, results_in_order
from optout_cli.output import INTERRUPTS

HERE = os.getpid()
# pytest's own process has threads; what is forked here never meets them.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


def slowly(number: int) -> int:
    time.sleep(0.004 * (number % 3))
    return number * number


def fatally(number: int) -> int:
    if number in (5, 12):
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fatally_large(number: int) -> bytes:
    return b"x" * 10_000 * fatally(number)


def large_with_a_kill(number: int) -> bytes:
    """Return much; at one task, kill the worker once it writes a message to its pipe."""

    def kill_while_sending() -> None:
        main = main_thread().ident or 0
        while sys._current_frames()[main].f_code.co_name != "_send":
            pass
        os.kill(os.getpid(), signal.SIGKILL)

    if number == 3:
        sys.setswitchinterval(1e-5)
        Thread(target=kill_while_sending, daemon=True).start()
    return bytes([number]) * 3_000_000


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_come_in_the_order_of_their_tasks(jobs: int) -> None:
    squares = [(number, number * number) for number in range(30)]
    assert list(results_in_order(slowly, range(30), jobs)) == squares


def test_windows_waits_for_a_result_a_little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []

    def counted(futures: Iterable[Future[object]], timeout: float | None = None) -> object:
        waits.append(timeout)
        return wait(futures, timeout)

    monkeypatch.setattr(pool, "ON_WINDOWS", True)
    monkeypatch.setattr(pool, "wait", counted)
    assert dict(results_in_order(slowly, range(4), 2)) == {0: 0, 1: 1, 2: 4, 3: 9}
    assert (len(waits) >= 3, max(it or 9 for it in waits) < 1) == (True, True)


@pytest.mark.parametrize("jobs", [1, 2])
def test_there_may_be_nothing_to_do(jobs: int) -> None:
    assert list(results_in_order(slowly, [], jobs)) == []


def test_one_job_is_done_here_and_more_are_not() -> None:
    assert {at for _, at in results_in_order(lambda _: os.getpid(), range(4), 1)} == {HERE}
    first, *others = [at for _, at in results_in_order(lambda _: os.getpid(), range(40), 2)]
    assert (first, HERE in others) == (HERE, False)


def test_a_task_that_kills_its_worker_costs_no_other_task() -> None:
    killed = {5: WorkerKilled(), 12: WorkerKilled()}
    expected = [(number, killed.get(number, number)) for number in range(40)]
    assert list(results_in_order(fatally, range(40), 2)) == expected
    large = list(results_in_order(fatally_large, range(40), 2))
    assert large == [(it, killed.get(it, b"x" * 10_000 * it)) for it in range(40)]


def test_nobody_waits_for_the_rest_of_a_result_whose_worker_was_killed() -> None:
    results = [result for _, result in results_in_order(large_with_a_kill, range(8), 2)]
    expected = [bytes([number]) * 3_000_000 for number in range(8)]
    assert (len(results), set(results) <= {*expected, WorkerKilled()}) == (8, True)


def begins_when_it_is_to_end() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)  # as while the pool starts a worker
    os.kill(os.getpid(), signal.SIGTERM)
    pool._begin_worker(fatally, "")


def test_a_worker_that_is_ended_while_it_begins_ends() -> None:
    worker = get_context("fork").Process(target=begins_when_it_is_to_end)
    worker.start()
    worker.join()
    assert worker.exitcode == -signal.SIGTERM


def test_a_worker_that_does_not_end_when_told_is_not_waited_for(tmp_path: Path) -> None:
    deaf = tmp_path / "2"

    def work(number: int) -> int:
        mine = tmp_path / str(number)
        if number == 0 or mine.exists():  # the first is done here, and the others a second time
            return number
        if mine == deaf:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            mine.touch()
            signal.pause()
        while not deaf.exists():
            time.sleep(0.01)
        mine.touch()
        os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert [result for _, result in results_in_order(work, range(3), 2)] == [0, 1, 2]


def test_a_task_whose_worker_is_killed_once_is_done_by_another(tmp_path: Path) -> None:
    def work(number: int) -> int:
        if number == 5 and not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert [result for _, result in results_in_order(work, range(9), 2)] == [*range(9)]


def test_a_task_can_be_given_to_a_worker_of_its_own() -> None:
    assert (result_alone(fatally, 5), result_alone(fatally, 6)) == (WorkerKilled(), 6)
    assert result_alone(lambda _: os.getpid(), 0) != HERE


def test_a_task_and_its_result_may_be_larger_than_a_pipe() -> None:
    large = b"x" * 3_000_000
    results = results_in_order(lambda task: task + task, [large] * 4, 2)
    assert [result for _, result in results] == [large + large] * 4


def test_an_error_in_a_worker_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError) as error:
        list(results_in_order(lambda number: 1 // (number - 1), range(2), 2))
    assert "test_pool.py" in str(error.value.__cause__)


def test_no_more_tasks_are_taken_than_are_soon_due() -> None:
    taken = count()

    def tasks() -> Iterator[int]:
        while True:
            yield next(taken)

    results = results_in_order(slowly, tasks(), 2)
    assert [result for _, result in islice(results, 10)] == [n * n for n in range(10)]
    assert next(taken) < 10 + 2 * 10
    results.close()  # type: ignore[attr-defined]  # a generator


def test_leaving_early_ends_the_workers() -> None:
    results = results_in_order(lambda _: os.getpid(), count(), 2)
    workers = {int(str(at)) for _, at in islice(results, 40)} - {HERE}
    results.close()  # type: ignore[attr-defined]  # a generator
    assert workers
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
