"""The sample report's operations: what changed, the gate, groups and drift, all invented."""

from __future__ import annotations

from pipelines.gate.records import Check
from pipelines.report.changes import Changes, LabelFlip, ScoreChange, SettingChange
from pipelines.report.content import Arm, PairedDifference
from pipelines.report.drift import DriftCheck, DriftMeasure
from pipelines.report.registry import (
    Champion,
    GateDecision,
    Registry,
    RegistryChange,
)
from pipelines.report.scores import GroupScore

_MOMENT = "2026-05-04 06:07 UTC"


def build_sample_changes(last: int) -> Changes:
    """Build what changed in the last round: a little better, two labels flipped.

    Args:
        last: number of the round, at least 1.

    Returns:
        Changes since the round before.
    """
    return Changes(
        since=last - 1,
        votes=(20 + 100 * last, 120 + 100 * last),
        clips=(40 + 40 * (last - 1), 40 + 40 * last),
        kept=40 + 40 * (last - 1),
        flips=(
            _flip("synthetic/s04-fear-03-1", "sadness", "fear", 3, 5),
            _flip("synthetic/s09-anger-02-0", None, "anger", 4, 5),
        ),
        scores=(
            _score_change("active", 0.59, 0.618, 0.028, 0.06),
            _score_change("random", 0.55, 0.571, 0.021, 0.05),
        ),
        champions=("round 3", "round 3"),
        settings=(SettingChange(name="training.epochs", before="40", after="60"),),
    )


def build_sample_registry(last: int) -> Registry:
    """Build the registry of a line whose last candidate was refused for one gender.

    Args:
        last: number of the candidate's round.

    Returns:
        A registry with a champion of round 3, and three changes.
    """
    candidate = "crnn-5f3a9c0d12e4"
    checks = (
        _check("gender=female", 0.54, 0.62, is_passed=False, threshold=-0.05),
        _check("better", 0.62, 0.58, threshold=0.0),
        _check("calibration", 0.08, 0.07, threshold=0.05, metric="ece"),
        _check("noise", 0.51, 0.50, threshold=-0.05),
    )
    told = (
        (2, "refused", candidate, last, "gender=female: UAR 0.540 against 0.620"),
        (1, "promoted", "crnn-active-3", 3, "better than champion `crnn-seed-0`"),
        (0, "promoted", "crnn-seed-0", 0, "better than guessing"),
    )
    return Registry(
        line="morning",
        candidate=candidate,
        state="refused",
        champion=Champion(model_id="crnn-active-3", round=3, uar=0.58, uar_low=0.52, uar_high=0.64),
        decision=GateDecision(
            model_id=candidate,
            champion_id="crnn-active-3",
            is_passed=False,
            clips=144,
            speakers=4,
            truth="intended",
            decided_at=_MOMENT,
            checks=checks,
        ),
        history=tuple(
            RegistryChange(
                number=number,
                kind=kind,
                model_id=model_id,
                round=of_round,
                champion_id="crnn-seed-0" if number == 0 else "crnn-active-3",
                actor="gate",
                reason=reason,
                changed_at=_MOMENT,
            )
            for number, kind, model_id, of_round, reason in told
        ),
    )


def build_sample_groups() -> tuple[GroupScore, ...]:
    """Build the scores of two genders, the first one heard worse."""
    return tuple(
        GroupScore(
            grouped_by="gender",
            group=group,
            uar=uar,
            low=uar - 0.09,
            high=uar + 0.08,
            clips=72,
            speakers=2,
        )
        for group, uar in (("female", 0.54), ("male", 0.69))
    )


def build_sample_drift() -> DriftCheck:
    """Build a check of clips that are louder than those learned from."""
    return DriftCheck(
        model_id="crnn-active-3",
        corpus="synthetic",
        reference_clips=240,
        incoming_clips=96,
        measures=(
            DriftMeasure(
                name="loudness",
                value=6.1,
                threshold=1.5,
                p_value=0.002,
                is_alarm=True,
                detail="6.1 LU louder in the median",
            ),
            DriftMeasure(
                name="duration",
                value=0.05,
                threshold=0.3,
                p_value=0.6,
                is_alarm=False,
                detail="0.05 s longer in the median",
            ),
        ),
    )


def _flip(
    clip_id: str, before: str | None, after: str | None, votes_before: int, votes_after: int
) -> LabelFlip:
    return LabelFlip(
        clip_id=clip_id,
        before=before,
        after=after,
        votes_before=votes_before,
        votes_after=votes_after,
    )


def _score_change(
    arm: Arm, before: float, after: float, difference: float, half: float
) -> ScoreChange:
    found = PairedDifference(uar=difference, low=difference - half, high=difference + half)
    return ScoreChange(arm=arm, before=before, after=after, difference=found)


def _check(
    name: str,
    candidate: float,
    champion: float,
    *,
    threshold: float,
    is_passed: bool = True,
    metric: str = "uar",
) -> Check:
    difference = candidate - champion
    return Check(
        check_name=name,
        is_passed=is_passed,
        metric=metric,
        candidate=candidate,
        champion=champion,
        difference=difference,
        low=difference - 0.04,
        high=difference + 0.04,
        p_value=0.02 if name == "better" else None,
        threshold=threshold,
        clips=72 if "=" in name else 144,
        reason=f"{name}: {metric.upper()} {candidate:.3f} against {champion:.3f} of the champion",
    )
