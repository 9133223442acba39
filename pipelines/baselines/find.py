"""Find what a model was told of a speaker."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import NothingToDoError
from pipelines.settings import Settings
from ser.errors import ArtifactError
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.inference.personal import Baseline


@dataclass(frozen=True)
class Told:
    """What a model was told of speakers.

    Args:
        model_id: The model.
        used: Row of what helps it most with each speaker that it was told of; None where all of
            it is off.
        elsewhere: Speakers that only other models were told of.
    """

    model_id: str
    used: Mapping[str, Mapping[str, Any] | None]
    elsewhere: frozenset[str]

    def find(self, speaker: str) -> Mapping[str, Any] | None:
        """Return the row of what helps with a speaker, or None where all of it is off.

        Raises:
            NothingToDoError: If the model was told nothing of the speaker.
        """
        if speaker not in self.used:
            listed = ", ".join(f"`{name}`" for name in sorted(self.used)) or "nobody"
            raise NothingToDoError(
                f"model `{self.model_id}` was told nothing of `{speaker}` (it knows {listed}); "
                f"tell it with `serloop baseline {speaker} --neutral CLIP`"
            )
        return self.used[speaker]


def read_told(store: Warehouse, model_id: str) -> Told:
    """Read what a model was told of speakers.

    Of each method the latest counts: what was once found to help may have been found not to.

    Args:
        store: The warehouse.
        model_id: The model.
    """
    rows = queries.select_baselines(store).to_pylist()
    latest: dict[str, dict[str, dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["snapshot"], row["baseline_id"])):
        if row["model_id"] == model_id:
            latest.setdefault(row["speaker"], {})[row["method"]] = row
    used = {
        speaker: max(
            (row for row in by_method.values() if row["is_used"]),
            key=lambda row: row["gain"],
            default=None,
        )
        for speaker, by_method in latest.items()
    }
    return Told(model_id, used, frozenset(row["speaker"] for row in rows) - used.keys())


def load_baseline(settings: Settings, row: Mapping[str, Any]) -> "Baseline":
    """Load the numbers of a baseline, verified against their hash.

    Args:
        settings: Where artifacts are kept.
        row: A row of `baselines`.

    Raises:
        ArtifactError: If the file is missing, or is not the one that was recorded.
    """
    from ser.inference.personal import Baseline  # noqa: PLC0415 - loads torch

    path = settings.artifacts / row["artifact"]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"`{path}` must be a baseline, but cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != row["artifact_sha256"]:
        raise ArtifactError(
            f"`{path}` is not the baseline that was recorded; make it again with `serloop baseline "
            f"{row['speaker']}`"
        )
    return Baseline.load(content)
