"""The plain mean, its error and its leave-one-out skill."""

import numpy as np

from annotation.ratings import MeanRating, build_rating_matrix
from annotation.testing import fill_votes


def test_mean_spread_and_error_follow_the_formulas() -> None:
    """Counts weigh; the spread divides by n − 1, the error by the root of n."""
    rows = {"clip_id": ["a", "a"], "valence": [1.0, 4.0], "count": [2, 1]}
    consensus = MeanRating().aggregate(build_rating_matrix(fill_votes(rows), "valence"))
    assert consensus.rating.tolist() == [2.0]
    np.testing.assert_allclose(consensus.spread, np.std([1, 1, 4], ddof=1))
    np.testing.assert_allclose(consensus.standard_error, np.std([1, 1, 4], ddof=1) / np.sqrt(3))


def test_skill_is_correlation_with_the_others() -> None:
    """Nobody witnesses for themselves: numpy's correlation with the mean of the others."""
    values = np.random.default_rng(0).normal(size=(20, 3))
    rows = {"clip_id": np.repeat([f"{clip:02d}" for clip in range(20)], 3).tolist()}
    rows |= {"annotator": list("xyz") * 20, "valence": values.ravel().tolist()}
    skill = MeanRating().aggregate(build_rating_matrix(fill_votes(rows), "valence")).skill
    others = (values.sum(axis=1, keepdims=True) - values) / 2
    expected = [np.corrcoef(values[:, index], others[:, index])[0, 1] for index in range(3)]
    np.testing.assert_allclose(skill, expected)
