"""Read the frames of clips in batches, and keep what the measures of drift need of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.clipset import read_features
from pipelines.drift.sides import Sides
from pipelines.predicting import predict_clips
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures
    from ser.models.trained import TrainedModel

BATCH = 500  # clips whose frames are in memory at once
Stores = tuple[Warehouse, Warehouse]  # as of the model, and now
Floats = npt.NDArray[np.floating]


def read_profiles(
    stores: Stores, feature_set: str, sides: Sides, on_batch: Callable[[int], None]
) -> Floats:
    """Return the mean over the frames of each clip, ``(N, D)``."""
    return np.concatenate(
        [_mean_frames(frames) for frames in _read(stores, feature_set, sides, on_batch)]
    )


def read_words(
    stores: Stores,
    config: Mapping[str, Any],
    trained: "TrainedModel",
    sides: Sides,
    on_batch: Callable[[int], None],
) -> tuple[Floats, Floats]:
    """Return P(class) of each clip, ``(N, C)``, and its embedding, ``(N, E)``."""
    said = []
    for store, batch in _cut(stores, sides):
        said.append(predict_clips(store, config, trained, batch))
        on_batch(len(batch))
    return (
        np.concatenate([one.posterior for one in said]),
        np.concatenate([one.embeddings for one in said]),
    )


def _read(
    stores: Stores, feature_set: str, sides: Sides, on_batch: Callable[[int], None]
) -> "Iterator[RaggedFeatures]":
    for store, batch in _cut(stores, sides):
        yield read_features(store, feature_set, batch)
        on_batch(len(batch))


def _cut(stores: Stores, sides: Sides) -> Iterator[tuple[Warehouse, list[str]]]:
    ids = sides.clips["clip_id"].to_pylist()
    for store, part in zip(stores, (ids[: sides.known], ids[sides.known :]), strict=True):
        for first in range(0, len(part), BATCH):
            yield store, part[first : first + BATCH]


def _mean_frames(frames: "RaggedFeatures") -> Floats:
    sums = np.add.reduceat(frames.values, frames.offsets[:-1], axis=0, dtype=np.float64)
    means: Floats = sums / frames.lengths[:, None]
    return means
