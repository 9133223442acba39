"""How far a metric would move with other speakers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ser.errors import ConfigurationError
from ser.metrics.classification import Labels, classification_statistic
from ser.metrics.statistic import FloatArray, IntArray, Statistic, number_speakers

AnyStatistic = TypeVar("AnyStatistic", bound=Statistic)

# Draws held at a time: 32 MB.
CHUNK = 4_000_000


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


def bootstrap_metrics(
    statistic: Statistic,
    speakers: Sequence[str],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return metrics with percentile intervals over resampled speakers.

    The clips of a speaker are alike, so whole speakers are drawn with replacement; drawing
    clips would give an interval that is too narrow. Resamples in which a metric is undefined
    are left out of its interval. The model is held fixed: the interval says what other speakers
    would have given, not what other seeds would have.

    Args:
        statistic: Metrics of N clips, such as `classification_statistic` returns.
        speakers: Speaker of each clip, N names.
        resamples: Number of resamples, at least 1.
        confidence: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the draw; equal seeds draw the same speakers for every metric.

    Returns:
        The interval of each metric by name; its ends are NaN with fewer than two speakers.

    Raises:
        ConfigurationError: If there is no clip, not one speaker per clip, or a parameter lies
            outside its range.

    Example:
        >>> truth, speakers = np.array([0, 1, 0, 1]), ["a", "a", "b", "b"]
        >>> found = classification_statistic(truth, np.array([0, 1, 0, 0]), ["calm", "joy"])
        >>> bootstrap_metrics(found, speakers)["recall/joy"]
        Interval(estimate=0.5, low=0.0, high=1.0)

    Reference:
        B. Efron and R. J. Tibshirani, "An introduction to the bootstrap", 1993; C. A. Field
        and A. H. Welsh, "Bootstrapping clustered data", JRSS B 69(3), 2007.
        https://doi.org/10.1111/j.1467-9868.2007.00593.x
    """
    _check_resampling(resamples, confidence)
    n_speakers, numbers = number_speakers(speakers, len(statistic.rows))
    drawn = [
        statistic.evaluate_drawn(numbers, times)
        for times in _draw_speakers(n_speakers, resamples, seed)
    ]
    return _intervals(statistic.evaluate(), drawn, confidence)


def bootstrap_difference(
    first: AnyStatistic,
    second: AnyStatistic,
    speakers: Sequence[str],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return metrics of `first` minus those of `second`, both on the same resampled speakers.

    Pairing removes what both models share, such as an easy or a hard speaker, so it tells
    models apart that two separate intervals could not.

    Args:
        first: Metrics of N clips under the first model.
        second: The same metrics of the same clips under the second model.
        speakers: Speaker of each clip, N names.
        resamples: Number of resamples, at least 1.
        confidence: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the draw.

    Returns:
        The interval of each difference by name of its metric, see `bootstrap_metrics`.

    Raises:
        ConfigurationError: As `bootstrap_metrics`, and if the models differ in metrics or clips.
    """
    _check_resampling(resamples, confidence)
    check_comparable(first, second)
    n_speakers, numbers = number_speakers(speakers, len(first.rows))
    drawn = [
        first.evaluate_drawn(numbers, times) - second.evaluate_drawn(numbers, times)
        for times in _draw_speakers(n_speakers, resamples, seed)
    ]
    other = second.evaluate()
    differences = {name: value - other[name] for name, value in first.evaluate().items()}
    return _intervals(differences, drawn, confidence)


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
    """Return the UAR with its interval, see `bootstrap_metrics`.

    Args:
        truth: True class of each clip, int ``(N,)`` in 0 … C − 1.
        prediction: Predicted class of each clip, int ``(N,)``.
        speakers: Speaker of each clip, N names.
        n_classes: C.
        resamples: Number of resamples, at least 1.
        confidence: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the draw.

    Raises:
        ConfigurationError: If there is no clip, lengths differ or a parameter lies outside its
            range.

    Example:
        >>> truth, speakers = np.array([0, 1, 0, 1]), ["a", "a", "b", "b"]
        >>> bootstrap_uar(truth, np.array([0, 1, 0, 0]), speakers, n_classes=2)
        Interval(estimate=0.75, low=0.5, high=1.0)
    """
    statistic = classification_statistic(truth, prediction, _numbered(n_classes))
    found = bootstrap_metrics(
        statistic, speakers, resamples=resamples, confidence=confidence, seed=seed
    )
    return found["uar"]


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
    """Return UAR of `first` minus UAR of `second` with its interval, see `bootstrap_difference`.

    Args:
        truth: True class of each clip, int ``(N,)`` in 0 … C − 1.
        first: Class predicted by the first model, int ``(N,)``.
        second: Class predicted by the second model, int ``(N,)``.
        speakers: Speaker of each clip, N names.
        n_classes: C.
        resamples: Number of resamples, at least 1.
        confidence: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the draw.

    Raises:
        ConfigurationError: If there is no clip, lengths differ or a parameter lies outside its
            range.

    Example:
        >>> truth, speakers = np.array([0, 1, 0, 1]), ["a", "a", "b", "b"]
        >>> bootstrap_uar_difference(truth, truth, 1 - truth, speakers, n_classes=2)
        Interval(estimate=1.0, low=1.0, high=1.0)
    """
    classes = _numbered(n_classes)
    found = bootstrap_difference(
        classification_statistic(truth, first, classes),
        classification_statistic(truth, second, classes),
        speakers,
        resamples=resamples,
        confidence=confidence,
        seed=seed,
    )
    return found["uar"]


def check_comparable(first: Statistic, second: Statistic) -> None:
    """Refuse two models that were not measured in the same way on as many clips.

    Args:
        first: Metrics under the first model.
        second: Metrics under the second model.

    Raises:
        ConfigurationError: If names or shapes differ.
    """
    if first.names != second.names or first.rows.shape != second.rows.shape:
        raise ConfigurationError(
            "`first` and `second` must hold the same metrics of the same clips, but hold "
            f"{list(first.names)} of {len(first.rows)} and {list(second.names)} of "
            f"{len(second.rows)} clips"
        )


def _numbered(n_classes: int) -> list[str]:
    return [str(number) for number in range(n_classes)]


def _check_resampling(resamples: int, confidence: float) -> None:
    if resamples < 1 or not 0 < confidence < 1:
        raise ConfigurationError(
            "`resamples` must be ≥ 1 and `confidence` in (0, 1), but got "
            f"{resamples} and {confidence}"
        )


def _draw_speakers(n_speakers: int, resamples: int, seed: int) -> Iterator[IntArray]:
    """Yield how often each speaker is drawn in each resample, (≤ resamples, speakers) at a time.

    A single speaker is never drawn: the resamples would all be alike, and an interval of width 0
    would look like certainty.
    """
    generator = np.random.default_rng(seed)
    chunk = max(CHUNK // n_speakers, 1)
    for start in range(0, resamples if n_speakers > 1 else 0, chunk):
        size = min(chunk, resamples - start)
        yield generator.multinomial(n_speakers, np.full(n_speakers, 1 / n_speakers), size)


def _intervals(
    estimates: dict[str, float], drawn: Sequence[FloatArray], confidence: float
) -> dict[str, Interval]:
    """Return percentile intervals of stacked (…, V); NaN ends where none is defined."""
    values = np.concatenate([np.empty((0, len(estimates))), *drawn])
    tail = (1 - confidence) / 2
    ends = np.full((2, len(estimates)), np.nan)
    is_defined = np.isfinite(values).any(axis=0)
    ends[:, is_defined] = np.nanquantile(values[:, is_defined], [tail, 1 - tail], axis=0)
    return {
        name: Interval(value, low, high)
        for (name, value), (low, high) in zip(estimates.items(), ends.T.tolist(), strict=True)
    }
