"""The records that `why` returns: all that is known of one clip's label."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np

from annotation.clips import ClipExplanation
from pipelines.runner import Row


@dataclass(frozen=True)
class Doubt:
    """What is not known of a clip, and what one more vote would do about it.

    Args:
        weighed_by: Aggregator whose confusion matrices weigh the votes; None where every vote is
            taken at its word.
        total: Entropy of the next faithful answer, nats.
        ambiguity: Part of it that stays however many are asked, for people disagree.
        ignorance: Part of it that further votes would remove.
        effective_votes: Faithful votes that would tell as much as the clip's own.
        gain: Fall of the consensus's entropy to be expected from one more average vote, nats;
            None without confusion matrices.
        error_gain: Fall of the probability that its leading class is wrong; None like `gain`.
    """

    weighed_by: str | None
    total: float
    ambiguity: float
    ignorance: float
    effective_votes: float
    gain: float | None
    error_gain: float | None


@dataclass(frozen=True)
class RatedVote:
    """The numbers that a row of the ledger gives, whether it stands or not.

    Args:
        vote_id: The row.
        arousal: Rated arousal, in the source's scale; None where it was not rated.
        valence: Rated valence, likewise.
        dominance: Rated dominance, likewise.
    """

    vote_id: str
    arousal: float | None
    valence: float | None
    dominance: float | None


@dataclass(frozen=True)
class RatingAnswer:
    """What one aggregator of ratings says of the clip.

    Args:
        dimension: `arousal`, `valence` or `dominance`.
        aggregator: Its name.
        rating: The consensus, in the unit of the ratings.
        standard_error: Its standard error; NaN where it cannot be told.
        spread: Standard deviation of the clip's ratings; NaN below two people.
        votes: People behind it.
    """

    dimension: str
    aggregator: str
    rating: float
    standard_error: float
    spread: float
    votes: int


@dataclass(frozen=True)
class ClipOpinion:
    """What is known of the clip in one taxonomy and modality.

    Args:
        taxonomy: Class list.
        explanation: Votes, reliability, answers and how they came about.
        rated: The numbers of the rows that rate, by vote_id.
        ratings: What the aggregators of ratings say, where the clip is rated.
        refused: Aggregators that cannot read these votes, and why.
        doubt: What is not known; None where no labelled vote stands.
    """

    taxonomy: str
    explanation: ClipExplanation
    rated: tuple[RatedVote, ...]
    ratings: tuple[RatingAnswer, ...]
    refused: tuple[tuple[str, str], ...]
    doubt: Doubt | None


@dataclass(frozen=True)
class WhyResult:
    """Everything that is known of one clip's label.

    Args:
        clip_id: The clip.
        intended: What the corpus's design asked for, which is nobody's vote.
        opinions: By taxonomy and modality.
        runs: What every stored aggregation run said of the clip, in the order of the runs.
    """

    clip_id: str
    intended: str | None
    opinions: tuple[ClipOpinion, ...]
    runs: tuple[Mapping[str, Any], ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per answer of an aggregator."""
        return [
            {
                "taxonomy": opinion.taxonomy,
                "modality": opinion.explanation.modality,
                "aggregator": answer.aggregator,
                "label": answer.label,
                "probability": max(answer.posterior),
                "entropy": answer.entropy,
                "votes": answer.votes,
                "converged": "yes" if answer.converged else "no",
            }
            for opinion in self.opinions
            for answer in opinion.explanation.answers
        ]

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        found: dict[str, Any] = _plain(asdict(self))
        return found


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value that a record holds
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, datetime) else value
