"""What can go wrong while a report is written."""

from pipelines.errors import PipelineError


class ReportError(PipelineError):
    """Say which part of the content contradicts itself and how to mend it."""
