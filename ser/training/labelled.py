"""The labelled clips, epoch after epoch: drawn in batches, varied and mixed."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser.models.batching import pad_clips, shuffle_batches
from ser.models.normalisation import BandNormalisation
from ser.models.trained import Json
from ser.training.dataset import Targets, TrainingClips, smooth
from ser.training.mixup import mix_clips
from ser.training.parameters import TrainingParameters
from ser.training.sampling import balanced_batches
from ser.training.view import View

Positions = npt.NDArray[np.int64]


class LabelledBatch(NamedTuple):
    """What one update learns from labels.

    Args:
        features: Normalised features, ``(B, F, D)``, padded at the end.
        lengths: Frames of each clip, int64 ``(B,)``.
        targets: What the clips should be judged as.
    """

    features: Tensor
    lengths: Tensor
    targets: Targets


class LabelledBatches:
    """Draw batches of labelled clips.

    Args:
        clips: All of them.
        settings: Size of a batch, label smoothing and mixup.
        view: How clips are changed.
        seed: Seed of batches and of what changes them.
        groups: Number of the corpus of each clip, ``(N,)``, if batches shall hold equal shares.
    """

    def __init__(
        self,
        clips: TrainingClips,
        *,
        settings: TrainingParameters,
        view: View,
        seed: int,
        groups: Positions | None = None,
    ) -> None:
        self.clips = clips
        self.settings = settings
        self.view = view
        self.groups = groups
        self.targets = _smoothed(clips.targets, settings)
        self.order = np.random.default_rng(seed)
        self.draws = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return math.ceil(len(self.targets) / self.settings.batch_size)

    def draw_epoch(self, normalisation: BandNormalisation) -> Iterator[LabelledBatch]:
        """Yield the batches of an epoch.

        Args:
            normalisation: That of the network, on its device.
        """
        drawn = self.order.integers(len(self.clips.versions), size=len(self.targets))
        lengths = self.clips.lengths[drawn, np.arange(len(drawn))]
        for batch in self._cut(lengths):
            yield self._prepare(batch, drawn[batch], normalisation)

    def tensors(self) -> dict[str, Tensor]:
        """Return the state of torch's generator, named for a training state."""
        return {"draws": self.draws.get_state()}

    def facts(self) -> dict[str, Json]:
        """Return the state of NumPy's generator, ready for JSON."""
        return {"order": cast("Json", self.order.bit_generator.state)}

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on from what `tensors` and `facts` returned."""
        self.draws.set_state(tensors["draws"])
        self.order.bit_generator.state = facts["order"]

    def _cut(self, lengths: Positions) -> list[Positions]:
        size = self.settings.batch_size
        if self.groups is None:
            return shuffle_batches(lengths, size, self.order)
        return balanced_batches(lengths, self.groups, size, self.order)

    def _prepare(
        self, batch: Positions, drawn: Positions, normalisation: BandNormalisation
    ) -> LabelledBatch:
        features, lengths = pad_clips(self.clips.versions, batch, drawn)
        features = self.view(features, lengths, normalisation, self.draws)
        lengths = lengths.to(features.device)
        targets = self.targets.take(torch.from_numpy(batch)).to(features.device)
        if self.settings.mixup:
            features, targets = mix_clips(
                features, lengths, targets, alpha=self.settings.mixup, generator=self.order
            )
        return LabelledBatch(features, lengths, targets)


def _smoothed(targets: Targets, settings: TrainingParameters) -> Targets:
    is_soft = settings.loss == "soft_label" or not targets.posterior.shape[1]
    share = 0.0 if is_soft else settings.label_smoothing
    posterior = targets.posterior if is_soft else smooth(targets.posterior, share)
    return Targets(posterior, targets.ratings, targets.weights)
