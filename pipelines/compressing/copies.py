"""Copies of clips at other speeds as features; those of an encoder are kept, for they take long."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.clipset import read_features, read_waveforms
from pipelines.hearing import hear
from pipelines.progress import Progress
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures
    from ser.features.record import FeatureSet

BATCH_CLIPS = 32  # what a kill loses: half a minute of an encoder


def read_copies(
    store: Warehouse,
    progress: Progress,
    features: "FeatureSet",
    clip_ids: Sequence[str],
    *,
    speed: float,
    folder: Path,
) -> "RaggedFeatures":
    """Return the features of clips played at a speed.

    Args:
        store: The warehouse, which has the features of clips at their own speed.
        progress: Where progress is shown.
        features: The feature set.
        clip_ids: Ascending ids.
        speed: 1 for the clips as they are, else as `ser.audio.augment.speed.speed_perturb`.
        folder: Where what an encoder says of copies is kept, by the content of the clips.

    Raises:
        NothingToDoError: If a clip has no such features, or no waveform.
        ConfigurationError: If the speed lies outside 0.5 … 2.
    """
    from ser.audio.augment.speed import speed_perturb  # noqa: PLC0415 - keeps help fast
    from ser.features.ragged import RaggedFeatures  # noqa: PLC0415

    if speed == 1:
        return read_features(store, features.feature_set, clip_ids)
    parts = []
    with progress.track(f"copies at speed {speed:g}", len(clip_ids), "clips") as advance:
        for start in range(0, len(clip_ids), BATCH_CLIPS):
            batch = clip_ids[start : start + BATCH_CLIPS]
            copies = speed_perturb(read_waveforms(store, batch), speed)
            parts.append(hear(folder, features, copies))
            advance(len(batch))
    return RaggedFeatures.from_list([clip for part in parts for clip in part])
