"""Intervals over resampled speakers."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.metrics.bootstrap import bootstrap_uar, speaker_confusions
from ser.metrics.classification import (
    confusion_matrix,
    mean_recall,
    unweighted_average_recall,
)


@pytest.fixture
def judged() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return truth, prediction and speakers: some speakers are much harder than others."""
    rng = np.random.default_rng(0)
    speaker = rng.integers(8, size=400)
    truth = rng.integers(4, size=400)
    is_right = rng.random(400) < 0.2 + 0.1 * speaker
    return truth, np.where(is_right, truth, (truth + 1) % 4), [f"s{s}" for s in speaker]


def test_estimate_is_the_uar_of_all_clips(judged):
    """The interval is drawn around the number that is reported."""
    interval = bootstrap_uar(*judged, n_classes=4)
    assert interval.estimate == unweighted_average_recall(judged[0], judged[1], 4)
    assert interval.low < interval.estimate < interval.high


def test_interval_equals_a_plain_loop_over_resamples(judged):
    """Summed confusion counts give what concatenated clips give."""
    truth, prediction, speakers = judged
    _, rows = np.unique(speakers, return_inverse=True)
    draws = np.random.default_rng(3).multinomial(8, np.full(8, 1 / 8), 200)
    scores = []
    for draw in draws:
        clips = np.concatenate([np.tile(np.flatnonzero(rows == s), n) for s, n in enumerate(draw)])
        matrix = confusion_matrix(truth[clips.astype(int)], prediction[clips.astype(int)], 4)
        scores.append(float(mean_recall(matrix)))
    interval = bootstrap_uar(*judged, n_classes=4, resamples=200, seed=3)
    expected = np.quantile(scores, [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=1e-12)


def test_speakers_widen_the_interval_against_independent_clips(judged):
    """Clips of one speaker are alike, and ignoring that is overconfident."""
    truth, prediction, _ = judged
    clustered = bootstrap_uar(*judged, n_classes=4)
    independent = bootstrap_uar(truth, prediction, list(map(str, range(400))), n_classes=4)
    assert clustered.high - clustered.low > 1.5 * (independent.high - independent.low)


def test_order_of_clips_changes_nothing(judged):
    """The answer is a function of the set of clips."""
    order = np.random.default_rng(1).permutation(400)
    shuffled = (judged[0][order], judged[1][order], [judged[2][i] for i in order])
    assert bootstrap_uar(*shuffled, n_classes=4) == bootstrap_uar(*judged, n_classes=4)


def test_one_speaker_has_no_interval():
    """Ends that cannot be known are NaN."""
    truth = np.array([0, 1])
    interval = bootstrap_uar(truth, truth, ["a", "a"], n_classes=2)
    assert interval.estimate == 1.0
    assert np.isnan(interval.low)
    assert np.isnan(interval.high)


def test_speaker_confusions_sum_to_the_confusion_matrix(judged):
    """No clip is lost or counted twice."""
    counts = speaker_confusions(*judged, n_classes=4)
    assert counts.shape == (8, 4, 4)
    assert np.array_equal(counts.sum(axis=0), confusion_matrix(judged[0], judged[1], 4))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"resamples": 0}, "`resamples` must be ≥ 1"),
        ({"confidence": 1.0}, r"`confidence` in \(0, 1\), but got 2000 and 1.0"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong, message):
    """The message names the parameter."""
    with pytest.raises(ConfigurationError, match=message):
        bootstrap_uar(np.array([0]), np.array([0]), ["a"], n_classes=2, **wrong)


def test_missing_speakers_are_refused():
    """Each clip needs its speaker."""
    with pytest.raises(ConfigurationError, match="but got 2, 2 and 1"):
        bootstrap_uar(np.array([0, 1]), np.array([0, 1]), ["a"], n_classes=2)
