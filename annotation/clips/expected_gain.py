"""What one more vote on a clip is worth, before anyone has cast it."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from scipy.special import entr

from annotation.aggregation.result import Consensus
from annotation.columns import FloatArray
from annotation.errors import VoteError
from annotation.sampling.utilities.checks import check_posterior

Measure = Literal["entropy", "error"]


def expected_gain(
    posterior: FloatArray, confusion: FloatArray, *, measure: Measure = "entropy"
) -> FloatArray:
    """Return how much an answer is expected to improve the consensus on each clip.

    The next annotator answers l with probability Σ_t q_t · confusion[t, l], after which the
    posterior is q_t · confusion[t, l] / that. Averaged over the answers,

    - `entropy`: the entropy of q falls by I(class; answer) = H(answer) − Σ_t q_t H(confusion[t]),
      in nats;
    - `error`: the probability that the leading class is wrong falls by
      Σ_l max_t q_t · confusion[t, l] − max_t q_t. It is 0 where no single answer could change the
      leading class, so it is blind to clips that need two more votes.

    Dawid-Skene posteriors are too confident where the votes on a clip are not independent given
    its class; the gains are then too small, but their order remains useful.

    Args:
        posterior: q, (N, C), rows of probabilities summing to 1.
        confusion: P(answer | class) of the next annotator, (C, C), truth on axis 0.
        measure: What is to fall.

    Returns:
        (N,) float64, at least 0; nobody's answer can be expected to do harm.

    Raises:
        SamplingError: A row of `posterior` is no distribution.
        VoteError: `confusion` is not (C, C) or a row of it is no distribution.

    Example:
        >>> careful = np.array([[0.9, 0.1], [0.1, 0.9]])
        >>> expected_gain(np.array([[0.5, 0.5], [0.99, 0.01]]), careful).round(3).tolist()
        [0.368, 0.017]

    Reference:
        D. V. Lindley (1956). On a measure of the information provided by an experiment.
        doi:10.1214/aoms/1177728069
    """
    checked = check_posterior(posterior)
    _check_confusion(confusion, checked.shape[1])
    return np.maximum(_GAINS[measure](checked, confusion), 0.0)


def gain_of_one_more_vote(
    consensus: Consensus, *, annotator: str | None = None, measure: Measure = "entropy"
) -> FloatArray:
    """Return the expected gain on each clip of a consensus, from an average or a named annotator.

    Args:
        consensus: The result of an aggregator that knows how people confuse classes.
        annotator: Who would be asked; None means an average vote.
        measure: As in `expected_gain`.

    Returns:
        (N,) float64 in order of `consensus.items`.

    Raises:
        VoteError: The consensus has no confusion, or nobody is called that.

    Example:
        >>> from annotation.aggregation import DawidSkene
        >>> from annotation.testing import make_votes
        >>> votes = make_votes(["calm", "joy"], clips=40, annotators=9, votes_per_clip=3, seed=1)
        >>> consensus = DawidSkene().aggregate(votes.matrix())
        >>> bool(gain_of_one_more_vote(consensus).argmax() == consensus.entropy.argmax())
        True
    """
    if annotator is None:
        return expected_gain(consensus.posterior, average_confusion(consensus), measure=measure)
    confusion = _require_confusion(consensus)
    if annotator not in consensus.annotators:
        msg = (
            f"`annotator` `{annotator}` cast none of the votes of this consensus; "
            "leave it None to ask an average person"
        )
        raise VoteError(msg)
    own = confusion[consensus.annotators.index(annotator)]
    return expected_gain(consensus.posterior, own, measure=measure)


def gain_by_annotator(
    posterior: FloatArray, confusion: FloatArray, *, measure: Measure = "entropy"
) -> FloatArray:
    """Return the expected gain of asking each annotator about each clip.

    Args:
        posterior: (N, C), rows of probabilities summing to 1.
        confusion: (A, C, C), such as `Consensus.confusion`.
        measure: As in `expected_gain`.

    Returns:
        (N, A) float64; 8 · N · A bytes.

    Raises:
        SamplingError: A row of `posterior` is no distribution.
        VoteError: A matrix is not (C, C) or has a row that is no distribution.
    """
    gains = [expected_gain(posterior, own, measure=measure) for own in confusion]
    return np.stack(gains, axis=1) if gains else np.zeros((len(posterior), 0))


def average_confusion(consensus: Consensus) -> FloatArray:
    """Return P(answer | class) of a vote drawn from all votes, (C, C).

    Raises:
        VoteError: The consensus has no confusion, or no votes.
    """
    confusion = _require_confusion(consensus)
    if not consensus.annotator_votes.sum():
        msg = "the consensus has no votes, so there is no average annotator; collect votes first"
        raise VoteError(msg)
    return np.asarray(np.average(confusion, axis=0, weights=consensus.annotator_votes))


def _require_confusion(consensus: Consensus) -> FloatArray:
    if consensus.confusion is None:
        msg = (
            "the consensus has no `confusion`, so it says nothing of what the next answer would "
            "be; aggregate with `dawid_skene` or `hierarchical`, or take `ignorance` of "
            "`separate_uncertainty`"
        )
        raise VoteError(msg)
    return consensus.confusion


def _check_confusion(confusion: FloatArray, classes: int) -> None:
    is_right = confusion.shape == (classes, classes) and bool(
        (confusion >= 0).all() and np.allclose(confusion.sum(axis=1), 1)
    )
    if not is_right:
        msg = (
            f"`confusion` must be ({classes}, {classes}) with rows of probabilities, but has "
            f"shape {confusion.shape} and row sums {confusion.sum(axis=-1).tolist()}"
        )
        raise VoteError(msg)


def _entropy_fall(posterior: FloatArray, confusion: FloatArray) -> FloatArray:
    answer = posterior @ confusion
    return np.asarray(entr(answer).sum(axis=1) - posterior @ entr(confusion).sum(axis=1))


def _error_fall(posterior: FloatArray, confusion: FloatArray) -> FloatArray:
    # Column by column: maxima over a short last axis take ten times as long.
    columns = np.ascontiguousarray(posterior.T)
    after = np.zeros(len(posterior))
    for answer in confusion.T:
        best = columns[0] * answer[0]
        for column, chance in zip(columns[1:], answer[1:], strict=True):
            np.maximum(best, column * chance, out=best)
        after += best
    return np.asarray(after - columns.max(axis=0))


_GAINS: Final = MappingProxyType[Measure, Callable[[FloatArray, FloatArray], FloatArray]](
    {"entropy": _entropy_fall, "error": _error_fall}
)
