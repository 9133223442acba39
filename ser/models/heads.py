"""From one vector per clip to an embedding, the scores of the classes and the ratings."""

import torch
from torch import Tensor, nn

from ser.errors import ConfigurationError

SMALLEST_DEVIATION = 1e-6  # of ratings: a dimension everybody rated alike stays at its mean


class RatingScale(nn.Module):
    """Hold the mean and deviation of the training ratings, to go to and from their scale.

    Args:
        ratings: R, number of rated dimensions.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, ratings: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(ratings))
        self.register_buffer("deviation", torch.ones(ratings))

    def set_statistics(self, mean: Tensor, deviation: Tensor) -> None:
        """Take over the statistics of the known training ratings.

        Args:
            mean: Mean of each dimension, ``(R,)``.
            deviation: Standard deviation of each dimension, ``(R,)``, ≥ 0.

        Raises:
            ConfigurationError: If a shape is not ``(R,)`` or a number is not finite.
        """
        if mean.shape != self.mean.shape or deviation.shape != self.mean.shape:
            raise ConfigurationError(
                f"`mean` and `deviation` must have the shape {tuple(self.mean.shape)}, but got "
                f"{tuple(mean.shape)} and {tuple(deviation.shape)}"
            )
        if not (mean.isfinite().all() and deviation.isfinite().all()):
            raise ConfigurationError(
                f"`mean` and `deviation` must be finite, but got {mean.tolist()} and "
                f"{deviation.tolist()}; leave out dimensions without any rating"
            )
        self.mean.copy_(mean)
        self.deviation.copy_(deviation.clamp(min=SMALLEST_DEVIATION))

    def standardise(self, ratings: Tensor) -> Tensor:
        """Bring ratings ``(…, R)`` to mean 0 and deviation 1 over the training clips."""
        return (ratings - self.mean) / self.deviation

    def forward(self, standardised: Tensor) -> Tensor:
        """Return standardised ratings ``(…, R)`` in the scale of the annotators."""
        return self.mean + self.deviation * standardised


class EmotionHead(nn.Module):
    """Map a clip vector to an embedding, and the embedding to logits, ratings or both.

    Args:
        inputs: Size of the clip vector.
        size: E, size of the embedding; 0 for none, and then it is the vector itself.
        n_classes: C, 0 for none.
        ratings: R, number of rated dimensions, 0 for none.
        dropout: Share of numbers dropped before each layer in training.
    """

    def __init__(
        self, inputs: int, *, size: int, n_classes: int, ratings: int = 0, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.size = size or inputs
        self.n_classes = n_classes
        self.n_ratings = ratings
        self.embedding = _hidden(inputs, size, dropout) if size else nn.Sequential()
        self.logits = _linear(self.size, n_classes, dropout) if n_classes else None
        self.ratings = _linear(self.size, ratings, dropout) if ratings else None
        self.scale = RatingScale(ratings) if ratings else None

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Judge vectors ``(B, D)``.

        Returns:
            Logits ``(B, C)``, ratings in the scale of the annotators ``(B, R)`` and embeddings
            ``(B, E)``.
        """
        embeddings = self.embedding(vectors)
        nothing = embeddings.new_zeros(len(embeddings), 0)
        logits = nothing if self.logits is None else self.logits(embeddings)
        if self.ratings is None or self.scale is None:
            return logits, nothing, embeddings
        return logits, self.scale(self.ratings(embeddings)), embeddings


def _hidden(inputs: int, size: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(dropout), nn.Linear(inputs, size), nn.LayerNorm(size), nn.ReLU()
    )


def _linear(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Dropout(dropout), nn.Linear(inputs, outputs))
