"""What may be learned beside the labels, and the part it plays in every update."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ser.features.ragged import RaggedFeatures
from ser.models.network import EmotionNetwork, NetworkOutput
from ser.models.trained import Json
from ser.training.dev import DevSaid
from ser.training.state import TrainingState, named
from ser.training.unlabelled import UnlabelledBatches


class Clips(NamedTuple):
    """Clips on their way into the network.

    Args:
        features: Normalised features, ``(B, F, D)``, padded at the end.
        lengths: Frames of each clip, int64 ``(B,)``, on the same device.
    """

    features: Tensor
    lengths: Tensor


class Auxiliary(nn.Module, ABC):
    """A loss on clips without labels, which training adds to that of the labels.

    In each update it draws a batch, which goes through the network side by side with the
    labelled one, so that batch normalisation sees both; then it is told what the network said
    of either. Its parameters are trained with the network; they, its buffers and its generators
    are kept in the state of a training.

    Args:
        features: The clips without labels.
        batch_size: Most clips in a batch.
        seed: Seed of batches and of what changes them.
    """

    def __init__(self, features: RaggedFeatures, *, batch_size: int, seed: int) -> None:
        super().__init__()
        self.batches = UnlabelledBatches(features, batch_size=batch_size, seed=seed)
        self.draws = torch.Generator().manual_seed(seed)

    @abstractmethod
    def draw(self, judge: EmotionNetwork) -> Clips:
        """Return the next clips to go through the network.

        Args:
            judge: The network whose judgement counts: the moving average where there is one.
        """

    @abstractmethod
    def forward(
        self, labelled: NetworkOutput, unlabelled: NetworkOutput, progress: float
    ) -> Tensor:
        """Return the loss, a scalar, in single precision.

        Args:
            labelled: What the network says of the labelled batch.
            unlabelled: What it says of the clips drawn last.
            progress: Share of the updates that are done, in [0, 1).
        """

    @abstractmethod
    def finish_epoch(self, dev: DevSaid | None) -> dict[str, Json]:
        """Take note of an epoch, and tell its figures for the history.

        Args:
            dev: What the judging network says of dev clips, if there are any with labels.
        """

    def capture(self) -> TrainingState:
        """Return what `restore` needs to go on."""
        tensors = named("module", self.state_dict()) | {"draws": self.draws.get_state()}
        return TrainingState(tensors, {"batches": self.batches.facts()})

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on from the tensors and facts that `capture` returned."""
        self.load_state_dict(TrainingState(tensors, {}).part("module"))
        self.draws.set_state(tensors["draws"])
        self.batches.restore(facts["batches"])
