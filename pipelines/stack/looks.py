"""What the watch saw, kept for whoever asks how the services are."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipelines.private_file import write_private

# The watch looks every few seconds, but waits for services that do not answer.
STALE_S = 60.0


@dataclass(frozen=True)
class Looks:
    """The last look.

    Args:
        at: When, seconds since 1970.
        restarts: How often each service was started again.
        well: Process of each service that was well at some time.
    """

    at: float
    restarts: Mapping[str, int] = field(default_factory=dict)
    well: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def none(cls) -> "Looks":
        """Return what is known when nobody looked."""
        return cls(0.0)

    def is_fresh(self, now: float | None = None) -> bool:
        """Return whether somebody still looks."""
        return abs((time.time() if now is None else now) - self.at) < STALE_S


def read_looks(path: Path) -> Looks:
    """Return what a file holds; nothing seen where there is none."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Looks(float(said["at"]), dict(said["restarts"]), dict(said["well"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Looks.none()


def write_looks(path: Path, looks: Looks) -> None:
    """Write down a look, whole or not at all."""
    write_private(path, asdict(looks))
