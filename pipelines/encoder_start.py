"""The weights that a network above a pretrained encoder begins with."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.clipset import ClipSet

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures
    from ser.features.record import FeatureSet
    from ser.models.parameters import NetworkParameters


def encoder_start(features: "FeatureSet", network: "NetworkParameters") -> Mapping[str, Any] | None:
    """Return the weights of an encoder that a network goes on from; `None` for any other.

    Args:
        features: What it reads.
        network: The network.
    """
    if not network.encoder:
        return None
    from ser.models.encoder_tail import encoder_weights  # noqa: PLC0415 - loads torch

    return encoder_weights(str(features.parameters["model"]), network)


def with_solved_head(
    start: Mapping[str, Any] | None,
    features: "RaggedFeatures",
    clips: ClipSet,
    train: npt.NDArray[np.int64],
    *,
    network: "NetworkParameters",
    seed: int,
) -> Mapping[str, Any]:
    """Return the weights of an encoder, and of the head that ridge regression finds above it.

    Args:
        start: From `encoder_start`.
        features: Of the training clips.
        clips: What is learned from.
        train: Positions of the training clips.
        network: The network.
        seed: Of the inner folds of speakers that choose the penalty.
    """
    from ser.training.ridge_start import with_ridge_head  # noqa: PLC0415 - loads torch

    return with_ridge_head(
        start or {},
        features,
        clips.targets[train].astype(np.float64),
        clips.speakers[train].tolist(),
        model=network,
        n_classes=len(clips.classes),
        seed=seed,
    )
