"""How often each aggregator concludes what the corpus intended."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from annotation.aggregation import AGGREGATORS
from annotation.agreement import (
    Agreement,
    ConsensusAgreement,
    agreement_of_consensus,
    agreement_with_reference,
    people_per_class,
)
from annotation.columns import ANONYMOUS, IntArray
from annotation.votes import VoteMatrix, build_vote_matrix
from pipelines.errors import NothingToDoError
from pipelines.opinions import Opinions, intended_labels
from pipelines.progress import Progress
from pipelines.runner import Row
from warehouse import Warehouse

SINGLE_VOTE = "single_vote"
"""The row of no aggregator: one vote drawn by lot, what aggregating is to be better than."""

_NEEDS_NAMES = "needs to know who voted"


@dataclass(frozen=True)
class AggregatorAgreement:
    """One aggregator against the intended labels of one modality.

    Args:
        taxonomy: Class list of the votes.
        modality: What was perceived.
        aggregator: A key of `annotation.aggregation.AGGREGATORS`, or `single_vote`.
        accuracy: Share of clips, or of votes, that equal the intended label, a tie being a miss;
            None where it could not be told.
        consensus: Ties and log loss; None where there is no consensus.
        reason: Why the aggregator cannot say.
    """

    taxonomy: str
    modality: str
    aggregator: str
    accuracy: Agreement | None = None
    consensus: ConsensusAgreement | None = None
    reason: str | None = None

    def row(self) -> Row:
        """Return it as a row of a table; what is undefined or infinite is None."""
        accuracy, more = self.accuracy, self.consensus
        return {
            "taxonomy": self.taxonomy,
            "modality": self.modality,
            "aggregator": self.aggregator,
            "accuracy": finite(accuracy.value) if accuracy else None,
            "low": finite(accuracy.low) if accuracy else None,
            "high": finite(accuracy.high) if accuracy else None,
            "tied": finite(more.tied) if more else None,
            "ties_split": finite(more.split.value) if more else None,
            "decided": finite(more.decided.value) if more else None,
            "log_loss": finite(more.log_loss) if more else None,
            "clips": accuracy.clips if accuracy else None,
            "votes": accuracy.votes if accuracy else None,
            "reason": self.reason,
        }


def judge_aggregators(
    store: Warehouse,
    opinions: Sequence[Opinions],
    progress: Progress,
    *,
    resamples: int,
    level: float,
) -> list[AggregatorAgreement]:
    """Let every aggregator conclude, and compare with the intended labels.

    Args:
        store: The warehouse, for what was intended.
        opinions: The votes, apart by taxonomy and modality.
        progress: Where progress is shown.
        resamples: Bootstrap samples of clips behind each interval; 0 for none.
        level: Coverage of the intervals, within (0, 1).

    Returns:
        By taxonomy and modality, a row for a single vote and one per aggregator; one that cannot
        read the votes has a reason instead of figures.

    Raises:
        NothingToDoError: If no clip voted on has an intended label.
        AnnotationError: If a label is outside its taxonomy, or `level` or `resamples` out of range.
    """
    asked = [one for one in opinions if one.classes]
    clips = {clip for one in asked for clip in pc.unique(one.votes["clip_id"]).to_pylist()}
    meant = intended_labels(store, sorted(clips))
    found: list[AggregatorAgreement] = []
    with progress.track("judge aggregators", len(asked) * (1 + len(AGGREGATORS)), "runs") as step:
        for one in asked:
            for row in _judge(one, meant, resamples=resamples, level=level):
                found.append(row)
                step(note=f"{row.modality} {row.aggregator}")
    if not found:
        raise NothingToDoError(
            "no clip that has votes has an intended label to compare aggregators with; ingest the "
            "corpus, whose clips tell it, or leave `--by` out"
        )
    return found


def finite(value: float) -> float | None:
    """Return a number, or None for what is undefined or infinite, which JSON cannot say."""
    return value if math.isfinite(value) else None


def _judge(
    opinions: Opinions, meant: Mapping[str, str], *, resamples: int, level: float
) -> Iterator[AggregatorAgreement]:
    votes = build_vote_matrix(opinions.votes, opinions.classes)
    intended = intended_classes(votes, meant)
    if not (intended >= 0).any():
        return
    single = agreement_with_reference(
        people_per_class(votes), intended, resamples=resamples, level=level
    ).single
    where = (opinions.taxonomy, opinions.modality)
    yield AggregatorAgreement(*where, SINGLE_VOTE, single)
    is_pooled = any(name.startswith(ANONYMOUS) for name in votes.annotators)
    for name, make in AGGREGATORS.items():
        aggregator = make()
        if is_pooled and not aggregator.takes_anonymous:
            yield AggregatorAgreement(*where, name, reason=_NEEDS_NAMES)
            continue
        found = agreement_of_consensus(
            aggregator.aggregate(votes), intended, resamples=resamples, level=level
        )
        yield AggregatorAgreement(*where, name, found.accuracy, found)


def intended_classes(votes: VoteMatrix, meant: Mapping[str, str]) -> IntArray:
    """Return the class each clip was meant to show, (N,); -1 where it is not known."""
    place = {name: index for index, name in enumerate(votes.classes)}
    return np.array([place.get(meant.get(clip, ""), -1) for clip in votes.clips], np.int64)
