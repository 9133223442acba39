"""From vectors to embeddings and logits."""

import torch

from ser.models.heads import ClassHead


def test_logits_are_a_linear_map_of_the_embedding():
    """The embedding is the layer right under the scores."""
    torch.manual_seed(0)
    head = ClassHead(6, size=5, n_classes=3, dropout=0.5).eval()
    logits, embeddings = head(torch.randn(2, 6))
    assert embeddings.shape == (2, 5)
    torch.testing.assert_close(logits, head.logits(embeddings))
