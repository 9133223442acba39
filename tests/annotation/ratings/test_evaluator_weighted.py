"""The evaluator weighted estimator against the paper's formula."""

import numpy as np

from annotation.ratings import EvaluatorWeighted, MeanRating, RatingMatrix
from tests.annotation.ratings.drawing import Drawn


def dense(ratings: RatingMatrix) -> np.ndarray:
    """Return the ratings (N, A), NaN where missing."""
    table = np.full(ratings.shape, np.nan)
    table[ratings.clip_index, ratings.annotator_index] = ratings.rating
    return table


def test_it_equals_the_bare_formula(drawn: Drawn) -> None:
    """Weights are numpy's correlations with the mean of all, and the rest a weighed mean."""
    table = dense(drawn.ratings)
    mean = np.nanmean(table, axis=1)
    rated = [np.isfinite(column) for column in table.T]
    weight = np.array(
        [
            np.corrcoef(column[has], mean[has])[0, 1]
            for column, has in zip(table.T, rated, strict=True)
        ]
    )
    consensus = EvaluatorWeighted().aggregate(drawn.ratings)
    np.testing.assert_allclose(consensus.weight, weight)
    weighed = np.where(np.isfinite(table), weight, 0.0)
    expected = np.nansum(table * weight, axis=1) / weighed.sum(axis=1)
    np.testing.assert_allclose(consensus.rating, expected)


def test_leaving_oneself_out_lowers_every_correlation(drawn: Drawn) -> None:
    """One's own rating in the mean flatters everybody."""
    plain = EvaluatorWeighted().aggregate(drawn.ratings).skill
    fair = EvaluatorWeighted(leave_one_out=True).aggregate(drawn.ratings).skill
    assert (fair < plain).all()


def test_it_is_nearer_the_truth_than_the_mean(drawn: Drawn) -> None:
    """Where annotators differ in noise, weighing them pays."""
    weighed = EvaluatorWeighted(leave_one_out=True).aggregate(drawn.ratings).rating
    plain = MeanRating().aggregate(drawn.ratings).rating
    better, worse = (np.corrcoef(found, drawn.truth)[0, 1] for found in (weighed, plain))
    assert better > worse
