"""A light network on what a frozen encoder says of a clip, layer by layer."""

import torch
from torch import Tensor, nn

from ser.models.heads import EmotionHead
from ser.models.network import EmotionNetwork, NetworkOutput
from ser.models.normalisation import BandNormalisation

SMALLEST_DEVIATION = 1e-5  # a number that never moves is centred, not blown up


class LayerNormalisation(BandNormalisation):
    """Bring each number of each layer to mean 0 and deviation 1, as `BandNormalisation` bands.

    Args:
        layers: L.
        n_bands: D, the numbers of each layer.
    """

    def __init__(self, layers: int, n_bands: int) -> None:
        super().__init__(n_bands)
        self.register_buffer("mean", torch.zeros(layers, n_bands))
        self.register_buffer("deviation", torch.ones(layers, n_bands))

    def set_statistics(self, mean: Tensor, deviation: Tensor) -> None:
        """Take over the statistics of the training clips, ``(L, D)`` each.

        Raises:
            ConfigurationError: If a shape is not ``(L, D)``.
        """
        super().set_statistics(mean, deviation)
        self.deviation.copy_(deviation.clamp(min=SMALLEST_DEVIATION))


class LayerWeighting(nn.Module):
    """Multiply the means and the deviations of each layer by a learned weight, and join them.

    The weights are ``w = softmax(v)`` over all 2·L, and numbers are multiplied by ``√(2·L·w)``: a
    layer of small weight is regularised away. Summing weighted layers instead, as SUPERB does,
    ties what different layers say to the same numbers.

    Args:
        layers: L.

    Reference:
        S. Yang et al., "SUPERB: Speech processing universal performance benchmark", Interspeech
        2021, https://doi.org/10.21437/Interspeech.2021-1775
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(layers, 2))

    @property
    def weights(self) -> Tensor:
        """w, the weights of means and deviations of each layer, ``(L, 2)``; their sum is 1."""
        return self.scores.flatten().softmax(dim=0).view_as(self.scores)

    def forward(self, normalised: Tensor) -> Tensor:
        """Return normalised statistics ``(B, L, 2·D)`` as one weighted vector per clip."""
        scale = (self.weights * self.weights.numel()).sqrt()
        halves = normalised.reshape(*normalised.shape[:2], 2, -1)
        joined: Tensor = (halves * scale[:, :, None]).flatten(1)
        return joined


class LayerNetwork(EmotionNetwork):
    """Normalise, weigh the layers, and judge what they say together.

    Args:
        normalisation: Statistics of each number of each layer over the training clips.
        weighting: Weights of the layers.
        dropout: Share of joined numbers dropped in training, in [0, 1).
        head: Vector → embedding, logits and ratings.
    """

    def __init__(
        self,
        *,
        normalisation: LayerNormalisation,
        weighting: LayerWeighting,
        dropout: float,
        head: EmotionHead,
    ) -> None:
        nn.Module.__init__(self)
        self.normalisation = normalisation
        self.weighting = weighting
        self.dropout = nn.Dropout(dropout)
        self.head = head

    def judge(self, normalised: Tensor, lengths: Tensor) -> NetworkOutput:
        """Judge statistics of layers that are normalised already.

        Args:
            normalised: ``(B, L, 2·D)``: means, then deviations.
            lengths: L for every clip, and therefore not looked at.
        """
        del lengths
        logits, ratings, embeddings = self.head(self.dropout(self.weighting(normalised)))
        return NetworkOutput(logits=logits, ratings=ratings, embeddings=embeddings)
