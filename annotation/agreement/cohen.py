"""Cohen's kappa of every pair of named annotators who share enough clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from annotation.aggregation.parameters import check_parameter
from annotation.agreement.estimate import Agreement, draw_weights
from annotation.agreement.fleiss import correct_for_chance, divide
from annotation.columns import ANONYMOUS, FloatArray, IntArray
from annotation.votes import VoteMatrix

_CHUNK: Final = 4_000_000
_MOST_REPLICATES: Final = 20_000_000
"""Replicates kept for the intervals of single pairs: 160 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class PairwiseKappa:
    """Agreement of P pairs of annotators, ordered by the first's and the second's id.

    Attributes:
        annotators: A annotator ids, ascending.
        first: Position of one of the pair in `annotators`, (P,) int64.
        second: Position of the other, (P,) int64.
        clips: Clips both judged, (P,) int64.
        agreement: Share of them with the same label, (P,).
        kappa: Cohen's kappa, (P,); NaN where both always gave one and the same label.
        low: Lower end of its percentile interval, (P,); NaN without resampling, and where pairs
            times resamples exceed what is kept in memory (20 million).
        high: Upper end, (P,).
        mean: Mean of the defined kappas, a pair weighing as many clips as it shares; its interval
            resamples the clips of all pairs together.
    """

    annotators: tuple[str, ...]
    first: IntArray
    second: IntArray
    clips: IntArray
    agreement: FloatArray
    kappa: FloatArray
    low: FloatArray
    high: FloatArray
    mean: Agreement


def pairwise_kappa(
    votes: VoteMatrix,
    *,
    fewest_clips: int = 10,
    resamples: int = 0,
    level: float = 0.95,
    seed: int = 0,
) -> PairwiseKappa:
    """Compare annotators two by two.

    Anonymous counts cannot be paired and are left out; so is the answer of someone who gave a
    clip several labels. Time and memory grow with the pairs of votes on a clip.

    Args:
        votes: The votes.
        fewest_clips: Clips a pair must share to be reported, at least 1.
        resamples: Bootstrap samples of clips; 0 for no intervals.
        level: Coverage of the intervals.
        seed: Equal seeds give equal intervals.

    Returns:
        The pairs; without any, empty arrays and a NaN mean.

    Raises:
        AnnotationError: `fewest_clips` is below 1.

    Reference:
        J. Cohen (1960). A coefficient of agreement for nominal scales. Educational and
        Psychological Measurement 20(1), 37-46. doi:10.1177/001316446002000104

    Example:
        >>> from annotation.testing import make_votes
        >>> votes = make_votes(["calm", "joy"], clips=300, annotators=3, accuracy=[0.9, 0.9, 0.5])
        >>> found = pairwise_kappa(votes.matrix())
        >>> found.clips.tolist(), found.kappa.round(1).tolist()
        ([300, 300, 300], [0.6, 0.1, -0.0])
    """
    check_parameter("fewest_clips", fewest_clips, fewest_clips >= 1, "at least 1")
    clip, who, label = _single_answers(votes)
    left, right = _pairs_on_clips(clip)
    annotators, classes = max(len(votes.annotators), 1), len(votes.classes)
    found, pair, clips = _count_clips(who[left] * annotators + who[right], fewest_clips)
    left, right, pair, size = left[pair >= 0], right[pair >= 0], pair[pair >= 0], len(found)
    sums = _pair_sums(
        clip[left], pair, label[left], label[right], shape=(len(votes.clips), size, classes)
    )
    counted = sums @ np.ones((len(votes.clips), 1))
    kappa = _kappa(counted, size, classes)[:, 0]
    drawn, means = _replicate(sums, classes, clips, resamples=resamples, seed=seed)
    low, high = _interval(drawn, (1 - level) / 2)
    first, second = np.divmod(found, annotators)
    return PairwiseKappa(
        annotators=votes.annotators,
        first=first,
        second=second,
        clips=clips,
        agreement=divide(counted[:size, 0], clips.astype(float)),
        kappa=kappa,
        low=low,
        high=high,
        mean=_conclude_mean(
            _weighed_mean(kappa[:, None], clips),
            means,
            level=level,
            clips=len(np.unique(clip[left])),
            votes=len(np.unique(np.concatenate([left, right]))),
        ),
    )


def _conclude_mean(
    value: FloatArray, drawn: FloatArray, *, level: float, clips: int, votes: int
) -> Agreement:
    low, high = _interval(drawn[None], (1 - level) / 2)
    return Agreement(
        name="mean_pairwise_kappa",
        group="",
        value=float(value[0]),
        low=float(low[0]),
        high=float(high[0]),
        level=level,
        clips=clips,
        votes=votes,
        resamples=int(np.isfinite(drawn).sum()),
    )


def _single_answers(votes: VoteMatrix) -> tuple[IntArray, IntArray, IntArray]:
    """Return clip, annotator and label of named annotators who gave the clip one label."""
    named = np.array([not name.startswith(ANONYMOUS) for name in votes.annotators], np.bool_)
    pair = votes.clip_index * max(len(votes.annotators), 1) + votes.annotator_index
    is_first = np.diff(pair, prepend=-1) != 0
    is_last = np.append(is_first[1:], True)[: len(pair)]
    kept = is_first & is_last
    if len(named):
        kept &= named[votes.annotator_index]
    return votes.clip_index[kept], votes.annotator_index[kept], votes.label_index[kept]


def _pairs_on_clips(clip: IntArray) -> tuple[IntArray, IntArray]:
    """Return the positions of all pairs of entries on the same clip; `clip` ascends."""
    left: list[IntArray] = [np.zeros(0, np.int64)]
    right: list[IntArray] = [np.zeros(0, np.int64)]
    most = int(np.bincount(clip).max(initial=0)) if len(clip) else 0
    for lag in range(1, most):
        start = np.flatnonzero(clip[lag:] == clip[:-lag])
        left.append(start)
        right.append(start + lag)
    return np.concatenate(left), np.concatenate(right)


def _count_clips(code: IntArray, fewest: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return the codes that occur often enough, each row's place among them or −1, and counts."""
    found, place = np.unique(code, return_inverse=True)
    clips = np.bincount(place, minlength=len(found)).astype(np.int64)
    is_kept = clips >= fewest
    rank = np.where(is_kept, np.cumsum(is_kept) - 1, -1)
    return found[is_kept], rank[place], clips[is_kept]


def _pair_sums(
    clip: IntArray,
    pair: IntArray,
    one: IntArray,
    other: IntArray,
    *,
    shape: tuple[int, int, int],
) -> sparse.csr_array:
    """Return the matrix that sums over clips: agreements (P), then both label uses (2 · P · C)."""
    clips, pairs, classes = shape
    same = one == other
    rows = np.concatenate(
        [
            pair[same],
            pairs + pair * classes + one,
            pairs * (1 + classes) + pair * classes + other,
        ]
    )
    columns = np.concatenate([clip[same], clip, clip])
    size = (pairs * (1 + 2 * classes), clips)
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=size)


def _kappa(sums: FloatArray, pairs: int, classes: int) -> FloatArray:
    """Return the kappa of each pair in each sample, (P, B)."""
    uses = sums[pairs:].reshape(2, pairs, classes, sums.shape[1])
    clips = uses[0].sum(axis=1)
    expected = divide((uses[0] * uses[1]).sum(axis=1), clips**2)
    return correct_for_chance(divide(sums[:pairs], clips), expected)


def _weighed_mean(kappa: FloatArray, clips: IntArray) -> FloatArray:
    weight = np.where(np.isfinite(kappa), clips[:, None], 0).astype(float)
    return divide((weight * np.nan_to_num(kappa)).sum(axis=0), weight.sum(axis=0))


def _replicate(
    sums: sparse.csr_array,
    classes: int,
    clips: IntArray,
    *,
    resamples: int,
    seed: int,
) -> tuple[FloatArray, FloatArray]:
    """Return kappas of pairs, (P, B) or (P, 0) where too many, and their means, (B,)."""
    pairs = len(clips)
    rng = np.random.default_rng(seed)
    chunk = max(_CHUNK // max(sums.shape[0], sums.shape[1], 1), 1)
    keeps = pairs * resamples <= _MOST_REPLICATES
    drawn: list[FloatArray] = [np.zeros((pairs, 0))]
    means: list[FloatArray] = [np.zeros(0)]
    for first in range(0, resamples if pairs else 0, chunk):
        weights = draw_weights(rng, sums.shape[1], min(chunk, resamples - first))
        kappa = _kappa(sums @ weights.T, pairs, classes)
        means.append(_weighed_mean(kappa, clips))
        if keeps:
            drawn.append(kappa)
    return np.concatenate(drawn, axis=1), np.concatenate(means)


def _interval(drawn: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    """Return both ends of the percentile interval of each row, over its defined entries."""
    known = np.isfinite(drawn)
    low, high = np.full(len(drawn), np.nan), np.full(len(drawn), np.nan)
    rows = known.any(axis=1)
    if rows.any():
        low[rows], high[rows] = np.nanquantile(
            np.where(known, drawn, np.nan)[rows], [tail, 1 - tail], axis=1
        )
    return low, high
