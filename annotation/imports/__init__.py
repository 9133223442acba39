"""Votes in the shapes people keep them: every reader returns ledger rows and what it refused."""

from annotation.imports.crema_d import read_crema_d_responses
from annotation.imports.label_studio import ImportedExport, read_label_studio
from annotation.imports.long_table import read_long_table
from annotation.imports.raw import RawTable
from annotation.imports.result import (
    NOTE_SCHEMA,
    NOTES,
    QUARANTINE_SCHEMA,
    REASONS,
    ImportedVotes,
    VoteSource,
)
from annotation.imports.text import read_csv, read_json_lines
from annotation.imports.wide_table import read_annotator_columns, read_class_columns

__all__ = [
    "NOTES",
    "NOTE_SCHEMA",
    "QUARANTINE_SCHEMA",
    "REASONS",
    "ImportedExport",
    "ImportedVotes",
    "RawTable",
    "VoteSource",
    "read_annotator_columns",
    "read_class_columns",
    "read_crema_d_responses",
    "read_csv",
    "read_json_lines",
    "read_label_studio",
    "read_long_table",
]
