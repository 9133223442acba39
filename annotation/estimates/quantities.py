"""What a campaign estimates about its pool, by each of four ways to use the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from annotation.aggregation.result import split_leaders
from annotation.columns import FloatArray, IntArray
from annotation.errors import AnnotationError
from annotation.estimates.arms import Arms
from annotation.estimates.interval import MeanEstimate, check_level
from annotation.estimates.weighted import (
    assisted_mean,
    corrected_mean,
    naive_mean,
    uniform_mean,
)

Method = Literal["naive", "corrected", "random", "assisted"]
METHODS: tuple[Method, ...] = ("naive", "corrected", "random", "assisted")


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """Something of which the pool has a mean.

    Attributes:
        name: Such as `class_share`.
        labels: What its K numbers are of, such as classes; one empty text for a single number.
        values: One row per clip of the pool, within [0, 1], (N, K); NaN where nobody has told.
        predictions: The model's guess at them, (N, K); None without a model.
        saw_seed: Whether the values depend on what the seed's answers taught a model.
    """

    name: str
    labels: tuple[str, ...]
    values: FloatArray
    predictions: FloatArray | None
    saw_seed: bool = False


@dataclass(frozen=True, slots=True)
class PoolEstimate:
    """One mean over the pool, estimated in one way.

    Attributes:
        quantity: What is averaged.
        label: Which of its numbers, such as a class; empty if there is one.
        method: `naive` takes all answers as if drawn at random; `corrected` weighs them by how
            their clips were chosen; `random` takes those on clips drawn at random alone;
            `assisted` lets the model's predictions help where only random clips tell.
        value: The estimate; NaN where undefined.
        low: Lower end of its interval.
        high: Upper end.
        clips: Clips whose answers were used.
    """

    quantity: str
    label: str
    method: Method
    value: float
    low: float
    high: float
    clips: int


def class_share(
    posterior: npt.ArrayLike, classes: Sequence[str], predictions: npt.ArrayLike | None = None
) -> Quantity:
    """Return the share of each class among the labels; k classes that tie have 1/k of a clip each.

    Args:
        posterior: What people concluded, (N, C); NaN for clips without an answer.
        classes: C names.
        predictions: The model's posterior of each clip, (N, C).

    Raises:
        AnnotationError: The posterior is not (N, C).
    """
    labels = split_labels(posterior)
    if labels.shape[1] != len(classes):
        msg = (
            f"`posterior` must have a column for each of the {len(classes)} classes, but has "
            f"{labels.shape[1]}"
        )
        raise AnnotationError(msg)
    return Quantity("class_share", tuple(classes), labels, _optional(predictions))


def pair_disagreement(counts: npt.ArrayLike, predictions: npt.ArrayLike | None = None) -> Quantity:
    """Return the chance that two people who hear the same clip say different things.

    1 − Σ_c n[c] (n[c] − 1) / (n (n − 1)) does not depend, on average, on how many people were
    asked, as the entropy of their votes does. Clips heard by fewer than two have none.

    Args:
        counts: People per clip and class, (N, C).
        predictions: The model's posterior, (N, C), whose 1 − Σ p² guesses the same.

    Example:
        >>> pair_disagreement([[3, 1], [2, 0], [1, 0]]).values.ravel().tolist()
        [0.5, 0.0, nan]
    """
    table = np.asarray(counts, np.float64)
    people = table.sum(axis=1)
    pairs = people * (people - 1)
    same = (table * (table - 1)).sum(axis=1)
    values = np.full(len(table), np.nan)
    np.divide(pairs - same, pairs, out=values, where=people > 1)
    return Quantity("pair_disagreement", ("",), values[:, None], _doubt(predictions))


def tied_votes(counts: npt.ArrayLike, predictions: npt.ArrayLike | None = None) -> Quantity:
    """Return the share of clips on which no class has more votes than every other.

    Args:
        counts: People per clip and class, (N, C); clips heard by fewer than two have no value.
        predictions: The model's posterior, (N, C), whose 1 − Σ p² helps to guess.
    """
    table = np.asarray(counts, np.float64)
    ties = (table == table.max(axis=1, keepdims=True)).sum(axis=1) > 1
    values = np.where(table.sum(axis=1) > 1, ties, np.nan)
    return Quantity("tied_votes", ("",), values[:, None], _doubt(predictions))


def agreement_with_model(posterior: npt.ArrayLike, predictions: npt.ArrayLike) -> Quantity:
    """Return the share of clips whose label is the model's likeliest class.

    A label that k classes share counts 1/k. The model learned from the seed, on which it agrees
    more than elsewhere, see `Quantity.saw_seed`. Its confidence guesses at its own agreement.

    Args:
        posterior: What people concluded, (N, C); NaN for clips without an answer.
        predictions: The model's posterior of each clip of the pool, (N, C).
    """
    guess = np.asarray(predictions, np.float64)
    likeliest = guess.argmax(axis=1)[:, None]
    values = np.take_along_axis(split_labels(posterior), likeliest, axis=1)
    confidence = np.take_along_axis(guess, likeliest, axis=1)
    return Quantity("agreement_with_model", ("",), values, confidence, saw_seed=True)


def agreement_with_intended(
    posterior: npt.ArrayLike, intended: IntArray, predictions: npt.ArrayLike | None = None
) -> Quantity:
    """Return the share of clips whose label is the one that the corpus's design asked for.

    Args:
        posterior: What people concluded, (N, C); NaN for clips without an answer.
        intended: Index of the intended class of each clip of the pool, (N,).
        predictions: The model's posterior of each clip, (N, C).
    """
    column = np.asarray(intended, np.int64)[:, None]
    values = np.take_along_axis(split_labels(posterior), column, axis=1)
    guess = _optional(predictions)
    if guess is not None:
        guess = np.take_along_axis(guess, column, axis=1)
    return Quantity("agreement_with_intended", ("",), values, guess)


def estimate_pool(
    quantities: Sequence[Quantity],
    arms: Arms,
    *,
    level: float = 0.95,
    clusters: npt.ArrayLike | None = None,
) -> tuple[PoolEstimate, ...]:
    """Estimate each quantity over the pool in every way there is.

    Args:
        quantities: Of the same N clips.
        arms: Who asked about which of them.
        level: Coverage wanted, within (0, 1).
        clusters: The speaker of each clip: intervals then say what other speakers would have
            given. None for intervals about this pool.

    Returns:
        One row per quantity, number and method, in this order; `assisted` only where there are
        predictions.

    Raises:
        AnnotationError: Shapes differ, or a value is outside [0, 1].

    Example:
        >>> arms = Arms.checked(seed=[0] * 4, active=[1, 1, 0, 0], random=[0, 0, 1, 1])
        >>> votes = pair_disagreement([[1, 1], [1, 1], [2, 0], [0, 2]])
        >>> [(row.method, row.value) for row in estimate_pool([votes], arms)]
        [('naive', 0.5), ('corrected', 0.5), ('random', 0.0)]
    """
    check_level(level)
    return tuple(
        PoolEstimate(
            quantity=quantity.name,
            label=label,
            method=method,
            value=float(found.value[at]),
            low=float(found.low[at]),
            high=float(found.high[at]),
            clips=found.clips,
        )
        for quantity in quantities
        for means in [_estimate(quantity, arms, level, clusters)]
        for at, label in enumerate(quantity.labels)
        for method, found in means.items()
    )


def _estimate(
    quantity: Quantity, arms: Arms, level: float, clusters: npt.ArrayLike | None
) -> Mapping[Method, MeanEstimate]:
    values, saw = quantity.values, quantity.saw_seed
    ways: dict[Method, Callable[[], MeanEstimate]] = {
        "naive": lambda: naive_mean(values, level=level, clusters=clusters),
        "corrected": lambda: corrected_mean(
            values, arms, saw_seed=saw, level=level, clusters=clusters
        ),
        "random": lambda: uniform_mean(values, arms, saw_seed=saw, level=level, clusters=clusters),
    }
    guess = quantity.predictions
    if guess is not None:
        ways["assisted"] = lambda: assisted_mean(
            values, guess, arms, level=level, clusters=clusters
        )
    return {method: way() for method, way in ways.items()}


def split_labels(posterior: npt.ArrayLike) -> FloatArray:
    """Return 1 for each clip's leading class, shared evenly where classes tie, (N, C).

    Args:
        posterior: (N, C); rows with NaN stay NaN.

    Raises:
        AnnotationError: It is not (N, C).
    """
    table = np.asarray(posterior, np.float64)
    if table.ndim != 2:
        msg = f"`posterior` must be (clips, classes), but has shape {table.shape}"
        raise AnnotationError(msg)
    told = ~np.isnan(table).any(axis=1)
    labels = np.full(table.shape, np.nan)
    labels[told] = split_leaders(table[told])
    return labels


def _doubt(predictions: npt.ArrayLike | None) -> FloatArray | None:
    guess = _optional(predictions)
    return None if guess is None else np.asarray(1 - (guess**2).sum(axis=1))[:, None]


def _optional(predictions: npt.ArrayLike | None) -> FloatArray | None:
    return None if predictions is None else np.asarray(predictions, np.float64)
