"""The errors of this package: one base, one child per part that can refuse its input."""


class AnnotationError(Exception):
    """Base of every error raised by `annotation`; catch this one at a border."""


class VoteError(AnnotationError):
    """Raised when a votes table cannot be read as judgements on one list of classes."""


class SamplingError(AnnotationError):
    """Raised when a pool, its scores or a budget do not describe a selection."""


class LabelStudioError(AnnotationError):
    """Raised when a labelling interface or a task cannot be built as asked."""
