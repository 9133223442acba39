"""A light head on the statistics of a frozen encoder's layers."""

import torch
from torch import Tensor, nn

from ser.errors import ConfigurationError
from ser.models.network import NetworkOutput

SMALLEST_DEVIATION = 1e-5  # a number that never moves is centred, not blown up


class LayerHead(nn.Module):
    """Weigh the layers of an encoder, and map them to an embedding and logits.

    Every number of every layer is standardised with statistics of the training clips. Each layer
    has one weight for its means and one for its deviations, ``w = softmax(v)`` over all 2·L, and
    its numbers are multiplied by ``√(2·L·w)`` before they are joined: a layer of small weight is
    regularised away. Summing weighted layers instead, as SUPERB does, ties what different
    layers say to the same numbers; in a two-layer head on RAVDESS's training actors it cost a
    point of UAR.

    Args:
        layers: L.
        bands: 2·D: means, then deviations.
        n_classes: C.
        size: E, size of a hidden layer; 0 for none, and then the embedding is what is joined.
        input_dropout: Share of joined numbers dropped in training, in [0, 1).
        dropout: Share of hidden numbers dropped in training, in [0, 1).

    Raises:
        ConfigurationError: If a size or a share lies outside its range, or `bands` is odd.

    Reference:
        S. Yang et al., "SUPERB: Speech processing universal performance benchmark", Interspeech
        2021, https://doi.org/10.21437/Interspeech.2021-1775
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        *,
        layers: int,
        bands: int,
        n_classes: int,
        size: int = 256,
        input_dropout: float = 0.5,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        _check_sizes(layers, bands, n_classes, size)
        _check_shares(input_dropout=input_dropout, dropout=dropout)
        self.n_classes = n_classes
        self.size = size or layers * bands
        self.register_buffer("mean", torch.zeros(layers, bands))
        self.register_buffer("deviation", torch.ones(layers, bands))
        self.layer_scores = nn.Parameter(torch.zeros(layers, 2))
        self.input_dropout = nn.Dropout(input_dropout)
        self.embedding = nn.Sequential() if size == 0 else _hidden(layers * bands, size, dropout)
        self.logits = nn.Linear(self.size, n_classes)
        # The first posterior is uniform, so that early steps are about the features alone.
        nn.init.zeros_(self.logits.weight)
        nn.init.zeros_(self.logits.bias)

    def set_statistics(self, mean: Tensor, deviation: Tensor) -> None:
        """Take over the statistics of the training clips.

        Args:
            mean: Mean of each number, ``(L, 2·D)``.
            deviation: Its standard deviation, ``(L, 2·D)``, ≥ 0.

        Raises:
            ConfigurationError: If a shape is not ``(L, 2·D)``.
        """
        if mean.shape != self.mean.shape or deviation.shape != self.mean.shape:
            raise ConfigurationError(
                f"`mean` and `deviation` must have the shape {tuple(self.mean.shape)}, but got "
                f"{tuple(mean.shape)} and {tuple(deviation.shape)}"
            )
        self.mean.copy_(mean)
        self.deviation.copy_(deviation.clamp(min=SMALLEST_DEVIATION))

    @property
    def layer_weights(self) -> Tensor:
        """w, the weights of means and deviations of each layer, ``(L, 2)``; their sum is 1."""
        return self.layer_scores.flatten().softmax(dim=0).view_as(self.layer_scores)

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> NetworkOutput:
        """Judge the statistics of clips.

        Args:
            features: As `ser.encoders.statistics.EncoderStatistics` gives them, ``(B, L, 2·D)``.
            lengths: L for every clip; accepted so that it is called as other networks are.
        """
        del lengths
        return self.judge((features - self.mean) / self.deviation)

    def judge(self, standardised: Tensor) -> NetworkOutput:
        """Judge statistics that are standardised already, ``(B, L, 2·D)``."""
        scale = (self.layer_weights * self.layer_weights.numel()).sqrt()
        halves = standardised.reshape(*standardised.shape[:2], 2, -1) * scale[:, :, None]
        embeddings = self.embedding(self.input_dropout(halves.flatten(1)))
        return NetworkOutput(
            logits=self.logits(embeddings),
            ratings=embeddings.new_zeros(len(embeddings), 0),
            embeddings=embeddings,
        )


def _hidden(inputs: int, size: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, size), nn.LayerNorm(size), nn.GELU(), nn.Dropout(dropout)
    )


def _check_sizes(layers: int, bands: int, n_classes: int, size: int) -> None:
    if min(layers, n_classes) < 1 or bands < 2 or bands % 2 or size < 0:
        raise ConfigurationError(
            "`layers` and `n_classes` must be ≥ 1, `bands` even and ≥ 2, and `size` ≥ 0, but got "
            f"{layers}, {n_classes}, {bands} and {size}"
        )


def _check_shares(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 <= share < 1:
            raise ConfigurationError(f"`{name}` must lie in [0, 1), but got {share}")
