"""How much people would disagree on clips that nobody has judged, learned from clips they have."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.errors import SamplingError

FEWEST_VOTES: Final = 2
"""Votes on a clip below which it says nothing about disagreement."""
FEWEST_CLIPS: Final = 30
"""Clips with that many votes below which the mean is all that is learned."""
MOST_CLIPS: Final = 4000
"""Clips learned from, those with most votes: more make the fit slow and hardly better."""

_PENALTIES: Final = np.append(np.logspace(-4, 4, 25), np.inf)


def expect_ambiguity(
    ambiguity: npt.ArrayLike,
    votes: npt.ArrayLike,
    embeddings: npt.ArrayLike,
    pool: npt.ArrayLike,
    *,
    n_classes: int,
) -> FloatArray:
    """Return the ambiguity to expect of clips from where the model places them.

    Ridge regression of `ambiguity` on `embeddings`, each clip weighing as much as it has votes.
    The penalty, the infinite one of a plain mean among them, is that of the least weighted squared
    error on clips left out one at a time, which one decomposition gives for all penalties. With
    fewer than `FEWEST_CLIPS` clips of `FEWEST_VOTES` votes it is their weighted mean, and without
    any the mean of all clips that were judged.

    Args:
        ambiguity: Of the L judged clips, nats, (L,), `separate_uncertainty(votes).ambiguity`.
        votes: Votes on each of them, (L,), at least 1.
        embeddings: Where the model places them, (L, E).
        pool: Where it places the N clips in question, (N, E).
        n_classes: C.

    Returns:
        (N,) float64 in [0, log C].

    Raises:
        SamplingError: No clip was judged, numbers do not fit together or are not finite, or a
            clip has no vote.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> judged = rng.normal(size=(200, 3))
        >>> told = np.where(judged[:, 0] > 0, 0.6, 0.1)
        >>> pool = [[2.0, 0.0, 0.0], [-2.0, 0.0, 0.0]]
        >>> unclear, clear = expect_ambiguity(told, [5] * 200, judged, pool, n_classes=2)
        >>> bool(unclear > 0.5 and clear < 0.1)
        True

    Reference:
        A. E. Hoerl and R. W. Kennard (1970). Ridge regression. doi:10.2307/1267351. Leaving out:
        D. M. Allen (1974). The relationship between variable selection and data augmentation and
        a method for prediction. doi:10.2307/1267500
    """
    told, weight, places, wanted = _check(ambiguity, votes, embeddings, pool)
    often = np.flatnonzero(weight >= FEWEST_VOTES)
    if len(often) > MOST_CLIPS:
        often = np.sort(often[np.argsort(-weight[often], kind="stable")[:MOST_CLIPS]])
    if len(often) < FEWEST_CLIPS:
        known = often if len(often) else np.arange(len(told))
        expected = np.full(len(wanted), np.average(told[known], weights=weight[known]))
    else:
        expected = _regress(told[often], weight[often], places[often], wanted)
    return np.clip(expected, 0.0, np.log(n_classes))


def _regress(
    told: FloatArray, weight: FloatArray, places: FloatArray, wanted: npt.NDArray[np.floating]
) -> FloatArray:
    """Return what weighted ridge regression with an unpenalised mean predicts for `wanted`."""
    root, total = np.sqrt(weight), weight.sum()
    mean, centre = weight @ told / total, weight @ places / total
    target, centred = root * (told - mean), root[:, None] * (places - centre)
    left, strength, right = _decompose(centred)
    penalties = _PENALTIES * (strength.mean() if len(strength) else 1.0)
    shrunk = strength / (strength + penalties[:, None])
    seen = left.T @ target
    missed = target[:, None] - left @ (shrunk * seen).T
    # How much of a clip's own answer is in its prediction: the mean's share, and the slopes'.
    own = (weight / total)[:, None] + np.square(left) @ shrunk.T
    errors = np.square(missed / np.maximum(1 - own, np.finfo(float).eps)).sum(axis=0)
    # Of equal errors the largest penalty: nothing that was not learned is made up.
    best = len(errors) - 1 - int(np.argmin(errors[::-1]))
    slope = right @ (shrunk[best] * seen / np.sqrt(strength))
    return np.asarray(mean + (wanted @ slope.astype(wanted.dtype) - centre @ slope), np.float64)


def _decompose(centred: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return left vectors (L, K), squared singular values (K,) and right vectors (E, K).

    Of the smaller of the two products of the matrix with itself, since a fit with as many numbers
    as a large encoder gives would otherwise take most of the time of a round.
    """
    is_tall = len(centred) >= centred.shape[1]
    strength, vectors = np.linalg.eigh(centred.T @ centred if is_tall else centred @ centred.T)
    kept = strength > strength.max(initial=0.0) * len(strength) * np.finfo(float).eps
    strength, vectors = strength[kept], vectors[:, kept]
    others = (centred if is_tall else centred.T) @ vectors / np.sqrt(strength)
    return (others, strength, vectors) if is_tall else (vectors, strength, others)


def _check(
    ambiguity: npt.ArrayLike, votes: npt.ArrayLike, embeddings: npt.ArrayLike, pool: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, npt.NDArray[np.floating]]:
    told, weight = np.asarray(ambiguity, np.float64), np.asarray(votes, np.float64)
    places, wanted = np.asarray(embeddings, np.float64), np.asarray(pool)
    if wanted.dtype != np.float32:
        wanted = wanted.astype(np.float64)
    shapes = told.shape, weight.shape, places.shape, wanted.shape
    fits = (
        told.shape == weight.shape == places.shape[:1]
        and places.ndim == wanted.ndim == 2
        and places.shape[1] == wanted.shape[1]
    )
    if not fits:
        msg = (
            "`ambiguity`, `votes` and `embeddings` must have one row per judged clip, and `pool` "
            f"as many columns as `embeddings`, but have the shapes {shapes}"
        )
        raise SamplingError(msg)
    if not len(told):
        msg = "nobody has judged a clip, so nothing tells what people disagree about; collect votes"
        raise SamplingError(msg)
    is_right = (told >= 0) & np.isfinite(told) & (weight >= 1) & np.isfinite(places).all(axis=1)
    if not is_right.all():
        row = int(np.argmin(is_right))
        msg = (
            f"judged clip {row} must have an ambiguity of at least 0, at least 1 vote and a finite "
            f"embedding, but has {told[row]}, {weight[row]:g} and {places[row].tolist()}"
        )
        raise SamplingError(msg)
    if not np.isfinite(wanted).all():
        row = int(np.argmin(np.isfinite(wanted).all(axis=1)))
        msg = f"row {row} of `pool` must be finite, but is {wanted[row].tolist()}"
        raise SamplingError(msg)
    return told, weight, places, wanted
