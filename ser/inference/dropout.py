"""Dropout at prediction time: one network as several that contradict each other."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from ser.errors import ConfigurationError
from ser.models.network import EmotionNetwork

FEWEST_PASSES = 2


def judge_in_passes(
    network: EmotionNetwork, features: Tensor, lengths: Tensor, *, passes: int, seed: int
) -> Iterator[Tensor]:
    """Yield what a network says of a batch in each pass, ``(B, C)`` logits.

    Where nothing but the head drops numbers, all that leads to it is worked out once: a network
    with convolutions then takes the time of one more pass, however many there are.

    Args:
        network: A network in evaluation mode, see `check_passes`.
        features: ``(B, F, D)``.
        lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        passes: M.
        seed: Of what they drop.
    """
    vectors: list[Tensor] = []
    in_head = set(network.head.modules())
    if passes and in_head.issuperset(dropout_layers(network)):
        hook = network.head.register_forward_pre_hook(lambda _, given: vectors.append(given[0]))
        try:
            network(features, lengths)
        finally:
            hook.remove()
    for number in range(passes):
        with thinned(network, seed=seed, number=number):
            if vectors:
                yield network.head(vectors[0])[0]
            else:
                yield network(features, lengths).logits


@contextmanager
def thinned(network: EmotionNetwork, *, seed: int, number: int) -> Iterator[None]:
    """Let a network judge without some of its numbers, the same ones for every clip and frame.

    Every dropout layer drops its share of channels once and for all, as if another network had
    been trained; nothing else leaves evaluation mode. Numbers drawn anew for each clip would make
    what is said about it depend on the batch it is in.

    Args:
        network: A network in evaluation mode.
        seed: Of all passes.
        number: Which pass, from 0.

    Reference:
        Y. Gal and Z. Ghahramani, "Dropout as a Bayesian approximation", ICML 2016,
        https://arxiv.org/abs/1506.02142. The same numbers for all: A. Kirsch, J. van Amersfoort
        and Y. Gal, "BatchBALD", NeurIPS 2019, https://arxiv.org/abs/1906.08158
    """
    rng = np.random.default_rng([seed, number])
    hooks = [layer.register_forward_hook(_Mask(rng)) for layer in dropout_layers(network)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def dropout_layers(network: EmotionNetwork) -> list[nn.Dropout | nn.Dropout2d]:
    """Return the layers of a network that drop something in training, in the order of its parts."""
    return [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.Dropout | nn.Dropout2d) and layer.p > 0
    ]


def check_passes(network: EmotionNetwork, passes: int) -> None:
    """Refuse passes that could not contradict each other.

    Args:
        network: The network.
        passes: M; 0 for none.

    Raises:
        ConfigurationError: M is 1 or negative, or the network is an ensemble or has no dropout.
    """
    if passes == 0:
        return
    if passes < FEWEST_PASSES:
        raise ConfigurationError(f"`passes` must be 0 or ≥ {FEWEST_PASSES}, but got {passes}")
    if network.n_members:
        raise ConfigurationError(
            f"`passes` are for a single network, but this is an ensemble of {network.n_members}, "
            "whose members contradict each other already; leave them 0"
        )
    if not dropout_layers(network):
        raise ConfigurationError(
            "`passes` need a network that was trained with dropout, but this one has none; train "
            "one with dropout, or an ensemble"
        )


class _Mask:
    """Multiply what a dropout layer gives by numbers drawn when it is first seen."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.kept: Tensor | None = None

    def __call__(
        self, layer: nn.Dropout | nn.Dropout2d, given: tuple[Tensor, ...], output: Tensor
    ) -> Tensor:
        """Return the output without what is dropped, the rest scaled up as in training."""
        del given
        axis = 1 if isinstance(layer, nn.Dropout2d) else output.ndim - 1
        if self.kept is None:
            is_kept = self.rng.random(output.shape[axis]) >= layer.p
            kept = torch.from_numpy(is_kept / (1 - layer.p))
            self.kept = kept.to(device=output.device, dtype=output.dtype)
        shape = [1] * output.ndim
        shape[axis] = -1
        return output * self.kept.view(shape)
