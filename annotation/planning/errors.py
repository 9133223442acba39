"""What can go wrong while the rest of a campaign is planned."""

from annotation.errors import AnnotationError


class PlanningError(AnnotationError):
    """Raised when too little is known for a forecast, or a budget is none."""
