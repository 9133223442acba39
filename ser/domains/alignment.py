"""What making two domains alike has in common."""

from torch import Tensor

from ser.features.ragged import RaggedFeatures
from ser.models.network import EmotionNetwork, NetworkOutput
from ser.training.auxiliary import Auxiliary, Clips
from ser.training.view import View


class DomainAlignment(Auxiliary):
    """Hear clips without labels as the labelled ones are heard, as many in each batch.

    Args:
        features: The clips without labels, of the other domain.
        view: How the labelled clips are changed; these are changed alike.
        weight: How much this counts against the labels.
        batch_size: Most clips in a batch.
        seed: Seed of batches and view.
    """

    def __init__(
        self, features: RaggedFeatures, *, view: View, weight: float, batch_size: int, seed: int
    ) -> None:
        super().__init__(features, batch_size=batch_size, seed=seed)
        self.view = view
        self.weight = weight

    def draw(self, judge: EmotionNetwork) -> Clips:
        """Return the next clips."""
        raw, lengths = self.batches.pad(self.batches.draw())
        features = self.view(raw, lengths, judge.normalisation, self.draws)
        return Clips(features, lengths.to(features.device))


def embeddings_of(output: NetworkOutput) -> list[Tensor]:
    """Return the embeddings of the network, or of each of its members, ``(B, E)`` each."""
    return [said.embeddings.float() for said in output.members or (output,)]
