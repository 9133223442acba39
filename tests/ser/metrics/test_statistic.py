"""Drawing clusters and swapping models, against clips put together one by one."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.metrics.calibration import calibration_statistic, ece_statistic
from ser.metrics.classification import classification_statistic
from ser.metrics.ratings import rating_statistic, spearman_statistic
from ser.metrics.statistic import number_speakers
from ser.metrics.vote_distributions import vote_statistic

CLUSTERS = np.random.default_rng(9).integers(5, size=60)
TIMES = np.array([[1, 1, 1, 1, 1], [0, 2, 0, 3, 0], [5, 0, 0, 0, 0]])
SWAPPED = np.array([[0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [1, 0, 1, 0, 0]])


def make_classification(seed, clips):
    """Return classification metrics of one model."""
    truth = np.random.default_rng(0).integers(3, size=60)
    said = np.random.default_rng(seed).integers(3, size=60)
    return classification_statistic(truth[clips], said[clips], list("abc"))


def make_ratings(seed, clips, build=rating_statistic):
    """Return rating metrics of one model."""
    truth = np.random.default_rng(0).normal(size=60)
    return build(truth[clips], (truth + np.random.default_rng(seed).normal(size=60))[clips])


def make_calibration(seed, clips, build=calibration_statistic, **options):
    """Return calibration metrics of one model."""
    truth = np.random.default_rng(0).integers(3, size=60)
    said = np.random.default_rng(seed).dirichlet(np.ones(3), 60)
    return build(truth[clips], said[clips], bins=4, **options)


BUILDERS = {
    "classification": make_classification,
    "ratings": make_ratings,
    "spearman": lambda seed, clips: make_ratings(seed, clips, spearman_statistic),
    "calibration": make_calibration,
    "equal mass": lambda seed, clips: make_calibration(
        seed, clips, ece_statistic, binning="equal_mass"
    ),
    "votes": lambda seed, clips: vote_statistic(
        np.random.default_rng(0).dirichlet(np.ones(3), 60)[clips],
        np.random.default_rng(seed).dirichlet(np.ones(3), 60)[clips],
    ),
}
EVERY = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)


@EVERY
def test_drawn_clusters_equal_their_clips_put_together(build):
    """Each metric of a sample is that of its clips, each as often as its cluster is drawn."""
    found = build(1, slice(None)).evaluate_drawn(CLUSTERS, TIMES)
    expected = [
        list(build(1, np.repeat(np.arange(60), times[CLUSTERS])).evaluate().values())
        for times in TIMES
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@EVERY
def test_swapping_all_or_nothing_gives_the_one_model_or_the_other(build):
    """The first rows of the swaps leave and exchange everything."""
    first, second = build(1, slice(None)), build(2, slice(None))
    found = first.evaluate_swapped(second, CLUSTERS, SWAPPED)
    np.testing.assert_allclose(found[0], list(first.evaluate().values()), atol=1e-12)
    np.testing.assert_allclose(found[1], list(second.evaluate().values()), atol=1e-12)


@EVERY
def test_metrics_of_some_clips_are_those_of_a_table_of_them(build):
    """A group is judged as if there were no other."""
    clips = np.flatnonzero(CLUSTERS < 2)
    found = build(1, slice(None)).take(clips).evaluate()
    assert found == pytest.approx(build(1, clips).evaluate(), abs=1e-12, nan_ok=True)


def test_swapped_clusters_take_the_predictions_of_the_other_model():
    """A mixed model is measured like any other."""
    rng = np.random.default_rng(0)
    truth, one, other = rng.integers(3, size=(3, 60))
    is_other = SWAPPED[2][CLUSTERS] > 0
    models = [classification_statistic(truth, said, list("abc")) for said in (one, other)]
    mixed = classification_statistic(truth, np.where(is_other, other, one), list("abc"))
    found = models[0].evaluate_swapped(models[1], CLUSTERS, SWAPPED[2:])
    np.testing.assert_allclose(found[0], list(mixed.evaluate().values()), atol=1e-12)


def test_speakers_are_numbered_by_name():
    """The order of clips decides nothing."""
    count, numbers = number_speakers(["ben", "ann", "ben"], 3)
    assert (count, numbers.tolist()) == (2, [1, 0, 1])


def test_each_clip_needs_a_speaker():
    """The message counts both."""
    with pytest.raises(ConfigurationError, match=r"`speakers` .* got 1 speakers for 2 clips"):
        number_speakers(["a"], 2)
