"""What a classifier learns from: clips in several versions and their targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.models.batching import check_features

SUM_TOLERANCE = 1e-3  # float32 posteriors of a few hundred votes sum to 1 within this


@dataclass(frozen=True, eq=False)
class Targets:
    """What a batch, or the whole training part, should be judged as.

    Args:
        posterior: P(class) of each clip, float32 ``(N, C)``; C is 0 with ratings alone.
        ratings: Rated dimensions, float32 ``(N, R)``, NaN where unknown; R may be 0.
        weights: How much each clip counts, float32 ``(N,)``, with the mean 1 over the training
            part; `None` if all count alike.
    """

    posterior: Tensor
    ratings: Tensor
    weights: Tensor | None = None

    def __len__(self) -> int:
        """Return N."""
        return len(self.posterior)

    def take(self, clips: Tensor) -> "Targets":
        """Return the targets of the clips at some positions, ``(B,)``."""
        weights = None if self.weights is None else self.weights[clips]
        return Targets(self.posterior[clips], self.ratings[clips], weights)

    def to(self, device: torch.device) -> "Targets":
        """Return the same on a device."""
        weights = None if self.weights is None else self.weights.to(device)
        return Targets(self.posterior.to(device), self.ratings.to(device), weights)


class DevClips(NamedTuple):
    """Clips of other speakers on which each epoch is judged.

    Args:
        features: N clips.
        labels: Class number of each clip, ``(N,)``; `None` with ratings alone.
        ratings: Rated dimensions of each clip, ``(N, R)``, NaN where unknown; they judge a
            network that predicts ratings alone.
    """

    features: RaggedFeatures
    labels: npt.NDArray[np.integer] | None
    ratings: npt.NDArray[np.floating] | None = None


@dataclass(frozen=True, eq=False)
class TrainingClips:
    """Checked training clips.

    Args:
        versions: The features, then further versions of them aligned clip by clip.
        targets: What the N clips should be judged as.
        lengths: Frames of each clip in each version, int64 ``(versions, N)``.
    """

    versions: tuple[RaggedFeatures, ...]
    targets: Targets
    lengths: npt.NDArray[np.int64]

    @classmethod
    def checked(
        cls,
        versions: Sequence[RaggedFeatures],
        targets: npt.NDArray[np.floating],
        classes: Sequence[str],
        *,
        decided: bool,
        ratings: npt.NDArray[np.floating] | None = None,
        rated: Sequence[str] = (),
        weights: npt.NDArray[np.floating] | None = None,
    ) -> "TrainingClips":
        """Return the clips after making sure that a network can learn from them.

        Args:
            versions: The features first, then the augmented versions.
            targets: Posterior of each clip, ``(N, C)``; C is 0 with ratings alone.
            classes: Names of the C classes.
            decided: Whether each clip goes to its most probable class (see `harden`).
            ratings: Rated dimensions of each clip, ``(N, R)``, NaN where unknown.
            rated: Names of the R dimensions.
            weights: How much each clip counts, ``(N,)``; scaled to the mean 1.

        Raises:
            ConfigurationError: If counts or bands differ, features are empty or not finite,
                rows are no posteriors, fewer than two classes have a clip, a dimension has
                fewer than two known ratings, or weights are negative.
        """
        _check_versions(versions)
        clips = len(versions[0])
        _check_targets(targets, clips, classes)
        _check_ratings(ratings, clips, rated)
        posterior = torch.from_numpy(np.ascontiguousarray(targets, dtype=np.float32))
        if classes:
            posterior = harden(posterior) if decided else posterior
            _check_classes(posterior, classes)
        known = np.empty((clips, 0)) if ratings is None else ratings
        return cls(
            versions=tuple(versions),
            targets=Targets(
                posterior,
                torch.from_numpy(np.ascontiguousarray(known, dtype=np.float32)),
                None if weights is None else _scale_weights(weights, clips),
            ),
            lengths=np.stack([version.lengths for version in versions]),
        )


def harden(targets: Tensor) -> Tensor:
    """Give each clip to its most probable class; equally probable ones share it.

    Args:
        targets: Posteriors, ``(N, C)``.

    Example:
        >>> harden(torch.tensor([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]])).tolist()
        [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
    """
    winners = (targets == targets.amax(dim=1, keepdim=True)).to(targets.dtype)
    return winners / winners.sum(dim=1, keepdim=True)


def smooth(targets: Tensor, share: float) -> Tensor:
    """Spread a share of each target evenly over the classes.

    Args:
        targets: Posteriors, ``(N, C)``.
        share: In [0, 1).

    Example:
        >>> smooth(torch.tensor([[1.0, 0.0]]), 0.1).tolist()
        [[0.949999988079071, 0.05000000074505806]]

    Reference:
        C. Szegedy et al., "Rethinking the inception architecture for computer vision", CVPR
        2016. https://arxiv.org/abs/1512.00567
    """
    return targets * (1 - share) + share / targets.shape[1]


def band_statistics(features: RaggedFeatures) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each band over all frames, ``(D,)`` each.

    Args:
        features: The training clips, and no others: statistics of test clips leak.
    """
    values = features.values
    mean = values.mean(axis=0, dtype=np.float64)
    # Two passes: the mean square of log powers is far from their variance.
    variance = np.square(values - mean.astype(np.float32)).mean(axis=0, dtype=np.float64)
    return torch.from_numpy(mean).float(), torch.from_numpy(np.sqrt(variance)).float()


def layer_moments(features: RaggedFeatures, layers: int) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each number of each layer, ``(L, D)`` each.

    Args:
        features: The training clips, one frame per layer of an encoder.
        layers: L.

    Raises:
        ConfigurationError: If a clip has another number of frames.
    """
    odd = np.flatnonzero(features.lengths != layers)
    if odd.size:
        raise ConfigurationError(
            f"`features` must have one frame for each of {layers} layers, but the clip at "
            f"{odd[0]} has {features.lengths[odd[0]]}; take features of a frozen encoder"
        )
    clips = features.values.reshape(len(features), layers, features.bands)
    deviation = clips.std(axis=0, dtype=np.float64)
    return torch.from_numpy(clips.mean(axis=0, dtype=np.float64)).float(), torch.from_numpy(
        deviation
    ).float()


def rating_statistics(ratings: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each dimension where it is known, ``(R,)`` each.

    Args:
        ratings: Ratings of the training clips, ``(N, R)``, NaN where unknown.

    Example:
        >>> mean, deviation = rating_statistics(torch.tensor([[1.0], [3.0], [torch.nan]]))
        >>> mean.tolist(), deviation.tolist()
        ([2.0], [1.0])
    """
    values = ratings.double()
    mean = values.nanmean(dim=0)
    return mean.float(), (values - mean).square().nanmean(dim=0).sqrt().float()


def _check_versions(versions: Sequence[RaggedFeatures]) -> None:
    shapes = {(len(version), version.bands) for version in versions}
    if len(shapes) != 1:
        raise ConfigurationError(
            "`augmented` must hold the same clips and bands as `features`, but the (clips, "
            f"bands) are {[(len(version), version.bands) for version in versions]}"
        )
    for version in versions:
        check_features(version)


def _check_targets(targets: npt.NDArray[np.floating], clips: int, classes: Sequence[str]) -> None:
    if len(set(classes)) != len(classes):
        raise ConfigurationError(f"`classes` must be distinct, but got {list(classes)}")
    if clips == 0 or targets.shape != (clips, len(classes)):
        raise ConfigurationError(
            f"`targets` must have the shape (clips, classes) = ({clips}, {len(classes)}) with at "
            f"least one clip, but has {targets.shape}"
        )
    if not classes:
        return
    sums = targets.sum(axis=1)
    wrong = ~(np.abs(sums - 1) <= SUM_TOLERANCE) | ~(targets >= 0).all(axis=1)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ConfigurationError(
            "`targets` must hold posteriors (each ≥ 0, rows sum to 1), but row "
            f"{first} is {targets[first].tolist()}"
        )


def _check_classes(targets: Tensor, classes: Sequence[str]) -> None:
    # A growing label set may not have met every class yet, but one class alone teaches nothing.
    mass = targets.sum(dim=0).tolist()
    present = [name for name, share in zip(classes, mass, strict=True) if share > 0]
    if len(present) < 2:
        raise ConfigurationError(
            f"`targets` must give clips to at least two classes, but only {present} has any; "
            "label clips of others"
        )


def _check_ratings(
    ratings: npt.NDArray[np.floating] | None, clips: int, rated: Sequence[str]
) -> None:
    shape = (clips, 0) if ratings is None else ratings.shape
    if shape != (clips, len(rated)):
        raise ConfigurationError(
            "`ratings` must have the shape (clips, dimensions of the network) = "
            f"({clips}, {len(rated)}), but has {shape}; the network rates {list(rated)}"
        )
    if ratings is None:
        return
    if np.isinf(ratings).any():
        raise ConfigurationError("`ratings` must be finite, or NaN where unknown, but some are inf")
    known = np.isfinite(ratings).sum(axis=0)
    unknown = [name for name, count in zip(rated, known, strict=True) if count < 2]
    if unknown:
        raise ConfigurationError(
            f"`ratings` must know at least two clips of each dimension, but not of {unknown}; "
            "leave these out of the network"
        )


def _scale_weights(weights: npt.NDArray[np.floating], clips: int) -> Tensor:
    if weights.shape != (clips,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ConfigurationError(
            f"`weights` must hold one finite number ≥ 0 for each of {clips} clips, but got "
            f"the shape {weights.shape} and the smallest {weights.min(initial=np.inf)}"
        )
    if not weights.any():
        raise ConfigurationError("`weights` must not all be 0: no clip would count")
    scaled = weights / weights.mean(dtype=np.float64)
    return torch.from_numpy(np.ascontiguousarray(scaled, dtype=np.float32))
