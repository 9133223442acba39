"""Fill the records of a round's report from the warehouse."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.simulate import SOURCE as SIMULATED
from pipelines.audit import read_audit
from pipelines.campaign import clips_of, find_round, read_asks
from pipelines.clipset import corpus_clips
from pipelines.curve import is_of_curve
from pipelines.gathering.asked import count_labels, read_asked, read_labels_of
from pipelines.gathering.changes import measure_difference, read_changes
from pipelines.gathering.cost import read_cost
from pipelines.gathering.drifts import read_drifts
from pipelines.gathering.following import read_following
from pipelines.gathering.line import read_registry, write_time
from pipelines.gathering.scores import read_scores
from pipelines.gathering.steps import list_steps
from pipelines.models import require_model
from pipelines.outlook import read_outlook
from pipelines.report.content import (
    AnnotatorSummary,
    Arm,
    ConsensusQuality,
    CurvePoint,
    HeldOut,
    PairedDifference,
    Provenance,
    ReportContent,
    confusion_rows,
)
from pipelines.report.corpus import DataDoubt, IngestSummary, RejectCount
from ser.corpora.synthetic import INFO as SYNTHETIC
from warehouse import Warehouse, queries
from warehouse.quality import find_faults

# Half of the players a page has room for, see `pipelines.report.render`.
CLIPS_SHOWN = 6
ENTROPY_BINS = 9


def gather_content(
    store: Warehouse,
    campaign: str,
    number: int,
    curve: Sequence[CurvePoint],
    *,
    thresholds: Mapping[str, float] | None = None,
) -> ReportContent:
    """Read everything that the page of one round shows.

    Args:
        store: The warehouse.
        campaign: The campaign.
        number: A round that was learned from.
        curve: The curve up to that round.
        thresholds: When to stop, see `pipelines.outlook`.
    """
    corpus = (find_round(store, campaign, number) or {})["corpus"]
    info = next(r for r in queries.select_corpora(store).to_pylist() if r["corpus"] == corpus)
    latest = {point.arm: point for point in curve if point.round == number}
    model = require_model(store, latest["active"].model_id)
    evaluation = _find_evaluation(store, model["model_id"])
    clips = corpus_clips(store, corpus)
    asks = read_asks(store, campaign, up_to=number)
    votes = queries.select_effective_votes(store, corpus=corpus, clip_ids=clips_of(asks))
    labels = read_labels_of(store, [point.model_id for point in latest.values()])
    classes = tuple(model["classes"])
    confusion = confusion_rows(evaluation["confusion"], len(classes))
    class_scores, group_scores = read_scores(store, evaluation["evaluation_id"], classes, confusion)
    content = ReportContent(
        title=f"Campaign {campaign}",
        round_number=number,
        corpus_title=info["title"],
        is_synthetic=corpus == SYNTHETIC.name,
        has_simulated_votes=SIMULATED in votes["source"].to_pylist(),
        taxonomy=model["taxonomy"],
        classes=classes,
        generated_from=_provenance(store, model),
        held_out=HeldOut(speakers=len(evaluation["speakers"]), clips=evaluation["clips"]),
        curve=tuple(curve),
        confusion=confusion,
        asked=read_asked(
            store,
            read_asks(store, campaign, number=number),
            clips,
            votes,
            labels,
            shown=CLIPS_SHOWN,
        ),
        consensus=replace(
            _consensus_quality(store, model["labels"], clips, votes),
            audit=read_audit(store, campaign, number),
        ),
        ingest=_ingest_summary(store, corpus, clips),
        doubts=_doubts(store, corpus),
        difference=_difference(store, latest),
        outlook=read_outlook(store, campaign, number, curve, thresholds),
        changes=read_changes(store, campaign, number, curve),
        class_scores=class_scores,
        group_scores=group_scores,
        cost=read_cost(store, campaign, number, curve),
        following=read_following(store, campaign, number, clips, shown=CLIPS_SHOWN),
    )
    return _add_operations(store, corpus, campaign, content, model["model_id"])


def _add_operations(
    store: Warehouse, corpus: str, campaign: str, content: ReportContent, model_id: str
) -> ReportContent:
    """Add what became of the round's model, what drifted, and what to do about both."""
    registry = read_registry(store, campaign, content.round_number, model_id)
    in_question = {model_id} | ({registry.champion.model_id} if registry.champion else set())
    drifts = read_drifts(store, in_question)
    steps = list_steps(
        corpus,
        campaign,
        registry=registry,
        following=content.following,
        outlook=content.outlook,
        drifts=drifts,
    )
    return replace(content, registry=registry, drifts=drifts, next_steps=steps)


def _find_evaluation(store: Warehouse, model_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        row
        for row in queries.select_evaluations(store).to_pylist()
        if row["model_id"] == model_id and is_of_curve(row)
    )
    return found


def _provenance(store: Warehouse, model: Mapping[str, Any]) -> Provenance:
    newest = queries.select_snapshots(store, since=store.snapshot)["committed_at"].to_pylist()
    return Provenance(
        snapshot=store.snapshot,
        model_id=model["model_id"],
        config_sha256=model["config_sha256"],
        seed=model["seed"],
        code_version=model["code_version"],
        committed_at=None if not newest else write_time(newest[-1]),
    )


def _consensus_quality(
    store: Warehouse, run_id: str, clips: pa.Table, votes: pa.Table
) -> ConsensusQuality:
    consensus = queries.select_consensus(store, run_id)
    run = next(
        row for row in queries.select_consensus_runs(store).to_pylist() if row["run_id"] == run_id
    )
    # Of the votes, not of the posterior: an aggregator grows sure of itself where people do not.
    counts, edges = np.histogram(
        _vote_entropy(votes, set(consensus["clip_id"].to_pylist())),
        bins=ENTROPY_BINS,
        range=(0.0, float(np.log(len(run["classes"])))),
    )
    intended = dict(zip(clips["clip_id"].to_pylist(), clips["intended"].to_pylist(), strict=True))
    pairs = [
        (label, intended.get(clip_id))
        for clip_id, label in zip(
            consensus["clip_id"].to_pylist(), consensus["label"].to_pylist(), strict=True
        )
    ]
    has_truth = bool(pairs) and all(truth is not None for _, truth in pairs)
    return ConsensusQuality(
        aggregator=run["aggregator"],
        clips=consensus.num_rows,
        votes=pc.sum(consensus["votes"]).as_py() or 0,
        ties=pc.sum(consensus["is_tie"]).as_py() or 0,
        intended_share=sum(a == b for a, b in pairs) / len(pairs) if has_truth else None,
        entropy_counts=tuple(int(count) for count in counts),
        entropy_edges=tuple(float(edge) for edge in edges),
        annotators=tuple(
            AnnotatorSummary(
                annotator=row["annotator"],
                votes=row["votes"],
                skill=None if np.isnan(row["skill"]) else row["skill"],
            )
            for row in queries.select_annotators(store, run_id).to_pylist()
        ),
    )


def _vote_entropy(votes: pa.Table, clip_ids: set[str]) -> list[float]:
    """Return the entropy of the vote shares of each clip, nats."""
    counts = [
        np.array(list(received.values()), np.float64)
        for clip_id, received in count_labels(votes).items()
        if clip_id in clip_ids
    ]
    shares = [count / count.sum() for count in counts]
    return [float(-(share * np.log(share)).sum()) for share in shares]


def _ingest_summary(store: Warehouse, corpus: str, clips: pa.Table) -> IngestSummary:
    rejects = queries.select_rejects(store, corpus=corpus).to_pylist()
    reasons = Counter(row["reason"] for row in rejects)
    examples = {row["reason"]: row["path"] for row in rejects}
    return IngestSummary(
        clips=clips.num_rows,
        speakers=len(set(clips["speaker"].to_pylist()) - {None}),
        hours=pc.sum(clips["duration_s"]).as_py() / 3600,
        rejects=tuple(
            RejectCount(reason=reason, files=count, example=examples[reason])
            for reason, count in sorted(reasons.items())
        ),
    )


def _doubts(store: Warehouse, corpus: str) -> tuple[DataDoubt, ...]:
    return tuple(
        DataDoubt(
            severity=finding.severity,
            title=finding.title,
            noun=finding.noun,
            count=finding.count,
        )
        for finding in find_faults(store, corpus=corpus, shown=0)
        if finding.rows
    )


def _difference(store: Warehouse, latest: Mapping[Arm, CurvePoint]) -> PairedDifference | None:
    """Compare the arms' models on the same test clips; None where they share one or no clip."""
    if set(latest) != {"active", "random"}:
        return None
    return measure_difference(store, latest["active"].model_id, latest["random"].model_id)
