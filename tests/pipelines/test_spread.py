"""Batches are spread over processes, come back in order, and are drawn as they are needed."""

import os
from collections.abc import Iterator

import pytest

from pipelines.sections import ComputeSettings
from pipelines.spread import WINDOW, start_jobs

TWO = ComputeSettings(processes=2)


def identify(number: int) -> tuple[int, int]:
    """Return the number and the process that had it."""
    return number, os.getpid()


def fail_at_two(number: int) -> int:
    """Fail on one job."""
    if number == 2:
        raise ValueError("batch 2 is bad")
    return number


@pytest.mark.parametrize("processes", [1, 2])
def test_outcomes_come_back_in_order(processes: int) -> None:
    """However many processes there are, order is kept."""
    compute = ComputeSettings(processes=processes)
    with start_jobs(identify, range(9), compute, count=9) as outcomes:
        numbers, ids = zip(*outcomes, strict=True)
    assert numbers == tuple(range(9))
    assert (os.getpid() in ids) == (processes == 1)


def test_jobs_are_drawn_as_they_are_needed() -> None:
    """A long run never holds more than a window of jobs."""
    drawn: list[int] = []

    def draw() -> Iterator[int]:
        for number in range(20):
            drawn.append(number)
            yield number

    with start_jobs(identify, draw(), TWO, count=20) as outcomes:
        next(outcomes)
        assert len(drawn) <= 1 + WINDOW * 2
        assert len(list(outcomes)) == 19


def test_who_leaves_early_draws_no_more() -> None:
    """What was not begun is dropped with the processes that would have done it."""
    jobs = iter(range(20))
    with start_jobs(identify, jobs, TWO, count=20) as outcomes:
        next(outcomes)
    assert next(jobs) == 1 + WINDOW * 2


def test_a_failure_is_raised_in_its_place() -> None:
    """What came before the failure is delivered, and the failure keeps its words."""
    with start_jobs(fail_at_two, range(5), TWO, count=5) as outcomes:
        assert [next(outcomes), next(outcomes)] == [0, 1]
        with pytest.raises(ValueError, match="batch 2 is bad"):
            next(outcomes)


def test_no_jobs_start_no_process() -> None:
    """Nothing to do costs nothing."""
    with start_jobs(identify, [], TWO, count=0) as outcomes:
        assert list(outcomes) == []
