"""A file of what is said in recordings, and by when: cut to clips, row by refused row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from annotation.errors import VoteError
from annotation.imports import QUARANTINE_SCHEMA, RawTable
from annotation.imports.cells import read_numbers, read_text
from pipelines.errors import PipelineError
from pipelines.vote_tables import load_table
from ser.text.alignment import TranscriptSegment, labels_of_clips, words_of_clip

RECORDING = ("recording", "native_id", "path", "clip_id")
WORDS = ("text", "transcript", "words")
EMOTION = ("emotion", "label")


@dataclass(frozen=True)
class Clip:
    """A clip and where it lies in its recording.

    Args:
        clip_id: The clip.
        revision: Its revision.
        start_s: Where it begins, seconds; 0 for the first of a recording.
        end_s: Where the next begins; infinite for the last, so that no word is between two clips.
    """

    clip_id: str
    revision: int
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Span:
    """One row of the file: words, an emotion or both, in a span of a recording."""

    recording: str
    segment: TranscriptSegment
    emotion: str | None


@dataclass(frozen=True, eq=False)
class FileWords:
    """What a file says of clips.

    Args:
        spans: Rows that were understood.
        rows: By clip and revision, `text`, `emotions` and `posterior` as `transcripts` holds them.
        refused: `QUARANTINE_SCHEMA`: rows that were not, and why.
    """

    spans: int
    rows: Mapping[tuple[str, int], dict[str, Any]]
    refused: pa.Table


def read_transcript_file(
    path: Path, clips: pa.Table, classes: Sequence[str], source: str
) -> FileWords:
    """Read a file of words, and give each clip those whose middle it holds.

    Args:
        path: A `.csv`, `.tsv`, `.jsonl` or `.parquet` table with `recording` (the native id, the
            path or the clip id), `text`, and perhaps `start_s`, `end_s` (else all of the
            recording) and `emotion`, what the words alone express.
        clips: Rows of `clips` of one corpus.
        classes: C names that `emotion` may be.
        source: What refused rows are filed under.

    Raises:
        PipelineError: If the file cannot be read, or lacks a column.
    """
    try:
        raw = load_table(path)
        recordings, lengths = _place_clips(clips)
        names = _name_recordings(clips)
        spans, refused = _read_spans(raw, names, lengths, classes)
    except VoteError as error:
        raise PipelineError(f"`{path}`: {error}") from error
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for recording in sorted({span.recording for span in spans}):
        own = [span for span in spans if span.recording == recording]
        rows |= _cut(recordings[recording], own, classes)
    refused += [{**row, "reason": "broken_row"} for row in raw.broken.to_pylist()]
    filed = [{**row, "source": source} for row in sorted(refused, key=lambda row: row["row"])]
    return FileWords(len(spans), rows, pa.Table.from_pylist(filed, schema=QUARANTINE_SCHEMA))


def _place_clips(clips: pa.Table) -> tuple[dict[str, list[Clip]], dict[str, float]]:
    """Return the clips of each recording in order of time, and how long it is, seconds."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in clips.to_pylist():
        found.setdefault(row["recording"] or row["native_id"], []).append(row)
    placed, lengths = {}, {}
    for name, rows in found.items():
        rows.sort(key=lambda row: (row["speech_start_s"], row["clip_id"]))
        # What is said between two clips belongs to the nearer one.
        cuts = [
            (one["speech_end_s"] + other["speech_start_s"]) / 2 for one, other in pairwise(rows)
        ]
        bounds = zip([0.0, *cuts], [*cuts, float("inf")], strict=True)
        placed[name] = [
            Clip(row["clip_id"], row["revision"], *bound)
            for row, bound in zip(rows, bounds, strict=True)
        ]
        lengths[name] = max(row["duration_s"] for row in rows)
    return placed, lengths


def _name_recordings(clips: pa.Table) -> dict[str, str]:
    """Return the recording that each name in a file may mean."""
    names: dict[str, str] = {}
    for row in clips.select(["recording", "native_id", "path", "clip_id"]).to_pylist():
        own = row["recording"] or row["native_id"]
        names |= {own: own, row["native_id"]: own, row["path"]: own, row["clip_id"]: own}
    return names


def _read_spans(
    raw: RawTable, names: Mapping[str, str], lengths: Mapping[str, float], classes: Sequence[str]
) -> tuple[list[Span], list[dict[str, Any]]]:
    """Return the rows that were understood, and for each other one its number and why not."""
    spans: list[Span] = []
    refused = []
    for number, row in zip(raw.rows.tolist(), _list_rows(raw), strict=True):
        try:
            spans.append(_read_span(row, names, lengths, classes))
        except _RefusedError as error:
            refused.append({"row": number, "reason": error.reason, "detail": error.detail})
    return spans, refused


def _list_rows(raw: RawTable) -> list[dict[str, Any]]:
    """Return recording, text, emotion, start_s, end_s and whether the times are no numbers."""
    count = raw.table.num_rows
    columns: dict[str, list[Any]] = {"is_wrong": [False] * count}
    wanted = {"recording": RECORDING, "text": WORDS, "emotion": EMOTION}
    raw.require(*RECORDING)
    for name, known in wanted.items():
        found = raw.find(*known)
        columns[name] = [None] * count
        if found is not None:
            columns[name] = read_text(raw.table[found], found).to_pylist()
    for name in ("start_s", "end_s"):
        found = raw.find(name)
        columns[name] = [None] * count
        if found is not None:
            values, is_wrong = read_numbers(raw.table[found], found)
            columns[name] = values.to_pylist()
            columns["is_wrong"] = (is_wrong | np.array(columns["is_wrong"], bool)).tolist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _read_span(
    row: Mapping[str, Any],
    names: Mapping[str, str],
    lengths: Mapping[str, float],
    classes: Sequence[str],
) -> Span:
    if row["recording"] is None:
        raise _RefusedError("missing_clip_id", "no recording is named")
    recording = names.get(row["recording"])
    if recording is None:
        raise _RefusedError("unknown_clip_id", f"no recording `{row['recording']}` in the corpus")
    emotion = row["emotion"]
    if emotion is not None and emotion not in classes:
        known = ", ".join(f"`{name}`" for name in classes)
        raise _RefusedError("unknown_label", f"the emotion is `{emotion}`, none of {known}")
    if row["text"] is None and emotion is None:
        raise _RefusedError("no_words", "neither words nor an emotion")
    start_s, end_s, length = row["start_s"], row["end_s"], lengths[recording]
    if start_s is None and end_s is None and not row["is_wrong"]:
        start_s, end_s = 0.0, length
    is_span = None not in {start_s, end_s} and 0 <= start_s <= end_s and start_s < length
    if row["is_wrong"] or not is_span:
        raise _RefusedError("bad_times", f"{start_s} to {end_s} s of a recording of {length:.2f} s")
    return Span(recording, TranscriptSegment(row["text"] or "", start_s, end_s), emotion)


def _cut(
    clips: Sequence[Clip], spans: Sequence[Span], classes: Sequence[str]
) -> dict[tuple[str, int], dict[str, Any]]:
    """Return what is said in each clip of a recording, and what the words alone express."""
    segments = [span.segment for span in spans]
    judged = [span for span in spans if span.emotion is not None]
    posterior = labels_of_clips(
        np.array([[of.segment.start_s, of.segment.end_s] for of in judged]).reshape(-1, 2),
        np.array([[name == of.emotion for name in classes] for of in judged], float).reshape(
            -1, len(classes)
        ),
        np.array([[clip.start_s, clip.end_s] for clip in clips]),
    )
    found = {}
    for clip, row in zip(clips, posterior, strict=True):
        is_told = bool(np.isfinite(row).all()) and bool(judged)
        found[clip.clip_id, clip.revision] = {
            "text": words_of_clip(segments, clip.start_s, clip.end_s),
            "emotions": list(classes) if is_told else None,
            "posterior": row.tolist() if is_told else None,
        }
    return found


class _RefusedError(Exception):
    """A row that cannot be understood: a key of `annotation.imports.REASONS`, and what it says."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
