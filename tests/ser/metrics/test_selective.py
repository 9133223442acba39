"""A model that may stay silent is right more often, and how much more is told."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.metrics.bootstrap import bootstrap_metrics
from ser.metrics.selective import ANSWERED, selective_curve, selective_statistic, set_statistic


def draw(clips: int, seed: int = 0):
    """Draw clips on which a model is right as often as it is sure."""
    generator = np.random.default_rng(seed)
    sure = generator.uniform(0.5, 1, clips)
    truth = (generator.random(clips) > sure).astype(np.int64)
    return truth, np.column_stack([sure, 1 - sure])


def test_the_area_is_the_mean_risk_of_answering_ever_more_clips() -> None:
    """By the definition, clip by clip."""
    truth, posterior = draw(50)
    order = np.argsort(-posterior.max(axis=1))
    wrong = posterior.argmax(axis=1)[order] != truth[order]
    risks = [wrong[: count + 1].mean() for count in range(50)]
    best = [np.sort(wrong)[: count + 1].mean() for count in range(50)]
    found = selective_statistic(truth, posterior).evaluate()
    assert found["aurc"] == pytest.approx(np.mean(risks))
    assert found["excess_aurc"] == pytest.approx(np.mean(risks) - np.mean(best))
    assert found["accuracy@1.00"] == pytest.approx(1 - wrong.mean())
    assert found["accuracy@0.50"] == pytest.approx(1 - wrong[:25].mean())


def test_equally_sure_clips_answer_for_each_other() -> None:
    """Their order in the table changes nothing: all are as right as their mean."""
    posterior = np.full((4, 2), 0.5)
    for truth in ([0, 0, 1, 1], [1, 1, 0, 0]):
        found = selective_statistic(np.array(truth), posterior).evaluate()
        assert (found["aurc"], found["accuracy@0.50"]) == (0.5, 0.5)


def test_the_curve_has_an_interval_over_speakers() -> None:
    """At every share answered, ascending."""
    truth, posterior = draw(200)
    speakers = [f"s{clip % 10}" for clip in range(200)]
    statistic = selective_statistic(truth, posterior)
    curve = selective_curve(bootstrap_metrics(statistic, speakers, resamples=200))
    assert [point.answered for point in curve] == list(ANSWERED)
    assert all(of.accuracy.low <= of.accuracy.estimate <= of.accuracy.high for of in curve)
    assert curve[0].accuracy.estimate > curve[-1].accuracy.estimate


def test_sets_are_counted_by_speaker_or_by_clip() -> None:
    """A speaker of three clips counts as much as one of a single clip, or three times as much."""
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]], bool)
    truth, speakers = np.array([0, 1, 0, 1]), ["a", "a", "a", "b"]
    by_clip = set_statistic(truth, sets).evaluate()
    assert by_clip == pytest.approx(
        {"coverage": 0.5, "set_size": 1, "answered": 0.5, "answered_accuracy": 0.5, "empty": 0.25}
    )
    by_speaker = set_statistic(truth, sets, speakers).evaluate()
    assert by_speaker["coverage"] == pytest.approx((2 / 3 + 0) / 2)
    assert by_speaker["answered_accuracy"] == pytest.approx((1 / 3) / (1 / 3 + 1))


def test_a_model_that_never_answers_has_no_accuracy() -> None:
    """NaN, and no made-up number."""
    assert np.isnan(
        set_statistic(np.array([0]), np.ones((1, 2), bool)).evaluate()["answered_accuracy"]
    )


def test_malformed_arguments_are_refused() -> None:
    """By name."""
    truth, posterior = draw(4)
    with pytest.raises(ConfigurationError, match="`truth` must have one entry"):
        selective_statistic(truth[:2], posterior)
    with pytest.raises(ConfigurationError, match="`answered` must be shares"):
        selective_statistic(truth, posterior, answered=(0.0,))
    with pytest.raises(ConfigurationError, match="`sets` must have the shape"):
        set_statistic(truth, np.ones((3, 2), bool))
