"""What pretraining makes small: how badly views of a batch find their own."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser.models.network import EmotionNetwork, NetworkOutput
from ser.pretraining.losses import contrast, same_labels, same_views
from ser.pretraining.parameters import PretrainingParameters


class Batch(NamedTuple):
    """What is known of the clips of a batch, ``(B,)`` each, on the device of the network.

    Args:
        clips: Their positions.
        speakers: Numbers of their speakers.
        labels: Class numbers, −1 where unknown.
    """

    clips: Tensor
    speakers: Tensor
    labels: Tensor

    def twice(self) -> "Batch":
        """Return the same of two views of each clip, all first ones first, ``(2·B,)``."""
        return Batch(*(torch.cat([numbers, numbers]) for numbers in self))


class Projection(nn.Module):
    """Map embeddings to the vectors that are compared, of length 1.

    What a comparison throws away may be thrown away here, and stays in the embedding.

    Args:
        inputs: E, size of an embedding.
        size: P, size of the vectors.
    """

    def __init__(self, inputs: int, size: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, inputs), nn.ReLU(), nn.Linear(inputs, size))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return vectors ``(V, P)`` of embeddings ``(V, E)``."""
        return functional.normalize(self.layers(embeddings), dim=1)


class Bilinear(nn.Module):
    """Compare embeddings by a learned form: ``s(x, y) = g(x)ᵀ W g(y)``, as COLA does.

    Args:
        inputs: E, size of an embedding.
        size: P, size of g.
    """

    def __init__(self, inputs: int, size: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, size), nn.LayerNorm(size), nn.Tanh())
        self.form = nn.Linear(size, size, bias=False)

    def forward(self, anchors: Tensor, others: Tensor) -> Tensor:
        """Return similarities ``(A, B)`` of embeddings ``(A, E)`` and ``(B, E)``."""
        similarities: Tensor = self.form(self.layers(anchors)) @ self.layers(others).T
        return similarities


class ContrastiveObjective(nn.Module):
    """Compare the embeddings of one network, or of one member of an ensemble.

    Args:
        inputs: E, size of an embedding.
        settings: Which comparison, among whom, how sharply.
    """

    def __init__(self, inputs: int, settings: PretrainingParameters) -> None:
        super().__init__()
        kind = Bilinear if settings.objective == "cola" else Projection
        self.settings = settings
        self.unsupervised: Bilinear | Projection = kind(inputs, settings.projection_size)
        self.supervised = Projection(inputs, settings.projection_size)

    def forward(self, embeddings: Tensor, batch: Batch, *, by_label: bool = False) -> Tensor:
        """Return the loss of two views of each clip.

        Args:
            embeddings: ``(2·B, E)``, all first views first.
            batch: The B clips.
            by_label: Whether a view should find all views of its class, which all have to be
                known, rather than the other view of its clip; there, labels tell only who is no
                negative.
        """
        views = batch.twice()
        others = ~torch.eye(len(embeddings), dtype=torch.bool, device=embeddings.device)
        if by_label:
            similarities = self._cosines(self.supervised, embeddings)
            return contrast(similarities, same_labels(views.labels) & others, others)
        if isinstance(self.unsupervised, Projection):
            similarities = self._cosines(self.unsupervised, embeddings)
            candidates = self._candidates(views) & others
            return contrast(similarities, same_views(views.clips), candidates)
        first, second = embeddings.chunk(2)
        own = torch.eye(len(first), dtype=torch.bool, device=first.device)
        return contrast(self.unsupervised(first, second), own, self._candidates(batch))

    def _cosines(self, projection: Projection, embeddings: Tensor) -> Tensor:
        vectors = projection(embeddings)
        cosines: Tensor = vectors @ vectors.T
        return cosines / self.settings.temperature

    def _candidates(self, batch: Batch) -> Tensor:
        """Return who may be a negative of whom, boolean ``(V, V)``."""
        may_be = ~same_labels(batch.labels)
        if self.settings.negatives == "speaker":
            may_be &= batch.speakers[:, None] == batch.speakers
        return may_be


class MemberObjectives(nn.Module):
    """Compare the embeddings of each member of an ensemble by itself; a network is its only one.

    Args:
        network: Whose embeddings are compared.
        settings: As for `ContrastiveObjective`.
    """

    def __init__(self, network: EmotionNetwork, settings: PretrainingParameters) -> None:
        super().__init__()
        members = max(1, network.n_members)
        size = network.embedding_size // members
        self.each = nn.ModuleList(ContrastiveObjective(size, settings) for _ in range(members))

    def forward(self, output: NetworkOutput, batch: Batch, *, by_label: bool) -> Tensor:
        """Return the mean loss over the members; see `ContrastiveObjective.forward`."""
        said = output.members or (output,)
        losses = [
            objective(member.embeddings, batch, by_label=by_label)
            for objective, member in zip(self.each, said, strict=True)
        ]
        return torch.stack(losses).mean()
