"""The moving average of weights."""

import torch

from ser.models.build import build_network
from ser.models.network import EmotionNetwork
from ser.models.parameters import NetworkParameters
from ser.training.ema import MovingAverage


def make_network(seed: int) -> EmotionNetwork:
    """Return a small network with random weights and statistics."""
    torch.manual_seed(seed)
    parameters = NetworkParameters(channels=(4,), time_pools=(2,), recurrent="none")
    network = build_network(parameters, n_classes=2, n_bands=8)
    network.encoder.blocks[0].normalisation.running_mean.normal_()
    return network


def test_it_follows_the_recursion():
    """Average ← d · average + (1 − d) · network with the growing d, statistics included."""
    networks = [make_network(seed) for seed in range(40)]
    average = MovingAverage(networks[0], decay=0.7)
    expected = {name: value.clone() for name, value in networks[0].state_dict().items()}
    for updates, network in enumerate(networks[1:]):
        average.update(network, updates)
        keep = min(0.7, (1 + updates) / (10 + updates))
        for name, value in network.state_dict().items():
            expected[name] = keep * expected[name] + (1 - keep) * value
    torch.testing.assert_close(dict(average.network.state_dict()), expected)


def test_the_network_itself_is_left_alone():
    """The average is a copy that nobody trains."""
    network = make_network(0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    average = MovingAverage(network, decay=0.9)
    average.update(make_network(1), 0)
    torch.testing.assert_close(dict(network.state_dict()), before, rtol=0, atol=0)
    assert not any(weights.requires_grad for weights in average.network.parameters())
    assert all(weights.requires_grad for weights in network.parameters())
