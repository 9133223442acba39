"""What teaching by an average of the network's own weights has in common."""

import math
from abc import abstractmethod

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser.features.ragged import RaggedFeatures
from ser.metrics.temperature import fit_temperature
from ser.models.network import EmotionNetwork, NetworkOutput
from ser.models.trained import Json
from ser.semi.thresholds import align
from ser.semi.views import Views
from ser.training.auxiliary import Auxiliary, Clips
from ser.training.dev import DevSaid
from ser.training.parameters import TrainingParameters

RAMP = 0.3  # share of the training in which the weight rises
STEEPNESS = 5.0  # of that rise, as in the papers
MEMORY = 0.9  # of how often the teacher said each class lately, from batch to batch


class Consistency(Auxiliary):
    """Teach a network to say of a changed clip what its teacher says of the clip itself.

    The teacher is the moving average of its weights, which hears a weak view without dropout;
    the network hears a strong one. Members of an ensemble are taught apart, by what the ensemble
    of their averages says. The weight rises over the first 30 % of the training. With balance,
    what the teacher says is aligned to how often the labelled clips hold each class (`align`):
    else it may settle on one class for all.

    Its probabilities are calibrated: logits are divided by the temperature that fits what it says
    of dev clips, found again after every epoch. Without dev clips that stays 1, and what keeps
    confidence honest is that the teacher is an average of weights which learned smoothed labels;
    labelled clips could not tell, for the network knows them by heart.

    Args:
        features: The clips without labels.
        targets: Posteriors of the labelled clips, ``(N, C)``.
        views: How clips are changed.
        settings: Weight, balance and number of clips.
        weight: How much this counts against the labels in the end, where the settings are silent.
        seed: Seed of batches and views.

    Reference:
        S. Laine and T. Aila, "Temporal ensembling for semi-supervised learning", ICLR 2017 (the
        rise of the weight). https://arxiv.org/abs/1610.02242
    """

    wanted: Tensor
    found: Tensor
    temperature: Tensor

    def __init__(
        self,
        features: RaggedFeatures,
        targets: Tensor,
        *,
        views: Views,
        settings: TrainingParameters,
        weight: float,
        seed: int,
    ) -> None:
        size = settings.semi_ratio * settings.batch_size
        super().__init__(features, batch_size=size, seed=seed)
        self.views = views
        self.weight = weight if settings.semi_weight is None else settings.semi_weight
        self.is_balanced = settings.semi_balance
        wanted = targets.mean(dim=0)
        self.register_buffer("wanted", wanted)
        self.register_buffer("found", wanted.clone())
        self.register_buffer("temperature", torch.ones(()))
        self._losses: list[Tensor] = []

    @abstractmethod
    def believe(self, clips: npt.NDArray[np.int64], posterior: Tensor) -> None:
        """Take in what is believed of the clips that the network hears next.

        Args:
            clips: Their positions, ``(B,)``.
            posterior: What the teacher says, calibrated and balanced, ``(B, C)``.
        """

    @abstractmethod
    def compare(self, logits: Tensor) -> Tensor:
        """Return how far the network, or a member of it, is from what was believed, a scalar.

        Args:
            logits: What it says of the same clips, ``(B, C)``.
        """

    def draw(self, judge: EmotionNetwork) -> Clips:
        """Return a strong view of the next clips, after the teacher heard a weak one."""
        clips = self.batches.draw()
        raw, lengths = self.batches.pad(clips)
        normalisation = judge.normalisation
        weak = self.views.weak(raw, lengths, normalisation, self.draws)
        strong = self.views.strong(raw, lengths, normalisation, self.draws)
        lengths = lengths.to(strong.device)
        with torch.no_grad():
            logits = judge.judge(weak, lengths).logits.float()
            self.believe(clips, self._balance((logits / self.temperature).softmax(dim=1)))
        return Clips(strong, lengths)

    def forward(
        self, labelled: NetworkOutput, unlabelled: NetworkOutput, progress: float
    ) -> Tensor:
        """Return the weighted loss; of an ensemble, the mean over its members."""
        del labelled
        said = unlabelled.members or (unlabelled,)
        loss = torch.stack([self.compare(member.logits.float()) for member in said]).mean()
        self._losses.append(loss.detach())
        return self.weight * rise(progress) * loss

    def finish_epoch(self, dev: DevSaid | None) -> dict[str, Json]:
        """Calibrate the teacher, and tell the mean loss, before its weight."""
        told: dict[str, Json] = {
            "semi_loss": torch.stack(self._losses).mean().item(),
            "temperature": self.temperature.item(),
        }
        self._losses = []
        if dev is not None:
            truth = np.eye(dev.posterior.shape[1])[dev.labels]
            self.temperature.fill_(fit_temperature(truth, dev.posterior).value)
        return told

    def _balance(self, posterior: Tensor) -> Tensor:
        if not self.is_balanced:
            return posterior
        self.found.lerp_(posterior.mean(dim=0), 1 - MEMORY)
        return align(posterior, self.wanted, self.found)


def rise(progress: float) -> float:
    """Return the share of its weight that the loss has, ``exp(−5 (1 − t)²)``.

    Args:
        progress: Share of the training that is done.

    Example:
        >>> [round(rise(progress), 3) for progress in (0.0, 0.15, 0.3, 1.0)]
        [0.007, 0.287, 1.0, 1.0]
    """
    left = 1 - min(1.0, progress / RAMP)
    return math.exp(-STEEPNESS * left * left)
