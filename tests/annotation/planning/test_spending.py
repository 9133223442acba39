"""Votes, hours and money are one budget."""

import math

import pytest

from annotation.errors import AnnotationError
from annotation.planning import PlanningError, make_budget, seconds_per_vote


@pytest.mark.parametrize(
    "given", [{"votes": 1600}, {"hours": 4}, {"money": 100, "hourly_rate": 25}], ids=str
)
def test_every_kind_of_budget_buys_votes(given: dict[str, float]) -> None:
    """Four hours at 9 s a vote are 1,600 votes, and 100 in money at 25 an hour."""
    budget = make_budget(seconds_per_vote=9, **given)
    assert budget.votes == 1600
    assert budget.hours(1600) == 4
    assert math.isnan(budget.cost(1600)) is ("money" not in given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "but none was given"),
        ({"votes": 1, "hours": 2}, r"\['votes', 'hours'\] was given"),
        ({"money": 10}, "hourly_rate"),
        ({"hours": -1}, "`hours` must be above 0"),
        ({"votes": 1, "hourly_rate": 0}, "`hourly_rate` must be above 0"),
    ],
)
def test_what_is_no_budget_is_refused(given: dict[str, float], message: str) -> None:
    """One kind, above zero, and money only with a rate."""
    with pytest.raises(AnnotationError, match=message):
        make_budget(seconds_per_vote=9, **given)


def test_a_forgotten_tab_is_no_pace() -> None:
    """One vote in forty that lay open for an hour, and impossible times, do not count."""
    times = [8.0] * 39 + [3500.0] + [0.0, -3.0, 9e9, math.nan]
    assert seconds_per_vote(times) == 8
    assert math.isnan(seconds_per_vote([math.nan]))


def test_errors_are_annotations() -> None:
    """One base at the border."""
    assert issubclass(PlanningError, AnnotationError)
