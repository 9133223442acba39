"""Everything a round report shows, as frozen records that know nothing of the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipelines.report.errors import ReportError

if TYPE_CHECKING:
    from pipelines.report.changes import Changes
    from pipelines.report.corpus import DataDoubt, IngestSummary
    from pipelines.report.cost import Cost
    from pipelines.report.drift import DriftCheck
    from pipelines.report.following import NextRound
    from pipelines.report.outlook import Outlook
    from pipelines.report.pool_estimates import PoolSection
    from pipelines.report.registry import Registry
    from pipelines.report.scores import ClassScore, GroupScore

Arm = Literal["active", "random"]
AskArm = Literal["seed", "active", "random", "audit"]
ConfusionRows = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One trained model on the learning curve.

    Args:
        round: number of the round after which the model was trained; 0 is the seed round.
        arm: which arm's labels the model was trained on.
        clips: labelled training clips.
        votes: votes spent on those clips.
        uar: unweighted average recall on the held-out speakers, in [0, 1]; NaN if undefined.
        uar_low: lower end of its speaker-bootstrap interval; NaN if undefined.
        uar_high: upper end of that interval; NaN if undefined.
        war: weighted average recall (accuracy), in [0, 1]; NaN if undefined.
        model_id: the model. The arms may share one, as in the seed round.
    """

    round: int
    arm: Arm
    clips: int
    votes: int
    uar: float
    uar_low: float
    uar_high: float
    war: float
    model_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """Last active UAR minus last random UAR, both on the same resampled test speakers.

    Args:
        uar: the difference, in [-1, 1].
        low: lower end of its speaker-bootstrap interval.
        high: upper end of that interval.
    """

    uar: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """The test part every number of the curve is measured on.

    Args:
        speakers: speakers in it; none of them is ever asked about.
        clips: clips in it.
        labels: where its labels come from, in words.
    """

    speakers: int
    clips: int
    labels: str = "intended emotion"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedClip:
    """One clip people were asked about in this round.

    Args:
        clip_id: the clip.
        arm: why it was in the round at all.
        utility: acquisition score, higher = asked first; None when the arm does not score.
        reason: the acquisition's own words.
        votes: label and number of votes for it, as received so far; may be empty.
        consensus: decided label; None = tie, or no vote yet.
        intended: label by the corpus's design; None when the corpus has none.
        duration_s: length of the clip in seconds.
        audio: the encoded file, or None to leave the player out.
        audio_mime: its media type, `audio/…`.
    """

    clip_id: str
    arm: AskArm
    utility: float | None
    reason: str
    votes: tuple[tuple[str, int], ...]
    consensus: str | None
    intended: str | None
    duration_s: float
    audio: bytes | None = None
    audio_mime: str = "audio/flac"

    @property
    def is_tie(self) -> bool:
        """True when there are votes but no decided label."""
        return bool(self.votes) and self.consensus is None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatorSummary:
    """One annotator under the aggregation run.

    Args:
        annotator: its id.
        votes: votes it cast.
        skill: the aggregator's estimate, in [0, 1]; None when the aggregator has none.
    """

    annotator: str
    votes: int
    skill: float | None


@dataclass(frozen=True, slots=True)
class AuditOutcome:
    """How often one more independent listener contradicted a label drawn at random.

    Args:
        audits: labels drawn so far.
        answered: those with an answer.
        contradicted: answers that were another class than the label.
        low: lower end of Wilson's interval of the share; NaN without answers.
        high: upper end.
        level: coverage of the interval.
    """

    audits: int
    answered: int
    contradicted: int
    low: float
    high: float
    level: float

    @property
    def share(self) -> float | None:
        """Share of answers that contradict the label; None without answers."""
        return self.contradicted / self.answered if self.answered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusQuality:
    """How well people agreed on the clips that have votes.

    Args:
        aggregator: method that turned votes into labels.
        clips: clips with at least one vote.
        votes: votes on them.
        ties: clips without a decided label.
        intended_share: share of clips whose consensus equals the intended label, a tie
            counting as a miss; None when the corpus has no intended label.
        entropy_counts: clips per bin of the entropy of their votes, H bins.
        entropy_edges: bin edges in nats, H + 1 of them, ascending.
        annotators: every annotator, in any order.
        audit: what audits found; None where none was asked.
    """

    aggregator: str
    clips: int
    votes: int
    ties: int
    intended_share: float | None
    entropy_counts: tuple[int, ...]
    entropy_edges: tuple[float, ...]
    annotators: tuple[AnnotatorSummary, ...]
    audit: AuditOutcome | None = None

    @property
    def votes_per_clip(self) -> float | None:
        """Mean number of votes of a clip; None without clips."""
        return self.votes / self.clips if self.clips else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """A command worth running after reading the page.

    Args:
        command: the command line.
        purpose: what it does, as a clause.
    """

    command: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What is needed to make the same numbers again.

    Args:
        snapshot: warehouse snapshot the page was read from.
        model_id: the active model of the last round; None before the first.
        config_sha256: hash of the training configuration.
        seed: seed of the campaign.
        code_version: version or commit of serloop.
        committed_at: when that snapshot was made, as text; None where not told.
    """

    snapshot: int
    model_id: str | None
    config_sha256: str
    seed: int
    code_version: str
    committed_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """Everything one page shows.

    Args:
        title: name of the campaign or page.
        round_number: the round reported on; 0 is the seed round.
        corpus_title: the corpus in words.
        is_synthetic: True when the speech was generated by code.
        has_simulated_votes: True when the votes come from simulated annotators.
        taxonomy: name of the class list.
        classes: C class names in taxonomy order.
        generated_from: provenance of every number.
        held_out: the test part.
        curve: learning curve of both arms, in any order; may be empty.
        confusion: (C, C) counts of the last active model on the test part, rows = truth;
            None before the first model.
        asked: clips asked about, in the order to show them.
        consensus: agreement of the votes; None before the first vote.
        ingest: what was ingested.
        doubts: what is doubtful about it, most severe first; `serloop quality` has the evidence.
        next_steps: commands to offer, the most urgent first.
        difference: paired difference of the arms' last models; None when not computed.
        outlook: whether more rounds are worth asking; None when not looked into.
        interval_level: coverage of all intervals, in (0, 1).
        pool: what the whole pool is like; None when not estimated.
        changes: what is different from the round before; None for the seed round.
        registry: who is champion, and what the gate decided about this round's model.
        class_scores: recall of each class with its interval; empty where none was recorded.
        group_scores: UAR of each group that is large enough; empty where there is none.
        cost: what the labels cost; None before the first vote.
        following: the round asked after this one; None before it is.
        drifts: how clips that came in differ from those learned from; empty when not measured.
    """

    title: str
    round_number: int
    corpus_title: str
    is_synthetic: bool
    has_simulated_votes: bool
    taxonomy: str
    classes: tuple[str, ...]
    generated_from: Provenance
    held_out: HeldOut
    curve: tuple[CurvePoint, ...]
    confusion: ConfusionRows | None
    asked: tuple[AskedClip, ...]
    consensus: ConsensusQuality | None
    ingest: IngestSummary
    doubts: tuple[DataDoubt, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    difference: PairedDifference | None = None
    outlook: Outlook | None = None
    interval_level: float = 0.95
    pool: PoolSection | None = None
    changes: Changes | None = None
    registry: Registry | None = None
    class_scores: tuple[ClassScore, ...] = ()
    group_scores: tuple[GroupScore, ...] = ()
    cost: Cost | None = None
    following: NextRound | None = None
    drifts: tuple[DriftCheck, ...] = ()

    def arm_points(self, arm: Arm) -> list[CurvePoint]:
        """Return one arm's points, earliest round first."""
        points = [point for point in self.curve if point.arm == arm]
        return sorted(points, key=lambda point: (point.round, point.votes))


def confusion_rows(values: Sequence[int], n_classes: int) -> ConfusionRows:
    """Cut a row-major list, as the warehouse stores it, into rows.

    Args:
        values: C × C counts, row by row.
        n_classes: C, at least 1.

    Returns:
        The counts as C rows of C integers.

    Raises:
        ReportError: the list does not hold C × C values.

    Example:
        >>> confusion_rows([3, 1, 0, 4], 2)
        ((3, 1), (0, 4))
    """
    if len(values) != n_classes * n_classes:
        raise ReportError(
            f"`values` should hold {n_classes} × {n_classes} counts, got {len(values)}; "
            "pass the evaluation's own classes"
        )
    counts = [int(value) for value in values]
    return tuple(
        tuple(counts[start : start + n_classes]) for start in range(0, len(counts), n_classes)
    )


def class_recalls(confusion: ConfusionRows) -> list[float | None]:
    """Return the recall of each class: its diagonal count over its row sum.

    Args:
        confusion: (C, C) counts, rows = truth.

    Returns:
        C recalls in [0, 1]; None for a class without test clips, whose recall is undefined.

    Example:
        >>> class_recalls(((3, 1), (0, 0)))
        [0.75, None]
    """
    totals = [sum(row) for row in confusion]
    return [
        row[index] / total if total else None
        for index, (row, total) in enumerate(zip(confusion, totals, strict=True))
    ]


def largest_confusions(
    confusion: ConfusionRows, classes: Sequence[str], *, count: int
) -> list[tuple[str, str, int, int]]:
    """Find the off-diagonal cells with the largest share of their true class.

    Args:
        confusion: (C, C) counts, rows = truth.
        classes: C names.
        count: how many cells at most; cells without a clip are never returned.

    Returns:
        Tuples of true class, class said, clips so confused, clips of the true class.

    Example:
        >>> largest_confusions(((3, 1), (2, 2)), ("anger", "fear"), count=1)
        [('fear', 'anger', 2, 4)]
    """
    cells = [
        (-said / sum(row), i, j)
        for i, row in enumerate(confusion)
        for j, said in enumerate(row)
        if i != j and said
    ]
    return [
        (classes[i], classes[j], confusion[i][j], sum(confusion[i]))
        for _, i, j in sorted(cells)[:count]
    ]
