"""Work is spread over processes: results come in order, and a killed worker costs one task."""

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from itertools import count, islice
from multiprocessing import Pipe

import pytest

from optout_cli.batch.pool import Lost, _serve, farmed

HERE = os.getpid()
# pytest's own process has threads; what is forked here never meets them.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


def slowly(number: int) -> int:
    time.sleep(0.004 * (number % 3))
    return number * number


def fatally(number: int) -> int:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_come_in_the_order_of_their_tasks(jobs: int) -> None:
    assert list(farmed(slowly, range(30), jobs)) == [it * it for it in range(30)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_there_may_be_nothing_to_do(jobs: int) -> None:
    assert list(farmed(slowly, [], jobs)) == []


def test_one_job_is_done_here_and_more_are_not() -> None:
    assert set(farmed(lambda _: os.getpid(), range(4), 1)) == {HERE}
    first, *others = farmed(lambda _: os.getpid(), range(40), 2)
    assert (first, HERE in others) == (HERE, False)


def test_a_worker_that_is_killed_costs_the_task_that_it_was_at() -> None:
    assert list(farmed(fatally, range(20), 2)) == [
        *range(5),
        Lost(signal.SIGKILL),
        *range(6, 20),
    ]


def test_a_task_and_its_result_may_be_larger_than_a_pipe() -> None:
    large = b"x" * 3_000_000
    assert [
        len(it) for it in farmed(lambda it: it + it, [large] * 4, 2) if isinstance(it, bytes)
    ] == [2 * len(large)] * 4


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)in a worker:.*test_farm\.py.*ZeroDivisionError"):
        list(farmed(lambda it: 1 // (it - 1), range(2), 2))


def test_no_more_tasks_are_taken_than_are_soon_due() -> None:
    taken = count()

    def tasks() -> Iterator[int]:
        while True:
            yield next(taken)

    results = farmed(slowly, tasks(), 2)
    assert list(islice(results, 10)) == [it * it for it in range(10)]
    assert next(taken) < 10 + 2 * 10
    results.close()  # type: ignore[attr-defined]  # a generator


def test_a_worker_answers_until_nobody_asks() -> None:
    here, there = Pipe()
    before = signal.getsignal(signal.SIGINT)
    for number in range(20):
        here.send(number)
    inherited, _ = Pipe()
    was_on = gc.isenabled()

    def ask() -> None:
        for _ in range(20):
            here.recv()
        here.close()

    try:
        asked = threading.Thread(target=ask)
        asked.start()
        _serve(there, slowly, [inherited])
        asked.join()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
        gc.unfreeze()
        if was_on:
            gc.enable()
    assert inherited.closed
