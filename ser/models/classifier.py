"""The convolutional recurrent network that classifies clips."""

from dataclasses import dataclass

from torch import Tensor, nn

from ser.models.encoder import BidirectionalLstm, ConvolutionEncoder
from ser.models.heads import ClassHead
from ser.models.normalisation import BandNormalisation
from ser.models.pooling import AttentionPooling


@dataclass(frozen=True, eq=False)
class ClassifierOutput:
    """What the network says about a batch.

    Args:
        logits: Unnormalised scores, ``(B, C)``.
        embeddings: The layer under the scores, ``(B, E)``.
    """

    logits: Tensor
    embeddings: Tensor


class Classifier(nn.Module):
    """Convolutions, a bidirectional LSTM, attention pooling and a class head in a row.

    Padding, the order of a batch and the other clips in it never change what the network says
    about a clip in evaluation mode.

    Args:
        normalisation: Per-band statistics of the training clips.
        encoder: Convolutions over time and bands.
        recurrent: Bidirectional LSTM over the encoded states.
        pooling: States of a clip → one vector.
        head: Vector → embedding and logits.
    """

    def __init__(
        self,
        *,
        normalisation: BandNormalisation,
        encoder: ConvolutionEncoder,
        recurrent: BidirectionalLstm,
        pooling: AttentionPooling,
        head: ClassHead,
    ) -> None:
        super().__init__()
        self.normalisation = normalisation
        self.encoder = encoder
        self.recurrent = recurrent
        self.pooling = pooling
        self.head = head

    def forward(self, features: Tensor, lengths: Tensor) -> ClassifierOutput:
        """Classify a padded batch of raw features.

        Args:
            features: As the feature set gives them, ``(B, F, D)``.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        """
        return self.classify(self.normalisation(features), lengths)

    def classify(self, normalised: Tensor, lengths: Tensor) -> ClassifierOutput:
        """Classify a padded batch of features that are normalised already.

        Training masks parts of the normalised features, where 0 is the mean of a band.

        Args:
            normalised: ``(B, F, D)``.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        """
        states, lengths = self.encoder(normalised, lengths)
        states = self.recurrent(states, lengths)
        logits, embeddings = self.head(self.pooling(states, lengths))
        return ClassifierOutput(logits=logits, embeddings=embeddings)
