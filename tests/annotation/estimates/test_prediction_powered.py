"""Predictions narrow the interval where they are good and do no harm where they are bad."""

import numpy as np
import pytest

from annotation.errors import AnnotationError
from annotation.estimates import prediction_powered_mean

POOL, SAMPLE, TIMES = 500, 60, 600


def draw(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the values of a uniform sample, NaN elsewhere."""
    told = np.full_like(values, np.nan)
    at = rng.choice(len(values), SAMPLE, replace=False)
    told[at] = values[at]
    return told


@pytest.fixture(scope="module")
def pool() -> tuple[np.ndarray, np.ndarray]:
    """Return labels (N, 3) and the posterior of a model that is biased towards the last class."""
    rng = np.random.default_rng(0)
    labels = np.eye(3)[rng.choice(3, POOL, p=[0.6, 0.3, 0.1])]
    scores = np.exp(2 * labels + rng.gumbel(size=labels.shape) + [0, 0, 1])
    return labels, scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("power", [None, 0.0, 1.0], ids=["tuned", "without", "full"])
def test_it_is_unbiased_and_covers_though_the_model_is_biased(pool, power) -> None:
    """Over samples the errors cancel, their spread is the variance, the intervals hold."""
    labels, guess = pool
    rng, truth = np.random.default_rng(1), labels.mean(axis=0)
    found = [prediction_powered_mean(draw(labels, rng), guess, power=power) for _ in range(TIMES)]
    errors = np.array([one.value - truth for one in found])
    spread = errors.std(axis=0)
    assert np.all(np.abs(errors.mean(axis=0)) < 3.5 * spread / np.sqrt(TIMES))
    variance = np.array([one.variance for one in found]).mean(axis=0)
    np.testing.assert_allclose(np.sqrt(variance), spread, rtol=0.1)
    hits = np.mean([(one.low <= truth) & (truth <= one.high) for one in found], axis=0)
    assert hits.min() > 0.9


def test_the_tuned_power_is_best_and_never_worse_than_none(pool) -> None:
    """A good model narrows the interval; one that knows nothing leaves it as it is."""
    labels, guess = pool
    rng = np.random.default_rng(2)
    told, noise = draw(labels, rng), rng.dirichlet(np.ones(3), POOL)
    widths = {
        name: prediction_powered_mean(told, model, power=power).variance.sum()
        for name, model, power in (
            ("tuned", guess, None),
            ("full", guess, 1.0),
            ("none", guess, 0.0),
            ("noise", noise, None),
        )
    }
    assert widths["tuned"] <= min(widths["full"], widths["none"])
    assert widths["tuned"] < 0.7 * widths["none"]
    assert widths["noise"] <= widths["none"]


def test_the_formula_by_hand() -> None:
    """mean_pool(f) + mean_sample(y − f), with the variance of the difference in a finite pool."""
    guess, told = np.array([0.5, 0.5, 0.0, 1.0]), np.array([1.0, np.nan, 0.0, np.nan])
    found = prediction_powered_mean(told, guess, power=1)
    assert found.value.tolist() == pytest.approx([0.5 + (0.5 + 0.0) / 2])
    assert found.variance.tolist() == pytest.approx([(1 - 2 / 4) * 0.125 / 2])
    # Student's 97.5 % quantile for one degree of freedom.
    assert (found.high - found.value).tolist() == pytest.approx([12.7062 * 0.03125**0.5], rel=1e-4)


def test_any_numbers_will_do_and_shares_sum_to_one(pool) -> None:
    """It is a mean of whatever was measured; one λ for all classes keeps their sum."""
    labels, guess = pool
    rng = np.random.default_rng(3)
    told = draw(labels, rng)
    assert prediction_powered_mean(told, guess).value.sum() == pytest.approx(1)
    scaled = prediction_powered_mean(100 * told - 50, 100 * guess - 50)
    np.testing.assert_allclose(scaled.value, 100 * prediction_powered_mean(told, guess).value - 50)


def test_speakers_widen_the_interval() -> None:
    """Clips of one speaker tell less than as many of different ones."""
    rng = np.random.default_rng(4)
    speaker = np.repeat(np.arange(20), 25)
    values = (rng.random(POOL) < rng.beta(1, 1, 20)[speaker]).astype(np.float64)
    told, guess = draw(values, rng), np.full(POOL, 0.5)
    plain = prediction_powered_mean(told, guess)
    clustered = prediction_powered_mean(told, guess, clusters=speaker)
    assert clustered.value == plain.value
    assert clustered.variance > 1.3 * plain.variance


def test_few_answers_make_no_interval_up() -> None:
    """One answer has no spread, and none no mean."""
    one = prediction_powered_mean([1.0, np.nan], [0.5, 0.5])
    assert one.value.tolist() == [1.0]
    assert np.isnan([one.low[0], one.high[0]]).all()
    none = prediction_powered_mean([np.nan, np.nan], [0.5, 0.5])
    assert np.isnan([none.value[0], none.low[0]]).all()


def test_a_missing_prediction_is_refused() -> None:
    """The mean over the pool needs all of them."""
    with pytest.raises(AnnotationError, match="let the model score the whole pool"):
        prediction_powered_mean([1.0, np.nan], [0.5, np.nan])
