"""Intervals over resampled speakers."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.metrics.bootstrap import (
    bootstrap_difference,
    bootstrap_metrics,
    bootstrap_uar,
    bootstrap_uar_difference,
)
from ser.metrics.calibration import ece_statistic
from ser.metrics.classification import (
    classification_statistic,
    confusion_matrix,
    mean_recall,
    unweighted_average_recall,
)
from ser.metrics.ratings import rating_statistic, spearman_statistic


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


def draws_of(speakers, resamples, seed) -> list[np.ndarray]:
    """Return the clips of each resample, as the documented draw of speakers gives them."""
    names, rows = np.unique(speakers, return_inverse=True)
    share = np.full(len(names), 1 / len(names))
    times = np.random.default_rng(seed).multinomial(len(names), share, resamples)
    return [np.repeat(np.arange(len(rows)), draw[rows]) for draw in times]


@pytest.fixture
def rated() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return ratings, predictions and seven speakers."""
    rng = np.random.default_rng(1)
    truth = rng.normal(size=90)
    return truth, truth + rng.normal(size=90), [f"s{i % 7}" for i in range(90)]


@pytest.mark.parametrize(
    ("build", "metric"),
    [
        (rating_statistic, "ccc"),
        (rating_statistic, "rmse"),
        (spearman_statistic, "spearman"),
    ],
)
def test_any_metric_equals_a_plain_loop_over_resamples(rated, build, metric):
    """Sums per speaker, or the clips themselves, give what concatenated clips give."""
    truth, prediction, speakers = rated
    scores = [
        build(truth[clips], prediction[clips]).evaluate()[metric]
        for clips in draws_of(speakers, 60, seed=5)
    ]
    found = bootstrap_metrics(build(truth, prediction), speakers, resamples=60, seed=5)[metric]
    expected = (
        build(truth, prediction).evaluate()[metric],
        *np.quantile(scores, [0.025, 0.975]),
    )
    assert (found.estimate, found.low, found.high) == pytest.approx(expected, abs=1e-12)


def test_bins_of_equal_mass_are_cut_anew_in_each_resample(judged):
    """The calibration error of drawn clips is that of the drawn clips alone."""
    truth, _, speakers = judged
    posterior = np.random.default_rng(4).dirichlet(np.ones(4), 400)
    scores = [
        ece_statistic(truth[clips], posterior[clips], bins=5, binning="equal_mass").evaluate()
        for clips in draws_of(speakers, 40, seed=0)
    ]
    statistic = ece_statistic(truth, posterior, bins=5, binning="equal_mass")
    found = bootstrap_metrics(statistic, speakers, resamples=40)["ece"]
    expected = np.quantile([score["ece"] for score in scores], [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=1e-12)


def test_an_undefined_metric_has_an_undefined_interval(judged):
    """A class that no clip has gets NaN, and the others their intervals."""
    truth, prediction, speakers = judged
    statistic = classification_statistic(truth, prediction, ["a", "b", "c", "d", "never"])
    found = bootstrap_metrics(statistic, speakers, resamples=50)
    assert np.isnan([found["recall/never"].estimate, found["recall/never"].low]).all()
    assert found["recall/a"].low < found["recall/a"].high


def test_chunks_of_draws_change_nothing(judged, monkeypatch):
    """Many speakers are drawn in parts, as if at once."""
    whole = bootstrap_uar(*judged, n_classes=4, resamples=100)
    monkeypatch.setattr("ser.metrics.bootstrap.CHUNK", 24)
    assert bootstrap_uar(*judged, n_classes=4, resamples=100) == whole


def test_difference_equals_a_plain_loop_over_resamples(judged):
    """Both models are measured on the same drawn speakers."""
    truth, first, speakers = judged
    second = np.random.default_rng(2).integers(4, size=400)
    scores = [
        unweighted_average_recall(truth[clips], first[clips], 4)
        - unweighted_average_recall(truth[clips], second[clips], 4)
        for clips in draws_of(speakers, 80, seed=0)
    ]
    found = bootstrap_uar_difference(truth, first, second, speakers, n_classes=4, resamples=80)
    expected = np.quantile(scores, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=1e-12)


def test_a_model_differs_from_itself_by_nothing(judged):
    """Pairing leaves no width where there is no difference."""
    found = bootstrap_uar_difference(*judged[:2], judged[1], judged[2], n_classes=4)
    assert (found.estimate, found.low, found.high) == (0.0, 0.0, 0.0)


def test_models_of_other_clips_or_metrics_are_refused(rated):
    """A difference needs the same metrics of the same clips."""
    truth, prediction, speakers = rated
    whole = rating_statistic(truth, prediction)
    for other in (rating_statistic(truth[:9], prediction[:9]), spearman_statistic(truth, truth)):
        with pytest.raises(ConfigurationError, match="`first` and `second` must hold the same"):
            bootstrap_difference(whole, other, speakers)


def test_the_draw_covers_the_truth_about_as_often_as_it_says():
    """Of 95 % intervals over forty speakers, some 95 % hold the mean they were drawn from."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        errors = np.repeat(rng.normal(size=40), 3) + rng.normal(size=120)
        statistic = rating_statistic(np.zeros(120), errors)
        speakers = [str(i // 3) for i in range(120)]
        found = bootstrap_metrics(statistic, speakers, resamples=200)["rmse"]
        held += found.low <= np.sqrt(2) <= found.high
    # 0.90 … 0.98 is what a percentile interval over forty clusters is good for.
    assert 0.88 <= held / 200 <= 0.99


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
    with pytest.raises(ConfigurationError, match="got 1 speakers for 2 clips"):
        bootstrap_uar(np.array([0, 1]), np.array([0, 1]), ["a"], n_classes=2)


def test_no_clip_at_all_is_refused():
    """There is nothing to draw."""
    nothing = np.empty(0, dtype=np.int64)
    with pytest.raises(ConfigurationError, match="there must be a clip, but got 0 speakers for 0"):
        bootstrap_uar(nothing, nothing, [], n_classes=2)
