"""From flat parameters to a network."""

from dataclasses import replace

import torch
from torch import nn

from ser.encoders.layers import EncoderLayers
from ser.errors import ConfigurationError
from ser.models.attention import SelfAttention
from ser.models.encoder import ConvolutionEncoder
from ser.models.encoder_tail import TailNetwork
from ser.models.ensemble import EnsembleNetwork
from ser.models.heads import EmotionHead
from ser.models.layer_network import LayerNetwork, LayerNormalisation, LayerWeighting
from ser.models.network import EmotionNetwork
from ser.models.normalisation import BandNormalisation
from ser.models.parameters import NetworkParameters
from ser.models.pooling import AttentionPooling, StatisticsPooling
from ser.models.recurrent import BidirectionalRecurrent


def build_network(parameters: NetworkParameters, *, n_classes: int, n_bands: int) -> EmotionNetwork:
    """Assemble a network with fresh weights from torch's global generator.

    Seed that generator inside ``torch.random.fork_rng`` for weights that can be repeated.

    Args:
        parameters: Sizes, choices and dropout shares.
        n_classes: C, at least 2, or 0 for a network that predicts ratings alone.
        n_bands: D, at least ``2 ** len(parameters.channels)``.

    Raises:
        ConfigurationError: If there is too little to predict, there are too few bands, or the
            heads of self-attention do not divide the size of a state.

    Example:
        >>> network = build_network(NetworkParameters(), n_classes=8, n_bands=64)
        >>> count_parameters(network) < 500_000
        True
    """
    _check_outputs(parameters, n_classes)
    if parameters.members > 1:
        hear_all = parameters.members - parameters.centred
        kinds = [
            replace(parameters, members=1, centred=int(member >= hear_all))
            for member in range(parameters.members)
        ]
        return EnsembleNetwork(
            [build_network(kind, n_classes=n_classes, n_bands=n_bands) for kind in kinds]
        )
    if parameters.layers:
        return _build_layer_network(parameters, n_classes, n_bands)
    if parameters.encoder:
        return _build_tail(parameters, n_classes, n_bands)
    _check_bands(parameters, n_bands)
    encoder = ConvolutionEncoder(
        n_bands,
        channels=parameters.channels,
        time_pools=parameters.time_pools,
        separable=parameters.separable,
        residual=parameters.residual,
        squeeze=parameters.squeeze,
        dropout=parameters.encoder_dropout,
    )
    recurrent = _build_recurrent(parameters, encoder.size)
    size = encoder.size if recurrent is None else recurrent.size
    attention = _build_attention(parameters, size)
    pooling = _build_pooling(parameters, size)
    head = EmotionHead(
        pooling.size,
        size=parameters.embedding_size,
        n_classes=n_classes,
        ratings=len(parameters.ratings),
        dropout=parameters.dropout,
    )
    network = EmotionNetwork(
        normalisation=BandNormalisation(n_bands),
        encoder=encoder,
        recurrent=recurrent,
        attention=attention,
        pooling=pooling,
        head=head,
        is_centred=bool(parameters.centred),
    )
    # Channels last makes training on one CPU core 1.5 times as fast (measured).
    return network.to(memory_format=torch.channels_last)


def count_parameters(network: nn.Module) -> int:
    """Return how many numbers training can change."""
    return sum(weights.numel() for weights in network.parameters() if weights.requires_grad)


def _build_layer_network(
    parameters: NetworkParameters, n_classes: int, n_bands: int
) -> LayerNetwork:
    if n_bands % 2:
        raise ConfigurationError(
            f"`n_bands` must be even, means then deviations of a layer, but got {n_bands}"
        )
    return LayerNetwork(
        normalisation=LayerNormalisation(parameters.layers, n_bands),
        weighting=LayerWeighting(parameters.layers),
        dropout=parameters.encoder_dropout,
        head=_build_layer_head(parameters, n_classes, parameters.layers * n_bands),
    )


def _build_tail(parameters: NetworkParameters, n_classes: int, n_bands: int) -> TailNetwork:
    layers = parameters.tail_to - parameters.tail_from + 1
    tail = EncoderLayers(parameters.encoder, bottom=parameters.tail_from, top=parameters.tail_to)
    if tail.width != n_bands:
        raise ConfigurationError(
            f"`n_bands` must be the {tail.width} numbers of a state of the encoder, but is "
            f"{n_bands}; compute features of the kind `encoder_states` with the same encoder"
        )
    return TailNetwork(
        normalisation=BandNormalisation(n_bands),
        tail=tail,
        rank=parameters.adapter_rank,
        statistics=LayerNormalisation(layers, 2 * n_bands),
        weighting=LayerWeighting(layers),
        dropout=parameters.encoder_dropout,
        head=_build_layer_head(parameters, n_classes, layers * 2 * n_bands),
    )


def _build_layer_head(parameters: NetworkParameters, n_classes: int, inputs: int) -> EmotionHead:
    head = EmotionHead(
        inputs,
        size=parameters.embedding_size,
        n_classes=n_classes,
        ratings=len(parameters.ratings),
        # Without a hidden layer what it reads was thinned out already.
        dropout=parameters.dropout if parameters.embedding_size else 0.0,
    )
    for outputs in (head.logits, head.ratings):
        # The first answers are the same for all, so that early steps are about the layers alone.
        if outputs is not None:
            for weights in outputs.parameters():
                nn.init.zeros_(weights)
    return head


def _check_outputs(parameters: NetworkParameters, n_classes: int) -> None:
    if n_classes < 2 and (n_classes or not parameters.ratings):
        raise ConfigurationError(
            "`n_classes` must be ≥ 2, or 0 for a network with `ratings` alone, but got "
            f"{n_classes} and the ratings {list(parameters.ratings)}"
        )


def _check_bands(parameters: NetworkParameters, n_bands: int) -> None:
    smallest = 2 ** len(parameters.channels)
    if n_bands < smallest:
        raise ConfigurationError(
            f"`n_bands` must be ≥ {smallest}, since each of the {len(parameters.channels)} "
            f"blocks halves them, but got {n_bands}"
        )


def _build_recurrent(parameters: NetworkParameters, inputs: int) -> BidirectionalRecurrent | None:
    if parameters.recurrent == "none":
        return None
    return BidirectionalRecurrent(inputs, parameters.recurrent_size, cell=parameters.recurrent)


def _build_attention(parameters: NetworkParameters, size: int) -> SelfAttention | None:
    heads = parameters.self_attention
    if not heads:
        return None
    if size % heads:
        raise ConfigurationError(
            f"`self_attention` must divide the {size} numbers of a state, but got {heads} heads"
        )
    return SelfAttention(size, heads=heads, dropout=parameters.dropout)


def _build_pooling(
    parameters: NetworkParameters, size: int
) -> AttentionPooling | StatisticsPooling:
    if parameters.pooling == "statistics":
        return StatisticsPooling(size, with_deviation=parameters.with_deviation)
    return AttentionPooling(size, heads=parameters.heads, with_deviation=parameters.with_deviation)
