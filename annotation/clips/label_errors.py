"""Labels that a model, which never saw them, finds hard to believe: confident learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.clips.suspicion import LabelErrors
from annotation.columns import FloatArray, IntArray
from annotation.errors import VoteError
from annotation.sampling.utilities.checks import check_posterior

_ROUNDING: Final = 1e-12


def find_label_errors(
    clips: Sequence[str],
    classes: Sequence[str],
    given: npt.ArrayLike,
    posterior: npt.ArrayLike,
) -> LabelErrors:
    """Find labels that are confidently another class to a model that never saw them.

    A model is not equally sure of all classes, so each class has its own threshold: the mean
    probability it gets on clips labelled so. A clip counts for the likeliest class among those
    that reach theirs. Counting clips by given and counted class, each row scaled to the labels
    there are, estimates the joint distribution of given and true labels. It says how many labels
    of class i are probably j; as many clips are suspected, those with the largest
    p_j − p_i > 0 (the paper's *prune by noise rate*: with planted flips it misses less than half
    as many as the off-diagonal counts themselves, at about equal precision). Suspects are ranked by
    normalised margin; ties by id.

    A suspect is a clip to listen to again, not a correction: on a clip on which people disagree
    the model may side with the minority; see `separate_uncertainty`.

    Args:
        clips: N distinct clip ids.
        classes: C ≥ 2 class names.
        given: Index of each clip's label, (N,); −1 for none, which is left alone.
        posterior: The model's probabilities, (N, C), each row **out of sample**: from a fold
            whose training did not see the clip or its speaker. On training clips a model
            repeats the errors it was taught.

    Returns:
        Thresholds, joint distribution, and every suspect with its evidence.

    Raises:
        VoteError: Lengths differ, an id repeats, an index is no class, or there is one class.
        SamplingError: A row of `posterior` is no distribution.

    Example:
        >>> posterior = [[0.9, 0.1], [0.8, 0.2], [0.9, 0.1], [0.2, 0.8], [0.1, 0.9]]
        >>> found = find_label_errors("abcde", ["calm", "joy"], [0, 0, 1, 1, 1], posterior)
        >>> [(suspect.clip_id, suspect.likely) for suspect in found.suspects()]
        [('c', 'calm')]

    Reference:
        C. G. Northcutt, L. Jiang and I. L. Chuang (2021). Confident learning: estimating
        uncertainty in dataset labels. JAIR 70, 1373-1411. doi:10.1613/jair.1.12125
    """
    checked = check_posterior(posterior)
    labels = np.asarray(given, np.int64)
    _check(clips, classes, labels, checked)
    labelled = np.flatnonzero(labels >= 0)
    own = checked[labelled, labels[labelled]]
    sizes = np.bincount(labels[labelled], minlength=len(classes))
    sums = np.bincount(labels[labelled], weights=own, minlength=len(classes))
    thresholds = np.divide(sums, sizes, out=np.full(len(classes), np.nan), where=sizes > 0)
    confident = np.full(len(labels), -1, np.int64)
    confident[labelled] = _confident(checked[labelled], thresholds)
    counts = _count(labels, confident, len(classes))
    joint = _calibrate(counts, sizes)
    margin = np.full(len(labels), np.nan)
    margin[labelled] = own - _best_other(checked[labelled], labels[labelled])
    by_id = np.argsort(np.array(list(clips), np.str_), kind="stable")
    likely = _select(labels, checked, joint, by_id)
    suspected = by_id[likely[by_id] >= 0]
    order = np.argsort(margin[suspected], kind="stable")
    return LabelErrors(
        clips=tuple(clips),
        classes=tuple(classes),
        given=labels,
        posterior=checked,
        thresholds=thresholds,
        confident_joint=counts,
        joint=joint,
        noise_rate=float(joint.sum() - np.trace(joint)),
        likely=likely,
        margin=margin,
        ranking=suspected[order],
    )


def _check(
    clips: Sequence[str], classes: Sequence[str], labels: IntArray, posterior: FloatArray
) -> None:
    shape = (len(clips), len(classes))
    if labels.shape != shape[:1] or posterior.shape != shape or len(classes) < 2:
        msg = (
            f"`given` must be ({shape[0]},) and `posterior` {shape} for these clips and at least "
            f"two classes, but are {labels.shape} and {posterior.shape}"
        )
        raise VoteError(msg)
    if len(set(clips)) != len(clips):
        msg = f"`clips` must be distinct, but {len(clips) - len(set(clips))} repeat"
        raise VoteError(msg)
    if len(labels) and not (labels.min() >= -1 and labels.max() < len(classes)):
        found = f"{labels.min()} to {labels.max()}"
        msg = f"`given` must be −1 or an index of {len(classes)} classes, but runs from {found}"
        raise VoteError(msg)


def _confident(posterior: FloatArray, thresholds: FloatArray) -> IntArray:
    """Return the likeliest class among those that reach their threshold, −1 for none, (n,)."""
    # NaN compares false: a class nobody bears is never the confident one.
    reached = np.where(posterior >= thresholds - _ROUNDING, posterior, -1.0)
    best = reached.argmax(axis=1)
    return np.where(reached.max(axis=1, initial=-1.0) >= 0, best, -1)


def _count(labels: IntArray, likely: IntArray, classes: int) -> IntArray:
    counted = likely >= 0
    cells = labels[counted] * classes + likely[counted]
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def _calibrate(counts: IntArray, sizes: IntArray) -> FloatArray:
    """Scale each row to the labels there are; a row without confident clips stays as given."""
    if not sizes.sum():
        return np.full(counts.shape, np.nan)
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, rows, out=np.eye(len(counts)), where=rows > 0)
    return np.asarray(shares * sizes[:, None] / sizes.sum())


def _select(
    labels: IntArray, posterior: FloatArray, joint: FloatArray, by_id: IntArray
) -> IntArray:
    """Return the likely class of the labels that are probably wrong, −1 for the others, (N,)."""
    likely = np.full(len(labels), -1, np.int64)
    total = np.count_nonzero(labels >= 0)
    if not total:
        return likely
    best = np.zeros(len(labels))
    for given, other in zip(*np.nonzero(np.round(total * joint)), strict=True):
        at = by_id[labels[by_id] == given]
        excess = posterior[at, other] - posterior[at, given]
        chosen = np.argsort(-excess, kind="stable")[: round(total * joint[given, other])]
        chosen = at[chosen[excess[chosen] > best[at[chosen]]]]
        best[chosen] = posterior[chosen, other] - posterior[chosen, given]
        likely[chosen] = other
    return likely


def _best_other(posterior: FloatArray, labels: IntArray) -> FloatArray:
    others = posterior.copy()
    others[np.arange(len(labels)), labels] = -1.0
    return np.asarray(others.max(axis=1, initial=-1.0))
