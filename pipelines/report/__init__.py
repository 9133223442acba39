"""The round report: one self-contained HTML page from plain records.

Only the records are re-exported here, so that importing the package loads neither matplotlib
nor jinja2; `pipelines.report.render` does, when a page is written.
"""

from pipelines.report.content import (
    AnnotatorSummary,
    AskedClip,
    ConsensusQuality,
    CurvePoint,
    HeldOut,
    NextStep,
    PairedDifference,
    Provenance,
    ReportContent,
    confusion_rows,
)
from pipelines.report.corpus import IngestSummary, RejectCount
from pipelines.report.errors import ReportError

__all__ = [
    "AnnotatorSummary",
    "AskedClip",
    "ConsensusQuality",
    "CurvePoint",
    "HeldOut",
    "IngestSummary",
    "NextStep",
    "PairedDifference",
    "Provenance",
    "RejectCount",
    "ReportContent",
    "ReportError",
    "confusion_rows",
]
