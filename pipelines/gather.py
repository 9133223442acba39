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
from pipelines.campaign import AUDIT_ARM, SEED_ARM, clips_of, find_round, read_asks
from pipelines.clipset import INTENDED, corpus_clips
from pipelines.compare import compare_models
from pipelines.curve import is_of_curve
from pipelines.errors import NothingToDoError
from pipelines.flac import encode_flac
from pipelines.models import require_model
from pipelines.outlook import read_outlook
from pipelines.report.content import (
    AnnotatorSummary,
    Arm,
    AskedClip,
    ConsensusQuality,
    CurvePoint,
    DataDoubt,
    HeldOut,
    IngestSummary,
    NextStep,
    PairedDifference,
    Provenance,
    RejectCount,
    ReportContent,
    confusion_rows,
)
from ser.corpora.synthetic import INFO as SYNTHETIC
from warehouse import Warehouse, queries
from warehouse.quality import find_faults

CLIPS_SHOWN = 12
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
    header = find_round(store, campaign, number) or {}
    corpus = header["corpus"]
    info = next(r for r in queries.select_corpora(store).to_pylist() if r["corpus"] == corpus)
    latest = {point.arm: point for point in curve if point.round == number}
    model = require_model(store, latest["active"].model_id)
    evaluation = next(
        row
        for row in queries.select_evaluations(store).to_pylist()
        if row["model_id"] == model["model_id"] and is_of_curve(row)
    )
    clips = corpus_clips(store, corpus)
    asks = read_asks(store, campaign, up_to=number)
    votes = queries.select_effective_votes(store, corpus=corpus, clip_ids=clips_of(asks))
    consensus = queries.select_consensus(store, model["labels"])
    labels = _consensus_labels(store, [point.model_id for point in latest.values()])
    classes = tuple(model["classes"])
    return ReportContent(
        title=f"Campaign {campaign}",
        round_number=number,
        corpus_title=info["title"],
        is_synthetic=corpus == SYNTHETIC.name,
        has_simulated_votes=SIMULATED in votes["source"].to_pylist(),
        taxonomy=model["taxonomy"],
        classes=classes,
        generated_from=Provenance(
            snapshot=store.snapshot,
            model_id=model["model_id"],
            config_sha256=model["config_sha256"],
            seed=model["seed"],
            code_version=model["code_version"],
        ),
        held_out=HeldOut(speakers=len(evaluation["speakers"]), clips=evaluation["clips"]),
        curve=tuple(curve),
        confusion=confusion_rows(evaluation["confusion"], len(classes)),
        asked=_asked_clips(store, read_asks(store, campaign, number=number), clips, votes, labels),
        consensus=replace(
            _consensus_quality(store, model["labels"], consensus, clips, votes),
            audit=read_audit(store, campaign, number),
        ),
        ingest=_ingest_summary(store, corpus, clips),
        doubts=_doubts(store, corpus),
        next_steps=_next_steps(corpus, campaign),
        difference=_difference(store, latest, INTENDED),
        outlook=read_outlook(store, campaign, number, curve, thresholds),
    )


def _asked_clips(
    store: Warehouse,
    asks: pa.Table,
    clips: pa.Table,
    votes: pa.Table,
    labels: Mapping[str, str | None],
) -> tuple[AskedClip, ...]:
    """Return the round's clips, the most telling of every arm first and with sound."""
    rows = sorted(asks.to_pylist(), key=lambda row: (-(row["utility"] or 0.0), row["ask_id"]))
    by_arm = {
        arm: [row for row in rows if row["arm"] == arm]
        for arm in (SEED_ARM, "active", "random", AUDIT_ARM)
    }
    share = {
        SEED_ARM: CLIPS_SHOWN,
        "active": CLIPS_SHOWN * 2 // 3,
        "random": CLIPS_SHOWN // 4,
        AUDIT_ARM: CLIPS_SHOWN // 12,
    }
    shown = [row for arm, members in by_arm.items() for row in members[: share[arm]]]
    rest = [row for arm, members in by_arm.items() for row in members[share[arm] :]]
    heard = sorted({row["clip_id"] for row in shown})
    audio = {row["clip_id"]: row for row in queries.select_waveforms(store, heard).to_pylist()}
    facts = _rows_by_clip(clips, clips_of(asks))
    received = _votes_by_clip(votes)
    return tuple(
        AskedClip(
            clip_id=row["clip_id"],
            arm=row["arm"],
            utility=row["utility"],
            reason=row["reason"],
            votes=tuple(received.get(row["clip_id"], Counter()).most_common()),
            consensus=labels.get(row["clip_id"]),
            intended=facts[row["clip_id"]]["intended"],
            duration_s=facts[row["clip_id"]]["speech_end_s"]
            - facts[row["clip_id"]]["speech_start_s"],
            audio=encode_flac(audio[row["clip_id"]]) if row["clip_id"] in audio else None,
        )
        for row in (*shown, *rest)
    )


def _consensus_labels(store: Warehouse, model_ids: Sequence[str]) -> dict[str, str | None]:
    """Return the decided label of each clip that one of the models learned from."""
    labels: dict[str, str | None] = {}
    for model_id in model_ids:
        consensus = queries.select_consensus(store, require_model(store, model_id)["labels"])
        labels |= zip(consensus["clip_id"].to_pylist(), consensus["label"].to_pylist(), strict=True)
    return labels


def _consensus_quality(
    store: Warehouse, run_id: str, consensus: pa.Table, clips: pa.Table, votes: pa.Table
) -> ConsensusQuality:
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
        for clip_id, received in _votes_by_clip(votes).items()
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


def _difference(
    store: Warehouse, latest: Mapping[Arm, CurvePoint], truth: str
) -> PairedDifference | None:
    """Compare the arms' models on the same test clips; None where they share one or no clip."""
    first, second = (
        latest[arm].model_id if arm in latest else None for arm in ("active", "random")
    )
    if first is None or second is None or first == second:
        return None
    try:
        uar = compare_models(store, [(first, second)], truth=truth).uar
    except NothingToDoError:
        return None
    return PairedDifference(uar=uar.difference, low=uar.low, high=uar.high)


def _next_steps(corpus: str, campaign: str) -> tuple[NextStep, ...]:
    name = "" if campaign == corpus else f" --campaign {campaign}"
    return (
        NextStep(
            command=f"serloop round {corpus}{name} --tasks tasks.json",
            purpose="ask the next round as a task file for Label Studio",
        ),
        NextStep(
            command=f"serloop round {corpus}{name} --answers export.json",
            purpose="collect its answers and learn from them",
        ),
        NextStep(command="serloop status", purpose="see what is in the warehouse"),
    )


def _rows_by_clip(table: pa.Table, clip_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    chosen = table.filter(pc.is_in(table["clip_id"], pa.array(clip_ids, pa.string())))
    return {row["clip_id"]: row for row in chosen.to_pylist()}


def _votes_by_clip(votes: pa.Table) -> dict[str, Counter[str]]:
    totals = votes.group_by(["clip_id", "label"]).aggregate([("count", "sum")])
    received: dict[str, Counter[str]] = {}
    for row in totals.sort_by("label").to_pylist():
        if row["label"] is not None:
            received.setdefault(row["clip_id"], Counter())[row["label"]] = row["count_sum"]
    return received
