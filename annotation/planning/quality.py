"""What k votes say of a clip's class, and what such a label is worth to a learner."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, logsumexp, softmax, xlogy

from annotation.aggregation.parameters import check_parameter
from annotation.columns import FloatArray, IntArray
from annotation.planning.errors import PlanningError

MOST_COUNTS: Final = 20_000
"""Outcomes of k votes that are enumerated; beyond, as many are drawn."""

MOST_EXPLAINED: Final = 0.95
"""Where features tell every class, a label is as good as its last error: worth has no scale."""


def label_quality(
    confusion: npt.ArrayLike,
    votes: int,
    *,
    shares: Sequence[float] | None = None,
    seed: int = 0,
) -> float:
    """Return the share of the classes' variance that k votes on a clip explain.

    q_k = (E Σ_c p_c² − Σ_c π_c²) / (1 − Σ_c π_c²), where p is the posterior of the class given the
    votes and π the class shares: 0 for votes that say nothing, 1 for votes that settle the
    class. Exact over all counts of k votes where there are at most `MOST_COUNTS`, else by as
    many seeded draws.

    Args:
        confusion: P(vote | class) of the average annotator, (C, C), truth on axis 0.
        votes: k, at least 0.
        shares: π, C class shares summing to 1; default: even.
        seed: Of the draws, where needed.

    Returns:
        q_k in [0, 1], never falling with k.

    Raises:
        PlanningError: `confusion` or `shares` is no distribution.
        AnnotationError: `votes` is below 0.

    Example:
        >>> coin = [[0.8, 0.2], [0.2, 0.8]]
        >>> [round(label_quality(coin, k), 2) for k in (0, 1, 3, 9)]
        [0.0, 0.36, 0.66, 0.94]

    Reference:
        A. H. Murphy (1973). A new vector partition of the probability score (its resolution).
        doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2
    """
    check_parameter("votes", votes, votes >= 0, "at least 0")
    matrix, prior = _check(confusion, shares)
    posterior, weight = _outcomes(matrix, prior, votes, seed)
    explained = float(weight @ (posterior**2).sum(axis=1))
    nothing = float(prior @ prior)
    return float(np.clip((explained - nothing) / (1 - nothing), 0.0, 1.0))


def label_worth(quality: npt.ArrayLike, explained: float) -> FloatArray:
    """Return how many clean labels a label of some quality teaches as much as.

    A learner that can explain a share s of the classes' variance has 1 − s left as noise of a
    clean label. A label from votes, scaled so that it is right on average, has variance 1 / q,
    of which 1 / q − s is noise; labels teach in proportion to one over their noise:

    worth = (1 − s) / (1 / q − s).

    The better features tell the classes apart, the more an error in a label costs, and the more
    further votes on a clip are worth against further clips.

    Args:
        quality: q as of `label_quality`, any shape.
        explained: s in [0, 1]; values above `MOST_EXPLAINED` count as that.

    Returns:
        Of the same shape, in [0, 1]: 0 for q = 0, and 1 for q = 1.

    Example:
        >>> label_worth([0.5, 1.0], 0.0).tolist(), label_worth([0.5, 1.0], 0.8).round(2).tolist()
        ([0.5, 1.0], [0.17, 1.0])
    """
    check_parameter("explained", explained, 0 <= explained <= 1, "in [0, 1]")
    q = np.asarray(quality, np.float64)
    s = min(explained, MOST_EXPLAINED)
    return np.asarray((1 - s) * q / (1 - s * q))


def misheard_classes(confusion: npt.ArrayLike, votes: int, *, seed: int = 0) -> list[int]:
    """Return the classes that a decision by k votes takes for another class more often than not.

    The decision is the likeliest class given the votes. A learner of such labels is taught the
    wrong class, and more clips do not help; a learner of the posterior is not.

    Args:
        confusion: P(vote | class) of the average annotator, (C, C), truth on axis 0.
        votes: k, at least 1.
        seed: As in `label_quality`.

    Returns:
        Positions of classes that are decided as some other class more often than as themselves.

    Example:
        >>> people = [[0.45, 0.55], [0.05, 0.95]]
        >>> misheard_classes(people, 1), misheard_classes(people, 2)
        ([0], [])
    """
    matrix, prior = _check(confusion, None)
    posterior, weight = _outcomes(matrix, prior, votes, seed)
    decided = np.eye(len(prior))[posterior.argmax(axis=1)]
    # P(decided, class): rows = class.
    joint = (posterior * weight[:, None]).T @ decided
    return [int(at) for at in np.flatnonzero(joint.max(axis=1) > np.diag(joint) + 1e-12)]


def quality_between(confusion: npt.ArrayLike, votes: npt.ArrayLike) -> FloatArray:
    """Return the quality at mean numbers of votes, straight between whole ones.

    Args:
        confusion: (C, C), truth on axis 0.
        votes: Votes per clip, at least 0, any shape, such as 3.4 where some clips have 4.
    """
    wanted = np.asarray(votes, np.float64)
    if not (np.isfinite(wanted) & (wanted >= 0)).all():
        msg = f"`votes` per clip must be at least 0, but are {wanted.tolist()}"
        raise PlanningError(msg)
    whole = np.unique(np.concatenate([np.floor(wanted).ravel(), np.ceil(wanted).ravel()]))
    known = [label_quality(confusion, int(k)) for k in whole]
    return np.asarray(np.interp(wanted, whole, known))


def _check(
    confusion: npt.ArrayLike, shares: Sequence[float] | None
) -> tuple[FloatArray, FloatArray]:
    matrix = np.asarray(confusion, np.float64)
    is_right = (
        matrix.ndim == 2
        and matrix.shape[0] == matrix.shape[1] >= 2
        and bool((matrix >= 0).all() and np.allclose(matrix.sum(axis=1), 1, atol=1e-4))
    )
    if not is_right:
        msg = (
            "`confusion` must be (C, C) for at least two classes with rows that sum to 1, but has "
            f"shape {matrix.shape} and rows that sum to {matrix.sum(axis=-1).round(3).tolist()}"
        )
        raise PlanningError(msg)
    size = len(matrix)
    prior = np.full(size, 1 / size) if shares is None else np.asarray(shares, np.float64)
    if prior.shape != (size,) or not ((prior > 0).all() and np.isclose(prior.sum(), 1)):
        msg = f"`shares` must be {size} shares above 0 that sum to 1, but are {prior.tolist()}"
        raise PlanningError(msg)
    return matrix / matrix.sum(axis=1, keepdims=True), prior


def _outcomes(
    matrix: FloatArray, prior: FloatArray, votes: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return the posterior after each outcome of k votes, (M, C), and its probability, (M,)."""
    classes = len(prior)
    is_exact = comb(votes + classes - 1, votes) <= MOST_COUNTS
    outcomes = _all_counts(votes, classes) if is_exact else _draw(matrix, prior, votes, seed)
    log_joint = xlogy(outcomes[:, None, :], matrix).sum(axis=2) + np.log(prior)
    if is_exact:
        orders = gammaln(votes + 1) - gammaln(outcomes + 1).sum(axis=1)
        weight = np.exp(orders + logsumexp(log_joint, axis=1))
    else:
        weight = np.full(len(outcomes), 1 / len(outcomes))
    # An outcome that no class can lead to has no posterior, and no weight either.
    is_possible = weight > 0
    return softmax(log_joint[is_possible], axis=1), weight[is_possible]


def _all_counts(votes: int, classes: int) -> IntArray:
    """Return every way to spread k votes over C classes, (M, C)."""
    # Stars and bars: C − 1 bars among k + C − 1 places.
    bars = np.array(list(combinations(range(votes + classes - 1), classes - 1)), np.int64)
    ends = np.pad(bars, ((0, 0), (1, 1)), constant_values=-1)
    ends[:, -1] = votes + classes - 1
    return np.diff(ends, axis=1) - 1


def _draw(matrix: FloatArray, prior: FloatArray, votes: int, seed: int) -> IntArray:
    """Return the counts of k votes on clips of drawn classes, (M, C)."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(prior), size=MOST_COUNTS, p=prior)
    return np.asarray(rng.multinomial(votes, matrix[truth]), np.int64)
