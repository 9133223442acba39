"""One typed function per named read; each returns Arrow in a documented schema."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pyarrow as pa

from warehouse import schemas
from warehouse.errors import SchemaError
from warehouse.table import Table
from warehouse.warehouse import Warehouse


def _columns(table: Table, *names: str) -> list[pa.Field]:
    return [table.schema.field(name) for name in names]


def _count(name: str) -> pa.Field:
    return pa.field(name, pa.int64(), nullable=False)


_ROW_COUNTS = pa.schema([pa.field("table_name", pa.string(), nullable=False), _count("row_count")])
_CHANGES = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("is_known", pa.bool_(), nullable=False),
        pa.field("contents", pa.list_(pa.string()), nullable=False),
        *_columns(schemas.SOURCES, "observation"),
        *_columns(schemas.CLIPS, "revision"),
    ]
)
_PAIRS = pa.schema(
    _columns(schemas.DUPLICATES, "clip_id", "revision", "other_id", "other_revision")
)
_FINGERPRINTS = pa.schema(
    [
        *_columns(
            schemas.CLIPS,
            *("clip_id", "revision", "audio_sha256", "speech_start_s", "speech_end_s"),
        ),
        *_columns(schemas.WAVEFORMS, "fingerprint"),
    ]
)
_LACKING = pa.schema(
    [
        *_columns(schemas.CLIPS, "clip_id", "revision"),
        pa.field("speech_s", pa.float64(), nullable=False),
    ]
)
_FEATURES = pa.schema(_columns(schemas.FEATURES, "clip_id", "frames", "bands", "values"))
_WAVEFORMS = pa.schema(_columns(schemas.WAVEFORMS, "clip_id", "sample_rate", "samples", "pcm16"))
_ASKS = pa.schema(
    [
        *schemas.ASKS.schema,
        *_columns(schemas.ROUNDS, "campaign", "number"),
        _count("votes_received"),
    ]
)
_CORPUS_TOTALS = pa.schema(
    [
        *_columns(schemas.CORPORA, "corpus"),
        *map(_count, ("clips", "rejects", "speakers")),
        pa.field("hours", pa.float64(), nullable=False),
        _count("votes"),
    ]
)
_CLIP_CONSENSUS = pa.schema(
    [
        *_columns(schemas.CONSENSUS_RUNS, "snapshot", "run_id", "aggregator", "taxonomy"),
        *_columns(schemas.CONSENSUS, "modality", "label", "is_tie", "entropy", "votes"),
    ]
)
_VOTE_TOTALS = pa.schema(
    [
        *_columns(schemas.CORPORA, "corpus"),
        *_columns(schemas.VOTES, "source", "modality", "taxonomy"),
        *map(_count, ("votes", "clips", "annotators")),
    ]
)


_NO_TABLES: Mapping[str, pa.Table] = MappingProxyType({})


def _read(
    warehouse: Warehouse,
    name: str,
    schema: pa.Schema,
    tables: Mapping[str, pa.Table] = _NO_TABLES,
    **parameters: object,
) -> pa.Table:
    rows = warehouse.query(name, tables, **parameters)
    if rows.schema.names != schema.names:
        raise SchemaError(f"query `{name}` returned {rows.schema.names}, not {schema.names}")
    # DuckDB names list items and time zones differently; values are not copied.
    return rows.cast(schema)


def count_rows(warehouse: Warehouse) -> dict[str, int]:
    """Return the number of stored rows by table, past revisions and superseded votes included."""
    rows = _read(warehouse, "count_rows", _ROW_COUNTS)
    return dict(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def select_corpora(warehouse: Warehouse) -> pa.Table:
    """Return `corpora` ordered by corpus and version."""
    return _read(warehouse, "select_corpora", schemas.CORPORA.schema)


def select_clips(warehouse: Warehouse, *, corpus: str | None = None) -> pa.Table:
    """Return the current revision of every clip, ordered by clip_id.

    Args:
        warehouse: An open warehouse.
        corpus: Only this corpus.
    """
    return _read(warehouse, "select_clips", schemas.CLIPS.schema, corpus=corpus)


def select_sources(warehouse: Warehouse, *, corpus: str | None = None) -> pa.Table:
    """Return the last observation of every source file, ordered by corpus and path.

    Args:
        warehouse: An open warehouse.
        corpus: Only this corpus.
    """
    return _read(warehouse, "select_sources", schemas.SOURCES.schema, corpus=corpus)


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
    return _read(warehouse, "compare_sources", _CHANGES, {"seen": seen}, corpus=corpus)


def compare_vanished(warehouse: Warehouse, corpus: str, seen: pa.Table) -> pa.Table:
    """Return rows of `sources` for the files that were present and that a scan saw no more.

    Args:
        warehouse: An open warehouse.
        corpus: The corpus.
        seen: Column path; one row per file.
    """
    return _read(
        warehouse, "compare_vanished", schemas.SOURCES.schema, {"seen": seen}, corpus=corpus
    )


def select_duplicates(warehouse: Warehouse) -> pa.Table:
    """Return `duplicates` between current clips, ordered by both clip ids."""
    return _read(warehouse, "select_duplicates", schemas.DUPLICATES.schema)


def select_copies(warehouse: Warehouse) -> pa.Table:
    """Return pairs of current clips with the same bytes and speech span, not linked yet.

    Args:
        warehouse: An open warehouse.

    Returns:
        Columns clip_id, revision, other_id, other_revision, ordered by both clip ids.
    """
    return _read(warehouse, "select_copies", _PAIRS)


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
    return _read(
        warehouse, "select_fingerprints", _FINGERPRINTS, after=after, limit=limit, only_new=only_new
    )


def select_rejects(warehouse: Warehouse, *, corpus: str | None = None) -> pa.Table:
    """Return `rejects` ordered by corpus, path and content.

    Args:
        warehouse: An open warehouse.
        corpus: Only this corpus.
    """
    return _read(warehouse, "select_rejects", schemas.REJECTS.schema, corpus=corpus)


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
    return _read(
        warehouse, "select_features", _FEATURES, feature_set=feature_set, clip_ids=_listed(clip_ids)
    )


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
    return _read(
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
    return _read(warehouse, "select_waveforms", _WAVEFORMS, clip_ids=_listed(clip_ids))


def select_effective_votes(
    warehouse: Warehouse,
    *,
    corpus: str | None = None,
    taxonomy: str | None = None,
    modality: str | None = None,
    clip_ids: Sequence[str] | None = None,
) -> pa.Table:
    """Return the votes that stand, ordered by vote_id.

    A vote stands unless a later row names it in `supersedes`; a retraction is no vote itself, so
    retracting a correction does not bring the corrected vote back.

    Args:
        warehouse: An open warehouse.
        corpus: Only votes on clips of this corpus, known from the clip_id.
        taxonomy: Only votes in this taxonomy.
        modality: Only votes on this modality.
        clip_ids: Only votes on these clips.
    """
    return _read(
        warehouse,
        "select_effective_votes",
        schemas.VOTES.schema,
        corpus=corpus,
        taxonomy=taxonomy,
        modality=modality,
        clip_ids=_listed(clip_ids),
    )


def select_ledger(warehouse: Warehouse, clip_ids: Sequence[str] | None = None) -> pa.Table:
    """Return `votes` with superseded ones and retractions, ordered by vote_id.

    Args:
        warehouse: An open warehouse.
        clip_ids: Only rows on these clips.
    """
    return _read(warehouse, "select_ledger", schemas.VOTES.schema, clip_ids=_listed(clip_ids))


def select_quarantine(warehouse: Warehouse, *, source: str | None = None) -> pa.Table:
    """Return `quarantine` ordered by source, row and id.

    Args:
        warehouse: An open warehouse.
        source: Only rows of this source.
    """
    return _read(warehouse, "select_quarantine", schemas.QUARANTINE.schema, source=source)


def select_consensus(warehouse: Warehouse, run_id: str) -> pa.Table:
    """Return `consensus` of one run, ordered by clip_id."""
    return _read(warehouse, "select_consensus", schemas.CONSENSUS.schema, run_id=run_id)


def select_clip_consensus(warehouse: Warehouse, clip_id: str) -> pa.Table:
    """Return what every run said of one clip, ordered by the snapshot it read.

    Columns snapshot, run_id, aggregator, taxonomy, modality, label, is_tie, entropy, votes.
    """
    return _read(warehouse, "select_clip_consensus", _CLIP_CONSENSUS, clip_id=clip_id)


def select_consensus_runs(warehouse: Warehouse) -> pa.Table:
    """Return `consensus_runs` ordered by the snapshot they read."""
    return _read(warehouse, "select_consensus_runs", schemas.CONSENSUS_RUNS.schema)


def select_annotators(warehouse: Warehouse, run_id: str) -> pa.Table:
    """Return `annotators` of one run, ordered by annotator."""
    return _read(warehouse, "select_annotators", schemas.ANNOTATORS.schema, run_id=run_id)


def select_models(warehouse: Warehouse) -> pa.Table:
    """Return `models` ordered by the snapshot they were trained on."""
    return _read(warehouse, "select_models", schemas.MODELS.schema)


def select_evaluations(warehouse: Warehouse) -> pa.Table:
    """Return `evaluations` ordered by model and part."""
    return _read(warehouse, "select_evaluations", schemas.EVALUATIONS.schema)


def select_predictions(warehouse: Warehouse, model_id: str) -> pa.Table:
    """Return `predictions` of one model, ordered by clip_id."""
    return _read(warehouse, "select_predictions", schemas.PREDICTIONS.schema, model_id=model_id)


def select_rounds(warehouse: Warehouse, *, campaign: str | None = None) -> pa.Table:
    """Return `rounds` ordered by campaign and number.

    Args:
        warehouse: An open warehouse.
        campaign: Only this campaign.
    """
    return _read(warehouse, "select_rounds", schemas.ROUNDS.schema, campaign=campaign)


def select_asks(
    warehouse: Warehouse, *, campaign: str | None = None, sources: Sequence[str] | None = None
) -> pa.Table:
    """Return `asks` with their round's campaign and number and the votes their clip has by now.

    Args:
        warehouse: An open warehouse.
        campaign: Only this campaign.
        sources: Count only standing votes of these sources; None counts those of every source,
            the corpus's own among them.

    Returns:
        The columns of `asks`, then campaign, number, votes_received; ordered by campaign,
        number and ask_id.
    """
    return _read(warehouse, "select_asks", _ASKS, campaign=campaign, sources=_listed(sources))


def summarise_corpora(warehouse: Warehouse) -> pa.Table:
    """Return corpus, clips, rejects, speakers, hours (of source audio) and votes, by corpus."""
    return _read(warehouse, "summarise_corpora", _CORPUS_TOTALS)


def summarise_votes(warehouse: Warehouse) -> pa.Table:
    """Return corpus, source, modality, taxonomy, votes, clips and annotators of standing votes."""
    return _read(warehouse, "summarise_votes", _VOTE_TOTALS)


def _listed(clip_ids: Sequence[str] | None) -> list[str] | None:
    return None if clip_ids is None else list(clip_ids)
