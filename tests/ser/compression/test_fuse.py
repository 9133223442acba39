"""A fused network says what it said before, with fewer steps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.compression.fuse import JoinedNetwork, fuse
from ser.models.normalisation import MaskedBatchNorm
from ser.models.parameters import NetworkParameters
from tests.ser.export.models import FAMILIES, make_model

LENGTHS = torch.tensor([57, 1, 3, 20])


def positive(parameters: NetworkParameters):
    """Return a network whose normalisation turns no channel round, as trained ones hardly do."""
    network = make_model(parameters).network
    for module in network.modules():
        if isinstance(module, MaskedBatchNorm):
            module.weight.data.abs_().clamp_(min=0.1)
    return network


def posteriors(network, features):
    """Return what a network says of clips of several lengths, junk behind their ends."""
    with torch.inference_mode():
        return network(features, LENGTHS).logits.softmax(dim=1).numpy()


@pytest.fixture
def features():
    """Return four clips in a batch."""
    return torch.randn(4, 57, 16, generator=torch.Generator().manual_seed(1)) * 3 - 7


@pytest.mark.parametrize(
    "parameters",
    [*FAMILIES.values(), replace(FAMILIES["statistics"], centred=1, with_deviation=False)],
    ids=[*FAMILIES, "centred"],
)
def test_every_family_says_the_same(parameters, features):
    """Folding and joining change no posterior by more than rounding, padding or not."""
    for network in (make_model(parameters).network, positive(parameters)):
        np.testing.assert_allclose(
            posteriors(fuse(network), features), posteriors(network, features), atol=1e-5
        )


def test_an_ensemble_is_joined(features):
    """Members share their first layer, and no normalisation is left."""
    network = positive(FAMILIES["ensemble"])
    joined = fuse(network)
    assert isinstance(joined, JoinedNetwork)
    assert not [of for of in joined.modules() if isinstance(of, MaskedBatchNorm)]
    assert joined.first.out_channels == 3 * FAMILIES["ensemble"].channels[0]
    with torch.inference_mode():
        before, after = network(features, LENGTHS), joined(features, LENGTHS)
    np.testing.assert_allclose(after.embeddings, before.embeddings, atol=1e-4)


def test_maxima_that_would_become_minima_are_left():
    """A channel that is turned round cannot be pooled before it is normalised."""
    network = positive(FAMILIES["statistics"])
    network.encoder.blocks[0].normalisation.weight.data[0] = -1
    assert not isinstance(fuse(network), JoinedNetwork)


def test_the_network_itself_is_not_changed():
    """What is trained or stored stays as it is."""
    network = positive(FAMILIES["lstm"])
    before = {name: of.clone() for name, of in network.state_dict().items()}
    fuse(network)
    assert all(torch.equal(of, before[name]) for name, of in network.state_dict().items())
