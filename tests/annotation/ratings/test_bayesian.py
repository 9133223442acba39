"""The Bayesian rater model recovers what ratings were drawn from, and says when it cannot."""

import numpy as np
import pytest

from annotation.errors import AnnotationError
from annotation.ratings import BayesianRaters, MeanRating, build_rating_matrix
from annotation.testing import fill_votes
from tests.annotation.ratings.drawing import Drawn, draw, matrix_of


def rmse(found: np.ndarray, truth: np.ndarray) -> float:
    """Return the root mean squared error."""
    return float(np.sqrt(np.mean((found - truth) ** 2)))


def test_habits_are_recovered(drawn: Drawn) -> None:
    """From 120 ratings each, bias, gain and noise correlate with the truth at .95 or more."""
    habits = BayesianRaters().aggregate(drawn.ratings).habits
    assert habits is not None
    for found, truth in (
        (habits.bias, drawn.bias),
        (habits.gain, drawn.gain),
        (habits.noise, drawn.noise),
    ):
        assert np.corrcoef(found, truth)[0, 1] > 0.95


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_beats_the_mean_by_a_seventh(seed: int) -> None:
    """Where annotators have habits, the error of the mean falls by a seventh at least."""
    drawn = draw(clips=300, seed=seed)
    ours = BayesianRaters().aggregate(drawn.ratings)
    plain = MeanRating().aggregate(drawn.ratings).rating
    assert ours.converged
    assert rmse(ours.rating, drawn.truth) < 6 / 7 * rmse(plain, drawn.truth)


def test_standard_errors_are_honest(drawn: Drawn) -> None:
    """About 95 % of truths lie within 1.96 standard errors."""
    found = BayesianRaters().aggregate(drawn.ratings)
    scale = np.polyfit(drawn.truth, found.rating, 1)
    inside = np.abs(found.rating - np.polyval(scale, drawn.truth)) < 1.96 * found.standard_error
    assert 0.91 < inside.mean() < 0.98


def test_spammers_weigh_little() -> None:
    """Random and constant annotators get a skill near 0 and the least weights."""
    rng = np.random.default_rng(0)
    who = np.argsort(rng.random((400, 12)), axis=1)[:, :6]
    truth = rng.normal(size=400)
    rating = truth[:, None] + 0.5 * rng.normal(size=who.shape)
    rating = np.where(who == 10, rng.normal(size=who.shape), rating)
    rating = np.where(who == 11, 0.2, rating)
    found = BayesianRaters().aggregate(matrix_of(who, rating, 12))
    assert (np.abs(found.skill[10:]) < 0.25).all()
    assert (found.skill[:10] > 0.8).all()
    assert found.weight[10:].max() < 0.1 * found.weight[:10].min()


def test_without_habits_it_stays_near_the_mean() -> None:
    """Where all annotators are alike it only shrinks the mean, and converges quickly."""
    rng = np.random.default_rng(3)
    who = np.argsort(rng.random((300, 20)), axis=1)[:, :5]
    rating = rng.normal(size=(300, 1)) + 0.8 * rng.normal(size=who.shape)
    ratings = matrix_of(who, rating, 20)
    found, plain = BayesianRaters().aggregate(ratings), MeanRating().aggregate(ratings)
    assert np.corrcoef(found.rating, plain.rating)[0, 1] > 0.995
    assert found.iterations < 100


def test_single_ratings_come_back_as_they_are() -> None:
    """Without two ratings on any clip nothing is learnt, and the result says so."""
    rows = {"clip_id": list("abc"), "annotator": ["kim", "lee", "may"], "arousal": [1.0, 5.0, 3.0]}
    found = BayesianRaters().aggregate(build_rating_matrix(fill_votes(rows), "arousal"))
    assert found.rating.tolist() == [1.0, 5.0, 3.0]
    assert found.habits is None
    assert np.isnan(found.skill).all()


def test_an_unfinished_run_says_so(drawn: Drawn) -> None:
    """Convergence is reported, never assumed."""
    found = BayesianRaters(max_iterations=2).aggregate(drawn.ratings)
    assert not found.converged
    assert found.iterations == 2
    assert found.change > 1e-5


@pytest.mark.parametrize("parameter", ["smoothing", "tolerance", "max_iterations"])
def test_bad_parameters_are_refused(parameter: str) -> None:
    """A parameter out of range is named."""
    with pytest.raises(AnnotationError, match=f"`{parameter}` must be at least"):
        BayesianRaters(**{parameter: -1})
