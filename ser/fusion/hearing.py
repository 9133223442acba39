"""What an audio network makes of a clip on the way to its answer: states, and a vector."""

from dataclasses import dataclass

from torch import Tensor

from ser.errors import ConfigurationError
from ser.models.encoder_tail import TailNetwork
from ser.models.ensemble import EnsembleNetwork
from ser.models.layer_network import LayerNetwork
from ser.models.network import EmotionNetwork
from ser.models.normalisation import centre_clips


@dataclass(frozen=True, eq=False)
class Heard:
    """What the sound of a batch says.

    Args:
        states: ``(B, T, D)``, finite everywhere.
        lengths: Real states of each clip, int ``(B,)``, at least 1.
        embeddings: The layer under the logits, ``(B, E)``.
        logits: Scores of the classes, ``(B, C)``.
    """

    states: Tensor
    lengths: Tensor
    embeddings: Tensor
    logits: Tensor


def check_audible(network: EmotionNetwork) -> None:
    """Refuse an audio network that words cannot be joined to.

    Args:
        network: The audio network.

    Raises:
        ConfigurationError: If it is an ensemble, whose members have states of their own, runs
            layers of an encoder that learned, names no classes, or predicts ratings.
    """
    if isinstance(network, EnsembleNetwork):
        raise ConfigurationError(
            f"fusion needs an audio network of one member, but `members` is {network.n_members}; "
            "train several fusions and average what they say"
        )
    if isinstance(network, TailNetwork):
        raise ConfigurationError(
            "fusion needs an audio network whose encoder stays as it is, but this one runs layers "
            "that learned; take one over a frozen encoder (`encoder_statistics`)"
        )
    if not network.n_classes or network.n_ratings:
        raise ConfigurationError(
            "fusion needs an audio network that names classes and predicts no ratings, but it has "
            f"{network.n_classes} classes and {network.n_ratings} ratings"
        )


def state_size(network: EmotionNetwork) -> int:
    """Return D, the numbers of each state that `hear` gives, of a network as it was built."""
    if isinstance(network, LayerNetwork):
        return int(network.normalisation.mean.shape[-1])
    return network.encoder.size if network.recurrent is None else network.recurrent.size


def hear(network: EmotionNetwork, normalised: Tensor, lengths: Tensor) -> Heard:
    """Judge a batch by its sound and keep the states the judgement was made from.

    A network on the layers of a frozen encoder has one state per layer.

    Args:
        network: One that `check_audible` takes.
        normalised: Normalised features, ``(B, F, D)``.
        lengths: Frames of each clip, int64 ``(B,)``, at least 1.
    """
    if isinstance(network, LayerNetwork):
        joined = network.dropout(network.weighting(normalised))
        states = joined.unflatten(1, normalised.shape[1:])
        logits, _, embeddings = network.head(joined)
        return Heard(states, lengths, embeddings, logits)
    if network.is_centred:
        normalised = centre_clips(normalised, lengths)
    states, lengths = network.encoder(normalised, lengths)
    for layer in (network.recurrent, network.attention):
        if layer is not None:
            states = layer(states, lengths)
    logits, _, embeddings = network.head(network.pooling(states, lengths))
    return Heard(states, lengths, embeddings, logits)
