"""FixMatch: learn of a changed clip the class that the teacher is sure of."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from ser.features.ragged import RaggedFeatures
from ser.models.trained import Json
from ser.semi.consistency import Consistency
from ser.semi.thresholds import UNDECIDED, class_thresholds
from ser.semi.views import Views
from ser.training.dev import DevSaid
from ser.training.parameters import TrainingParameters

WEIGHT = 1.0


class FixMatch(Consistency):
    """Learn pseudo-labels: the classes that the teacher gives a probability above a threshold.

    With balance, every class has a threshold of its own (`class_thresholds`).

    Args:
        features: The N clips without labels.
        targets: Posteriors of the labelled clips, ``(N, C)``.
        views: How clips are changed.
        settings: Weight, threshold, balance and number of clips.
        seed: Seed of batches and views.

    Reference:
        K. Sohn et al., "FixMatch: simplifying semi-supervised learning with consistency and
        confidence", NeurIPS 2020. https://arxiv.org/abs/2001.07685
    """

    decided: Tensor
    counts: Tensor

    def __init__(
        self,
        features: RaggedFeatures,
        targets: Tensor,
        *,
        views: Views,
        settings: TrainingParameters,
        seed: int,
    ) -> None:
        super().__init__(
            features, targets, views=views, settings=settings, weight=WEIGHT, seed=seed
        )
        self.threshold = settings.semi_threshold
        self.register_buffer("decided", torch.full((len(features),), UNDECIDED))
        self.register_buffer("counts", torch.zeros_like(self.wanted), persistent=False)
        self._heard = 0
        self._labels = self._used = torch.empty(0)

    def believe(self, clips: npt.NDArray[np.int64], posterior: Tensor) -> None:
        """Choose the clips whose class the teacher is sure of."""
        sure, self._labels = posterior.max(dim=1)
        self._used = (sure >= self._thresholds()[self._labels]).float()
        is_decided = sure >= self.threshold
        positions = torch.from_numpy(clips).to(posterior.device)
        self.decided[positions[is_decided]] = self._labels[is_decided]
        self._heard += len(clips)
        self.counts += self._used @ one_hot(self._labels, posterior.shape[1]).float()

    def compare(self, logits: Tensor) -> Tensor:
        """Return the cross-entropy of the chosen clips, over the number of all."""
        losses = cross_entropy(logits, self._labels, reduction="none")
        return (losses * self._used).mean()

    def finish_epoch(self, dev: DevSaid | None) -> dict[str, Json]:
        """Calibrate the teacher, and tell which pseudo-labels were learned, too."""
        told = super().finish_epoch(dev)
        told |= {
            "pseudo_share": self.counts.sum().item() / self._heard,
            "pseudo_labels": self.counts.long().tolist(),
            "thresholds": self._thresholds().tolist(),
        }
        self.counts.zero_()
        self._heard = 0
        return told

    def _thresholds(self) -> Tensor:
        if not self.is_balanced:
            return torch.full_like(self.wanted, self.threshold)
        return class_thresholds(self.decided, len(self.wanted), threshold=self.threshold)
