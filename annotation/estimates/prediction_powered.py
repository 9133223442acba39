"""A few answers and a model's guesses at all clips: together they tell more than either."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.errors import AnnotationError
from annotation.estimates.interval import (
    MeanEstimate,
    check_level,
    check_values,
    cluster_variance,
    mean_interval,
)


def prediction_powered_mean(
    values: npt.ArrayLike,
    predictions: npt.ArrayLike,
    *,
    power: float | None = None,
    level: float = 0.95,
    clusters: npt.ArrayLike | None = None,
) -> MeanEstimate:
    """Return λ·mean_pool(f) + mean_sample(y − λ·f), the mean of y over the pool.

    The clips with an answer must be a uniform random sample of the pool, drawn without
    replacement, and the model that predicts f must not have learned from their answers: it would
    seem to err less than it does. However wrong f is, the estimate is unbiased for a given λ; the
    better f is, the narrower the interval. The λ that makes it narrowest is found from the
    sample, which costs a bias of the order of 1 / n. One λ is used for all K numbers, so that
    shares still sum to 1.

    The sample is part of the pool, so that the variance is that of the difference estimator,
    (1 − n/N)·var(y − λ·f) / n, and 0 once every clip has its answer.

    Args:
        values: y of each clip, (N,) or (N, K), such as one-hot labels; NaN outside the sample.
        predictions: f of each clip of the pool, shaped like `values`, such as posteriors.
        power: λ; None for the best within [0, 1]. 0 ignores the model.
        level: Coverage wanted, within (0, 1).
        clusters: The speaker of each clip, N names: the interval then says what other speakers
            would have given. None for an interval about this pool.

    Returns:
        The estimate; without two answers its interval is NaN, without one its value too.

    Raises:
        AnnotationError: Shapes differ, a prediction is not finite, or `level` is out of range.

    Reference:
        A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan and T. Zrnic (2023).
        Prediction-powered inference. Science 382, 669-674. doi:10.1126/science.adi6000
        A. N. Angelopoulos, J. C. Duchi and T. Zrnic (2023). PPI++: efficient prediction-powered
        inference. arXiv:2311.01453. For finite pools: C.-E. Särndal, B. Swensson and J. Wretman
        (1992). Model assisted survey sampling, ch. 6.

    Example:
        >>> guess = np.array([0.9, 0.8, 0.2, 0.1, 0.9, 0.2])
        >>> answers = np.array([1.0, np.nan, 0.0, np.nan, 1.0, np.nan])
        >>> found = prediction_powered_mean(answers, guess)
        >>> found.value.round(2).tolist(), found.clips
        ([0.52], 3)
    """
    check_level(level)
    table, answered = check_values(values)
    guess = check_predictions(predictions, table)
    if power is None:
        power = tune_power(table[answered], guess[answered])
    count, size = int(answered.sum()), len(table)
    if not count:
        unknown = np.full(table.shape[1], np.nan)
        return MeanEstimate(unknown, unknown, unknown, unknown, level, 0)
    residual = table[answered] - power * guess[answered]
    fitted = power * guess + residual.mean(axis=0)
    value = fitted.mean(axis=0)
    freedom = count - 1
    variance = np.full(table.shape[1], np.nan)
    if freedom:
        variance = (1 - count / size) * residual.var(axis=0, ddof=1) / count
    if freedom and clusters is not None:
        among, freedom = cluster_variance(errors_of(table, fitted, answered / count), clusters)
        variance = np.maximum(variance, among)
    low, high = mean_interval(value, variance, level=level, freedom=max(freedom, 1))
    return MeanEstimate(value, variance, low, high, level, count)


def tune_power(values: FloatArray, predictions: FloatArray) -> float:
    """Return the λ within [0, 1] of the smallest total variance, Σ cov(y, f) / Σ var(f).

    The formula of Angelopoulos, Duchi and Zrnic (2023) divides by 1 + n/N besides, since there
    the unlabelled clips are another sample; here they are the pool that is asked about.

    Args:
        values: y of the sample, (n, K).
        predictions: f of the sample, (n, K).

    Returns:
        λ; 0 where predictions do not vary.

    Example:
        >>> guess = np.array([[0.2], [0.4], [0.9]])
        >>> tune_power(0.5 * guess + 0.1, guess), tune_power(1 - guess, guess)
        (0.5, 0.0)
    """
    if not len(values):
        return 0.0
    centred = predictions - predictions.mean(axis=0)
    spread = float((centred**2).sum())
    shared = float((centred * (values - values.mean(axis=0))).sum())
    return float(np.clip(round(shared / spread, 12), 0.0, 1.0)) if spread else 0.0


def errors_of(values: FloatArray, fitted: FloatArray, weight: FloatArray) -> FloatArray:
    """Return what each clip adds to the error of mean(f) + Σ weight·(y − f), (N, K).

    Args:
        values: y, (N, K); NaN where there is none, and `weight` 0.
        fitted: f of every clip, (N, K), such that Σ weight·(y − f) is 0.
        weight: (N,).
    """
    seen = (weight > 0)[:, None]
    own = np.where(seen, values - fitted, 0.0) * weight[:, None]
    return np.asarray((fitted - fitted.mean(axis=0)) / len(fitted) + own)


def check_predictions(predictions: npt.ArrayLike, values: FloatArray) -> FloatArray:
    """Return predictions shaped like the values, (N, K).

    Raises:
        AnnotationError: The shape differs, or one is not finite.
    """
    guess = np.asarray(predictions, np.float64)
    guess = guess[:, None] if guess.ndim == 1 else guess
    if guess.shape != values.shape or not np.isfinite(guess).all():
        msg = (
            f"`predictions` must be finite for every clip of the pool, {values.shape}, but have "
            f"shape {guess.shape} and {int((~np.isfinite(guess)).sum())} entries that are not; "
            "let the model score the whole pool"
        )
        raise AnnotationError(msg)
    return guess
