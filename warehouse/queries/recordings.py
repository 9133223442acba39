"""Reads of what was recorded."""

from collections.abc import Sequence

import pyarrow as pa

from warehouse import schemas
from warehouse.queries.read import columns, listed, read
from warehouse.warehouse import Warehouse

_CHANGES = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("is_known", pa.bool_(), nullable=False),
        pa.field("contents", pa.list_(pa.string()), nullable=False),
        *columns(schemas.SOURCES, "observation"),
        *columns(schemas.CLIPS, "revision"),
    ]
)
_PAIRS = pa.schema(columns(schemas.DUPLICATES, "clip_id", "revision", "other_id", "other_revision"))
_FINGERPRINTS = pa.schema(
    [
        *columns(
            schemas.CLIPS,
            *("clip_id", "revision", "audio_sha256", "speech_start_s", "speech_end_s"),
        ),
        *columns(schemas.WAVEFORMS, "fingerprint"),
    ]
)
_LACKING = pa.schema(
    [
        *columns(schemas.CLIPS, "clip_id", "revision"),
        pa.field("speech_s", pa.float64(), nullable=False),
    ]
)
_FEATURES = pa.schema(columns(schemas.FEATURES, "clip_id", "frames", "bands", "values"))
_CLIP_FEATURES = pa.schema(
    [
        *columns(schemas.FEATURE_SETS, "feature_set", "kind", "parameters"),
        *columns(schemas.FEATURES, "frames", "bands"),
    ]
)
_WAVEFORMS = pa.schema(columns(schemas.WAVEFORMS, "clip_id", "sample_rate", "samples", "pcm16"))


def select_corpora(warehouse: Warehouse) -> pa.Table:
    """Return `corpora` ordered by corpus and version."""
    return read(warehouse, "select_corpora", schemas.CORPORA.schema)


def select_clips(warehouse: Warehouse, *, corpus: str | None = None) -> pa.Table:
    """Return the current revision of every clip, ordered by clip_id.

    Args:
        warehouse: An open warehouse.
        corpus: Only this corpus.
    """
    return read(warehouse, "select_clips", schemas.CLIPS.schema, corpus=corpus)


def select_sources(warehouse: Warehouse, *, corpus: str | None = None) -> pa.Table:
    """Return the last observation of every source file, ordered by corpus and path.

    Args:
        warehouse: An open warehouse.
        corpus: Only this corpus.
    """
    return read(warehouse, "select_sources", schemas.SOURCES.schema, corpus=corpus)


def compare_sources(warehouse: Warehouse, corpus: str, seen: pa.Table) -> pa.Table:
    """Return the files a scan saw whose size or time is not the one last recorded.

    Args:
        warehouse: An open warehouse.
        corpus: The corpus.
        seen: Columns position, path, native_id, source_bytes, source_mtime_ns; one row per file.

    Returns:
        Ordered by position: position, is_known (the file or its clip is in the warehouse),
        contents (the hashes that are taken in or refused already), and the observation and the
        revision that come next.
    """
    return read(warehouse, "compare_sources", _CHANGES, {"seen": seen}, corpus=corpus)


def compare_vanished(warehouse: Warehouse, corpus: str, seen: pa.Table) -> pa.Table:
    """Return rows of `sources` for the files that were present and that a scan saw no more.

    Args:
        warehouse: An open warehouse.
        corpus: The corpus.
        seen: Column path; one row per file.
    """
    return read(
        warehouse, "compare_vanished", schemas.SOURCES.schema, {"seen": seen}, corpus=corpus
    )


def select_duplicates(warehouse: Warehouse) -> pa.Table:
    """Return `duplicates` between current clips, ordered by both clip ids."""
    return read(warehouse, "select_duplicates", schemas.DUPLICATES.schema)


def select_copies(warehouse: Warehouse) -> pa.Table:
    """Return pairs of current clips with the same bytes and speech span, not linked yet.

    Args:
        warehouse: An open warehouse.

    Returns:
        Columns clip_id, revision, other_id, other_revision, ordered by both clip ids.
    """
    return read(warehouse, "select_copies", _PAIRS)


def select_fingerprints(
    warehouse: Warehouse, *, after: str = "", limit: int = 10_000, only_new: bool = False
) -> pa.Table:
    """Return a page of current clips with their acoustic fingerprints, ordered by clip_id.

    Args:
        warehouse: An open warehouse.
        after: The last clip_id of the page before.
        limit: Clips per page.
        only_new: Only clips without a row in `comparisons`.

    Returns:
        Columns clip_id, revision, audio_sha256, speech_start_s, speech_end_s, fingerprint.
    """
    return read(
        warehouse, "select_fingerprints", _FINGERPRINTS, after=after, limit=limit, only_new=only_new
    )


def select_rejects(warehouse: Warehouse, *, corpus: str | None = None) -> pa.Table:
    """Return `rejects` ordered by corpus, path and content.

    Args:
        warehouse: An open warehouse.
        corpus: Only this corpus.
    """
    return read(warehouse, "select_rejects", schemas.REJECTS.schema, corpus=corpus)


def select_features(
    warehouse: Warehouse, feature_set: str, clip_ids: Sequence[str] | None = None
) -> pa.Table:
    """Return the features of current clips, ordered by clip_id.

    Args:
        warehouse: An open warehouse.
        feature_set: The feature set.
        clip_ids: Only these clips, in any order; ids without features are left out.

    Returns:
        Columns clip_id, frames (F), bands (D), values (F * D, row-major).
    """
    return read(
        warehouse, "select_features", _FEATURES, feature_set=feature_set, clip_ids=listed(clip_ids)
    )


def select_clip_features(warehouse: Warehouse, clip_id: str) -> pa.Table:
    """Return the feature sets that one clip has, without its frames.

    Columns feature_set, kind, parameters, frames, bands; ordered by feature_set.
    """
    return read(warehouse, "select_clip_features", _CLIP_FEATURES, clip_id=clip_id)


def select_clips_without_features(
    warehouse: Warehouse, feature_set: str, *, corpus: str | None = None
) -> pa.Table:
    """Return current clips that lack a feature set, ordered by clip_id.

    Args:
        warehouse: An open warehouse.
        feature_set: The feature set.
        corpus: Only this corpus.

    Returns:
        Columns clip_id, revision, speech_s (seconds of its waveform).
    """
    return read(
        warehouse, "select_clips_without_features", _LACKING, feature_set=feature_set, corpus=corpus
    )


def select_waveforms(warehouse: Warehouse, clip_ids: Sequence[str] | None = None) -> pa.Table:
    """Return the trimmed audio of current clips, ordered by clip_id.

    Args:
        warehouse: An open warehouse.
        clip_ids: Only these clips, in any order; unknown ids are left out.

    Returns:
        Columns clip_id, sample_rate (Hz), samples, pcm16 (little-endian int16).
    """
    return read(warehouse, "select_waveforms", _WAVEFORMS, clip_ids=listed(clip_ids))


def select_transcripts(warehouse: Warehouse, *, corpus: str | None = None) -> pa.Table:
    """Return `transcripts` of current clips, ordered by clip_id, kind of source and edition.

    Args:
        warehouse: An open warehouse.
        corpus: Only clips of this corpus.
    """
    return read(warehouse, "select_transcripts", schemas.TRANSCRIPTS.schema, corpus=corpus)
