"""How good a fusion is on clips of other speakers while it still trains."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ser.features.ragged import RaggedFeatures
from ser.fusion.network import FusionNetwork
from ser.fusion.predictor import say_both
from ser.metrics.classification import unweighted_average_recall
from ser.training.dev import DevScore

BATCH_CLIPS = 64


class FusionDev(NamedTuple):
    """Clips of other speakers on which each epoch is judged.

    Args:
        features: N clips.
        words: States of their tokens, aligned; best with sentences that training has not seen.
        labels: Class number of each clip, ``(N,)``.
    """

    features: RaggedFeatures
    words: RaggedFeatures
    labels: npt.NDArray[np.integer]

    def score(self, network: FusionNetwork) -> DevScore:
        """Return the UAR of what sound and words say together."""
        said = say_both(network, self.features, self.words, batch_clips=BATCH_CLIPS)
        labels = said.fused.argmax(dim=1).numpy()
        uar = unweighted_average_recall(self.labels, labels, network.n_classes)
        return DevScore(uar=uar, ccc=None)
