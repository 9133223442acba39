"""The data contract: every table, its columns, their meaning, and its key.

Rows are appended or superseded, never edited. Tables named in `sql/migrations` are created
from the same facts; a test holds the two together.
"""

from collections.abc import Mapping
from types import MappingProxyType

from warehouse.errors import SchemaError
from warehouse.schemas.deployment import BASELINES, BUNDLES, CALIBRATIONS
from warehouse.schemas.labelling import (
    ACCOUNTS,
    COLLECTIONS,
    DELIVERIES,
    GOLD,
    PROJECTS,
    TASKS,
    WITHDRAWALS,
)
from warehouse.schemas.learning import (
    ASKS,
    EVALUATIONS,
    METRICS,
    MODELS,
    PREDICTIONS,
    ROUNDS,
    TRIALS,
)
from warehouse.schemas.operations import DRIFTS, GATE_CHECKS, GATES, TRANSITIONS
from warehouse.schemas.opinions import (
    ANNOTATORS,
    CONSENSUS,
    CONSENSUS_RUNS,
    QUARANTINE,
    REMARKS,
    VOTES,
)
from warehouse.schemas.recordings import (
    CLIPS,
    COMPARISONS,
    CORPORA,
    DUPLICATES,
    FEATURE_SETS,
    FEATURES,
    REJECTS,
    SOURCES,
    TRANSCRIPTS,
    WAVEFORMS,
)
from warehouse.table import Table

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            CORPORA,
            CLIPS,
            SOURCES,
            REJECTS,
            DUPLICATES,
            COMPARISONS,
            WAVEFORMS,
            FEATURE_SETS,
            FEATURES,
            VOTES,
            REMARKS,
            QUARANTINE,
            CONSENSUS_RUNS,
            CONSENSUS,
            ANNOTATORS,
            MODELS,
            EVALUATIONS,
            METRICS,
            PREDICTIONS,
            TRIALS,
            ROUNDS,
            ASKS,
            PROJECTS,
            TASKS,
            DELIVERIES,
            WITHDRAWALS,
            GOLD,
            COLLECTIONS,
            ACCOUNTS,
            GATES,
            GATE_CHECKS,
            TRANSITIONS,
            DRIFTS,
            BUNDLES,
            CALIBRATIONS,
            BASELINES,
            TRANSCRIPTS,
        )
    }
)

__all__ = [
    "ACCOUNTS",
    "ANNOTATORS",
    "ASKS",
    "BASELINES",
    "BUNDLES",
    "CALIBRATIONS",
    "CLIPS",
    "COLLECTIONS",
    "COMPARISONS",
    "CONSENSUS",
    "CONSENSUS_RUNS",
    "CORPORA",
    "DELIVERIES",
    "DRIFTS",
    "DUPLICATES",
    "EVALUATIONS",
    "FEATURES",
    "FEATURE_SETS",
    "GATES",
    "GATE_CHECKS",
    "GOLD",
    "METRICS",
    "MODELS",
    "PREDICTIONS",
    "PROJECTS",
    "QUARANTINE",
    "REJECTS",
    "REMARKS",
    "ROUNDS",
    "SOURCES",
    "TABLES",
    "TASKS",
    "TRANSCRIPTS",
    "TRANSITIONS",
    "TRIALS",
    "VOTES",
    "WAVEFORMS",
    "WITHDRAWALS",
    "find_table",
]


def find_table(name: str) -> Table:
    """Return the table of that name.

    Args:
        name: A key of `TABLES`.

    Raises:
        SchemaError: If there is no such table.

    Example:
        >>> find_table("votes").key
        ('vote_id',)
    """
    if name not in TABLES:
        raise SchemaError(f"unknown table `{name}`; expected one of: {', '.join(TABLES)}")
    return TABLES[name]
