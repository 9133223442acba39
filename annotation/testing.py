"""Builders of vote tables with a known truth and of Label Studio exports, for anyone's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from annotation.votes import VOTE_SCHEMA, VoteMatrix, build_vote_matrix


@dataclass(frozen=True, slots=True)
class LabelledVotes:
    """A votes table and the truth it was drawn from.

    Attributes:
        table: Rows in the shape of `VOTE_SCHEMA`.
        classes: C class names.
        clips: N clip ids, ascending.
        truth: The class each clip was given, N names.
        accuracy: Probability that an annotator answers the truth, one per annotator.
    """

    table: pa.Table
    classes: tuple[str, ...]
    clips: tuple[str, ...]
    truth: tuple[str, ...]
    accuracy: tuple[float, ...]

    def matrix(self) -> VoteMatrix:
        """Return the vote matrix of the table."""
        return build_vote_matrix(self.table, self.classes)


def fill_votes(rows: Mapping[str, Sequence[object]]) -> pa.Table:
    """Complete partial columns to a votes table, with plain values for what is not given.

    Args:
        rows: `clip_id` and any other columns of the votes table, all of one length.

    Returns:
        A table in the shape of `VOTE_SCHEMA`; ids are `vote-<row>`, references `row-<row>`,
        counts are 1, the modality is audio, the source is `testing`, nullable columns are null.

    Example:
        >>> fill_votes({"clip_id": ["a"], "label": ["joy"]})["source"].to_pylist()
        ['testing']
    """
    length = len(rows["clip_id"])
    plain: dict[str, Sequence[object]] = {
        "vote_id": [f"vote-{row:06d}" for row in range(length)],
        "modality": ["audio"] * length,
        "taxonomy": ["testing"] * length,
        "count": [1] * length,
        "source": ["testing"] * length,
        "source_ref": [f"row-{row:06d}" for row in range(length)],
        "is_retraction": [False] * length,
    }
    columns = plain | dict(rows)
    empty = [None] * length
    return pa.table({name: columns.get(name, empty) for name in VOTE_SCHEMA.names}, VOTE_SCHEMA)


def make_votes(
    classes: Sequence[str],
    *,
    clips: int = 50,
    annotators: int = 6,
    votes_per_clip: int | None = None,
    accuracy: float | Sequence[float] = 0.85,
    seed: int = 0,
) -> LabelledVotes:
    """Draw votes of annotators who err evenly over the wrong classes.

    Args:
        classes: C ≥ 2 class names.
        clips: Number of clips N.
        annotators: Number of annotators A.
        votes_per_clip: How many of them answer each clip, at most A; None means all.
        accuracy: Probability of the true class, one for all or one per annotator.
        seed: Equal seeds give equal tables.

    Returns:
        The table and its truth.
    """
    rng = np.random.default_rng(seed)
    skill = np.broadcast_to(np.asarray(accuracy, float), (annotators,))
    truth = rng.integers(len(classes), size=clips)
    asked = rng.random((clips, annotators)).argsort(axis=1)[:, : votes_per_clip or annotators]
    is_right = rng.random(asked.shape) < skill[asked]
    slip = rng.integers(1, len(classes), size=asked.shape)
    answer = np.where(is_right, truth[:, None], (truth[:, None] + slip) % len(classes))
    ids = [f"testing/{clip:06d}" for clip in range(clips)]
    table = fill_votes(
        {
            "clip_id": np.repeat(ids, asked.shape[1]).tolist(),
            "annotator": [f"annotator-{index:03d}" for index in asked.ravel()],
            "label": [classes[index] for index in answer.ravel()],
        }
    )
    names = tuple(classes[index] for index in truth)
    return LabelledVotes(table, tuple(classes), tuple(ids), names, tuple(skill.tolist()))


def make_annotation(number: int, choice: str | None, *, user: int = 1) -> dict[str, object]:
    """Build an annotation as Label Studio exports it.

    Args:
        number: Id of the annotation.
        choice: The option chosen; None means the annotator skipped the task.
        user: Id of the user.

    Returns:
        A plain dictionary, free to change; cast on 2026-11-22 at 10:00 UTC after 4.5 s.
    """
    region = {
        "id": f"region{number}",
        "from_name": "emotion",
        "to_name": "audio",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": [choice]},
    }
    return {
        "id": number,
        "completed_by": user,
        "result": [] if choice is None else [region],
        "was_cancelled": choice is None,
        "ground_truth": False,
        "created_at": "2026-11-22T10:00:00.000001Z",
        "updated_at": "2026-11-22T10:00:00.000002Z",
        "draft_created_at": None,
        "lead_time": 4.5,
        "prediction": {},
        "result_count": 0,
        "unique_id": f"00000000-0000-0000-0000-{number:012d}",
        "import_id": None,
        "last_action": None,
        "task": number,
        "project": 1,
        "updated_by": user,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_created_by": None,
    }


def make_export(
    tasks: Sequence[Mapping[str, object]],
    annotations: Sequence[Sequence[Mapping[str, object]]],
) -> list[dict[str, object]]:
    """Build the JSON export of tasks that were imported and annotated.

    Args:
        tasks: Tasks as `build_tasks` returns them.
        annotations: For each task its annotations; see `make_annotation`.

    Returns:
        One object per task, in the shape of `exportType=JSON`.
    """
    return [
        {
            "id": number,
            "annotations": list(given),
            "file_upload": None,
            "drafts": [],
            "predictions": [],
            "data": task["data"],
            "meta": task.get("meta", {}),
            "created_at": "2026-11-22T09:00:00.000000Z",
            "updated_at": "2026-11-22T10:00:00.000002Z",
            "inner_id": number,
            "total_annotations": len(given),
            "cancelled_annotations": 0,
            "total_predictions": 0,
            "comment_count": 0,
            "unresolved_comment_count": 0,
            "last_comment_updated_at": None,
            "project": 1,
            "updated_by": None,
            "comment_authors": [],
        }
        for number, (task, given) in enumerate(zip(tasks, annotations, strict=True), start=1)
    ]
