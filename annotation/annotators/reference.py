"""What a clip deserves in the eyes of everyone but the annotator who is judged by it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annotation.aggregation.result import Consensus
from annotation.columns import FloatArray, IntArray

_SMALLEST = 1e-9


def leave_own_out(
    consensus: Consensus,
    annotators: Sequence[str],
    annotator_index: IntArray,
    clip_index: IntArray,
    label_index: IntArray,
) -> FloatArray:
    """Return P(class) of each vote's clip with that vote taken out, (V, C).

    Measured against a posterior their own vote went into, everybody looks skilled, a lone voter
    perfect. Where the aggregator models P(vote | truth), the vote is a factor of the posterior
    and is divided out; where it does not, the posterior is read as a share of the clip's votes
    and one vote is subtracted (exact for a majority). Both leave in what the vote did to the
    other annotators' estimates, which is small.

    Args:
        consensus: The consensus.
        annotators: A ids.
        annotator_index: Who voted, (V,).
        clip_index: Position of the clip in `consensus.items`, (V,).
        label_index: What they said, (V,).

    Returns:
        Rows that sum to 1; NaN where the clip has no other vote.
    """
    posterior = consensus.posterior[clip_index]
    votes = consensus.votes[clip_index].astype(np.float64)
    others = np.maximum(votes - 1, 0.0)
    if consensus.confusion is None:
        reference = posterior * votes[:, None]
        reference[np.arange(len(reference)), label_index] -= 1.0
        reference = np.maximum(reference, 0.0)
    else:
        place = {name: index for index, name in enumerate(consensus.annotators)}
        row = np.array([place.get(name, -1) for name in annotators], np.int64)[annotator_index]
        factor = consensus.confusion[row, :, label_index]
        # A vote by someone the aggregator never saw is not in its posterior.
        factor = np.where(row[:, None] >= 0, factor, 1.0)
        others = np.where(row >= 0, others, votes)
        reference = posterior / np.maximum(factor, _SMALLEST)
    total = reference.sum(axis=1, keepdims=True)
    known = (total > 0) & (others[:, None] > 0)
    out = np.full_like(reference, np.nan)
    return np.asarray(np.divide(reference, total, out=out, where=known))
