"""Reads of what people say."""

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from warehouse import schemas
from warehouse.queries.operations import select_last_kept_snapshot
from warehouse.queries.read import columns, count, listed, read
from warehouse.warehouse import Warehouse

_CLIP_CONSENSUS = pa.schema(
    [
        *columns(schemas.CONSENSUS_RUNS, "snapshot", "run_id", "aggregator", "taxonomy"),
        *columns(schemas.CONSENSUS, "modality", "label", "is_tie", "entropy", "votes"),
    ]
)
_VOTE_CHANGES = schemas.VOTES.schema.append(pa.field("stands", pa.bool_(), nullable=False))
_VOTE_ORDER = pa.schema(columns(schemas.VOTES, "vote_id"))
_VOTE_TOTALS = pa.schema(
    [
        *columns(schemas.CORPORA, "corpus"),
        *columns(schemas.VOTES, "source", "modality", "taxonomy"),
        *map(count, ("votes", "clips", "annotators")),
    ]
)
_HEARD_WORDS = pa.schema(columns(schemas.REMARKS, "clip_id", "annotator", "cast_at", "transcript"))
_UNTIMED = pa.schema([*columns(schemas.VOTES, "source"), count("rows")])


def select_effective_votes(
    warehouse: Warehouse,
    *,
    corpus: str | None = None,
    taxonomy: str | None = None,
    modality: str | None = None,
    clip_ids: Sequence[str] | None = None,
    cast_before: datetime | None = None,
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
        cast_before: The votes that stood just before this moment (with a time zone), by the times
            at which they were cast; rows without such a time are left out.
    """
    return read(
        warehouse,
        "select_effective_votes",
        schemas.VOTES.schema,
        corpus=corpus,
        taxonomy=taxonomy,
        modality=modality,
        clip_ids=listed(clip_ids),
        cast_before=cast_before,
    )


def count_untimed_votes(
    warehouse: Warehouse, *, corpus: str | None = None, clip_ids: Sequence[str] | None = None
) -> pa.Table:
    """Return source and rows: how many do not say when they were cast, ordered by source.

    Rows that rate only, and neither correct nor retract, are left out.

    Args:
        warehouse: An open warehouse.
        corpus: Only rows on clips of this corpus, known from the clip_id.
        clip_ids: Only rows on these clips.
    """
    return read(
        warehouse, "count_untimed_votes", _UNTIMED, corpus=corpus, clip_ids=listed(clip_ids)
    )


def select_vote_order(warehouse: Warehouse, clip_ids: Sequence[str]) -> pa.Table:
    """Return the ids of the ledger's rows on these clips, in the order in which they came."""
    return read(warehouse, "select_vote_order", _VOTE_ORDER, clip_ids=listed(clip_ids))


def select_vote_changes(
    warehouse: Warehouse,
    *,
    after: int = 0,
    until: int | None = None,
    corpus: str | None = None,
    modality: str | None = None,
) -> pa.Table:
    """Return what to add to the votes that stood at one snapshot, and take away, for a later one.

    Columns of `votes` and stands: true for a vote that came and stands, false for one that no
    longer does. Ordered by vote_id. Reads only rows that came between the two, and the ids and
    references of all. A vote may be named that never stood: it came and was replaced in between.

    Args:
        warehouse: An open warehouse.
        after: The earlier snapshot.
        until: The later one; default: the newest.
        corpus: Only votes on clips of this corpus, known from the clip_id.
        modality: Only votes on this modality.
    """
    newest = warehouse.snapshot if until is None else until
    if after >= newest:
        return _VOTE_CHANGES.empty_table()
    # DuckLake lists what came since a snapshot, and only since one that is still there.
    kept = select_last_kept_snapshot(warehouse, after)
    return read(
        warehouse,
        "select_vote_changes",
        _VOTE_CHANGES,
        kept=kept["snapshot"][0].as_py(),
        after=after,
        until=newest,
        corpus=corpus,
        modality=modality,
    )


def select_ledger(warehouse: Warehouse, clip_ids: Sequence[str] | None = None) -> pa.Table:
    """Return `votes` with superseded ones and retractions, ordered by vote_id.

    Args:
        warehouse: An open warehouse.
        clip_ids: Only rows on these clips.
    """
    return read(warehouse, "select_ledger", schemas.VOTES.schema, clip_ids=listed(clip_ids))


def select_quarantine(warehouse: Warehouse, *, source: str | None = None) -> pa.Table:
    """Return `quarantine` ordered by source, row and id.

    Args:
        warehouse: An open warehouse.
        source: Only rows of this source.
    """
    return read(warehouse, "select_quarantine", schemas.QUARANTINE.schema, source=source)


def select_remarks(warehouse: Warehouse, *, source: str | None = None) -> pa.Table:
    """Return `remarks` ordered by source, source reference and time.

    Args:
        warehouse: An open warehouse.
        source: Only rows of this source.
    """
    return read(warehouse, "select_remarks", schemas.REMARKS.schema, source=source)


def select_heard_words(warehouse: Warehouse, *, corpus: str | None = None) -> pa.Table:
    """Return what annotators wrote down of each clip, in the latest answer that stands.

    Columns clip_id, annotator, cast_at, transcript; ordered by clip_id, one row for each clip.

    Args:
        warehouse: An open warehouse.
        corpus: Only clips of this corpus, known from the clip_id.
    """
    return read(warehouse, "select_heard_words", _HEARD_WORDS, corpus=corpus)


def select_consensus(warehouse: Warehouse, run_id: str) -> pa.Table:
    """Return `consensus` of one run, ordered by clip_id."""
    return read(warehouse, "select_consensus", schemas.CONSENSUS.schema, run_id=run_id)


def select_clip_consensus(warehouse: Warehouse, clip_id: str) -> pa.Table:
    """Return what every run said of one clip, ordered by the snapshot it read.

    Columns snapshot, run_id, aggregator, taxonomy, modality, label, is_tie, entropy, votes.
    """
    return read(warehouse, "select_clip_consensus", _CLIP_CONSENSUS, clip_id=clip_id)


def select_consensus_runs(warehouse: Warehouse) -> pa.Table:
    """Return `consensus_runs` ordered by the snapshot they read."""
    return read(warehouse, "select_consensus_runs", schemas.CONSENSUS_RUNS.schema)


def select_annotators(warehouse: Warehouse, run_id: str) -> pa.Table:
    """Return `annotators` of one run, ordered by annotator."""
    return read(warehouse, "select_annotators", schemas.ANNOTATORS.schema, run_id=run_id)


def summarise_votes(warehouse: Warehouse) -> pa.Table:
    """Return corpus, source, modality, taxonomy, votes, clips and annotators of standing votes."""
    return read(warehouse, "summarise_votes", _VOTE_TOTALS)
