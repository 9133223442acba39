"""How often what an aggregator concludes equals a known answer, with its ties told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotation.aggregation.result import Consensus
from annotation.agreement.estimate import Agreement, Statistic, estimate
from annotation.agreement.fleiss import ratio
from annotation.agreement.reference import check_reference
from annotation.columns import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class ConsensusAgreement:
    """Agreement of a consensus with a reference class per clip.

    Attributes:
        accuracy: Share of clips whose label is the reference; a tie is a miss.
        split: The same, a tie of k classes that has the reference among them counting 1/k: the
            accuracy of one who decides ties by lot. No interval.
        decided: The same among the clips without a tie; NaN where all tie. No interval.
        tied: Share of clips whose leading classes tie; NaN without a clip.
        log_loss: Mean of −ln P(reference | votes) in nats; infinite where the posterior rules a
            reference out, as shares of votes do for a class nobody chose.
    """

    accuracy: Agreement
    split: Agreement
    decided: Agreement
    tied: float
    log_loss: float


def agreement_of_consensus(
    consensus: Consensus,
    reference: IntArray,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> ConsensusAgreement:
    """Compare a consensus with a reference class, with an interval from resampled clips.

    The consensus is held fixed: the interval says what other clips would have given, not what
    the aggregator would have made of other votes.

    Args:
        consensus: The consensus on N clips in C classes.
        reference: Class index of each clip in the order of its `items`, (N,); -1 where there is
            none, which leaves the clip out.
        resamples: Bootstrap samples.
        level: Coverage of the interval.
        seed: Equal seeds give equal intervals.

    Returns:
        Accuracies, ties and log loss over the clips with a reference.

    Raises:
        VoteError: `reference` is not N indices below C.
        AnnotationError: `level` or `resamples` is out of range.

    Example:
        >>> from annotation.aggregation.majority import MajorityVote
        >>> from annotation.testing import fill_votes
        >>> from annotation.votes import build_vote_matrix
        >>> rows = {"clip_id": list("aab"), "label": ["joy", "calm", "joy"]}
        >>> consensus = MajorityVote().aggregate(
        ...     build_vote_matrix(fill_votes(rows), ["calm", "joy"])
        ... )
        >>> found = agreement_of_consensus(consensus, np.array([1, 1]), resamples=0)
        >>> found.accuracy.value, found.split.value, found.decided.value, found.tied
        (0.5, 0.75, 1.0, 0.5)
    """
    truth = check_reference(reference, consensus.posterior.shape)
    known = (truth >= 0).astype(np.float64)
    won = consensus.split_labels()[np.arange(len(truth)), truth] * known
    is_open = consensus.is_tie.astype(np.float64) * known
    right = won * (1 - is_open)

    def share(name: str, hits: FloatArray, of: FloatArray, samples: int = 0) -> Agreement:
        terms = np.column_stack([hits, of])
        statistic = Statistic(name, terms, ratio, of, consensus.votes * of)
        return estimate(statistic, resamples=samples, level=level, seed=seed)

    return ConsensusAgreement(
        accuracy=share("accuracy", right, known, resamples),
        split=share("accuracy_split", won, known),
        decided=share("accuracy_decided", right, known - is_open),
        tied=_mean(is_open[truth >= 0]),
        log_loss=_mean(_surprise(consensus.posterior, truth)),
    )


def _surprise(posterior: FloatArray, truth: IntArray) -> FloatArray:
    rows = np.flatnonzero(truth >= 0)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log(posterior[rows, truth[rows]]))


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else float("nan")
