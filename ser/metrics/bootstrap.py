"""How far a metric would move with other speakers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.metrics.classification import Labels, check_labels, mean_recall


@dataclass(frozen=True)
class Interval:
    """A number with its confidence interval.

    Args:
        estimate: The number on all clips.
        low: Lower end, NaN where undefined.
        high: Upper end, NaN where undefined.
    """

    estimate: float
    low: float
    high: float


def bootstrap_uar(
    truth: Labels,
    prediction: Labels,
    speakers: Sequence[str],
    *,
    n_classes: int,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the UAR with a percentile interval over resampled speakers.

    The clips of a speaker are alike, so whole speakers are drawn with replacement; drawing
    clips would give an interval that is too narrow. Confusion counts are summed per speaker
    once, and a resample is a weighted sum of them.

    Args:
        truth: True class of each clip, int ``(N,)`` in 0 … C − 1.
        prediction: Predicted class of each clip, int ``(N,)``.
        speakers: Speaker of each clip, N names.
        n_classes: C.
        resamples: Number of resamples, at least 1.
        confidence: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the draw.

    Returns:
        The interval; its ends are NaN with fewer than two speakers.

    Raises:
        ConfigurationError: If lengths differ or a parameter lies outside its range.

    Example:
        >>> truth, speakers = np.array([0, 1, 0, 1]), ["a", "a", "b", "b"]
        >>> bootstrap_uar(truth, np.array([0, 1, 0, 0]), speakers, n_classes=2)
        Interval(estimate=0.75, low=0.5, high=1.0)

    Reference:
        B. Efron and R. J. Tibshirani, "An introduction to the bootstrap", 1993; C. A. Field
        and A. H. Welsh, "Bootstrapping clustered data", JRSS B 69(3), 2007.
        https://doi.org/10.1111/j.1467-9868.2007.00593.x
    """
    _check_resampling(resamples, confidence)
    counts = speaker_confusions(truth, prediction, speakers, n_classes)
    estimate = float(mean_recall(counts.sum(axis=0)))
    weights = _draw_speakers(len(counts), resamples, seed)
    return _interval(estimate, mean_recall(_sum_counts(weights, counts)), confidence)


def bootstrap_uar_difference(
    truth: Labels,
    first: Labels,
    second: Labels,
    speakers: Sequence[str],
    *,
    n_classes: int,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return UAR of `first` minus UAR of `second`, both on the same resampled speakers.

    Pairing removes what both models share, such as an easy or a hard speaker, so it tells
    models apart that two separate intervals could not.

    Args:
        truth: True class of each clip, int ``(N,)`` in 0 … C − 1.
        first: Class predicted by the first model, int ``(N,)``.
        second: Class predicted by the second model, int ``(N,)``.
        speakers: Speaker of each clip, N names.
        n_classes: C.
        resamples: Number of resamples, at least 1.
        confidence: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the draw.

    Returns:
        The interval of the difference; its ends are NaN with fewer than two speakers.

    Raises:
        ConfigurationError: If lengths differ or a parameter lies outside its range.

    Example:
        >>> truth, speakers = np.array([0, 1, 0, 1]), ["a", "a", "b", "b"]
        >>> bootstrap_uar_difference(truth, truth, 1 - truth, speakers, n_classes=2)
        Interval(estimate=1.0, low=1.0, high=1.0)
    """
    _check_resampling(resamples, confidence)
    counts = [speaker_confusions(truth, said, speakers, n_classes) for said in (first, second)]
    estimates = [float(mean_recall(by_speaker.sum(axis=0))) for by_speaker in counts]
    weights = _draw_speakers(len(counts[0]), resamples, seed)
    uars = [mean_recall(_sum_counts(weights, by_speaker)) for by_speaker in counts]
    return _interval(estimates[0] - estimates[1], uars[0] - uars[1], confidence)


def speaker_confusions(
    truth: Labels, prediction: Labels, speakers: Sequence[str], n_classes: int
) -> npt.NDArray[np.int64]:
    """Return the confusion counts of each speaker, ``(speakers in sorted order, C, C)``.

    Args:
        truth: True class of each clip, int ``(N,)``.
        prediction: Predicted class of each clip, int ``(N,)``.
        speakers: Speaker of each clip, N names.
        n_classes: C.

    Raises:
        ConfigurationError: If lengths differ or a class leaves the range.
    """
    check_labels("truth", truth, n_classes)
    check_labels("prediction", prediction, n_classes)
    if not len(truth) == len(prediction) == len(speakers):
        raise ConfigurationError(
            "`truth`, `prediction` and `speakers` must have one entry per clip, but got "
            f"{len(truth)}, {len(prediction)} and {len(speakers)}"
        )
    names, rows = np.unique(np.asarray(speakers, dtype=str), return_inverse=True)
    # The speaker becomes part of the true class, and one count serves all speakers.
    joint_truth = rows * n_classes + truth
    joint = len(names) * n_classes
    cells = joint_truth.astype(np.int64) * n_classes + prediction
    return np.bincount(cells, minlength=joint * n_classes).reshape(-1, n_classes, n_classes)


def _check_resampling(resamples: int, confidence: float) -> None:
    if resamples < 1 or not 0 < confidence < 1:
        raise ConfigurationError(
            "`resamples` must be ≥ 1 and `confidence` in (0, 1), but got "
            f"{resamples} and {confidence}"
        )


def _draw_speakers(n_speakers: int, resamples: int, seed: int) -> npt.NDArray[np.int64]:
    """Return how often each speaker is drawn in each resample, (resamples, speakers).

    A single speaker is drawn no times: its resamples would all be alike, and an interval of
    width 0 would look like certainty.
    """
    if n_speakers < 2:
        return np.zeros((resamples, n_speakers), dtype=np.int64)
    generator = np.random.default_rng(seed)
    return generator.multinomial(n_speakers, np.full(n_speakers, 1 / n_speakers), resamples)


def _sum_counts(
    weights: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return the confusion counts of each resample, (resamples, C, C)."""
    summed = weights @ counts.reshape(len(counts), -1)
    return summed.reshape(len(weights), *counts.shape[1:])


def _interval(estimate: float, resampled: npt.NDArray[np.float64], confidence: float) -> Interval:
    """Return the percentile interval; NaN ends where every resample is undefined."""
    if np.isnan(resampled).all():
        return Interval(estimate, float("nan"), float("nan"))
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(resampled, [tail, 1 - tail])
    return Interval(estimate, float(low), float(high))
