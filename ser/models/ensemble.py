"""Several networks of equal shape that judge together."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ser.models.network import EmotionNetwork, NetworkOutput


class EnsembleNetwork(EmotionNetwork):
    """Average what members say who began with other weights.

    The members learn from the same batches, each by the loss of its own answers, so that none
    leans on the others. What the ensemble says is the geometric mean of their posteriors and the
    mean of their ratings; its embedding is theirs side by side.

    Args:
        members: At least two networks of equal shape; their normalisation gives way to one for
            all.

    Reference:
        B. Lakshminarayanan, A. Pritzel and C. Blundell, "Simple and scalable predictive
        uncertainty estimation using deep ensembles", NeurIPS 2017.
        https://arxiv.org/abs/1612.01474
    """

    def __init__(self, members: Sequence[EmotionNetwork]) -> None:
        nn.Module.__init__(self)
        self.normalisation = members[0].normalisation
        for member in members:
            del member.normalisation
        self.members = nn.ModuleList(members)

    @property
    def n_classes(self) -> int:
        """C, 0 without classes."""
        return self._each()[0].n_classes

    @property
    def n_ratings(self) -> int:
        """R, 0 without ratings."""
        return self._each()[0].n_ratings

    @property
    def embedding_size(self) -> int:
        """Size of the members' embeddings together."""
        return sum(member.embedding_size for member in self._each())

    @property
    def n_members(self) -> int:
        """M."""
        return len(self.members)

    def set_rating_statistics(self, mean: Tensor, deviation: Tensor) -> None:
        """Take over mean and deviation of the training ratings, ``(R,)`` each."""
        for member in self._each():
            member.set_rating_statistics(mean, deviation)

    def judge(self, normalised: Tensor, lengths: Tensor) -> NetworkOutput:
        """Judge a padded batch of normalised features, together and one by one.

        Args:
            normalised: ``(B, F, D)``.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        """
        said = tuple(member.judge(normalised, lengths) for member in self._each())
        return NetworkOutput(
            logits=torch.stack([of.logits.log_softmax(dim=1) for of in said]).mean(dim=0),
            ratings=torch.stack([of.ratings for of in said]).mean(dim=0),
            embeddings=torch.cat([of.embeddings for of in said], dim=1),
            members=said,
        )

    def _each(self) -> list[EmotionNetwork]:
        return [member for member in self.members if isinstance(member, EmotionNetwork)]
