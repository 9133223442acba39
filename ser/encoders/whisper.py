"""Whisper's encoder at the true length of a clip instead of 30 s."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu

FRAMES_PER_STATE = 2  # stride of the second convolution


def whisper_states(network: Any, mel: Tensor, top: int) -> Sequence[Tensor]:  # noqa: ANN401
    """Return the states of the lower layers for as long as the clips are.

    The positions of a clip are the first ones of the table, as they would be in front of padding
    to 30 s. States differ a little from the padded ones, for nothing attends to the padding, and a
    clip of 3 s costs a tenth. Clips over 30 s are cut into the fewest equal pieces, each of which
    begins at the first position.

    Args:
        network: A ``WhisperEncoder`` of `transformers`.
        mel: Log-mel frames every 10 ms, ``(B, bands, F)``.
        top: The highest layer that is wanted; nothing above it is computed.

    Returns:
        ``top`` + 1 states ``(B, T, D)``: what enters the first layer, what leaves each, that of the
        encoder's last after the final normalisation; T is half of F, rounded up.

    Reference:
        A. Radford et al., "Robust speech recognition via large-scale weak supervision", ICML
        2023. https://arxiv.org/abs/2212.04356
    """
    longest = FRAMES_PER_STATE * network.embed_positions.num_embeddings
    pieces = -(-mel.shape[2] // longest)
    # Whole states per piece, so that no piece begins in the middle of one.
    size = FRAMES_PER_STATE * -(-mel.shape[2] // (pieces * FRAMES_PER_STATE))
    parts = [_piece_states(network, piece, top) for piece in torch.split(mel, size, dim=2)]
    return [torch.cat(layer, dim=1) for layer in zip(*parts, strict=True)]


def _piece_states(network: Any, mel: Tensor, top: int) -> list[Tensor]:  # noqa: ANN401
    states = gelu(network.conv2(gelu(network.conv1(mel)))).transpose(1, 2)
    states = states + network.embed_positions.weight[: states.shape[1]]
    found = [states]
    for layer in network.layers[:top]:
        states = layer(states, None)
        found.append(states)
    if top == len(network.layers):
        found[-1] = network.layer_norm(states)
    return found
