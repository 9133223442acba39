"""A statistic over clips, its bootstrap interval, and its table by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from annotation.columns import FloatArray, IntArray
from annotation.errors import AnnotationError

_CHUNK: Final = 4_000_000
"""Entries of resampling weights held at a time: 32 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Statistic:
    """A number that depends on the clips only through sums over them.

    Because every clip enters by its own K terms, a bootstrap sample of clips is a weighed sum,
    and a thousand of them are one matrix product.

    Attributes:
        name: What it is, such as `fleiss_kappa`.
        terms: What each clip adds, (N, K) float64; a clip that tells nothing adds zeros.
        finish: Turns sums (B, K) into values (B,), NaN where undefined.
        used: Clips that tell something, (N,) float64 of 0 and 1.
        people: Judgements on each of them, (N,) float64.
    """

    name: str
    terms: FloatArray
    finish: Callable[[FloatArray], FloatArray]
    used: FloatArray
    people: FloatArray


@dataclass(frozen=True, slots=True)
class Agreement:
    """One estimate of agreement.

    Attributes:
        name: The statistic.
        group: The group of clips it is of; empty for all.
        value: The estimate; NaN where undefined (no clip with two judgements, or only one answer
            ever given, so that chance would agree perfectly too).
        low: Lower end of the percentile interval; NaN without resampling or below two clips.
        high: Upper end.
        level: Coverage of the interval.
        clips: Clips with at least two judgements, which the estimate is made of.
        votes: Judgements on them.
        resamples: Bootstrap samples behind the interval for which the statistic is defined.
    """

    name: str
    group: str
    value: float
    low: float
    high: float
    level: float
    clips: int
    votes: int
    resamples: int


def estimate(
    statistic: Statistic,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    group: str = "",
) -> Agreement:
    """Evaluate a statistic, with a percentile interval from clips drawn with replacement.

    Clips are resampled whole (cluster bootstrap), since the judgements on one clip depend on each
    other. Annotators are held fixed: the interval says what other clips would have given, not
    what other people would have.

    Args:
        statistic: See `fleiss_kappa`, `count_alpha`, `rating_alpha`, `pair_agreement`.
        resamples: Bootstrap samples B; 0 for none.
        level: Coverage wanted, within (0, 1).
        seed: Equal seeds give equal intervals.
        group: Name of these clips, for the record.

    Returns:
        The estimate.

    Raises:
        AnnotationError: `level` or `resamples` is out of range.

    Reference:
        A. C. Davison and D. V. Hinkley (1997). Bootstrap methods and their application, ch. 3.8.

    Example:
        >>> from annotation.agreement import fleiss_kappa
        >>> counts = np.array([[3.0, 0], [0, 3], [3, 0], [1, 2]] * 25)
        >>> found = estimate(fleiss_kappa(counts))
        >>> round(found.value, 3), found.low < found.value < found.high, found.clips
        (0.657, True, 100)
    """
    if not 0 < level < 1 or resamples < 0:
        msg = (
            "`level` must lie within (0, 1) and `resamples` be at least 0, but got "
            f"{level} and {resamples}"
        )
        raise AnnotationError(msg)
    kept = statistic.used > 0
    terms = statistic.terms[kept]
    value = float(statistic.finish(terms.sum(axis=0, keepdims=True))[0])
    drawn: FloatArray = np.empty(0)
    if len(terms) > 1 and np.isfinite(value):
        drawn = statistic.finish(resample_sums(terms, resamples, seed))
        drawn = drawn[np.isfinite(drawn)]
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (np.nan, np.nan)
    votes = round(float(statistic.people[kept].sum()))
    return Agreement(
        name=statistic.name,
        group=group,
        value=value,
        low=float(low),
        high=float(high),
        level=level,
        clips=len(terms),
        votes=votes,
        resamples=len(drawn),
    )


def estimate_by_group(
    statistic: Statistic,
    groups: Sequence[str],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> list[Agreement]:
    """Evaluate a statistic within each group of clips: per corpus, class, speaker or round.

    Chance is the group's own: within one class, where most answers are that class, chance
    agreement is high and a chance-corrected statistic low however often people agree. To ask how
    well a class is told from the rest over all clips, use `against_rest`.

    Args:
        statistic: The statistic over all N clips.
        groups: The group of each clip, N names.
        resamples: Bootstrap samples per group.
        level: Coverage wanted.
        seed: Equal seeds give equal intervals, whatever other groups there are.

    Returns:
        One estimate per group, ascending by name.

    Raises:
        AnnotationError: `groups` has another length than there are clips.
    """
    if len(groups) != len(statistic.terms):
        msg = (
            f"`groups` must name a group for each of the {len(statistic.terms)} clips, "
            f"but has {len(groups)}; pass one name per clip in the order of the clips"
        )
        raise AnnotationError(msg)
    names, position = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    order = np.argsort(position, kind="stable")
    ends = np.cumsum(np.bincount(position, minlength=len(names)))
    return [
        estimate(
            _restrict(statistic, rows),
            resamples=resamples,
            level=level,
            seed=seed,
            group=str(name),
        )
        for name, rows in zip(names, np.split(order, ends)[:-1], strict=True)
    ]


def resample_sums(terms: FloatArray, resamples: int, seed: int) -> FloatArray:
    """Return the sums of terms (N, K) over clips drawn with replacement, (B, K)."""
    clips = len(terms)
    rng = np.random.default_rng(seed)
    chunk = max(_CHUNK // max(clips, 1), 1)
    sums = [
        draw_weights(rng, clips, min(chunk, resamples - first)) @ terms
        for first in range(0, resamples, chunk)
    ]
    return np.concatenate(sums) if sums else np.zeros((0, terms.shape[1]))


def draw_weights(rng: np.random.Generator, clips: int, resamples: int) -> FloatArray:
    """Return how often each clip is drawn in each sample, (B, N)."""
    picks = rng.integers(clips, size=(resamples, clips), dtype=np.int32)
    cell = picks + (np.arange(resamples, dtype=np.int32) * np.int32(clips))[:, None]
    counts = np.bincount(cell.ravel(), minlength=resamples * clips)
    return counts.astype(np.float64).reshape(resamples, clips)


def _restrict(statistic: Statistic, rows: IntArray) -> Statistic:
    return Statistic(
        statistic.name,
        statistic.terms[rows],
        statistic.finish,
        statistic.used[rows],
        statistic.people[rows],
    )
