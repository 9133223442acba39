"""From parameters to networks."""

import pytest
import torch

from ser.errors import ConfigurationError
from ser.models.build import (
    COMPACT_CRNN,
    CrnnParameters,
    build_classifier,
    count_parameters,
)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"channels": ()}, "`channels` and `time_pools`"),
        ({"channels": (8, 8), "time_pools": (2,)}, "`channels` and `time_pools`"),
        ({"lstm_size": 0}, "every size must be ≥ 1"),
        ({"dropout": 1.0}, r"`dropout` must lie in \[0, 1\), but got 1.0"),
        ({"encoder_dropout": -0.1}, "`encoder_dropout`"),
    ],
    ids=["no block", "unequal", "no state", "all dropped", "negative"],
)
def test_impossible_parameters_are_refused(wrong, message):
    """The message names the parameter."""
    with pytest.raises(ConfigurationError, match=message):
        CrnnParameters(**wrong)


@pytest.mark.parametrize(("n_classes", "n_bands"), [(1, 64), (8, 3)], ids=["classes", "bands"])
def test_too_few_classes_or_bands_are_refused(n_classes, n_bands):
    """Two classes and one band after the last block are the least."""
    with pytest.raises(ConfigurationError, match="`n_classes` must be ≥ 2"):
        build_classifier(CrnnParameters(), n_classes=n_classes, n_bands=n_bands)


def test_every_weight_receives_a_gradient():
    """No part of the network is out of use."""
    network = build_classifier(CrnnParameters(), n_classes=3, n_bands=64)
    network(torch.randn(4, 50, 64), torch.tensor([50, 40, 9, 1])).logits.square().sum().backward()
    assert all(w.grad is not None and w.grad.any() for w in network.parameters())


def test_counted_parameters_are_those_training_can_change():
    """Buffers do not count."""
    network = build_classifier(CrnnParameters(), n_classes=3, n_bands=64)
    stored = sum(weights.numel() for weights in network.state_dict().values())
    buffers = sum(weights.numel() for weights in network.buffers())
    assert count_parameters(network) == stored - buffers


def test_the_compact_network_is_smaller_than_the_default():
    """Rounds use it for speed."""
    sizes = [
        count_parameters(build_classifier(parameters, n_classes=8, n_bands=64))
        for parameters in (COMPACT_CRNN, CrnnParameters())
    ]
    assert sizes[0] < sizes[1]
