"""The pace of answers is learned from lead times, whatever breaks people take."""

import numpy as np
import pytest

from annotation.sampling.pace import FEWEST_TIMES, Pace, fit_pace

RNG = np.random.default_rng(0)
DURATION = RNG.uniform(1.0, 6.0, 400)


def test_the_median_is_found_under_skew_and_breaks() -> None:
    """Lead times are log-normal, and one in twenty is a break of minutes."""
    lead = (0.8 * DURATION + 5.0) * np.exp(0.4 * RNG.standard_normal(400))
    lead[::20] = 900.0
    expected = 0.8 * DURATION + 5.0
    assert np.abs(fit_pace(DURATION, lead).expect(DURATION) / expected - 1).max() < 0.1


def test_what_cannot_be_true_is_left_out() -> None:
    """Unknown, negative and endless times change nothing."""
    lead = 2.0 * DURATION + 1.0
    spoilt = np.concatenate([lead, [np.nan, -1.0, 0.0, 1e6, np.inf]])
    longer = np.concatenate([DURATION, [2.0] * 5])
    assert fit_pace(longer, spoilt) == fit_pace(DURATION, lead)


@pytest.mark.parametrize("known", [0, FEWEST_TIMES - 1])
def test_few_times_leave_the_default(known: int) -> None:
    """That of simulated annotators: half as long again as the clip, and three seconds."""
    lead = np.full(30, np.nan)
    lead[:known] = 50.0
    assert fit_pace(DURATION[:30], lead) == Pace() == Pace(1.5, 3.0)


def test_an_answer_always_takes_time() -> None:
    """Even where all lead times are next to nothing, so that worth per second is finite."""
    assert fit_pace(DURATION, np.full(400, 0.01)).expect([0.0])[0] > 0


def test_clips_of_one_length_tell_their_median() -> None:
    """Slope and constant cannot be told apart there, and need not be."""
    pace = fit_pace(np.full(50, 2.0), np.full(50, 12.0))
    assert pace.expect([2.0])[0] == pytest.approx(12.0, rel=1e-3)
