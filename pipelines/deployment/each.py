"""Do the same for several campaigns: one that fails holds up no other."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from annotation.errors import AnnotationError
from pipelines.errors import PipelineError
from ser.errors import SerError
from warehouse.errors import WarehouseError

EXPECTED = (PipelineError, SerError, AnnotationError, WarehouseError)
R = TypeVar("R")


def attempt_each(campaigns: Iterable[str], do: Callable[[str], R]) -> Iterator[R]:
    """Do something for each campaign, and say in the end which of them failed.

    Args:
        campaigns: The campaigns.
        do: What to do.

    Yields:
        What came of it, where it did not fail.

    Raises:
        PipelineError: It failed for some; each is named with its reason.

    Example:
        >>> list(attempt_each(["a", "b"], str.upper))
        ['A', 'B']
    """
    failures: list[tuple[str, Exception]] = []
    for campaign in campaigns:
        try:
            done = do(campaign)
        except Exception as error:  # noqa: BLE001 - raised again when the others are done
            failures.append((campaign, error))
        else:
            yield done
    if failures:
        said = "; ".join(f"campaign `{name}`: {_describe(error)}" for name, error in failures)
        raise PipelineError(said) from failures[0][1]


def _describe(error: Exception) -> str:
    return str(error) if isinstance(error, EXPECTED) else f"{type(error).__name__}: {error}"
