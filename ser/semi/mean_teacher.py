"""Mean teacher: say of a changed clip what the average of the weights says of the clip."""

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ser.features.ragged import RaggedFeatures
from ser.semi.consistency import Consistency
from ser.semi.views import Views
from ser.training.parameters import TrainingParameters

WEIGHT = 10.0  # squares of probabilities are small beside a cross-entropy


class MeanTeacher(Consistency):
    """Keep the posteriors of network and teacher close on clips without labels.

    Args:
        features: The clips without labels.
        targets: Posteriors of the labelled clips, ``(N, C)``.
        views: How clips are changed.
        settings: Weight, balance and number of clips.
        seed: Seed of batches and views.

    Reference:
        A. Tarvainen and H. Valpola, "Mean teachers are better role models: weight-averaged
        consistency targets improve semi-supervised deep learning results", NeurIPS 2017.
        https://arxiv.org/abs/1703.01780
    """

    posterior: Tensor

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

    def believe(self, clips: npt.NDArray[np.int64], posterior: Tensor) -> None:
        """Take in the posterior of the teacher as it is."""
        del clips
        self.posterior = posterior

    def compare(self, logits: Tensor) -> Tensor:
        """Return the mean over clips of the squared distance of the posteriors."""
        return (logits.softmax(dim=1) - self.posterior).square().sum(dim=1).mean()
