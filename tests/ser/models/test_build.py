"""From parameters to networks."""

import pytest
import torch

from ser.errors import ConfigurationError
from ser.models.build import build_network, count_parameters
from ser.models.parameters import CNN, COMPACT_CRNN, CRNN, NetworkParameters

EVERYTHING = NetworkParameters(
    separable=True,
    residual=True,
    squeeze=4,
    recurrent="gru",
    self_attention=4,
    pooling="statistics",
    ratings=("arousal", "valence"),
)
NETWORKS = {"CRNN": CRNN, "COMPACT_CRNN": COMPACT_CRNN, "CNN": CNN, "everything": EVERYTHING}


@pytest.mark.parametrize("n_classes", [0, 1], ids=["nothing to predict", "one class"])
def test_too_few_classes_are_refused(n_classes):
    """Without ratings two classes are the least."""
    with pytest.raises(ConfigurationError, match=r"`n_classes` must be ≥ 2, or 0 .*`ratings`"):
        build_network(CRNN, n_classes=n_classes, n_bands=64)


def test_one_class_beside_ratings_is_refused():
    """One class teaches nothing, whatever else is predicted."""
    with pytest.raises(ConfigurationError, match="`n_classes` must be ≥ 2"):
        build_network(EVERYTHING, n_classes=1, n_bands=64)


def test_too_few_bands_are_refused():
    """One band after the last block is the least."""
    with pytest.raises(ConfigurationError, match=r"`n_bands` must be ≥ 16, .* but got 15"):
        build_network(CRNN, n_classes=8, n_bands=15)


def test_heads_that_do_not_divide_a_state_are_refused():
    """The message says what they have to divide."""
    with pytest.raises(ConfigurationError, match=r"must divide the 128 numbers .* got 3 heads"):
        build_network(NetworkParameters(self_attention=3), n_classes=8, n_bands=64)


@pytest.mark.parametrize("parameters", NETWORKS.values(), ids=NETWORKS)
def test_every_weight_receives_a_gradient(parameters):
    """No part of the network is out of use."""
    torch.manual_seed(0)
    network = build_network(parameters, n_classes=3, n_bands=64)
    output = network(torch.randn(4, 50, 64), torch.tensor([50, 40, 9, 1]))
    (output.logits.square().sum() + output.ratings.square().sum()).backward()
    silent = [name for name, w in network.named_parameters() if w.grad is None or not w.grad.any()]
    assert silent == []


@pytest.mark.parametrize(
    ("n_classes", "ratings"),
    [(3, ()), (3, ("valence",)), (0, ("valence",)), (0, ("arousal", "valence", "dominance"))],
)
def test_heads_predict_what_was_asked_for(n_classes, ratings):
    """Classes and ratings come jointly or alone."""
    network = build_network(NetworkParameters(ratings=ratings), n_classes=n_classes, n_bands=16)
    output = network(torch.randn(2, 9, 16), torch.tensor([9, 4]))
    assert output.logits.shape == (2, n_classes)
    assert output.ratings.shape == (2, len(ratings))
    assert output.embeddings.shape == (2, 64)


def test_counted_parameters_are_those_training_can_change():
    """Buffers do not count."""
    network = build_network(EVERYTHING, n_classes=3, n_bands=64)
    stored = sum(weights.numel() for weights in network.state_dict().values())
    buffers = sum(weights.numel() for weights in network.buffers())
    assert count_parameters(network) == stored - buffers


def test_the_compact_network_is_smaller_than_the_default():
    """Rounds use it for speed."""
    sizes = [
        count_parameters(build_network(parameters, n_classes=8, n_bands=64))
        for parameters in (COMPACT_CRNN, CRNN)
    ]
    assert sizes[0] < sizes[1]


def test_separable_convolutions_take_fewer_parameters():
    """That is what they are for."""
    plain, separable = (
        count_parameters(
            build_network(NetworkParameters(separable=choice), n_classes=8, n_bands=64)
        )
        for choice in (False, True)
    )
    assert separable < plain
