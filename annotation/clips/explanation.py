"""The records that say why a clip has the label it has, and their tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

import pyarrow as pa

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

State = Literal["stands", "superseded", "retracted", "abstained", "rated", "retraction"]

_POSTERIOR: Final = pa.list_(pa.float64())


@dataclass(frozen=True, slots=True)
class VoteLine:
    """One row of the ledger on the clip.

    Attributes:
        vote_id: Its id.
        cast_at: When it was cast; None where the ledger cannot say.
        annotator: Who cast it; None for an anonymous count.
        label: The answer; None for an abstention, ratings or a retraction.
        count: How many equal judgements it stands for.
        lead_time_s: How long it took; None where not known.
        source: Where it came from.
        supersedes: The row it replaces or withdraws.
        state: `stands`, `superseded`, `retracted`, `abstained`, `rated` (no label but a rating),
            or `retraction` (the row withdraws another).
    """

    vote_id: str
    cast_at: datetime | None
    annotator: str | None
    label: str | None
    count: int
    lead_time_s: float | None
    source: str
    supersedes: str | None
    state: State


@dataclass(frozen=True, slots=True)
class ReliabilityLine:
    """How far one aggregator trusts one annotator of the clip.

    Attributes:
        aggregator: Its name.
        annotator: An annotator with a standing vote, or the pool of anonymous ones.
        votes: Votes they cast on all clips.
        skill: The aggregator's measure of them, NaN where it has none.
        evidence: Log odds, in nats, that their standing votes on this clip give the aggregator's
            leading class over its runner-up: above 0 they support it, near 0 they hardly count.
            NaN where the aggregator has no confusion matrices.
    """

    aggregator: str
    annotator: str
    votes: int
    skill: float
    evidence: float


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """What one aggregator says of the clip.

    Attributes:
        aggregator: Its name.
        label: Its label; None where the leading classes tie.
        is_tie: Whether they do.
        posterior: P(class | votes), one per class.
        entropy: Of the posterior, in nats.
        votes: Votes behind it.
        converged: Whether the aggregator's estimation had settled.
        path_gap: Largest difference between this posterior and the last step of its path; NaN
            where it has no path. Far above its tolerance, the path is not how it reasons, or the
            ledger has moved on since it was fitted.
    """

    aggregator: str
    label: str | None
    is_tie: bool
    posterior: tuple[float, ...]
    entropy: float
    votes: int
    converged: bool
    path_gap: float


@dataclass(frozen=True, slots=True)
class PathStep:
    """How one row of the ledger moved the posterior.

    Attributes:
        aggregator: Name of the aggregator whose matrices weigh the votes, or `vote_shares`.
        step: Number of the step, from 0, which is before any vote.
        vote_id: The row; None at step 0.
        cast_at: When it came; None where the ledger cannot say.
        annotator: Whose it is; None for an anonymous count and at step 0.
        label: Its answer; None where it only takes a vote away.
        posterior: Afterwards, one probability per class.
        entropy: Of that posterior, in nats.
        leading: The leading class afterwards; None where several lead.
    """

    aggregator: str
    step: int
    vote_id: str | None
    cast_at: datetime | None
    annotator: str | None
    label: str | None
    posterior: tuple[float, ...]
    entropy: float
    leading: str | None


@dataclass(frozen=True, slots=True)
class ClipExplanation:
    """Everything that is known of one clip's label.

    Attributes:
        clip_id: The clip.
        modality: What the annotators perceived.
        classes: C class names, the order of every posterior.
        votes: Every row of the ledger, in time.
        reliability: Every annotator with a standing vote under every aggregator.
        answers: Every aggregator's answer.
        path: How the posterior moved, aggregator by aggregator.
    """

    clip_id: str
    modality: str
    classes: tuple[str, ...]
    votes: tuple[VoteLine, ...]
    reliability: tuple[ReliabilityLine, ...]
    answers: tuple[AnswerLine, ...]
    path: tuple[PathStep, ...]

    def vote_table(self) -> pa.Table:
        """Return one row per `VoteLine`."""
        return _to_table(self.votes, VOTE_LINE_SCHEMA)

    def reliability_table(self) -> pa.Table:
        """Return one row per `ReliabilityLine`."""
        return _to_table(self.reliability, RELIABILITY_LINE_SCHEMA)

    def answer_table(self) -> pa.Table:
        """Return one row per `AnswerLine`."""
        return _to_table(self.answers, ANSWER_LINE_SCHEMA)

    def path_table(self) -> pa.Table:
        """Return one row per `PathStep`."""
        return _to_table(self.path, PATH_STEP_SCHEMA)


VOTE_LINE_SCHEMA: Final = pa.schema(
    {
        "vote_id": pa.string(),
        "cast_at": pa.timestamp("us", "UTC"),
        "annotator": pa.string(),
        "label": pa.string(),
        "count": pa.int32(),
        "lead_time_s": pa.float64(),
        "source": pa.string(),
        "supersedes": pa.string(),
        "state": pa.string(),
    }
)
RELIABILITY_LINE_SCHEMA: Final = pa.schema(
    {
        "aggregator": pa.string(),
        "annotator": pa.string(),
        "votes": pa.int64(),
        "skill": pa.float64(),
        "evidence": pa.float64(),
    }
)
ANSWER_LINE_SCHEMA: Final = pa.schema(
    {
        "aggregator": pa.string(),
        "label": pa.string(),
        "is_tie": pa.bool_(),
        "posterior": _POSTERIOR,
        "entropy": pa.float64(),
        "votes": pa.int64(),
        "converged": pa.bool_(),
        "path_gap": pa.float64(),
    }
)
PATH_STEP_SCHEMA: Final = pa.schema(
    {
        "aggregator": pa.string(),
        "step": pa.int64(),
        "vote_id": pa.string(),
        "cast_at": pa.timestamp("us", "UTC"),
        "annotator": pa.string(),
        "label": pa.string(),
        "posterior": _POSTERIOR,
        "entropy": pa.float64(),
        "leading": pa.string(),
    }
)


def _to_table(records: tuple[DataclassInstance, ...], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([asdict(record) for record in records], schema=schema)
