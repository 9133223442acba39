"""Refuse a content that contradicts itself before a number of it is printed."""

from __future__ import annotations

import math
import re

from pipelines.report.content import AskedClip, ConsensusQuality, ReportContent, class_recalls
from pipelines.report.errors import ReportError

# Scores pass through JSON and display rounding; a larger gap means two different models.
UAR_TOLERANCE = 5e-4

_AUDIO_MIME = re.compile(r"audio/[a-z0-9.+-]+")


def check_content(content: ReportContent) -> None:
    """Raise unless the parts of a report agree with each other.

    Args:
        content: the records to be shown.

    Raises:
        ReportError: no classes; a confusion matrix that is not (C, C), holds another number of
            clips than the test part, or has another UAR than the last active model; an entropy
            histogram without one more edge than counts; audio that is not of type `audio/…`.
    """
    if not content.classes:
        raise ReportError("`classes` should name at least one class, got none")
    _check_confusion(content)
    if content.consensus is not None:
        _check_histogram(content.consensus)
    for clip in content.asked:
        _check_audio(clip)


def _check_confusion(content: ReportContent) -> None:
    if content.confusion is None:
        return
    size = len(content.classes)
    shape = {len(row) for row in content.confusion} | {len(content.confusion)}
    if shape != {size}:
        raise ReportError(
            f"`confusion` should be {size} × {size} like `classes`, got {len(content.confusion)} "
            f"rows of {sorted({len(row) for row in content.confusion})} counts"
        )
    clips = sum(sum(row) for row in content.confusion)
    if clips != content.held_out.clips:
        raise ReportError(
            f"`confusion` counts {clips} clips but `held_out.clips` is {content.held_out.clips}; "
            "take both from the same evaluation"
        )
    _check_uar(content)


def _check_uar(content: ReportContent) -> None:
    points = content.arm_points("active")
    recalls = class_recalls(content.confusion or ())
    known = [recall for recall in recalls if recall is not None]
    # With a class missing, UAR has more than one convention: nothing to hold the curve to.
    if not points or len(known) < len(recalls) or math.isnan(points[-1].uar):
        return
    uar = sum(known) / len(known)
    if abs(uar - points[-1].uar) > UAR_TOLERANCE:
        raise ReportError(
            f"`confusion` has UAR {uar:.4f} but the last active point `{points[-1].model_id}` says "
            f"{points[-1].uar:.4f}; pass the confusion matrix of that model"
        )


def _check_histogram(consensus: ConsensusQuality) -> None:
    counts, edges = len(consensus.entropy_counts), len(consensus.entropy_edges)
    if counts and edges != counts + 1:
        raise ReportError(
            f"`entropy_edges` should hold one more value than the {counts} `entropy_counts`, "
            f"got {edges}"
        )


def _check_audio(clip: AskedClip) -> None:
    if clip.audio is not None and not _AUDIO_MIME.fullmatch(clip.audio_mime):
        raise ReportError(
            f"`audio_mime` of clip `{clip.clip_id}` should look like `audio/flac`, "
            f"got `{clip.audio_mime}`"
        )
