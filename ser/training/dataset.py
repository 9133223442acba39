"""What a classifier learns from: clips in several versions and their targets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.models.batching import check_features

SUM_TOLERANCE = 1e-3  # float32 posteriors of a few hundred votes sum to 1 within this


@dataclass(frozen=True, eq=False)
class TrainingClips:
    """Checked training clips.

    Args:
        versions: The features, then further versions of them aligned clip by clip.
        targets: Posteriors, float32 ``(N, C)``.
        lengths: Frames of each clip in each version, int64 ``(versions, N)``.
    """

    versions: tuple[RaggedFeatures, ...]
    targets: Tensor
    lengths: npt.NDArray[np.int64]

    @classmethod
    def checked(
        cls,
        versions: Sequence[RaggedFeatures],
        targets: npt.NDArray[np.floating],
        classes: Sequence[str],
        *,
        decided: bool,
    ) -> "TrainingClips":
        """Return the clips after making sure that a classifier can learn from them.

        Args:
            versions: The features first, then the augmented versions.
            targets: Posterior of each clip, ``(N, C)``.
            classes: Names of the C classes.
            decided: Whether each clip goes to its most probable class (see `harden`).

        Raises:
            ConfigurationError: If counts or bands differ, features are empty or not finite,
                rows are no posteriors, or fewer than two classes have a clip.
        """
        _check_versions(versions)
        _check_targets(targets, len(versions[0]), classes)
        posterior = torch.from_numpy(np.ascontiguousarray(targets, dtype=np.float32))
        posterior = harden(posterior) if decided else posterior
        _check_classes(posterior, classes)
        return cls(
            versions=tuple(versions),
            targets=posterior,
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
