"""A network without what an exported file does not need."""

from copy import deepcopy

from torch import Tensor, nn

from ser.models.heads import EmotionHead
from ser.models.network import EmotionNetwork


class LogitsHead(nn.Module):
    """Judge as `EmotionHead` does, without ratings.

    Args:
        head: With classes.
    """

    def __init__(self, head: EmotionHead) -> None:
        super().__init__()
        self.size = head.size
        self.n_classes = head.n_classes
        self.n_ratings = 0
        self.embedding = head.embedding
        self.logits = head.logits

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits ``(B, C)``, no ratings ``(B, 0)`` and embeddings ``(B, E)``."""
        embeddings = self.embedding(vectors)
        logits = embeddings if self.logits is None else self.logits(embeddings)
        # A slice leaves the number of clips free, where zeros of a size would fix it.
        return logits, embeddings[:, :0], embeddings


def make_lean(network: EmotionNetwork) -> EmotionNetwork:
    """Return a copy in evaluation mode that says the same of classes, and nothing of ratings.

    Args:
        network: With classes; left as it is.
    """
    copy = deepcopy(network).eval()
    for module in list(copy.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, EmotionHead):
                setattr(module, name, LogitsHead(child).eval())
    return copy
