"""From one vector per clip to an embedding and the scores of the classes."""

from torch import Tensor, nn


class ClassHead(nn.Module):
    """Map a clip vector to an embedding, and the embedding to logits.

    Args:
        inputs: Size of the clip vector.
        size: E, size of the embedding.
        n_classes: C.
        dropout: Share of numbers dropped before each layer in training.
    """

    def __init__(self, inputs: int, *, size: int, n_classes: int, dropout: float) -> None:
        super().__init__()
        self.size = size
        self.n_classes = n_classes
        self.embedding = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(inputs, size), nn.LayerNorm(size), nn.ReLU()
        )
        self.logits = nn.Sequential(nn.Dropout(dropout), nn.Linear(size, n_classes))

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits ``(B, C)`` and embeddings ``(B, E)`` of vectors ``(B, D)``."""
        embeddings = self.embedding(vectors)
        return self.logits(embeddings), embeddings
