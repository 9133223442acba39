"""Mixup: train on what lies between two clips."""

import numpy as np
import torch
from torch import Tensor

from ser.training.dataset import Targets


def mix_clips(
    features: Tensor,
    lengths: Tensor,
    targets: Targets,
    *,
    alpha: float,
    generator: np.random.Generator,
) -> tuple[Tensor, Targets]:
    """Blend each clip of a batch with another one of it, and their targets alike.

    ``λ x_i + (1 − λ) x_j`` with ``λ ~ Beta(α, α)`` of its own for each clip, mirrored to ≥ ½, so
    that clip i leads and its length is that of the blend. A shorter clip j starts again when it
    ends, a longer one is cut: every real frame of a blend holds two real frames. A rating that
    one of the two lacks is unknown.

    Args:
        features: Normalised features, ``(B, F, D)``, padded at the end.
        lengths: Frames of each clip, int64 ``(B,)``, on the device of ``features``.
        targets: Targets of the B clips, on that device.
        alpha: α > 0; small values rarely blend much.
        generator: Source of randomness.

    Returns:
        Features ``(B, F, D)`` and targets; the lengths stay as they are.

    Reference:
        H. Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018.
        https://arxiv.org/abs/1710.09412
    """
    clips, device = len(lengths), features.device
    drawn = generator.beta(alpha, alpha, clips)
    share = torch.from_numpy(np.maximum(drawn, 1 - drawn).astype(np.float32)).to(device)
    others = torch.from_numpy(generator.permutation(clips)).to(device)
    frames = torch.arange(features.shape[1], device=device) % lengths[others, None]
    mixed = torch.lerp(features[others[:, None], frames], features, share[:, None, None])
    weights = None if targets.weights is None else _blend(targets.weights, others, share)
    return mixed, Targets(
        _blend(targets.posterior, others, share[:, None]),
        _blend(targets.ratings, others, share[:, None]),
        weights,
    )


def _blend(values: Tensor, others: Tensor, share: Tensor) -> Tensor:
    return torch.lerp(values[others], values, share)
