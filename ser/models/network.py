"""The network that hears emotion in clips: its parts in a row, and what it says."""

from dataclasses import dataclass

from torch import Tensor, nn

from ser.models.attention import SelfAttention
from ser.models.encoder import ConvolutionEncoder
from ser.models.heads import EmotionHead
from ser.models.normalisation import BandNormalisation, centre_clips
from ser.models.pooling import AttentionPooling, StatisticsPooling
from ser.models.recurrent import BidirectionalRecurrent


@dataclass(frozen=True, eq=False)
class NetworkOutput:
    """What the network says about a batch.

    Args:
        logits: Unnormalised scores of the classes, ``(B, C)``; C is 0 without classes.
        ratings: Rated dimensions in the scale of the training ratings, ``(B, R)``; R is 0
            without ratings.
        embeddings: The layer under both, ``(B, E)``.
        members: What each member of an ensemble says; empty for a single network.
    """

    logits: Tensor
    ratings: Tensor
    embeddings: Tensor
    members: tuple["NetworkOutput", ...] = ()


class EmotionNetwork(nn.Module):
    """Convolutions, layers over time, pooling and a head in a row.

    Padding, the order of a batch and the other clips in it never change what the network says
    about a clip in evaluation mode.

    Args:
        normalisation: Per-band statistics of the training clips.
        encoder: Convolutions over time and bands.
        recurrent: Bidirectional layer over the encoded states, or none.
        attention: Self-attention over the states, or none.
        pooling: States of a clip → one vector.
        head: Vector → embedding, logits and ratings.
        is_centred: Whether each clip is heard without its mean spectrum.
    """

    def __init__(
        self,
        *,
        normalisation: BandNormalisation,
        encoder: ConvolutionEncoder,
        recurrent: BidirectionalRecurrent | None,
        attention: SelfAttention | None,
        pooling: AttentionPooling | StatisticsPooling,
        head: EmotionHead,
        is_centred: bool = False,
    ) -> None:
        super().__init__()
        self.normalisation = normalisation
        self.encoder = encoder
        self.recurrent = recurrent
        self.attention = attention
        self.pooling = pooling
        self.head = head
        self.is_centred = is_centred

    @property
    def n_classes(self) -> int:
        """C, 0 without classes."""
        return self.head.n_classes

    @property
    def n_ratings(self) -> int:
        """R, 0 without ratings."""
        return self.head.n_ratings

    @property
    def embedding_size(self) -> int:
        """E."""
        return self.head.size

    @property
    def n_members(self) -> int:
        """M, members that answer apart; 0 for a single network."""
        return 0

    def set_rating_statistics(self, mean: Tensor, deviation: Tensor) -> None:
        """Take over mean and deviation of the training ratings, ``(R,)`` each.

        Raises:
            ConfigurationError: If a shape is not ``(R,)`` or a number is not finite.
        """
        if self.head.scale is not None:
            self.head.scale.set_statistics(mean, deviation)

    def forward(self, features: Tensor, lengths: Tensor) -> NetworkOutput:
        """Judge a padded batch of raw features.

        Args:
            features: As the feature set gives them, ``(B, F, D)``.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        """
        return self.judge(self.normalisation(features), lengths)

    def judge(self, normalised: Tensor, lengths: Tensor) -> NetworkOutput:
        """Judge a padded batch of features that are normalised already.

        Training masks parts of the normalised features, where 0 is the mean of a band.

        Args:
            normalised: ``(B, F, D)``.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        """
        if self.is_centred:
            normalised = centre_clips(normalised, lengths)
        states, lengths = self.encoder(normalised, lengths)
        for layer in (self.recurrent, self.attention):
            if layer is not None:
                states = layer(states, lengths)
        logits, ratings, embeddings = self.head(self.pooling(states, lengths))
        return NetworkOutput(logits=logits, ratings=ratings, embeddings=embeddings)
