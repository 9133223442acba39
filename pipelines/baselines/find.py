"""Find what a model was told of a speaker."""

import hashlib
from typing import TYPE_CHECKING, Any

from pipelines.errors import NothingToDoError
from pipelines.settings import Settings
from ser.errors import ArtifactError
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.inference.personal import Baseline


def find_baseline(store: Warehouse, model_id: str, speaker: str) -> dict[str, Any] | None:
    """Return the row of what helps a model most with a speaker, or None where all of it is off.

    Of each method the latest counts: what was once found to help may have been found not to.

    Args:
        store: The warehouse.
        model_id: The model.
        speaker: The speaker.

    Raises:
        NothingToDoError: If the model was told nothing of the speaker.
    """
    rows = queries.select_baselines(store, model_id=model_id, speaker=speaker).to_pylist()
    if not rows:
        known = queries.select_baselines(store, model_id=model_id)["speaker"].to_pylist()
        listed = ", ".join(f"`{name}`" for name in sorted(set(known))) or "nobody"
        raise NothingToDoError(
            f"model `{model_id}` was told nothing of `{speaker}` (it knows {listed}); tell it "
            f"with `serloop baseline {speaker} --neutral CLIP`"
        )
    latest: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row["snapshot"], row["baseline_id"])):
        latest[row["method"]] = row
    used = [row for row in latest.values() if row["is_used"]]
    return max(used, key=lambda row: row["gain"], default=None)


def load_baseline(settings: Settings, row: dict[str, Any]) -> "Baseline":
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
