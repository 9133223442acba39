"""Requests repeated after a doubt, and which errors leave a doubt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from annotation.errors import LabelStudioServerError

T = TypeVar("T")
_BUSY: Final = (408, 429)
_FAILED: Final = 500


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server that does not answer is waited for: half a minute by default.

    Attributes:
        tries: Requests before giving up, at least 1.
        first_s: Seconds before the second; doubled each time.
        longest_s: Most seconds between two.
    """

    tries: int = 8
    first_s: float = 0.5
    longest_s: float = 10.0

    def waits(self) -> Iterator[float]:
        """Give the seconds to wait before each further try.

        Example:
            >>> list(Patience(tries=5, longest_s=3.0).waits())
            [0.5, 1.0, 2.0, 3.0]
        """
        for number in range(self.tries - 1):
            yield min(self.first_s * 2**number, self.longest_s)


def is_doubtful(error: LabelStudioServerError) -> bool:
    """Return whether a request may have been carried out all the same, or may be if repeated.

    Example:
        >>> is_doubtful(LabelStudioServerError("no answer"))
        True
        >>> is_doubtful(LabelStudioServerError("no such task", status=404))
        False
    """
    return error.status is None or error.status in _BUSY or error.status >= _FAILED


def insist(action: Callable[[], T], patience: Patience) -> T:
    """Return what an action gives, repeating it while the server leaves a doubt.

    Args:
        action: Sends what may be carried out twice: a question, a change to fixed values, or the
            removal of something.
        patience: How often.

    Raises:
        LabelStudioServerError: The server refuses, or the last try fails.
    """
    for wait_s in patience.waits():
        try:
            return action()
        except LabelStudioServerError as error:
            if not is_doubtful(error):
                raise
        time.sleep(wait_s)
    return action()
