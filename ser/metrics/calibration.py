"""Whether a model is right as often as it says it is."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from ser.errors import ConfigurationError
from ser.metrics.classification import Labels, check_labels
from ser.metrics.posteriors import Posterior, check_posterior, log_posterior, one_hot
from ser.metrics.statistic import (
    ClipStatistic,
    FloatArray,
    IntArray,
    Statistic,
    SummedStatistic,
    ratio,
)

Binning = Literal["equal_width", "equal_mass"]
DEFAULT_BINS = 15  # as in Guo et al. (2017)


@dataclass(frozen=True)
class ReliabilityBin:
    """Clips on which the model is about equally confident.

    Args:
        low: Lower edge of the confidence, exclusive but in the first bin.
        high: Upper edge, inclusive.
        clips: Number of clips.
        confidence: Mean confidence, NaN without a clip.
        accuracy: Share predicted right, NaN without a clip.
    """

    low: float
    high: float
    clips: int
    confidence: float
    accuracy: float


def reliability_table(
    truth: Labels,
    posterior: Posterior,
    *,
    bins: int = DEFAULT_BINS,
    binning: Binning = "equal_width",
) -> tuple[ReliabilityBin, ...]:
    """Return confidence and accuracy per bin of confidence, ascending.

    The confidence of a clip is the largest entry of its posterior. Bins of equal mass are cut at
    quantiles; clips of equal confidence stay in one bin.

    Args:
        truth: True class of each clip, int ``(N,)``.
        posterior: P(class), ``(N, C)``.
        bins: M, at least 1.
        binning: Bins of equal width over [0, 1], or of about equally many clips.

    Raises:
        ConfigurationError: If an argument is malformed or out of range.

    Example:
        >>> posterior = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]])
        >>> [(row.high, row.clips, row.accuracy)
        ...  for row in reliability_table(np.array([0, 1, 0]), posterior, bins=2)]
        [(0.5, 0, nan), (1.0, 3, 0.6666666666666666)]
    """
    confidence, hits = _confidence(*_check(truth, posterior, bins, binning))
    edges = _edges(confidence, bins, binning)
    clips, confident, right = _bin_sums(confidence, hits, edges)
    columns = (edges[:-1], edges[1:], ratio(confident, clips), ratio(right, clips))
    return tuple(
        ReliabilityBin(low, high, int(count), mean, accuracy)
        for count, (low, high, mean, accuracy) in zip(
            clips, np.stack(columns, axis=1).tolist(), strict=True
        )
    )


def expected_calibration_error(
    truth: Labels,
    posterior: Posterior,
    *,
    bins: int = DEFAULT_BINS,
    binning: Binning = "equal_width",
) -> float:
    """Return the mean gap between confidence and accuracy over bins of confidence (ECE).

    ``ECE = Σ over bins of  clips in bin / N · |accuracy − mean confidence|``

    Args:
        truth: True class of each clip, int ``(N,)``.
        posterior: P(class), ``(N, C)``.
        bins: M, at least 1.
        binning: Bins of equal width over [0, 1], or of about equally many clips.

    Raises:
        ConfigurationError: If an argument is malformed or out of range.

    Example:
        >>> posterior = np.array([[0.75, 0.25]] * 4)
        >>> expected_calibration_error(np.array([0, 0, 0, 1]), posterior)
        0.0

    Reference:
        M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated probabilities
        using Bayesian binning", AAAI 2015; equal mass: K. Nguyen and B. O'Connor, "Posterior
        calibration and exploratory analysis for natural language processing models", EMNLP 2015.
    """
    statistic = ece_statistic(truth, posterior, bins=bins, binning=binning)
    return statistic.evaluate()["ece"]


def ece_statistic(
    truth: Labels,
    posterior: Posterior,
    *,
    bins: int = DEFAULT_BINS,
    binning: Binning = "equal_width",
) -> Statistic:
    """Return the expected calibration error, `ece`, ready to be resampled.

    Bins of equal mass are cut anew for every set of clips, which makes them slow to resample.

    Args:
        truth: True class of each clip, int ``(N,)``.
        posterior: P(class), ``(N, C)``.
        bins: M, at least 1.
        binning: Bins of equal width over [0, 1], or of about equally many clips.

    Raises:
        ConfigurationError: If an argument is malformed or out of range.
    """
    confidence, hits = _confidence(*_check(truth, posterior, bins, binning))
    if binning == "equal_width":
        rows = _bin_rows(confidence, hits, _edges(confidence, bins, binning))
        return SummedStatistic(("ece",), rows, _finish_ece)
    rows = np.stack([confidence, hits], axis=1)
    return ClipStatistic(("ece",), rows, partial(_equal_mass_ece, bins=bins))


def calibration_statistic(
    truth: Labels, posterior: Posterior, *, bins: int = DEFAULT_BINS
) -> SummedStatistic:
    """Return what is asked of probabilities, ready to be resampled.

    Args:
        truth: True class of each clip, int ``(N,)``.
        posterior: P(class), ``(N, C)``.
        bins: Bins of equal width of the calibration error, at least 1.

    Returns:
        `nll`, `brier` and `ece`.

    Raises:
        ConfigurationError: If an argument is malformed or out of range.
    """
    labels, checked = _check(truth, posterior, bins)
    confidence, hits = _confidence(labels, checked)
    surprise = -log_posterior(checked[np.arange(len(labels)), labels])
    squares = ((checked - one_hot(labels, checked.shape[1])) ** 2).sum(axis=1)
    binned = _bin_rows(confidence, hits, _edges(confidence, bins, "equal_width"))
    rows = np.column_stack([surprise, squares, binned])
    return SummedStatistic(("nll", "brier", "ece"), rows, _finish)


def negative_log_likelihood(truth: Labels, posterior: Posterior) -> float:
    """Return the mean of −ln P(true class), nats (NLL, log loss).

    Args:
        truth: True class of each clip, int ``(N,)``.
        posterior: P(class), ``(N, C)``; a 0 is taken as the smallest float32, 87 nats.

    Raises:
        ConfigurationError: If an argument is malformed.

    Example:
        >>> round(negative_log_likelihood(np.array([0]), np.array([[0.5, 0.5]])), 4)
        0.6931
    """
    return calibration_statistic(truth, posterior).evaluate()["nll"]


def brier_score(truth: Labels, posterior: Posterior) -> float:
    """Return the mean squared distance from the posterior to the truth, in [0, 2].

    ``mean over clips of Σ_c (P(c) − [truth = c])²``, the sum over classes as Brier has it.

    Args:
        truth: True class of each clip, int ``(N,)``.
        posterior: P(class), ``(N, C)``.

    Raises:
        ConfigurationError: If an argument is malformed.

    Example:
        >>> brier_score(np.array([0]), np.array([[0.5, 0.5]]))
        0.5

    Reference:
        G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly
        Weather Review 78(1), 1950.
    """
    return calibration_statistic(truth, posterior).evaluate()["brier"]


def _check(
    truth: Labels, posterior: Posterior, bins: int, binning: Binning = "equal_width"
) -> tuple[Labels, FloatArray]:
    checked = check_posterior("posterior", posterior)
    check_labels("truth", truth, checked.shape[1])
    if len(truth) != len(checked):
        raise ConfigurationError(
            f"`truth` and `posterior` must be of the same clips, but got {len(truth)} and "
            f"{len(checked)}"
        )
    if bins < 1 or binning not in {"equal_width", "equal_mass"}:
        raise ConfigurationError(
            "`bins` must be ≥ 1 and `binning` `equal_width` or `equal_mass`, but got "
            f"{bins} and `{binning}`"
        )
    return truth, checked


def _confidence(truth: Labels, posterior: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the largest probability of each clip and whether its class is right, both (N,)."""
    hits = (posterior.argmax(axis=1) == truth).astype(np.float64)
    return posterior.max(axis=1), hits


def _edges(confidence: FloatArray, bins: int, binning: Binning) -> FloatArray:
    steps: FloatArray = np.linspace(0, 1, bins + 1, dtype=np.float64)
    if binning == "equal_width":
        return steps
    return np.quantile(confidence, steps).astype(np.float64)


def _bin_of(confidence: FloatArray, edges: FloatArray) -> IntArray:
    """Return the bin (low, high] of each clip, the lowest confidence in the first."""
    found = np.searchsorted(edges, confidence, side="left") - 1
    return np.clip(found, 0, len(edges) - 2)


def _bin_sums(
    confidence: FloatArray, hits: FloatArray, edges: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return clips, summed confidence and hits of each bin, each (M,)."""
    where, bins = _bin_of(confidence, edges), len(edges) - 1
    clips = np.bincount(where, minlength=bins).astype(np.float64)
    confident, right = (
        np.bincount(where, weights, bins).astype(np.float64) for weights in (confidence, hits)
    )
    return clips, confident, right


def _bin_rows(confidence: FloatArray, hits: FloatArray, edges: FloatArray) -> FloatArray:
    """Return what each clip adds to `_bin_sums`, (N, 3M)."""
    rows = np.zeros((len(hits), 3, len(edges) - 1))
    rows[np.arange(len(hits)), :, _bin_of(confidence, edges)] = np.stack(
        [np.ones(len(hits)), confidence, hits], axis=1
    )
    return rows.reshape(len(hits), -1)


def _gap(clips: FloatArray, confident: FloatArray, right: FloatArray) -> FloatArray:
    """Return the calibration error from the sums of each bin, (…, M) → (…,)."""
    return ratio(np.abs(right - confident).sum(axis=-1), clips.sum(axis=-1))


def _equal_mass_ece(rows: FloatArray, bins: int) -> FloatArray:
    confidence, hits = rows[:, 0], rows[:, 1]
    return _gap(*_bin_sums(confidence, hits, _edges(confidence, bins, "equal_mass")))


def _finish_ece(sums: FloatArray) -> FloatArray:
    clips, confident, right = np.moveaxis(sums.reshape(len(sums), 3, -1), 1, 0)
    return _gap(clips, confident, right)[:, None]


def _finish(sums: FloatArray) -> FloatArray:
    bins = (sums.shape[1] - 2) // 3
    clips = sums[:, 2 : 2 + bins].sum(axis=1, keepdims=True)
    return np.concatenate([ratio(sums[:, :2], clips), _finish_ece(sums[:, 2:])], axis=1)
