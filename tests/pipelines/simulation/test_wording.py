"""Results are written so that what is not known is not read as known."""

import math

import pytest

from pipelines.simulation.comparisons import Comparison, Difference
from pipelines.simulation.crossings import Bounds
from pipelines.simulation.resampling import Estimate
from pipelines.simulation.wording import (
    write_estimate,
    write_ratio,
    write_verdict,
    write_verdicts,
    write_votes,
    write_worst,
)


def _comparison(against="random-3", *, worse=(), least_p=0.002, points=6):
    found = tuple(
        Difference(
            100.0 * number,
            Estimate(-0.02 if number in worse else 0.01, -0.03, 0.02),
            0.01,
            0.01 if number in worse else 0.5,
        )
        for number in range(1, points + 1)
    )
    return Comparison("a", against, least_p, found)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (Bounds(1234.4, 1234.4, 1100.0, 1400.0), "1,234 [1,100, 1,400]"),
        (Bounds(3600.0, math.inf, 3600.0, math.inf), "> 3,600"),
        (Bounds(3600.0, math.inf, 2900.0, math.inf), "> 3,600 [2,900, ∞]"),
        (Bounds(0.0, 60.0, 0.0, 90.0), "≤ 60 [0, 90]"),
        (Bounds(50.0, 50.0, math.nan, math.nan), "50"),
    ],
)
def test_votes_tell_what_is_known(bounds, expected):
    """A number, or that it is more or no more than one, and the interval if there is one."""
    assert write_votes(bounds).replace("\N{NO-BREAK SPACE}", " ") == expected


def test_ratio_that_nothing_is_known_of_is_undefined():
    """Both strategies ended before the level."""
    assert write_ratio(Bounds(0.0, math.inf, 0.3, math.inf)) == "n/a"


def test_estimate_without_an_interval_stands_alone():
    """One seed and one speaker give a number only."""
    assert write_estimate(Estimate(0.5, math.nan, math.nan)) == ".50"


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        (_comparison(), "never significantly worse than random-3"),
        (_comparison(worse=(2, 3)), "worse than random-3 at 200, 300 votes"),
        (
            _comparison(worse=(1, 2, 3, 4, 5, 6)),
            "worse than random-3 at 100, 200, 300, 400 and 2 further numbers of votes",
        ),
        (
            _comparison(least_p=0.0625),
            "too few seeds to tell whether it is worse than random-3",
        ),
        (_comparison(points=0), "shares no number of votes with random-3"),
    ],
)
def test_verdict_tells_what_was_found(comparison, expected):
    """Never worse, worse where, or nothing that could have been found."""
    assert write_verdict(comparison) == expected


def test_equal_verdicts_are_said_once():
    """Against two random strategies in one breath, unless they differ."""
    alike = [_comparison("random-3"), _comparison("random-1")]
    assert write_verdicts(alike) == "never significantly worse than random-3 or random-1"
    mixed = [_comparison("random-3"), _comparison("random-1", worse=(1,))]
    assert write_verdicts(mixed) == (
        "never significantly worse than random-3; worse than random-1 at 100 votes"
    )


def test_largest_deficit_is_told_whether_significant_or_not():
    """A simulation of few seeds does not hide it."""
    told = write_worst(_comparison(worse=(4,))).replace("\N{NO-BREAK SPACE}", " ")
    assert told == "−.02 [−.03, +.02] at 400 votes"
