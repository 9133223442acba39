"""Which clips are in doubt: those people disagree about, and those too few have judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from annotation.aggregation import Consensus
from annotation.clips import Uncertainty, gain_of_one_more_vote, separate_uncertainty
from annotation.columns import FloatArray, IntArray
from annotation.votes import VoteMatrix
from pipelines.report.opinions.content import ClipView

AMBIGUOUS_SHOWN: Final = 12
UNHEARD_SHOWN: Final = 6
_DECIMALS: Final = 9


def find_doubts(
    matrix: VoteMatrix, consensus: Consensus, intended: Mapping[str, str]
) -> tuple[tuple[ClipView, ...], tuple[ClipView, ...]]:
    """Find the clips with the most ambiguity, and apart from them those with most ignorance.

    Both are weighed by the annotators' confusion, as in `serloop why`. A clip counts as ambiguous
    only where people did give different labels: what is expected of a clip nobody has judged
    says nothing about this one.

    Args:
        matrix: the votes.
        consensus: made of these very votes, with confusions.
        intended: label by the corpus's design, by clip id.

    Returns:
        `AMBIGUOUS_SHOWN` clips and `UNHEARD_SHOWN` others, most doubtful first, ties by id.
    """
    counts = matrix.class_counts()
    found = separate_uncertainty(matrix, confusion=consensus.confusion)
    gain = gain_of_one_more_vote(consensus)
    differ = (counts > 0).sum(axis=1) > 1
    ambiguous = _leading(np.where(differ, found.ambiguity, -np.inf), AMBIGUOUS_SHOWN)
    rest = found.ignorance.copy()
    rest[ambiguous] = -np.inf
    unheard = _leading(rest, UNHEARD_SHOWN)
    known = _Known(counts, found, consensus, gain, intended)
    return tuple(map(known.view, ambiguous)), tuple(map(known.view, unheard))


def _leading(values: FloatArray, wanted: int) -> Sequence[int]:
    # Rounding error must not decide which of two equal clips is shown.
    order = np.argsort(-np.round(values, _DECIMALS), kind="stable")[:wanted]
    return [int(at) for at in order if np.isfinite(values[at])]


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What is known of N clips: votes (N, C), doubt, consensus, gain (N,) and intention."""

    counts: IntArray
    found: Uncertainty
    consensus: Consensus
    gain: FloatArray
    intended: Mapping[str, str]

    def view(self, at: int) -> ClipView:
        """Return one clip as the page shows it."""
        clip_id, classes = self.consensus.items[at], self.consensus.classes
        received = zip(classes, self.counts[at].tolist(), strict=True)
        label = int(self.consensus.labels[at])
        return ClipView(
            clip_id=clip_id,
            votes=tuple(sorted((pair for pair in received if pair[1]), key=lambda pair: -pair[1])),
            leading=None if label < 0 else classes[label],
            probability=float(self.consensus.posterior[at].max()),
            intended=self.intended.get(clip_id),
            ambiguity=float(self.found.ambiguity[at]),
            ignorance=float(self.found.ignorance[at]),
            gain=float(self.gain[at]),
            duration_s=None,
        )
