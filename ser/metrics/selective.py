"""How often a model is right when it may stay silent about what it is least sure of."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ser.errors import ConfigurationError
from ser.metrics.bootstrap import Interval
from ser.metrics.classification import Labels, check_labels
from ser.metrics.conformal import BoolArray
from ser.metrics.posteriors import Posterior, check_posterior
from ser.metrics.statistic import (
    ClipStatistic,
    FloatArray,
    SummedStatistic,
    number_speakers,
    ratio,
)

# From a tenth of the clips answered to all of them; fewer are too few clips to judge.
ANSWERED = tuple(round(0.1 + 0.05 * step, 2) for step in range(19))


@dataclass(frozen=True)
class SelectivePoint:
    """How often a model is right about the clips it is surest of.

    Args:
        answered: Share of clips that are answered, in (0, 1].
        accuracy: Share of those that are right, with its interval.
    """

    answered: float
    accuracy: Interval


def selective_statistic(
    truth: Labels, posterior: Posterior, *, answered: tuple[float, ...] = ANSWERED
) -> ClipStatistic:
    """Return how right a model is at each share of clips answered, ready to be resampled.

    The clips answered first are those with the largest entry of the posterior; of equally sure
    clips, each answers for the mean of them.

    Metrics: `aurc`, the area under the curve of risk (share wrong) over the share answered, from
    the surest clip to all of them, 0 at best; `excess_aurc`, what it is above that of a model
    with the same answers that knows which of them are wrong; and `accuracy@0.10` and so on.

    Args:
        truth: True class of each clip, int ``(N,)``.
        posterior: P(class), ``(N, C)``.
        answered: Shares to tell the accuracy at, in (0, 1].

    Raises:
        ConfigurationError: If an argument is malformed or out of range.

    Example:
        >>> posterior = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
        >>> found = selective_statistic(np.array([0, 0, 1, 1]), posterior, answered=(0.5, 1.0))
        >>> found.evaluate()
        {'aurc': 0.0625, 'excess_aurc': 0.0, 'accuracy@0.50': 1.0, 'accuracy@1.00': 0.75}

    Reference:
        R. El-Yaniv and Y. Wiener, "On the foundations of noise-free selective classification",
        JMLR 11, 2010; Y. Geifman, G. Uziel and R. El-Yaniv, "Bias-reduced uncertainty estimation
        for deep neural classifiers", ICLR 2019 (AURC and its excess).
    """
    values = check_posterior("posterior", posterior)
    check_labels("truth", truth, values.shape[1])
    if len(truth) != len(values):
        raise ConfigurationError(
            f"`truth` must have one entry for each of {len(values)} clips, but has {len(truth)}"
        )
    if not answered or min(answered) <= 0 or max(answered) > 1:
        raise ConfigurationError(f"`answered` must be shares in (0, 1], got {list(answered)}")
    hits = values.argmax(axis=1) == truth
    names = ("aurc", "excess_aurc", *(_name(share) for share in answered))
    rows = np.column_stack([values.max(axis=1), hits]).astype(np.float64)
    return ClipStatistic(names, rows, partial(_score, answered=np.array(answered)))


def selective_curve(
    found: dict[str, Interval], *, answered: tuple[float, ...] = ANSWERED
) -> tuple[SelectivePoint, ...]:
    """Return the curve that a bootstrap of `selective_statistic` found, by share answered.

    Args:
        found: What `bootstrap_metrics` returned.
        answered: The shares that the statistic was asked about.
    """
    return tuple(SelectivePoint(share, found[_name(share)]) for share in sorted(answered))


def _name(share: float) -> str:
    return f"accuracy@{share:.2f}"


def _score(rows: FloatArray, answered: FloatArray) -> FloatArray:
    clips = len(rows)
    _, place, times = np.unique(-rows[:, 0], return_inverse=True, return_counts=True)
    right = np.bincount(place, rows[:, 1]) / times
    count = np.arange(1, clips + 1)
    accuracy = np.repeat(right, times).cumsum() / count
    best = np.minimum(rows[:, 1].sum(), count) / count
    # At least one clip is answered, and 0.7 of 10 clips are 7 whatever floats make of it.
    at = np.maximum(np.ceil(answered * clips - 1e-9).astype(np.int64), 1) - 1
    return np.concatenate(
        [[np.mean(1 - accuracy), np.mean(1 - accuracy) - np.mean(1 - best)], accuracy[at]]
    )


def set_statistic(
    truth: Labels, sets: BoolArray, speakers: Sequence[str] | None = None
) -> SummedStatistic:
    """Return what sets of classes are worth, ready to be resampled.

    Metrics: `coverage`, the share of sets that hold the right class; `set_size`, their mean
    size; `answered`, the share of exactly one class; `answered_accuracy`, the share of those that
    are right; `empty`, the share of none.

    Args:
        truth: True class of each clip, int ``(N,)``.
        sets: Whether each class is in the set of each clip, ``(N, C)``.
        speakers: Speaker of each clip, to count each speaker alike; None to count clips alike.

    Raises:
        ConfigurationError: If an argument is malformed.

    Example:
        >>> sets = np.array([[True, False], [True, True], [True, False]])
        >>> set_statistic(np.array([0, 1, 1]), sets, ["a", "a", "b"]).evaluate()
        {'coverage': 0.5, 'set_size': 1.25, 'answered': 0.75, 'answered_accuracy': \
0.3333333333333333, 'empty': 0.0}
    """
    if sets.ndim != 2 or sets.shape[0] != len(truth) or not len(truth):
        raise ConfigurationError(
            f"`sets` must have the shape (N, C) with a row for each of {len(truth)} clips, at "
            f"least one, but has {sets.shape}"
        )
    check_labels("truth", truth, sets.shape[1])
    weights: FloatArray = np.ones(len(truth))
    if speakers is not None:
        _, numbers = number_speakers(speakers, len(truth))
        weights = np.asarray(1 / np.bincount(numbers)[numbers], np.float64)
    size = sets.sum(axis=1)
    is_held = sets[np.arange(len(truth)), truth]
    columns = (is_held, size, size == 1, is_held & (size == 1), size == 0, np.ones(len(truth)))
    rows = np.column_stack(columns).astype(np.float64) * weights[:, None]
    names = ("coverage", "set_size", "answered", "answered_accuracy", "empty")
    return SummedStatistic(names, rows, _finish_sets)


def _finish_sets(sums: FloatArray) -> FloatArray:
    held, size, single, right, empty, weight = sums.T
    return np.column_stack(
        [
            ratio(held, weight),
            ratio(size, weight),
            ratio(single, weight),
            ratio(right, single),
            ratio(empty, weight),
        ]
    )
