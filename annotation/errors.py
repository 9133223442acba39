"""The errors of this package: one base, one child per part that can refuse its input."""


class AnnotationError(Exception):
    """Base of every error raised by `annotation`; catch this one at a border."""


class VoteError(AnnotationError):
    """Raised when a votes table cannot be read as judgements on one list of classes."""


class SamplingError(AnnotationError):
    """Raised when a pool, its scores or a budget do not describe a selection."""


class LabelStudioError(AnnotationError):
    """Raised when a labelling interface or a task cannot be built as asked."""


class LabelStudioServerError(LabelStudioError):
    """Raised when a Label Studio server does not answer, or refuses what it was asked.

    Attributes:
        status: HTTP status of the refusal; None where there was no answer to believe.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
