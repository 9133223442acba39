"""One at a time: whoever starts or stops the services of a home."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.errors import PipelineError
from pipelines.label_studio.process import claim
from pipelines.stack.places import StackPlaces

POLL_S = 0.2
WAIT_S = 60.0


@contextmanager
def take_turn(places: StackPlaces, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Start or stop services while nobody else does.

    Args:
        places: Whose services.
        wait_s: Seconds to wait for somebody else.

    Raises:
        PipelineError: Somebody else took longer.
    """
    places.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    deadline = time.monotonic() + wait_s
    while True:
        with claim(places.lock) as lock:
            if lock is not None:
                yield
                return
        if time.monotonic() >= deadline:
            raise PipelineError(
                f"another `serloop up` or `serloop down` is at work here (it holds "
                f"`{places.lock}`); wait for it, or end it"
            )
        time.sleep(POLL_S)
