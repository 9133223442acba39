"""One typed function per named read; each returns Arrow in a documented schema."""

from warehouse.queries.learning import (
    select_asks,
    select_evaluations,
    select_models,
    select_predictions,
    select_rounds,
)
from warehouse.queries.opinions import (
    select_annotators,
    select_clip_consensus,
    select_consensus,
    select_consensus_runs,
    select_effective_votes,
    select_ledger,
    select_quarantine,
    summarise_votes,
)
from warehouse.queries.recordings import (
    compare_sources,
    compare_vanished,
    select_clips,
    select_clips_without_features,
    select_copies,
    select_corpora,
    select_duplicates,
    select_features,
    select_fingerprints,
    select_rejects,
    select_sources,
    select_waveforms,
)
from warehouse.queries.totals import count_rows, summarise_corpora

__all__ = [
    "compare_sources",
    "compare_vanished",
    "count_rows",
    "select_annotators",
    "select_asks",
    "select_clip_consensus",
    "select_clips",
    "select_clips_without_features",
    "select_consensus",
    "select_consensus_runs",
    "select_copies",
    "select_corpora",
    "select_duplicates",
    "select_effective_votes",
    "select_evaluations",
    "select_features",
    "select_fingerprints",
    "select_ledger",
    "select_models",
    "select_predictions",
    "select_quarantine",
    "select_rejects",
    "select_rounds",
    "select_sources",
    "select_waveforms",
    "summarise_corpora",
    "summarise_votes",
]
