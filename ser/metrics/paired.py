"""Whether one model is better than another on the same clips, or only luckier with its speakers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ser.errors import ConfigurationError
from ser.metrics.bootstrap import (
    AnyStatistic,
    Interval,
    bootstrap_difference,
    check_comparable,
)
from ser.metrics.statistic import FloatArray, IntArray, number_speakers

# Differences that rounding alone keeps apart count as equal.
ROUNDING = 1e-10


@dataclass(frozen=True)
class PairedComparison:
    """One metric of two models on the same clips.

    Args:
        first: The metric of the first model.
        second: The metric of the second model.
        difference: First minus second, with its bootstrap interval.
        p_value: Two-sided p of the permutation test: how often speakers would show so large a
            difference if it were chance which model is called the first. NaN where the
            difference is undefined.
        clips: Number of clips.
        speakers: Number of speakers.
        permutations: Ways of swapping that were tried.
        is_exact: Whether those are all that there are.
    """

    first: float
    second: float
    difference: Interval
    p_value: float
    clips: int
    speakers: int
    permutations: int
    is_exact: bool


def compare_paired(
    first: AnyStatistic,
    second: AnyStatistic,
    speakers: Sequence[str],
    *,
    resamples: int = 2000,
    permutations: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, PairedComparison]:
    """Compare two models by every metric: interval of the difference, and permutation test.

    Each metric is tested by itself: of twenty, one is below .05 by chance. `adjust_p_values`
    says which stand when they are read together.

    Args:
        first: Metrics of N clips under the first model, such as `classification_statistic`
            returns.
        second: The same metrics of the same clips under the second model.
        speakers: Speaker of each clip, N names.
        resamples: Bootstrap resamples, at least 1.
        permutations: Most permutations to try, at least 1; see `permutation_p_values`.
        confidence: Share of resamples inside the interval, in (0, 1).
        seed: Seed of both draws.

    Returns:
        One comparison for each metric by name.

    Raises:
        ConfigurationError: If there is no clip, not one speaker per clip, the models differ in
            metrics or clips, or a parameter lies outside its range.

    Example:
        >>> from ser.metrics.classification import classification_statistic
        >>> truth, speakers = np.array([0, 1] * 8), [f"s{number // 2}" for number in range(16)]
        >>> right, wrong = (classification_statistic(truth, said, ["calm", "joy"])
        ...                 for said in (truth, 1 - truth))
        >>> found = compare_paired(right, wrong, speakers)["uar"]
        >>> found.difference, found.p_value, found.permutations, found.is_exact
        (Interval(estimate=1.0, low=1.0, high=1.0), 0.0078125, 256, True)
    """
    differences = bootstrap_difference(
        first, second, speakers, resamples=resamples, confidence=confidence, seed=seed
    )
    p_values = permutation_p_values(first, second, speakers, permutations=permutations, seed=seed)
    clips, n_speakers = len(first.rows), len(set(speakers))
    is_exact = _is_exact(n_speakers, permutations)
    firsts, seconds = first.evaluate(), second.evaluate()
    return {
        name: PairedComparison(
            first=firsts[name],
            second=seconds[name],
            difference=difference,
            p_value=p_values[name],
            clips=clips,
            speakers=n_speakers,
            permutations=2**n_speakers if is_exact else permutations,
            is_exact=is_exact,
        )
        for name, difference in differences.items()
    }


def permutation_p_values(
    first: AnyStatistic,
    second: AnyStatistic,
    speakers: Sequence[str],
    *,
    permutations: int = 10_000,
    seed: int = 0,
) -> dict[str, float]:
    """Return the two-sided p of each difference when models are swapped speaker by speaker.

    If the models are equally good, the two answers to all clips of a speaker may change places.
    Every way of doing so is tried where there are no more than `permutations`; otherwise that
    many are drawn, and ``p = (1 + as large) / (1 + permutations)``, which is never 0. A
    difference that a swap leaves undefined counts as large.

    Args:
        first: Metrics of N clips under the first model.
        second: The same metrics of the same clips under the second model.
        speakers: Speaker of each clip, N names; with G of them no p is below ``2 / 2^G``.
        permutations: Most permutations to try, at least 1.
        seed: Seed of the draw.

    Returns:
        p by name of the metric; NaN where the difference is undefined.

    Raises:
        ConfigurationError: If there is no clip, not one speaker per clip, the models differ in
            metrics or clips, or `permutations` < 1.

    Reference:
        E. J. G. Pitman, "Significance tests which may be applied to samples from any
        populations", 1937; B. Phipson and G. K. Smyth, "Permutation p-values should never be
        zero", SAGMB 9(1), 2010. https://doi.org/10.2202/1544-6115.1585
    """
    if permutations < 1:
        raise ConfigurationError(f"`permutations` must be ≥ 1, but got {permutations}")
    check_comparable(first, second)
    n_speakers, numbers = number_speakers(speakers, len(first.rows))
    swapped = _swaps(n_speakers, permutations, seed)
    drawn = first.evaluate_swapped(second, numbers, swapped) - second.evaluate_swapped(
        first, numbers, swapped
    )
    ours, theirs = (np.array([*model.evaluate().values()]) for model in (first, second))
    as_large = _count_as_large(drawn, ours, theirs)
    extra = 0 if _is_exact(n_speakers, permutations) else 1
    p_values = np.where(
        np.isfinite(ours - theirs), (as_large + extra) / (len(drawn) + extra), np.nan
    )
    return dict(zip(first.names, p_values.tolist(), strict=True))


def adjust_p_values(p_values: Sequence[float]) -> list[float]:
    """Return p-values that may be read together: the chance of any false alarm is bounded (Holm).

    The k-th smallest of m is multiplied by m − k + 1, and none is less than one before it.

    Args:
        p_values: p of each test, in any order; NaN takes no part and stays.

    Returns:
        Adjusted p-values in the same order, at most 1.

    Example:
        >>> adjust_p_values([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]

    Reference:
        S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
        of Statistics 6(2), 1979.
    """
    values = np.array(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")[: int(np.isfinite(values).sum())]
    factors = np.arange(len(order), 0, -1)
    values[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    adjusted: list[float] = values.tolist()
    return adjusted


def _is_exact(n_speakers: int, permutations: int) -> bool:
    return n_speakers < 63 and 2**n_speakers <= permutations


def _swaps(n_speakers: int, permutations: int, seed: int) -> IntArray:
    """Return which speakers each permutation swaps, 0 or 1, (permutations, speakers)."""
    if _is_exact(n_speakers, permutations):
        numbered: IntArray = np.arange(2**n_speakers)[:, None] >> np.arange(n_speakers) & 1
        return numbered
    return np.random.default_rng(seed).integers(2, size=(permutations, n_speakers))


def _count_as_large(drawn: FloatArray, first: FloatArray, second: FloatArray) -> IntArray:
    """Return how many of the drawn differences (B, V) are no smaller than those observed, (V,)."""
    observed = np.abs(first - second)
    slack = ROUNDING * np.maximum(np.abs(first), np.abs(second))
    # Counting the smaller ones makes NaN count as large.
    smaller: IntArray = (np.abs(drawn) < observed - slack).sum(axis=0)
    return len(drawn) - smaller
