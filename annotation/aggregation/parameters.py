"""One refusal for every parameter that is out of range."""

from __future__ import annotations

from annotation.errors import AnnotationError


def check_parameter(name: str, value: object, is_valid: bool, expected: str) -> None:
    """Raise unless a parameter is within its range.

    Raises:
        AnnotationError: The parameter is not; the message names it and what was expected.
    """
    if not is_valid:
        msg = f"`{name}` must be {expected}, but got {value}"
        raise AnnotationError(msg)


def check_iteration(tolerance: float, max_iterations: int) -> None:
    """Refuse a stopping rule that can never be evaluated."""
    check_parameter("tolerance", tolerance, tolerance >= 0, "at least 0")
    check_parameter("max_iterations", max_iterations, max_iterations >= 1, "at least 1")
