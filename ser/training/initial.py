"""Begin a training from weights that were learned before."""

import hashlib
from collections.abc import Mapping

from torch import Tensor

from ser.errors import ConfigurationError
from ser.models.network import EmotionNetwork

STATISTICS = frozenset({"normalisation.mean", "normalisation.deviation"})


def load_initial(network: EmotionNetwork, initial: Mapping[str, Tensor]) -> None:
    """Replace weights of a network by given ones of the same names.

    Args:
        network: The network; what is not named keeps its weights.
        initial: Weights and statistics, named as in ``network.state_dict()``. The statistics of
            the features come together, or not at all.

    Raises:
        ConfigurationError: If the network has no such name, a shape differs, or a number is not
            finite.

    Example:
        >>> from ser.models.build import build_network
        >>> from ser.models.parameters import NetworkParameters
        >>> network = build_network(NetworkParameters(), n_classes=2, n_bands=16)
        >>> load_initial(network, {"head.logits.2.weight": Tensor(2, 64)})
        Traceback (most recent call last):
        ser.errors.ConfigurationError: `initial` must hold weights of the network, but it has no
        ['head.logits.2.weight']; build the network as it was when they were learned
    """
    own = network.state_dict()
    unknown = sorted(initial.keys() - own.keys())
    if unknown:
        raise ConfigurationError(
            f"`initial` must hold weights of the network, but it has no {unknown}; build the "
            "network as it was when they were learned"
        )
    odd = [
        f"{name} {tuple(found.shape)} instead of {tuple(own[name].shape)}"
        for name, found in initial.items()
        if found.shape != own[name].shape
    ]
    if odd:
        raise ConfigurationError(
            f"`initial` must hold weights of the shapes of the network, but has {', '.join(odd)}; "
            "build the network as it was when they were learned"
        )
    endless = [name for name, found in initial.items() if not found.isfinite().all()]
    if endless:
        raise ConfigurationError(f"`initial` must be finite, but {endless} are not")
    if len(STATISTICS & initial.keys()) == 1:
        raise ConfigurationError(
            f"`initial` must hold both of {sorted(STATISTICS)} or neither, but lacks "
            f"{sorted(STATISTICS - initial.keys())}"
        )
    network.load_state_dict({**own, **initial})


def digest(initial: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over names, shapes and numbers of weights, hexadecimal."""
    found = hashlib.sha256()
    for name in sorted(initial):
        numbers = initial[name].numpy(force=True)
        found.update(f"{name} {numbers.dtype.str} {numbers.shape} ".encode())
        found.update(numbers.tobytes())
    return found.hexdigest()
