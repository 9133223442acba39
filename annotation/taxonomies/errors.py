"""The error of this part."""

from annotation.errors import AnnotationError


class TaxonomyError(AnnotationError):
    """Raised when a mapping between label sets is not total, or does not fit what it maps."""
