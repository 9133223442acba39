"""A network that goes on where the frozen part of a pretrained encoder ends."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from ser.encoders.layers import SHARED_BIAS, EncoderLayers, load_layers
from ser.features.ragged import RaggedFeatures
from ser.models.batching import batch_by_length, pad_clips
from ser.models.heads import EmotionHead
from ser.models.layer_network import LayerNormalisation, LayerWeighting
from ser.models.low_rank import adapters_of, add_adapters
from ser.models.network import EmotionNetwork, NetworkOutput
from ser.models.normalisation import BandNormalisation
from ser.models.parameters import NetworkParameters
from ser.models.pooling import moments

MEASURED_AT_ONCE = 32


class TailNetwork(EmotionNetwork):
    """Run the upper layers of an encoder, and judge mean and deviation of each over time.

    It ends like `ser.models.layer_network.LayerNetwork`, but its layers can learn. The frames are
    the states of the layer below (`ser.encoders.states`); they are normalised only so that what
    is masked or mixed in training knows their mean, and the layers get them as they were.

    Args:
        normalisation: Statistics of the states that come in.
        tail: The layers.
        rank: Of low-rank adapters, which learn in place of the layers; 0 for none.
        statistics: Of the pooled numbers of each layer, see `measure`.
        weighting: Weights of the layers.
        dropout: Share of joined numbers dropped in training, in [0, 1).
        head: Vector → embedding, logits and ratings.
    """

    def __init__(
        self,
        *,
        normalisation: BandNormalisation,
        tail: EncoderLayers,
        rank: int,
        statistics: LayerNormalisation,
        weighting: LayerWeighting,
        dropout: float,
        head: EmotionHead,
    ) -> None:
        nn.Module.__init__(self)
        self.normalisation = normalisation
        self.tail = tail
        self.rank = rank
        if rank:
            add_adapters(tail, rank)
        self.statistics = statistics
        self.weighting = weighting
        self.dropout = nn.Dropout(dropout)
        self.head = head
        tail.requires_grad_(requires_grad=False)
        self.open(self.depth)

    @property
    def depth(self) -> int:
        """Number of layers that can learn."""
        return len(self.tail.layers)

    def judge(self, normalised: Tensor, lengths: Tensor) -> NetworkOutput:
        """Judge a padded batch of states that are normalised already.

        Args:
            normalised: ``(B, F, D)``.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        """
        pooled = self.describe(self.normalisation.undo(normalised), lengths)
        joined = self.dropout(self.weighting(self.statistics(pooled)))
        logits, ratings, embeddings = self.head(joined)
        return NetworkOutput(logits=logits, ratings=ratings, embeddings=embeddings)

    def describe(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return mean and deviation over time of the states of each layer, ``(B, L, 2·D)``.

        Args:
            states: As the encoder's lower layers left them, ``(B, F, D)``.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        """
        layers = self.tail(states, lengths)
        return torch.stack([torch.cat(moments(layer, lengths), dim=1) for layer in layers], dim=1)

    @torch.no_grad()
    def pool(self, features: RaggedFeatures) -> Tensor:
        """Return what `describe` says of clips, in the order given, ``(N, L, 2·D)``.

        Args:
            features: N clips of states.
        """
        device = self.normalisation.mean.device
        found: list[Tensor] = []
        order: list[int] = []
        for clips in batch_by_length(features.lengths, MEASURED_AT_ONCE):
            states, lengths = pad_clips([features], clips)
            found.append(self.describe(states.to(device), lengths.to(device)))
            order += clips.tolist()
        return torch.cat(found)[torch.from_numpy(np.argsort(order)).to(device)]

    def measure(self, features: RaggedFeatures) -> None:
        """Take over the statistics of what the layers, as they are now, say of training clips.

        Args:
            features: The training clips, and no others: statistics of test clips leak.
        """
        pooled = self.pool(features).double()
        deviation, mean = torch.std_mean(pooled, dim=0, correction=0)
        self.statistics.set_statistics(mean.float(), deviation.float())

    def open(self, layers: int) -> None:
        """Let a number of layers learn, the upper ones first; the others stay as they are.

        Args:
            layers: How many, 0 … `depth`.
        """
        for below, weights in enumerate(self._learning()):
            for weight in weights:
                weight.requires_grad_(below < layers)

    def encoder_weights(self) -> list[nn.Parameter]:
        """Return the weights of the layers, or of their adapters, that can learn."""
        return [weight for weights in self._learning() for weight in weights]

    def _learning(self) -> Iterator[list[nn.Parameter]]:
        """Yield the weights of each layer that can learn, from the highest down."""
        for number, layer in reversed(list(enumerate(self.tail.layers))):
            if self.rank:
                yield list(adapters_of(layer))
                continue
            # All layers of WavLM read what its first one learned; a frozen one keeps it frozen.
            own = [w for name, w in layer.named_parameters() if SHARED_BIAS not in name]
            if not self.tail.bottom:
                own = list(layer.parameters())
            last = self.tail.normalisation if number == self.depth - 1 else None
            yield own if last is None else [*own, *last.parameters()]


def encoder_weights(model: str, parameters: NetworkParameters) -> dict[str, Tensor]:
    """Return the weights of an encoder that a tail begins with, for `train_classifier`.

    Args:
        model: A local folder, or an id on the hub, as `load_encoder` takes it.
        parameters: Of the network.

    Raises:
        ConfigurationError: As for `load_layers`.
    """
    with torch.random.fork_rng(devices=[]):
        layers = load_layers(model, bottom=parameters.tail_from, top=parameters.tail_to)
        if parameters.adapter_rank:
            # Their names are part of those of the weights they change.
            add_adapters(layers, parameters.adapter_rank)
    learned = {id(weight) for weight in adapters_of(layers)}
    return {
        f"tail.{name}": weight.detach()
        for name, weight in layers.named_parameters()
        if id(weight) not in learned
    }
