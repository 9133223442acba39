"""A realistic report made of invented numbers, for tests and for looking at the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from annotation.planning import Criterion, advise
from pipelines.report.content import (
    AnnotatorSummary,
    AskArm,
    AskedClip,
    ConfusionRows,
    ConsensusQuality,
    CurvePoint,
    HeldOut,
    NextStep,
    Provenance,
    ReportContent,
    class_recalls,
)
from pipelines.report.corpus import DataDoubt, IngestSummary, RejectCount
from pipelines.report.cost import Cost
from pipelines.report.following import NextRound
from pipelines.report.outlook import ForecastPoint, Outlook
from pipelines.report.pool_estimates import PoolSection, PoolShare
from pipelines.report.scores import ClassScore
from pipelines.report.testing_operations import (
    build_sample_changes,
    build_sample_drift,
    build_sample_groups,
    build_sample_registry,
)

SAMPLE_CLASSES = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
SAMPLE_CONFUSION: ConfusionRows = (
    (17, 2, 1, 4, 0, 0),
    (3, 12, 2, 1, 3, 3),
    (1, 2, 13, 2, 0, 6),
    (5, 1, 3, 14, 1, 0),
    (0, 2, 0, 1, 18, 3),
    (0, 2, 3, 0, 4, 15),
)
_ACTIVE_UAR = (0.31, 0.42, 0.50, 0.55, 0.59)
_RANDOM_UAR = (0.31, 0.40, 0.45, 0.51, 0.55)
_THRESHOLDS = {
    "predicted change": 0.01,
    "stabilising predictions": 0.99,
    "gain per hour": 0.005,
}
_NEXT_STEPS = (
    NextStep(
        command="serloop collect --campaign morning",
        purpose="fetch the votes of this round from Label Studio",
    ),
    NextStep(
        command="serloop round --campaign morning --budget 24",
        purpose="aggregate, retrain, evaluate and ask about the next 24 clips",
    ),
    NextStep(
        command="serloop reproduce crnn-5f3a9c0d12e4",
        purpose="train this model again and compare its numbers",
    ),
)


def build_sample_content(*, rounds: int = 6, audio: Sequence[bytes] = ()) -> ReportContent:
    """Build the content of a plausible round of a campaign on synthetic speech.

    Args:
        rounds: rounds run so far, the seed round included; 1 to 6.
        audio: FLAC files for the first asked clips, in order.

    Returns:
        Content that agrees with itself; every number in it is invented.
    """
    last = rounds - 1
    recalls = [recall for recall in class_recalls(SAMPLE_CONFUSION) if recall is not None]
    uar = sum(recalls) / len(recalls)
    active = (*_ACTIVE_UAR[:last], uar)
    random = (*_RANDOM_UAR, 0.571)[:rounds] if rounds > 1 else (uar,)
    return ReportContent(
        title="Morning campaign",
        round_number=last,
        corpus_title="Synthetic emotional speech (24 voices)",
        is_synthetic=True,
        has_simulated_votes=True,
        taxonomy="synthetic-6",
        classes=SAMPLE_CLASSES,
        generated_from=Provenance(
            snapshot=41,
            model_id="crnn-5f3a9c0d12e4",
            config_sha256="9c0d12e45f3a7781b2c64c1de0a94415d7c1b5a3f2e80c6f0a1b2c3d4e5f6071",
            seed=7,
            code_version="0.1.0+3f9d2c1",
        ),
        held_out=HeldOut(speakers=4, clips=sum(map(sum, SAMPLE_CONFUSION))),
        curve=(*_curve("active", active), *_curve("random", random)),
        confusion=SAMPLE_CONFUSION,
        asked=_asked(audio),
        consensus=_consensus(clips=40 + 40 * last),
        ingest=_ingest(),
        doubts=(
            DataDoubt(severity="warning", title="Clipped recordings", noun="clip", count=18),
            DataDoubt(severity="note", title="Uneven classes or genders", noun="group", count=1),
        ),
        next_steps=_NEXT_STEPS,
        outlook=build_sample_outlook(rounds),
        pool=_pool(asked=40 + 40 * last),
        changes=build_sample_changes(last) if last else None,
        registry=build_sample_registry(last),
        class_scores=_class_scores(),
        group_scores=build_sample_groups(),
        cost=Cost(
            votes=120 + 100 * last,
            round_votes=100 if last else 120,
            seconds_per_vote=8.1,
            timed=1.0,
            epochs=44,
            training_s=38.0,
        ),
        following=NextRound(
            number=rounds, strategy="worth", open_votes=72, open_hours=0.162, asks=_next_asks(audio)
        ),
        drifts=(build_sample_drift(),),
    )


def build_sample_outlook(rounds: int) -> Outlook:
    """Build the outlook after some rounds.

    Args:
        rounds: rounds run so far; below 3 nothing is known yet.

    Returns:
        An outlook whose numbers are invented.
    """
    if rounds < 3:
        unknown = tuple(
            Criterion(name, math.nan, threshold, None, "Not yet: needs 3 rounds.")
            for name, threshold in _THRESHOLDS.items()
        )
        return Outlook(advice=advise(unknown), forecast=(), rounds=rounds, clips_left=900)
    values = {"predicted change": 0.019, "stabilising predictions": 0.812, "gain per hour": 0.0034}
    words = (
        "The next 60 votes are expected to change UAR by +0.019 [+0.006, +0.033].",
        "The last 3 models agree with kappa 0.812, on 144 clips that none of them learned from.",
        "An hour of annotators' time (444 votes at 8.1 s) is expected to change UAR by +0.0034.",
    )
    criteria = [
        Criterion(name, values[name], threshold, name == "gain per hour", text)
        for (name, threshold), text in zip(_THRESHOLDS.items(), words, strict=True)
    ]
    votes = 60 + 60 * rounds
    forecast = tuple(
        ForecastPoint(
            votes=votes + votes * step // 10,
            uar=0.62 + 0.07 * (step / 10) ** 0.7,
            uar_low=0.57 - 0.01 * step / 10,
            uar_high=0.66 + 0.12 * step / 10,
        )
        for step in range(11)
    )
    return Outlook(advice=advise(criteria), forecast=forecast, rounds=rounds, clips_left=720)


def _next_asks(audio: Sequence[bytes]) -> tuple[AskedClip, ...]:
    return tuple(
        replace(
            clip,
            clip_id=clip.clip_id.replace("synthetic/s", "synthetic/n"),
            votes=(),
            consensus=None,
        )
        for clip in _asked(audio)[:8]
    )


def _class_scores() -> tuple[ClassScore, ...]:
    columns = list(zip(*SAMPLE_CONFUSION, strict=True))
    recalls = class_recalls(SAMPLE_CONFUSION)
    return tuple(
        ClassScore(
            name=name,
            recall=recall,
            low=recall - 0.14,
            high=recall + 0.12,
            precision=SAMPLE_CONFUSION[index][index] / sum(columns[index]),
            clips=sum(SAMPLE_CONFUSION[index]),
        )
        for index, (name, recall) in enumerate(zip(SAMPLE_CLASSES, recalls, strict=True))
        if recall is not None
    )


def _pool(*, asked: int) -> PoolSection:
    shares = [
        *((f"Share of {name}", 0.19, 0.166, 0.02) for name in SAMPLE_CLASSES[:2]),
        *((f"Share of {name}", 0.155, 0.167, 0.02) for name in SAMPLE_CLASSES[2:]),
        ("Two people differ", 0.47, 0.38, 0.04),
        ("People and model agree", 0.52, 0.63, 0.05),
    ]
    return PoolSection(
        pool=960,
        asked=asked,
        answered=asked,
        shares=tuple(
            PoolShare(
                title=title,
                naive=naive,
                corrected=corrected,
                low=corrected - margin,
                high=corrected + margin,
                random=corrected + 0.011,
            )
            for title, naive, corrected, margin in shares
        ),
    )


def _curve(arm: str, scores: Sequence[float]) -> list[CurvePoint]:
    return [
        CurvePoint(
            round=number,
            arm="active" if arm == "active" else "random",
            clips=40 + 20 * number,
            votes=120 + 60 * number,
            uar=uar,
            uar_low=uar - 0.075 + 0.004 * number,
            uar_high=uar + 0.070 - 0.004 * number,
            war=uar + 0.012,
            model_id=f"crnn-{'seed' if number == 0 else arm}-{number}",
        )
        for number, uar in enumerate(scores)
    ]


def _asked(audio: Sequence[bytes]) -> tuple[AskedClip, ...]:
    votes: tuple[tuple[tuple[str, int], ...], ...] = (
        (("fear", 2), ("sadness", 1)),
        (("anger", 3),),
        (("happiness", 1), ("anger", 1), ("fear", 1)),
        (),
        (("neutral", 2), ("sadness", 1)),
        (("disgust", 2), ("anger", 1)),
    )
    intended = ("sadness", "anger", "happiness", "fear", "neutral", "disgust")
    clips = []
    for index in range(14):
        arm: AskArm = "random" if index % 4 == 3 else "active"
        cast = votes[index % len(votes)]
        clips.append(
            AskedClip(
                clip_id=f"synthetic/s{index + 3:02d}-{intended[index % 6]}-03-{index % 2}",
                arm=arm,
                utility=None if arm == "random" else 1.62 - 0.05 * index,
                reason="drawn at random as a control"
                if arm == "random"
                else "model hesitates between fear (.38) and sadness (.33)",
                votes=cast,
                consensus=cast[0][0] if cast and cast[0][1] > 1 else None,
                intended=intended[index % 6],
                duration_s=1.9 + 0.13 * index,
                audio=audio[index] if index < len(audio) else None,
            )
        )
    return tuple(clips)


def _consensus(*, clips: int) -> ConsensusQuality:
    tail = tuple(clips * share // 100 for share in (16, 13, 12, 9, 7, 5, 3, 1))
    edges = tuple(round(index * math.log(6) / 9, 6) for index in range(10))
    return ConsensusQuality(
        aggregator="dawid_skene",
        clips=clips,
        votes=3 * clips,
        ties=clips // 15,
        intended_share=0.714,
        entropy_counts=(clips - sum(tail), *tail),
        entropy_edges=edges,
        annotators=tuple(
            AnnotatorSummary(
                annotator=f"simulated-{index:02d}",
                votes=clips // 4,
                skill=None if index == 11 else 0.34 + 0.045 * ((index * 5) % 12),
            )
            for index in range(12)
        ),
    )


def _ingest() -> IngestSummary:
    return IngestSummary(
        clips=1152,
        speakers=24,
        hours=0.94,
        rejects=(
            RejectCount(reason="truncated", files=2, example="s07/anger-01-1.wav"),
            RejectCount(reason="no_speech", files=1, example="s19/neutral-02-0.wav"),
        ),
    )
