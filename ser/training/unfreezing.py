"""Let the layers of a pretrained encoder learn one after the other, the upper ones first."""

from collections.abc import Iterator
from contextlib import contextmanager

from ser.models.encoder_tail import TailNetwork
from ser.models.network import EmotionNetwork
from ser.training.parameters import TrainingParameters


def count_open(settings: TrainingParameters, epoch: int, layers: int) -> int:
    """Return how many layers learn in an epoch.

    Args:
        settings: `frozen_epochs` and `unfreeze_every`.
        epoch: Number of the epoch, from 0.
        layers: How many there are.

    Example:
        >>> slowly = TrainingParameters(frozen_epochs=2, unfreeze_every=3)
        >>> [count_open(slowly, epoch, 2) for epoch in range(7)]
        [0, 0, 1, 1, 1, 2, 2]

    Reference:
        J. Howard and S. Ruder, "Universal language model fine-tuning for text classification",
        ACL 2018, https://doi.org/10.18653/v1/P18-1031
    """
    learned = epoch - settings.frozen_epochs
    if learned < 0:
        return 0
    every = settings.unfreeze_every
    return layers if not every else min(layers, 1 + learned // every)


@contextmanager
def opened(network: EmotionNetwork, settings: TrainingParameters, epoch: int) -> Iterator[None]:
    """Freeze for an epoch what does not learn yet; networks without an encoder stay as they are.

    Args:
        network: The network.
        settings: When layers begin to learn.
        epoch: Number of the epoch, from 0.
    """
    if not isinstance(network, TailNetwork):
        yield
        return
    network.open(count_open(settings, epoch, network.depth))
    try:
        yield
    finally:
        network.open(network.depth)
